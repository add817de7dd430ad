//! The names of exceptions. The same finding of the same date has the same name in each file, so that it is not kept twice. A name is a keyed hash,
//! because a key can have secret values, such as account numbers, which could be tried out otherwise.

use ring::hmac;

use super::matching::{Class, Finding};
use crate::hex::hex;

/// How many bytes of the hash a name has.
const NAME_BYTES: usize = 16;

/// Names the findings of one file, in its order.
pub(super) struct Names {
    secret: hmac::Key,
    /// The key of the last finding, and how often each kind has had it.
    key: Vec<String>,
    seen: Vec<Class>,
}

impl Names {
    pub(super) fn new(secret: &[u8]) -> Self {
        Self { secret: hmac::Key::new(hmac::HMAC_SHA256, secret), key: Vec::new(), seen: Vec::new() }
    }

    /// The name of the next finding. Findings with the same key follow each other. If several of them are of one kind, they are counted.
    pub(super) fn of(&mut self, finding: &Finding) -> String {
        let key = finding.key().map(super::row::Key::texts).unwrap_or_default();
        if self.key != key {
            self.key = key;
            self.seen.clear();
        }
        let count = self.seen.iter().filter(|class| **class == finding.class).count();
        self.seen.push(finding.class);
        let mut hash = hmac::Context::with_key(&self.secret);
        let count = count.to_string();
        let parts = [finding.class.name(), count.as_str()].into_iter().chain(self.key.iter().map(String::as_str));
        for part in parts {
            hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex(hash.sign().as_ref().get(..NAME_BYTES).unwrap_or_default())
    }
}
