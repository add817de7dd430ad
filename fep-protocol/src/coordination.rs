//! What the instances of a gateway share: trace numbers, the contract, breakers, and answers that come to the wrong instance.
//!
//! An instance is one running gateway. Several instances can have lines to one institution, and together they must keep one
//! contract. Each instance asks a coordinator ([`Ask`]) and hears from it ([`News`]). This module has those values and the
//! arithmetic of both sides: [`Membership`] is one instance's side, [`Division`] the coordinator's. How the values travel is
//! decided elsewhere: `fep_gateway::coordinator` is the seam.
//!
//! Nothing here waits. What an instance needs for a request it has beforehand: a block of trace numbers, a share of the
//! contract, the state of the breakers. Every value may be late or lost, and most may come twice. The table says what follows:
//!
//! | value | if it is late or lost | if it comes twice |
//! |---|---|---|
//! | [`Ask::Traces`], [`News::Traces`] | requests wait, and are `not_sent` at their deadline; the instance asks again | a granted block is never granted again, so numbers are lost, not used twice |
//! | [`Ask::Report`], [`News::Grant`] | the lease ends, and the share becomes the smaller of itself and the equal part | the older one is ignored |
//! | [`Ask::Breaker`], [`News::Breaker`] | each instance has its own breaker | the older one is ignored |
//! | [`Ask::Probe`], [`News::Probe`] | the instance sends its echo test after [`Terms::owner_timeout`], so the institution may get several | nothing: a generation has one echo test |
//! | [`Ask::Own`], [`Ask::Whose`], [`News::Owner`] | an answer on the wrong instance is journaled there as unmatched; where all share a journal, its owner finds it there by its key | the same |
//! | [`Ask::HandOver`], [`News::Answer`] | the owner has the answer from the journal, a moment later; if that is too late, the exchange becomes unknown and is settled | the second is a duplicate, as on a line |
//! | [`News::AnswerStored`] | the same; one that is older than half of the quarantine is ignored, because its key may be another request's by then | it is counted with those that came as [`News::Answer`], so the answer counts once |
//!
//! # Shares
//!
//! The contract is whole or divided, never exceeded. Each instance may always use its *equal part*, the contract divided by
//! the number of instances, once it has been without a coordinator for long enough ([`Terms::quiet`]). With a coordinator,
//! shares follow demand. An instance keeps at least a quarter of its equal part, so that it can begin at once.
//!
//! An instance that is silent is dead, or only cut off: nobody can know. So when its lease ends, the others get back what it
//! had beyond its equal part, after its requests in flight must be over. The rest they get when it is *fenced*: when it is
//! proved that it can send nothing any more, because its journal takes nothing from its epoch. Then it must join again.

mod division;
mod membership;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use self::division::{Division, Fenced, StoredDivision, Unfit};
pub use self::membership::Membership;
use crate::breaker::{BreakerScope, BreakerSnapshot};
use crate::exchange::TelegramBytes;
use crate::flow::{FlowSettings, GateSettings, RateSettings, Share};
use crate::terms::Key;
pub use crate::terms::KeyOwner;
use crate::trace::{TraceBlock, TraceUse};

/// The rules by which a coordinator divides. All instances have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The maximum number of instances. 1 for a gateway that is alone: it has the whole contract, and asks only for blocks of
    /// trace numbers.
    pub instances_max: usize,
    /// How long a share may be used after the report that it answers.
    pub lease: Duration,
    /// How often an instance reports. A fraction of the lease, so that one lost report ends nothing.
    pub report_every: Duration,
    /// How long an answer that nothing waits for is kept until its owner is known, and how long an echo test for a breaker waits until it is
    /// known who sends it.
    pub owner_timeout: Duration,
}

/// What an instance tells its coordinator, or asks it for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A block of trace numbers is needed for this business day. The answer is [`News::Traces`] or [`News::TracesUsedUp`].
    Traces {
        /// The business day, in days since 1970-01-01.
        day: i64,
        /// For what.
        for_what: TraceUse,
    },
    /// What the instance holds of the contract, and what it could use. The answer is [`News::Grant`] or [`News::Fenced`].
    Report(Report),
    /// The state of a breaker changed here.
    Breaker(BreakerSnapshot),
    /// The wait of a tripped breaker is over. May this instance send the echo test? The answer is [`News::Probe`].
    Probe {
        /// The breaker.
        scope: BreakerScope,
        /// The generation of its state. The first instance that asks in a generation may, and no other one in this or an older one.
        generation: u64,
        /// How long that holds.
        lease: Duration,
    },
    /// A request with this key is about to be written here. The key is its owner's for this long.
    Own {
        /// The key.
        key: Key,
        /// Until the end of its quarantine.
        keep: Duration,
    },
    /// An answer came for which nothing waits here. The answer is [`News::Owner`].
    Whose {
        /// The key of the answer.
        key: Key,
    },
    /// The answer of another instance's request.
    HandOver {
        /// The instance that has the request.
        to: Arc<str>,
        /// The answer.
        answer: RoutedAnswer,
    },
}

