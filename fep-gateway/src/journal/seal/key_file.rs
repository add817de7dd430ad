//! The key file: who has it and the journal can read every telegram.
//!
//! ```text
//! lookup 3b…                                  32 bytes in hexadecimal: the key of keyed hashes. It never changes
//! forgotten 1c40f7aa 2026-11-01T00:00:00.000Z a key that was deleted on purpose: what it sealed stays unreadable
//! key 9f3a61c2 2026-11-27T00:00:00.000Z 5e…   32 bytes in hexadecimal. The last key seals, the others only open
//! ```
//!
//! The ID of a key is computed from it, so a damaged line is found. No text of this module shows a byte of a key.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use fep_protocol::reason::JournalError;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::hex::{hex, unhex};
use crate::journal::private;
use crate::time::{Rfc3339, parse};

/// The name of a key: the first four bytes of a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(in crate::journal) [u8; 4]);

/// The length of a key, in bytes.
pub(super) const KEY_LEN: usize = 32;

/// The maximum number of keys in a file, with those that were forgotten.
pub const KEYS_MAX: usize = 10_000;

/// The maximum length of a key file, in bytes.
const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// The content of a key file.
#[derive(Clone)]
pub(super) struct KeyFile {
    pub(super) lookup: [u8; KEY_LEN],
    /// The keys from the oldest to the newest.
    pub(super) keys: Vec<SealKey>,
    /// The keys that were deleted, with the times.
    pub(super) forgotten: Vec<(KeyId, i64)>,
}

/// One key.
#[derive(Clone)]
pub(super) struct SealKey {
    pub(super) id: KeyId,
    /// When it was made, in milliseconds since 1970.
    pub(super) made_at_ms: i64,
    pub(super) secret: [u8; KEY_LEN],
}

impl KeyFile {
    /// A file without a key.
    pub(super) fn new() -> Result<Self, JournalError> {
        Ok(Self { lookup: random()?, keys: Vec::new(), forgotten: Vec::new() })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, others may read it, or it is not a key file. No error shows a part of a key.
    pub(super) fn read(path: &Path) -> Result<Self, JournalError> {
        let failed = |error: std::io::Error| refused(path, &error.to_string());
        let file = File::open(path).map_err(failed)?;
        private(path, &file)?;
        let mut text = String::new();
        file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(failed)?;
        if u64::try_from(text.len()).is_ok_and(|len| len > FILE_BYTES_MAX) {
            return Err(refused(path, &format!("it is longer than {FILE_BYTES_MAX} bytes, so it is not a key file")));
        }
        Self::parse(&text).map_err(|why| refused(path, &why))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut lookup = None;
        let mut keys: Vec<SealKey> = Vec::new();
        let mut forgotten = Vec::new();
        let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        for (at, line) in lines {
            let wrong = |what: &str| format!("line {}: {what}", at + 1);
            let mut words = line.split(' ');
            let word = words.next().unwrap_or_default();
            let rest: Vec<&str> = words.collect();
            match (word, rest.as_slice()) {
                ("lookup", [secret]) if lookup.is_none() => {
                    lookup = Some(unhex(secret).ok_or_else(|| wrong("a key is 64 hexadecimal digits"))?);
                }
                ("key", [id, time, secret]) => {
                    let id = KeyId::read(id).ok_or_else(|| wrong("the ID of a key is 8 hexadecimal digits"))?;
                    let made_at_ms = parse(time).map_err(|why| wrong(&why))?;
                    let secret = unhex(secret).ok_or_else(|| wrong("a key is 64 hexadecimal digits"))?;
                    if KeyId::of(&secret) != id {
                        return Err(wrong(&format!("the key does not have the ID {id}: the line is damaged")));
                    }
                    if keys.iter().any(|key| key.id == id) {
                        return Err(wrong(&format!("the key {id} is there twice")));
                    }
                    keys.push(SealKey { id, made_at_ms, secret });
                }
                ("forgotten", [id, time]) => {
                    let id = KeyId::read(id).ok_or_else(|| wrong("the ID of a key is 8 hexadecimal digits"))?;
                    forgotten.push((id, parse(time).map_err(|why| wrong(&why))?));
                }
                _ => {
                    return Err(wrong(
                        "expected one line `lookup KEY`, and lines `key ID TIME KEY` or `forgotten ID TIME`",
                    ));
                }
            }
            if keys.len() + forgotten.len() > KEYS_MAX {
                return Err(format!("there are more than {KEYS_MAX} keys"));
            }
        }
        let lookup = lookup.ok_or("there is no line `lookup KEY`: this is not a key file")?;
        if keys.is_empty() {
            return Err("there is no key: `fep-gateway journal new-key` adds one".to_owned());
        }
        Ok(Self { lookup, keys, forgotten })
    }

    /// Adds a key, which seals from now on.
    pub(super) fn add(&mut self, now_ms: i64) -> Result<KeyId, JournalError> {
        loop {
            let secret = random()?;
            let id = KeyId::of(&secret);
            if !self.keys.iter().any(|key| key.id == id) && !self.forgotten.iter().any(|(known, _)| *known == id) {
                self.keys.push(SealKey { id, made_at_ms: now_ms, secret });
                return Ok(id);
            }
        }
    }

    /// Writes the file. It is complete at any time: the new content gets the name of the file at once.
    pub(super) fn write(&self, path: &Path) -> Result<(), JournalError> {
        if self.keys.len() + self.forgotten.len() > KEYS_MAX {
            return Err(refused(path, &format!("there would be more than {KEYS_MAX} keys")));
        }
        private::replace(path, self.text().as_bytes()).map_err(|error| refused(path, &error.to_string()))
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "# Keys of a journal of fep-gateway. Who has this file and the journal can read every telegram.\n\
             # Without this file, nobody can. Keep a copy, apart from the copies of the journal.\n",
        );
        text.push_str(&format!("lookup {}\n", hex(&self.lookup)));
        for (id, at_ms) in &self.forgotten {
            text.push_str(&format!("forgotten {id} {}\n", Rfc3339(*at_ms)));
        }
        for key in &self.keys {
            text.push_str(&format!("key {} {} {}\n", key.id, Rfc3339(key.made_at_ms), hex(&key.secret)));
        }
        text
    }
}

impl KeyId {
    fn of(secret: &[u8; KEY_LEN]) -> Self {
        let hash = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"fep-gateway journal key id");
        Self(hash.as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// Reads an ID as [`KeyId`] writes it: 8 hexadecimal digits.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        unhex(text).map(Self)
    }
}

impl std::str::FromStr for KeyId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| "the ID of a key is 8 hexadecimal digits".to_owned())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Bytes that nobody can guess.
pub(in crate::journal) fn random<const N: usize>() -> Result<[u8; N], JournalError> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| JournalError::Failed("the system gives no random numbers".to_owned()))?;
    Ok(bytes)
}

/// Refuses a file that others than its owner may read or change.
#[cfg(unix)]
fn private(path: &Path, file: &File) -> Result<(), JournalError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|error| refused(path, &error.to_string()))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(refused(path, &format!("others than its owner may use this key file (its mode is {mode:04o}): chmod 0600 it")))
}

#[cfg(not(unix))]
fn private(_: &Path, _: &File) -> Result<(), JournalError> {
    Ok(())
}

fn refused(path: &Path, why: &str) -> JournalError {
    JournalError::Failed(format!("{}: {why}", path.display()))
}
