//! The table of facts: appends them, and reads them back.

use std::path::Path;

use fep_protocol::exchange::TelegramBytes;
use fep_protocol::fact::Fact;
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::JournalError;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::rows::{columns, insert, names, store};
use super::{failed, marks, schema, seals};
use crate::journal::columns::{fact, signed, unsigned, with_columns};
use crate::journal::seal::{Body, KeyId, KeyRing, Unreadable};
use crate::journal::sealing::{Access, Bodies, Sealing};
use crate::journal::store::{
    Appended, FactNumber, FactReads, FactSource, FactStore, JournalId, Lately, Removal, StoreError, StoredTelegram,
};

/// The writer's connection to the facts.
#[derive(Debug)]
pub(in crate::journal) struct Facts {
    connection: Connection,
    sealing: Option<Sealing>,
}

/// A connection that reads facts.
#[derive(Debug)]
pub(in crate::journal) struct FactReader {
    connection: Connection,
    bodies: Bodies,
}

impl Facts {
    /// Opens or creates a journal. With keys, everything is sealed from the next fact on.
    pub(in crate::journal) fn open(path: &Path, keys: Option<&KeyRing>) -> Result<Self, JournalError> {
        let connection = schema::read_write(path)?;
        let sealing = seals::begin(&connection, path, keys)?;
        if let Some(key) = keys.and_then(KeyRing::newest_id) {
            tracing::info!(path = %path.display(), %key, "bodies are encrypted from now on");
        }
        Ok(Self { connection, sealing })
    }

    /// A new file of an encrypted journal, all of whose facts are sealed. It is empty except for what [`schema::copy_of`] put there.
    pub(super) fn sealing_all(connection: Connection, path: &Path, keys: &KeyRing) -> Result<Self, JournalError> {
        let sealing = seals::begin(&connection, path, Some(keys))?;
        Ok(Self { connection, sealing })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Closes a new file. Everything is in the file and on the disk then.
    pub(super) fn close(self, path: &Path) -> Result<(), JournalError> {
        schema::finish(self.connection, path)
    }

    /// Stores facts from this number on.
    pub(super) fn insert<'f>(
        &mut self,
        first: FactNumber,
        facts: impl IntoIterator<Item = &'f Fact>,
    ) -> Result<(), Error> {
        let Self { connection, sealing } = self;
        let mut statement = connection.prepare_cached(insert())?;
        for (number, fact) in (first..).zip(facts) {
            let Some(sealing) = sealing else {
                with_columns(number, fact, |columns| store(&mut statement, columns, &fact.bytes, None))?;
                continue;
            };
            if let Some(key) = sealing.unnamed(fact).map_err(unsealed)? {
                seals::name(connection, key)?;
            }
            let mut open = fact.clone();
            let body = Body::take(&mut open);
            let plain = if is_on(Mutant::LeavesBodiesPlain) { fact.bytes.clone() } else { TelegramBytes::default() };
            with_columns(number, &open, |columns| {
                let sealed = sealing.seal(&body, columns).map_err(unsealed)?;
                store(&mut statement, columns, &plain, Some(&sealed))
            })?;
        }
        Ok(())
    }

    fn append_all(&mut self, facts: &[Fact]) -> Result<FactNumber, Error> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let sql = "SELECT coalesce(max(number), 0) FROM facts";
        let last: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        let first = unsigned(last) + 1;
        self.insert(first, facts)?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(first)
    }

    fn roll_back(&mut self) {
        if let Some(sealing) = &mut self.sealing {
            sealing.rolled_back();
        }
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "the journal cannot roll back");
        }
    }
}

impl FactStore for Facts {
    fn append(&mut self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let appended = self.append_all(facts);
        if appended.is_err() {
            self.roll_back();
        }
        appended.map(Appended::all).map_err(failed)
    }

    fn remove_archived(&mut self, up_to: FactNumber, max: usize) -> Result<usize, StoreError> {
        // Without the newest fact, SQLite would begin again with the number 1.
        let sql = "DELETE FROM facts WHERE number IN (SELECT number FROM facts WHERE number <= ?1
                   AND number < (SELECT max(number) FROM facts) ORDER BY number LIMIT ?2)";
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let removed = self.connection.prepare_cached(sql).and_then(|mut sql| sql.execute(params![signed(up_to), max]));
        if removed.is_err() {
            self.roll_back();
        }
        removed.map_err(failed)
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        let sql = "UPDATE journal SET probed_at_ms = probed_at_ms + 1";
        let probed = self.connection.execute(sql, []);
        if probed.is_err() {
            self.roll_back();
        }
        probed.map(drop).map_err(failed)
    }

    fn save_log(&mut self) -> Result<(), StoreError> {
        schema::save_log(&self.connection).map_err(failed)
    }
}

