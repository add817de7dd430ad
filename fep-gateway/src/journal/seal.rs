//! Seals what telegrams say, so that the files of the journal show it only together with a key file.
//!
//! A sealed fact keeps its open columns: times, names, outcomes, reasons. Its body (`seal/body.rs`) is encrypted with
//! AES-256-GCM. The open columns, the number of the fact and the ID of the journal are authenticated with it, so a body that
//! is moved to another fact or another journal does not open, and neither does a fact whose outcome was changed.
//!
//! ```text
//! sealed = key ID (4 bytes) ‖ nonce (12) ‖ ciphertext ‖ tag (16)
//! the key of a day = HMAC-SHA-256(key, "fep-gateway journal day" ‖ journal (16) ‖ day (8))
//! ```
//!
//! Nonces: each sealer begins at a random 96-bit number and counts on from there. What is looked up by equality is a keyed hash
//! (`seal/veil.rs`). Nothing here knows SQL.

mod key_file;
mod runs;
mod veil;

mod body;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use fep_protocol::reason::JournalError;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

pub(super) use self::body::{Body, without_delivery_person, without_person};
pub(super) use self::key_file::random;
pub use self::key_file::{KEYS_MAX, KeyId};
use self::key_file::{KeyFile, SealKey};
pub use self::veil::Veil;
use crate::time::DAY_MS;

/// The keys of a key file. Clones share them.
#[derive(Clone)]
pub struct KeyRing {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    veil: Veil,
    keys: RwLock<KeyFile>,
}

/// A key of a key file, without its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name.
    pub id: KeyId,
    /// When it was made, or when it was forgotten, in milliseconds since 1970.
    pub at_ms: i64,
    /// What it is for.
    pub state: KeyState,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It seals new facts.
    Seals,
    /// It opens what it sealed.
    Opens,
    /// It was deleted on purpose.
    Forgotten,
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// No key file was given.
    NoKeyFile(KeyId),
    /// The key file does not have the key.
    NoKey(KeyId),
    /// The key was deleted on purpose.
    Forgotten(KeyId),
    /// The body or the fact was changed, or the body belongs to another fact or another journal.
    Changed(KeyId),
    /// The fact is not sealed although the journal was encrypted when it was stored.
    NotSealed,
    /// These are not the bytes of a sealed body.
    Malformed,
}

/// Seals facts with the newest key.
#[derive(Debug)]
pub(super) struct Sealer {
    ring: KeyRing,
    journal: [u8; 16],
    nonce: u128,
    day: Option<DayKey>,
}

/// Opens sealed facts.
#[derive(Debug)]
pub(super) struct Opener {
    ring: Option<KeyRing>,
    journal: [u8; 16],
    days: HashMap<(KeyId, i64), LessSafeKey>,
}

#[derive(Debug)]
struct DayKey {
    id: KeyId,
    day: i64,
    key: LessSafeKey,
}

/// The length of the head of a sealed body: the ID of the key and the nonce.
const HEAD_LEN: usize = 4 + NONCE_LEN;

/// The maximum number of day keys that an opener remembers.
const DAYS_MAX: usize = 64;

