//! What happened to one exchange, fact by fact.

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;

use super::{Gateway, JournalError};

impl Gateway {
    /// The facts of an exchange in their order, by their numbers. Empty if there is no such exchange.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn timeline(&self, id: &ExchangeId) -> Result<Vec<(u64, Fact)>, JournalError> {
        self.inner.shared.journal.timeline(id).await
    }
}
