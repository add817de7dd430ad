//! Encrypts journal files with the newest key, and forgets keys. No gateway runs meanwhile.
//!
//! ```text
//! for each archive, then for the journal:  copy to FILE.rekey ─► close, sync ─► rename over FILE
//! then: make the index again
//! ```
//!
//! A crash leaves each file as it was or as it should be, and the next run continues. The copy holds every fact of its file, in
//! the same order and under the same number.

use std::path::{Path, PathBuf};

use fep_protocol::reason::JournalError;

use super::audit;
use super::guard::FileGuard;
use super::lookup::Lookup;
use super::reading::{JournalFiles, JournalPlace, files_of};
use super::seal::{self, KeyId, KeyRing};
use super::sqlite::rekey as copying;
use crate::time::DAY_MS;

/// The age of the newest fact of a key before the key can be forgotten, in milliseconds.
const FORGET_AFTER_MS: i64 = DAY_MS;

/// Seals every fact of journal files with the newest key, and makes the index again. Passes each file on that was written.
/// Returns the number of facts.
///
/// # Errors
/// If a gateway uses the journal, a body cannot be read, a file cannot be written, or `done` fails.
pub fn rekey<E: From<JournalError>>(
    paths: &[PathBuf],
    keys: &KeyRing,
    mut done: impl FnMut(&Path) -> Result<(), E>,
) -> Result<u64, E> {
    let current = JournalFiles::open(paths, Some(keys))?.current().to_owned();
    let guard = FileGuard::lock(&current)?;
    let mut files = files_of(paths)?;
    // The journal comes last: it is encrypted only after its archives are.
    files.sort_by_key(|file| *file == current);
    for file in &files {
        if rekey_file(file, keys)? {
            done(file)?;
        }
    }
    drop(guard);
    Ok(audit::rebuild(paths, Some(keys))?)
}

/// Seals every fact of one file. Returns whether the file was written.
fn rekey_file(path: &Path, keys: &KeyRing) -> Result<bool, JournalError> {
    let mut new = path.as_os_str().to_owned();
    new.push(".rekey");
    let new = PathBuf::from(new);
    let failed = |error: std::io::Error| JournalError::Failed(format!("{}: {error}", new.display()));
    if copying::is_done(path, keys)? {
        return Ok(false);
    }
    // What an earlier run did not complete. Its rollback journal goes first: it must not be applied to the new file.
    for suffix in ["-journal", ""] {
        let mut old = new.clone().into_os_string();
        old.push(suffix);
        match std::fs::remove_file(old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    // The log of the old file must not be there when the new file has its name.
    copying::settle_log(path)?;
    copying::copy(path, &new, keys)?;
    std::fs::rename(&new, path).map_err(failed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(true)
}

/// Deletes a key from a key file, if no gateway needs it any more.
///
/// # Errors
/// If an exchange without an end or an unfinished settlement needs the key, it sealed facts lately, or it cannot be deleted.
pub fn forget(place: &JournalPlace, key_file: &Path, key: KeyId, now_ms: i64) -> Result<(), JournalError> {
    let keys = KeyRing::read(key_file)?;
    let lookup = Lookup::open(place, Some(&keys))?;
    if let Some(number) = lookup.needs(key)? {
        return Err(JournalError::Failed(format!(
            "the key {key} is needed: fact {number} belongs to an exchange that has no end yet, or needs a person"
        )));
    }
    let newest = lookup.newest_of(key)?;
    if newest.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) < FORGET_AFTER_MS) {
        let hours = FORGET_AFTER_MS / 3_600_000;
        return Err(JournalError::Failed(format!("the key {key} sealed facts less than {hours} hours ago")));
    }
    seal::forget_key(key_file, key, now_ms)
}
