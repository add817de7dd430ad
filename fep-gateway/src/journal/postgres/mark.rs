//! The row that says how far the facts have been published.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fep_protocol::reason::JournalError;
use tokio_postgres::{Client, Error};

use super::database::Database;
use super::errors::Failure;
use super::schema::at;
use crate::journal::columns::{signed, unsigned};
use crate::journal::store::FactNumber;

/// The row, and a connection of its own, so that no commit waits for it.
pub(in crate::journal) struct PublishedRow {
    database: Arc<Database>,
    client: Mutex<Option<Client>>,
}

impl PublishedRow {
    /// The row of this database.
    pub(in crate::journal) fn new(database: Arc<Database>) -> Self {
        Self { database, client: Mutex::default() }
    }

    /// The last fact that has been published, or `None` if nothing was ever published.
    pub(in crate::journal) fn read(&self) -> Result<Option<FactNumber>, JournalError> {
        self.ask(async |client| {
            let row = client.query_opt("SELECT number FROM published", &[]).await?;
            row.map(|row| row.try_get(0).map(unsigned)).transpose()
        })
    }

    /// Records that all facts up to this one have been published.
    pub(in crate::journal) fn set(&self, number: FactNumber) -> Result<(), JournalError> {
        let number = signed(number);
        self.ask(async |client| {
            let sql =
                "INSERT INTO published (number) VALUES ($1) ON CONFLICT (one) DO UPDATE SET number = excluded.number";
            client.execute(sql, &[&number]).await.map(drop)
        })
    }

    fn ask<T>(&self, question: impl AsyncFnOnce(&Client) -> Result<T, Error>) -> Result<T, JournalError> {
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

impl fmt::Debug for PublishedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublishedRow({})", self.database)
    }
}
