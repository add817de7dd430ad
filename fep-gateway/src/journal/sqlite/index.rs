//! The index: exchanges, settlements, idempotency keys, trace marks, notices, exceptions and verifications, as far as its facts are applied.

mod compare;
mod exceptions;
mod marks;
mod open_work;
mod search;
mod trail;
mod verifications;

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::path::Path;

use fep_protocol::delivery::DeliveryFact;
use fep_protocol::exchange::{ExchangeId, Flags, Money, Outcome, Passage, RequestId, SettledBy};
use fep_protocol::fact::{Fact, SentClass, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::JournalError;
use fep_protocol::settlement::SettlementFact;
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceHighWater;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

pub(in crate::journal) use self::compare::differences;
pub(super) use self::exceptions::forget as forget_exceptions;
pub(in crate::journal) use self::search::Veiled;
pub(super) use self::verifications::forget as forget_verifications;
use super::{cases, failed, id, notices, owners, schema};
use crate::journal::columns::{signed, standing, unsigned};
use crate::journal::filter::LetterFilter;
use crate::journal::notice::{NoticeCounts, NoticeFilter, ProjectedNotice, is_of_notice};
use crate::journal::private;
use crate::journal::projection::Projected;
use crate::journal::store::{FactNumber, Index, JournalId, Removal, Stood, StoreError};
use crate::journal::whose::Whose;

/// The writer's connection to the index.
#[derive(Debug)]
pub(in crate::journal) struct IndexFile {
    connection: Connection,
    applied: FactNumber,
}

/// A connection that reads the index.
#[derive(Debug)]
pub(in crate::journal) struct IndexReader {
    connection: Connection,
}

const COLUMNS: &str = "id, institution, telegram, trace, request_id, reason_code, code, outcome, settled_by, money, has_case, flags, ended_at_ms, request, ending, answer, others";

impl IndexFile {
    /// Opens the index of this journal. An index of another journal, of another version, one that is ahead of its journal, or one
    /// that lacks facts which were removed on purpose, is deleted and begun again.
    pub(in crate::journal) fn open(
        path: &Path,
        journal: JournalId,
        last: FactNumber,
        removal: Option<&Removal>,
    ) -> Result<Self, JournalError> {
        match Self::open_as_it_is(path, journal, removal.map_or(0, |removal| removal.last)..=last) {
            Ok(Some(index)) => Ok(index),
            Ok(None) | Err(_) => {
                delete(path)?;
                let begun = Self::begin(path, journal, removal)?;
                let applied = if is_on(Mutant::SkipsALostIndex) { last } else { begun.applied };
                Ok(Self { applied, ..begun })
            }
        }
    }

    fn open_as_it_is(
        path: &Path,
        journal: JournalId,
        facts: RangeInclusive<FactNumber>,
    ) -> Result<Option<Self>, Error> {
        let connection = connect(path)?;
        if schema::version(&connection)? != schema::INDEX_VERSION {
            return Ok(None);
        }
        let state =
            connection.query_row("SELECT journal, applied FROM state", [], |row| Ok((row.get(0)?, row.get(1)?)));
        let (owner, applied): (JournalId, i64) = state?;
        let applied = unsigned(applied);
        Ok((owner == journal && facts.contains(&applied)).then_some(Self { connection, applied }))
    }

    /// Begins an index in a file that is not there yet. It continues behind what was removed on purpose.
    pub(in crate::journal) fn begin(
        path: &Path,
        journal: JournalId,
        removal: Option<&Removal>,
    ) -> Result<Self, JournalError> {
        Self::create(path, journal, removal).map_err(|error| schema::at(path, &error))
    }

    fn create(path: &Path, journal: JournalId, removal: Option<&Removal>) -> Result<Self, Error> {
        let connection = connect(path)?;
        let version = schema::INDEX_VERSION;
        connection.execute_batch(&format!("BEGIN;\n{}\nPRAGMA user_version = {version};\nCOMMIT;", schema::INDEX))?;
        let applied = removal.map_or(0, |removal| removal.last);
        let before_ms = removal.map_or(i64::MIN, |removal| removal.before_ms);
        let row = params![journal, signed(applied), before_ms];
        connection.execute("INSERT INTO state VALUES (?1, ?2, ?3, ?2)", row)?;
        let index = Self { connection, applied };
        let traces = removal.into_iter().flat_map(|removal| &removal.traces);
        traces.into_iter().try_for_each(|(institution, mark)| index.traces(institution, *mark))?;
        let standing = removal.into_iter().flat_map(|removal| &removal.standing);
        standing.into_iter().try_for_each(|Stood { institution, number, standing, instance }| {
            index.standing(*number, (institution, instance), standing)
        })?;
        Ok(index)
    }

    fn apply_all(&self, facts: &[(FactNumber, Fact)]) -> Result<FactNumber, Error> {
        let mut applied = self.applied;
        let mut exchanges: HashMap<ExchangeId, Projected> = HashMap::with_capacity(facts.len());
        let mut changed = BTreeSet::new();
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let sql = "SELECT before_ms FROM state";
        let before_ms: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        for (at, (number, fact)) in facts.iter().enumerate() {
            applied = *number;
            if is_on(Mutant::IndexLeavesOut) && at > 0 && at + 1 == facts.len() {
                continue;
            }
            self.mark(*number, fact)?;
            if let Some(taken) = &fact.taken_over {
                // What it decides about must be in the tables.
                self.store(std::mem::take(&mut exchanges))?;
                changed.iter().try_for_each(|case| cases::project(&self.connection, case))?;
                owners::take_over(&self.connection, *number, fact, taken)?;
            }
            owners::add(&self.connection, fact)?;
            if is_of_notice(fact) {
                let old = fact.exchange.filter(|id| id.accepted_at_ms() < before_ms && !begins(fact));
                let known = old.map(|id| notices::find(&self.connection, &id)).transpose()?.flatten();
                if old.is_none() || known.is_some() {
                    notices::add(&self.connection, *number, fact, before_ms)?;
                }
                continue;
            }
            let Some(id) = fact.exchange else { continue };
            // The facts before were removed. A clock that was set back does not hide what begins behind them.
            let is_old = id.accepted_at_ms() < before_ms && !begins(fact) && !exchanges.contains_key(&id);
            if is_old && find(&self.connection, &id)?.is_none() {
                continue;
            }
            if let Some(idempotency) = &fact.idempotency {
                let sql = "INSERT OR REPLACE INTO keys VALUES (?1, ?2, ?3, ?4)";
                // The service repeats its request at the institution that it asked first.
                let asked = fact.passage.as_deref().and_then(Passage::asked).unwrap_or(&fact.institution);
                let row = params![asked, &*idempotency.key, idempotency.digest, id.as_bytes()];
                self.connection.prepare_cached(sql)?.execute(row)?;
            }
            let exchange = match exchanges.entry(id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(vacant) => {
                    // The request is the first fact of its exchange, so nothing is in the index yet.
                    let is_first = matches!(fact.what, What::Sent(SentClass::Request));
                    let known = if is_first { None } else { find(&self.connection, &id)? };
                    vacant.insert(known.unwrap_or_else(|| Projected::new(id)))
                }
            };
            exchange.add(*number, fact);
            if let Some(settlement) = &fact.settlement {
                cases::add(&self.connection, &id, *number, fact.at_ms, settlement)?;
                changed.insert(id);
            }
        }
        self.store(exchanges)?;
        changed.iter().try_for_each(|case| cases::project(&self.connection, case))?;
        self.connection.prepare_cached("UPDATE state SET applied = ?1")?.execute(params![signed(applied)])?;
        self.connection.execute_batch("COMMIT")?;
        Ok(applied)
    }

    fn store(&self, exchanges: HashMap<ExchangeId, Projected>) -> Result<(), Error> {
        // Rows in the order of their key are appended at the end of the table.
        let mut exchanges: Vec<_> = exchanges.into_values().collect();
        exchanges.sort_unstable_by_key(|exchange| exchange.id);
        let sql = "INSERT OR REPLACE INTO exchanges VALUES
                   (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
        let mut statement = self.connection.prepare_cached(sql)?;
        for exchange in exchanges {
            let others: Vec<u8> = exchange.others.iter().flat_map(|number| number.to_be_bytes()).collect();
            statement.execute(params![
                exchange.id.as_bytes(),
                &*exchange.institution,
                &*exchange.telegram,
                exchange.trace.as_deref(),
                exchange.request_id.as_ref().map(RequestId::as_str),
                exchange.reason_code.as_deref(),
                exchange.code.as_deref(),
                exchange.outcome.map(Outcome::name),
                exchange.settled_by.map(SettledBy::name),
                exchange.money.map(Money::name),
                exchange.has_case,
                flag_bits(exchange.flags),
                exchange.ended_at_ms,
                exchange.request.map(signed),
                exchange.ending.map(signed),
                exchange.answer.map(signed),
                (!others.is_empty()).then_some(others),
            ])?;
        }
        Ok(())
    }
}

impl Index for IndexFile {
    fn applied(&self) -> FactNumber {
        self.applied
    }

    fn apply(&mut self, facts: &[(FactNumber, Fact)]) -> Result<(), StoreError> {
        let applied = self.apply_all(facts).inspect_err(|_| {
            if !self.connection.is_autocommit() {
                // If this fails too, the next step fails and reports it.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
        });
        self.applied = applied.map_err(failed)?;
        Ok(())
    }
}

impl IndexReader {
    pub(in crate::journal) fn open(path: &Path) -> Result<Self, JournalError> {
        Ok(Self { connection: schema::read_only(path)? })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(in crate::journal) fn find(&self, id: &ExchangeId) -> Result<Option<Projected>, StoreError> {
        find(&self.connection, id).map_err(failed)
    }

    /// The latest exchanges, newest first.
    pub(in crate::journal) fn recent(&self, limit: usize) -> Result<Vec<Projected>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.list("ORDER BY id DESC LIMIT ?1", params![limit])
    }

    /// The exchanges that have no outcome.
    pub(in crate::journal) fn open_ones(&self, whose: &Whose) -> Result<Vec<Projected>, StoreError> {
        let ours = owners::condition("exchanges.id", 1);
        self.list(&format!("WHERE outcome IS NULL AND {ours} ORDER BY id"), owners::values(whose))
    }

    /// The exchanges whose keys may still be in quarantine: unknown ones that ended since then, and answered ones that were
    /// accepted since then.
    pub(in crate::journal) fn resting(&self, since_ms: i64, whose: &Whose) -> Result<Vec<Projected>, StoreError> {
        let first = ExchangeId::new(since_ms, 0, 0);
        let ours = owners::condition("exchanges.id", 3);
        let conditions = format!(
            "WHERE (outcome = 'unknown' AND settled_by IS NULL AND ended_at_ms > ?1 AND id < ?2
                    OR id >= ?2 AND (answer IS NOT NULL OR outcome = 'unknown')) AND {ours} ORDER BY id"
        );
        let [instance, taken_by] = owners::values(whose);
        self.list(&conditions, params![since_ms, first.as_bytes(), instance, taken_by])
    }

    /// The newest exchange with this idempotency key, and the digest of its body.
    pub(in crate::journal) fn key(
        &self,
        institution: &str,
        key: &str,
    ) -> Result<Option<(ExchangeId, [u8; 16])>, StoreError> {
        let sql = "SELECT exchange, digest FROM keys WHERE institution = ?1 AND key = ?2";
        let found = self.connection.prepare_cached(sql).and_then(|mut statement| {
            statement
                .query_row(params![institution, key], |row| Ok((id(row, "exchange")?, row.get("digest")?)))
                .optional()
        });
        found.map_err(failed)
    }

    /// The facts of the first notice with a key: its receipt, and the answer to it.
    pub(in crate::journal) fn first_notice(
        &self,
        institution: &str,
        telegram: &str,
        key: &Key,
    ) -> Result<Option<(FactNumber, Option<FactNumber>)>, StoreError> {
        notices::first(&self.connection, institution, telegram, key).map_err(failed)
    }

    pub(in crate::journal) fn find_notice(&self, id: &ExchangeId) -> Result<Option<ProjectedNotice>, StoreError> {
        notices::find(&self.connection, id).map_err(failed)
    }

    /// The notices that the filter lets pass among the next `looked_at_max` of its span, newest first, at most `limit`. Also returns
    /// where the next ones begin.
    pub(in crate::journal) fn notice_page(
        &self,
        filter: &NoticeFilter,
        limit: usize,
        looked_at_max: usize,
    ) -> Result<(Vec<ProjectedNotice>, Option<ExchangeId>), StoreError> {
        notices::page(&self.connection, filter, limit, looked_at_max).map_err(failed)
    }

    /// The oldest notices of an institution that no service has taken yet.
    pub(in crate::journal) fn undelivered(
        &self,
        institution: &str,
        limit: usize,
        whose: &Whose,
    ) -> Result<Vec<ProjectedNotice>, StoreError> {
        notices::undelivered(&self.connection, institution, limit, whose).map_err(failed)
    }

    /// How many notices are not delivered, by institution.
    pub(in crate::journal) fn notice_counts(&self, now_ms: i64) -> Result<Vec<NoticeCounts>, StoreError> {
        notices::counts(&self.connection, now_ms).map_err(failed)
    }

    /// The number of notices, and how many of them no service has taken yet.
    pub(in crate::journal) fn notice_totals(&self) -> Result<(u64, u64), StoreError> {
        notices::totals(&self.connection).map_err(failed)
    }

    /// The high-water marks of the used trace numbers, by institution.
    pub(in crate::journal) fn traces(&self) -> Result<Vec<(String, TraceHighWater)>, StoreError> {
        let read = || -> Result<Vec<_>, Error> {
            let mut statement =
                self.connection.prepare("SELECT institution, day, high FROM traces ORDER BY institution, day")?;
            let row =
                |row: &Row<'_>| Ok((row.get(0)?, TraceHighWater { day: row.get(1)?, high: unsigned(row.get(2)?) }));
            statement.query_map([], row)?.collect()
        };
        read().map_err(failed)
    }

    /// What holds, by institution and topic. What was said of all instances holds for each.
    pub(in crate::journal) fn standing(&self, whose: &Whose) -> Result<Vec<Stood>, StoreError> {
        let read = || -> Result<Vec<_>, Error> {
            let sql = "SELECT institution, number, detail, instance FROM standing
                       WHERE ?1 IS NULL OR instance IN (?1, '') ORDER BY institution, topic, number";
            let mut statement = self.connection.prepare(sql)?;
            let row = |row: &Row<'_>| {
                let standing = standing(&row.get::<_, String>(2)?)?;
                let number = unsigned(row.get(1)?);
                Ok(Stood { institution: row.get(0)?, number, standing, instance: row.get(3)? })
            };
            statement.query_map(params![whose.instance.as_deref()], row)?.collect()
        };
        read().map_err(failed)
    }

    /// The settlements that go on: those that are not finished, and those that changed since then and may still be
    /// contradicted, at most `finished_max` of them.
    pub(in crate::journal) fn cases(
        &self,
        since_ms: i64,
        finished_max: usize,
        whose: &Whose,
    ) -> Result<Vec<ExchangeId>, StoreError> {
        cases::lasting(&self.connection, since_ms, finished_max, whose).map_err(failed)
    }

    /// The exchanges whose settlements need a person, oldest first.
    pub(in crate::journal) fn needing_person(
        &self,
        filter: &LetterFilter,
        limit: usize,
    ) -> Result<Vec<ExchangeId>, StoreError> {
        cases::needing_person(&self.connection, filter, limit).map_err(failed)
    }

    /// The notices that need a person, oldest first.
    pub(in crate::journal) fn dead_notices(
        &self,
        filter: &LetterFilter,
        limit: usize,
    ) -> Result<Vec<ProjectedNotice>, StoreError> {
        notices::dead(&self.connection, filter, limit).map_err(failed)
    }

    /// The facts of a settlement in their order, with their numbers and times in milliseconds since 1970. They lack what a person
    /// wrote.
    pub(in crate::journal) fn case_facts(
        &self,
        id: &ExchangeId,
    ) -> Result<Vec<(FactNumber, i64, SettlementFact)>, StoreError> {
        cases::facts(&self.connection, id).map_err(failed)
    }

    fn list(&self, conditions: &str, values: impl rusqlite::Params) -> Result<Vec<Projected>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM exchanges {conditions}");
        let read = || -> Result<Vec<_>, Error> {
            self.connection.prepare_cached(&sql)?.query_map(values, projected)?.collect()
        };
        read().map_err(failed)
    }
}

