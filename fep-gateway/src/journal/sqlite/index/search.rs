//! Queries of the command `fep-gateway journal` in an index that a gateway may be writing.

use std::path::Path;

use fep_protocol::exchange::ExchangeId;
use rusqlite::{OptionalExtension, params};

use super::{
    COLUMNS, Error, IndexReader, JournalId, Projected, StoreError, exceptions, failed, id, notices, projected, schema,
    unsigned,
};
use crate::journal::filter::ExchangeFilter;
use crate::journal::seal::Veil;
use crate::journal::sqlite::scope::{self, Lists};
use crate::journal::store::FactNumber;

/// What is looked up, as an encrypted journal has it.
#[derive(Debug, Default)]
pub(in crate::journal) struct Veiled {
    key: Option<String>,
    code: Option<String>,
}

impl Veiled {
    /// What a filter looks up.
    pub(in crate::journal) fn of(filter: &ExchangeFilter, veil: &Veil) -> Self {
        Self {
            key: filter.idempotency_key.as_deref().map(|key| veil.idempotency(key)),
            code: filter.code.as_deref().map(|code| veil.code(code)),
        }
    }
}

impl IndexReader {
    /// The journal that the index belongs to, and the last fact that is in it. `None` if it has another version.
    pub(in crate::journal) fn state(&self) -> Result<Option<(JournalId, FactNumber)>, StoreError> {
        let read = || -> Result<Option<_>, Error> {
            if schema::version(&self.connection)? != schema::INDEX_VERSION {
                return Ok(None);
            }
            let row = |row: &super::Row<'_>| Ok((row.get(0)?, unsigned(row.get(1)?)));
            self.connection.query_row("SELECT journal, applied FROM state", [], row).map(Some)
        };
        read().map_err(failed)
    }

    /// The exchanges that the filter lets pass, newest first, at most `limit`.
    pub(in crate::journal) fn search(
        &self,
        filter: &ExchangeFilter,
        veiled: &Veiled,
        limit: usize,
    ) -> Result<Vec<Projected>, StoreError> {
        let (first, end) = span(filter);
        self.search_in(filter, veiled, first, end, limit)
    }

    /// The exchanges that the filter lets pass among the next `looked_at_max` of its span, newest first, at most `limit`. Also returns
    /// where the next ones begin.
    pub(in crate::journal) fn page(
        &self,
        filter: &ExchangeFilter,
        veiled: &Veiled,
        limit: usize,
        looked_at_max: usize,
    ) -> Result<(Vec<Projected>, Option<ExchangeId>), StoreError> {
        let (first, end) = span(filter);
        let limit = limit.max(1);
        // A filter that few exchanges pass must not hold up other readers. Without one, each exchange is on the page, and a key leads to
        // its exchange at once.
        let is_bounded = filter.is_selective() && filter.idempotency_key.is_none();
        let last = if is_bounded { self.nth_before(first, end, looked_at_max)? } else { None };
        let rows = self.search_in(filter, veiled, last.map_or(first, |last| *last.as_bytes()), end, limit)?;
        let next = if rows.len() == limit { rows.last().map(|row| row.id) } else { last };
        Ok((rows, next))
    }

