//! Answers that came to other instances.
//!
//! Each comes by two ways: at once, by a store that may lose it, and a moment later as the other instance stored it in the journal of all. The first
//! one counts. The second one says nothing new, and neither does one that is read in the journal again after a restart or a takeover.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::action::AnswerSense;
use super::{Institution, Origin};
use crate::coordination::RoutedAnswer;
use crate::fact::Class;
use crate::mux::Unmatched;
use crate::reason::Mismatch;
use crate::terms::{Classified, Now, Telegrams};

/// How often each answer came by each way, lately.
#[derive(Debug, Default)]
pub(super) struct RoutedAnswers {
    counts: HashMap<u64, Counts>,
    /// The answers with the times until which they are remembered, the oldest first.
    order: VecDeque<(Duration, u64)>,
}

#[derive(Debug, Default)]
struct Counts {
    by_store: u32,
    by_journal: u32,
}

/// A way by which an answer of another instance comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Store,
    Journal,
}

/// How long an answer that came by one way is remembered for the other one.
const KEEP: Duration = Duration::from_secs(120);

/// The maximum number of answers that are remembered. A forgotten one that comes by the other way counts as a duplicate.
const KEPT_MAX: usize = 8192;

impl RoutedAnswers {
    /// Counts an answer. Returns whether it says something new: it came by this way more often than by the other one.
    fn is_new(&mut self, answer: &RoutedAnswer, way: Way, now: Duration) -> bool {
        while self.order.front().is_some_and(|(until, _)| *until <= now || self.order.len() >= KEPT_MAX) {
            let Some((_, oldest)) = self.order.pop_front() else { break };
            self.counts.remove(&oldest);
        }
        let mut hasher = DefaultHasher::new();
        answer.hash(&mut hasher);
        let digest = hasher.finish();
        let counts = self.counts.entry(digest).or_insert_with(|| {
            self.order.push_back((now + KEEP, digest));
            Counts::default()
        });
        let before = counts.by_store.max(counts.by_journal);
        let count = match way {
            Way::Store => &mut counts.by_store,
            Way::Journal => &mut counts.by_journal,
        };
        *count = count.saturating_add(1);
        *count > before
    }
}

impl<T: Telegrams> Institution<T> {
    /// Handles an answer that another instance stored, of which the journal proves that it came after the request with its key was sent. If that
    /// request was answered so already, or there is none, it says nothing.
    pub fn recall_answer(&mut self, answer: RoutedAnswer, now: Now) {
        self.take_stored(answer, now);
        self.progress(now);
    }

    /// Handles an answer that came to another instance as if it had come here.
    pub(super) fn routed(&mut self, answer: RoutedAnswer, now: Now) {
        if !self.coordination.routed.is_new(&answer, Way::Store, now.steady) {
            return;
        }
        let RoutedAnswer { line, incarnation, bytes } = answer;
        let origin = Origin::Elsewhere(line, incarnation);
        match self.telegrams.read(&bytes) {
            Classified::Answer { telegram, key, refused, is_busy } => {
                let sense = AnswerSense { refused, is_busy };
                self.answer(&origin, telegram, &key, sense, bytes, now);
            }
            // The other instance read it as an answer, by another spec then.
            _ => {
                let note = Mismatch::Unmatched(Unmatched::OtherTelegram);
                self.note(&origin, None, bytes, Class::Unmatched, None, Some(note));
            }
        }
    }

    /// Handles an answer that another instance stored a moment ago. An old one, of a journal that was far behind, may be of an earlier request with
    /// the same key: keys are used again when their quarantine is over.
    pub(super) fn stored_elsewhere(&mut self, answer: RoutedAnswer, at_ms: i64, now: Now) {
        let age_max = i64::try_from(self.settings.quarantine.as_millis() / 2).unwrap_or(i64::MAX);
        if now.wall_ms.saturating_sub(at_ms) <= age_max {
            self.take_stored(answer, now);
        }
    }

    fn take_stored(&mut self, answer: RoutedAnswer, now: Now) {
        let read = self.telegrams.read(&answer.bytes);
        let Classified::Answer { telegram, key, refused, is_busy } = read else { return };
        if !self.mux.is_idle(&key, &answer.bytes) && self.coordination.routed.is_new(&answer, Way::Journal, now.steady)
        {
            let RoutedAnswer { line, incarnation, bytes } = answer;
            let sense = AnswerSense { refused, is_busy };
            self.answer(&Origin::Elsewhere(line, incarnation), telegram, &key, sense, bytes, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::TelegramBytes;

    fn answer(bytes: &[u8]) -> RoutedAnswer {
        RoutedAnswer { line: "main@seoul-2".into(), incarnation: 1, bytes: TelegramBytes::copy_of(bytes) }
    }

    #[test]
    fn what_comes_by_both_ways_counts_once_and_what_was_sent_twice_counts_twice() {
        for ways in [[Way::Store, Way::Journal], [Way::Journal, Way::Store]] {
            let mut routed = RoutedAnswers::default();
            let mut is_new = |way| routed.is_new(&answer(b"yes"), way, Duration::ZERO);
            assert_eq!(ways.map(&mut is_new), [true, false]);
            assert_eq!(ways.map(&mut is_new), [true, false], "the institution sent it twice");
        }
        let mut routed = RoutedAnswers::default();
        let mut is_new = |way| routed.is_new(&answer(b"yes"), way, Duration::ZERO);
        assert_eq!(
            [Way::Store, Way::Store, Way::Journal, Way::Journal, Way::Journal].map(&mut is_new),
            [true, true, false, false, true]
        );
        assert!(routed.is_new(&answer(b"no"), Way::Journal, Duration::ZERO));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut routed = RoutedAnswers::default();
        for number in 0..3 * u32::try_from(KEPT_MAX).unwrap() {
            assert!(routed.is_new(&answer(&number.to_be_bytes()), Way::Store, Duration::ZERO));
        }
        assert!(routed.counts.len() <= KEPT_MAX && routed.order.len() == routed.counts.len());
        assert!(routed.is_new(&answer(b"late"), Way::Store, KEEP));
        assert_eq!((routed.counts.len(), routed.order.len()), (1, 1));
    }
}
