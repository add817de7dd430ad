//! The commands about the keys of an encrypted journal. No output shows a secret.

use std::io::Write;
use std::path::Path;

use super::{Files, InspectError};
use crate::journal::rekey;
use crate::journal::seal::{KeyId, KeyRing, KeyState, new_key};
use crate::net::clock::Clock;
use crate::time::Rfc3339;

/// Adds a key to a key file.
pub(super) fn add(key_file: &Path, out: &mut impl Write) -> Result<(), InspectError> {
    let id = new_key(key_file, now_ms())?;
    writeln!(out, "{}: the key {id} seals from the next start of the gateway on", key_file.display())?;
    Ok(())
}

/// Lists the keys of a key file.
pub(super) fn list(key_file: &Path, out: &mut impl Write) -> Result<(), InspectError> {
    for key in KeyRing::read(key_file)?.list() {
        let state = match key.state {
            KeyState::Seals => "seals and opens, made",
            KeyState::Opens => "opens, made",
            KeyState::Forgotten => "forgotten",
        };
        writeln!(out, "{} {state} {}", key.id, Rfc3339(key.at_ms))?;
    }
    Ok(())
}

/// Deletes a key that the gateway does not need any more.
pub(super) fn forget(key: KeyId, files: &Files, out: &mut impl Write) -> Result<(), InspectError> {
    let named = || Ok::<_, InspectError>(files.config()?.and_then(|config| config.journal.key_file));
    let key_file =
        files.key_file.clone().map_or_else(named, |given| Ok(Some(given)))?.ok_or(InspectError::NoKeyFile)?;
    rekey::forget(&files.place()?, &key_file, key, now_ms())?;
    let file = key_file.display();
    writeln!(out, "{file}: the key {key} is forgotten. Delete the copies of the key file that still have it")?;
    Ok(())
}

/// Encrypts all facts with the newest key.
pub(super) fn rekey(files: &Files, out: &mut impl Write) -> Result<(), InspectError> {
    let keys = files.keys()?.ok_or(InspectError::NoKeyFile)?;
    let facts = rekey::rekey(&files.files("rekey")?, &keys, |file| {
        Ok::<_, InspectError>(writeln!(out, "{}: encrypted", file.display())?)
    })?;
    writeln!(out, "all {facts} facts are sealed with the newest key; the index was made again")?;
    Ok(())
}

fn now_ms() -> i64 {
    Clock::default().now().wall_ms
}
