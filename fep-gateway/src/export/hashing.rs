//! Keyed hashes in place of secret values, by which tables can be joined. Without the key, nobody can try all account numbers.

use std::path::Path;

use ring::{digest, hmac};

use crate::config::read_secret;
use crate::hex::hex;

/// The least length of a key, in characters.
const KEY_MIN_CHARS: usize = 32;

/// The length of a hash, in bytes. With 16 bytes, two of a billion values have the same hash with a chance of one in 10^20.
const HASH_BYTES: usize = 16;

/// A key for hashes.
#[derive(Debug)]
pub(super) struct HashKey {
    key: hmac::Key,
    name: String,
}

impl HashKey {
    /// Reads the key of a file.
    ///
    /// # Errors
    /// One line, without a part of the key.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = read_secret(path)?;
        let text = text.trim();
        if text.chars().count() < KEY_MIN_CHARS {
            let why =
                format!("a key for hashes has at least {KEY_MIN_CHARS} characters: `openssl rand -hex 32` makes one");
            return Err(format!("{}: {why}", path.display()));
        }
        Ok(Self::of(text))
    }

    fn of(text: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
        let name = digest::digest(&digest::SHA256, hmac::sign(&key, b"the name of this key").as_ref());
        Self { key, name: hex(name.as_ref().get(..8).unwrap_or_default()) }
    }

    /// A name of the key, which does not tell the key.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The hash of a value. It does not depend on the field, so the same account has the same hash everywhere.
    pub(super) fn hash(&self, value: &str) -> String {
        hex(hmac::sign(&self.key, value.as_bytes()).as_ref().get(..HASH_BYTES).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `printf %s 1002345678901 | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef`.
    #[test]
    fn a_hash_is_what_openssl_computes() {
        let key = HashKey::of("0123456789abcdef0123456789abcdef");
        assert_eq!(key.hash("1002345678901"), "6748f7b2992762797ae62ef370cdb9d2");
        assert_ne!(key.hash("1002345678901"), HashKey::of("0123456789abcdef0123456789abcdeg").hash("1002345678901"));
    }

    #[test]
    fn a_short_key_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "secret\n").unwrap();
        let why = HashKey::read(file.path()).unwrap_err();
        assert!(why.contains("at least 32 characters") && !why.contains("secret"), "{why}");
    }
}
