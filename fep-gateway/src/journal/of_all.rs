//! What holds at all gateways that share the journal: the newest fact of a topic, by whichever of them.

use std::sync::Arc;

use fep_protocol::reason::JournalError;
use fep_protocol::standing::Standing;

use super::store::FactNumber;
use super::{INDEX_WAIT, Journal};

impl Journal {
    /// What holds of this topic as far as the index knows. It knows the facts of others a moment later than they.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub(crate) async fn of_all(&self, topic: &'static str) -> Result<Option<(FactNumber, Standing)>, JournalError> {
        self.read(move |reader| Ok(reader.index.of_all(topic)?)).await
    }

    /// The same after the index has what all gateways have stored by now.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn of_all_now(&self, topic: &'static str) -> Result<Option<(FactNumber, Standing)>, JournalError> {
        let index = Arc::clone(&self.inner.index);
        let wait = move || index.wait_for_all(INDEX_WAIT);
        self.read_after(wait, move |reader| Ok(reader.index.of_all(topic)?)).await
    }
}
