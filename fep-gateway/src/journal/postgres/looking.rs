//! Looks at a journal in a database from outside of the gateway: read-only, without a lease, and without changing the tables.

use std::sync::Arc;

use fep_protocol::reason::JournalError;
use tokio_postgres::{Error, Row};

use super::database::Database;
use super::errors::Failure;
use super::schema::{COPYING, UNFINISHED, VERSION, at, refused};
use crate::config::PostgresConfig;
use crate::journal::columns::unsigned;
use crate::journal::tables::{PartitionUsage, TableUsage};

/// The partitions with their dates, in days since 1970 as `facts` knows them.
const PARTITIONS: &str = "SELECT relname::text AS name, oid FROM pg_class
                          WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'facts'::regclass)";

/// Connects to a journal that is there, for reading only.
///
/// # Errors
/// If the database cannot be reached, has no journal, or its tables have another version than this program reads.
pub(in crate::journal) fn open(settings: &PostgresConfig) -> Result<Arc<Database>, JournalError> {
    let database = Database::for_reading(settings)?;
    let failed = |failure: Failure| at(&database, &failure.into_error());
    let client = database.connect().map_err(failed)?;
    let version = database.ask(async {
        let row = client.query_one("SELECT to_regclass('migrations') IS NOT NULL", &[]).await?;
        if !row.try_get::<_, bool>(0)? {
            return Ok(0);
        }
        client.query_one("SELECT coalesce(max(version), 0) FROM migrations", &[]).await?.try_get::<_, i32>(0)
    });
    let version = usize::try_from(version.map_err(failed)?).unwrap_or_default();
    let why = match version {
        0 => "there is no journal yet: the first start of a gateway makes its tables".to_owned(),
        older if older < VERSION => format!(
            "its tables have version {older}, and this program reads version {VERSION}: the next start of a gateway of this version brings \
             them there. Until then, use the older program"
        ),
        newer if i32::try_from(newer) == Ok(COPYING) => UNFINISHED.to_owned(),
        newer if newer > VERSION => format!(
            "its tables have version {newer}, and this program reads version {VERSION}: use the fep-gateway that writes them"
        ),
        _ => {
            drop(client);
            return Ok(database);
        }
    };
    Err(refused(&database, &why))
}

/// Where the partitions, the table `days`, the last number and the facts disagree, at most `max` sentences. Each question sees one state of the
/// tables, so a gateway may write meanwhile.
pub(in crate::journal) fn disagreements(database: &Arc<Database>, max: u32) -> Result<Vec<String>, JournalError> {
    let failed = |failure: Failure| at(database, &failure.into_error());
    let client = database.connect().map_err(failed)?;
    let max = i64::from(max);
    // A partition has the name of its date, so a date without a partition, and the other way round, is seen by names.
    let pairs = format!(
        "SELECT CASE WHEN days.first IS NULL THEN 'the partition ' || name || ' has no row in `days`'
                     ELSE 'the date ' || days.stored_on || ' of `days` has no partition' END
         FROM ({PARTITIONS}) AS partitions FULL JOIN days ON name = to_char(days.stored_on, '\"facts_\"YYYY_MM_DD')
         WHERE name IS NULL OR days.first IS NULL ORDER BY 1 LIMIT $1"
    );
    let bounds = "WITH found AS (
             SELECT days.stored_on, days.first, lag(days.first) OVER (ORDER BY days.stored_on) AS before,
                    lead(days.first) OVER (ORDER BY days.stored_on) AS next,
                    (SELECT number FROM facts WHERE facts.stored_on = days.stored_on ORDER BY number LIMIT 1) AS lowest,
                    (SELECT number FROM facts WHERE facts.stored_on = days.stored_on ORDER BY number DESC LIMIT 1) AS highest
             FROM days)
         SELECT CASE WHEN lowest IS DISTINCT FROM first
                     THEN 'the date ' || stored_on || ' begins with fact ' || coalesce(lowest::text, '(none)') || ', but `days` says ' || first
                     ELSE 'the date ' || stored_on || ' ends with fact ' || highest || ', but ' ||
                          CASE WHEN next IS NULL THEN '`journal` ends with ' || (SELECT last FROM journal)
                               ELSE 'the next date begins with ' || next END END
         FROM found
         WHERE lowest IS DISTINCT FROM first OR highest IS DISTINCT FROM coalesce(next - 1, (SELECT last FROM journal))
         ORDER BY stored_on LIMIT $1";
    let sentences = |rows: Vec<Row>| rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, Error>>();
    let found = database.ask(async {
        let mut found = sentences(client.query(&pairs, &[&max]).await?)?;
        found.extend(sentences(client.query(bounds, &[&max]).await?)?);
        Ok(found)
    });
    Ok(found.map_err(failed)?.into_iter().map(|what| format!("{database}: {what}")).collect())
}

/// What the tables take.
pub(in crate::journal) fn usage(database: &Arc<Database>) -> Result<TableUsage, JournalError> {
    let failed = |failure: Failure| at(database, &failure.into_error());
    let client = database.connect().map_err(failed)?;
    let partitions = format!(
        "SELECT name, pg_total_relation_size(oid), lowest.number, highest.number, lowest.at_ms, highest.at_ms
         FROM ({PARTITIONS}) AS partitions
         JOIN days ON name = to_char(days.stored_on, '\"facts_\"YYYY_MM_DD')
         CROSS JOIN LATERAL (SELECT number, at_ms FROM facts WHERE stored_on = days.stored_on ORDER BY number LIMIT 1) AS lowest
         CROSS JOIN LATERAL (SELECT number, at_ms FROM facts WHERE stored_on = days.stored_on ORDER BY number DESC LIMIT 1) AS highest
         ORDER BY lowest.number"
    );
    let others = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::int8 FROM pg_class
                  WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT relispartition";
    let one = |row: &Row| -> Result<PartitionUsage, Error> {
        Ok(PartitionUsage {
            table: row.try_get(0)?,
            bytes: unsigned(row.try_get(1)?),
            first: unsigned(row.try_get(2)?),
            last: unsigned(row.try_get(3)?),
            from_ms: row.try_get(4)?,
            to_ms: row.try_get(5)?,
        })
    };
    let found = database.ask(async {
        let partitions = client.query(&partitions, &[]).await?.iter().map(one).collect::<Result<Vec<_>, Error>>()?;
        let others = unsigned(client.query_one(others, &[]).await?.try_get(0)?);
        let published = client.query_opt("SELECT number FROM published", &[]).await?;
        let published = published.map(|row| row.try_get(0).map(unsigned)).transpose()?;
        Ok(TableUsage { partitions, others, published })
    });
    found.map_err(failed)
}
