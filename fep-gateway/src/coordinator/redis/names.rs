//! The names of keys in Redis.

use std::fmt::Write;

use fep_protocol::breaker::BreakerScope;
use fep_protocol::terms::Key;
use ring::digest::{SHA256, digest};

/// The names of one prefix.
#[derive(Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(super) fn division(&self, institution: &str) -> String {
        format!("{}:{{{}}}:division", self.prefix, plain(institution))
    }

    pub(super) fn breakers(&self, institution: &str) -> String {
        format!("{}:{{{}}}:breakers", self.prefix, plain(institution))
    }

    pub(super) fn indicators(&self, institution: &str) -> String {
        format!("{}:{{{}}}:indicators", self.prefix, plain(institution))
    }

    /// The right to send the echo test for a breaker.
    pub(super) fn echo_test(&self, institution: &str, scope: &BreakerScope) -> String {
        let scope = match scope {
            BreakerScope::Institution => String::new(),
            BreakerScope::Business(code) => format!(":{}", plain(code)),
        };
        format!("{}:{{{}}}:echo_test{scope}", self.prefix, plain(institution))
    }

    /// The channels of all institutions' breakers.
    pub(super) fn all_breakers(&self) -> String {
        format!("{}:{{*}}:breakers", self.prefix)
    }

    pub(super) fn owner(&self, institution: &str, key: &HashedKey) -> String {
        format!("{}:{{{}}}:owner:{}", self.prefix, plain(institution), key.0)
    }

    pub(super) fn answers(&self, instance: &str) -> String {
        format!("{}:{{to:{}}}:answers", self.prefix, plain(instance))
    }

    pub(super) fn probe(&self, instance: &str) -> String {
        format!("{}:{{to:{}}}:probe", self.prefix, plain(instance))
    }
}

/// A key as a hash: short, and without the values of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HashedKey(String);

impl HashedKey {
    pub(super) fn of(key: &Key) -> Self {
        let mut bytes = Vec::new();
        for field in key.fields() {
            bytes.extend_from_slice(field.len().to_string().as_bytes());
            bytes.push(b':');
            bytes.extend_from_slice(field.as_bytes());
        }
        let hash = digest(&SHA256, &bytes);
        Self(hash.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }
}

/// A name in which no byte has a meaning for Redis: others than letters, digits, `-`, `_` and `.` are written as `%` and two digits.
fn plain(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        match byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            true => text.push(char::from(byte)),
            false => drop(write!(text, "%{byte:02x}")),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place() {
        let names = Names::new("fep");
        assert_eq!(names.division("bank-a"), "fep:{bank-a}:division");
        assert_eq!(names.breakers("은행}:*"), "fep:{%ec%9d%80%ed%96%89%7d%3a%2a}:breakers");
        assert_eq!(names.answers("seoul-1"), "fep:{to:seoul-1}:answers");
    }

    #[test]
    fn keys_are_told_apart_without_their_values() {
        let hashed = |fields: &[&str]| HashedKey::of(&Key::new(fields));
        assert_ne!(hashed(&["1", "23"]), hashed(&["12", "3"]));
        assert_eq!(hashed(&["123456"]), hashed(&["123456"]));
        assert!(!hashed(&["123456"]).0.contains("123456"));
        assert_eq!(hashed(&["123456"]).0.len(), 32);
    }
}
