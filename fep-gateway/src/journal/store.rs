//! The SQL statements that carry out the commands.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::command::{
    Acceptance, Accepted, Direction, Entry, Finish, NoticeId, NoticeState, Recalled, Sending, Settlement,
};
use super::{JournalError, schema};
use fep_protocol::exchange::{Answer, Exchange, ExchangeId, Outcome, TelegramBytes};
use fep_protocol::reason::{Mismatch, NotSent, Unknown};
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceHighWater;

/// The state that an earlier run left: its high-water marks, and the exchanges whose keys may still be in quarantine.
pub(super) type Remains = (Vec<(String, TraceHighWater)>, Vec<Recalled>);

/// The writer's connection to the tables.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    /// The high-water marks that are committed to the file.
    high_waters: HashMap<String, TraceHighWater>,
    /// The high-water marks of the open transaction.
    high_waters_new: HashMap<String, TraceHighWater>,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let connection = schema::read_write(path)?;
        Ok(Self { connection, high_waters: HashMap::new(), high_waters_new: HashMap::new() })
    }

    pub(super) fn begin(&mut self) -> Result<(), Error> {
        self.high_waters_new.clear();
        self.connection.execute_batch("BEGIN IMMEDIATE")
    }

    pub(super) fn commit(&mut self) -> Result<(), Error> {
        self.connection.execute_batch("COMMIT")?;
        self.high_waters.extend(self.high_waters_new.drain());
        Ok(())
    }

    pub(super) fn roll_back(&mut self) {
        self.high_waters_new.clear();
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "the journal cannot roll back");
        }
    }

    /// Ends the exchanges that an earlier run left open.
    pub(super) fn recover(&mut self, now_ms: i64, quarantine_max: Duration) -> Result<Remains, Error> {
        self.begin()?;
        let sql = "UPDATE exchanges SET state = 'not_sent', ended_at_ms = ?1,
                   reason = ?2, reason_code = ?3
                   WHERE state = 'accepted'";
        let why = NotSent::Stopped;
        self.connection.execute(sql, params![now_ms, why.to_string(), why.code()])?;
        let sql = "UPDATE exchanges SET state = 'unknown', ended_at_ms = ?1,
                   reason = ?2, reason_code = ?3
                   WHERE state = 'sending'";
        let why = Unknown::Stopped;
        self.connection.execute(sql, params![now_ms, why.to_string(), why.code()])?;
        self.commit()?;
        let mut statement = self.connection.prepare("SELECT institution, day, high FROM traces")?;
        let high_waters = statement.query_map([], |row| {
            let high: i64 = row.get(2)?;
            Ok((row.get(0)?, TraceHighWater { day: row.get(1)?, high: u64::try_from(high).unwrap_or(0) }))
        })?;
        let high_waters = high_waters.collect::<Result<Vec<(String, TraceHighWater)>, _>>()?;
        self.high_waters = high_waters.iter().cloned().collect();
        let since_ms = now_ms.saturating_sub(i64::try_from(quarantine_max.as_millis()).unwrap_or(i64::MAX));
        let sql = "SELECT id, institution, key, answer_expected, answer, ended_at_ms FROM exchanges
                   WHERE state = 'unknown' AND settled_by IS NULL AND ended_at_ms > ?1 AND key IS NOT NULL
                   UNION ALL SELECT id, institution, key, answer_expected, answer, ended_at_ms FROM exchanges
                   WHERE id >= ?2 AND answer IS NOT NULL AND key IS NOT NULL";
        let mut statement = self.connection.prepare(sql)?;
        let recalled = statement.query_map(params![since_ms, ExchangeId::prefix(since_ms)], |row| {
            Ok(Recalled {
                id: ExchangeId(row.get(0)?),
                institution: row.get(1)?,
                key: from_json(&row.get::<_, String>(2)?),
                answer: row.get(3)?,
                answered: row.get::<_, Option<Vec<u8>>>(4)?.map(TelegramBytes::from),
                ended_at_ms: row.get(5)?,
            })
        })?;
        let recalled = recalled.collect::<Result<_, _>>()?;
        Ok((high_waters, recalled))
    }

    pub(super) fn accept(&mut self, acceptance: &Acceptance) -> Result<Accepted, Error> {
        let exchange = &acceptance.exchange;
        if let Some((key, digest)) = &acceptance.idempotency {
            let sql = "SELECT digest, exchange FROM idempotency WHERE institution = ?1 AND key = ?2";
            let known = self
                .connection
                .prepare_cached(sql)?
                .query_row(params![exchange.institution, key], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))
                .optional()?;
            if let Some((stored, id)) = known {
                let known = find(&self.connection, &ExchangeId(id))?.ok_or(Error::QueryReturnedNoRows)?;
                return Ok(Accepted::Known { exchange: Box::new(known), same_body: stored == digest });
            }
            let sql = "INSERT INTO idempotency (institution, key, digest, exchange) VALUES (?1, ?2, ?3, ?4)";
            self.connection.prepare_cached(sql)?.execute(params![exchange.institution, key, digest, exchange.id.0])?;
        }
        let sql = "INSERT INTO exchanges (id, institution, telegram, state, accepted_at_ms)
                   VALUES (?1, ?2, ?3, 'accepted', ?4)";
        self.connection.prepare_cached(sql)?.execute(params![
            exchange.id.0,
            exchange.institution,
            exchange.telegram,
            exchange.accepted_at_ms
        ])?;
        Ok(Accepted::New)
    }

    pub(super) fn send(&mut self, sending: &Sending) -> Result<(), Error> {
        let entry = &sending.entry;
        if let Some(high_water) = sending.high_water {
            self.high_water(&entry.institution, high_water)?;
        }
        if let (Some(id), Some(request)) = (&entry.exchange, &sending.request) {
            let sql = "UPDATE exchanges SET state = 'sending', trace = ?2, key = ?3, answer_expected = ?4, line = ?5,
                       incarnation = ?6, request = ?7 WHERE id = ?1 AND state = 'accepted'";
            let changed = self.connection.prepare_cached(sql)?.execute(params![
                id.0,
                request.trace,
                to_json(&request.key),
                &*request.answer,
                entry.line.0,
                signed(entry.line.1),
                &*entry.bytes
            ])?;
            if changed != 1 {
                return Err(Error::StatementChangedRows(changed));
            }
        }
        if let Some(notice) = &sending.notice {
            let sql = "UPDATE notices SET answer = ?4 WHERE institution = ?1 AND telegram = ?2 AND key = ?3";
            self.connection.prepare_cached(sql)?.execute(params![
                notice.institution,
                notice.telegram,
                to_json(&notice.key),
                &*entry.bytes
            ])?;
        }
        self.entry(entry)
    }

    pub(super) fn entry(&mut self, entry: &Entry) -> Result<(), Error> {
        let sql =
            "INSERT INTO entries (at_ms, institution, line, incarnation, direction, class, exchange, note, note_code,
                   bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let direction = match entry.direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        self.connection.prepare_cached(sql)?.execute(params![
            entry.at_ms,
            entry.institution,
            entry.line.0,
            signed(entry.line.1),
            direction,
            entry.class,
            entry.exchange.as_ref().map(|id| &id.0),
            entry.note.as_ref().map(ToString::to_string),
            entry.note.as_ref().map(Mismatch::code),
            &*entry.bytes
        ])?;
        Ok(())
    }

    /// Ends an exchange that has not ended yet. Bytes that were journaled but not handed to the kernel are marked
    /// `withheld`.
    pub(super) fn finish(&mut self, finish: &Finish) -> Result<(), Error> {
        let sql = "UPDATE exchanges SET state = ?2, reason = ?3, reason_code = ?4, answer_telegram = ?5,
                   answer = ?6, ended_at_ms = ?7
                   WHERE id = ?1 AND state IN ('accepted', 'sending')";
        let answer = finish.answer.as_ref();
        let reason = finish.reason.as_ref();
        self.connection.prepare_cached(sql)?.execute(params![
            finish.id.0,
            finish.outcome.name(),
            reason.map(|(sentence, _)| sentence),
            reason.map(|(_, code)| code),
            answer.map(|answer| &answer.telegram),
            answer.map(|answer| &*answer.bytes),
            finish.at_ms
        ])?;
        if finish.outcome == Outcome::NotSent {
            let sql = "UPDATE entries SET direction = 'withheld' WHERE exchange = ?1 AND direction = 'out'";
            self.connection.prepare_cached(sql)?.execute(params![finish.id.0])?;
        }
        Ok(())
    }

    pub(super) fn settle(&mut self, settlement: &Settlement) -> Result<Option<Exchange>, Error> {
        let sql = "UPDATE exchanges SET settled_by = ?2, answer_telegram = ?3, answer = ?4
                   WHERE id = ?1 AND state = 'unknown' AND settled_by IS NULL";
        self.connection.prepare_cached(sql)?.execute(params![
            settlement.id.0,
            settlement.by,
            settlement.answer.telegram,
            &*settlement.answer.bytes
        ])?;
        find(&self.connection, &settlement.id)
    }

    pub(super) fn notice(&mut self, id: &NoticeId, name: &ExchangeId, at_ms: i64) -> Result<NoticeState, Error> {
        let key = to_json(&id.key);
        if let Some(former) = &id.former_key {
            let sql = "UPDATE OR IGNORE notices SET key = ?4 WHERE institution = ?1 AND telegram = ?2 AND key = ?3";
            let row = params![id.institution, id.telegram, to_json(former), key];
            self.connection.prepare_cached(sql)?.execute(row)?;
        }
        let sql = "INSERT INTO notices (institution, telegram, key, id, received_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT DO NOTHING";
        self.connection.prepare_cached(sql)?.execute(params![id.institution, id.telegram, key, name.0, at_ms])?;
        let sql = "SELECT answer FROM notices WHERE institution = ?1 AND telegram = ?2 AND key = ?3";
        let answer: Option<Vec<u8>> = self
            .connection
            .prepare_cached(sql)?
            .query_row(params![id.institution, id.telegram, key], |row| row.get(0))?;
        Ok(answer.map_or(NoticeState::Unanswered, |answer| NoticeState::Answered(answer.into())))
    }

    fn high_water(&mut self, institution: &str, high_water: TraceHighWater) -> Result<(), Error> {
        let known = self.high_waters_new.get(institution).or_else(|| self.high_waters.get(institution));
        if known == Some(&high_water) {
            return Ok(());
        }
        let sql = "INSERT INTO traces (institution, day, high) VALUES (?1, ?2, ?3)
                   ON CONFLICT (institution) DO UPDATE SET day = excluded.day, high = excluded.high";
        self.connection.prepare_cached(sql)?.execute(params![institution, high_water.day, signed(high_water.high)])?;
        self.high_waters_new.insert(institution.to_owned(), high_water);
        Ok(())
    }
}

