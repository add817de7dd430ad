//! [`Sequencer`]: brings the telegrams of one feed, or of redundant feeds, into the order of their numbers.
//!
//! A number that is missing is noticed by the one behind it, or by a heartbeat. The telegrams behind the gap are held back, and the missing
//! ones are asked for again, for a bounded time and within a bounded memory. What does not come is declared lost. What came before is
//! dropped, so redundant feeds merge: the first telegram of a number is passed on, whichever feed brought it.
//!
//! ```text
//!  came        7 8 │ 9 is missing │ 11 10 12      held back: 10 11 12
//!  known       7 8   9              10 11 12 │ 13 …
//!                    ▲ expected                ▲ known_end
//! ```
//!
//! It has no clock: callers pass `now`, a time since any fixed moment. It knows nothing of bytes, instruments and consumers.

mod run;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use self::run::Run;
pub use self::terms::{SequenceTerms, Tally};
use crate::numbering::Distance;

/// What a [`Sequencer`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// This telegram is the next one.
    Pass(T),
    /// Ask the sender for these numbers again.
    Ask {
        /// The first missing number.
        first: u64,
        /// The last missing number. It is smaller than `first` if the numbers began again between them.
        last: u64,
    },
    /// These numbers did not come and are no longer waited for.
    Lost {
        /// The first missing number.
        first: u64,
        /// The last missing number.
        last: u64,
        /// How many numbers these are.
        count: u64,
    },
    /// The feed began its numbers anew. The next telegram that is passed on has the number `found`, or follows a gap behind it.
    Restarted {
        /// The number that was expected.
        expected: u64,
        /// The number with which the sequence goes on.
        found: u64,
    },
    /// Two feeds brought different telegrams with this number. The first one was passed on.
    Differs {
        /// The number.
        number: u64,
    },
}

/// A telegram and a digest of its content. A digest of 0 is not compared.
#[derive(Debug)]
struct Held<T> {
    telegram: T,
    digest: u64,
}

/// Numbers that are missing. The key in the map is the first one.
#[derive(Clone, Copy, Debug)]
struct Hole {
    last: u64,
    since: Duration,
    asks: u32,
    /// When to ask for it, if it may still be asked for.
    ask_at: Option<Duration>,
}

/// The order of one sequence of numbers.
///
/// ```
/// use std::time::Duration;
///
/// use fep_stream::{Numbering, SequenceTerms, Sequencer, Step};
///
/// let numbering = Numbering::new(8, 1).ok_or("eight digits")?;
/// let mut sequencer = Sequencer::new(SequenceTerms::new(numbering));
/// let mut steps = Vec::new();
/// for number in [7, 9, 8] {
///     sequencer.on(0, number, 0, format!("telegram {number}"), Duration::ZERO, &mut steps);
/// }
/// let [seven, ask, eight, nine] = steps.as_slice() else { return Err("four steps") };
/// assert_eq!(ask, &Step::Ask { first: 8, last: 8 });
/// assert_eq!(seven, &Step::Pass("telegram 7".to_owned()));
/// assert_eq!((eight, nine), (&Step::Pass("telegram 8".to_owned()), &Step::Pass("telegram 9".to_owned())));
/// # Ok::<(), &str>(())
/// ```
// Positions inside count from 0 and never begin again: `at` and `known_end`.
#[derive(Debug)]
pub struct Sequencer<T> {
    terms: SequenceTerms,
    /// The number that is next, or `None` before the first one.
    expected: Option<u64>,
    at: u64,
    known_end: u64,
    held: BTreeMap<u64, Held<T>>,
    holes: BTreeMap<u64, Hole>,
    /// Digests of the last telegrams that were passed on; the last one belongs to `at - 1`.
    digests: VecDeque<u64>,
    run: Option<Run<T>>,
    /// The last number of each feed.
    lasts: [Option<u64>; FEEDS_MAX],
    tally: Tally,
}

/// The most feeds whose last numbers are known.
const FEEDS_MAX: usize = 8;

impl<T> Sequencer<T> {
    /// A sequence that begins with the first number that comes.
    #[must_use]
    pub fn new(terms: SequenceTerms) -> Self {
        Self {
            terms,
            expected: None,
            at: 0,
            known_end: 0,
            held: BTreeMap::new(),
            holes: BTreeMap::new(),
            digests: VecDeque::new(),
            run: None,
            lasts: [None; FEEDS_MAX],
            tally: Tally::default(),
        }
    }

