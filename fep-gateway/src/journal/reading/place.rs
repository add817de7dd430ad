//! Where a journal is that somebody reads: in files, or in a database. What both have is read through [`Open`].

use std::path::{Path, PathBuf};
#[cfg(feature = "postgres")]
use std::{cell::RefCell, sync::Arc};

use fep_protocol::reason::JournalError;

use super::journals_in;
#[cfg(feature = "postgres")]
use super::{JournalFile, JournalFiles};
use crate::config;
#[cfg(feature = "postgres")]
use crate::config::PostgresConfig;
#[cfg(feature = "postgres")]
use crate::journal::postgres::{Database, looking, reader};
use crate::journal::seal::{KeyId, Unreadable};
use crate::journal::sealing::Access;
use crate::journal::sqlite::facts::FactReader;
use crate::journal::store::{FactNumber, FactReads, StoreError};

/// Where a journal is.
#[derive(Clone, Debug)]
pub enum JournalPlace {
    /// In files of one journal. A folder stands for all journal files in it.
    Files(Vec<PathBuf>),
    /// In a database.
    #[cfg(feature = "postgres")]
    Database {
        /// The database.
        settings: Box<PostgresConfig>,
        /// The path of the configuration. The index of that gateway is beside it.
        path: PathBuf,
    },
}

/// What is open.
#[derive(Debug)]
pub(super) enum Where {
    Files,
    #[cfg(feature = "postgres")]
    Database(Arc<Database>),
}

/// A connection that reads facts.
#[derive(Debug)]
pub(super) enum Open {
    File(Box<FactReader>),
    #[cfg(feature = "postgres")]
    Database(Box<reader::FactReader>),
}

impl JournalPlace {
    /// Where the journal of a configuration is: in its database, or in its file and its archives.
    #[must_use]
    pub fn configured(journal: &config::JournalFile) -> Self {
        #[cfg(feature = "postgres")]
        if let Some(settings) = &journal.postgres {
            return Self::Database { settings: Box::new(settings.clone()), path: journal.path.clone() };
        }
        let archives = journal.archive.as_ref().map(|archive| archive.folder.clone());
        let archives = archives.filter(|folder| journals_in(folder).is_ok_and(|files| !files.is_empty()));
        Self::Files(std::iter::once(journal.path.clone()).chain(archives).collect())
    }

    /// Whether it is a database, which gateways can share.
    pub(in crate::journal) fn is_shared(&self) -> bool {
        match self {
            Self::Files(_) => false,
            #[cfg(feature = "postgres")]
            Self::Database { .. } => true,
        }
    }
}

impl Where {
    /// Whether a database has the facts.
    pub(super) fn is_database(&self) -> bool {
        match self {
            Self::Files => false,
            #[cfg(feature = "postgres")]
            Self::Database(_) => true,
        }
    }

    /// A connection to the file with this path, or to the database.
    pub(super) fn open(&self, path: &Path, access: &Access) -> Result<Open, JournalError> {
        match self {
            Self::Files => FactReader::open_existing(path, access).map(|facts| Open::File(Box::new(facts))),
            #[cfg(feature = "postgres")]
            Self::Database(database) => {
                reader::FactReader::open(database, access).map(|facts| Open::Database(Box::new(facts)))
            }
        }
    }

    /// Where the tables of a database disagree, at most `max` sentences. `None` of files.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "only the tables of a database can disagree")
    )]
    pub(super) fn disagreements(&self, max: u32) -> Option<Result<Vec<String>, JournalError>> {
        match self {
            Self::Files => None,
            #[cfg(feature = "postgres")]
            Self::Database(database) => Some(looking::disagreements(database, max)),
        }
    }
}

impl Open {
    pub(super) fn reads(&self) -> &dyn FactReads {
        match self {
            Self::File(facts) => &**facts,
            #[cfg(feature = "postgres")]
            Self::Database(facts) => &**facts,
        }
    }

    /// The file, or why there is none.
    pub(super) fn file(&self) -> Result<&FactReader, &'static str> {
        match self {
            Self::File(facts) => Ok(facts),
            #[cfg(feature = "postgres")]
            Self::Database(_) => Err("the journal is in a database, and this is asked of files"),
        }
    }

    /// The key that sealed a fact.
    pub(super) fn key_of(&self, number: FactNumber) -> Result<Option<KeyId>, StoreError> {
        match self {
            Self::File(facts) => facts.key_of(number),
            #[cfg(feature = "postgres")]
            Self::Database(facts) => facts.key_of(number),
        }
    }

    /// The time of the newest fact that a key sealed.
    pub(super) fn newest_of(&self, key: KeyId) -> Result<Option<i64>, StoreError> {
        match self {
            Self::File(facts) => facts.newest_of(key),
            #[cfg(feature = "postgres")]
            Self::Database(facts) => facts.newest_of(key),
        }
    }

    pub(super) fn take_unreadable(&self) -> Vec<(FactNumber, Unreadable)> {
        match self {
            Self::File(facts) => facts.take_unreadable(),
            #[cfg(feature = "postgres")]
            Self::Database(facts) => facts.take_unreadable(),
        }
    }
}

#[cfg(feature = "postgres")]
impl JournalFiles {
    /// Opens a journal in a database for reading. It takes no lease and changes no table.
    pub(super) fn open_database(settings: &PostgresConfig, path: &Path, access: Access) -> Result<Self, JournalError> {
        let database = looking::open(settings)?;
        let facts = reader::FactReader::open(&database, &access)?;
        let journal = facts.journal_id()?;
        let last = facts.last()?;
        let files = vec![JournalFile { path: path.to_owned(), first: 1, last }];
        let place = Where::Database(database);
        let current = path.to_owned();
        Ok(Self { files, place, current, journal, access, open: RefCell::new(None), at: 0, read: 0 })
    }

    /// The database, if it has the facts.
    pub(in crate::journal) fn database(&self) -> Option<&Arc<Database>> {
        match &self.place {
            Where::Files => None,
            Where::Database(database) => Some(database),
        }
    }
}