/// Whether this is the first fact of its exchange or its notice.
fn begins(fact: &Fact) -> bool {
    match fact.what {
        What::Sent(SentClass::Request) => true,
        // A request that never came to its line.
        What::Outcome => fact.outcome == Some(Outcome::NotSent) && fact.trace.is_none(),
        _ => matches!(fact.delivery.as_deref(), Some(DeliveryFact::Received { .. })),
    }
}

fn flag_bits(flags: Flags) -> i64 {
    let Flags { conflicting, contradicting, dead_letter, disputed } = flags;
    [conflicting, contradicting, dead_letter, disputed].iter().rev().fold(0, |bits, flag| bits << 1 | i64::from(*flag))
}

fn flags_of(bits: i64) -> Flags {
    let [conflicting, contradicting, dead_letter, disputed] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
    Flags { conflicting, contradicting, dead_letter, disputed }
}

pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    // If this fails, SQLite says why.
    drop(private::open(path));
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // After a power failure the index may lack its last steps, but it is whole. The facts are read again from there.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Deletes the files of an index.
pub(in crate::journal) fn delete(path: &Path) -> Result<(), JournalError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(JournalError::Failed(format!("{}: {error}", path.display())));
            }
            _ => {}
        }
    }
    Ok(())
}

fn find(connection: &Connection, id: &ExchangeId) -> Result<Option<Projected>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM exchanges WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row(params![id.as_bytes()], projected).optional()
}

