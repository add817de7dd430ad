//! The names of exceptions. The same finding of the same date has the same name in each file, so that it is not kept twice. A name is a keyed hash,
//! because a key can have secret values, such as account numbers, which could be tried out otherwise. What a person saw of an exception has a hash of
//! the same kind.
//!
//! Several findings of one kind can have one key. The exchange tells them apart, or what the record says if there is none: not their place, because a
//! later file may lack the first of them, and the others must not take its name.

use fep_protocol::reconciliation::KeptFinding;
use ring::hmac;

use super::matching::{Class, Finding};
use super::row::{Key, Row, State};
use super::terms::decimal;
use crate::hex::hex;

/// How many bytes of the hash a name has.
const NAME_BYTES: usize = 16;

/// Names the findings of one file, in its order.
pub(super) struct Names {
    secret: hmac::Key,
    /// The key of the last finding, and what had it.
    key: Vec<String>,
    seen: Vec<(Class, Told)>,
}

/// What tells findings of one kind with one key apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Exchange([u8; 16]),
    Record(Option<i128>, Option<State>),
}

/// The name of a finding, and the one that earlier versions gave it: by its place.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) earlier: String,
}

impl Names {
    pub(super) fn new(secret: &[u8]) -> Self {
        Self { secret: hmac::Key::new(hmac::HMAC_SHA256, secret), key: Vec::new(), seen: Vec::new() }
    }

    /// The name of the next finding. Findings with the same key follow each other. If several of them say the same, they are counted.
    pub(super) fn of(&mut self, finding: &Finding) -> Named {
        let key = finding.key().map(Key::texts).unwrap_or_default();
        if self.key != key {
            self.key = key;
            self.seen.clear();
        }
        let told = match (&finding.here, &finding.there) {
            (Some(here), _) => Told::Exchange(here.origin),
            (None, there) => {
                Told::Record(there.as_ref().and_then(|row| row.amount), there.as_ref().map(|row| row.state))
            }
        };
        let place = self.seen.iter().filter(|(class, _)| *class == finding.class).count();
        let same = self.seen.iter().filter(|one| **one == (finding.class, told.clone())).count();
        let by = match &told {
            Told::Exchange(id) => ["exchange".to_owned(), hex(id), String::new()],
            Told::Record(amount, state) => {
                let amount = amount.map(|amount| amount.to_string()).unwrap_or_default();
                ["record".to_owned(), amount, state.map(State::name).unwrap_or_default().to_owned()]
            }
        };
        self.seen.push((finding.class, told));
        let [kind, one, other] = &by;
        let same = same.to_string();
        Named {
            name: self.hash(&[finding.class.name(), kind, one, other, &same]),
            earlier: self.hash(&[finding.class.name(), &place.to_string()]),
        }
    }

    /// The hash of the amounts and the key of a finding, which tells them apart where they are hidden.
    pub(super) fn hidden(&self, finding: &Finding, decimals: u32) -> String {
        let amount = |row: &Option<Row>| {
            let amount = row.as_ref().and_then(|row| row.amount);
            amount.map(|amount| decimal(amount, decimals)).unwrap_or_default()
        };
        let amounts = [amount(&finding.there), amount(&finding.here)];
        let key = finding.key().map(Key::texts).unwrap_or_default();
        let parts = ["hidden"].into_iter().chain(amounts.iter().chain(&key).map(String::as_str));
        keyed(&self.secret, parts.map(str::as_bytes))
    }

    fn hash(&self, first: &[&str]) -> String {
        let parts = first.iter().copied().chain(self.key.iter().map(String::as_str));
        keyed(&self.secret, parts.map(str::as_bytes))
    }
}

/// The hash of what an exception says, by which a person tells what was seen. The place of the record in its file is not in it.
pub(crate) fn seen(secret: &str, id: &str, finding: &KeptFinding) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    // A finding is texts and numbers, which always have a form in JSON.
    let says = serde_json::to_vec(&finding.without_place()).unwrap_or_default();
    keyed(&key, ["seen".as_bytes(), id.as_bytes(), &says].into_iter())
}

fn keyed<'p>(key: &hmac::Key, parts: impl Iterator<Item = &'p [u8]>) -> String {
    let mut hash = hmac::Context::with_key(key);
    for part in parts {
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hex(hash.sign().as_ref().get(..NAME_BYTES).unwrap_or_default())
}

#[cfg(test)]
mod tests;
