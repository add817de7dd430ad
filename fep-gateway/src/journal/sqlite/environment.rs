//! Whether a journal is one of tests. Such a journal has a mark, a table without rows, from before its first fact. A gateway for production
//! does not open it, and a gateway for tests opens no other.

use std::path::Path;

use fep_protocol::reason::JournalError;

use super::closing::{glance, look_at};
use super::facts::Facts;
use super::{moved, schema};

/// Checks that a gateway of this environment may go on with a journal's file. Nobody may have it open for writing.
///
/// # Errors
/// If it is one of the other environment, its facts were moved into a database, or it cannot be read.
pub(in crate::journal) fn fits(path: &Path, is_test: bool) -> Result<(), JournalError> {
    moved::is_here(path)?;
    is_of(path, is_test)
}

/// Checks that a journal's file is one of this environment. Nobody may have it open for writing.
///
/// # Errors
/// If it is one of the other environment, or cannot be read.
pub(in crate::journal) fn is_of(path: &Path, is_test: bool) -> Result<(), JournalError> {
    let marked = glance(path).and_then(|connection| connection.table_exists(Some("main"), schema::TEST_MARK));
    let is_marked = marked.map_err(|error| schema::at(path, &error))?;
    let has_facts = || look_at(path).map(|found| found.journal.is_some_and(|(_, last)| last > 0));
    let why = match (is_test, is_marked) {
        (false, true) => {
            "was written in test time, so no configuration for production opens it: its dates and trace numbers are not real. Give \
             production a journal of its own"
        }
        (true, false) if has_facts()? => {
            "has facts of production, so no configuration with environment = \"test\" opens it: times of tests would mix with real ones. \
             Give the tests a journal of their own"
        }
        (true, _) | (false, false) => return Ok(()),
    };
    Err(JournalError::Failed(format!("{} {why}", path.display())))
}

impl Facts {
    /// Marks the journal as one of tests.
    pub(in crate::journal) fn mark_as_test(&self, path: &Path) -> Result<(), JournalError> {
        self.connection().execute_batch(schema::MARK_AS_TEST).map_err(|error| schema::at(path, &error))
    }
}