    /// The next number, or `None` before the first one.
    #[must_use]
    pub fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// What happened so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// How many telegrams are held back behind a gap.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// A telegram came on this feed, one of 0 to 7. `digest` is a digest of its content, or 0 if contents are not compared.
    pub fn on(&mut self, feed: usize, number: u64, digest: u64, telegram: T, now: Duration, out: &mut Vec<Step<T>>) {
        let last = self.lasts.get_mut(feed).and_then(|last| last.replace(number));
        let Some(expected) = self.expected else {
            return self.pass(number, Held { telegram, digest }, out);
        };
        match self.terms.numbering.distance(expected, number) {
            Distance::Ahead(0) if self.known_end == self.at && self.run.is_none() => {
                self.pass(number, Held { telegram, digest }, out);
            }
            Distance::Ahead(steps) if steps <= self.terms.near() => {
                self.forget_run();
                self.ahead(self.at + steps, Held { telegram, digest }, number, now, out);
            }
            Distance::Behind(steps)
                if steps <= self.terms.near() && self.is_repetition(feed, last, steps, number, digest, out) =>
            {
                self.forget_run();
                self.tally.repeated += 1;
            }
            _ => self.far(feed, number, Held { telegram, digest }, now, out),
        }
    }

    /// The feed says that this was the last number that it sent.
    pub fn on_last(&mut self, last: u64, now: Duration, out: &mut Vec<Step<T>>) {
        let Some(expected) = self.expected else {
            self.expected = Some(self.terms.numbering.after(last));
            return;
        };
        if let Distance::Ahead(steps) = self.terms.numbering.distance(expected, last)
            && steps <= self.terms.near()
        {
            self.miss_up_to(self.at + steps + 1, now, out);
        }
    }

    /// The time has come that [`Sequencer::deadline`] named.
    pub fn on_time(&mut self, now: Duration, out: &mut Vec<Step<T>>) {
        while let Some(hole) = self.holes.first_key_value().map(|(_, hole)| *hole)
            && now >= hole.since.saturating_add(self.terms.lost_after)
        {
            self.lose_first(out);
        }
        let due: Vec<u64> = self
            .holes
            .iter()
            .filter(|(_, hole)| hole.ask_at.is_some_and(|at| at <= now))
            .map(|(first, _)| *first)
            .collect();
        for first in due {
            self.ask(first, now, out);
        }
    }

