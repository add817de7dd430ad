//! The audit trail: what persons and programs do to the gateway or look at, before it happens, and how each attempt ended. What else comes of it
//! is in other facts. What was refused at the door is there as well: logins and acts without the right.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::exchange::ExchangeId;

/// Something that a person or a program did or looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFact {
    /// What was done.
    pub act: Act,
    /// Who did it: the client, and the person for whom it speaks.
    pub person: String,
    /// Why.
    #[serde(default)]
    pub note: String,
    /// What it concerns besides an exchange: a line, a business code or a notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The name of the attempt, which the fact of its end has as well. `None` if it has no end of its own: it had happened or was refused at once,
    /// or an earlier version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<ExchangeId>,
    /// How it ended. The fact before an attempt does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<AuditEnd>,
}

/// How an act of the audit trail ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEnd {
    /// Whether it was done.
    pub outcome: AuditOutcome,
    /// The stable code of the refusal, such as `already_settled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'static, str>>,
}

/// What became of an act of the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was carried out.
    Done,
    /// It was not carried out, or not completely: its code says why.
    Refused,
    /// Nothing says how it ended: it still runs, or the gateway or its client ended in between. Look at what it concerns.
    Open,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Saw the secrets of an exchange.
    Reveal,
    /// Decided about an unknown exchange.
    Settle,
    /// Decided about the delivery of a notice.
    Deliver,
    /// Tripped a breaker.
    TripBreaker,
    /// Let a breaker pass requests again.
    ResetBreaker,
    /// Stopped business.
    Block,
    /// Opened business again.
    Unblock,
    /// Stopped a line.
    StopLine,
    /// Started a line.
    StartLine,
    /// Sent an echo test on a line.
    TestLine,
    /// Signed a line on.
    SignOn,
    /// Signed a line off.
    SignOff,
    /// Moved business to other lines.
    Switch,
    /// Moved business back.
    SwitchBack,
    /// Changed where requests go.
    Route,
    /// Let another configuration hold: `about` says what becomes of the institution.
    Reload,
    /// Silenced an alarm, or ended its silence: `about` is the rule, and until when.
    SilenceAlarm,
    /// Gave a file of an institution to be compared: `about` is the reconciliation and the business date.
    Reconcile,
    /// Resolved an exception of a reconciliation: `about` is the reconciliation, the business date and the exception.
    ResolveException,
    /// Set the business clock of a test: `about` says what it showed then.
    SetClock,
    /// Tried to log in at the console, and was refused: `about` is the address.
    LogIn,
    /// Tried to do something without the right to it: `about` is the right and the route.
    Overstep,
}

impl AuditOutcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Open];

    /// The name in the index and over HTTP.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Open => "open",
        }
    }

    /// Returns the outcome with this [`AuditOutcome::name`], or `None` if there is no such outcome.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

impl AuditEnd {
    /// It was carried out.
    #[must_use]
    pub fn done() -> Self {
        Self { outcome: AuditOutcome::Done, code: None }
    }

    /// It was refused with this code.
    #[must_use]
    pub fn refused(code: impl Into<Cow<'static, str>>) -> Self {
        Self { outcome: AuditOutcome::Refused, code: Some(code.into()) }
    }
}

impl AuditFact {
    /// An act of a person, without more.
    #[must_use]
    pub fn new(act: Act, person: impl Into<String>) -> Self {
        Self { act, person: person.into(), note: String::new(), about: None, attempt: None, end: None }
    }

    /// What became of it, as far as this fact says. `None` if an earlier version wrote it, which recorded no ends, or if it is an event.
    #[must_use]
    pub fn outcome(&self) -> Option<AuditOutcome> {
        let ended = self.end.as_ref().map(|end| end.outcome);
        ended.or(self.attempt.map(|_| AuditOutcome::Open))
    }
}

impl Act {
    /// All acts.
    pub const ALL: [Self; 22] = [
        Self::Reveal,
        Self::Settle,
        Self::Deliver,
        Self::TripBreaker,
        Self::ResetBreaker,
        Self::Block,
        Self::Unblock,
        Self::StopLine,
        Self::StartLine,
        Self::TestLine,
        Self::SignOn,
        Self::SignOff,
        Self::Switch,
        Self::SwitchBack,
        Self::Route,
        Self::Reload,
        Self::SilenceAlarm,
        Self::Reconcile,
        Self::ResolveException,
        Self::SetClock,
        Self::LogIn,
        Self::Overstep,
    ];

    /// Whether it may happen only after the journal has it for sure. What only looks leaves no other trace. What changes something has to be
    /// possible also while the journal is in trouble: an operator who stops a line must be able to.
    #[must_use]
    pub fn waits_for_the_journal(self) -> bool {
        self == Self::Reveal
    }

    /// The name in the journal and over HTTP: `trip_breaker`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reveal => "reveal",
            Self::Settle => "settle",
            Self::Deliver => "deliver",
            Self::TripBreaker => "trip_breaker",
            Self::ResetBreaker => "reset_breaker",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::StopLine => "stop_line",
            Self::StartLine => "start_line",
            Self::TestLine => "test_line",
            Self::SignOn => "sign_on",
            Self::SignOff => "sign_off",
            Self::Switch => "switch",
            Self::SwitchBack => "switch_back",
            Self::Route => "route",
            Self::Reload => "reload",
            Self::SilenceAlarm => "silence_alarm",
            Self::Reconcile => "reconcile",
            Self::ResolveException => "resolve_exception",
            Self::SetClock => "set_clock",
            Self::LogIn => "log_in",
            Self::Overstep => "overstep",
        }
    }

    /// Returns the act with this [`Act::name`], or `None` if there is no such act.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_found_by_its_name() {
        for act in Act::ALL {
            assert_eq!(Act::from_name(act.name()), Some(act));
            assert_eq!(serde_json::to_value(act).unwrap(), act.name());
        }
        for outcome in AuditOutcome::ALL {
            assert_eq!(AuditOutcome::from_name(outcome.name()), Some(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.name());
        }
    }

    #[test]
    fn a_fact_of_an_earlier_version_says_nothing_of_its_end_and_an_attempt_is_open() {
        let before = r#"{"act":"block","person":"kim","note":"maintenance"}"#;
        let fact: AuditFact = serde_json::from_str(before).unwrap();
        assert_eq!(fact.outcome(), None);
        assert_eq!(serde_json::to_string(&fact).unwrap(), before, "what it does not have is not written");
        let attempt = AuditFact { attempt: Some(ExchangeId::new(1, 2, 3)), ..fact };
        assert_eq!(attempt.outcome(), Some(AuditOutcome::Open));
        let ended = AuditFact { end: Some(AuditEnd::refused("forbidden")), ..attempt };
        assert_eq!(ended.outcome(), Some(AuditOutcome::Refused));
    }
}
