//! Questions about the audit trail.

use fep_protocol::reason::JournalError;

use super::filter::{AuditFilter, AuditPage, AuditRecord};
use super::{Journal, Reader};

impl Journal {
    /// The entries of the audit trail that the filter lets pass, newest first, at most `limit`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn audit_trail(&self, filter: AuditFilter, limit: usize) -> Result<AuditPage, JournalError> {
        self.read_all(move |reader| reader.trail(&filter, limit.max(1))).await
    }
}

impl Reader {
    fn trail(&self, filter: &AuditFilter, limit: usize) -> Result<AuditPage, JournalError> {
        let found = self.index.trail(filter, limit)?;
        let next = found.last().map(|(number, _)| *number).filter(|_| found.len() == limit);
        let mut entries = Vec::new();
        for (number, end) in found {
            entries.extend(self.fact(number)?.map(|fact| AuditRecord { number, fact, end }));
        }
        Ok(AuditPage { entries, next })
    }
}