impl FactReader {
    pub(in crate::journal) fn open(path: &Path, access: &Access) -> Result<Self, JournalError> {
        Self::of(schema::read_only(path)?, path, access)
    }

    /// Opens a file that must be a journal already, and that a gateway may be writing.
    pub(in crate::journal) fn open_existing(path: &Path, access: &Access) -> Result<Self, JournalError> {
        Self::of(schema::read_facts(path)?, path, access)
    }

    fn of(connection: Connection, path: &Path, access: &Access) -> Result<Self, JournalError> {
        let bodies = Bodies::of(&seals::state(&connection, path)?, &path.display(), access)?;
        Ok(Self { connection, bodies })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How much of the file is free for new facts, in bytes.
    pub(in crate::journal) fn free_bytes(&self) -> Result<u64, StoreError> {
        let value = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map(unsigned);
        let bytes = || Ok(value("freelist_count")?.saturating_mul(value("page_size")?));
        bytes().map_err(failed)
    }

    /// The bodies that could not be read since the last call. A strict reader has none but forgotten ones.
    pub(in crate::journal) fn take_unreadable(&self) -> Vec<(FactNumber, Unreadable)> {
        self.bodies.take_unreadable()
    }

    /// Whether every fact of the file is sealed with this key.
    pub(in crate::journal) fn is_sealed_with(&self, key: Option<KeyId>) -> Result<bool, StoreError> {
        let Some(key) = key.filter(|_| self.is_encrypted()) else { return Ok(false) };
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM facts WHERE sealed IS NULL OR substr(sealed, 1, 4) <> ?1)";
        self.connection.query_row(sql, params![key.0], |row| row.get(0)).map_err(failed)
    }

    /// The key that sealed a fact, or `None` if there is no such fact or it is not sealed.
    pub(in crate::journal) fn key_of(&self, number: FactNumber) -> Result<Option<KeyId>, StoreError> {
        let sql = "SELECT substr(sealed, 1, 4) FROM facts WHERE number = ?1 AND sealed IS NOT NULL";
        let found = self.connection.query_row(sql, params![signed(number)], |row| row.get(0).map(KeyId));
        found.optional().map_err(failed)
    }

    /// The time of the newest fact that a key sealed, in milliseconds since 1970.
    pub(in crate::journal) fn newest_of(&self, key: KeyId) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(at_ms) FROM facts WHERE substr(sealed, 1, 4) = ?1";
        self.connection.query_row(sql, params![key.0], |row| row.get(0)).map_err(failed)
    }

    fn fact(&self, row: &Row<'_>) -> Result<(FactNumber, Fact), Error> {
        let columns = columns(row)?;
        let (number, mut fact) = fact(&columns)?;
        let completed = self.bodies.complete(number, &mut fact, &columns);
        completed.map_err(|why| Error::ToSqlConversionFailure(why.into()))?;
        Ok((number, fact))
    }

    /// What SQLite finds wrong in the file, at most `findings_max` sentences.
    pub(in crate::journal) fn damage(&self, findings_max: u32) -> Result<Vec<String>, StoreError> {
        let read = || -> Result<Vec<String>, Error> {
            let mut statement = self.connection.prepare(&format!("PRAGMA integrity_check({findings_max})"))?;
            let found = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            Ok(found.into_iter().filter(|what| what != "ok").collect())
        };
        read().map_err(failed)
    }

    /// The number of the first fact, or `None` if there is no fact.
    pub(in crate::journal) fn first(&self) -> Result<Option<FactNumber>, StoreError> {
        let first: Result<Option<i64>, Error> =
            self.connection.query_row("SELECT min(number) FROM facts", [], |row| row.get(0));
        first.map(|first| first.map(unsigned)).map_err(failed)
    }

    /// The times of the facts after a number, in milliseconds since 1970, at most `max` of them.
    pub(in crate::journal) fn times(&self, after: FactNumber, max: u32) -> Result<Vec<(FactNumber, i64)>, StoreError> {
        let sql = "SELECT number, at_ms FROM facts WHERE number > ?1 ORDER BY number LIMIT ?2";
        let read = || -> Result<Vec<_>, Error> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let row = |row: &Row<'_>| Ok((unsigned(row.get(0)?), row.get(1)?));
            statement.query_map(params![signed(after), max], row)?.collect()
        };
        read().map_err(failed)
    }
}

