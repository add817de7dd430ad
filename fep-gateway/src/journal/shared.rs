//! Opens a journal whose facts are in a PostgreSQL database. The rules of `recovery` hold here, too.

use std::sync::Arc;

use fep_protocol::reason::JournalError;

use super::home::{Home, Reading};
use super::indexer::catch_up;
use super::lost::Suspect;
use super::postgres::Database;
use super::postgres::facts::Facts;
use super::postgres::lease::Lease;
use super::postgres::reader::FactReader;
use super::recovery::{Begun, Earlier, OpenOptions, Running, endings, index_of, threads};
use super::seal::KeyRing;
use super::sealing::Access;
use super::store::{FactReads, FactStore};
use super::writer::Writer;
use super::{Opened, index_path};
use crate::config::PostgresConfig;
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
    let (lease, journal) = Lease::begin(&database, path, options.is_test)?;
    let lease = Arc::new(lease);
    let mut facts = Facts::open(Arc::clone(&lease), journal, path, keys.as_ref())?;
    let mut source = FactReader::open(&database, &access)?;
    let index_file = index_path(path);
    let suspect = Suspect { path, index: &index_file, goes_on: options.begin_anew, now_ms: options.now_ms };
    let kept = suspect.if_shared(&database.to_string(), journal, source.last()?)?;
    let mut index = index_of(&index_file, &source)?;
    catch_up(&mut index, &mut source)?;
    let veil = keys.map(|keys| keys.veil().clone()).unwrap_or_default();
    let home = Arc::new(Home::Postgres { database, lease, path: path.clone() });
    let begun = Begun { home, reading: Reading { access, veil }, journal };
    let reader = begun.home.reader(&begun.reading)?;
    let ends: Vec<_> = kept.into_iter().chain(endings(&reader, options)?).collect();
    if !ends.is_empty() {
        facts.append(&ends)?;
        point(FaultPoint::Recovered);
    }
    catch_up(&mut index, &mut source)?;
    let earlier = Earlier::read(reader, options)?;
    let running = Running::new(&begun, &index, options)?;
    let workers = threads(Writer::new(facts, running.parts.clone()), index, source, None)?;
    Ok(running.opened(begun, earlier, workers, Ground::Machine))
}
