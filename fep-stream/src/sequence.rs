//! [`Sequencer`]: brings the telegrams of one feed, or of redundant feeds, into the order of their numbers.
//!
//! A number that is missing is noticed by the one behind it, or by a heartbeat. The telegrams behind the gap are held back, and the missing
//! ones are asked for again, for a bounded time and within a bounded memory. What does not come is declared lost. What came before is
//! dropped, so redundant feeds merge: the first telegram of a number is passed on, whichever feed brought it.
//!
//! A telegram is passed on, or it is a repetition (same number, same content), or it has a number that was declared lost, or consumers are
//! told that it was out of place. Nothing is dropped in silence, and nothing is passed on twice.
//!
//! ```text
//!  came        7 8 │ 9 is missing │ 11 10 12      held back: 10 11 12
//!  known       7 8   9              10 11 12 │ 13 …
//!                    ▲ expected                ▲ known_end
//! ```
//!
//! It has no clock: callers pass `now`, a time since any fixed moment. It knows nothing of bytes, instruments and consumers.

mod memory;
mod terms;
mod run;
mod judge;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use self::memory::{Before, Known, Memory, differ};
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
    /// A telegram differs from the one that was passed on with this number.
    Differs {
        /// The number.
        number: u64,
    },
    /// A telegram of this feed was dropped: its place is taken by another one, or nothing proves that its number is right.
    OutOfPlace {
        /// The feed that brought it.
        feed: usize,
        /// Its number.
        number: u64,
    },
}

/// A telegram that came, and a digest of its content. A digest of 0 is not compared.
#[derive(Debug)]
struct Came<T> {
    number: u64,
    digest: u64,
    telegram: T,
}

/// A telegram behind a gap.
#[derive(Debug)]
struct Held<T> {
    came: Came<T>,
    /// Whether it was missing before.
    was_missing: bool,
}

/// What is known of one feed.
#[derive(Debug)]
struct Feed<T> {
    /// The highest number in place. It goes back only with a restart, so a feed that began anew is behind it until it is recognised.
    highest: Option<u64>,
    /// What it brought out of place.
    run: Option<Run<T>>,
    /// Whether another feed has begun its numbers anew, and this one has not.
    is_before: bool,
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
    /// What became of the numbers before `expected`.
    memory: Memory,
    before: Option<Before>,
    feeds: [Feed<T>; FEEDS_MAX],
    now: Duration,
    /// When a telegram was last passed on.
    passed_at: Duration,
    tally: Tally,
}

