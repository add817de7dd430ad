//! Switchover (회선 절체): which of the main and backup lines of an institution carry business.
//!
//! Lines have a rank. Those of the lowest rank are the main lines. A rank works if a request can be sent on it and its answer
//! can arrive. Only the lines of one rank carry new business at a time. Answers count on every line, whatever it carries.
//!
//! ```text
//!            rank 1 does not work for `after`, or a person says so
//!  rank 1 ───────────────────────────────────────────────────────► rank 2
//!         ◄───────────────────────────────────────────────────────
//!            rank 1 is proved good for `return_after` and returns by itself, or a person says so,
//!            or rank 2 does not work for `after`
//! ```
//!
//! It connects nothing and sends nothing: `institution` tells it which ranks work, and asks it which one carries business.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::mutant::{Mutant, is_on};
use crate::terms::Now;

/// When business moves between main and backup lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchoverSettings {
    /// How long no line of a rank works before another rank carries business.
    pub after: Duration,
    /// How long a better rank must have been good before business returns to it.
    pub return_after: Duration,
    /// Whether business returns by itself. Otherwise a person returns it.
    pub returns: bool,
}

/// What is known of a rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RankState {
    /// Whether a request can be sent on it and answered.
    pub works: bool,
    /// Whether it works, and an answer proved it since it was connected. Without echo tests, working is enough.
    pub is_good: bool,
}

/// Why a rank carries business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SwitchCause {
    /// It is the main one, and nothing has changed since the start.
    Start,
    /// No line of the former rank worked.
    Down,
    /// It is better than the former rank and was good for long enough.
    Good,
    /// A person decided it.
    Person,
}

/// Which rank carries business, why and since when. It survives a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SwitchoverState {
    /// The rank that carries business.
    pub rank: u8,
    /// Why.
    pub cause: SwitchCause,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// The rank that a person wants to carry business, until a person returns it.
    pub ordered: Option<u8>,
    /// The note of the last person who decided.
    pub note: Option<String>,
}

/// Decides which rank of lines carries business.
#[derive(Clone, Debug)]
pub struct Switchover {
    settings: SwitchoverSettings,
    /// In ascending order, at least one.
    ranks: Vec<Rank>,
    state: SwitchoverState,
    /// Whether the ordered rank has carried business since the order.
    is_fulfilled: bool,
    /// Since when the rank that carries business does not work.
    down_since: Option<Duration>,
    /// The time of the last look.
    looked: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Rank {
    rank: u8,
    state: RankState,
    good_since: Option<Duration>,
}

/// The error for a rank that no line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchRank;

impl SwitchCause {
    /// The stable name, in metrics and `/v1/institutions`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Down => "down",
            Self::Good => "good",
            Self::Person => "person",
        }
    }
}

impl fmt::Display for SwitchoverState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.cause, &self.note) {
            (SwitchCause::Start, _) => f.write_str("it is the main line"),
            (SwitchCause::Down, _) => f.write_str("no line of the former rank worked"),
            (SwitchCause::Good, _) => f.write_str("it works well again"),
            (SwitchCause::Person, None) => f.write_str("a person decided"),
            (SwitchCause::Person, Some(note)) => write!(f, "a person decided: {note}"),
        }
    }
}

impl Switchover {
    /// Business on the lowest of these ranks. Until one works, the time of the start counts as the time of a loss.
    #[must_use]
    pub fn new(settings: SwitchoverSettings, mut ranks: Vec<u8>, start: Now) -> Self {
        ranks.sort_unstable();
        ranks.dedup();
        let rank = ranks.first().copied().unwrap_or(1);
        let state =
            SwitchoverState { rank, cause: SwitchCause::Start, since_ms: start.wall_ms, ordered: None, note: None };
        let ranks = ranks.into_iter().map(|rank| Rank { rank, state: RankState::default(), good_since: None });
        Self {
            settings,
            ranks: ranks.collect(),
            state,
            is_fulfilled: true,
            down_since: Some(start.steady),
            looked: None,
        }
    }

    /// Brings back the state of an earlier run. A rank that no line has any more is ignored.
    pub fn recall(&mut self, state: SwitchoverState) {
        if self.has(state.rank) {
            let ordered = state.ordered.filter(|rank| self.has(*rank));
            self.is_fulfilled = ordered.is_none_or(|rank| rank == state.rank);
            self.state = SwitchoverState { ordered, ..state };
        }
    }