impl FactReads for FactReader {
    fn journal_id(&self) -> Result<JournalId, StoreError> {
        self.connection.query_row("SELECT id FROM journal", [], |row| row.get(0)).map_err(failed)
    }

    fn last(&self) -> Result<FactNumber, StoreError> {
        let sql = "SELECT coalesce(max(number), 0) FROM facts";
        self.connection.query_row(sql, [], |row| row.get(0)).map(unsigned).map_err(failed)
    }

    fn newest_ms(&self) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(at_ms) FROM facts
                   WHERE number IN ((SELECT min(number) FROM facts), (SELECT max(number) FROM facts))";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(failed)
    }

    fn get(&self, number: FactNumber) -> Result<Option<Fact>, StoreError> {
        let sql = format!("SELECT {} FROM facts WHERE number = ?1", names());
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query_map(params![signed(number)], |row| self.fact(row)).map_err(failed)?;
        rows.next().transpose().map(|found| found.map(|(_, fact)| fact)).map_err(failed)
    }

    fn page(
        &self,
        after: FactNumber,
        up_to: FactNumber,
        count_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let sql = format!("SELECT {} FROM facts WHERE number > ?1 AND number <= ?2 ORDER BY number", names());
        let read = || -> Result<Vec<_>, Error> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut page = Vec::new();
            let mut bytes = 0;
            for row in statement.query_map(params![signed(after), signed(up_to)], |row| self.fact(row))? {
                let row = row?;
                bytes += row.1.bytes.len();
                page.push(row);
                if page.len() >= count_max || bytes >= bytes_max {
                    break;
                }
            }
            Ok(page)
        };
        read().map_err(failed)
    }

    fn telegrams(
        &self,
        after: FactNumber,
        up_to: FactNumber,
        count_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(FactNumber, StoredTelegram)>, StoreError> {
        if self.is_encrypted() {
            return Ok(StoredTelegram::of_page(self.page(after, up_to, count_max, bytes_max)?));
        }
        let sql = "SELECT number, at_ms, bytes FROM facts WHERE number > ?1 AND number <= ?2 ORDER BY number";
        let read = || -> Result<Vec<_>, Error> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![signed(after), signed(up_to)])?;
            let mut telegrams = Vec::new();
            let mut size = 0;
            while let Some(row) = rows.next()? {
                let bytes = row.get_ref(2)?.as_blob_or_null()?.unwrap_or_default();
                size += bytes.len();
                telegrams.push((
                    unsigned(row.get(0)?),
                    StoredTelegram { at_ms: row.get(1)?, bytes: TelegramBytes::copy_of(bytes) },
                ));
                if telegrams.len() >= count_max || size >= bytes_max {
                    break;
                }
            }
            Ok(telegrams)
        };
        read().map_err(failed)
    }

    fn lately(&self, what: Lately, since_ms: i64, max: u32) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let sql = format!(
            "SELECT number FROM (SELECT * FROM facts ORDER BY number DESC LIMIT ?1)
             WHERE at_ms >= ?2 AND {} ORDER BY number DESC",
            what.condition()
        );
        let numbers = || -> Result<Vec<FactNumber>, Error> {
            let mut statement = self.connection.prepare(&sql)?;
            let rows = statement.query_map(params![max, since_ms], |row| row.get(0).map(unsigned))?;
            rows.collect()
        };
        let numbers = numbers().map_err(failed)?;
        let get = |number| Ok(self.get(number)?.map(|fact| (number, fact)));
        numbers.into_iter().filter_map(|number| get(number).transpose()).collect()
    }

    fn removal(&self) -> Result<Option<Removal>, StoreError> {
        marks::newest(&self.connection)
    }

    fn sealed_from(&self) -> Option<FactNumber> {
        self.bodies.sealed_from()
    }
}

impl FactSource for FactReader {
    fn after(&mut self, number: FactNumber, max: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let sql = format!("SELECT {} FROM facts WHERE number > ?1 ORDER BY number LIMIT ?2", names());
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![signed(number), max], |row| self.fact(row)).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }
}

fn unsealed(error: JournalError) -> Error {
    Error::ToSqlConversionFailure(error.to_string().into())
}
