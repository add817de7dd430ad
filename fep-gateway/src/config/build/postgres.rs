//! `[journal.postgres]` in code.

use std::time::Duration;

use super::TlsBuilder;
use super::keys::{keys, texts};
use super::page::Page;

/// `[journal.postgres]`: the database that has the facts. It needs the feature `postgres`.
#[derive(Clone, Debug, Default)]
pub struct PostgresBuilder(Page);

impl PostgresBuilder {
    /// A database on one of these servers, in which this gateway has a name: `seoul-1`.
    #[must_use]
    pub fn new(
        hosts: impl IntoIterator<Item = impl Into<String>>,
        database: impl Into<String>,
        user: impl Into<String>,
        instance: impl Into<String>,
    ) -> Self {
        let mut postgres = Self::default().database(database).user(user).instance(instance);
        postgres.0.set("hosts", texts(hosts));
        postgres
    }

    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

keys! { PostgresBuilder {
    database(text) = "database", "the name of the database.";
    user(text) = "user", "who connects.";
    password_file(&Path) = "password_file", "the file with the password.";
    schema(text) = "schema", "the schema of the tables.";
    instance(text) = "instance", "the name of this gateway among those that may write the journal.";
    lease(Duration) = "lease_ms", "how long another gateway waits for this one after its last sign.";
    tls(table TlsBuilder) = "tls", "the connection is encrypted.";
} }
