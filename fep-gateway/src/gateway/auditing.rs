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
    /// Adds an entry to the audit trail of an institution, and waits until it is durable; if the disk is slow, not for long. Do what it says only
    /// after that, and then say how it ended. A look at secrets is an error if its entry is not durable.
    ///
    /// # Errors
    /// If the journal has no room for it or does not take it in time, there is no such institution, or it has stopped.
    pub async fn audit(&self, institution: &str, entry: AuditEntry) -> Result<Attempt, AuditError> {
        let handle = self.find_handle(institution).ok_or(AuditError::UnknownInstitution)?;
        let clock = Arc::clone(&self.inner.shared.clock);
        let id = clock.name(clock.now());
        let act = entry.fact.act;
        let fact = AuditFact { attempt: Some(id), ..entry.fact };
        handle.audit(AuditEntry { fact, ..entry }).await?;
        Ok(Attempt { id, act, institution: handle.name.clone(), lane: handle.lane.clone(), clock })
    }

    /// Adds to the audit trail what was refused before anything was attempted. It belongs to this institution, or else to the gateway: then the
    /// name of its institution is empty. It does not wait, and if the journal is in trouble, it adds nothing. Returns whether it did.
    pub fn note_refused(&self, institution: Option<&str>, fact: AuditFact, caller: Option<Arc<Caller>>) -> bool {
        let handle = institution.and_then(|name| self.find_handle(name));
        let own_lane = || self.inner.own_lane.get_or_init(|| self.inner.shared.journal.add_lane()).clone();
        let name = handle.as_ref().map_or_else(|| Arc::from(""), |handle| handle.name.clone());
        let lane = handle.map_or_else(own_lane, |handle| handle.lane.clone());
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
