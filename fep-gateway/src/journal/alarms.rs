//! Where what is known of alarms is kept: the file `journal.sqlite.alarms`, or in a database a row. What it says is not the business of this module.
//!
//! It is replaced as a whole, so it is complete at any time. It is beside the facts and not among them: which value was high when is no part of the
//! record of what crossed a line, and what is usual at this hour would be a fact of many kilobytes again and again.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::reason::JournalError;

#[cfg(feature = "postgres")]
use super::postgres::alarms::AlarmRow;
use super::{Journal, private};

/// Where it is kept. Clones are handles to the same place.
#[derive(Clone, Debug)]
pub(crate) struct AlarmStore {
    journal: Journal,
    keeper: Arc<AlarmKeeper>,
}

/// The place itself.
#[derive(Debug)]
pub(super) enum AlarmKeeper {
    /// In a file.
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(AlarmRow),
}

/// Who judges alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judging {
    /// Another gateway that shares the journal.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "only gateways with a database share a journal"))]
    Elsewhere,
    /// This one, for this time after it was asked, and longer if it is asked again. `None`: for ever, because nobody else can.
    Here(Option<Duration>),
}

/// What is stored, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredAlarms {
    /// The gateway that judges, if several share the journal.
    pub(crate) instance: Option<String>,
    /// What it stored last. A damaged file can have any bytes.
    pub(crate) state: Option<Vec<u8>>,
}

impl Journal {
    /// The place of what is known of alarms.
    pub(crate) fn alarms(&self) -> AlarmStore {
        AlarmStore { journal: self.clone(), keeper: Arc::new(self.inner.home.alarms()) }
    }
}

impl AlarmStore {
    /// Who judges alarms: this gateway, if no other one does.
    pub(crate) async fn claim(&self) -> Result<Judging, JournalError> {
        let keeper = Arc::clone(&self.keeper);
        self.journal.read(move |_| keeper.claim()).await
    }

    /// Lets another gateway that shares the journal judge. What is stored stays.
    pub(crate) async fn release(&self) -> Result<(), JournalError> {
        let keeper = Arc::clone(&self.keeper);
        self.journal.read(move |_| keeper.release()).await
    }

    /// Keeps a damaged state in the file `.alarms.bad`, so that a person can look at it. A damaged state in a database is not kept. Returns the file.
    pub(crate) async fn keep_damaged(&self, state: Vec<u8>) -> Result<Option<PathBuf>, JournalError> {
        let keeper = Arc::clone(&self.keeper);
        self.journal.read(move |_| keeper.keep_damaged(&state)).await
    }

    /// What is stored.
    pub(crate) async fn read(&self) -> Result<StoredAlarms, JournalError> {
        let keeper = Arc::clone(&self.keeper);
        self.journal.read(move |_| keeper.read()).await
    }

    /// Replaces what is stored, durably.
    pub(crate) async fn store(&self, state: String) -> Result<(), JournalError> {
        let keeper = Arc::clone(&self.keeper);
        self.journal.read(move |_| keeper.store(&state)).await
    }
}

impl AlarmKeeper {
    fn claim(&self) -> Result<Judging, JournalError> {
        match self {
            Self::File(_) => Ok(Judging::Here(None)),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => Ok(row.claim()?.map_or(Judging::Elsewhere, |lasts| Judging::Here(Some(lasts)))),
        }
    }

    fn release(&self) -> Result<(), JournalError> {
        match self {
            Self::File(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => row.release(),
        }
    }

    fn keep_damaged(&self, state: &[u8]) -> Result<Option<PathBuf>, JournalError> {
        match self {
            Self::File(path) => {
                let bad = private::beside(path, ".bad");
                private::replace(&bad, state).map_err(|error| failed(&bad, &error))?;
                Ok(Some(bad))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Ok(None),
        }
    }

    fn read(&self) -> Result<StoredAlarms, JournalError> {
        match self {
            Self::File(path) => match std::fs::read(path) {
                Ok(state) => Ok(StoredAlarms { instance: None, state: Some(state) }),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(StoredAlarms::default()),
                Err(error) => Err(failed(path, &error)),
            },
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => {
                row.read().map(|(instance, state)| StoredAlarms { instance, state: state.map(String::into_bytes) })
            }
        }
    }

    fn store(&self, state: &str) -> Result<(), JournalError> {
        match self {
            Self::File(path) => private::replace(path, state.as_bytes()).map_err(|error| failed(path, &error)),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => row.store(state),
        }
    }
}

fn failed(path: &std::path::Path, error: &std::io::Error) -> JournalError {
    JournalError::Failed(format!("{}: {error}", path.display()))
}