    /// When [`Sequencer::on_time`] has something to do, or `None` if nothing is missing.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let lost = |hole: &Hole| hole.since.saturating_add(self.terms.lost_after);
        self.holes.values().map(|hole| hole.ask_at.map_or(lost(hole), |at| at.min(lost(hole)))).min()
    }

    /// Nothing more comes: what is missing is declared lost, and what was held back is passed on.
    pub fn end(&mut self, out: &mut Vec<Step<T>>) {
        self.forget_run();
        while !self.holes.is_empty() {
            self.lose_first(out);
        }
    }

    fn pass(&mut self, number: u64, held: Held<T>, out: &mut Vec<Step<T>>) {
        self.expected = Some(self.terms.numbering.after(number));
        self.at += 1;
        self.known_end = self.known_end.max(self.at);
        self.remember(held.digest);
        self.tally.passed += 1;
        out.push(Step::Pass(held.telegram));
    }

    fn ahead(&mut self, place: u64, held: Held<T>, number: u64, now: Duration, out: &mut Vec<Step<T>>) {
        if place >= self.known_end {
            self.miss_up_to(place, now, out);
            self.known_end = place + 1;
        } else if !self.fill(place) {
            let before = self.held.get(&place).map_or(0, |held| held.digest);
            self.tally.repeated += 1;
            self.differs(number, before, held.digest, out);
            return;
        }
        self.held.insert(place, held);
        self.release(out);
        while self.held.len() > self.terms.held_max.max(1) && !self.holes.is_empty() {
            self.lose_first(out);
        }
    }

    /// Whether a number before the expected one is a repetition. It is none if the feed went back and brings something else than before,
    /// or something that is not remembered: then its numbers may have begun anew.
    fn is_repetition(
        &mut self,
        feed: usize,
        last: Option<u64>,
        steps: u64,
        number: u64,
        digest: u64,
        out: &mut Vec<Step<T>>,
    ) -> bool {
        let index = usize::try_from(steps).ok().and_then(|steps| self.digests.len().checked_sub(steps));
        let before = index.and_then(|index| self.digests.get(index)).copied();
        if let Some(before) = before
            && !self.differs(number, before, digest, out)
        {
            return true;
        }
        let numbering = self.terms.numbering;
        let goes_back = last.is_some_and(|last| matches!(numbering.distance(last, number), Distance::Behind(_)));
        !goes_back && !self.goes_on(feed, number)
    }

    /// Compares a telegram with the one that came before it with the same number.
    fn differs(&mut self, number: u64, before: u64, digest: u64, out: &mut Vec<Step<T>>) -> bool {
        let differs = before != 0 && digest != 0 && before != digest;
        if differs {
            self.tally.different += 1;
            out.push(Step::Differs { number });
        }
        differs
    }

    /// All numbers up to `end`, without it, are known to exist: those that did not come are missing.
    fn miss_up_to(&mut self, end: u64, now: Duration, out: &mut Vec<Step<T>>) {
        let first = self.known_end;
        if end <= first {
            return;
        }
        self.known_end = end;
        self.tally.gaps += 1;
        let ask_at = (self.terms.asks_max > 0).then(|| now.saturating_add(self.terms.ask_after));
        self.holes.insert(first, Hole { last: end - 1, since: now, asks: 0, ask_at });
        if ask_at.is_some_and(|at| at <= now) {
            self.ask(first, now, out);
        }
    }

    /// Takes the place out of the missing ones. Returns `false` if it was not missing.
    fn fill(&mut self, place: u64) -> bool {
        let Some((first, hole)) = self.holes.range(..=place).next_back().map(|(first, hole)| (*first, *hole)) else {
            return false;
        };
        if hole.last < place {
            return false;
        }
        self.holes.remove(&first);
        if first < place {
            self.holes.insert(first, Hole { last: place - 1, ..hole });
        }
        if place < hole.last {
            self.holes.insert(place + 1, hole);
        }
        true
    }

    fn release(&mut self, out: &mut Vec<Step<T>>) {
        while let Some(held) = self.held.remove(&self.at) {
            let number = self.expected.unwrap_or_default();
            self.pass(number, held, out);
        }
    }

    fn lose_first(&mut self, out: &mut Vec<Step<T>>) {
        let Some((first, hole)) = self.holes.pop_first() else { return };
        let count = hole.last - first + 1;
        let (first, last) = self.numbers(first, hole.last);
        self.tally.lost += count;
        out.push(Step::Lost { first, last, count });
        self.skip(count);
        self.release(out);
    }

    /// Goes on behind this many numbers that did not come.
    fn skip(&mut self, count: u64) {
        self.at += count;
        self.known_end = self.known_end.max(self.at);
        self.expected = self.expected.map(|expected| self.terms.numbering.forward(expected, count));
        for _ in 0..count.min(self.terms.near()) {
            self.remember(0);
        }
    }

    fn ask(&mut self, first: u64, now: Duration, out: &mut Vec<Step<T>>) {
        let terms = self.terms;
        let Some(hole) = self.holes.get_mut(&first) else { return };
        hole.asks += 1;
        hole.ask_at = (hole.asks < terms.asks_max).then(|| now.saturating_add(terms.ask_every));
        let last = hole.last;
        self.tally.asked += 1;
        let (first, last) = self.numbers(first, last);
        out.push(Step::Ask { first, last });
    }

    /// The numbers at two places that are not before `at`.
    fn numbers(&self, first: u64, last: u64) -> (u64, u64) {
        let expected = self.expected.unwrap_or_default();
        let number = |place: u64| self.terms.numbering.forward(expected, place.saturating_sub(self.at));
        (number(first), number(last))
    }

    fn remember(&mut self, digest: u64) {
        if self.digests.len() as u64 >= self.terms.near() {
            self.digests.pop_front();
        }
        self.digests.push_back(digest);
    }
}
