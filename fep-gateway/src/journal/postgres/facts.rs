//! The writer's connection: each commit gets the next numbers, stores its facts and renews the lease.
//!
//! ```text
//! BEGIN                                                                        ─┐
//! UPDATE journal    the lock of all writers; the numbers of these facts         ├ one round trip
//! UPDATE instances  is this still our epoch? the lease, the number of the commit ─┘
//! INSERT facts, COMMIT                                                            one round trip
//! ```
//!
//! If the connection breaks during the second one, it is not known whether the facts are stored. The row of the instance tells: its last commit has
//! a number, and the row is locked until the database has decided.

use std::path::Path;
use std::sync::Arc;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;
use futures_util::future::{join, join4, try_join4};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::claims::{Claimant, Claims, Statements};
use super::database::Database;
use super::errors::Failure;
use super::lease::Lease;
use super::reader::seal_state;
use super::rows::{self, Rows};
use super::schema::{at, refused};
use crate::journal::columns::{signed, unsigned, with_columns};
use crate::journal::newest::Newest;
use crate::journal::seal::{Body, KeyRing};
use crate::journal::sealing::Sealing;
use crate::journal::store::{Appended, FactNumber, FactStore, JournalId, StoreError};

/// Stores facts in the database.
pub(in crate::journal) struct Facts {
    database: Arc<Database>,
    lease: Arc<Lease>,
    session: Option<Session>,
    sealing: Option<Sealing>,
    newest: Option<Newest>,
    /// The last fact that is known to be stored.
    last: FactNumber,
    /// The number of the last commit of this run.
    batch: i64,
    /// The day whose partition is there, in days since 1970.
    day: Option<i32>,
    /// If it is not known what became of the last commit.
    doubt: Option<Doubt>,
}

/// A connection with what it has prepared.
struct Session {
    client: Client,
    number: Statement,
    renew: Statement,
    claims: Statements,
    insert: Statement,
}

/// What a commit got: the first of its numbers, and its day in days since 1970.
#[derive(Clone, Copy)]
struct Place {
    first: FactNumber,
    day: i32,
}

/// A commit of which it is not known whether it is stored.
struct Doubt {
    /// What it left out.
    refused: Vec<(usize, JournalError)>,
    /// The number of its facts.
    count: usize,
}

/// Why a commit ended without being known to be stored.
struct Unwritten {
    error: StoreError,
    /// What it left out.
    refused: Vec<(usize, JournalError)>,
}

/// Takes `$1` numbers; days begin `$2` minutes off UTC. The date never goes back, so numbers and dates have one order.
const NUMBER: &str = "UPDATE journal SET last = last + $1::int8,
                          stored_on = greatest(stored_on, (clock_timestamp() AT TIME ZONE 'UTC' + make_interval(mins => $2::int4))::date)
                      RETURNING last - $1::int8 + 1, stored_on - date '1970-01-01'";

/// Renews the lease of the instance `$1` in its epoch `$2`, for its commit `$3` of `$4` facts.
const RENEW: &str = "UPDATE instances SET seen_at = clock_timestamp(), batch = $3::int8,
                         batch_first = (SELECT last FROM journal) - $4::int8 + 1
                     WHERE name = $1 AND epoch = $2::int8 AND ended_at IS NULL AND batch = $3::int8 - 1";

/// Renews the lease of the instance `$1` in its epoch `$2` without a commit.
const PROBE: &str = "UPDATE instances SET seen_at = clock_timestamp()
                     WHERE name = $1 AND epoch = $2::int8 AND ended_at IS NULL";

impl Facts {
    /// Opens the journal for writing, with the right to do so.
    ///
    /// # Errors
    /// If the keys are not those of the journal, or the database cannot be reached.
    pub(in crate::journal) fn open(
        lease: Arc<Lease>,
        journal: JournalId,
        path: &Path,
        keys: Option<&KeyRing>,
    ) -> Result<Self, JournalError> {
        let database = Arc::clone(&lease.database);
        let failed = |failure: Failure| at(&database, &failure.into_error());
        let session = connect(&database).map_err(failed)?;
        let client = &session.client;
        let last = database.ask(client.query_one("SELECT last FROM journal", &[])).map_err(failed)?;
        let last = unsigned(last.try_get(0).map_err(|error| failed(Failure::Said(error)))?);
        let state = database.ask(seal_state(client)).map_err(failed)?;
        let sealing = match Sealing::begin(&state, last, &database, keys)? {
            None => None,
            Some((sealing, beginning)) => {
                if let Some(beginning) = beginning {
                    let sql = "UPDATE journal SET sealed_from = $1, seal_proof = $2";
                    let from = signed(beginning.from);
                    database.ask(client.execute(sql, &[&from, &beginning.proof])).map_err(failed)?;
                }
                Some(sealing)
            }
        };
        let newest = Newest::open(path, journal);
        Ok(Self { database, lease, session: Some(session), sealing, newest, last, batch: 0, day: None, doubt: None })
    }

