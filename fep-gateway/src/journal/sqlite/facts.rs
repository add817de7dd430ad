//! The table of facts: appends them, and reads them back.

use std::path::Path;
use std::sync::Arc;

use fep_protocol::delivery::DeliveryFact;
use fep_protocol::exchange::{ExchangeId, Outcome, TelegramBytes};
use fep_protocol::fact::{Class, Fact, Idempotency, Reason, SentClass, What};
use fep_protocol::reason::JournalError;
use fep_protocol::settlement::SettlementFact;
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceHighWater;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row, params};

use super::{failed, schema, signed, unsigned};
use crate::journal::store::{FactNumber, FactSource, FactStore, StoreError};

/// The writer's connection to the facts.
#[derive(Debug)]
pub(in crate::journal) struct Facts {
    connection: Connection,
}

/// A connection that reads facts.
#[derive(Debug)]
pub(in crate::journal) struct FactReader {
    connection: Connection,
}

/// The random name of a journal, which its index repeats.
pub(in crate::journal) type JournalId = [u8; 16];

const COLUMNS: &str = "number, at_ms, institution, kind, class, line, incarnation, exchange, telegram, trace, outcome,
                       reason, reason_code, key, idempotency, digest, day, amount, detail, bytes";

impl Facts {
    pub(in crate::journal) fn open(path: &Path) -> Result<Self, JournalError> {
        Ok(Self { connection: schema::read_write(path)? })
    }

    fn insert(&self, fact: &Fact) -> Result<(), Error> {
        let sql = "INSERT INTO facts (at_ms, institution, kind, class, line, incarnation, exchange, telegram, trace,
                   outcome, reason, reason_code, key, idempotency, digest, day, amount, detail, bytes)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
        let (day, amount) = match fact.what {
            What::Traces(high_water) => (Some(high_water.day), Some(signed(high_water.high))),
            What::Surplus(_, count) => (None, Some(signed(count))),
            What::Sent(_) | What::Received(_) | What::Outcome | What::Settlement | What::Delivery => (None, None),
        };
        let line = fact.line.as_ref();
        let reason = fact.reason.as_ref();
        let idempotency = fact.idempotency.as_ref();
        self.connection.prepare_cached(sql)?.execute(params![
            fact.at_ms,
            &*fact.institution,
            fact.what.kind(),
            fact.class(),
            line.map(|(name, _)| &**name),
            line.map(|(_, incarnation)| signed(*incarnation)),
            fact.exchange.as_ref().map(ExchangeId::as_bytes),
            fact.telegram.as_deref(),
            fact.trace.as_deref(),
            fact.outcome.map(Outcome::name),
            reason.map(|reason| &*reason.sentence),
            reason.map(|reason| &*reason.code),
            fact.key.as_ref().map(to_json),
            idempotency.map(|idempotency| &*idempotency.key),
            idempotency.map(|idempotency| idempotency.digest),
            day,
            amount,
            detail(fact),
            (!fact.bytes.is_empty()).then_some(&*fact.bytes),
        ])?;
        Ok(())
    }

    fn append_all(&self, facts: &[Fact]) -> Result<FactNumber, Error> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        facts.iter().try_for_each(|fact| self.insert(fact))?;
        let last = unsigned(self.connection.last_insert_rowid());
        self.connection.execute_batch("COMMIT")?;
        Ok((last + 1).saturating_sub(u64::try_from(facts.len()).unwrap_or_default()))
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "the journal cannot roll back");
        }
    }
}

impl FactStore for Facts {
    fn append(&mut self, facts: &[Fact]) -> Result<FactNumber, StoreError> {
        let appended = self.append_all(facts);
        appended.inspect_err(|_| self.roll_back()).map_err(failed)
    }

    fn remove_archived(&mut self, up_to: FactNumber, max: usize) -> Result<usize, StoreError> {
        // Without the newest fact, SQLite would begin again with the number 1.
        let sql = "DELETE FROM facts WHERE number IN (SELECT number FROM facts WHERE number <= ?1
                   AND number < (SELECT max(number) FROM facts) ORDER BY number LIMIT ?2)";
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let removed = self.connection.prepare_cached(sql).and_then(|mut sql| sql.execute(params![signed(up_to), max]));
        removed.inspect_err(|_| self.roll_back()).map_err(failed)
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        let sql = "UPDATE journal SET probed_at_ms = probed_at_ms + 1";
        self.connection.execute(sql, []).map(drop).inspect_err(|_| self.roll_back()).map_err(failed)
    }
}

impl FactReader {
    pub(in crate::journal) fn open(path: &Path) -> Result<Self, JournalError> {
        Ok(Self { connection: schema::read_only(path)? })
    }

    /// Opens a file that must be a journal already, and that a gateway may be writing.
    pub(in crate::journal) fn open_existing(path: &Path) -> Result<Self, JournalError> {
        Ok(Self { connection: schema::read_facts(path)? })
    }

    /// The random name of the journal.
    pub(in crate::journal) fn journal_id(&self) -> Result<JournalId, StoreError> {
        self.connection.query_row("SELECT id FROM journal", [], |row| row.get(0)).map_err(failed)
    }

