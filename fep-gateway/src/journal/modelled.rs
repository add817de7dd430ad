//! A journal of simulated gateways, whose facts a model of a database keeps. What a gateway asks and concludes is what it does with PostgreSQL,
//! in `postgres::facts`, `postgres::lease` and `postgres::sharing`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::indexer::IndexQueue;
use super::store::{Appended, FactNumber, FactReads, FactSource, FactStore, JournalId, Lately, Removal, StoreError};
use super::whose::Over;
use crate::coordinator::{BlockReply, BlockWanted, Instances, NewsSender};
use crate::ground::{Disk, SharedBlock, SharedJournal, SharedRun, Uncommitted};

/// The name of the only journal that there is.
pub(super) const JOURNAL: JournalId = *b"simulated shared";

/// One run of a gateway.
pub(super) struct Model {
    pub(super) journal: Arc<dyn SharedJournal>,
    disk: Arc<dyn Disk>,
    run: SharedRun,
    is_fenced: AtomicBool,
    path: PathBuf,
}

/// Stores facts.
pub(super) struct ModelFacts {
    model: Arc<Model>,
    last: FactNumber,
    batch: u64,
    doubt: Option<Doubt>,
}

/// A commit of which it is not known whether it is stored.
struct Doubt {
    refused: Vec<(usize, JournalError)>,
    count: usize,
}

/// Reads facts.
pub(super) struct ModelReader(Arc<Model>);

/// The instances, for the coordinator.
pub(super) struct ModelInstances {
    pub(super) model: Arc<Model>,
    pub(super) index: Arc<IndexQueue>,
}

impl Model {
    /// Begins a run.
    ///
    /// # Errors
    /// If the model cannot be reached, or another gateway with this name has a lease.
    pub(super) fn begin(
        journal: Arc<dyn SharedJournal>,
        disk: Arc<dyn Disk>,
        path: PathBuf,
    ) -> Result<Self, JournalError> {
        let run = journal.begin().map_err(JournalError::Failed)?;
        Ok(Self { journal, disk, run, is_fenced: AtomicBool::new(false), path })
    }

    pub(super) fn instance(&self) -> Arc<str> {
        self.journal.instance()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_fenced(&self) -> bool {
        self.is_fenced.load(Ordering::Relaxed)
    }

    pub(super) fn over(&self) -> Result<Vec<Over>, JournalError> {
        let over = self.journal.over().map_err(JournalError::Failed)?;
        Ok(over.into_iter().map(|(run, taken)| Over { run, taken }).collect())
    }

    pub(super) fn give_back(&self) -> Result<(), JournalError> {
        self.journal.end(self.run.epoch);
        Ok(())
    }

    fn fenced(&self) -> StoreError {
        self.is_fenced.store(true, Ordering::Relaxed);
        StoreError::Unavailable(JournalError::Failed("another gateway took over".to_owned()))
    }
}

impl ModelFacts {
    /// Opens the journal for writing.
    ///
    /// # Errors
    /// If the model cannot be reached.
    pub(super) fn open(model: Arc<Model>) -> Result<Self, JournalError> {
        let last = model.journal.last().map_err(JournalError::Failed)?;
        Ok(Self { model, last, batch: 0, doubt: None })
    }

    fn stored(&mut self, first: FactNumber, count: usize) {
        self.last = (first + u64::try_from(count).unwrap_or_default()).saturating_sub(1);
    }
}

impl FactStore for ModelFacts {
    fn append(&mut self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let batch = self.batch + 1;
        match self.model.journal.commit(self.model.run.epoch, batch, facts) {
            Ok(committed) if committed.first <= self.last => {
                let why = format!(
                    "it ends with fact {}, but this gateway has stored fact {}",
                    committed.first - 1,
                    self.last
                );
                Err(StoreError::Unavailable(JournalError::Failed(why)))
            }
            Ok(committed) => {
                self.batch = batch;
                self.stored(committed.first, facts.len() - committed.refused.len());
                Ok(Appended { first: committed.first, refused: committed.refused })
            }
            Err(Uncommitted::Failed(why)) => Err(unavailable(why)),
            Err(Uncommitted::Fenced) => Err(self.model.fenced()),
            Err(Uncommitted::InDoubt { refused }) => {
                let count = facts.len() - refused.len();
                self.doubt = Some(Doubt { refused, count });
                Err(StoreError::InDoubt(JournalError::Failed("the answer of the model is lost".to_owned())))
            }
        }
    }

