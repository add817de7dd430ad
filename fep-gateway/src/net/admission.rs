//! What limits and stops the requests of one institution, as plain values for people, monitoring and HTTP.
//!
//! The task of the institution makes them when it is asked. Times are milliseconds since 1970.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use fep_protocol::breaker::{BreakerScope, BreakerSnapshot, BreakerState, TripCause};
use fep_protocol::business::BusinessClosed;
use fep_protocol::coordination::Amounts;
use fep_protocol::flow::{FlowStatus, GateStatus};
use fep_protocol::institution::LineRefusal;
use fep_protocol::switchover::SwitchoverState;
use fep_protocol::terms::{Duty, Now, Priority};
use schemars::JsonSchema;
use serde::Serialize;

use super::indicators::IndicatorsStatus;
use crate::config::InstitutionConfig;

/// The state of one institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InstitutionStatus {
    /// The name in the configuration.
    pub institution: String,
    /// The name for people.
    pub label: String,
    /// Whom operators ask about the institution, if the configuration says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The present offset of the institution's clock from UTC, in minutes. The times in its telegrams are on that clock.
    pub utc_offset_minutes: i32,
    /// Everything that closes business now. Empty if business is open.
    pub closed: Vec<BusinessClosed>,
    /// The breakers: the institution's first, then those of business codes. Empty without breakers.
    pub breakers: Vec<BreakerStatus>,
    /// Which lines carry business. `None` without backup lines.
    pub switchover: Option<SwitchoverStatus>,
    /// The limits of the institution.
    pub limit: LimitStatus,
    /// The limits of business codes, by code.
    pub businesses: BTreeMap<String, LimitStatus>,
    /// The number of waiting requests by priority.
    pub waiting: BTreeMap<&'static str, usize>,
    /// The time since which the oldest request waits.
    pub waiting_since_ms: Option<i64>,
    /// When the oldest unknown exchange whose settlement goes on or needs a person was written. `None` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled_since_ms: Option<i64>,
    /// The number of requests that flow control refused since the start, by the code of the reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// What happens to telegrams instead while a breaker stops them.
    pub alternatives: Vec<AlternativeStatus>,
    /// The instance's part of the contract. `None` if the gateway is alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharing: Option<SharingStatus>,
    /// What the requests of the last minute came to, here and at other gateways. Left out if the client may not read all of the institution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicators: Option<IndicatorsStatus>,
}

/// What happens to one telegram while a breaker stops it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AlternativeStatus {
    /// The name of the telegram.
    pub telegram: String,
    /// `closed`, `stand_in` or `institution`.
    pub alternative: &'static str,
    /// What services are told, if the entrance is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The institution to which it goes, if it goes to another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether a breaker stops the telegram now.
    pub acts: bool,
    /// The time since when, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// The reason why the breaker tripped.
    pub why: Option<String>,
}

/// The part of a contract that one of several instances has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SharingStatus {
    /// The name of this instance.
    pub instance: String,
    /// The maximum number of instances.
    pub instances_max: usize,
    /// The epoch of this instance. `None` if it has not joined.
    pub epoch: Option<u64>,
    /// Whether the coordinator granted the share. If not, the coordinator is not heard: the share is then at most the
    /// contract divided by the number of instances.
    pub has_lease: bool,
    /// The share. A rate of 0 without a contracted rate means nothing.
    pub share: Amounts,
}

/// Which lines carry business, why and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SwitchoverStatus {
    /// The rank of the lines that carry business.
    pub rank: u8,
    /// Their names.
    pub lines: Vec<String>,
    /// `start`, `down`, `good` or `person`.
    pub cause: &'static str,
    /// The same as a sentence.
    pub why: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// The rank that a person wants to carry business, until a person returns it.
    pub ordered: Option<u8>,
}

impl SwitchoverStatus {
    pub(super) fn new(state: &SwitchoverState, lines: &[&str]) -> Self {
        Self {
            rank: state.rank,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            cause: state.cause.name(),
            why: state.to_string(),
            since_ms: state.since_ms,
            ordered: state.ordered,
        }
    }
}