    /// Begins a commit of these facts. Its transaction has the lock of all writers then, this run may still write, and what other gateways
    /// have already is left out.
    fn begin(&self, session: &Session, facts: &[Fact]) -> Result<(Place, Vec<(usize, JournalError)>), StoreError> {
        let settings = self.database.settings();
        let offset = settings.utc_offset_minutes;
        let batch = self.batch + 1;
        let count = i64::try_from(facts.len()).unwrap_or(i64::MAX);
        let claims = Claims::of(facts);
        let claimant = Claimant { instance: &settings.instance, is_alone: self.lease.is_alone() };
        let taken = self.database.ask(async {
            let Session { client, number, renew, claims: statements, .. } = session;
            let (begun, numbers, renewed, left_out) = join4(
                client.batch_execute("BEGIN"),
                client.query_one(number, &[&count, &offset]),
                client.execute(renew, &[&settings.instance, &self.lease.epoch, &batch, &count]),
                claims.make(client, statements, claimant),
            )
            .await;
            begun?;
            let numbers = numbers?;
            let renewed = renewed?;
            let left_out = left_out?;
            if !left_out.is_empty() {
                let count = i64::try_from(left_out.len()).unwrap_or(i64::MAX);
                client.execute("UPDATE journal SET last = last - $1::int8", &[&count]).await?;
            }
            Ok((Place { first: unsigned(numbers.try_get(0)?), day: numbers.try_get(1)? }, renewed, left_out))
        });
        let (place, renewed, left_out) = taken.map_err(Failure::into_store_error)?;
        // An older copy has an older row of the instance, too: what is lost is said first.
        if place.first <= self.last {
            let why = format!(
                "it ends with fact {}, but this gateway has stored fact {}: the database was restored, or another server took over that had \
                 not everything. Without the lost facts, requests that were sent could be sent again. Restore them; to go on without them \
                 nevertheless, start with --new-journal",
                place.first - 1,
                self.last
            );
            return Err(StoreError::Unavailable(refused(&self.database, &why)));
        }
        if renewed == 0 {
            return Err(StoreError::Unavailable(self.lease.fenced()));
        }
        Ok((place, left_out))
    }

    /// Makes the partition of a day, if it is not there.
    fn partition(&self, client: &Client, place: Place) -> Result<(), StoreError> {
        let Place { first, day } = place;
        if self.day == Some(day) {
            return Ok(());
        }
        self.database.ask(client.batch_execute(&rows::partition(day, first))).map_err(Failure::into_store_error)
    }

    /// The rows of facts from a number on, sealed if the journal is encrypted.
    fn rows<'f>(
        &mut self,
        client: &Client,
        first: FactNumber,
        facts: impl ExactSizeIterator<Item = &'f Fact>,
    ) -> Result<Rows, StoreError> {
        let unsealed = |error: JournalError| StoreError::Refused(error.to_string());
        let mut rows = Rows::with_capacity(facts.len());
        for (number, fact) in (first..).zip(facts) {
            let Some(sealing) = &mut self.sealing else {
                with_columns(number, fact, |columns| rows.push(columns, &fact.bytes, None));
                continue;
            };
            if let Some(key) = sealing.unnamed(fact).map_err(unsealed)? {
                let sql = "INSERT INTO seal_keys VALUES ($1) ON CONFLICT DO NOTHING";
                let named = self.database.ask(client.execute(sql, &[&&key.0[..]]));
                named.map_err(Failure::into_store_error)?;
            }
            let mut open = fact.clone();
            let body = Body::take(&mut open);
            with_columns(number, &open, |columns| {
                let sealed = sealing.seal(&body, columns).map_err(unsealed)?;
                rows.push(columns, &[], Some(&sealed));
                Ok(())
            })?;
        }
        Ok(rows)
    }

    /// Stores facts with one commit.
    fn write(&mut self, session: &Session, facts: &[Fact]) -> Result<(Place, Appended), Unwritten> {
        let (place, refused) = self.begin(session, facts)?;
        self.partition(&session.client, place)?;
        let appended = Appended { first: place.first, refused };
        let stored: Vec<&Fact> =
            facts.iter().enumerate().filter(|(at, _)| appended.has(*at)).map(|(_, fact)| fact).collect();
        let rows = self.rows(&session.client, place.first, stored.into_iter())?;
        let Session { client, insert, .. } = session;
        let written = self.database.ask(async {
            let parameters = rows.parameters(&place.day, &self.database.settings().instance);
            Ok(join(client.execute(insert, &parameters), client.batch_execute("COMMIT")).await)
        });
        let failure = match written {
            Ok((Ok(_), Ok(()))) => return Ok((place, appended)),
            // The database refused the facts, so the commit became a rollback.
            Ok((Err(error), _)) if error.as_db_error().is_some() && Failure::leaves(&error) => {
                return Err(Failure::Said(error).into_store_error().into());
            }
            Ok((Err(error), _) | (Ok(_), Err(error))) => Failure::Said(error),
            Err(failure) => failure,
        };
        Err(Unwritten { error: StoreError::InDoubt(failure.into_error()), refused: appended.refused })
    }

    /// Leaves a transaction that stored nothing. A connection whose state is not known is closed.
    fn roll_back(&mut self, session: Session) {
        if let Some(sealing) = &mut self.sealing {
            sealing.rolled_back();
        }
        if !session.client.is_closed() && self.database.ask(session.client.batch_execute("ROLLBACK")).is_ok() {
            self.session = Some(session);
        }
    }

    fn session(&mut self) -> Result<Session, StoreError> {
        match self.session.take().filter(|session| !session.client.is_closed()) {
            Some(session) => Ok(session),
            None => connect(&self.database).map_err(Failure::into_store_error),
        }
    }

    fn stored(&mut self, first: FactNumber, count: usize) {
        let count = u64::try_from(count).unwrap_or_default();
        self.last = (first + count).saturating_sub(1);
        if let Some(newest) = &mut self.newest {
            newest.set(self.last);
        }
    }
}