    /// The number of the last fact, or 0.
    pub(in crate::journal) fn last(&self) -> Result<FactNumber, StoreError> {
        let sql = "SELECT coalesce(max(number), 0) FROM facts";
        self.connection.query_row(sql, [], |row| row.get(0)).map(unsigned).map_err(failed)
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

    /// Some facts after a number and up to another, at least one if there is any. The page ends when it has `count_max`
    /// facts or its telegrams have `bytes_max` bytes. No transaction remains open, so the write-ahead log can be cut.
    pub(in crate::journal) fn page(
        &self,
        after: FactNumber,
        up_to: FactNumber,
        count_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM facts WHERE number > ?1 AND number <= ?2 ORDER BY number");
        let read = || -> Result<Vec<_>, Error> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut page = Vec::new();
            let mut bytes = 0;
            for row in statement.query_map(params![signed(after), signed(up_to)], fact)? {
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

    /// The fact with this number, or `None` if there is none.
    pub(in crate::journal) fn get(&self, number: FactNumber) -> Result<Option<Fact>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM facts WHERE number = ?1");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query_map(params![signed(number)], fact).map_err(failed)?;
        rows.next().transpose().map(|found| found.map(|(_, fact)| fact)).map_err(failed)
    }
}

impl FactSource for FactReader {
    fn after(&mut self, number: FactNumber, max: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM facts WHERE number > ?1 ORDER BY number LIMIT ?2");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![signed(number), max], fact).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }
}

fn fact(row: &Row<'_>) -> Result<(FactNumber, Fact), Error> {
    let text = |name| row.get::<_, Option<String>>(name);
    let line = text("line")?.zip(row.get::<_, Option<i64>>("incarnation")?);
    let idempotency = text("idempotency")?.zip(row.get::<_, Option<[u8; 16]>>("digest")?);
    let reason = text("reason")?.zip(Some(text("reason_code")?.unwrap_or_default()));
    let what = what(row)?;
    let is_settlement = what == What::Settlement;
    let detail = text("detail")?;
    let detail = detail.as_deref();
    let fact = Fact {
        at_ms: row.get("at_ms")?,
        institution: text("institution")?.unwrap_or_default().into(),
        what,
        line: line.map(|(name, incarnation)| (Arc::from(name), unsigned(incarnation))),
        exchange: row.get::<_, Option<[u8; ExchangeId::LEN]>>("exchange")?.and_then(|id| ExchangeId::from_bytes(&id)),
        telegram: text("telegram")?.map(Arc::from),
        trace: text("trace")?.map(Box::from),
        outcome: text("outcome")?.and_then(|name| Outcome::from_name(&name)),
        reason: reason.map(|(sentence, code)| Reason { sentence: sentence.into(), code: code.into() }),
        key: text("key")?.map(|key| from_json(&key)),
        settlement: detail.filter(|_| is_settlement).map(|detail| settlement(detail).map(Box::new)).transpose()?,
        delivery: detail.filter(|_| !is_settlement).map(|detail| delivery(detail).map(Box::new)).transpose()?,
        idempotency: idempotency.map(|(key, digest)| Box::new(Idempotency { key: key.into(), digest })),
        bytes: row.get::<_, Option<Vec<u8>>>("bytes")?.map_or_else(TelegramBytes::default, TelegramBytes::from),
    };
    Ok((unsigned(row.get("number")?), fact))
}

fn what(row: &Row<'_>) -> Result<What, Error> {
    let kind: String = row.get("kind")?;
    let class: Option<String> = row.get("class")?;
    let class = class.as_deref().unwrap_or_default();
    let amount = || row.get::<_, Option<i64>>("amount").map(|amount| unsigned(amount.unwrap_or_default()));
    let known = match kind.as_str() {
        "sent" => SentClass::from_name(class).map(What::Sent),
        "received" => Class::from_name(class).map(What::Received),
        "outcome" => Some(What::Outcome),
        "settlement" => Some(What::Settlement),
        "delivery" => Some(What::Delivery),
        "traces" => Some(What::Traces(TraceHighWater { day: row.get("day")?, high: amount()? })),
        "surplus" => {
            Class::from_name(class).map(|class| amount().map(|count| What::Surplus(class, count))).transpose()?
        }
        _ => None,
    };
    known.ok_or_else(|| {
        let class = if class.is_empty() { "none" } else { class };
        let why = format!("it has a fact of kind {kind} and class {class}, which this gateway does not know");
        Error::ToSqlConversionFailure(why.into())
    })
}

/// The fact of a settlement or a delivery as JSON.
fn detail(fact: &Fact) -> Option<String> {
    let settlement = fact.settlement.as_deref().map(settlement_json);
    settlement.or_else(|| serde_json::to_string(fact.delivery.as_deref()?).ok())
}

fn delivery(detail: &str) -> Result<DeliveryFact, Error> {
    serde_json::from_str(detail).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

/// A fact of settlement as JSON. Its types have no content that JSON cannot hold.
pub(super) fn settlement_json(fact: &SettlementFact) -> String {
    serde_json::to_string(fact).unwrap_or_default()
}

pub(super) fn settlement(detail: &str) -> Result<SettlementFact, Error> {
    serde_json::from_str(detail).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

pub(super) fn to_json(key: &Key) -> String {
    serde_json::Value::from_iter(key.fields()).to_string()
}

pub(super) fn from_json(text: &str) -> Key {
    Key::new(serde_json::from_str::<Vec<String>>(text).unwrap_or_default())
}
