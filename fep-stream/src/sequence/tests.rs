//! The order of numbers: single cases by hand, and lossy feeds against the sequence that was sent.

mod days;
mod restarts;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::numbering::Numbering;

const MS: Duration = Duration::from_millis(1);

fn terms() -> SequenceTerms {
    SequenceTerms {
        held_max: 4,
        ask_after: Duration::ZERO,
        ask_every: 10 * MS,
        asks_max: 2,
        lost_after: 100 * MS,
        near_max: 20,
        ..SequenceTerms::new(Numbering::new(2, 1).unwrap())
    }
}

/// A sequence of telegrams that are their own numbers, and what it said, in short: `7`, `ask 8-9`, `lost 8-9`.
struct Told {
    sequencer: Sequencer<u64>,
    now: Duration,
    steps: Vec<Step<u64>>,
    /// Telegrams of another day have the same numbers and another content.
    day: u64,
}

impl Told {
    fn new(terms: SequenceTerms) -> Self {
        Self { sequencer: Sequencer::new(terms), now: Duration::ZERO, steps: Vec::new(), day: 1 }
    }

    fn on(&mut self, feed: usize, number: u64) {
        self.sequencer.on(feed, number, number + 1000 * self.day, number, self.now, &mut self.steps);
    }

    fn after(&mut self, time: Duration) {
        self.now += time;
        self.sequencer.on_time(self.now, &mut self.steps);
    }

