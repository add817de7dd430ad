//! The facts of the journal: what the gateway sent, received, decided and promised, each as one plain value.
//!
//! Facts are only ever added, in the order in which they happened. The outcome of an exchange, its timeline and every list
//! follow from the facts. Nothing here is stored or read: the journal of `fep-gateway` does that.
//!
//! | kind | class | means |
//! |---|---|---|
//! | `sent` | `request`, `duty`, `reply`, `inquiry`, `reversal` | bytes that are written to a line after this fact is durable. If an outcome `not_sent` follows, they were withheld |
//! | `received` | `answer`, `late`, `step_answer`, `duplicate`, `conflicting`, `unmatched`, `routed`, `undecodable`, `bad_frame`, `duty`, `notice` | bytes from a line. An `answer` of an exchange carries its outcome |
//! | `outcome` | | an exchange ended without an answer. With the code `stood_in`, its bytes are a stand-in answer, which never crossed a line |
//! | `settlement` | the name of a [`SettlementFact`] | what the gateway does or learns to find out what became of the money |
//! | `delivery` | the name of a [`DeliveryFact`] | what became of a notice on its way to a service |
//! | `audit` | the name of an [`Act`](crate::audit::Act) | what a person or a program did or looked at. It happens after this fact |
//! | `audit_end` | the name of its [`Act`](crate::audit::Act) | how an attempt of the audit trail ended |
//! | `standing` | the name of a [`Standing`] | what holds until the next such fact of its topic, also over a restart |
//! | `reconciliation` | the name of a [`ReconciliationFact`] | a file of the institution was compared with a date, or a person resolved an exception of it. Its bytes are its content as JSON |
//! | `traces` | | trace numbers up to a mark may be used from now on |
//! | `verification` | | a run of a verification was told |
//! | `taken_over` | | this instance goes on with what another one left. An institution without a name stands for all |
//! | `surplus` | a class of `received` | telegrams that were counted and not stored, because the institution sent too many |

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::audit::AuditFact;
use crate::delivery::DeliveryFact;
use crate::exchange::{Caller, ExchangeId, Outcome, Passage, TelegramBytes};
use crate::reconciliation::ReconciliationFact;
use crate::settlement::SettlementFact;
use crate::standing::Standing;
use crate::terms::Key;
use crate::trace::TraceHighWater;
use crate::verification::VerificationFact;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The time, in milliseconds since 1970.
    pub at_ms: i64,
    /// The name of the institution.
    pub institution: Arc<str>,
    /// The instance that stored it, in a journal that several instances share. `None` until it is stored, and in a journal of its own.
    pub instance: Option<Arc<str>>,
    /// What happened.
    pub what: What,
    /// The line, and the incarnation of the link.
    pub line: Option<(Arc<str>, u64)>,
    /// The exchange that the fact belongs to.
    pub exchange: Option<ExchangeId>,
    /// The name of the telegram, if it is known.
    pub telegram: Option<Arc<str>>,
    /// The trace number of a request, as text.
    pub trace: Option<Box<str>>,
    /// The outcome that the exchange reached by this fact.
    pub outcome: Option<Outcome>,
    /// Why it happened.
    pub reason: Option<Reason>,
    /// The correlation key of a request or a notice.
    pub key: Option<Key>,
    /// The caller's idempotency key of a request.
    pub idempotency: Option<Box<Idempotency>>,
    /// What happened in the settlement of the exchange.
    pub settlement: Option<Box<SettlementFact>>,
    /// What happened in the delivery of the notice. The receipt of a notice and the answer to it have it, too.
    pub delivery: Option<Box<DeliveryFact>>,
    /// What a person or a program did or looked at.
    pub audit: Option<Box<AuditFact>>,
    /// What holds from now on.
    pub standing: Option<Box<Standing>>,
    /// Which reconciliation it is about, and where its exceptions stand.
    pub reconciliation: Option<Box<ReconciliationFact>>,
    /// Which run of which verification was told, and its counts.
    pub verification: Option<Box<VerificationFact>>,
    /// From which instance this one takes over.
    pub taken_over: Option<Box<TakenOver>>,
    /// The other exchange of the same request. Only a request that came from another institution and an outcome have it. The
    /// idempotency key of such a request is that of the institution from which it came.
    pub passage: Option<Box<Passage>>,
    /// What the caller says about its request. A request has it, and an outcome without a request.
    pub caller: Option<Arc<Caller>>,
    /// The response code of an answer, if its layout has a field for it that is not secret.
    pub code: Option<Box<str>>,
    /// The bytes that crossed the line. Empty if none did. In an outcome: those of a stand-in answer. Of a reconciliation or a verification: its content.
    pub bytes: TelegramBytes,
}

