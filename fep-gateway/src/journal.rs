//! The durable record: a journal of facts, and an index over them.
//!
//! A fact is one line: bytes sent or received, an outcome, a promise about trace numbers. Facts are only ever added. What an
//! exchange became, what belongs to it and which are the latest ones is an index that a second thread builds behind. It can
//! be deleted and built again.
//!
//! ```text
//! institution ─► lane ─┐                     ┌─► journal.sqlite        (the facts, one commit for all lanes)
//! institution ─► lane ─┴─► writer (thread) ──┴─► indexer (thread) ──► journal.index.sqlite
//!                 ▲            │
//!                 └─ durable ──┘
//! ```
//!
//! The request is one fact, durable before its bytes are written to a line. The answer is one fact, durable before the caller
//! hears of it. Everything else joins these two commits.

pub mod filter;
mod private;
pub mod seal;
mod store;
mod whose;

mod columns;
mod sealing;

pub mod notice;
pub(crate) mod compared;
pub(crate) mod verified;

mod health;
mod lane;

mod projection;

mod routed;
mod indexer;

mod sqlite;

mod newest;
mod guard;
mod writer;

#[cfg(feature = "simulation")]
mod by_hand;

mod connections;
mod keys;
mod reserving;

pub mod tables;
#[cfg(feature = "postgres")]
mod stored;

#[cfg(feature = "postgres")]
mod postgres;

pub mod reading;

mod mark;
mod alarms;
mod archive;
#[cfg(feature = "simulation")]
mod modelled;
mod home;
mod retention;
#[cfg(feature = "postgres")]
mod expiry;

mod lost;
mod recovery;
#[cfg(feature = "postgres")]
mod shared;
#[cfg(feature = "simulation")]
mod shared_model;
mod opening;
mod again;
mod inherit;
mod of_all;
mod placing;

pub mod audit;
#[cfg(feature = "postgres")]
pub mod copy;
pub mod lookup;
pub mod changed;

mod notices;
pub(crate) mod exceptions;
mod verifications;
pub mod published;
pub(crate) mod unpublished;
pub(crate) mod change;
mod trail;
pub mod rekey;
pub mod usage;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use fep_protocol::exchange::{Exchange, ExchangeId};
use fep_protocol::fact::Fact;
pub use fep_protocol::reason::JournalError;
use fep_protocol::settlement::{AccountKey, SettlementCase, SettlementFact};
use fep_protocol::standing::Standing;
use fep_protocol::trace::TraceHighWater;

pub use self::again::Left;
pub(crate) use self::alarms::{AlarmStore, Judging};
use self::archive::{ArchiveStop, Archives};
use self::connections::{Connections, For};
use self::filter::{ExchangeFilter, ExchangePage, LetterFilter};
use self::health::Health;
use self::home::{Home, Reading};
use self::indexer::IndexQueue;
use self::keys::Keys;
pub use self::keys::{KeyState, KeyTicket};
use self::lane::Bell;
pub use self::lane::{Lane, LaneNumber, Progress};
use self::mark::Mark;
pub use self::notices::FirstQuestion;
use self::projection::{Projected, exchange};
pub use self::recovery::{CaseOpener, EarlierCase, OpenCase, OpenOptions, Recalled};
pub use self::routed::StoredAnswer;
use self::seal::Veil;
use self::sqlite::index::{IndexReader, Veiled};
use self::store::{FactNumber, FactReads};
pub use self::whose::{InstanceRecord, InstanceState, Owner, Whose};
use self::writer::Newcomers;
use crate::coordinator::Instances;
use crate::ground::Ground;

/// A handle to the journal. Clones share one writer, and the connections for questions.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
    connections: Connections,
}

struct Inner {
    health: Arc<Health>,
    newcomers: Arc<Newcomers>,
    bell: Arc<Bell>,
    index: Arc<IndexQueue>,
    home: Arc<Home>,
    reading: Reading,
    keys: Keys,
    archive_stop: Arc<ArchiveStop>,
    mark: Arc<Mark>,
    workers: tokio::sync::Mutex<Vec<Worker>>,
    ground: Ground,
}

/// Who does the journal's work.
enum Worker {
    Thread(JoinHandle<()>),
    #[cfg(feature = "simulation")]
    Task(tokio::task::JoinHandle<()>),
}

/// Connections for queries.
struct Reader {
    facts: Box<dyn FactReads>,
    index: IndexReader,
    archives: Option<Archives>,
    veil: Veil,
    /// Whose exchanges and notices are our own.
    whose: Whose,
}