/// The limits of an institution, or of one of its business codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LimitStatus {
    /// The number of requests that wait for their answer.
    pub inflight: usize,
    /// The number of requests without an answer that still occupy a place.
    pub unanswered: usize,
    /// The present adaptive limit of `inflight`.
    pub limit: usize,
    /// The maximum of `inflight` and `unanswered` together.
    pub inflight_max: usize,
    /// What changed the limit last: `reached`, `timeout`, `busy`, `slow`, `restored` or `contract`.
    pub limit_cause: Option<&'static str>,
    /// The time of that change.
    pub limit_since_ms: Option<i64>,
    /// The number of telegrams in the present window.
    pub rate_used: usize,
    /// Their maximum. `None` without a rate.
    pub rate_max: Option<usize>,
}

/// The state of one breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BreakerStatus {
    /// The business code. `None` for the institution.
    pub business: Option<String>,
    /// Whether requests pass.
    pub state: BreakerState,
    /// The stable name of the reason of the last trip.
    pub cause: Option<&'static str>,
    /// The same as a sentence.
    pub why: Option<String>,
    /// Who tripped it, if a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The time of the last change between passing and not passing.
    pub since_ms: i64,
    /// The time until the next echo test. `None` if the breaker is not tripped, or if a person tripped it.
    pub wait_ms: Option<u64>,
    /// The number of failed attempts to pass again.
    pub attempts: u32,
    /// The failures that count now.
    pub failures: u32,
    /// The answers that count now.
    pub answers: u32,
}

/// A decision of a person about an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Trips a breaker. It stays tripped until it is reset, also over a restart.
    Trip {
        /// The breaker.
        scope: BreakerScope,
        /// Who does it.
        person: String,
        /// Why, in one line.
        note: String,
    },
    /// Resets a breaker: requests pass.
    Reset {
        /// The breaker.
        scope: BreakerScope,
        /// Who does it.
        person: String,
    },
    /// Blocks a business code, or the whole institution, with a note.
    Block(Option<String>, String),
    /// Takes back a block.
    Unblock(Option<String>),
    /// Stops a line, with a note.
    StopLine(String, String),
    /// Starts a line again.
    StartLine(String),
    /// Signs a line on: one that was stopped or signed off, one that waits before its next connection, or one that the institution signed off.
    SignOn(String),
    /// Signs a line off, with a note: what is in flight may end, then it signs off and is stopped, also over a restart.
    SignOff(String, String),
    /// Lets the lines that have the rank of this one carry business, with a note.
    Switch(String, String),
    /// Lets the main lines carry business again, with a note.
    Return(String),
}

/// The reason why a decision of a person cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotDecide {
    /// The institution has stopped.
    Stopped,
    /// The institution has no breaker.
    NoBreaker,
    /// There is no such block.
    NotBlocked,
    /// Too many business codes are blocked already.
    TooManyBlocks,
    /// No request has a business code.
    NoBusinessCodes,
    /// No request can have this business code.
    NoSuchBusiness,
    /// There is no such line.
    NoSuchLine,
    /// The line is stopped already, or it is not stopped.
    LineAlready,
    /// There is no backup line, or the gateway does not send on the line.
    NoSwitchover,
    /// The gateway has no such telegram to send on the line.
    NoSuchDuty(Duty),
    /// No link of the line can be tested now.
    NoLinkToTest,
    /// Too many echo tests of persons wait for their answers.
    TooManyTests,
    /// The echo test was not over in time: it may still wait for its turn.
    NotTested,
}

/// What came of an echo test on one link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LinkTested {
    /// The number of the link on its line, from 1.
    pub link: usize,
    /// The time from sending the echo test until its answer. `None` if it was not answered: then the link is closed.
    pub round_trip_us: Option<u64>,
    /// Why it was not answered.
    pub why: Option<String>,
    /// The stable code of this reason.
    pub why_code: Option<String>,
}

impl From<LineRefusal> for CannotDecide {
    fn from(refusal: LineRefusal) -> Self {
        match refusal {
            LineRefusal::NoSuchLine => Self::NoSuchLine,
            LineRefusal::Already => Self::LineAlready,
            LineRefusal::NoSwitchover => Self::NoSwitchover,
            LineRefusal::NoSuchDuty(duty) => Self::NoSuchDuty(duty),
            LineRefusal::NoLinkToTest => Self::NoLinkToTest,
        }
    }
}

