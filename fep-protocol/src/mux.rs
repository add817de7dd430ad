//! Matches answers to requests by key.
//!
//! Every telegram of ours that expects an answer is registered here under its key. It is registered before it is written,
//! and stays until its key may be used again. The key is not freed when the deadline passes: an institution may answer a
//! withdrawal a second too late. If another request had the key by then, it would take that answer for its own.
//!
//! ```text
//! reserved ──written──► waiting ──answer──► answered ──────quarantine──► (free)
//!    │                     │                    └─ again: duplicate, or conflicting if the bytes differ
//!    └─withdrawn,          └─deadline, link lost, unreadable─► unknown ──quarantine──► (free)
//!      not started─► (free)                                        └─ answer: late ─► answered
//! ```

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use crate::mutant::{Mutant, is_on};
use crate::terms::{Key, Ticket};

/// All telegrams of ours that are registered under a key.
#[derive(Clone, Debug, Default)]
pub struct Mux {
    pending: HashMap<Key, Pending>,
    /// The keys by the ends of their stages.
    ends: BTreeMap<(Duration, Ticket), Key>,
}

#[derive(Clone, Debug)]
struct Pending {
    ticket: Ticket,
    answer: Arc<str>,
    stage: Stage,
    /// The digest of the answer's bytes, if there is an answer.
    digest: u64,
    /// The time when the stage expires.
    end: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Reserved,
    Waiting,
    Unknown,
    Answered,
}

/// The error for a key that belongs to another telegram, or is in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken;

/// The classification of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The answer that this ticket waits for.
    Matched(Ticket),
    /// An answer to this ticket after its outcome had become unknown.
    Late(Ticket),
    /// A second answer to this ticket with the same bytes.
    Duplicate(Ticket),
    /// A second answer to this ticket with different bytes.
    Conflicting(Ticket),
    /// An answer that matches no ticket.
    Unmatched(Unmatched),
}

/// The reason why an answer matches no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// No telegram is registered under the key.
    NoSuchKey,
    /// The telegram with this key was not written yet.
    NotWritten,
    /// The telegram with this key expects another answer telegram.
    OtherTelegram,
}

/// A stage that expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// The telegram was not written in time; its key is free.
    NotStarted(Ticket),
    /// No answer arrived in time; the outcome is unknown from now on.
    Unanswered(Ticket),
    /// The quarantine of the key is over; the ticket is forgotten.
    Forgotten(Ticket),
}

impl Unmatched {
    /// The reason as text.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoSuchKey => "nothing waits for an answer with this key",
            Self::NotWritten => "the request with this key was not sent yet",
            Self::OtherTelegram => "the request with this key expects another telegram",
        }
    }
}

impl Mux {
    /// Returns whether the key can be reserved.
    #[must_use]
    pub fn is_free(&self, key: &Key) -> bool {
        !self.pending.contains_key(key)
    }

    /// The number of keys that are not free.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Returns whether all keys are free.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Reserves the key for a telegram that must be written before the deadline.
    ///
    /// # Errors
    /// If the key is not free.
    pub fn reserve(&mut self, key: Key, ticket: Ticket, answer: Arc<str>, deadline: Duration) -> Result<(), Taken> {
        if !self.is_free(&key) {
            return Err(Taken);
        }
        self.insert(key, ticket, answer, Stage::Reserved, deadline);
        Ok(())
    }

    /// Reserves the key of a telegram of an earlier run. The telegram is unknown, or was answered with the bytes
    /// `answered`. Returns the ticket that had the key in quarantine before: nothing holds its key any more.
    ///
    /// # Errors
    /// If a telegram that may still be answered in time has the key.
    pub fn recall(
        &mut self,
        key: Key,
        ticket: Ticket,
        answer: Arc<str>,
        answered: Option<&[u8]>,
        until: Duration,
    ) -> Result<Option<Ticket>, Taken> {
        let former = self.pending.get(&key).map(|pending| (pending.ticket, pending.stage));
        if matches!(former, Some((_, Stage::Reserved | Stage::Waiting))) {
            return Err(Taken);
        }
        self.withdraw(&key);
        let stage = if answered.is_some() { Stage::Answered } else { Stage::Unknown };
        self.insert(key.clone(), ticket, answer, stage, until);
        if let (Some(pending), Some(bytes)) = (self.pending.get_mut(&key), answered) {
            pending.digest = digest(bytes);
        }
        Ok(former.map(|(ticket, _)| ticket))
    }

    /// Records that the telegram is on its way to the wire: an answer may arrive until the deadline.
    pub fn written(&mut self, key: &Key, deadline: Duration) {
        self.set_stage(key, Stage::Waiting, deadline);
    }

    /// Frees the key of a telegram that certainly did not reach the wire.
    pub fn withdraw(&mut self, key: &Key) {
        if let Some(Pending { end: Some(end), ticket, .. }) = self.pending.remove(key) {
            self.ends.remove(&(end, ticket));
        }
    }