/// What an instance hears from its coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A block of trace numbers. It is given away for ever, also if the instance never hears of it.
    Traces(TraceBlock),
    /// There are no more trace numbers for this use on this business day.
    TracesUsedUp {
        /// The business day, in days since 1970-01-01.
        day: i64,
        /// The use.
        for_what: TraceUse,
    },
    /// A share of the contract.
    Grant(Grant),
    /// The instance was fenced: everything that it had was given away. It must join again.
    Fenced(Fenced),
    /// The state of a breaker of another instance. After joining, the newest known state of each.
    Breaker(BreakerSnapshot),
    /// Whether this instance sends the echo test for a breaker.
    Probe {
        /// The breaker.
        scope: BreakerScope,
        /// The generation in which it was asked.
        generation: u64,
        /// Whether it does. Otherwise another instance does.
        may: bool,
    },
    /// The owner of a key.
    Owner {
        /// The key.
        key: Key,
        /// Its owner.
        owner: KeyOwner,
    },
    /// An answer that another instance received.
    Answer(RoutedAnswer),
    /// The same, as the other instance stored it in the journal of all. It may be for any instance.
    AnswerStored {
        /// The answer.
        answer: RoutedAnswer,
        /// When it was stored, in milliseconds since 1970, by the clock of that instance.
        at_ms: i64,
    },
}

/// An answer on its way from the instance that received it to the one that waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoutedAnswer {
    /// The line on which it came, with its instance: `main@seoul-1`.
    pub line: Arc<str>,
    /// The incarnation of the link.
    pub incarnation: u64,
    /// The frame.
    pub bytes: TelegramBytes,
}

/// An instance's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of the report, which the grant repeats.
    pub number: u64,
    /// The instance's epoch. `None` to join.
    pub epoch: Option<u64>,
    /// The serial number of the last grant that took effect.
    pub grant: u64,
    /// The share in that grant.
    pub granted: Amounts,
    /// What the instance may still use of the contract: its share, or more if it has more requests in flight.
    pub held: Amounts,
    /// What it could use.
    pub wanted: Amounts,
}

/// A share of the contract for one instance, in answer to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The number of the report that it answers. The lease counts from when that was sent.
    pub report: u64,
    /// The epoch of the instance.
    pub epoch: u64,
    /// The serial number, which the next report repeats.
    pub serial: u64,
    /// The share.
    pub share: Amounts,
}

/// Amounts of a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Amounts {
    /// Telegrams in a window of the rate. 0 if the contract has no rate.
    pub rate: usize,
    /// Requests in flight.
    pub inflight: usize,
}

/// The contract that is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The whole contract.
    pub whole: Amounts,
    /// The window of the rate.
    pub window: Duration,
    /// The longest time that a request occupies its place: its answer timeout and its quarantine.
    pub occupied_max: Duration,
}

impl RoutedAnswer {
    /// The line of an instance, as others call it: `main@seoul-1`.
    #[must_use]
    pub fn line_at(line: &str, instance: &str) -> Arc<str> {
        format!("{line}@{instance}").into()
    }
}

impl Terms {
    /// The terms of a gateway that is alone.
    pub const ALONE: Self =
        Self { instances_max: 1, lease: Duration::ZERO, report_every: Duration::ZERO, owner_timeout: Duration::ZERO };

    /// Whether there are no other instances.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.instances_max <= 1
    }

    /// The part of a contract that an instance may use without a coordinator.
    #[must_use]
    pub fn equal_part(&self, whole: Amounts) -> Amounts {
        let part = |whole: usize| whole / self.instances_max.max(1);
        Amounts { rate: part(whole.rate), inflight: part(whole.inflight) }
    }

    /// The part of a contract that an instance always keeps.
    #[must_use]
    pub fn least(&self, whole: Amounts) -> Amounts {
        let Amounts { rate, inflight } = self.equal_part(whole);
        let quarter = |part: usize| part.div_ceil(4);
        Amounts { rate: quarter(rate), inflight: quarter(inflight) }
    }

    /// How long after its last lease an instance without a coordinator waits until it uses its equal part. By then the
    /// coordinator has seen its silence, the others have heard of it or lost their leases, and their requests in flight are
    /// over.
    #[must_use]
    pub fn quiet(&self, contract: &Contract) -> Duration {
        self.lease * 3 + contract.occupied_max.max(contract.window)
    }

    /// The limits of one instance before it has a share. Business codes with limits of their own are divided equally for
    /// good: their demand is not reported.
    #[must_use]
    pub fn divided(&self, mut flow: FlowSettings) -> FlowSettings {
        if !self.is_alone() {
            let parts = self.instances_max;
            let part = |gate: &GateSettings| GateSettings {
                rate: gate.rate.map(|rate| RateSettings { max: rate.max / parts, ..rate }),
                inflight_max: gate.inflight_max / parts,
                adapts: gate.adapts,
            };
            flow.businesses = flow.businesses.iter().map(|(code, gate)| (code.clone(), part(gate))).collect();
        }
        flow
    }
}

impl Contract {
    /// The contract of an institution with these limits.
    #[must_use]
    pub fn of(gate: &GateSettings, occupied_max: Duration) -> Self {
        let rate = gate.rate.map_or(0, |rate| rate.max);
        let window = gate.rate.map_or(Duration::ZERO, |rate| rate.window);
        Self { whole: Amounts { rate, inflight: gate.inflight_max }, window, occupied_max }
    }
}

impl Amounts {
    /// Combines two amounts, each part with its counterpart.
    #[must_use]
    pub fn each(self, other: Self, combine: impl Fn(usize, usize) -> usize) -> Self {
        Self { rate: combine(self.rate, other.rate), inflight: combine(self.inflight, other.inflight) }
    }

    /// The smaller of each.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        self.each(other, usize::min)
    }

    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        self.each(other, usize::max)
    }

    /// The share for flow control.
    #[must_use]
    pub fn share(self) -> Share {
        Share { rate_max: Some(self.rate), inflight_max: self.inflight }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod simulation;
