//! What one receiver has not taken yet. Pure, and bounded by the number of alarms: a value that can be stored.
//!
//! Changes wait here until a letter takes them along. A letter stays the same until it is taken, so that its receiver recognises it. What was raised and
//! ended while it waited is never told: nobody can do anything about it any more.

use fep_protocol::alarm::AlarmAction;
use serde::{Deserialize, Serialize};

use crate::alarm_status::AlarmChange;

/// The maximum number of changes in a letter.
const LETTER_MAX: usize = 100;

/// What waits for a receiver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outbox {
    waiting: Vec<AlarmChange>,
    letter: Option<Letter>,
}

/// What a receiver is told at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Letter {
    /// Its name. The same letter has it each time.
    pub(super) id: String,
    pub(super) changes: Vec<AlarmChange>,
}

impl Outbox {
    /// Adds a change.
    pub(super) fn add(&mut self, change: AlarmChange) {
        let is_of = |other: &AlarmChange, action| other.id == change.id && other.action == action;
        match change.action {
            AlarmAction::Raise => self.waiting.push(change),
            AlarmAction::Remind => {
                if !self.waiting.iter().any(|other| other.id == change.id) {
                    self.waiting.push(change);
                }
            }
            AlarmAction::Clear => {
                self.waiting.retain(|other| !is_of(other, AlarmAction::Remind));
                match self.waiting.iter().position(|other| is_of(other, AlarmAction::Raise)) {
                    Some(raise) => drop(self.waiting.remove(raise)),
                    None => self.waiting.push(change),
                }
            }
        }
    }

    /// Takes what another receiver did not take. What is here already stays as it is.
    pub(super) fn take(&mut self, change: AlarmChange) {
        if !self.changes().any(|other| other.id == change.id && other.action == change.action) {
            self.add(change);
        }
    }

    /// Takes away what waits and is in no letter, as far as it is wanted.
    pub(super) fn give(&mut self, is_wanted: impl Fn(&AlarmChange) -> bool) -> Vec<AlarmChange> {
        let (given, stays) = std::mem::take(&mut self.waiting).into_iter().partition(is_wanted);
        self.waiting = stays;
        given
    }

    /// All changes that are not taken yet, oldest first.
    pub(super) fn changes(&self) -> impl Iterator<Item = &AlarmChange> {
        self.letter.iter().flat_map(|letter| &letter.changes).chain(&self.waiting)
    }

    /// The letter to send now. A new one gets this name.
    pub(super) fn letter(&mut self, id: impl FnOnce() -> String) -> Option<&Letter> {
        if self.letter.is_none() && !self.waiting.is_empty() {
            let count = self.waiting.len().min(LETTER_MAX);
            self.letter = Some(Letter { id: id(), changes: self.waiting.drain(..count).collect() });
        }
        self.letter.as_ref()
    }

    /// The receiver has taken the letter.
    pub(super) fn taken(&mut self) {
        self.letter = None;
    }

    /// How many changes wait, and since when.
    pub(super) fn waiting(&self) -> (usize, Option<i64>) {
        (self.changes().count(), self.changes().map(|change| change.at_ms).min())
    }

    /// Whether anything is left to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.letter.is_none() && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm_status::{AlarmUnit, MeasuredView};

    fn change(id: &str, action: AlarmAction) -> AlarmChange {
        AlarmChange {
            id: id.to_owned(),
            action,
            rule: "silent".to_owned(),
            institution: "bank-a".to_owned(),
            at_ms: 5,
            since_ms: 4,
            measured: MeasuredView { value: 1.0, limit: 0.0, unit: AlarmUnit::Count },
            text: String::new(),
            next: String::new(),
        }
    }

    /// Letters of the form `+a` for a raise, `~a` for a reminder and `-a` for a clear.
    fn told(outbox: &mut Outbox) -> String {
        let letter = outbox.letter(|| "x".to_owned()).cloned();
        outbox.taken();
        let sign = |action| match action {
            AlarmAction::Raise => "+",
            AlarmAction::Remind => "~",
            AlarmAction::Clear => "-",
        };
        let changes = letter.into_iter().flat_map(|letter| letter.changes);
        changes.map(|change| format!("{}{}", sign(change.action), change.id)).collect()
    }

    fn check(changes: &str, expected: &str) {
        let mut outbox = Outbox::default();
        let words = changes.as_bytes().chunks(2).filter_map(|word| std::str::from_utf8(word).ok());
        for word in words {
            let action = match &word[..1] {
                "+" => AlarmAction::Raise,
                "~" => AlarmAction::Remind,
                _ => AlarmAction::Clear,
            };
            outbox.add(change(&word[1..], action));
        }
        assert_eq!(told(&mut outbox), expected, "{changes}");
    }

    #[test]
    fn what_is_over_before_it_was_told_is_not_told() {
        check("+a", "+a");
        check("+a-a", "");
        check("+a~a~a", "+a");
        check("~a~a", "~a");
        check("~a-a", "-a");
        check("+a-a+b", "+b");
        check("-a+b-b+c", "-a+c");
    }

    #[test]
    fn a_letter_stays_the_same_until_it_is_taken() {
        let mut outbox = Outbox::default();
        outbox.add(change("a", AlarmAction::Raise));
        let first = outbox.letter(|| "first".to_owned()).cloned();
        outbox.add(change("a", AlarmAction::Clear));
        let stored = serde_json::to_string(&outbox).unwrap();
        let mut outbox: Outbox = serde_json::from_str(&stored).unwrap();
        assert_eq!(outbox.letter(|| "second".to_owned()).cloned(), first);
        assert_eq!(outbox.waiting(), (2, Some(5)));
        outbox.taken();
        assert_eq!(told(&mut outbox), "-a", "the raise was told, so its end is");
        assert!(outbox.is_empty() && outbox.letter(|| "third".to_owned()).is_none());
    }

    #[test]
    fn a_long_letter_goes_in_parts() {
        let mut outbox = Outbox::default();
        (0..250).for_each(|number| outbox.add(change(&number.to_string(), AlarmAction::Raise)));
        let mut lens = Vec::new();
        while let Some(letter) = outbox.letter(|| "x".to_owned()) {
            lens.push(letter.changes.len());
            outbox.taken();
        }
        assert_eq!(lens, [100, 100, 50]);
    }
}
