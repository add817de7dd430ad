//! Connections to the database, and questions that end in time.
//!
//! The journal's threads are plain threads, so the connections live on a runtime of their own, and a thread waits for its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::reason::JournalError;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::{Failure, chain};
use crate::config::{PostgresConfig, read_password};

/// How long a connection may take to be made, to each host.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// How long one question may take. It is longer than what the server lets a transaction wait, so that the server says why.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(8);

/// The settings of each connection.
const SETTINGS: &str = "SET statement_timeout = '6s'; SET lock_timeout = '5s'; SET application_name = 'fep-gateway'; SET client_min_messages = warning";

/// How long the server waits at most for a gateway that has begun a write. One that stops in the midst of it keeps the others from writing.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// A database, and how to reach it.
pub(in crate::journal) struct Database {
    /// `None` only while this is dropped.
    runtime: Option<Runtime>,
    config: Config,
    settings: PostgresConfig,
    /// Whether its connections refuse to change anything.
    is_read_only: bool,
}

impl Database {
    /// The database of a configuration. It is not reached yet.
    ///
    /// # Errors
    /// If the file of the password cannot be read, or no thread can be started.
    pub(in crate::journal) fn new(settings: &PostgresConfig) -> Result<Arc<Self>, JournalError> {
        Self::with(settings, false)
    }

    /// The same, and nothing can be changed through it.
    ///
    /// # Errors
    /// The same.
    pub(in crate::journal) fn for_reading(settings: &PostgresConfig) -> Result<Arc<Self>, JournalError> {
        Self::with(settings, true)
    }

    fn with(settings: &PostgresConfig, is_read_only: bool) -> Result<Arc<Self>, JournalError> {
        let mut config = Config::new();
        for (host, port) in &settings.hosts {
            config.host(host).port(*port);
        }
        config.user(&settings.user).dbname(&settings.database).connect_timeout(CONNECT_MAX);
        config.target_session_attrs(TargetSessionAttrs::ReadWrite).keepalives_idle(Duration::from_secs(5));
        config.ssl_mode(if settings.tls.is_some() { SslMode::Require } else { SslMode::Disable });
        if let Some(file) = &settings.password_file {
            config.password(read_password(file).map_err(JournalError::Failed)?);
        }
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("journal-postgres").enable_all().build();
        let runtime = runtime.map_err(|error| JournalError::Failed(format!("no thread: {error}")))?;
        Ok(Arc::new(Self { runtime: Some(runtime), config, settings: settings.clone(), is_read_only }))
    }

    /// The settings.
    pub(super) fn settings(&self) -> &PostgresConfig {
        &self.settings
    }

    /// How long a gateway that does not write is waited for.
    pub(in crate::journal) fn lease(&self) -> Duration {
        self.settings.lease
    }

    /// A new connection to a server that takes writes.
    pub(super) fn connect(&self) -> Result<Client, Failure> {
        self.wait(CONNECT_MAX * 2, async {
            let lost = |error: Error| Failure::Lost(chain(&error));
            let client = match &self.settings.tls {
                Some(tls) => {
                    let material = tls.load(true).map_err(|error| Failure::Lost(format!("our files: {error}")))?;
                    let client = material.client.ok_or_else(|| Failure::Lost("`tls` has no `ca`".to_owned()))?;
                    let tls = MakeRustlsConnect::new((*client).clone());
                    let (client, connection) = self.config.connect(tls).await.map_err(lost)?;
                    tokio::spawn(connection);
                    client
                }
                None => {
                    let (client, connection) = self.config.connect(NoTls).await.map_err(lost)?;
                    tokio::spawn(connection);
                    client
                }
            };
            let read_only = if self.is_read_only { "on" } else { "off" };
            let schema = &self.settings.schema;
            // Well before the leases of those that wait are over.
            let idle_ms = IDLE_MAX.min(self.settings.lease / 2).as_millis();
            let path = format!(
                "{SETTINGS}; SET idle_in_transaction_session_timeout = {idle_ms}; SET search_path = \"{schema}\"; \
                 SET default_transaction_read_only = {read_only}"
            );
            client.batch_execute(&path).await.map_err(Failure::Said)?;
            Ok(client)
        })
    }

    /// Waits for the answer to a question. The calling thread must not be one of tokio.
    pub(super) fn ask<T>(&self, question: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        self.wait(ANSWER_MAX, async { question.await.map_err(Failure::Said) })
    }

    fn wait<T>(&self, max: Duration, question: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let Some(runtime) = &self.runtime else { return Err(Failure::Lost("the journal is closed".to_owned())) };
        runtime.block_on(async {
            tokio::time::timeout(max, question).await.unwrap_or_else(|_| Err(Failure::Late(max.as_millis())))
        })
    }
}

/// The database as people call it: `fep on db-1:5432, schema fep`.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PostgresConfig { hosts, database, schema, .. } = &self.settings;
        write!(f, "database {database} on ")?;
        for (at, (host, port)) in hosts.iter().enumerate() {
            write!(f, "{}{host}:{port}", if at == 0 { "" } else { " or " })?;
        }
        write!(f, ", schema {schema}")
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

/// A runtime must not be waited for where it is dropped, because that may be in another one.
impl Drop for Database {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
