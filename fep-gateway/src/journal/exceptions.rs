//! Questions about exceptions of reconciliations.

use std::collections::BTreeMap;
use std::sync::Arc;

use fep_protocol::exchange::{ExchangeId, TelegramBytes};
use fep_protocol::reason::JournalError;
use fep_protocol::reconciliation::{ExceptionBook, ReconciliationFact, Resolution};

use super::compared::{ComparedDate, ExceptionCount, ReconciliationFilter, StoredDate};
use super::seal::random;
use super::store::FactNumber;
use super::{INDEX_WAIT, Journal, Reader};
use crate::ground::Ground;
use crate::hex::hex;

/// The exceptions of a date as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredBook {
    /// The name of the last comparison or resolution of the date.
    pub(crate) last: ExchangeId,
    /// The name of its last comparison.
    pub(crate) comparison: ExchangeId,
    /// What they say.
    pub(crate) book: ExceptionBook,
}

/// What of a date is read from the journal. It is understood when nobody waits for the connections any more: it can be long.
struct StoredBytes {
    last: ExchangeId,
    comparison: Content,
    resolved: Vec<(String, Content)>,
}

/// The name and the body of a fact.
struct Content {
    number: FactNumber,
    name: ExchangeId,
    bytes: TelegramBytes,
}

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
        let stored = self.read_exceptions(move |reader| reader.exception_bytes(&of)).await?;
        let Some(stored) = stored else { return Ok(None) };
        let understand = move || stored.understand().map(Some);
        match self.inner.ground {
            Ground::Machine => {
                let task = tokio::task::spawn_blocking(understand);
                task.await.map_err(|_| JournalError::Failed("the reader stopped".to_owned()))?
            }
            #[cfg(feature = "simulation")]
            Ground::Simulated(_) => understand(),
        }
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
    fn exception_bytes(&self, of: &ComparedDate) -> Result<Option<StoredBytes>, JournalError> {
        let Some((number, last, resolved)) = self.index.exceptions_of(of)? else { return Ok(None) };
        let comparison = self.content(number)?;
        let resolved = resolved.into_iter().map(|(exception, number)| Ok((exception, self.content(number)?)));
        Ok(Some(StoredBytes { last, comparison, resolved: resolved.collect::<Result<_, JournalError>>()? }))
    }

    fn content(&self, number: FactNumber) -> Result<Content, JournalError> {
        let missing = || unreadable(number, "the journal does not have it");
        let fact = self.fact(number)?.ok_or_else(missing)?;
        if fact.bytes.is_empty() {
            return Err(unreadable(number, "its body is encrypted, and the key file does not have its key"));
        }
        let name = fact.reconciliation.as_deref().map(ReconciliationFact::id).ok_or_else(missing)?;
        Ok(Content { number, name, bytes: fact.bytes })
    }
}

impl StoredBytes {
    fn understand(self) -> Result<StoredBook, JournalError> {
        let Self { last, comparison, resolved } = self;
        let mut book: ExceptionBook = comparison.says()?;
        let mut resolutions = BTreeMap::new();
        for (exception, content) in resolved {
            resolutions.insert(exception, content.says::<Resolution>()?);
        }
        // The index has resolutions of open exceptions only, so each is one of these.
        for kept in &mut book.exceptions {
            if let Some(resolution) = resolutions.remove(&kept.id) {
                kept.resolution = Some(resolution);
            }
        }
        Ok(StoredBook { last, comparison: comparison.name, book })
    }
}

impl Content {
    fn says<T: serde::de::DeserializeOwned>(&self) -> Result<T, JournalError> {
        serde_json::from_slice(&self.bytes).map_err(|error| unreadable(self.number, &error.to_string()))
    }
}

fn unreadable(number: FactNumber, why: &str) -> JournalError {
    JournalError::Failed(format!("the exceptions of fact {number} cannot be read: {why}"))
}