    /// A person wants this rank to carry business. It does so as soon as it works, and until it does not. An order for the
    /// main lines returns business to them.
    ///
    /// # Errors
    /// If no line has the rank.
    pub fn order(&mut self, rank: u8, note: &str) -> Result<(), NoSuchRank> {
        if !self.has(rank) {
            return Err(NoSuchRank);
        }
        self.state.ordered = Some(rank);
        self.state.note = (!note.is_empty()).then(|| note.to_owned());
        self.is_fulfilled = false;
        Ok(())
    }

    /// Takes note of which ranks work now. Returns whether another rank carries business.
    pub fn look(&mut self, state: impl Fn(u8) -> RankState, now: Now) -> bool {
        self.looked = Some(now.steady);
        for rank in &mut self.ranks {
            rank.state = state(rank.rank);
            rank.good_since = match rank.state.works && rank.state.is_good {
                true => rank.good_since.or(Some(now.steady)),
                false => None,
            };
        }
        let next = if self.works(self.state.rank) {
            self.down_since = None;
            self.better(now.steady)
        } else {
            let since = *self.down_since.get_or_insert(now.steady);
            let is_over = since + self.after() <= now.steady;
            self.first_that_works().filter(|_| is_over).map(|rank| (rank, SwitchCause::Down))
        };
        let changed = next.filter(|(rank, _)| *rank != self.state.rank);
        if let Some((rank, cause)) = changed {
            self.down_since = None;
            self.state.rank = rank;
            self.state.cause = cause;
            self.state.since_ms = now.wall_ms;
        }
        self.is_fulfilled |= self.state.ordered == Some(self.state.rank);
        // An order for the main lines is over when they have business again: that is where it belongs.
        if self.is_fulfilled && self.state.ordered == self.ranks.first().map(|rank| rank.rank) {
            self.state.ordered = None;
        }
        changed.is_some()
    }

