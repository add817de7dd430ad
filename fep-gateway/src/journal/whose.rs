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