/// Reads a row with exactly `COLUMNS`, by their places: to look for a name takes longer than to read its value.
fn projected(row: &Row<'_>) -> Result<Projected, Error> {
    let text = |place: usize| row.get_ref(place)?.as_str_or_null().map_err(Error::from);
    let name = |place| Ok::<_, Error>(text(place)?.unwrap_or_default());
    let number = |place: usize| row.get::<_, Option<i64>>(place).map(|number| number.map(unsigned));
    let others = row.get_ref(16)?.as_blob_or_null()?.unwrap_or_default();
    let others = others.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    Ok(Projected {
        id: id(row, "id")?,
        institution: name(1)?.into(),
        telegram: name(2)?.into(),
        trace: text(3)?.map(Box::from),
        request_id: text(4)?.and_then(|id| id.parse().ok()),
        reason_code: text(5)?.map(|code| Cow::Owned(code.to_owned())),
        code: text(6)?.map(Box::from),
        outcome: text(7)?.and_then(Outcome::from_name),
        settled_by: text(8)?.and_then(SettledBy::from_name),
        money: text(9)?.and_then(Money::from_name),
        has_case: row.get(10)?,
        flags: flags_of(row.get(11)?),
        ended_at_ms: row.get(12)?,
        request: number(13)?,
        ending: number(14)?,
        answer: number(15)?,
        others: others.collect(),
    })
}
