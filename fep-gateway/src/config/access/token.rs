//! Tokens of clients: how one is made, its hash, which the access file has, and the last day on which it holds. Whose token it is, is not known
//! here.

use std::fmt;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::hex::{hex, unhex};

/// The SHA-256 of a token. A token is 32 random bytes, so its hash needs no salt and cannot be reversed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

/// What the text of a hash begins with.
const SHA256_MARK: &str = "sha256:";

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.iter_mut().zip(digest(&SHA256, token.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
        Self(hash)
    }

    /// Enough of it to find it in the file.
    pub(super) fn short(&self) -> String {
        self.to_string().chars().take(SHA256_MARK.len() + 8).chain(['…']).collect()
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        unhex(text.strip_prefix(SHA256_MARK)?).map(Self)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SHA256_MARK}{}", hex(&self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The last day on which a token holds, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastDay {
    /// As the file has it.
    pub(super) text: String,
    /// In days since 1970.
    pub(super) day: i64,
}

/// The reason why a token proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// No client has it.
    Unknown,
    /// This was its last day, such as `2027-01-31`.
    Expired(String),
}

/// Makes a token, and its hash for the file.
///
/// # Errors
/// If the operating system gives no random bytes.
pub fn new_token() -> Result<(String, TokenHash), String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the operating system gives no random bytes".to_owned())?;
    let token = format!("{TOKEN_MARK}{}", hex(&bytes));
    let hash = TokenHash::of(&token);
    Ok((token, hash))
}

/// What a token begins with, so that scanners for leaked secrets recognise it.
const TOKEN_MARK: &str = "fep_";
