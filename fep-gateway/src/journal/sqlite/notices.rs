//! Notices in the index: by key, to recognise repetitions, and by name, with their deliveries.

use std::sync::Arc;

use fep_protocol::delivery::{DeliveryCase, DeliveryFact};
use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::{Fact, What};
use fep_protocol::terms::Key;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Params, Row, params};

use super::scope::{self, Lists};
use super::{id, owners};
use crate::journal::columns::{key_json, signed, unsigned};
use crate::journal::filter::LetterFilter;
use crate::journal::notice::{NoticeCounts, NoticeFilter, ProjectedNotice};
use crate::journal::store::FactNumber;
use crate::journal::whose::Whose;

const COLUMNS: &str =
    "id, institution, telegram, detail, repeats, conflicts, first, changed_at_ms, notice, answer, kept, others";

/// Adds a fact of a notice. Notices that were received before `before_ms` may have been removed on purpose, and their repetitions
/// with them.
pub(super) fn add(connection: &Connection, number: FactNumber, fact: &Fact, before_ms: i64) -> Result<(), Error> {
    if let (Some(telegram), Some(key)) = (&fact.telegram, &fact.key) {
        keep_key(connection, number, telegram, key, fact)?;
    }
    let Some(id) = fact.exchange else { return Ok(()) };
    let known = find(connection, &id)?;
    // A notice that an early version received has no row.
    if known.is_none() && fact.delivery.is_none() {
        return Ok(());
    }
    let mut row = known.unwrap_or_else(|| ProjectedNotice::new(id, fact));
    row.add(number, fact);
    let first = match fact.delivery.as_deref() {
        Some(DeliveryFact::Repeated { first } | DeliveryFact::Conflicted { first: Some(first) }) => Some(first),
        _ => None,
    };
    let known = first.map(|first| find(connection, first)).transpose()?.flatten();
    if known.is_none() && first.is_some_and(|first| first.accepted_at_ms() < before_ms) {
        // The key went with the first one.
        let sql = "DELETE FROM notice_keys WHERE institution = ?1 AND telegram = ?2 AND notice = ?3";
        connection.prepare_cached(sql)?.execute(params![&*row.institution, &*row.telegram, row.notice.map(signed)])?;
        if row.is_repetition() {
            return remove(connection, &id);
        }
    }
    if let Some(mut first) = known {
        if row.is_repetition() {
            first.repeated(&row);
            remove(connection, &id)?;
            return store(connection, &first);
        }
        first.conflicts += 1;
        store(connection, &first)?;
    }
    store(connection, &row)
}

fn remove(connection: &Connection, id: &ExchangeId) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM notices WHERE id = ?1")?.execute(params![id.as_bytes()]).map(drop)
}

/// Keeps the first notice with a key, and the first answer to it.
fn keep_key(connection: &Connection, number: FactNumber, telegram: &str, key: &Key, fact: &Fact) -> Result<(), Error> {
    let sql = match fact.what {
        What::Received(_) => "INSERT OR IGNORE INTO notice_keys VALUES (?1, ?2, ?3, ?4, NULL)",
        _ => {
            "UPDATE notice_keys SET answer = ?4 WHERE institution = ?1 AND telegram = ?2 AND key = ?3 AND answer IS NULL"
        }
    };
    let row = params![&*fact.institution, telegram, key_json(key), signed(number)];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

fn store(connection: &Connection, notice: &ProjectedNotice) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO notices VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let others: Vec<u8> = notice.others.iter().flat_map(|number| number.to_be_bytes()).collect();
    // A delivery has no content that JSON cannot hold.
    let detail = serde_json::to_string(&notice.case).unwrap_or_default();
    connection.prepare_cached(sql)?.execute(params![
        notice.id.as_bytes(),
        &*notice.institution,
        &*notice.telegram,
        notice.state(),
        detail,
        signed(notice.repeats),
        signed(notice.conflicts),
        notice.first.as_ref().map(ExchangeId::as_bytes),
        notice.changed_at_ms,
        notice.notice.map(signed),
        notice.answer.map(signed),
        notice.kept.map(signed),
        (!others.is_empty()).then_some(others),
    ])?;
    Ok(())
}

pub(super) fn find(connection: &Connection, id: &ExchangeId) -> Result<Option<ProjectedNotice>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM notices WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row(params![id.as_bytes()], projected).optional()
}

/// The facts of the first notice with a key: its receipt, and the answer to it.
pub(super) fn first(
    connection: &Connection,
    institution: &str,
    telegram: &str,
    key: &Key,
) -> Result<Option<(FactNumber, Option<FactNumber>)>, Error> {
    let sql = "SELECT notice, answer FROM notice_keys WHERE institution = ?1 AND telegram = ?2 AND key = ?3";
    let row = |row: &Row<'_>| Ok((unsigned(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(unsigned)));
    connection.prepare_cached(sql)?.query_row(params![institution, telegram, key_json(key)], row).optional()
}