/// The most feeds.
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
            memory: Memory::new(terms.remembered()),
            before: None,
            feeds: std::array::from_fn(|_| Feed { highest: None, run: None, is_before: false }),
            now: Duration::ZERO,
            passed_at: Duration::ZERO,
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
        self.now = now;
        let came = Came { number, digest, telegram };
        if self.expected.is_none() {
            self.reached(feed, number);
            return self.pass(Held { came, was_missing: false }, out);
        }
        self.forget_before(out);
        match self.feed(feed).is_before {
            true => self.judge_before(feed, came, out),
            false => self.judge(feed, came, out),
        }
    }

    /// This feed says that this was the last number that it sent.
    pub fn on_last(&mut self, feed: usize, last: u64, now: Duration, out: &mut Vec<Step<T>>) {
        self.now = now;
        let Some(expected) = self.expected else {
            self.expected = Some(self.terms.numbering.after(last));
            return self.reached(feed, last);
        };
        self.forget_before(out);
        if self.feed(feed).is_before {
            return;
        }
        match self.terms.numbering.distance(expected, last) {
            Distance::Ahead(steps) if self.reaches(steps) => self.miss_up_to(self.at + steps + 1, out),
            Distance::Ahead(_) if last > expected => self.keep_said(feed, last, out),
            // It is behind, as a feed that lags.
            _ => {}
        }
    }

    /// The time has come that [`Sequencer::deadline`] named.
    pub fn on_time(&mut self, now: Duration, out: &mut Vec<Step<T>>) {
        self.now = now;
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
            self.ask(first, out);
        }
    }

    /// When [`Sequencer::on_time`] has something to do, or `None` if nothing is missing.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        // Only the first gap can be declared lost: what is behind it waits in any case.
        let lost = self.holes.values().next().map(|hole| hole.since.saturating_add(self.terms.lost_after));
        self.holes.values().filter_map(|hole| hole.ask_at).chain(lost).min()
    }

    /// Nothing more comes: what is missing is declared lost, what was held back is passed on, and what was out of place is told.
    pub fn end(&mut self, out: &mut Vec<Step<T>>) {
        for feed in 0..FEEDS_MAX {
            self.break_run(feed, out);
        }
        self.lose_all(out);
    }

    #[expect(clippy::indexing_slicing, reason = "the index is below the number of feeds")]
    fn feed(&mut self, feed: usize) -> &mut Feed<T> {
        &mut self.feeds[feed % FEEDS_MAX]
    }

    fn pass(&mut self, held: Held<T>, out: &mut Vec<Step<T>>) {
        let Held { came, was_missing } = held;
        self.expected = Some(self.terms.numbering.after(came.number));
        self.at += 1;
        self.known_end = self.known_end.max(self.at);
        self.memory.passed(came.digest, was_missing);
        self.passed_at = self.now;
        self.tally.passed += 1;
        out.push(Step::Pass(came.telegram));
    }

    fn ahead(&mut self, place: u64, feed: usize, came: Came<T>, out: &mut Vec<Step<T>>) {
        let mut was_missing = false;
        if place >= self.known_end {
            self.miss_up_to(place, out);
            self.known_end = place + 1;
        } else if self.fill(place) {
            was_missing = true;
        } else {
            let is_same = self.held.get(&place).is_some_and(|held| !differ(held.came.digest, came.digest));
            return self.drop_known(feed, if is_same { Known::Same } else { Known::Different }, came.number, out);
        }
        self.held.insert(place, Held { came, was_missing });
        self.release(out);
        while self.held.len() > self.terms.held_max.max(1) && !self.holes.is_empty() {
            self.lose_first(out);
        }
    }

    /// All numbers up to `end`, without it, are known to exist: those that did not come are missing.
    fn miss_up_to(&mut self, end: u64, out: &mut Vec<Step<T>>) {
        let first = self.known_end;
        if end <= first {
            return;
        }
        self.known_end = end;
        self.tally.gaps += 1;
        let ask_at = (self.terms.asks_max > 0).then(|| self.now.saturating_add(self.terms.ask_after));
        self.holes.insert(first, Hole { last: end - 1, since: self.now, asks: 0, ask_at });
        if ask_at.is_some_and(|at| at <= self.now) {
            self.ask(first, out);
        }
    }

    /// Takes the place out of the missing ones. Returns `false` if it was not missing.
    fn fill(&mut self, place: u64) -> bool {
        let Some((first, hole)) = self.hole_of(place) else { return false };
        self.holes.remove(&first);
        if first < place {
            self.holes.insert(first, Hole { last: place - 1, ..hole });
        }
        if place < hole.last {
            // A gap that is filled in order is waited for anew: a wrong number or a slow answer opened or fills it.
            let since = if first == place { self.now } else { hole.since };
            self.holes.insert(place + 1, Hole { since, ..hole });
        }
        true
    }

    /// The gap in which this place is, and its first place.
    fn hole_of(&self, place: u64) -> Option<(u64, Hole)> {
        let (first, hole) = self.holes.range(..=place).next_back()?;
        (place <= hole.last).then_some((*first, *hole))
    }

    fn release(&mut self, out: &mut Vec<Step<T>>) {
        while let Some(held) = self.held.remove(&self.at) {
            self.pass(held, out);
        }
    }

    fn lose_all(&mut self, out: &mut Vec<Step<T>>) {
        while !self.holes.is_empty() {
            self.lose_first(out);
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
        self.memory.lost(count);
    }

    fn ask(&mut self, first: u64, out: &mut Vec<Step<T>>) {
        let terms = self.terms;
        let Some(hole) = self.holes.get_mut(&first) else { return };
        hole.asks += 1;
        hole.ask_at = (hole.asks < terms.asks_max).then(|| self.now.saturating_add(terms.ask_every));
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
}
