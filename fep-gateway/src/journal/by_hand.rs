//! The journal of a simulated gateway: its writer is a task, and a simulated disk decides what becomes of its writes.
//!
//! The facts are in the same files as otherwise, and the writer takes the same turns.

use std::sync::Arc;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::lane::Bell;
use super::store::{FactNumber, FactStore, StoreError};
use super::writer::{Turn, Writer};
use crate::ground::{Disk, Fate};

/// A store on a simulated disk.
pub(super) struct DiskStore<S> {
    store: S,
    disk: Arc<dyn Disk>,
}

impl<S: FactStore> DiskStore<S> {
    pub(super) fn new(store: S, disk: Arc<dyn Disk>) -> Self {
        Self { store, disk }
    }

    fn fate(&self, facts: &[Fact]) -> Result<(), StoreError> {
        match self.disk.write(facts) {
            Fate::Stored | Fate::StoredUnheard => Ok(()),
            Fate::Failed => Err(StoreError::Unavailable(JournalError::Failed("the simulated disk fails".to_owned()))),
            Fate::Full => Err(StoreError::Unavailable(JournalError::DiskFull)),
        }
    }
}

impl<S: FactStore> FactStore for DiskStore<S> {
    fn append(&mut self, facts: &[Fact]) -> Result<FactNumber, StoreError> {
        self.fate(facts)?;
        self.store.append(facts)
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.fate(&[])?;
        self.store.probe()
    }
}

/// Runs the writer until the journal is closed. A write takes as long as the disk says.
pub(super) async fn run(mut writer: Writer<impl FactStore>, bell: Arc<Bell>, disk: Arc<dyn Disk>) {
    loop {
        match writer.next() {
            Turn::End => return,
            Turn::Wait(max) => bell.heard(max).await,
            turn => {
                tokio::time::sleep(disk.delay(turn.facts())).await;
                writer.carry_out(turn);
            }
        }
    }
}
