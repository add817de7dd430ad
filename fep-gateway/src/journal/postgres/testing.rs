//! A schema of a test on a server of tests. `FEP_POSTGRES` has its address: `scripts/postgres.sh` starts one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use super::Database;
use super::errors::Failure;
use crate::config::PostgresConfig;

/// A schema of one test. It is removed with this value.
pub(in crate::journal) struct Schema {
    address: (String, u16),
    name: String,
}

/// A transaction that lasts.
pub(in crate::journal) struct Lock {
    _database: Arc<Database>,
    _client: Client,
}

impl Schema {
    /// A new schema, or `None` if there is no server. With `FEP_CI`, a missing one is an error.
    pub(in crate::journal) fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(address) = std::env::var("FEP_POSTGRES") else {
            assert!(
                std::env::var_os("FEP_CI").is_none(),
                "FEP_POSTGRES is missing: the address of a server, by scripts/postgres.sh"
            );
            eprintln!("skipped: FEP_POSTGRES is missing; the journal is not tried on a PostgreSQL server");
            return None;
        };
        let (host, port) = address.rsplit_once(':').expect("host:port");
        let address = (host.to_owned(), port.parse().expect("a port"));
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Some(Self { address, name })
    }

    /// The configuration of a gateway with this name.
    pub(in crate::journal) fn config(&self, instance: &str) -> PostgresConfig {
        PostgresConfig {
            hosts: vec![self.address.clone()],
            database: "postgres".to_owned(),
            user: "fep".to_owned(),
            password_file: None,
            schema: self.name.clone(),
            instance: instance.to_owned(),
            lease: Duration::from_secs(2),
            utc_offset_minutes: 540,
            keep_days: None,
            tls: None,
        }
    }

    /// Keeps every commit from its turn until the value is dropped.
    pub(in crate::journal) fn lock(&self) -> Lock {
        self.hold("SELECT id FROM journal FOR UPDATE")
    }

    /// Begins a transaction with this statement, which lasts until the value is dropped.
    pub(in crate::journal) fn hold(&self, statement: &str) -> Lock {
        let (database, client) = self.connect();
        outside(|| {
            let begin = format!("SET idle_in_transaction_session_timeout = 0; BEGIN; {statement}");
            database.ask(client.batch_execute(&begin)).unwrap();
        });
        Lock { _database: database, _client: client }
    }

    /// The address of the server.
    pub(in crate::journal) fn address(&self) -> (String, u16) {
        self.address.clone()
    }

    /// Runs statements that do not concern the schema.
    pub(in crate::journal) fn server(&self, sql: &str) {
        self.execute(sql);
    }

    /// Runs statements.
    pub(in crate::journal) fn execute(&self, sql: &str) {
        let (database, client) = self.connect();
        outside(|| database.ask(client.batch_execute(sql)).unwrap());
    }

    /// The one row that a question has.
    pub(in crate::journal) fn row(&self, sql: &str) -> Row {
        let (database, client) = self.connect();
        outside(|| database.ask(client.query_one(sql, &[])).unwrap())
    }

    fn connect(&self) -> (Arc<Database>, Client) {
        outside(|| {
            let database = Database::new(&self.config("test")).unwrap();
            let client = database.connect().unwrap();
            (database, client)
        })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let (database, client) = self.connect();
        let drop = format!(
            "SET lock_timeout = 0; SET client_min_messages = error; DROP SCHEMA IF EXISTS {} CASCADE",
            self.name
        );
        outside(|| {
            // A journal that is not closed yet may write, and locks the tables in another order. Then one of the two is told of a deadlock.
            let is_deadlock = |failure: &Failure| matches!(failure, Failure::Said(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED));
            let mut tries = (0..20).map(|_| database.ask(client.batch_execute(&drop)));
            tries.find(|done| !done.as_ref().is_err_and(is_deadlock)).expect("no end of deadlocks").unwrap();
        });
    }
}

/// Runs something that waits on a thread that is not one of tokio.
pub(in crate::journal) fn outside<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}