    /// The last one of the newest `count` exchanges of a span, or `None` if the span has fewer.
    fn nth_before(&self, first: Bytes, end: Bytes, count: usize) -> Result<Option<ExchangeId>, StoreError> {
        let sql = "SELECT id FROM exchanges WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3";
        let offset = i64::try_from(count.saturating_sub(1)).unwrap_or(i64::MAX);
        let found = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params![first, end, offset], |row| id(row, "id")).optional());
        found.map_err(failed)
    }

    fn search_in(
        &self,
        filter: &ExchangeFilter,
        veiled: &Veiled,
        first: Bytes,
        end: Bytes,
        limit: usize,
    ) -> Result<Vec<Projected>, StoreError> {
        // The key of the table of keys begins with the institution, so each institution is looked at.
        let of_key = match &filter.idempotency_key {
            None => "?8 IS NULL AND ?10 IS NULL",
            Some(_) => {
                "id IN (WITH RECURSIVE names(name) AS (SELECT min(institution) FROM keys UNION ALL
                 SELECT (SELECT min(institution) FROM keys WHERE institution > name) FROM names WHERE name IS NOT NULL)
                 SELECT exchange FROM names JOIN keys ON institution = name AND key IN (?8, ?10))"
            }
        };
        let in_scope = scope::condition(14);
        let lists = Lists::of(filter.scope.as_ref());
        let conditions = format!(
            "WHERE id >= ?1 AND id < ?2
             AND (?3 IS NULL OR institution = ?3)
             AND (?4 IS NULL OR telegram = ?4)
             AND (?5 IS NULL OR ltrim(trace, '0') = ltrim(?5, '0'))
             AND (?6 IS NULL OR coalesce(outcome, 'running') = ?6)
             AND (?11 IS NULL OR code IN (?11, ?12) OR reason_code = ?11)
             AND (?13 IS NULL OR request_id = ?13)
             AND (NOT ?7 OR outcome = 'unknown' AND settled_by IS NULL)
             AND (?17 IS NULL OR outcome = 'unknown' AND settled_by IS NULL
                  OR id IN (SELECT exchange FROM cases WHERE changed_at_ms >= ?17))
             AND {of_key} AND {in_scope}
             ORDER BY id DESC LIMIT ?9"
        );
        self.list(
            &conditions,
            params![
                first,
                end,
                filter.institution,
                filter.telegram,
                filter.trace,
                filter.outcome,
                filter.unsettled,
                filter.idempotency_key,
                i64::try_from(limit).unwrap_or(i64::MAX),
                veiled.key,
                filter.code,
                veiled.code,
                filter.request_id,
                lists.institutions,
                lists.telegrams,
                lists.pairs,
                filter.open_since_ms,
            ],
        )
    }

    /// The facts of exchanges without an outcome, of settlements that go on or need a person, of open exceptions, and of what still holds.
    pub(in crate::journal) fn needed(&self) -> Result<Vec<FactNumber>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM exchanges WHERE outcome IS NULL
             OR id IN (SELECT exchange FROM cases WHERE NOT is_finished OR needs_person)"
        );
        let read = || -> Result<Vec<_>, Error> {
            let mut statement = self.connection.prepare(&sql)?;
            let rows = statement.query_map([], projected)?.collect::<Result<Vec<_>, _>>()?;
            let numbers =
                |row: Projected| [row.request, row.ending, row.answer].into_iter().flatten().chain(row.others);
            let mut standing = self.connection.prepare("SELECT number FROM standing")?;
            let standing = standing.query_map([], |row| row.get(0).map(unsigned))?.collect::<Result<Vec<_>, _>>()?;
            let notices = notices::needed(&self.connection)?;
            let compared = exceptions::needed(&self.connection)?;
            Ok(rows.into_iter().flat_map(numbers).chain(standing).chain(notices).chain(compared).collect())
        };
        read().map_err(failed)
    }

    /// The time of the last fact of a settlement, in milliseconds since 1970.
    pub(in crate::journal) fn settled_at_ms(&self, id: &ExchangeId) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(at_ms) FROM case_facts WHERE exchange = ?1";
        let last = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut one| one.query_row(params![id.as_bytes()], |row| row.get(0)));
        last.map_err(failed)
    }

    /// Writes a copy of the index to a file that is not there yet.
    pub(in crate::journal) fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let path = path.to_string_lossy();
        self.connection.execute("VACUUM INTO ?1", params![path]).map(drop).map_err(failed)
    }

    /// The columns of an exchange, in the order of [`COLUMNS`].
    pub(super) fn columns() -> impl Iterator<Item = &'static str> {
        COLUMNS.split(',').map(str::trim)
    }

    /// The exchanges that were answered although the journal has no request of theirs.
    pub(in crate::journal) fn answered_without_request(&self, limit: u32) -> Result<Vec<ExchangeId>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM exchanges WHERE request IS NULL AND outcome = 'answered' ORDER BY id LIMIT {limit}"
        );
        let read = || -> Result<Vec<_>, Error> {
            let mut statement = self.connection.prepare(&sql)?;
            statement.query_map([], projected)?.map(|row| row.map(|row| row.id)).collect()
        };
        read().map_err(failed)
    }

    /// The number of exchanges, and how many of them have no outcome.
    pub(in crate::journal) fn counts(&self) -> Result<(u64, u64), StoreError> {
        let sql = "SELECT count(*), count(*) - count(outcome) FROM exchanges";
        self.connection.query_row(sql, [], |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))).map_err(failed)
    }
}

/// The bytes of an ID.
type Bytes = [u8; ExchangeId::LEN];

/// The IDs between which a filter looks: from the first one on, and before the second one.
fn span(filter: &ExchangeFilter) -> (Bytes, Bytes) {
    let begin = |ms: i64| *ExchangeId::new(ms, 0, 0).as_bytes();
    let until = filter.until_ms.map_or([0xFF; ExchangeId::LEN], begin);
    (begin(filter.since_ms.unwrap_or(0)), filter.behind.map_or(until, |behind| until.min(*behind.as_bytes())))
}

#[cfg(test)]
mod tests;
