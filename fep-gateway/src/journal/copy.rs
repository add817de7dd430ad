//! Moves a journal from files into a database: every fact under its number and as it is stored, and what the journal knows besides.
//!
//! ```text
//! lock the file ─► copy the facts ─► compare all of them ─► mark the file as moved ─► complete the database
//! ```
//!
//! A crash at any step leaves either the file or nothing that a gateway opens, and the next run continues. The journal keeps its name, which
//! sealed bodies prove.

use std::path::{Path, PathBuf};

use fep_protocol::reason::JournalError;

use super::guard::FileGuard;
use super::index_path;
use super::lost::Suspect;
use super::mark::Mark;
use super::postgres::copy::{Copying, Progress, Rest};
use super::reading::JournalFiles;
use super::sealing::Access;
use super::sqlite::facts::FactReader;
use super::sqlite::{closing, environment, index, leaving, moved};
use super::store::FactNumber;
use super::stored::StoredFact;
use crate::config::PostgresConfig;

/// The number of facts and of bytes of bodies that are copied in one transaction.
const PIECE: (u32, usize) = (512, 4 * 1024 * 1024);

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The last fact.
    pub last: u64,
    /// The number of facts that were compared.
    pub facts: u64,
    /// The database, as people call it.
    pub place: String,
    /// Whether an earlier run had done everything.
    pub was_complete: bool,
}

/// Moves the journal of these files into a database. The file is marked as moved then, and no gateway opens it.
///
/// # Errors
/// If a gateway uses the file or the database, facts are missing, the database has another journal, or a fact differs in the end.
pub fn copy(paths: &[PathBuf], settings: &PostgresConfig, is_test: bool, now_ms: i64) -> Result<Copied, JournalError> {
    let current = JournalFiles::open(paths, None)?.current().to_owned();
    let _guard = FileGuard::lock(&current)?;
    let index_file = index_path(&current);
    Suspect { path: &current, index: &index_file, goes_on: false, now_ms }.if_there()?;
    environment::is_of(&current, is_test)?;
    // An older file is brought to the newest version first. Its log goes with the last connection, so it is marked as whole before: otherwise the
    // next run would look for the log.
    closing::close(&current)?;
    let files = JournalFiles::open(paths, None)?;
    let removal = files.removal()?;
    let removed = removal.as_ref().map_or(0, |removal| removal.last);
    let journal = files.journal_id();
    let mut copying = match Copying::begin(settings, (journal, is_test), removed)? {
        Progress::Copying(copying) => *copying,
        Progress::Complete(last) => return done_before(&current, last, files.last()),
    };
    let place = copying.place();
    if let Some(other) = moved::moved_to(&current)?.filter(|other| *other != place) {
        return Err(JournalError::Failed(format!("{}: it was moved to the {other} already", current.display())));
    }
    let from = copying.last();
    pieces(&files, from, |piece| copying.store(piece))?;
    let mut facts = 0;
    pieces(&files, removed, |piece| {
        facts += u64::try_from(piece.len()).unwrap_or_default();
        copying.compare(piece)
    })?;
    if copying.last() != files.last().max(removed) {
        let why = format!("the {place} has facts up to {}, and the file up to {}", copying.last(), files.last());
        return Err(JournalError::Failed(format!("{why}: drop the schema, and begin again")));
    }
    let mut seals = FactReader::open_existing(&current, &Access::tolerant(None))?.seal_state(&current)?;
    for (path, ..) in files.spans() {
        let further = FactReader::open_existing(path, &Access::tolerant(None))?.seal_state(path)?.used;
        seals.used.extend(further);
    }
    let published = Mark::of(&current, journal)?.published();
    leaving::mark(&current, &place)?;
    closing::close(&current)?;
    copying.finish(&Rest { seals: &seals, published, removal: removal.as_ref() })?;
    // It knows of no instances. The next start makes it from the database.
    index::delete(&index_file)?;
    Ok(Copied { last: copying.last(), facts, place, was_complete: false })
}

/// The database has the journal already. If the file is not marked, it did not come from here.
fn done_before(current: &Path, last: FactNumber, ours: FactNumber) -> Result<Copied, JournalError> {
    match moved::moved_to(current)? {
        Some(place) => Ok(Copied { last, facts: 0, place, was_complete: true }),
        None => Err(JournalError::Failed(format!(
            "{}: the database has this journal up to fact {last}, and gateways write it, but this file, up to fact {ours}, is not marked as \
             moved: it is an older copy. Move it away",
            current.display()
        ))),
    }
}

/// Passes the facts after a number on in pieces, in their order and without a gap.
fn pieces(
    files: &JournalFiles,
    after: FactNumber,
    mut each: impl FnMut(&[StoredFact]) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let mut read = after;
    for (path, _, last) in files.spans().filter(|(.., last)| *last > after) {
        let file = FactReader::open_existing(path, &Access::tolerant(None))?;
        while read < last {
            let mut piece = Vec::new();
            file.stored(read, PIECE, |columns| piece.push(StoredFact::of(columns)))?;
            for fact in &piece {
                if fact.number() != read + 1 {
                    return Err(JournalError::Failed(format!(
                        "{}: the facts {} to {} are missing: give the folder of the archives with --journal, too",
                        path.display(),
                        read + 1,
                        fact.number() - 1
                    )));
                }
                read += 1;
            }
            if piece.is_empty() {
                break;
            }
            each(&piece)?;
        }
    }
    Ok(())
}
