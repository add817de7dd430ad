//! Settlements in the index: the facts of each case, and which cases go on or need a person.

use fep_protocol::exchange::ExchangeId;
use fep_protocol::settlement::{SettlementCase, SettlementFact, Stage};
use rusqlite::{Connection, Error, Params, Row, params};

use super::scope::{self, Lists};
use super::{id, owners};
use crate::journal::columns::{settlement, settlement_json, signed, unsigned};
use crate::journal::filter::LetterFilter;
use crate::journal::seal::without_person;
use crate::journal::store::FactNumber;
use crate::journal::whose::Whose;

/// Adds a fact to a case.
pub(super) fn add(
    connection: &Connection,
    case: &ExchangeId,
    number: FactNumber,
    at_ms: i64,
    fact: &SettlementFact,
) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO case_facts VALUES (?1, ?2, ?3, ?4)";
    let row = params![case.as_bytes(), signed(number), at_ms, settlement_json(&without_person(fact))];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

/// Brings the row of a case up to date with its facts.
pub(super) fn project(connection: &Connection, id: &ExchangeId) -> Result<(), Error> {
    let facts = facts(connection, id)?;
    let Some(case) = SettlementCase::of(facts.iter().map(|(_, at_ms, fact)| (*at_ms, fact))) else { return Ok(()) };
    let needs_person = matches!(case.stage(), Stage::DeadLetter(_)) || !case.flags().is_empty();
    let changed_at_ms = facts.last().map_or(0, |(_, at_ms, _)| *at_ms);
    let sql = "INSERT OR REPLACE INTO cases VALUES (?1, ?2, ?3, ?4)";
    let row = params![id.as_bytes(), needs_person, case.is_finished(), changed_at_ms];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

pub(super) fn facts(connection: &Connection, id: &ExchangeId) -> Result<Vec<(FactNumber, i64, SettlementFact)>, Error> {
    let sql = "SELECT number, at_ms, detail FROM case_facts WHERE exchange = ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let row = |row: &Row<'_>| Ok((unsigned(row.get(0)?), row.get(1)?, settlement(&row.get::<_, String>(2)?)?));
    statement.query_map(params![id.as_bytes()], row)?.collect()
}

pub(super) fn lasting(
    connection: &Connection,
    since_ms: i64,
    finished_max: usize,
    whose: &Whose,
) -> Result<Vec<ExchangeId>, Error> {
    let ours = owners::condition("exchange", 3);
    let sql = format!(
        "SELECT exchange FROM (SELECT exchange FROM cases WHERE NOT is_finished
            UNION SELECT exchange FROM (SELECT exchange FROM cases WHERE is_finished AND changed_at_ms > ?1
                                        ORDER BY changed_at_ms DESC LIMIT ?2)) WHERE {ours} ORDER BY exchange"
    );
    let [instance, taken_by] = owners::values(whose);
    ids(connection, &sql, params![since_ms, limit(finished_max), instance, taken_by])
}

/// The exchanges whose settlement needs a person, as far as the filter lets them pass, oldest first.
pub(super) fn needing_person(
    connection: &Connection,
    filter: &LetterFilter,
    max: usize,
) -> Result<Vec<ExchangeId>, Error> {
    let behind = filter.behind.as_ref().map_or(&[][..], |behind| behind.as_bytes());
    let lists = Lists::of(filter.scope.as_ref());
    // The few cases come first, and each leads to its exchange.
    let sql = format!(
        "SELECT exchange FROM cases CROSS JOIN exchanges ON id = exchange
         WHERE needs_person AND exchange > ?1 AND (?2 IS NULL OR institution = ?2) AND {}
         ORDER BY exchange LIMIT ?3",
        scope::condition(4)
    );
    let values = params![behind, filter.institution, limit(max), lists.institutions, lists.telegrams, lists.pairs];
    ids(connection, &sql, values)
}

fn ids(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<ExchangeId>, Error> {
    connection.prepare_cached(sql)?.query_map(values, |row| id(row, "exchange"))?.collect()
}

fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}