    /// Stops waiting: the telegram is unknown, and its key stays in quarantine until `until`.
    pub fn give_up(&mut self, key: &Key, until: Duration) {
        self.set_stage(key, Stage::Unknown, until);
    }

    /// The ticket that waits for an answer with this key.
    #[must_use]
    pub fn waiting(&self, key: &Key) -> Option<Ticket> {
        self.pending.get(key).filter(|pending| pending.stage == Stage::Waiting).map(|pending| pending.ticket)
    }

    /// Whether an answer with these bytes says nothing: nothing is registered under its key, or it was answered so already.
    #[must_use]
    pub fn is_idle(&self, key: &Key, bytes: &[u8]) -> bool {
        self.pending.get(key).is_none_or(|pending| pending.stage == Stage::Answered && pending.digest == digest(bytes))
    }

    /// Classifies an answer with these bytes. If it is the first answer to a ticket, the key stays in quarantine until
    /// `until`.
    pub fn answer(&mut self, key: &Key, telegram: &str, bytes: &[u8], until: Duration) -> Verdict {
        let oldest = if is_on(Mutant::AnswersTheOldest) { self.oldest(telegram) } else { None };
        let key = oldest.as_ref().unwrap_or(key);
        let Some(pending) = self.pending.get_mut(key) else { return Verdict::Unmatched(Unmatched::NoSuchKey) };
        if *pending.answer != *telegram {
            return Verdict::Unmatched(Unmatched::OtherTelegram);
        }
        let ticket = pending.ticket;
        let digest = digest(bytes);
        let verdict = match pending.stage {
            Stage::Reserved => return Verdict::Unmatched(Unmatched::NotWritten),
            Stage::Answered if pending.digest == digest => return Verdict::Duplicate(ticket),
            Stage::Answered => return Verdict::Conflicting(ticket),
            Stage::Waiting => Verdict::Matched(ticket),
            Stage::Unknown => Verdict::Late(ticket),
        };
        pending.digest = digest;
        self.set_stage(key, Stage::Answered, until);
        verdict
    }

    /// Ends all stages whose time is over, and returns them. The key of an unanswered telegram stays in quarantine for
    /// `quarantine`.
    pub fn expire(&mut self, now: Duration, quarantine: Duration) -> Vec<Expired> {
        let mut expired = Vec::new();
        while let Some(first) = self.ends.first_entry().filter(|first| first.key().0 <= now) {
            let ((end, _), key) = first.remove_entry();
            let Some(pending) = self.pending.get_mut(&key) else { continue };
            pending.end = None;
            let ticket = pending.ticket;
            match pending.stage {
                Stage::Waiting => {
                    expired.push(Expired::Unanswered(ticket));
                    self.set_stage(&key, Stage::Unknown, end.max(now) + quarantine);
                    continue;
                }
                Stage::Reserved => expired.push(Expired::NotStarted(ticket)),
                Stage::Unknown | Stage::Answered => expired.push(Expired::Forgotten(ticket)),
            }
            self.pending.remove(&key);
        }
        expired
    }

    /// The next time when [`Mux::expire`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.ends.first_key_value().map(|((end, _), _)| *end)
    }

    /// For a mutant: the key of the oldest telegram that waits for this answer.
    pub(crate) fn oldest(&self, telegram: &str) -> Option<Key> {
        let waits = |pending: &Pending| pending.stage == Stage::Waiting && *pending.answer == *telegram;
        let waiting = self.pending.iter().filter(|(_, pending)| waits(pending));
        waiting.min_by_key(|(_, pending)| pending.ticket).map(|(key, _)| key.clone())
    }

    fn insert(&mut self, key: Key, ticket: Ticket, answer: Arc<str>, stage: Stage, end: Duration) {
        self.ends.insert((end, ticket), key.clone());
        self.pending.insert(key, Pending { ticket, answer, stage, digest: 0, end: Some(end) });
    }

    fn set_stage(&mut self, key: &Key, stage: Stage, end: Duration) {
        let Some(pending) = self.pending.get_mut(key) else { return };
        let ticket = pending.ticket;
        pending.stage = stage;
        let old = pending.end.replace(end).and_then(|old| self.ends.remove(&(old, ticket)));
        self.ends.insert((end, ticket), old.unwrap_or_else(|| key.clone()));
    }
}

