//! Exceptions of reconciliations: how persons see and resolve them. Where they come from is `comparing`.
//!
//! Each act is a fact of the journal. A comparison has an effect if it continues the last act of its date, and a resolution if the exception is
//! open and the comparison holds that its person saw. Whether it had one is read back after it is stored. So of two persons who resolve one exception at
//! the same time, also at two gateways, one is told about the other, and nobody resolves what was not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fep_protocol::exchange::{ExchangeId, TelegramBytes};
use fep_protocol::fact::{Fact, What};
use fep_protocol::reconciliation::{
    ComparedFile, ExceptionBook, NotResolved, ReconciliationFact, Resolution, ResolvedFact, SeenFinding,
};
use serde::Serialize;

pub use crate::journal::compared::{ComparedDate, ExceptionCount, ReconciliationFilter, StoredDate};

use super::{Gateway, JournalError};
use crate::journal::exceptions::StoredBook;
use crate::reconcile::{self, Class};

/// How long an act waits for the journal before its person is told that it is not known whether it will hold.
const DURABLE_MAX: Duration = Duration::from_secs(5);

/// Why an act was not kept, or not for sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// The journal cannot be read, or takes no writes. Nothing was changed.
    Journal(JournalError),
    /// The journal does not have the act yet. It holds as soon as the journal takes it.
    NotDurable(JournalError),
}

/// Why an exception was not resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// No file of this date was compared.
    UnknownDate,
    /// The exception is not open.
    Not(NotResolved),
    /// A comparison after the one that the person saw says something else.
    Changed {
        /// The file that says it.
        file: ComparedFile,
        /// What a resolution of it has as `seen`.
        seen: String,
    },
    /// The journal.
    NotKept(NotKept),
}

/// How often a resolution is tried again because another gateway compared a file meanwhile that says the same.
const ATTEMPTS_MAX: usize = 16;

/// The institutions of which a file is being compared, and in which turn this gateway changes their exceptions.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparing {
    running: Arc<Mutex<BTreeSet<String>>>,
    acts: Arc<Mutex<BTreeMap<String, Arc<Turn>>>>,
}

/// Who has it changes the exceptions of an institution at this gateway.
type Turn = tokio::sync::Mutex<()>;

/// A file of an institution is being compared. Dropped, another one may be.
#[derive(Debug)]
pub struct ComparingTurn {
    all: Comparing,
    institution: String,
}

impl Comparing {
    /// Begins with a file of an institution, unless one is being compared.
    pub(super) fn begin(&self, institution: &str) -> Option<ComparingTurn> {
        let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = all.insert(institution.to_owned());
        is_first.then(|| ComparingTurn { all: self.clone(), institution: institution.to_owned() })
    }

    /// Waits until nobody else at this gateway changes the exceptions of an institution. The index would let only one of them have an effect.
    pub(super) async fn act(&self, institution: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.acts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(institution.to_owned()).or_default())
        };
        turn.lock_owned().await
    }
}

impl ComparingTurn {
    /// Whether it is the turn of this institution.
    pub(super) fn is_of(&self, institution: &str) -> bool {
        self.institution == institution
    }
}

impl Drop for ComparingTurn {
    fn drop(&mut self) {
        self.all.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.institution);
    }
}

