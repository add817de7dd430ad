//! Questions about exceptions of reconciliations.

use std::sync::Arc;

use fep_protocol::exchange::ExchangeId;
use fep_protocol::reason::JournalError;
use fep_protocol::reconciliation::{ExceptionBook, Resolution};

use super::compared::{ComparedDate, ExceptionCount, ReconciliationFilter, StoredDate};
use super::seal::random;
use super::store::FactNumber;
use super::{INDEX_WAIT, Journal, Reader};
use crate::hex::hex;

/// The exceptions of a date as they stand, and the name of the last comparison or resolution of it.
pub(crate) type StoredBook = (ExchangeId, ExceptionBook);

/// A new key of the names of exceptions, in hex.
///
/// # Errors
/// If the machine has no random bytes.
pub(crate) fn new_secret() -> Result<String, JournalError> {
    Ok(hex(&random::<32>()?))
}

impl Journal {
    /// The exceptions of a date as all gateways have stored them by now. `None` if no file of it was compared.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn exception_book(&self, of: &ComparedDate) -> Result<Option<StoredBook>, JournalError> {
        let of = of.clone();
        self.read_exceptions(move |reader| reader.exception_book(&of)).await
    }

    /// Whether this comparison or resolution had an effect.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn had_effect(&self, name: ExchangeId) -> Result<bool, JournalError> {
        self.read_exceptions(move |reader| Ok(reader.index.had_effect(&name)?)).await
    }

    /// The dates that the filter lets pass, the newest date first, at most `limit`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn reconciliations(
        &self,
        filter: ReconciliationFilter,
        limit: usize,
    ) -> Result<Vec<StoredDate>, JournalError> {
        self.read_exceptions(move |reader| Ok(reader.index.reconciliations(&filter, limit)?)).await
    }

    /// How many exceptions are open, by institution and kind, as far as the index knows.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn exception_counts(&self) -> Result<Vec<ExceptionCount>, JournalError> {
        self.read(move |reader| Ok(reader.index.exception_counts()?)).await
    }

    async fn read_exceptions<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let index = Arc::clone(&self.inner.index);
        self.read_after(move || index.wait_for_all(INDEX_WAIT), read).await
    }
}

impl Reader {
    fn exception_book(&self, of: &ComparedDate) -> Result<Option<StoredBook>, JournalError> {
        let Some((number, last, resolved)) = self.index.exceptions_of(of)? else { return Ok(None) };
        let mut book: ExceptionBook = self.content(number)?;
        for (exception, number) in resolved {
            let resolution: Resolution = self.content(number)?;
            // The index has resolutions of open exceptions only, so that it is one of these.
            if let Some(kept) = book.exceptions.iter_mut().find(|kept| kept.id == exception) {
                kept.resolution = Some(resolution);
            }
        }
        Ok(Some((last, book)))
    }

    /// What the body of a fact says.
    fn content<T: serde::de::DeserializeOwned>(&self, number: FactNumber) -> Result<T, JournalError> {
        let unreadable =
            |why: String| JournalError::Failed(format!("the exceptions of fact {number} cannot be read: {why}"));
        let fact = self.fact(number)?.ok_or_else(|| unreadable("the journal does not have it".to_owned()))?;
        if fact.bytes.is_empty() {
            return Err(unreadable("its body is encrypted, and the key file does not have its key".to_owned()));
        }
        serde_json::from_slice(&fact.bytes).map_err(|error| unreadable(error.to_string()))
    }
}
