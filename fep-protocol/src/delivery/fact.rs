//! The facts about the delivery of a notice, as the journal stores them.
//!
//! A delivery is nothing but the sequence of its facts. Names are stable: a name is never changed and never used for something
//! else. In JSON a fact is an object whose `fact` is its name.

use serde::{Deserialize, Serialize};

use crate::exchange::ExchangeId;

/// One fact about the delivery of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum DeliveryFact {
    /// The notice came. This fact has its bytes. From here on the first attempt counts as made.
    Received {
        /// The time by which the institution gets an answer, in milliseconds since 1970.
        answer_by_ms: i64,
    },
    /// The notice repeats an earlier one. It is not delivered again.
    Repeated {
        /// The earlier notice.
        first: ExchangeId,
    },
    /// Another notice had this key before. Both are kept, and this one is not delivered.
    Conflicted {
        /// The earlier notice. `None` if it is in a journal of an early version, which has no name for it.
        first: Option<ExchangeId>,
    },
    /// An attempt to deliver is about to be made. The first one has no such fact.
    Begun {
        /// The number of the attempt, from 2.
        attempt: u32,
    },
    /// The service did not take the notice.
    Failed {
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The reason as a sentence without secrets.
        why: String,
    },
    /// The service took the notice.
    Taken {
        /// The number of the attempt, from 1.
        attempt: u32,
        /// What the service wants to tell the institution.
        says: ServiceSays,
    },
    /// The answer to the institution was decided. This fact has its bytes, and they never change.
    Answered {
        /// Who gave the answer.
        by: AnsweredBy,
    },
    /// No service wants this notice: the stand-in's answer is all.
    Unwanted,
    /// The notice needs a person.
    DeadLettered {
        /// Why.
        why: DeadReason,
    },
    /// A person asked for the delivery to begin again.
    Asked {
        /// Who asked.
        person: String,
        /// Why.
        note: String,
    },
    /// A person ended the delivery.
    Closed {
        /// Who ended it.
        person: String,
        /// Why.
        note: String,
    },
}

impl DeliveryFact {
    /// The stable name: the `fact` of the JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Received { .. } => "received",
            Self::Repeated { .. } => "repeated",
            Self::Conflicted { .. } => "conflicted",
            Self::Begun { .. } => "begun",
            Self::Failed { .. } => "failed",
            Self::Taken { .. } => "taken",
            Self::Answered { .. } => "answered",
            Self::Unwanted => "unwanted",
            Self::DeadLettered { .. } => "dead_lettered",
            Self::Asked { .. } => "asked",
            Self::Closed { .. } => "closed",
        }
    }
}

/// Who gave the answer to a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    /// The service.
    Service,
    /// The stand-in, because the service gave no answer in time.
    StandIn,
    /// The gateway refused the notice because business is closed.
    Closed,
    /// The gateway refused the notice because another one had its key before.
    Conflict,
    /// The gateway refused the notice because too many others are being handled.
    Busy,
}

impl AnsweredBy {
    /// All values.
    pub const ALL: [Self; 5] = [Self::Service, Self::StandIn, Self::Closed, Self::Conflict, Self::Busy];

    /// The stable name used in the journal, HTTP and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::StandIn => "stand_in",
            Self::Closed => "closed",
            Self::Conflict => "conflict",
            Self::Busy => "busy",
        }
    }

    /// Whether the answer refuses the notice, so that no service gets it.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Closed | Self::Conflict | Self::Busy)
    }
}

/// What a service that took a notice wants to tell the institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ServiceSays {
    /// An answer, and the institution has none yet.
    Answer,
    /// Nothing: the service only took it.
    Nothing,
    /// The answer that the institution has already.
    Same,
    /// Another answer than the one that the institution has. It is kept and not sent.
    Other,
    /// Fields that make no answer telegram.
    Unusable,
}

impl ServiceSays {
    /// Whether the service may believe something else about the answer than the institution does.
    #[must_use]
    pub fn differs(self) -> bool {
        matches!(self, Self::Other | Self::Unusable)
    }
}

/// Why a notice needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NoticeDeadReason"))]
#[serde(rename_all = "snake_case")]
pub enum DeadReason {
    /// `attempts_max` attempts failed.
    TriesUsedUp,
    /// The service did not take it within the horizon.
    HorizonPassed,
    /// The telegram is not configured as a notice any more.
    NoPolicy,
}

impl DeadReason {
    /// The stable name used in the journal, HTTP and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TriesUsedUp => "tries_used_up",
            Self::HorizonPassed => "horizon_passed",
            Self::NoPolicy => "no_policy",
        }
    }
}