impl Gateway {
    /// The business dates of which files were compared, the newest date first, at most `limit`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn reconciliations(
        &self,
        filter: ReconciliationFilter,
        limit: usize,
    ) -> Result<Vec<StoredDate>, JournalError> {
        self.inner.shared.journal.reconciliations(filter, limit).await
    }

    /// The exceptions of a date as they stand. `None` if no file of it was compared.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn exceptions(&self, of: &ComparedDate) -> Result<Option<ExceptionBook>, JournalError> {
        Ok(self.inner.shared.journal.exception_book(of).await?.map(|stored| stored.book))
    }

    /// How many exceptions are open, by institution and kind. An institution with a reconciliation has a count of each kind.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn exception_counts(&self) -> Result<Vec<ExceptionCount>, JournalError> {
        let mut counts = self.inner.shared.journal.exception_counts().await?;
        let config = self.inner.reloads.config();
        let compared = config.institutions.iter().filter(|(_, own)| !own.reconciliation.is_empty());
        for (institution, class) in compared.flat_map(|(name, _)| Class::ALL.map(|class| (name, class))) {
            let is_counted = |count: &ExceptionCount| count.institution == *institution && count.class == class.name();
            if class.is_exception() && !counts.iter().any(is_counted) {
                counts.push(ExceptionCount {
                    institution: institution.clone(),
                    class: class.name().to_owned(),
                    open: 0,
                });
            }
        }
        Ok(counts)
    }

    /// Lets a person resolve an exception, and waits until that is durable. `seen` is what the exception says according to the person, as HTTP shows it.
    /// Without it, what is stored now counts as seen. Returns the exceptions of the date as they stand then.
    ///
    /// # Errors
    /// If nothing was changed, or ([`NotKept::NotDurable`]) the journal does not have it yet.
    pub async fn resolve_exception(
        &self,
        of: &ComparedDate,
        exception: &str,
        seen: Option<String>,
        resolution: Resolution,
    ) -> Result<ExceptionBook, Unresolved> {
        let read = |error| Unresolved::NotKept(NotKept::Journal(error));
        let journal = &self.inner.shared.journal;
        let stored = async || journal.exception_book(of).await.map_err(read)?.ok_or(Unresolved::UnknownDate);
        let _acting = self.inner.comparing.act(&of.institution).await;
        let mut seen = seen;
        for _ in 0..ATTEMPTS_MAX {
            let now = stored().await?;
            let says = says(&now, exception, seen.as_deref(), &resolution)?;
            let name = self.new_name();
            let resolved = ResolvedFact {
                reconciliation: of.reconciliation.clone(),
                day: of.day,
                name,
                exception: exception.to_owned(),
                seen: Some(SeenFinding { comparison: now.comparison, says: says.clone() }),
            };
            let fact = ReconciliationFact::Resolved(resolved);
            if self.keep(&of.institution, fact, name, &resolution).await.map_err(Unresolved::NotKept)? {
                return Ok(stored().await?.book);
            }
            // Somebody at another gateway was first, or a file came in between.
            seen = Some(says);
        }
        let again = format!(
            "other gateways compared files of this date {ATTEMPTS_MAX} times meanwhile: look at the exception, and send it again"
        );
        Err(read(JournalError::Failed(again)))
    }

    /// A new name for an act.
    pub(super) fn new_name(&self) -> ExchangeId {
        let clock = &self.inner.shared.clock;
        clock.name(clock.now())
    }

    /// Stores an act, and returns whether it had an effect.
    pub(super) async fn keep(
        &self,
        institution: &str,
        what: ReconciliationFact,
        name: ExchangeId,
        content: &impl Serialize,
    ) -> Result<bool, NotKept> {
        let content = serde_json::to_vec(content);
        let content = content.map_err(|error| NotKept::Journal(JournalError::Failed(error.to_string())))?;
        let fact = Fact {
            what: What::Reconciliation,
            reconciliation: Some(Box::new(what)),
            bytes: TelegramBytes::from(content),
            ..Fact::new(institution.into(), self.now_ms())
        };
        self.store_own(fact).await?;
        self.inner.shared.journal.had_effect(name).await.map_err(NotKept::NotDurable)
    }

    /// Stores a fact of no exchange, and waits until it is durable.
    pub(super) async fn store_own(&self, fact: Fact) -> Result<(), NotKept> {
        let journal = &self.inner.shared.journal;
        let lane = self.own_lane();
        // An act that waits in memory would be a surprise later.
        let full = || JournalError::Failed("the journal takes no writes and its queue is full".to_owned());
        if let Some(error) = journal.trouble().or_else(|| (!lane.has_room()).then(full)) {
            return Err(NotKept::Journal(error));
        }
        let number = lane.append(fact).map_err(NotKept::Journal)?;
        lane.has_stored(number, DURABLE_MAX).await.map_err(NotKept::NotDurable)
    }
}

/// What an exception says now, if it can be resolved and its person saw that.
fn says(stored: &StoredBook, exception: &str, seen: Option<&str>, by: &Resolution) -> Result<String, Unresolved> {
    let mut book = stored.book.clone();
    book.resolve(exception, by.clone()).map_err(Unresolved::Not)?;
    let kept = book.exceptions.iter().find(|kept| kept.id == exception);
    let kept = kept.ok_or(Unresolved::Not(NotResolved::Unknown))?;
    let says = reconcile::seen(&book.secret, exception, &kept.finding);
    match seen {
        Some(seen) if seen != says => Err(Unresolved::Changed { file: book.file, seen: says }),
        _ => Ok(says),
    }
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => error.fmt(f),
            Self::NotDurable(error) => write!(f, "it holds as soon as the journal takes it: {error}"),
        }
    }
}

impl std::error::Error for NotKept {}
