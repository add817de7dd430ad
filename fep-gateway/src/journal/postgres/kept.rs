//! A connection for questions that come again and again, besides commits.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fep_protocol::reason::JournalError;
use tokio_postgres::{Client, Error};

use super::database::Database;
use super::errors::Failure;
use super::schema::at;

/// A connection of its own that is kept between questions, so that no commit waits for them. One that failed is made anew.
pub(super) struct Kept {
    database: Arc<Database>,
    client: Mutex<Option<Client>>,
}

impl Kept {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database, client: Mutex::default() }
    }

    /// Waits for the answer to a question.
    ///
    /// # Errors
    /// If the database cannot be reached, with its place.
    pub(super) fn ask<T>(&self, question: impl AsyncFnOnce(&Client) -> Result<T, Error>) -> Result<T, JournalError> {
        let failed = |failure: Failure| at(&self.database, &failure.into_error());
        let mut held = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match held.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.database.connect().map_err(failed)?,
        };
        let answer = self.database.ask(question(&client)).map_err(failed)?;
        *held = Some(client);
        Ok(answer)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({})", self.database)
    }
}
