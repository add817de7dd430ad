//! The facts of a journal for who publishes them: what is new, and how far it has been published.
//!
//! ```text
//! journal.sqlite            facts 1 … n, the outbox: what is durable here will be published
//! journal.sqlite.published  the mark: the facts up to m have been published
//! ```
//!
//! The facts themselves are the outbox, so an event is as durable as the fact that it tells about, and costs no second write. This module does
//! not know what an event is.

use std::sync::Arc;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::store::FactNumber;
use super::{Journal, Reader};
use crate::hex::hex;

/// The maximum number of bytes of telegrams in a piece of facts.
const PIECE_BYTES_MAX: usize = 1024 * 1024;

/// The highest number that a fact can have.
const FACT_MAX: FactNumber = FactNumber::MAX >> 1;

/// Facts that follow each other.
#[derive(Clone, Debug, Default)]
pub struct FactPiece {
    /// The facts with their numbers.
    pub facts: Vec<(u64, Fact)>,
    /// How many facts before the first one are neither in the journal nor in its archives.
    pub missing: u64,
}

impl Journal {
    /// The same journal with connections of its own, so that long reads hold up no question of others.
    pub(crate) async fn apart(&self) -> Result<Self, JournalError> {
        let inner = Arc::clone(&self.inner);
        let open = move |_: &Reader| inner.home.reader(&inner.reading);
        let connections = self.connections.searching_by(self.read(open).await?);
        Ok(Self { inner: Arc::clone(&self.inner), connections })
    }

    /// The last fact that has been published, or `None` if this journal has no mark.
    #[must_use]
    pub fn published(&self) -> Option<u64> {
        self.inner.mark.published()
    }

    /// Whether this gateway publishes. Of those that share a journal one does, and another one when its lease is over.
    ///
    /// # Errors
    /// If the journal cannot be reached.
    pub async fn publishes(&self) -> Result<bool, JournalError> {
        let inner = Arc::clone(&self.inner);
        self.read(move |_| inner.mark.claim()).await
    }

    /// The name of this gateway among those that share the journal, if several do.
    pub(crate) fn instance(&self) -> Option<Arc<str>> {
        self.inner.home.instance()
    }

    /// The random name of the journal, in hexadecimal digits.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn name(&self) -> Result<String, JournalError> {
        self.read(|reader| Ok(hex(&reader.facts.journal_id()?))).await
    }

    /// The number of the last fact, or 0.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn last_fact(&self) -> Result<u64, JournalError> {
        self.read(|reader| Ok(reader.facts.last()?)).await
    }

    /// Records durably that all facts up to this one have been published.
    ///
    /// # Errors
    /// If the mark cannot be written. Then these facts are published again after the next start.
    pub async fn set_published(&self, number: u64) -> Result<(), JournalError> {
        let inner = Arc::clone(&self.inner);
        self.read(move |_| inner.mark.set(number)).await
    }

    /// The facts after a number in their order, at most `max`, of the journal and its archives.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn facts_after(&self, number: u64, max: usize) -> Result<FactPiece, JournalError> {
        self.read(move |reader| reader.facts_after(number, max)).await
    }
}

impl Reader {
    fn facts_after(&self, number: FactNumber, max: usize) -> Result<FactPiece, JournalError> {
        let facts = self.facts.page(number, FACT_MAX, max, PIECE_BYTES_MAX)?;
        let Some(first) = facts.first().map(|(first, _)| *first).filter(|first| *first != number + 1) else {
            return Ok(FactPiece { facts, missing: 0 });
        };
        let archives = self.archives.as_ref().map(super::Archives::open).transpose()?.flatten();
        let archived = archives.map_or(Ok(Vec::new()), |mut files| {
            files.skip_to(number);
            files.next_page()
        })?;
        let before: Vec<_> = archived.into_iter().take(max).take_while(|(number, _)| *number < first).collect();
        let facts = if before.is_empty() { facts } else { before };
        let missing = facts.first().map_or(0, |(first, _)| first - number - 1);
        Ok(FactPiece { facts, missing })
    }
}
