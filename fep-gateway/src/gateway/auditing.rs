//! The audit trail: what persons and programs did to the gateway or looked at.

pub use crate::journal::filter::{AuditFilter, AuditPage};
pub use crate::net::institution::{AuditEntry, AuditError};

use super::{Gateway, JournalError};

impl Gateway {
    /// Adds an entry to the audit trail of an institution, and waits until it is durable; if the disk is slow, not for long. Do what it says only
    /// after that. A look at secrets is an error if its entry is not durable.
    ///
    /// # Errors
    /// If the journal has no room for it or does not take it in time, there is no such institution, or it has stopped.
    pub async fn audit(&self, institution: &str, entry: AuditEntry) -> Result<(), AuditError> {
        let handle = self.find_handle(institution);
        handle.ok_or(AuditError::UnknownInstitution)?.audit(entry).await
    }

    /// The entries of the audit trail that the filter lets pass, newest first, at most `limit`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn audit_trail(&self, filter: AuditFilter, limit: usize) -> Result<AuditPage, JournalError> {
        self.inner.shared.journal.audit_trail(filter, limit).await
    }
}