fn connect(database: &Database) -> Result<Session, Failure> {
    let client = database.connect()?;
    let (number, renew, insert, claims) = database.ask(async {
        let insert = client.prepare(rows::insert());
        try_join4(client.prepare(NUMBER), client.prepare(RENEW), insert, Statements::prepare(&client)).await
    })?;
    Ok(Session { client, number, renew, claims, insert })
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self { error, refused: Vec::new() }
    }
}

impl FactStore for Facts {
    fn append(&mut self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let session = self.session()?;
        match self.write(&session, facts) {
            Ok((place, appended)) => {
                self.session = Some(session);
                self.batch += 1;
                self.day = Some(place.day);
                self.stored(place.first, facts.len() - appended.refused.len());
                Ok(appended)
            }
            Err(Unwritten { error: error @ StoreError::InDoubt(_), refused }) => {
                let count = facts.len() - refused.len();
                self.doubt = Some(Doubt { refused, count });
                if let Some(sealing) = &mut self.sealing {
                    sealing.rolled_back();
                }
                Err(error)
            }
            Err(Unwritten { error, .. }) => {
                self.roll_back(session);
                Err(error)
            }
        }
    }

    fn instance(&self) -> Option<Arc<str>> {
        Some(self.database.settings().instance.as_str().into())
    }

    fn resolve(&mut self) -> Result<Option<Appended>, StoreError> {
        let Some(Doubt { count, .. }) = self.doubt else { return Ok(None) };
        let session = self.session()?;
        // Its lock is that of the write in doubt, until the database has decided.
        let sql = "SELECT epoch, batch, batch_first FROM instances WHERE name = $1 FOR UPDATE";
        let found: Result<(i64, i64, i64), _> = self.database.ask(async {
            let row: Row = session.client.query_one(sql, &[&self.database.settings().instance]).await?;
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
        });
        let (epoch, batch, first) = found.map_err(|failure| StoreError::Unavailable(failure.into_error()))?;
        self.session = Some(session);
        if epoch != self.lease.epoch {
            return Err(StoreError::Unavailable(self.lease.fenced()));
        }
        let refused = self.doubt.take().map(|doubt| doubt.refused).unwrap_or_default();
        if batch != self.batch + 1 {
            return Ok(None);
        }
        self.batch = batch;
        let first = unsigned(first);
        self.stored(first, count);
        Ok(Some(Appended { first, refused }))
    }

    /// A commit without facts.
    fn probe(&mut self) -> Result<(), StoreError> {
        let session = self.session()?;
        let instance = &self.database.settings().instance;
        let renewed = self.database.ask(async {
            let client = &session.client;
            let parameters: [&(dyn ToSql + Sync); 2] = [instance, &self.lease.epoch];
            let (begun, locked, renewed, committed) = join4(
                client.batch_execute("BEGIN"),
                client.query_one("SELECT last FROM journal FOR UPDATE", &[]),
                client.execute(PROBE, &parameters),
                client.batch_execute("COMMIT"),
            )
            .await;
            begun?;
            locked?;
            let renewed = renewed?;
            committed.map(|()| renewed)
        });
        match renewed {
            Ok(renewed) => {
                self.session = Some(session);
                if renewed == 0 { Err(StoreError::Unavailable(self.lease.fenced())) } else { Ok(()) }
            }
            Err(failure) => Err(StoreError::Unavailable(failure.into_error())),
        }
    }
}