/// The kinds of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Bytes that may be written to a line once this fact is durable.
    Sent(SentClass),
    /// Bytes that came from a line.
    Received(Class),
    /// An exchange ended without an answer.
    Outcome,
    /// A step of settlement, or what it brought. [`Fact::settlement`] says what.
    Settlement,
    /// A step of the delivery of a notice. [`Fact::delivery`] says what. Its bytes, if there are any, are an answer that was not
    /// sent.
    Delivery,
    /// A person or a program does or looks at something. [`Fact::audit`] says what.
    Audit,
    /// How that ended. [`Fact::audit`] has the name of the attempt and its end.
    AuditEnd,
    /// Something holds from now on. [`Fact::standing`] says what.
    Standing,
    /// A file was compared, or a person resolved an exception. [`Fact::reconciliation`] says which.
    Reconciliation,
    /// A run of a verification was told. [`Fact::verification`] says which.
    Verification,
    /// An instance takes over from another one. [`Fact::taken_over`] says from which.
    TakenOver,
    /// Trace numbers up to this mark may be used.
    Traces(TraceHighWater),
    /// This many telegrams of a class were counted and not stored.
    Surplus(Class, u64),
}

/// The classes of bytes that the gateway sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentClass {
    /// The request of an exchange.
    Request,
    /// A sign-on, sign-off or echo test of ours.
    Duty,
    /// Our answer to a telegram of the institution.
    Reply,
    /// Asks what became of an exchange.
    Inquiry,
    /// Undoes an exchange.
    Reversal,
}

/// The classes of received bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An answer that a request waited for.
    Answer,
    /// An answer that arrived after the outcome had become unknown.
    Late,
    /// The answer to an inquiry or a reversal, in time or late.
    StepAnswer,
    /// A second answer with the same bytes.
    Duplicate,
    /// A second answer with different bytes, or an answer that contradicts its request.
    Conflicting,
    /// An answer that matches nothing of ours, an unexpected telegram, or any telegram on a connection that is gone.
    Unmatched,
    /// An answer to a request of another instance, which got it.
    Routed,
    /// Bytes that are not a telegram of the spec.
    Undecodable,
    /// Bytes that are not a frame.
    BadFrame,
    /// A sign-on, sign-off or echo test of the institution.
    Duty,
    /// A notice.
    Notice,
}

/// Why something happened: a sentence for people and a stable code of [`reason`](crate::reason) for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// One line, without secrets.
    pub sentence: Box<str>,
    /// The stable code.
    pub code: Cow<'static, str>,
}

/// One run of an instance from which another one takes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    /// The name of the instance.
    pub instance: String,
    /// The epoch of its run. What a later run does is its own.
    pub epoch: u64,
}

/// The idempotency key of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, as the caller sent it.
    pub key: Box<str>,
    /// The digest of the telegram's name and body.
    pub digest: [u8; 16],
}

impl Fact {
    /// A fact of this institution at this time, in milliseconds since 1970, without any content.
    #[must_use]
    pub fn new(institution: Arc<str>, at_ms: i64) -> Self {
        Self {
            at_ms,
            institution,
            instance: None,
            what: What::Outcome,
            line: None,
            exchange: None,
            telegram: None,
            trace: None,
            outcome: None,
            reason: None,
            key: None,
            idempotency: None,
            settlement: None,
            delivery: None,
            audit: None,
            standing: None,
            reconciliation: None,
            verification: None,
            taken_over: None,
            passage: None,
            caller: None,
            code: None,
            bytes: TelegramBytes::default(),
        }
    }
}

