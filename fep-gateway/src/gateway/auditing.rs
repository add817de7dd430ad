//! The audit trail: what persons and programs did to the gateway or looked at, and how it ended.
//!
//! ```text
//! audit() ──► durable ──► the act ──► Attempt::end() ──► how it ended
//!                            └─ a crash: the attempt stays open, and that is shown
//! ```

use std::sync::Arc;
use std::time::Duration;

use fep_protocol::audit::{Act, AuditEnd, AuditFact};
use fep_protocol::exchange::{Caller, ExchangeId};
use fep_protocol::fact::{Fact, What};
use futures_util::future::join_all;

pub use crate::journal::filter::{AuditFilter, AuditPage, AuditRecord};
pub use crate::net::institution::{AuditEntry, AuditError};

use super::{Gateway, JournalError};
use crate::journal::Lane;
use crate::net::clock::Clock;

/// How long a reader of the audit trail waits for what is on its way to the journal.
const LANE_MAX: Duration = Duration::from_millis(500);

/// An entry of the audit trail whose end is not known yet. Dropped without [`Attempt::end`], it stays open.
#[derive(Debug)]
#[must_use = "say how it ended"]
pub struct Attempt {
    id: ExchangeId,
    act: Act,
    institution: Arc<str>,
    lane: Lane,
    clock: Arc<Clock>,
}

impl Attempt {
    /// Adds to the entry how it ended. It does not wait for the journal: what it says has happened.
    pub fn end(self, end: AuditEnd) {
        let audit = AuditFact { attempt: Some(self.id), end: Some(end), ..AuditFact::new(self.act, "") };
        let fact = Fact {
            what: What::AuditEnd,
            audit: Some(Box::new(audit)),
            ..Fact::new(self.institution, self.clock.now().wall_ms)
        };
        // Only a permission can be refused. If the journal is closed, the attempt stays open.
        let _ = self.lane.append(fact);
        self.lane.flush();
    }
}

impl Gateway {
    /// Adds an entry to the audit trail of an institution, or with an empty name to that of the gateway itself, and waits until it is durable; if the disk is slow, not for long. Do what it says only
    /// after that, and then say how it ended. A look at secrets is an error if its entry is not durable.
    ///
    /// # Errors
    /// If the journal has no room for it or does not take it in time, there is no such institution, or it has stopped.
    pub async fn audit(&self, institution: &str, entry: AuditEntry) -> Result<Attempt, AuditError> {
        let clock = Arc::clone(&self.inner.shared.clock);
        let id = clock.name(clock.now());
        let act = entry.fact.act;
        let entry = AuditEntry { fact: AuditFact { attempt: Some(id), ..entry.fact }, ..entry };
        if institution.is_empty() {
            let lane = self.own_lane();
            self.audit_own(&lane, entry).await?;
            return Ok(Attempt { id, act, institution: "".into(), lane, clock });
        }
        let handle = self.find_handle(institution).ok_or(AuditError::UnknownInstitution)?;
        handle.audit(entry).await?;
        Ok(Attempt { id, act, institution: handle.name.clone(), lane: handle.lane.clone(), clock })
    }

    /// The lane of what belongs to no institution.
    pub(super) fn own_lane(&self) -> Lane {
        self.inner.own_lane.get_or_init(|| self.inner.shared.journal.add_lane()).clone()
    }

    /// Adds an entry of the gateway itself. As for an institution, what changes something does not wait for long.
    async fn audit_own(&self, lane: &Lane, entry: AuditEntry) -> Result<(), AuditError> {
        if !lane.has_room() {
            let full = || JournalError::Failed("the journal takes no writes and its queue is full".to_owned());
            return Err(AuditError::Journal(self.inner.shared.journal.trouble().unwrap_or_else(full)));
        }
        let AuditEntry { fact, exchange, caller } = entry;
        let now_ms = self.inner.shared.clock.now().wall_ms;
        let audit = Some(Box::new(fact));
        let fact = Fact { what: What::Audit, audit, exchange, caller, ..Fact::new("".into(), now_ms) };
        lane.append(fact).map_err(AuditError::Journal)?;
        lane.catches_up(LANE_MAX).await;
        Ok(())
    }

    /// Adds to the audit trail what was refused before anything was attempted. It belongs to this institution, or else to the gateway: then the
    /// name of its institution is empty. It does not wait, and if the journal is in trouble, it adds nothing. Returns whether it did.
    pub fn note_refused(&self, institution: Option<&str>, fact: AuditFact, caller: Option<Arc<Caller>>) -> bool {
        let handle = institution.and_then(|name| self.find_handle(name));
        let name = handle.as_ref().map_or_else(|| Arc::from(""), |handle| handle.name.clone());
        let lane = handle.map_or_else(|| self.own_lane(), |handle| handle.lane.clone());
        if !lane.has_room() {
            return false;
        }
        let at_ms = self.inner.shared.clock.now().wall_ms;
        let audit = Some(Box::new(fact));
        let is_added = lane.append(Fact { what: What::Audit, audit, caller, ..Fact::new(name, at_ms) }).is_ok();
        lane.flush();
        is_added
    }

    /// The entries of the audit trail that the filter lets pass, newest first, at most `limit`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn audit_trail(&self, filter: AuditFilter, limit: usize) -> Result<AuditPage, JournalError> {
        // An end and a refusal do not wait for the journal, so a reader does: who has the reply to a decision finds how it ended.
        let institutions = self.running();
        let lanes = institutions.values().map(|handle| &handle.lane).chain(self.inner.own_lane.get());
        join_all(lanes.map(|lane| lane.catches_up(LANE_MAX))).await;
        self.inner.shared.journal.audit_trail(filter, limit).await
    }
}