/// A journal that was just opened, with the state that an earlier run left.
pub struct Opened {
    /// The journal.
    pub journal: Journal,
    /// The lanes of the institutions, in the order of their names.
    pub lanes: Vec<(String, Lane)>,
    /// The high-water marks of the used trace numbers, by institution.
    pub high_waters: Vec<(String, TraceHighWater)>,
    /// The exchanges whose keys may still be in quarantine. A late answer can settle those that are unknown.
    pub recalled: Vec<Recalled>,
    /// The answers, to those among others, that came to other gateways lately.
    pub routed: Vec<StoredAnswer>,
    /// The telegrams of ours that a rate may still count, as the facts of their sending.
    pub sent: Vec<Fact>,
    /// The settlements that go on.
    pub cases: Vec<EarlierCase>,
    /// What holds from earlier runs, by institution.
    pub standing: Vec<(String, Standing)>,
    /// The instances, if several share the journal.
    pub instances: Option<Arc<dyn Instances>>,
}

/// The longest wait for a thread of the journal when the journal closes.
const CLOSE_MAX: Duration = Duration::from_secs(3);

/// The longest wait of a reader for the index.
const INDEX_WAIT: Duration = Duration::from_secs(5);

/// The number of exchanges at which one search looks. A longer one would hold up other readers.
const LOOKED_AT_MAX: usize = 100_000;

impl Journal {
    /// Why the journal takes no writes now, or `None` if it does.
    #[must_use]
    pub fn trouble(&self) -> Option<JournalError> {
        self.inner.health.trouble().or_else(|| self.inner.home.check().err())
    }

    /// How long the writer has been at one thing. It looks up each second, also while all writes fail, unless a write hangs or its
    /// thread has ended.
    #[must_use]
    pub fn writer_silence(&self) -> Duration {
        self.inner.health.turn_lasts()
    }

    /// The account of a settlement as the journal has it: a keyed hash if the journal is encrypted.
    #[must_use]
    pub fn veiled_account(&self, account: AccountKey) -> AccountKey {
        self.inner.reading.veil.account(account)
    }

    /// The exchange with this name, or `None` if there is no such exchange.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn find(&self, id: &ExchangeId) -> Result<Option<Exchange>, JournalError> {
        let id = *id;
        let index = Arc::clone(&self.inner.index);
        self.wait(move || index.wait(INDEX_WAIT)).await?;
        self.look_up(move |reader| reader.find(&id)).await
    }

    /// The latest exchanges, newest first.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn recent(&self, limit: usize) -> Result<Vec<Exchange>, JournalError> {
        self.read_all(move |reader| {
            let rows = reader.index.recent(limit)?;
            rows.into_iter().map(|row| reader.exchange(row)).collect()
        })
        .await
    }

    /// The exchanges that the filter lets pass, newest first, at most `limit`. One call looks at 100,000 exchanges at most, unless
    /// each exchange passes the filter, or a key leads to it.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn search(&self, filter: ExchangeFilter, limit: usize) -> Result<ExchangePage, JournalError> {
        self.read_all(move |reader| {
            let veiled = Veiled::of(&filter, &reader.veil);
            let (rows, next) = reader.index.page(&filter, &veiled, limit, LOOKED_AT_MAX)?;
            let exchanges = rows.into_iter().map(|row| reader.exchange(row)).collect::<Result<_, _>>()?;
            Ok(ExchangePage { exchanges, next })
        })
        .await
    }

    /// The facts of an exchange in their order, or an empty list if there is no such exchange.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn timeline(&self, id: &ExchangeId) -> Result<Vec<(FactNumber, Fact)>, JournalError> {
        let id = *id;
        self.read_all(move |reader| {
            let Some(row) = reader.index.find(&id)? else { return Ok(Vec::new()) };
            let facts = row.facts().into_iter().map(|number| Ok(reader.fact(number)?.map(|fact| (number, fact))));
            facts.filter_map(Result::transpose).collect()
        })
        .await
    }

    /// The exchanges whose settlement needs a person, oldest first, with their settlements.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn dead_letters(
        &self,
        filter: LetterFilter,
        limit: usize,
    ) -> Result<Vec<(Exchange, SettlementCase)>, JournalError> {
        self.read_all(move |reader| {
            let mut letters = Vec::new();
            for id in reader.index.needing_person(&filter, limit)? {
                let facts = reader.case_facts(&id)?;
                let case = SettlementCase::of(facts.iter().map(|(at_ms, fact)| (*at_ms, fact)));
                letters.extend(reader.find(&id)?.zip(case));
            }
            Ok(letters)
        })
        .await
    }

    /// Writes all waiting facts and closes the files.
    pub async fn close(&self) {
        self.inner.archive_stop.stop();
        self.inner.health.close();
        self.inner.bell.ring();
        // The lock is held during the wait, so a second call waits too.
        let mut workers = self.inner.workers.lock().await;
        let ended_now = std::mem::take(&mut *workers);
        let is_first = !ended_now.is_empty();
        for worker in ended_now {
            // A worker that panicked has nothing left to flush.
            let ended = match worker {
                Worker::Thread(thread) => tokio::task::spawn_blocking(move || drop(thread.join())),
                #[cfg(feature = "simulation")]
                Worker::Task(task) => task,
            };
            if tokio::time::timeout(CLOSE_MAX, ended).await.is_err() {
                tracing::error!("the journal does not close: its disk hangs");
            }
            // The indexer ends after the writer: it has what the writer stored.
            self.inner.index.close();
        }
        if !is_first || self.trouble().is_some() {
            return;
        }
        match &self.inner.ground {
            Ground::Machine => self.close_file().await,
            #[cfg(feature = "simulation")]
            Ground::Simulated(simulated) if simulated.shared.is_some() => drop(self.inner.home.close()),
            #[cfg(feature = "simulation")]
            Ground::Simulated(_) => {}
        }
    }

    /// Makes the journal's file whole, so that a copy of it needs no write-ahead log.
    async fn close_file(&self) {
        let home = Arc::clone(&self.inner.home);
        let closing = tokio::task::spawn_blocking(move || home.close());
        match tokio::time::timeout(CLOSE_MAX, closing).await {
            Ok(Ok(Err(error))) => tracing::error!(%error, "the journal stays in two files, which belong together"),
            Ok(_) => {}
            Err(_) => tracing::error!("the journal does not close: its disk hangs"),
        }
    }

    /// Reads after the index has everything that is stored now.
    async fn read_all<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let index = Arc::clone(&self.inner.index);
        self.read_after(move || index.wait(INDEX_WAIT), read).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.connections.ask(For::Searches, &self.inner.ground, read).await
    }

    async fn read_after<T: Send + 'static>(
        &self,
        wait: impl FnOnce() -> Result<(), JournalError> + Send + 'static,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.wait(wait).await?;
        self.read(read).await
    }

    /// Looks up what a request or a notice waits for. People's searches do not delay it.
    async fn look_up<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.connections.ask(For::LookUps, &self.inner.ground, read).await
    }

    /// Waits for the index. Nobody else waits for that meanwhile.
    async fn wait(&self, wait: impl FnOnce() -> Result<(), JournalError> + Send + 'static) -> Result<(), JournalError> {
        connections::on(&self.inner.ground, wait).await
    }
}