/// The notices that the filter lets pass among the next `looked_at_max` of its span, newest first, at most `limit`. Also returns where the
/// next ones begin.
pub(super) fn page(
    connection: &Connection,
    filter: &NoticeFilter,
    limit: usize,
    looked_at_max: usize,
) -> Result<(Vec<ProjectedNotice>, Option<ExchangeId>), Error> {
    let begin = |ms: i64| *ExchangeId::new(ms, 0, 0).as_bytes();
    let first = begin(filter.since_ms.unwrap_or(0));
    let until = filter.until_ms.map_or([0xFF; ExchangeId::LEN], begin);
    let end = filter.behind.map_or(until, |behind| until.min(*behind.as_bytes()));
    let limit = limit.max(1);
    let names = [&filter.institution, &filter.telegram, &filter.state];
    let is_selective = filter.scope.is_some() || names.iter().any(|name| name.is_some());
    let lists = Lists::of(filter.scope.as_ref());
    // A filter that few notices pass must not hold up other readers. Without one, each notice is on the page.
    let last = if is_selective {
        let sql = "SELECT id FROM notices WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3";
        let values = params![first, end, offset(looked_at_max.saturating_sub(1))];
        connection.prepare_cached(sql)?.query_row(values, |row| id(row, "id")).optional()?
    } else {
        None
    };
    let values = params![
        last.map_or(first, |last| *last.as_bytes()),
        end,
        filter.institution,
        filter.telegram,
        filter.state,
        offset(limit),
        lists.institutions,
        lists.telegrams,
        lists.pairs,
    ];
    // A rare state is found by its index, all others by their names.
    let state = if filter.state.is_some() { "state = ?5" } else { "?5 IS NULL" };
    let conditions = format!(
        "WHERE id >= ?1 AND id < ?2 AND (?3 IS NULL OR institution = ?3) AND (?4 IS NULL OR telegram = ?4) AND {state}
         AND {in_scope} ORDER BY id DESC LIMIT ?6",
        in_scope = scope::condition(7)
    );
    let rows = list(connection, &conditions, values)?;
    let next = if rows.len() == limit { rows.last().map(|row| row.id) } else { last };
    Ok((rows, next))
}

fn offset(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The oldest notices of an institution that no service has taken yet.
pub(super) fn undelivered(
    connection: &Connection,
    institution: &str,
    limit: usize,
    whose: &Whose,
) -> Result<Vec<ProjectedNotice>, Error> {
    let ours = owners::condition("notices.id", 3);
    let conditions = format!("WHERE state = 'delivering' AND institution = ?1 AND {ours} ORDER BY id LIMIT ?2");
    let [instance, taken_by] = owners::values(whose);
    list(connection, &conditions, params![institution, offset(limit), instance, taken_by])
}

/// The notices that need a person, as far as the filter lets them pass, oldest first.
pub(super) fn dead(
    connection: &Connection,
    filter: &LetterFilter,
    limit: usize,
) -> Result<Vec<ProjectedNotice>, Error> {
    let behind = filter.behind.as_ref().map_or(&[][..], |behind| behind.as_bytes());
    let lists = Lists::of(filter.scope.as_ref());
    let conditions = format!(
        "WHERE state = 'dead_letter' AND id > ?1 AND (?2 IS NULL OR institution = ?2) AND {}
         ORDER BY id LIMIT ?3",
        scope::condition(4)
    );
    let values = params![behind, filter.institution, offset(limit), lists.institutions, lists.telegrams, lists.pairs];
    list(connection, &conditions, values)
}

/// The facts of notices that no service has taken yet, or that need a person.
pub(super) fn needed(connection: &Connection) -> Result<Vec<FactNumber>, Error> {
    let notices = list(connection, "WHERE state IN ('delivering', 'dead_letter')", [])?;
    Ok(notices.iter().flat_map(ProjectedNotice::facts).collect())
}

/// How many notices are not delivered, by institution. Institutions without any are left out.
pub(super) fn counts(connection: &Connection, now_ms: i64) -> Result<Vec<NoticeCounts>, Error> {
    let sql = "SELECT institution, sum(state = 'delivering'), min(iif(state = 'delivering', id, NULL)),
               sum(state = 'dead_letter') FROM notices WHERE state IN ('delivering', 'dead_letter') GROUP BY institution";
    let row = |row: &Row<'_>| {
        let oldest = row.get::<_, Option<[u8; ExchangeId::LEN]>>(2)?.and_then(|id| ExchangeId::from_bytes(&id));
        Ok(NoticeCounts {
            institution: row.get(0)?,
            undelivered: unsigned(row.get(1)?),
            oldest_ms: oldest.map(|id| id.accepted_at_ms()),
            oldest_age_ms: oldest.map_or(0, |id| now_ms.saturating_sub(id.accepted_at_ms()).max(0)),
            dead_letters: unsigned(row.get(3)?),
        })
    };
    connection.prepare_cached(sql)?.query_map([], row)?.collect()
}

/// The number of notices, and how many of them no service has taken yet.
pub(super) fn totals(connection: &Connection) -> Result<(u64, u64), Error> {
    let sql = "SELECT count(*), coalesce(sum(state = 'delivering'), 0) FROM notices";
    connection.query_row(sql, [], |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))))
}

fn list(connection: &Connection, conditions: &str, values: impl Params) -> Result<Vec<ProjectedNotice>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM notices {conditions}");
    connection.prepare_cached(&sql)?.query_map(values, projected)?.collect()
}

fn projected(row: &Row<'_>) -> Result<ProjectedNotice, Error> {
    let number = |name| row.get::<_, Option<i64>>(name).map(|number| number.map(unsigned));
    let text = |name| row.get::<_, String>(name).map(Arc::<str>::from);
    let others = row.get::<_, Option<Vec<u8>>>("others")?.unwrap_or_default();
    let others = others.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    let first = row.get::<_, Option<[u8; ExchangeId::LEN]>>("first")?;
    Ok(ProjectedNotice {
        id: id(row, "id")?,
        institution: text("institution")?,
        telegram: text("telegram")?,
        case: case(&row.get::<_, String>("detail")?)?,
        repeats: unsigned(row.get("repeats")?),
        conflicts: unsigned(row.get("conflicts")?),
        first: first.and_then(|id| ExchangeId::from_bytes(&id)),
        changed_at_ms: row.get("changed_at_ms")?,
        notice: number("notice")?,
        answer: number("answer")?,
        kept: number("kept")?,
        others: others.collect(),
    })
}

fn case(detail: &str) -> Result<DeliveryCase, Error> {
    serde_json::from_str(detail).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
