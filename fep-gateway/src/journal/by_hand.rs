//! The journal of a simulated gateway: its writer is a task, and a simulated disk decides what becomes of its writes.
//!
//! The facts are in the same files as otherwise, and the writer takes the same turns.

use std::sync::Arc;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::lane::Bell;
use super::store::{Appended, FactNumber, FactStore, StoreError};
use super::writer::{Turn, Writer};
use crate::ground::{Disk, Fate};

/// A store on a simulated disk.
pub(super) struct DiskStore<S: FactStore> {
    store: S,
    disk: Arc<dyn Disk>,
    /// What a failed write left on the disk.
    left: Vec<Fact>,
    /// What became of the write in doubt, if it is stored.
    doubt: Option<Appended>,
}

impl<S: FactStore> DiskStore<S> {
    pub(super) fn new(store: S, disk: Arc<dyn Disk>) -> Self {
        Self { store, disk, left: Vec::new(), doubt: None }
    }

    fn fate(&mut self, facts: &[Fact]) -> Result<(), StoreError> {
        let fate = self.disk.write(facts);
        if fate == Fate::FailedButLeft {
            self.left = facts.to_vec();
        }
        match fate {
            Fate::Stored | Fate::StoredUnheard => {
                self.left.clear();
                Ok(())
            }
            Fate::Failed | Fate::FailedButLeft => {
                Err(StoreError::Unavailable(JournalError::Failed("the simulated disk fails".to_owned())))
            }
            Fate::Full => Err(StoreError::Unavailable(JournalError::DiskFull)),
            Fate::InDoubt { is_stored } => {
                self.doubt = is_stored.then(|| self.store.append(facts)).transpose()?;
                Err(StoreError::InDoubt(JournalError::Failed(
                    "the answer of the simulated database is lost".to_owned(),
                )))
            }
        }
    }
}

impl<S: FactStore> FactStore for DiskStore<S> {
    fn append(&mut self, facts: &[Fact]) -> Result<Appended, StoreError> {
        self.fate(facts)?;
        self.store.append(facts)
    }

    fn resolve(&mut self) -> Result<Option<Appended>, StoreError> {
        self.fate(&[])?;
        Ok(self.doubt.take())
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.fate(&[])?;
        self.store.probe()
    }

    fn remove_archived(&mut self, up_to: FactNumber, max: usize) -> Result<usize, StoreError> {
        step(&*self.disk)?;
        self.store.remove_archived(up_to, max)
    }
}

/// A store that somebody else keeps.
impl<S: FactStore> FactStore for &mut S {
    fn append(&mut self, facts: &[Fact]) -> Result<Appended, StoreError> {
        (**self).append(facts)
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        (**self).probe()
    }
}

/// The process is gone.
impl<S: FactStore> Drop for DiskStore<S> {
    fn drop(&mut self) {
        if !self.left.is_empty() && self.store.append(&self.left).is_ok() {
            self.disk.left(&self.left);
        }
    }
}

/// What becomes of a step of archiving.
pub(super) fn step(disk: &dyn Disk) -> Result<(), StoreError> {
    match disk.step() {
        Fate::Stored | Fate::StoredUnheard => Ok(()),
        Fate::Failed | Fate::FailedButLeft | Fate::InDoubt { .. } => {
            Err(StoreError::Unavailable(JournalError::Failed("the simulated disk fails".to_owned())))
        }
        Fate::Full => Err(StoreError::Unavailable(JournalError::DiskFull)),
    }
}

/// Runs the writer until the journal is closed. A write takes as long as the disk says.
pub(super) async fn run(mut writer: Writer<impl FactStore>, bell: Arc<Bell>, disk: Arc<dyn Disk>) {
    loop {
        match writer.next() {
            Turn::End => return,
            Turn::Wait(max) => bell.heard(max).await,
            Turn::Pause(pause) => tokio::time::sleep(pause).await,
            turn => {
                tokio::time::sleep(disk.delay(turn.facts())).await;
                writer.carry_out(turn);
            }
        }
    }
}