impl KeyRing {
    /// Reads a key file.
    ///
    /// # Errors
    /// If it cannot be read, others than its owner may read it, or it is not a key file.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let keys = KeyFile::read(path)?;
        let veil = Veil::new(&keys.lookup);
        Ok(Self { inner: Arc::new(Inner { path: path.to_owned(), veil, keys: RwLock::new(keys) }) })
    }

    /// The keyed hashes of this key file.
    #[must_use]
    pub fn veil(&self) -> &Veil {
        &self.inner.veil
    }

    /// The path of the key file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The keys without their secrets, the forgotten ones first, the newest one last.
    #[must_use]
    pub fn list(&self) -> Vec<KeyInfo> {
        self.with(list)
    }

    /// What a journal that is encrypted from this fact on must have, to prove that this is its key file.
    pub(super) fn proof(&self, journal: &[u8; 16], sealed_from: u64) -> Vec<u8> {
        self.inner.veil.proof(journal, sealed_from)
    }

    /// Reads the file again, so that a new key takes effect. If that fails, the keys stay as they were.
    fn reload(&self) {
        let read = KeyFile::read(&self.inner.path).and_then(|new| {
            let other = JournalError::Failed(format!("{}: it has another lookup key", self.inner.path.display()));
            if self.with(|old| old.lookup == new.lookup) { Ok(new) } else { Err(other) }
        });
        match read {
            Ok(keys) => *self.inner.keys.write().unwrap_or_else(PoisonError::into_inner) = keys,
            Err(error) => tracing::error!(%error, "the key file cannot be read again: the keys stay as they were"),
        }
    }

    /// The key that seals new facts.
    pub(super) fn newest_id(&self) -> Option<KeyId> {
        self.newest().map(|key| key.id)
    }

    fn newest(&self) -> Option<SealKey> {
        self.with(|file| file.keys.last().cloned())
    }

    /// Whether a body of this key can be read, and if not, why.
    pub(super) fn knows(&self, id: KeyId) -> Result<(), Unreadable> {
        self.key(id).map(drop)
    }

    fn key(&self, id: KeyId) -> Result<SealKey, Unreadable> {
        self.with(|file| {
            let forgotten = || file.forgotten.iter().any(|(known, _)| *known == id);
            let missing = || if forgotten() { Unreadable::Forgotten(id) } else { Unreadable::NoKey(id) };
            file.keys.iter().find(|key| key.id == id).cloned().ok_or_else(missing)
        })
    }

    fn with<T>(&self, read: impl FnOnce(&KeyFile) -> T) -> T {
        read(&self.inner.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

/// Adds a key to a key file, or begins a key file with a key. The key seals from the next start of a gateway on, or from the
/// next day (UTC) on.
///
/// # Errors
/// If the file cannot be read or written.
pub fn new_key(path: &Path, now_ms: i64) -> Result<KeyId, JournalError> {
    let mut file = if path.exists() { KeyFile::read(path)? } else { KeyFile::new()? };
    let id = file.add(now_ms)?;
    file.write(path)?;
    Ok(id)
}

/// Deletes a key from a key file. What it sealed can never be read again.
///
/// # Errors
/// If the file cannot be read or written, it does not have the key, or the key seals new facts.
pub(super) fn forget_key(path: &Path, id: KeyId, now_ms: i64) -> Result<(), JournalError> {
    let mut file = KeyFile::read(path)?;
    let refused = |why: &str| Err(JournalError::Failed(format!("{}: {why}", path.display())));
    if file.keys.last().is_some_and(|newest| newest.id == id) {
        return refused(&format!("the key {id} seals new facts: add a new key first"));
    }
    let before = file.keys.len();
    file.keys.retain(|key| key.id != id);
    if file.keys.len() == before {
        return refused(&format!("there is no key {id}"));
    }
    file.forgotten.push((id, now_ms));
    file.write(path)
}

fn list(file: &KeyFile) -> Vec<KeyInfo> {
    let forgotten = file.forgotten.iter().map(|(id, at_ms)| (*id, *at_ms, KeyState::Forgotten));
    let keys = file.keys.iter().map(|key| (key.id, key.made_at_ms, KeyState::Opens));
    let mut all: Vec<_> = forgotten.chain(keys).map(|(id, at_ms, state)| KeyInfo { id, at_ms, state }).collect();
    if let Some(newest) = all.last_mut() {
        newest.state = KeyState::Seals;
    }
    all
}

impl Sealer {
    pub(super) fn new(ring: KeyRing, journal: [u8; 16]) -> Result<Self, JournalError> {
        let start: [u8; 16] = random()?;
        Ok(Self { ring, journal, nonce: u128::from_be_bytes(start), day: None })
    }

    /// The key that seals facts of this time. The key file is read again when another day begins.
    pub(super) fn key_at(&mut self, at_ms: i64) -> Result<KeyId, JournalError> {
        let day = at_ms.div_euclid(DAY_MS);
        if let Some(known) = self.day.as_ref().filter(|known| known.day == day) {
            return Ok(known.id);
        }
        if self.day.is_some() {
            self.ring.reload();
        }
        let unusable = || JournalError::Failed(format!("{}: there is no key", self.ring.path().display()));
        let newest = self.ring.newest().ok_or_else(unusable)?;
        let key = day_key(&newest, &self.journal, day).ok_or_else(unusable)?;
        let id = newest.id;
        self.day = Some(DayKey { id, day, key });
        Ok(id)
    }

    /// Seals a body with the key of [`Sealer::key_at`]. `associated` is authenticated with it.
    pub(super) fn seal(&mut self, body: &Body, associated: &[u8]) -> Result<Vec<u8>, JournalError> {
        self.nonce = self.nonce.wrapping_add(1);
        let failed = || JournalError::Failed("a fact cannot be sealed".to_owned());
        let day = self.day.as_ref().ok_or_else(failed)?;
        let [_, _, _, _, nonce @ ..] = self.nonce.to_be_bytes();
        let mut content = body.to_bytes();
        let sealed = Nonce::assume_unique_for_key(nonce);
        day.key.seal_in_place_append_tag(sealed, Aad::from(associated), &mut content).map_err(|_| failed())?;
        Ok([&day.id.0[..], &nonce, &content].concat())
    }
}

impl Opener {
    pub(super) fn new(ring: Option<KeyRing>, journal: [u8; 16]) -> Self {
        Self { ring, journal, days: HashMap::new() }
    }

    /// Opens what [`Sealer::seal`] made of a fact of this time.
    pub(super) fn open(&mut self, sealed: &[u8], at_ms: i64, associated: &[u8]) -> Result<Body, Unreadable> {
        let (id, rest) = sealed.split_first_chunk().ok_or(Unreadable::Malformed)?;
        let (nonce, content) = rest.split_first_chunk().ok_or(Unreadable::Malformed)?;
        let id = KeyId(*id);
        let ring = self.ring.clone().ok_or(Unreadable::NoKeyFile(id))?;
        let key = self.day(&ring, id, at_ms.div_euclid(DAY_MS))?;
        let mut content = content.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place(nonce, Aad::from(associated), &mut content);
        let opened = opened.map_err(|_| Unreadable::Changed(id))?;
        Body::from_bytes(opened).ok_or(Unreadable::Malformed)
    }

    fn day(&mut self, ring: &KeyRing, id: KeyId, day: i64) -> Result<&LessSafeKey, Unreadable> {
        if !self.days.contains_key(&(id, day)) {
            let key = ring.key(id).or_else(|missing| {
                // A running gateway may have begun with a key that was added since.
                if matches!(missing, Unreadable::NoKey(_)) {
                    ring.reload();
                }
                ring.key(id)
            })?;
            if self.days.len() >= DAYS_MAX {
                self.days.clear();
            }
            let key = day_key(&key, &self.journal, day).ok_or(Unreadable::Malformed)?;
            self.days.insert((id, day), key);
        }
        self.days.get(&(id, day)).ok_or(Unreadable::NoKey(id))
    }
}

/// The key that sealed a body.
pub(super) fn key_of(sealed: &[u8]) -> Option<KeyId> {
    sealed.first_chunk().copied().map(KeyId).filter(|_| sealed.len() > HEAD_LEN)
}

/// The key of one journal and one day. A day has fewer facts than nonces can be counted without meeting.
fn day_key(key: &SealKey, journal: &[u8; 16], day: i64) -> Option<LessSafeKey> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key.secret));
    context.update(b"fep-gateway journal day");
    context.update(journal);
    context.update(&day.to_be_bytes());
    UnboundKey::new(&AES_256_GCM, context.sign().as_ref()).ok().map(LessSafeKey::new)
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeyFile(id) => write!(f, "the body is sealed with the key {id}, and no key file was given"),
            Self::NoKey(id) => write!(f, "the body is sealed with the key {id}, which the key file does not have"),
            Self::Forgotten(id) => write!(f, "the body is sealed with the key {id}, which was forgotten on purpose"),
            Self::Changed(id) => write!(
                f,
                "the body does not open with the key {id}: the fact was changed, or the body belongs to another fact or \
                 journal"
            ),
            Self::NotSealed => f.write_str("the fact is not sealed although the journal was encrypted before it"),
            Self::Malformed => f.write_str("the body is damaged"),
        }
    }
}

impl std::error::Error for Unreadable {}

#[cfg(test)]
mod tests;