    /// The next time when [`Switchover::look`] may decide something although nothing else happened.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let others = self.ranks.iter().filter(|rank| rank.rank != self.state.rank);
        let next = match self.down_since {
            // Also when no other rank works: links that are connected only at need are needed from then on.
            Some(since) => others.clone().next().map(|_| since + self.after()),
            None => others
                .filter(|rank| self.may_return_to(rank.rank))
                .filter_map(|rank| Some(rank.good_since? + self.settings.return_after))
                .min(),
        };
        next.filter(|next| self.looked.is_none_or(|looked| *next > looked))
    }

    /// The rank that carries business.
    #[must_use]
    pub fn rank(&self) -> u8 {
        self.state.rank
    }

    /// Which rank carries business, why and since when.
    #[must_use]
    pub fn state(&self) -> &SwitchoverState {
        &self.state
    }

    /// Whether a rank is needed now: it carries business, a person wants it to, or the one that does has not worked for too
    /// long. Lines that are connected only at need are connected then.
    #[must_use]
    pub fn needs(&self, rank: u8, now: Duration) -> bool {
        let is_overdue = self.down_since.is_some_and(|since| since + self.after() <= now);
        rank == self.state.rank || self.state.ordered == Some(rank) || is_overdue
    }

    /// Whether there are backup lines.
    #[must_use]
    pub fn has_backup(&self) -> bool {
        self.ranks.len() > 1
    }

    fn after(&self) -> Duration {
        match self.settings.after {
            _ if is_on(Mutant::SwitchesAtOnce) => Duration::ZERO,
            after if is_on(Mutant::SwitchesLate) => after * 2,
            after => after,
        }
    }

    fn has(&self, rank: u8) -> bool {
        self.ranks.iter().any(|known| known.rank == rank)
    }

    fn works(&self, rank: u8) -> bool {
        self.ranks.iter().any(|known| known.rank == rank && known.state.works)
    }

    /// The rank that a person wants, if it works, or else the best one that does.
    fn first_that_works(&self) -> Option<u8> {
        let ordered = self.state.ordered.filter(|rank| self.works(*rank));
        ordered.or_else(|| self.ranks.iter().find(|rank| rank.state.works).map(|rank| rank.rank))
    }

    /// A rank to which business moves although the present one works.
    fn better(&self, now: Duration) -> Option<(u8, SwitchCause)> {
        if let Some(rank) = self.state.ordered.filter(|rank| !self.is_fulfilled && self.works(*rank)) {
            return Some((rank, SwitchCause::Person));
        }
        let return_after = if is_on(Mutant::ReturnsAtOnce) { Duration::ZERO } else { self.settings.return_after };
        let is_proved = |rank: &&Rank| rank.good_since.is_some_and(|since| since + return_after <= now);
        let mut better = self.ranks.iter().filter(|rank| self.may_return_to(rank.rank)).filter(is_proved);
        better.next().map(|rank| (rank.rank, SwitchCause::Good))
    }

    /// Whether business may go back to this rank when it is good again. What a person ordered stays.
    fn may_return_to(&self, rank: u8) -> bool {
        match self.state.ordered {
            Some(ordered) => rank == ordered && rank != self.state.rank,
            None => self.settings.returns && rank < self.state.rank,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u32) -> Now {
        Now::new(SECOND * seconds, i64::from(seconds) * 1000)
    }

    /// Goes through steps: at this second these ranks work and are good. Compares the rank that carries business after each.
    fn check(returns: bool, steps: &[(u32, &str, &[u8], u8)]) {
        let settings = SwitchoverSettings { after: 2 * SECOND, return_after: 30 * SECOND, returns };
        let mut switchover = Switchover::new(settings, vec![2, 1, 2], at(0));
        for (second, what, working, expected) in steps {
            if let Some(rank) = what.strip_prefix("order ") {
                switchover.order(rank.parse().unwrap(), "works in the street").unwrap();
            }
            let state = |rank| {
                let works = working.contains(&rank);
                RankState { works, is_good: works && *what != "unproved" }
            };
            switchover.look(state, at(*second));
            assert_eq!(switchover.rank(), *expected, "second {second}, {what}");
        }
    }

    #[test]
    fn business_moves_to_the_backup_after_the_time_and_returns_after_another() {
        check(
            true,
            &[
                (1, "", &[1, 2], 1),
                (10, "", &[2], 1),
                (11, "", &[2], 1),
                (12, "", &[2], 2),
                (20, "unproved", &[1, 2], 2),
                (21, "", &[1, 2], 2),
                (50, "", &[1, 2], 2),
                (51, "", &[1, 2], 1),
            ],
        );
    }

    #[test]
    fn at_the_start_the_main_line_has_the_time_to_connect() {
        check(true, &[(0, "", &[2], 1), (1, "", &[2], 1), (2, "", &[2], 2)]);
    }

    #[test]
    fn a_main_line_that_flaps_gets_no_business() {
        let flapping: Vec<(u32, &str, &[u8], u8)> =
            (0..40).map(|number| (12 + 10 * number, "", if number % 2 == 0 { &[2][..] } else { &[1, 2] }, 2)).collect();
        check(true, &[&[(9, "", &[1, 2][..], 1), (10, "", &[2], 1)], flapping.as_slice()].concat());
    }

    #[test]
    fn business_goes_where_anything_works_also_against_a_person() {
        check(false, &[(1, "", &[1], 1), (5, "", &[2], 1), (7, "", &[2], 2), (90, "", &[1, 2], 2)]);
        check(false, &[(1, "", &[1], 1), (5, "", &[2], 1), (7, "", &[2], 2), (90, "", &[1], 2), (92, "", &[1], 1)]);
        check(true, &[(1, "order 2", &[1, 2], 2), (90, "", &[1], 2), (92, "", &[1], 1), (93, "", &[1, 2], 1)]);
    }

    #[test]
    fn a_person_switches_and_returns_at_once() {
        check(true, &[(1, "order 2", &[1, 2], 2), (100, "", &[1, 2], 2), (101, "order 1", &[1, 2], 1)]);
        check(false, &[(1, "", &[2], 1), (2, "", &[2], 2), (50, "order 1", &[2], 2), (51, "unproved", &[1, 2], 1)]);
        // What a person ordered, and was lost, comes back when it was good for long enough.
        check(
            true,
            &[
                (1, "order 2", &[1, 2], 2),
                (9, "", &[1], 2),
                (11, "", &[1], 1),
                (12, "", &[1, 2], 1),
                (42, "", &[1, 2], 2),
            ],
        );
    }

    #[test]
    fn the_state_survives_a_restart() {
        let settings = SwitchoverSettings { after: SECOND, return_after: SECOND, returns: true };
        let mut first = Switchover::new(settings, vec![1, 2], at(0));
        first.order(2, "works in the street").unwrap();
        first.look(|_| RankState { works: true, is_good: true }, at(3));
        let mut second = Switchover::new(settings, vec![1, 2], at(10));
        second.recall(first.state().clone());
        second.look(|_| RankState { works: true, is_good: true }, at(20));
        second.look(|_| RankState { works: true, is_good: true }, at(40));
        let said = (second.rank(), second.state().since_ms, second.state().to_string());
        assert_eq!(said, (2, 3000, "a person decided: works in the street".to_owned()));
        assert_eq!(second.order(3, ""), Err(NoSuchRank));
        let mut other = Switchover::new(settings, vec![1], at(10));
        other.recall(first.state().clone());
        assert_eq!((other.rank(), other.has_backup()), (1, false));
    }
}
