//! The tables, the migrations between their versions, and whether the server keeps what it has promised.

use fep_protocol::reason::JournalError;
use tokio_postgres::{Client, Error};

use super::database::Database;
use super::errors::Failure;
use crate::journal::seal::random;
use crate::journal::store::JournalId;

/// `STEPS[n]` migrates from version `n` to version `n + 1`. A schema without tables has version 0. A released step is never changed, because
/// databases of its version exist.
const STEPS: &[&str] = &[
    include_str!("version_1.sql"),
    include_str!("version_2.sql"),
    include_str!("version_3.sql"),
    include_str!("version_4.sql"),
    include_str!("version_5.sql"),
];

/// The version of the tables.
pub(super) const VERSION: usize = STEPS.len();

/// The version of tables that get the facts of a file just now. No gateway opens them.
pub(super) const COPYING: i32 = 1_000_000;

/// The oldest server, by its number.
const SERVER_MIN: i32 = 130_000;

/// Why a journal is not opened that is not complete yet.
pub(super) const UNFINISHED: &str =
    "a file is being copied into it, or that did not end: run `fep-gateway journal copy` again, or drop the schema";

/// Which of two migrations at the same time goes first: the digits say `fep`.
const LOCK: i64 = 0x0066_6570;

/// Prepares the tables of a journal, and returns its name.
///
/// # Errors
/// If the server cannot hold a journal, its tables are newer than this gateway, or the journal is one of the other environment.
pub(super) fn prepare(database: &Database, client: &mut Client, is_test: bool) -> Result<JournalId, JournalError> {
    let failed = |failure: Failure| at(database, &failure.into_error());
    suits(database, client, is_test)?;
    let schema = &database.settings().schema;
    let create = format!("CREATE SCHEMA \"{schema}\"");
    database
        .ask(async {
            let row = client.query_one("SELECT to_regnamespace($1::text) IS NOT NULL", &[&schema]).await?;
            if row.try_get(0)? { Ok(()) } else { client.batch_execute(&create).await }
        })
        .map_err(failed)?;
    let newer = database.ask(migrate(client)).map_err(failed)?;
    if newer.and_then(|version| i32::try_from(version).ok()) == Some(COPYING) {
        return Err(refused(database, UNFINISHED));
    }
    if let Some(version) = newer {
        let why = format!(
            "its tables have version {version}, and this gateway knows those up to {}: use the newer gateway",
            STEPS.len()
        );
        return Err(refused(database, &why));
    }
    let id: JournalId = random()?;
    let begin = "INSERT INTO journal (id, is_test) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let (id, was_test, last): (Vec<u8>, bool, i64) = database
        .ask(async {
            if client.execute(begin, &[&&id[..], &is_test]).await? > 0 {
                tracing::info!(%database, version = STEPS.len(), "a new journal was begun");
            }
            let row = client.query_one("SELECT id, is_test, last FROM journal", &[]).await?;
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
        })
        .map_err(failed)?;
    fits(database, (is_test, was_test), last)?;
    JournalId::try_from(id).map_err(|_| refused(database, "the name of the journal is damaged"))
}

/// Whether the journal is one of this environment.
fn fits(database: &Database, (is_test, was_test): (bool, bool), last: i64) -> Result<(), JournalError> {
    match (is_test, was_test) {
        (false, true) => Err(refused(
            database,
            "it was written in test time, so no configuration for production opens it: its dates and trace numbers are not real. Give \
             production a schema of its own",
        )),
        (true, false) if last > 0 => Err(refused(
            database,
            "it has facts of production, so no configuration with environment = \"test\" opens it: times of tests would mix with real \
             ones. Give the tests a schema of their own",
        )),
        _ => Ok(()),
    }
}

/// Brings the tables to the newest version. Returns their version if it is newer than all that are known here.
async fn migrate(client: &mut Client) -> Result<Option<usize>, Error> {
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())",
        )
        .await?;
    let row = transaction.query_one("SELECT coalesce(max(version), 0) FROM migrations", &[]).await?;
    let version = usize::try_from(row.try_get::<_, i32>(0)?).unwrap_or_default();
    for (step, number) in STEPS.iter().zip(1_i32..).skip(version) {
        transaction.batch_execute(step).await?;
        transaction.execute("INSERT INTO migrations (version) VALUES ($1)", &[&number]).await?;
    }
    transaction.commit().await?;
    Ok(Some(version).filter(|version| *version > STEPS.len()))
}

/// Whether the server keeps what it says is stored.
fn suits(database: &Database, client: &Client, is_test: bool) -> Result<(), JournalError> {
    let sql = "SELECT current_setting('server_version_num')::int4, current_setting('server_encoding'), current_setting('fsync'), \
               current_setting('full_page_writes'), current_setting('synchronous_commit')";
    let row = database.ask(client.query_one(sql, &[]));
    let row = row.map_err(|failure| at(database, &failure.into_error()))?;
    let text = |place| row.try_get::<_, String>(place).unwrap_or_default();
    let version: i32 = row.try_get(0).unwrap_or_default();
    if version < SERVER_MIN {
        let why = format!("the server has version {}, and the journal needs PostgreSQL 13 or later", version / 10_000);
        return Err(refused(database, &why));
    }
    if text(1) != "UTF8" {
        return Err(refused(database, &format!("its encoding is {}, and the journal needs UTF8", text(1))));
    }
    let unsafe_ones = [(2, "fsync"), (3, "full_page_writes"), (4, "synchronous_commit")];
    match unsafe_ones.iter().find(|(place, _)| text(*place) == "off") {
        Some((_, name)) if !is_test => {
            let why = format!(
                "the server has {name} = off, so it can lose what it has stored, and requests that were sent could be sent again. Set \
                 it to on"
            );
            Err(refused(database, &why))
        }
        _ => Ok(()),
    }
}

/// An error of the journal with its place.
pub(super) fn at(database: &Database, error: &JournalError) -> JournalError {
    JournalError::Failed(format!("{database}: {error}"))
}

/// A journal that is refused, with its place.
pub(super) fn refused(database: &Database, why: &str) -> JournalError {
    JournalError::Failed(format!("{database}: {why}"))
}
