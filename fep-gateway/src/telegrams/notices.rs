//! Notices by their keys, and what makes one the repetition of another.

use std::sync::Arc;

use fep_protocol::delivery::{DeliveryPolicy, Refuses};
use fep_protocol::terms::Key;

use super::{DraftError, Entry, TelegramCatalogue};
use crate::config::NoticeConfig;

impl TelegramCatalogue {
    /// The key of a notice, which identifies its repetitions.
    #[must_use]
    pub fn notice_key(&self, telegram: &str, frame: &[u8]) -> Option<Key> {
        self.named(telegram)?.key.as_ref()?.of(self.telegram(frame))
    }

    /// Checks that an answer has the key of the telegram in a frame.
    pub(super) fn has_key_of(&self, telegram: &str, frame: &[u8], answer: &[u8]) -> Result<(), DraftError> {
        let asked = self.named(telegram);
        let answers = asked.and_then(|entry| self.entries.get(entry.answer?));
        let key = |entry: Option<&Entry>, bytes| entry?.key.as_ref()?.of(bytes);
        if key(asked, self.telegram(frame)) == key(answers, answer) { Ok(()) } else { Err(DraftError::OtherKey) }
    }

    /// The key of a notice as a journal of version 1 stored it, if that form is another one.
    #[must_use]
    pub fn former_notice_key(&self, telegram: &str, frame: &[u8]) -> Option<Key> {
        self.named(telegram)?.key.as_ref()?.former(self.telegram(frame))
    }

    /// The business code of a notice or a request.
    #[must_use]
    pub fn business_of(&self, telegram: &str, frame: &[u8]) -> Option<Arc<str>> {
        self.named(telegram)?.precedence.as_ref()?.business(self.telegram(frame))
    }

    /// The content by which a notice and its repetition are the same: the bytes of the telegram without the fields in which they
    /// may differ.
    #[must_use]
    pub fn notice_content(&self, telegram: &str, frame: &[u8], may_differ: &[String]) -> Box<[u8]> {
        let mut content: Box<[u8]> = self.telegram(frame).into();
        let layout = self.spec.telegram(telegram).map(|telegram| &telegram.layout);
        for span in may_differ.iter().filter_map(|path| layout?.span(path)) {
            content.get_mut(span.range).into_iter().flatten().for_each(|byte| *byte = 0);
        }
        content
    }
}

/// The policy that a configuration means.
#[must_use]
pub fn delivery_policy(config: &NoticeConfig) -> DeliveryPolicy {
    let NoticeConfig { callback_timeout, refuse, backoff, attempts_max, horizon, .. } = config;
    let (backoff_min, backoff_max) = *backoff;
    DeliveryPolicy {
        answer_within: *callback_timeout,
        backoff_min,
        backoff_max,
        attempts_max: *attempts_max,
        horizon: *horizon,
        refuses: Refuses {
            closed: refuse.closed.is_some(),
            conflict: refuse.conflict.is_some(),
            busy: refuse.busy.is_some(),
        },
    }
}
