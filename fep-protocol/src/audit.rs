//! The audit trail: what persons and programs did to the gateway or looked at, before it happens. What comes of it is in other facts.

use serde::{Deserialize, Serialize};

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
    /// Set the business clock of a test: `about` says what it showed then.
    SetClock,
}

impl Act {
    /// All acts.
    pub const ALL: [Self; 17] = [
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
        Self::SetClock,
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
            Self::SetClock => "set_clock",
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
    }
}