    fn said(&mut self) -> String {
        let words = self.steps.drain(..).map(|step| match step {
            Step::Pass(number) => number.to_string(),
            Step::Ask { first, last } => format!("ask {first}-{last}"),
            Step::Lost { first, last, count } => format!("lost {first}-{last} ({count})"),
            Step::Restarted { expected, found } => format!("restarted {expected} {found}"),
            Step::Differs { number } => format!("differs {number}"),
            Step::OutOfPlace { number, .. } => format!("out {number}"),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    fn check(&mut self, numbers: &[u64], expected: &str) {
        numbers.iter().for_each(|number| self.on(0, *number));
        assert_eq!(self.said(), expected, "{numbers:?}");
    }
}

#[test]
fn a_gap_is_asked_for_and_what_is_behind_it_waits() {
    let mut told = Told::new(terms());
    told.check(&[7, 8, 11, 12], "7, 8, ask 9-10");
    told.check(&[10], "");
    told.check(&[9, 13], "9, 10, 11, 12, 13");
    assert_eq!((told.sequencer.deadline(), told.sequencer.held()), (None, 0));
}

#[test]
fn a_gap_is_asked_for_so_often_and_then_lost() {
    let mut told = Told::new(terms());
    told.check(&[1, 3, 6], "1, ask 2-2, ask 4-5");
    assert_eq!(told.sequencer.deadline(), Some(10 * MS));
    told.after(10 * MS);
    told.check(&[], "ask 2-2, ask 4-5");
    assert_eq!(told.sequencer.deadline(), Some(100 * MS));
    told.after(80 * MS);
    told.check(&[4], "");
    told.after(10 * MS);
    // The front of the second gap was filled 10 ms ago, and the rest is waited for since then.
    told.check(&[], "lost 2-2 (1), 3, 4");
    told.after(90 * MS);
    told.check(&[], "lost 5-5 (1), 6");
    assert_eq!(told.sequencer.tally(), Tally { passed: 4, gaps: 2, asked: 4, lost: 2, ..Tally::default() });
}

#[test]
fn no_more_is_held_back_than_the_limit_says() {
    let mut told = Told::new(terms());
    told.check(&[1, 3, 5, 7, 8], "1, ask 2-2, ask 4-4, ask 6-6");
    told.check(&[9], "lost 2-2 (1), 3");
    // What was declared lost comes too late: order is not given up for it.
    told.check(&[2, 4], "4, 5");
}

#[test]
fn numbers_begin_again_behind_the_last_one() {
    let mut told = Told::new(terms());
    told.check(&[97, 98, 2], "97, 98, ask 99-1");
    told.check(&[1, 99, 3], "99, 1, 2, 3");
    told.check(&[99], "");
    assert_eq!(told.sequencer.tally().repeated, 1);
}

#[test]
fn the_first_of_two_feeds_counts_and_a_difference_is_told() {
    let mut told = Told::new(terms());
    told.on(0, 5);
    told.on(1, 5);
    told.on(1, 7);
    told.on(0, 6);
    told.sequencer.on(0, 7, 4711, 7, told.now, &mut told.steps);
    assert_eq!(told.said(), "5, ask 6-6, 6, 7, differs 7, out 7");
    assert_eq!((told.sequencer.tally().repeated, told.sequencer.tally().different), (1, 1));
}

#[test]
fn a_heartbeat_shows_a_gap_at_the_end() {
    let mut told = Told::new(terms());
    told.sequencer.on_last(0, 4, told.now, &mut told.steps);
    told.check(&[5], "5");
    told.sequencer.on_last(0, 5, told.now, &mut told.steps);
    told.sequencer.on_last(0, 7, told.now, &mut told.steps);
    told.check(&[], "ask 6-7");
    told.check(&[6, 7, 8], "6, 7, 8");
}

#[test]
fn one_number_far_away_is_dropped_and_three_in_a_row_are_followed() {
    let mut told = Told::new(terms());
    told.check(&[10, 55, 11], "10, out 55, 11");
    assert_eq!(told.sequencer.tally().stray, 1);
    told.check(&[55, 56], "");
    told.check(&[57], "lost 12-54 (43), 55, 56, 57");
    // The feed begins its numbers anew, and the first two are missing.
    told.check(&[3, 4, 5], "restarted 58 1, ask 1-2");
    told.check(&[1, 2], "1, 2, 3, 4, 5");
    assert_eq!(told.sequencer.tally().restarts, 1);
}

#[test]
fn what_is_held_back_comes_before_a_feed_is_followed_elsewhere() {
    let mut told = Told::new(terms());
    told.check(&[1, 2, 4], "1, 2, ask 3-3");
    told.check(&[55, 56, 57], "lost 3-3 (1), 4, lost 5-54 (50), 55, 56, 57");
    assert_eq!(told.sequencer.deadline(), None);
}

#[test]
fn a_feed_that_begins_anew_near_its_last_number_is_told_from_one_that_repeats_itself() {
    let mut told = Told::new(terms());
    told.check(&[4, 5, 6, 7, 8], "4, 5, 6, 7, 8");
    // After a reconnection: what is known comes again.
    told.check(&[5, 6, 7, 8, 9], "9");
    told.day = 2;
    told.check(&[4, 5, 6, 7], "differs 4, differs 5, differs 6, restarted 10 1, ask 1-3");
    told.check(&[1, 2, 3], "1, 2, 3, 4, 5, 6, 7");
    told.day = 3;
    // One telegram with another content is no new day.
    told.check(&[7], "differs 7");
    told.day = 2;
    told.check(&[8, 9], "out 7, 8, 9");
    // Numbers from before the start, on a feed that had higher ones.
    let mut told = Told::new(terms());
    told.check(&[10, 11], "10, 11");
    told.check(&[1, 2, 3], "restarted 12 1, 1, 2, 3");
}

#[test]
fn a_feed_that_is_behind_from_the_start_is_no_new_day() {
    let mut told = Told::new(terms());
    told.check(&[10, 11], "10, 11");
    (3..=11).for_each(|number| told.on(1, number));
    told.check(&[12], "out 3, out 4, out 5, out 6, out 7, out 8, out 9, 12");
    assert_eq!(told.sequencer.tally(), Tally { passed: 3, repeated: 2, stray: 7, ..Tally::default() });
}

#[test]
fn at_the_end_nothing_stays_behind() {
    let mut told = Told::new(terms());
    told.check(&[1, 3, 5], "1, ask 2-2, ask 4-4");
    told.sequencer.end(&mut told.steps);
    told.check(&[], "lost 2-2 (1), 3, lost 4-4 (1), 5");
}

/// What a feed does next, of what was sent.
#[derive(Clone, Copy, Debug)]
enum Move {
    Brings(usize),
    Drops(usize),
    Time(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    vec(
        prop_oneof![
            6 => (0..2_usize).prop_map(Move::Brings),
            2 => (0..2_usize).prop_map(Move::Drops),
            1 => (0..40_u64).prop_map(Move::Time),
        ],
        0..400,
    )
}

proptest! {
    /// Whatever two feeds lose, and however far one is ahead: numbers come in order and once, and those that do not come are declared lost.
    #[test]
    fn each_number_is_passed_on_once_in_order_or_is_declared_lost(moves in moves(), first in 1..1000_u64) {
        let numbering = Numbering::new(3, 1).unwrap();
        let terms = SequenceTerms { held_max: 10, near_max: 1000, jump_max: 1000, ..terms() };
        let mut told = Told::new(SequenceTerms { numbering, ..terms });
        let mut sent = [0_u64; 2];
        for step in moves {
            match step {
                // A feed is never more than 200 numbers ahead of the other: what is farther away is not near.
                Move::Brings(feed) | Move::Drops(feed) if sent[feed] > sent[1 - feed] + 200 => {}
                Move::Brings(feed) => {
                    told.on(feed, numbering.forward(first, sent[feed]));
                    sent[feed] += 1;
                }
                Move::Drops(feed) => sent[feed] += 1,
                Move::Time(ms) => told.after(Duration::from_millis(ms)),
            }
            prop_assert!(told.sequencer.held() <= 10);
        }
        told.sequencer.end(&mut told.steps);
        let mut next = None;
        for step in &told.steps {
            match *step {
                Step::Pass(number) => {
                    prop_assert!(next.is_none_or(|next| next == number), "{number} and not {next:?}");
                    next = Some(numbering.after(number));
                }
                Step::Lost { first, last, count } => {
                    prop_assert_eq!(next, Some(first));
                    prop_assert_eq!(numbering.forward(first, count - 1), last);
                    next = Some(numbering.after(last));
                }
                Step::Ask { .. } => {}
                // One feed may have brought numbers from before those with which the other one began.
                Step::OutOfPlace { .. } => {}
                _ => prop_assert!(false, "{step:?}"),
            }
        }
    }

    /// If each number is on one feed at least, and nothing waits too long, the stream is the original.
    #[test]
    fn two_lossy_feeds_make_the_original(keeps in vec(1..4_u8, 1..300), turns in vec(any::<bool>(), 0..1200), first in 1..100_000_u64) {
        let numbering = Numbering::new(5, 1).unwrap();
        let mut told = Told::new(SequenceTerms { held_max: 1000, numbering, near_max: 1000, ..terms() });
        // The first number is on both: before it, nothing says that something is missing.
        told.on(0, first);
        let mut at = [0_usize; 2];
        for feed in turns.iter().map(|turn| usize::from(*turn)).chain([0; 300]).chain([1; 300]) {
            if let Some(keep) = keeps.get(at[feed]) {
                at[feed] += 1;
                if keep & (1 << feed) != 0 {
                    told.on(feed, numbering.forward(first, at[feed] as u64));
                }
            }
        }
        let passed: Vec<u64> = told.steps.iter().filter_map(|step| if let Step::Pass(number) = step { Some(*number) } else { None }).collect();
        let original: Vec<u64> = (0..=keeps.len() as u64).map(|step| numbering.forward(first, step)).collect();
        prop_assert_eq!(passed, original);
        prop_assert_eq!(told.sequencer.tally().lost, 0);
        prop_assert_eq!(told.sequencer.tally().different, 0);
    }

    /// Any numbers, from any feed, at any time: nothing panics, and the memory is bounded.
    #[test]
    fn any_numbers_are_borne(numbers in vec((0..2_usize, 1..100_u64, 0..30_u64, any::<bool>()), 0..300)) {
        let mut told = Told::new(terms());
        for (feed, number, ms, is_heartbeat) in numbers {
            told.after(MS * u32::try_from(ms).unwrap());
            prop_assert!(told.sequencer.deadline().is_none_or(|deadline| deadline > told.now));
            match is_heartbeat {
                true => told.sequencer.on_last(feed, number, told.now, &mut told.steps),
                false => told.on(feed, number),
            }
            prop_assert!(told.sequencer.held() <= 4 && told.sequencer.holes.len() <= 25 && told.sequencer.memory.len() <= 21);
        }
    }
}

/// The borders of what is asked for: one number, the largest one, across it, as much as is waited for, and more than that.
#[test]
fn what_is_asked_for_has_borders() {
    let wide = |near_max| SequenceTerms { near_max, jump_max: near_max, ..terms() };
    for (came, said) in [
        (&[1, 3][..], "1, ask 2-2"),
        (&[97, 99], "97, ask 98-98"),
        (&[98, 1], "98, ask 99-99"),
        (&[99, 2], "99, ask 1-1"),
        (&[98, 3], "98, ask 99-2"),
        // 20 numbers are waited for. One more is a mistake of one telegram, or three of them prove that the rest does not come.
        (&[1, 22], "1, ask 2-21"),
        (&[1, 23], "1"),
        (&[1, 23, 24, 25], "1, lost 2-22 (21), 23, 24, 25"),
        (&[90, 12], "90, ask 91-11"),
    ] {
        Told::new(wide(20)).check(came, said);
    }
    let largest = Numbering::new(18, 1).unwrap();
    let mut told = Told::new(SequenceTerms { numbering: largest, ..wide(20) });
    told.check(&[largest.last() - 1, 2], "999999999999999998, ask 999999999999999999-1");
}
