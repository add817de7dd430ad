//! Opens a journal whose facts are in a PostgreSQL database. The rules of `recovery` hold here, too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fep_protocol::fact::{Fact, What};
use fep_protocol::reason::JournalError;

use super::expiry::Expiry;
use super::home::{Home, Reading};
use super::indexer::catch_up;
use super::lost::Suspect;
use super::postgres::Database;
use super::postgres::facts::Facts;
use super::postgres::lease::Lease;
use super::postgres::reader::FactReader;
use super::postgres::sharing::{SharedInstances, Sharing};
use super::recovery::{Begun, Earlier, OpenOptions, Running, endings, index_of, thread, threads};
use super::seal::KeyRing;
use super::sealing::Access;
use super::store::{FactNumber, FactReads, FactSource, FactStore, StoreError};
use super::whose::{Over, Whose};
use super::writer::Writer;
use super::{Opened, index_path};
use crate::config::PostgresConfig;
use crate::coordinator::Instances;
use crate::fault::{FaultPoint, point};
use crate::ground::Ground;

/// Opens or creates the journal, takes the right to write it, and ends the exchanges that an earlier run left open.
///
/// # Errors
/// If the database cannot be reached or cannot hold a journal, or another gateway writes it.
pub(super) fn open(options: &OpenOptions, postgres: &PostgresConfig) -> Result<Opened, JournalError> {
    let path = &options.path;
    let keys = options.key_file.as_deref().map(KeyRing::read).transpose()?;
    let access = Access::strict(keys.as_ref());
    let database = Database::new(postgres)?;
    let (lease, journal) = Lease::begin(&database, path, options.is_test, options.instances_max)?;
    let lease = Arc::new(lease);
    let sharing = Arc::new(Sharing::new(Arc::clone(&database), Arc::clone(&lease)));
    let mut facts = Facts::open(Arc::clone(&lease), journal, path, keys.as_ref())?;
    let mut source = FactReader::open(&database, &access)?;
    let index_file = index_path(path);
    let suspect = Suspect { path, index: &index_file, goes_on: options.begin_anew, now_ms: options.now_ms };
    let kept = suspect.if_shared(&database.to_string(), journal, source.last()?)?;
    let mut index = index_of(&index_file, &source)?;
    let every = postgres.lease / 4;
    catch_up(&mut index, &mut Renewing { source: &mut source, facts: &mut facts, every, last: Instant::now() })?;
    let veil = keys.map(|keys| keys.veil().clone()).unwrap_or_default();
    let is_alone = lease.is_alone();
    let shared = (!is_alone).then(|| Arc::clone(&sharing));
    let expiring = Arc::clone(&lease);
    let kept_facts = FactReader::open(&database, &access)?;
    let home = Arc::new(Home::Postgres { database, lease, path: path.clone(), sharing: shared.clone() });
    let options = &OpenOptions { whose: Whose::of(home.instance()), ..options.clone() };
    let begun = Begun { home, reading: Reading { access, veil }, journal };
    let reader = begun.home.reader(&begun.reading)?;
    // Who is alone goes on with what all others left.
    let taken = if is_alone { taken_over(&sharing, options.now_ms)? } else { Vec::new() };
    let ends: Vec<_> = kept.into_iter().chain(taken).chain(endings(&reader, options)?).collect();
    if !ends.is_empty() {
        facts.append(&ends)?;
        point(FaultPoint::Recovered);
    }
    catch_up(&mut index, &mut source)?;
    let earlier = Earlier::read(&begun, reader, options)?;
    let running = Running::new(&begun, &index, options)?;
    if shared.is_some() {
        running.parts.index.share();
    }
    let mut workers = threads(Writer::new(facts, running.parts.clone()), index, source, None)?;
    let stop = Arc::clone(&running.archive_stop);
    let index = Arc::clone(&running.parts.index);
    let expiry = Expiry { lease: expiring, facts: kept_facts, index, index_file, stop, followed: 0 };
    workers.push(thread("journal-retention", move || expiry.run())?);
    let index = Arc::clone(&running.parts.index);
    let instances = shared.map(|sharing| Arc::new(SharedInstances { sharing, index }) as Arc<dyn Instances>);
    Ok(Opened { instances, ..running.opened(begun, earlier, workers, Ground::Machine) })
}

/// Reads facts, and renews the lease meanwhile: an index that is far behind can take longer than the lease.
struct Renewing<'f> {
    source: &'f mut FactReader,
    facts: &'f mut Facts,
    every: Duration,
    last: Instant,
}

impl FactSource for Renewing<'_> {
    fn newest(&mut self) -> Result<Option<FactNumber>, StoreError> {
        self.source.newest()
    }

    fn after(&mut self, number: FactNumber, max: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        if self.last.elapsed() >= self.every {
            self.facts.probe()?;
            self.last = Instant::now();
        }
        self.source.after(number, max)
    }
}

/// The facts by which a gateway that is alone takes over from all others.
fn taken_over(sharing: &Sharing, now_ms: i64) -> Result<Vec<Fact>, JournalError> {
    let fact = |over: Over| Fact {
        what: What::TakenOver,
        taken_over: Some(Box::new(over.run)),
        ..Fact::new("".into(), now_ms)
    };
    Ok(sharing.over()?.into_iter().map(fact).collect())
}
