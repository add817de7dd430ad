//! The audit trail: an entry is durable before what it says happens. If the journal does not take it, that does not happen.

use std::sync::Arc;

use fep_protocol::audit::AuditFact;
use fep_protocol::exchange::{Caller, ExchangeId};
use fep_protocol::fact::{Fact, What};
use fep_protocol::reason::JournalError;
use tokio::sync::oneshot;

use super::{Handle, Task, TaskCommand};
use crate::journal::LaneNumber;

/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// What is done, by whom and why.
    pub fact: AuditFact,
    /// The exchange that it concerns.
    pub exchange: Option<ExchangeId>,
    /// The client, and by what other systems know its request.
    pub caller: Option<Arc<Caller>>,
}

/// Who waits for an entry.
pub(super) type AuditReply = oneshot::Sender<Result<(), JournalError>>;

/// The entries that are on their way to the journal, in the order of their facts.
pub(super) type Audits = Vec<(LaneNumber, AuditReply)>;

impl Handle {
    /// Adds an entry to the audit trail, and waits until it is durable.
    ///
    /// # Errors
    /// If the journal does not take it, or the institution has stopped.
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), JournalError> {
        let (reply, done) = oneshot::channel();
        let stopped = || JournalError::Failed("the institution has stopped".to_owned());
        let sent = self.commands.send(TaskCommand::Audit(Box::new(entry), reply)).await;
        sent.map_err(|_| stopped())?;
        done.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Task {
    pub(super) fn audit(&mut self, entry: AuditEntry, reply: AuditReply) {
        let AuditEntry { fact, exchange, caller } = entry;
        let now = self.shared.clock.now();
        let audit = Some(Box::new(fact));
        match self.lane.append(Fact { what: What::Audit, exchange, caller, audit, ..self.fact(now) }) {
            Ok(number) => self.audits.push((number, reply)),
            // The caller may be gone.
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    /// Replies to those whose entries are durable, or were not stored.
    pub(super) fn durable_audits(&mut self, durable: LaneNumber, failed: &[(LaneNumber, JournalError)]) {
        for (number, reply) in std::mem::take(&mut self.audits) {
            let error = failed.iter().find(|(other, _)| *other == number).map(|(_, error)| error.clone());
            match error {
                Some(error) => drop(reply.send(Err(error))),
                None if number <= durable => drop(reply.send(Ok(()))),
                None => self.audits.push((number, reply)),
            }
        }
    }
}