impl What {
    /// The kind: `sent`, `received`, `outcome`, `settlement`, `delivery`, `audit`, `audit_end`, `standing`, `reconciliation`,
    /// `verification`, `taken_over`, `traces` or `surplus`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::Received(_) => "received",
            Self::Outcome => "outcome",
            Self::Settlement => "settlement",
            Self::Delivery => "delivery",
            Self::Audit => "audit",
            Self::AuditEnd => "audit_end",
            Self::Standing => "standing",
            Self::Reconciliation => "reconciliation",
            Self::Verification => "verification",
            Self::TakenOver => "taken_over",
            Self::Traces(_) => "traces",
            Self::Surplus(..) => "surplus",
        }
    }

    /// The class of the bytes, if there are any.
    #[must_use]
    pub fn class(self) -> Option<&'static str> {
        match self {
            Self::Sent(class) => Some(class.name()),
            Self::Received(class) | Self::Surplus(class, _) => Some(class.name()),
            Self::Outcome
            | Self::Settlement
            | Self::Delivery
            | Self::Audit
            | Self::AuditEnd
            | Self::Standing
            | Self::Reconciliation
            | Self::Verification
            | Self::TakenOver
            | Self::Traces(_) => None,
        }
    }

    /// The direction of the bytes: `out` to the institution, `in` from it.
    #[must_use]
    pub fn direction(self) -> Option<&'static str> {
        match self {
            Self::Sent(_) => Some("out"),
            Self::Received(_) | Self::Surplus(..) => Some("in"),
            Self::Outcome
            | Self::Settlement
            | Self::Delivery
            | Self::Audit
            | Self::AuditEnd
            | Self::Standing
            | Self::Reconciliation
            | Self::Verification
            | Self::TakenOver
            | Self::Traces(_) => None,
        }
    }

    /// Whether the fact permits an action that has not happened yet. If such a fact cannot be stored, the action must not
    /// happen. All other facts have happened, and must be stored as soon as possible.
    #[must_use]
    pub fn is_permission(self) -> bool {
        matches!(self, Self::Sent(_) | Self::TakenOver)
    }
}

impl Fact {
    /// The class, if the kind has classes.
    #[must_use]
    pub fn class(&self) -> Option<&'static str> {
        match self.what {
            What::Settlement => self.settlement.as_ref().map(|fact| fact.name()),
            What::Delivery => self.delivery.as_ref().map(|fact| fact.name()),
            What::Audit | What::AuditEnd => self.audit.as_ref().map(|fact| fact.act.name()),
            What::Standing => self.standing.as_ref().map(|fact| fact.name()),
            What::Reconciliation => self.reconciliation.as_ref().map(|fact| fact.name()),
            what => what.class(),
        }
    }
}

impl SentClass {
    /// All classes.
    pub const ALL: [Self; 5] = [Self::Request, Self::Duty, Self::Reply, Self::Inquiry, Self::Reversal];

    /// The name in the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Duty => "duty",
            Self::Reply => "reply",
            Self::Inquiry => "inquiry",
            Self::Reversal => "reversal",
        }
    }

    /// Returns the class with this [`SentClass::name`], or `None` if there is no such class.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 11] = [
        Self::Answer,
        Self::Late,
        Self::StepAnswer,
        Self::Duplicate,
        Self::Conflicting,
        Self::Unmatched,
        Self::Routed,
        Self::Undecodable,
        Self::BadFrame,
        Self::Duty,
        Self::Notice,
    ];

    /// The name in the journal and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Late => "late",
            Self::StepAnswer => "step_answer",
            Self::Duplicate => "duplicate",
            Self::Conflicting => "conflicting",
            Self::Unmatched => "unmatched",
            Self::Routed => "routed",
            Self::Undecodable => "undecodable",
            Self::BadFrame => "bad_frame",
            Self::Duty => "duty",
            Self::Notice => "notice",
        }
    }

    /// Returns the class with this [`Class::name`], or `None` if there is no such class.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Whether the institution sent the telegram without a request of ours that waits for it. A peer can send any number
    /// of them, so they are stored and read within a limit.
    #[must_use]
    pub fn is_unsolicited(self) -> bool {
        !matches!(self, Self::Answer | Self::Late | Self::StepAnswer | Self::Routed)
    }
}

impl Reason {
    /// A reason from its sentence and its code.
    #[must_use]
    pub fn new(sentence: impl ToString, code: &'static str) -> Self {
        Self { sentence: sentence.to_string().into(), code: Cow::Borrowed(code) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_found_by_its_name() {
        for class in SentClass::ALL {
            assert_eq!(SentClass::from_name(class.name()), Some(class));
        }
        for class in Class::ALL {
            assert_eq!(Class::from_name(class.name()), Some(class));
        }
    }
}
