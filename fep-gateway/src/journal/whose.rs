//! Whose work is meant, in a journal that several instances share. An instance ends and settles only what is its own: what it began, and
//! what it took over. In a journal of one gateway everything is its own.

use std::sync::Arc;

use fep_protocol::fact::TakenOver;

use super::store::FactNumber;

/// The exchanges and notices of one instance, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// The instance. `None` for all.
    pub(super) instance: Option<Arc<str>>,
    /// Only what it took over by this fact. `None` for all that is its own.
    pub(super) taken_by: Option<FactNumber>,
}

/// A run of another gateway whose lease is over, and the institutions from which somebody took over already. `""` stands for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) run: TakenOver,
    pub(crate) taken: Vec<String>,
}

/// The gateway to which an exchange or a notice belongs, in a journal that several share. It works on it, and people decide about it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub instance: String,
    /// Whether this is the gateway that was asked.
    pub is_own: bool,
}

/// One of the gateways that share a journal, as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceRecord {
    /// Its name.
    pub instance: String,
    /// Whether this is the gateway that was asked.
    pub is_own: bool,
    /// What it does.
    pub state: InstanceState,
    /// How long ago it wrote last, in milliseconds, by the clock of the database.
    pub silent_ms: i64,
    /// How long after that others take over, in milliseconds.
    pub lease_ms: i64,
    /// Whether it publishes events.
    pub publishes: bool,
    /// The gateways that took over from its last run, by name.
    pub heirs: Vec<String>,
    /// The number of its exchanges that run.
    pub in_flight: u64,
    /// The number of its settlements that go on or need a person.
    pub unsettled: u64,
}

/// What a gateway that shares a journal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceState {
    /// It writes.
    Writes,
    /// Its lease is over, and nobody has taken over yet.
    Silent,
    /// It has stopped, or others took over.
    Ended,
}

impl InstanceState {
    /// The name: `writes`, `silent` or `ended`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writes => "writes",
            Self::Silent => "silent",
            Self::Ended => "ended",
        }
    }
}

impl Whose {
    /// Everything that is this instance's own. `None` for everything.
    pub(super) fn of(instance: Option<Arc<str>>) -> Self {
        Self { instance, taken_by: None }
    }

    /// What was taken over by this fact.
    pub(super) fn taken_by(&self, fact: FactNumber) -> Self {
        Self { instance: self.instance.clone(), taken_by: Some(fact) }
    }
}