impl Reader {
    fn find(&self, id: &ExchangeId) -> Result<Option<Exchange>, JournalError> {
        self.index.find(id)?.map(|row| self.exchange(row)).transpose()
    }

    fn exchange(&self, row: Projected) -> Result<Exchange, JournalError> {
        exchange(row, |number| self.fact(number))
    }

    /// The facts of a settlement in their order, with their times in milliseconds since 1970. What a person wrote is not in the
    /// index.
    fn case_facts(&self, id: &ExchangeId) -> Result<Vec<(i64, SettlementFact)>, JournalError> {
        let mut facts = Vec::new();
        for (number, at_ms, mut fact) in self.index.case_facts(id)? {
            if matches!(fact, SettlementFact::Asked { .. } | SettlementFact::Decided { .. }) {
                let whole = self.fact(number)?.and_then(|whole| whole.settlement);
                fact = whole.map_or(fact, |whole| *whole);
            }
            if self.facts.is_older_than_encryption(number) {
                self.veil.old_settlement(&mut fact);
            }
            facts.push((at_ms, fact));
        }
        Ok(facts)
    }

    /// A fact of the journal or its archives.
    fn fact(&self, number: FactNumber) -> Result<Option<Fact>, JournalError> {
        match (self.facts.get(number)?, &self.archives) {
            (None, Some(archives)) => archives.get(number),
            (found, _) => Ok(found),
        }
    }
}

/// The threads end when the last handle is gone.
impl Drop for Inner {
    fn drop(&mut self) {
        self.archive_stop.stop();
        self.health.close();
        self.bell.ring();
        self.index.close();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

/// The path of the index of a journal: `journal.index.sqlite` beside `journal.sqlite`.
fn index_path(journal: &Path) -> PathBuf {
    let extension = journal.extension().map_or_else(
        || "index".into(),
        |extension| {
            let mut index = std::ffi::OsString::from("index.");
            index.push(extension);
            index
        },
    );
    journal.with_extension(extension)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod conformance;

#[cfg(test)]
mod exceptions_tests;

#[cfg(test)]
mod verifications_tests;

#[cfg(test)]
mod encryption_tests;

#[cfg(feature = "postgres")]
#[cfg(test)]
mod several_gateways;

#[cfg(feature = "postgres")]
#[cfg(test)]
mod alarms_tests;

#[cfg(feature = "postgres")]
#[cfg(test)]
mod looking_tests;

#[cfg(feature = "postgres")]
#[cfg(test)]
mod migration_tests;

#[cfg(feature = "postgres")]
#[cfg(test)]
mod copy_tests;

#[cfg(test)]
mod walking_tests;
