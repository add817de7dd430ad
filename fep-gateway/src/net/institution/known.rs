//! The notices that came lately, by key: what a repetition is compared with, and what it gets.
//!
//! The index of the journal knows all notices, but it may lag. A notice is therefore kept here at least until the index has it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use fep_protocol::exchange::{ExchangeId, TelegramBytes};
use fep_protocol::terms::Key;

/// The identity of a notice. A repeated notice has the same identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct NoticeKey {
    pub(super) telegram: Arc<str>,
    pub(super) key: Key,
}

/// The first notice with a key.
#[derive(Debug)]
pub(super) struct KnownNotice {
    /// Its name. `None` if it is in a journal of version 1.
    pub(super) id: Option<ExchangeId>,
    /// The bytes that a repetition must have.
    pub(super) content: Box<[u8]>,
    /// The answer, once it is durable.
    pub(super) answer: Option<TelegramBytes>,
    /// Once the index has this fact, it knows the notice. `None` while the notice is not looked up yet.
    pub(super) stored: Option<u64>,
}

/// The notices that came lately.
#[derive(Debug, Default)]
pub(super) struct Known {
    notices: HashMap<NoticeKey, KnownNotice>,
    /// The oldest first.
    order: VecDeque<NoticeKey>,
}

/// The maximum number of notices that are kept.
const KNOWN_MAX: usize = 4096;

impl Known {
    pub(super) fn get(&self, key: &NoticeKey) -> Option<&KnownNotice> {
        self.notices.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &NoticeKey) -> Option<&mut KnownNotice> {
        self.notices.get_mut(key)
    }

    /// Adds the first notice with a key. Returns false if there is no room, because the index lags: `indexed` is the last fact that
    /// it has.
    pub(super) fn add(&mut self, key: NoticeKey, notice: KnownNotice, indexed: u64) -> bool {
        while self.notices.len() >= KNOWN_MAX {
            let oldest = self.order.front().and_then(|key| self.notices.get(key));
            if oldest.is_some_and(|oldest| oldest.stored.is_none_or(|stored| stored > indexed)) {
                return false;
            }
            if let Some(key) = self.order.pop_front() {
                self.notices.remove(&key);
            }
        }
        if self.notices.insert(key.clone(), notice).is_none() {
            self.order.push_back(key);
        }
        true
    }

    /// Forgets a notice that was not looked up.
    pub(super) fn remove(&mut self, key: &NoticeKey) {
        if self.notices.remove(key).is_some() {
            self.order.retain(|other| other != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> NoticeKey {
        NoticeKey { telegram: "DepositNotice".into(), key: Key::new([number.to_string()]) }
    }

    fn notice(stored: Option<u64>) -> KnownNotice {
        KnownNotice { id: None, content: Box::default(), answer: None, stored }
    }

    #[test]
    fn a_notice_is_kept_until_the_index_has_it() {
        let mut known = Known::default();
        for number in 0..KNOWN_MAX {
            let stored = u64::try_from(number).unwrap();
            assert!(known.add(key(number), notice(Some(stored + 1)), 0), "{number}");
        }
        assert!(!known.add(key(KNOWN_MAX), notice(Some(9)), 0), "the index has none of them");
        assert!(known.add(key(KNOWN_MAX), notice(Some(9)), 1), "the index has the oldest one");
        assert!(known.get(&key(0)).is_none() && known.get(&key(1)).is_some());
        assert!(!known.add(key(0), notice(None), 1));
        known.remove(&key(1));
        assert!(known.add(key(0), notice(None), 1));
        assert_eq!(known.notices.len(), known.order.len());
    }
}