/// Detects answers that differ, but not forgeries. The bytes themselves are in the journal.
fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn key(trace: &str) -> Key {
        Key::new([trace, "20261121"])
    }

    fn waiting(traces: &[&str]) -> Mux {
        let mut mux = Mux::default();
        for (ticket, trace) in (1..).zip(traces) {
            mux.reserve(key(trace), Ticket(ticket), "Answer".into(), SECOND).unwrap();
            mux.written(&key(trace), 5 * SECOND);
        }
        mux
    }

    #[test]
    fn a_key_is_a_tuple() {
        assert_ne!(Key::new(["12", "3"]), Key::new(["1", "23"]));
    }

    #[test]
    fn answers_come_in_any_order() {
        let mut mux = waiting(&["1", "2", "3"]);
        for (trace, ticket) in [("3", 3), ("1", 1), ("2", 2)] {
            assert_eq!(mux.answer(&key(trace), "Answer", b"yes", 60 * SECOND), Verdict::Matched(Ticket(ticket)));
        }
    }

    #[test]
    fn a_second_answer_is_a_duplicate_and_another_one_conflicts() {
        let mut mux = waiting(&["1"]);
        assert_eq!(mux.answer(&key("1"), "Answer", b"yes", 60 * SECOND), Verdict::Matched(Ticket(1)));
        assert_eq!(mux.answer(&key("1"), "Answer", b"yes", 60 * SECOND), Verdict::Duplicate(Ticket(1)));
        assert_eq!(mux.answer(&key("1"), "Answer", b"no", 60 * SECOND), Verdict::Conflicting(Ticket(1)));
    }

    #[test]
    fn what_was_not_written_in_time_frees_its_key() {
        let mut mux = Mux::default();
        mux.reserve(key("1"), Ticket(1), "Answer".into(), SECOND).unwrap();
        assert_eq!(mux.expire(SECOND, 60 * SECOND), [Expired::NotStarted(Ticket(1))]);
        assert!(mux.is_empty() && mux.deadline().is_none());
    }

    #[test]
    fn a_late_answer_settles_its_own_request_and_the_key_rested_meanwhile() {
        let mut mux = waiting(&["1"]);
        assert_eq!(mux.deadline(), Some(5 * SECOND));
        assert_eq!(mux.expire(5 * SECOND, 60 * SECOND), [Expired::Unanswered(Ticket(1))]);
        assert_eq!(mux.reserve(key("1"), Ticket(2), "Answer".into(), SECOND), Err(Taken));
        assert_eq!(mux.answer(&key("1"), "Answer", b"yes", 70 * SECOND), Verdict::Late(Ticket(1)));
        assert_eq!(mux.answer(&key("1"), "Answer", b"yes", 70 * SECOND), Verdict::Duplicate(Ticket(1)));
        assert_eq!(mux.expire(69 * SECOND, 60 * SECOND), []);
        assert_eq!(mux.expire(70 * SECOND, 60 * SECOND), [Expired::Forgotten(Ticket(1))]);
        assert!(mux.is_empty());
        assert_eq!(mux.answer(&key("1"), "Answer", b"yes", 80 * SECOND), Verdict::Unmatched(Unmatched::NoSuchKey));
    }

    #[test]
    fn another_telegram_with_the_right_key_is_nobodys() {
        let mut mux = waiting(&["1"]);
        let verdict = mux.answer(&key("1"), "OtherAnswer", b"yes", 60 * SECOND);
        assert_eq!(verdict, Verdict::Unmatched(Unmatched::OtherTelegram));
        assert_eq!(mux.waiting(&key("1")), Some(Ticket(1)));
    }

    #[test]
    fn what_was_not_written_cannot_be_answered_and_frees_its_key() {
        let mut mux = Mux::default();
        mux.reserve(key("1"), Ticket(1), "Answer".into(), SECOND).unwrap();
        assert_eq!(mux.answer(&key("1"), "Answer", b"yes", SECOND), Verdict::Unmatched(Unmatched::NotWritten));
        mux.withdraw(&key("1"));
        assert!(mux.is_free(&key("1")));
    }

    #[test]
    fn an_unknown_of_an_earlier_run_can_be_settled() {
        let mut mux = Mux::default();
        assert_eq!(mux.recall(key("2"), Ticket(8), "Answer".into(), Some(b"yes"), 60 * SECOND), Ok(None));
        assert_eq!(mux.answer(&key("2"), "Answer", b"yes", 90 * SECOND), Verdict::Duplicate(Ticket(8)));
        assert_eq!(mux.answer(&key("2"), "Answer", b"no", 90 * SECOND), Verdict::Conflicting(Ticket(8)));
        assert_eq!(mux.recall(key("1"), Ticket(7), "Answer".into(), None, 60 * SECOND), Ok(None));
        assert_eq!(mux.recall(key("1"), Ticket(9), "Answer".into(), None, 60 * SECOND), Ok(Some(Ticket(7))));
        assert_eq!(mux.reserve(key("1"), Ticket(10), "Answer".into(), SECOND), Err(Taken));
        assert_eq!(mux.answer(&key("1"), "Answer", b"yes", 90 * SECOND), Verdict::Late(Ticket(9)));
        mux.reserve(key("3"), Ticket(11), "Answer".into(), SECOND).unwrap();
        mux.written(&key("3"), SECOND);
        assert_eq!(mux.recall(key("3"), Ticket(12), "Answer".into(), None, 60 * SECOND), Err(Taken));
        assert_eq!(mux.waiting(&key("3")), Some(Ticket(11)), "what is in flight keeps its key");
    }
}