impl fmt::Display for CannotDecide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "the gateway is stopping",
            Self::NoBreaker => "the institution has no breaker; add a table `breaker` to its configuration",
            Self::NotBlocked => "there is no such block",
            Self::TooManyBlocks => "too many business codes are blocked already",
            Self::NoBusinessCodes => {
                "no request has a business code here: add a table `breaker` or `flow.businesses` to the configuration"
            }
            Self::NoSuchBusiness => {
                "no request can have this business code: without `flow.business`, it is the name of a request telegram"
            }
            Self::NoSuchLine => "the institution has no such line",
            Self::LineAlready => "the line is in that state already",
            Self::NoSwitchover => "there is no backup line: only lines that send, with different ranks, can be chosen",
            Self::NoSuchDuty(Duty::SignOn) => "the gateway sends no sign-on on this line; `session.sign_on` names one",
            Self::NoSuchDuty(Duty::SignOff) => {
                "the gateway sends no sign-off on this line; `session.sign_off` names one"
            }
            Self::NoSuchDuty(Duty::EchoTest) => {
                "the gateway sends no echo test on this line; `session.echo_test` names one"
            }
            Self::NoLinkToTest => {
                "no link of the line can be tested now: none is signed on, or no link has a place for one more telegram"
            }
            Self::TooManyTests => "too many echo tests wait for their answers",
            Self::NotTested => "the echo test was not over in time",
        })
    }
}

impl std::error::Error for CannotDecide {}

impl InstitutionStatus {
    pub(super) fn new(
        institution: &str,
        config: &InstitutionConfig,
        flow: FlowStatus,
        stops: (Vec<BreakerSnapshot>, Vec<BusinessClosed>),
        now: Now,
    ) -> Self {
        let (breakers, closed) = stops;
        let businesses = flow.businesses.into_iter().map(|(code, gate)| (code, LimitStatus::new(gate, now)));
        Self {
            institution: institution.to_owned(),
            label: config.label.clone(),
            contact: config.contact.clone(),
            utc_offset_minutes: config.zone.offset_minutes(now.business_ms),
            closed,
            breakers: breakers.into_iter().map(BreakerStatus::from).collect(),
            switchover: None,
            limit: LimitStatus::new(flow.contract, now),
            businesses: businesses.collect(),
            waiting: Priority::ALL.map(Priority::name).into_iter().zip(flow.waiting).collect(),
            waiting_since_ms: flow.oldest_since.map(|since| wall_ms(since, now)),
            unsettled_since_ms: None,
            refused: flow.refused,
            sharing: None,
            indicators: None,
            alternatives: Vec::new(),
        }
    }
}

impl LimitStatus {
    fn new(gate: GateStatus, now: Now) -> Self {
        Self {
            inflight: gate.inflight,
            unanswered: gate.unanswered,
            limit: gate.limit,
            inflight_max: gate.inflight_max,
            limit_cause: gate.limit_cause.map(|cause| cause.name()),
            limit_since_ms: gate.limit_since.map(|since| wall_ms(since, now)),
            rate_used: gate.rate_used,
            rate_max: gate.rate_max,
        }
    }
}

impl From<BreakerSnapshot> for BreakerStatus {
    fn from(snapshot: BreakerSnapshot) -> Self {
        let business = match snapshot.scope {
            BreakerScope::Institution => None,
            BreakerScope::Business(code) => Some(code),
        };
        // The reason of a trip that is over is history.
        let cause = snapshot.cause.filter(|_| snapshot.state != BreakerState::Passing);
        Self {
            business,
            state: snapshot.state,
            cause: cause.as_ref().map(|cause| cause.name()),
            why: cause.as_ref().map(ToString::to_string),
            person: match cause {
                Some(TripCause::Person { person, .. }) => Some(person),
                _ => None,
            },
            since_ms: snapshot.since_ms,
            wait_ms: snapshot.wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            attempts: snapshot.attempts,
            failures: snapshot.failures,
            answers: snapshot.answers,
        }
    }
}

/// The time of a moment of the steady clock, by the wall clock.
fn wall_ms(moment: Duration, now: Now) -> i64 {
    let ago = now.steady.saturating_sub(moment).as_millis();
    now.wall_ms.saturating_sub(i64::try_from(ago).unwrap_or(i64::MAX))
}