const COLUMNS: &str =
    "id, institution, telegram, state, settled_by, trace, reason, reason_code, line, incarnation, request,
                       answer_telegram, answer, accepted_at_ms, ended_at_ms";

pub(super) fn find(connection: &Connection, id: &ExchangeId) -> Result<Option<Exchange>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM exchanges WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row(params![id.0], exchange).optional()
}

pub(super) fn recent(connection: &Connection, limit: usize) -> Result<Vec<Exchange>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM exchanges ORDER BY id DESC LIMIT ?1");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(&sql)?.query_map(params![limit], exchange)?.collect()
}

fn exchange(row: &Row<'_>) -> Result<Exchange, Error> {
    let state: String = row.get("state")?;
    let line: Option<String> = row.get("line")?;
    let incarnation: Option<i64> = row.get("incarnation")?;
    let answer: Option<Vec<u8>> = row.get("answer")?;
    let answer_telegram: Option<String> = row.get("answer_telegram")?;
    Ok(Exchange {
        id: ExchangeId(row.get("id")?),
        institution: row.get("institution")?,
        telegram: row.get("telegram")?,
        outcome: Outcome::from_name(&state),
        settled_by: row.get("settled_by")?,
        trace: row.get("trace")?,
        reason: row.get("reason")?,
        reason_code: row.get("reason_code")?,
        line: line.zip(incarnation.and_then(|number| u64::try_from(number).ok())),
        request: row.get::<_, Vec<u8>>("request")?.into(),
        answer: answer_telegram.zip(answer).map(|(telegram, bytes)| Answer { telegram, bytes: bytes.into() }),
        accepted_at_ms: row.get("accepted_at_ms")?,
        ended_at_ms: row.get("ended_at_ms")?,
    })
}

/// Converts a number for SQLite, which has no unsigned integers.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn to_json(key: &Key) -> String {
    serde_json::Value::from_iter(key.fields()).to_string()
}

fn from_json(text: &str) -> Key {
    Key::new(serde_json::from_str::<Vec<String>>(text).unwrap_or_default())
}
