//! The audit trail. An entry stands before the facts of what it says. A look at secrets happens only after its entry is durable; what changes
//! something does not wait for long.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

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

/// The reason why there is no entry in the audit trail. Do not do what it would say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditError {
    /// No institution has this name.
    UnknownInstitution,
    /// The institution has stopped.
    Stopped,
    /// The journal does not take it.
    Journal(JournalError),
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownInstitution => f.write_str("no such institution is configured"),
            Self::Stopped => f.write_str("the institution has stopped: nothing is done"),
            Self::Journal(error) => write!(f, "the audit trail takes no entry, so nothing is done: {error}"),
        }
    }
}

impl std::error::Error for AuditError {}

/// Who waits for an entry.
pub(super) type AuditReply = oneshot::Sender<Result<(), JournalError>>;

/// The entries that are on their way to the journal, in the order of their facts.
pub(super) type Audits = VecDeque<(LaneNumber, AuditReply)>;

impl Handle {
    /// Adds an entry to the audit trail, and waits until it is durable. If the disk is slow, a look at secrets is refused, and anything else
    /// goes on.
    ///
    /// # Errors
    /// If the journal has no room for it or does not take it in time, or the institution has stopped.
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), AuditError> {
        let must_be_durable = entry.fact.act.waits_for_the_journal();
        let patience = if must_be_durable { LOOK_MAX } else { ACT_MAX };
        let (reply, done) = oneshot::channel();
        let sent = self.commands.send(TaskCommand::Audit(Box::new(entry), reply)).await;
        sent.map_err(|_| AuditError::Stopped)?;
        match tokio::time::timeout(patience, done).await {
            Ok(Ok(done)) => done.map_err(AuditError::Journal),
            Ok(Err(_)) => Err(AuditError::Stopped),
            Err(_) if !must_be_durable => Ok(()),
            Err(_) => {
                Err(AuditError::Journal(JournalError::Failed("the audit trail does not reach the disk".to_owned())))
            }
        }
    }
}

/// How long a look at secrets, and anything else, waits for its entry.
const LOOK_MAX: Duration = Duration::from_secs(5);
const ACT_MAX: Duration = Duration::from_millis(500);

impl Task {
    pub(super) fn audit(&mut self, entry: AuditEntry, reply: AuditReply) {
        let AuditEntry { fact, exchange, caller } = entry;
        let now = self.shared.clock.now();
        if !self.lane.has_room() {
            let why = JournalError::Failed("the journal takes no writes and its queue is full".to_owned());
            // The caller may be gone.
            let _ = reply.send(Err(why));
            return;
        }
        let audit = Some(Box::new(fact));
        let number = self.append(Fact { what: What::Audit, exchange, caller, audit, ..self.fact(now) });
        self.audits.push_back((number, reply));
    }

    /// Replies to those whose entries are durable.
    pub(super) fn durable_audits(&mut self, durable: LaneNumber) {
        while self.audits.front().is_some_and(|(number, _)| *number <= durable) {
            let Some((_, reply)) = self.audits.pop_front() else { break };
            // The caller may be gone.
            let _ = reply.send(Ok(()));
        }
    }
}