    fn instance(&self) -> Option<Arc<str>> {
        Some(self.model.instance())
    }

    fn resolve(&mut self) -> Result<Option<Appended>, StoreError> {
        let Some(Doubt { count, .. }) = self.doubt else { return Ok(None) };
        let (epoch, batch, first) = self.model.journal.last_commit().map_err(unavailable)?;
        if epoch != self.model.run.epoch {
            return Err(self.model.fenced());
        }
        let refused = self.doubt.take().map(|doubt| doubt.refused).unwrap_or_default();
        if batch != self.batch + 1 {
            return Ok(None);
        }
        self.batch = batch;
        self.stored(first, count);
        Ok(Some(Appended { first, refused }))
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        match self.model.journal.renew(self.model.run.epoch) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.model.fenced()),
            Err(why) => Err(unavailable(why)),
        }
    }
}

impl ModelReader {
    pub(super) fn new(model: Arc<Model>) -> Self {
        Self(model)
    }

    fn between(&self, after: FactNumber, up_to: FactNumber, max: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        self.0.journal.facts(after, up_to, max).map_err(unavailable)
    }
}

impl FactReads for ModelReader {
    fn journal_id(&self) -> Result<JournalId, StoreError> {
        Ok(JOURNAL)
    }

    fn last(&self) -> Result<FactNumber, StoreError> {
        self.0.journal.last().map_err(unavailable)
    }

    fn newest_ms(&self) -> Result<Option<i64>, StoreError> {
        let last = FactReads::last(self)?;
        let ends = [self.get(1)?, self.get(last)?];
        Ok(ends.into_iter().flatten().map(|fact| fact.at_ms).max())
    }

    fn get(&self, number: FactNumber) -> Result<Option<Fact>, StoreError> {
        let found = self.between(number.saturating_sub(1), number, 1)?;
        Ok(found.into_iter().next().map(|(_, fact)| fact))
    }

    fn page(
        &self,
        after: FactNumber,
        up_to: FactNumber,
        count_max: usize,
        _bytes_max: usize,
    ) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        self.between(after, up_to, count_max)
    }

    fn lately(&self, what: Lately, since_ms: i64, max: u32) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let last = FactReads::last(self)?;
        let facts = self.between(last.saturating_sub(u64::from(max)), last, usize::MAX)?;
        let recent = facts.into_iter().rev().filter(|(_, fact)| fact.at_ms >= since_ms);
        Ok(recent.filter(|(_, fact)| what.takes(fact)).collect())
    }

    fn removal(&self) -> Result<Option<Removal>, StoreError> {
        Ok(None)
    }

    fn sealed_from(&self) -> Option<FactNumber> {
        None
    }
}

impl FactSource for ModelReader {
    fn newest(&mut self) -> Result<Option<FactNumber>, StoreError> {
        FactReads::last(self).map(Some)
    }

    fn after(&mut self, number: FactNumber, max: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        self.between(number, FactNumber::MAX, max)
    }
}

impl Instances for ModelInstances {
    fn instance(&self) -> Arc<str> {
        self.model.instance()
    }

    fn run(&self) -> Option<u64> {
        Some(self.model.run.epoch)
    }

    fn was_fenced(&self) -> bool {
        self.model.run.was_fenced
    }

    fn listen(&self, institution: Arc<str>, news: NewsSender) {
        self.index.listeners().add(institution, self.instance(), news);
    }

    fn block(&self, wanted: BlockWanted) -> BlockReply {
        let model = Arc::clone(&self.model);
        Box::pin(async move {
            tokio::time::sleep(model.disk.delay(1)).await;
            let BlockWanted { institution, range, used, day, for_what } = wanted;
            let wanted = SharedBlock { institution, range, used, day, for_what };
            model.journal.block(&wanted).map_err(JournalError::Failed)
        })
    }
}

impl fmt::Debug for ModelInstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelInstances({})", self.model.instance())
    }
}

fn unavailable(why: String) -> StoreError {
    StoreError::Unavailable(JournalError::Failed(why))
}
