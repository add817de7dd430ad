//! Exceptions of reconciliations: how persons see and resolve them. Where they come from is `comparing`.
//!
//! Each act is a fact of the journal. A comparison has an effect if it continues the last act of its date, and a resolution if the exception is
//! open. Whether it had one is read back after it is stored. So of two persons who resolve one exception at the same time, also at two gateways, one is told about the other.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fep_protocol::exchange::{ExchangeId, TelegramBytes};
use fep_protocol::fact::{Fact, What};
use fep_protocol::reconciliation::{ExceptionBook, NotResolved, ReconciliationFact, Resolution, ResolvedFact};
use serde::Serialize;

pub use crate::journal::compared::{ComparedDate, ExceptionCount, ReconciliationFilter, StoredDate};

use super::{Gateway, JournalError};
use crate::reconcile::Class;

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
    /// The journal.
    NotKept(NotKept),
}

/// The institutions of which a file is being compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparing(Arc<Mutex<BTreeSet<String>>>);

/// A file of an institution is being compared. Dropped, another one may be.
#[derive(Debug)]
pub struct ComparingTurn {
    all: Comparing,
    institution: String,
}

impl Comparing {
    /// Begins with a file of an institution, unless one is being compared.
    pub(super) fn begin(&self, institution: &str) -> Option<ComparingTurn> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = all.insert(institution.to_owned());
        is_first.then(|| ComparingTurn { all: self.clone(), institution: institution.to_owned() })
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
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.institution);
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
        Ok(self.inner.shared.journal.exception_book(of).await?.map(|(_, book)| book))
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

    /// Lets a person resolve an exception, and waits until that is durable. Returns the exceptions of the date as they stand then.
    ///
    /// # Errors
    /// If nothing was changed, or ([`NotKept::NotDurable`]) the journal does not have it yet.
    pub async fn resolve_exception(
        &self,
        of: &ComparedDate,
        exception: &str,
        resolution: Resolution,
    ) -> Result<ExceptionBook, Unresolved> {
        let journal = &self.inner.shared.journal;
        let book = async || {
            let stored =
                journal.exception_book(of).await.map_err(|error| Unresolved::NotKept(NotKept::Journal(error)))?;
            stored.map(|(_, book)| book).ok_or(Unresolved::UnknownDate)
        };
        let mut now = book().await?;
        now.resolve(exception, resolution.clone()).map_err(Unresolved::Not)?;
        let name = self.new_name();
        let resolved = ResolvedFact {
            reconciliation: of.reconciliation.clone(),
            day: of.day,
            name,
            exception: exception.to_owned(),
        };
        let fact = ReconciliationFact::Resolved(resolved);
        let had_effect = self.keep(&of.institution, fact, name, &resolution).await.map_err(Unresolved::NotKept)?;
        let mut now = book().await?;
        if had_effect {
            return Ok(now);
        }
        // Somebody else was first, or a file that came in between explains it.
        match now.resolve(exception, resolution) {
            Err(why) => Err(Unresolved::Not(why)),
            Ok(()) => {
                let again =
                    JournalError::Failed("the exception changed meanwhile: look at it, and send it again".to_owned());
                Err(Unresolved::NotKept(NotKept::Journal(again)))
            }
        }
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
        let journal = &self.inner.shared.journal;
        let lane = self.own_lane();
        // An act that waits in memory would be a surprise later.
        let full = || JournalError::Failed("the journal takes no writes and its queue is full".to_owned());
        if let Some(error) = journal.trouble().or_else(|| (!lane.has_room()).then(full)) {
            return Err(NotKept::Journal(error));
        }
        let content = serde_json::to_vec(content);
        let content = content.map_err(|error| NotKept::Journal(JournalError::Failed(error.to_string())))?;
        let fact = Fact {
            what: What::Reconciliation,
            reconciliation: Some(Box::new(what)),
            bytes: TelegramBytes::from(content),
            ..Fact::new(institution.into(), self.now_ms())
        };
        let number = lane.append(fact).map_err(NotKept::Journal)?;
        lane.has_stored(number, DURABLE_MAX).await.map_err(NotKept::NotDurable)?;
        journal.had_effect(name).await.map_err(NotKept::NotDurable)
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
