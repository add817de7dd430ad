//! Decides which trace number the next telegram gets.
//!
//! Numbers run from 1 to the maximum of the field, per institution and business day. They come in blocks. A
//! [`TraceCounter`] gives the blocks away: one counter for all instances, whose state is durable. A [`TraceBook`] uses the
//! numbers of the blocks that one instance got. A block is durable before its first number is used, so a number is never used
//! twice, by any instance, before or after a crash.
//!
//! At the end of the range of a day, requests are refused: a repeated number would make the institution answer a new
//! request with an old outcome. The last numbers are kept for sign-on, echo test and sign-off, so that the lines stay up.
//! An institution whose contract lets the numbers wrap is configured so.

use std::collections::{BTreeMap, VecDeque};

/// The highest trace number of a day that may have been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceHighWater {
    /// The business day, in days since 1970-01-01.
    pub day: i64,
    /// The highest number that may have been used.
    pub high: u64,
}

/// The numbers of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRange {
    /// The highest number.
    pub max: u64,
    /// The number of trace numbers in a block.
    pub block: u64,
    /// Whether the numbers continue from 1 after the highest one of a day.
    pub wraps: bool,
}

/// Some numbers of one day that one instance may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceBlock {
    /// The business day, in days since 1970-01-01.
    pub day: i64,
    /// The first number.
    pub first: u64,
    /// The last number.
    pub last: u64,
}

/// Who needs a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceUse {
    /// A request of a service.
    Request,
    /// A sign-on, sign-off or echo test. It may use the numbers that are kept for these.
    Duty,
}

/// Gives the blocks of one institution away, each of them once.
#[derive(Clone, Debug)]
pub struct TraceCounter {
    range: TraceRange,
    /// The highest number that was given away, by day: those of the last days. A clock that is set back, or that of an instance which
    /// is behind, needs further numbers of an earlier day.
    marks: BTreeMap<i64, u64>,
}

/// The blocks of one institution that this instance got.
#[derive(Clone, Debug)]
pub struct TraceBook {
    range: TraceRange,
    day: i64,
    blocks: VecDeque<TraceBlock>,
    last: u64,
    /// The day for which there are no more numbers, and for whom.
    used_up: Option<(i64, TraceUse)>,
    warned: bool,
}

/// The reason why there is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNumber {
    /// All numbers of the day are used up.
    UsedUp {
        /// The highest number that a telegram of this kind may have.
        max: u64,
    },
    /// The instance has no block for the day. One was asked for.
    NoBlock,
}

/// The number of days whose used numbers are known. Numbers of an earlier day are never used again.
pub const TRACE_DAYS_MAX: usize = 32;

/// The share of the range that is kept for duties, as its divisor: one hundredth.
const DUTIES_DIVISOR: u64 = 100;

/// The most numbers that are kept for duties.
const DUTIES_MAX: u64 = 1000;

/// The number of blocks into which the numbers for duties are divided, so that each instance can get some.
const DUTY_BLOCKS: u64 = 100;

/// The maximum number of blocks in a book. One is used and one is ready; further ones came because an answer was late.
const BLOCKS_MAX: usize = 16;

impl TraceRange {
    fn checked(self) -> Self {
        Self { max: self.max.max(1), block: self.block.max(1), ..self }
    }

    /// The highest number that this use may have.
    fn max_for(&self, for_what: TraceUse) -> u64 {
        match for_what {
            TraceUse::Request if !self.wraps => self.max - (self.max / DUTIES_DIVISOR).min(DUTIES_MAX),
            TraceUse::Request | TraceUse::Duty => self.max,
        }
    }

    /// The first and the last number of the block that follows a number. `None` if there are no more.
    fn after(self, last: u64, for_what: TraceUse) -> Option<(u64, u64)> {
        let first = if last >= self.max && self.wraps { 1 } else { last + 1 };
        let requests_max = self.max_for(TraceUse::Request);
        let end = match first > requests_max {
            true => first + (self.max - requests_max).div_ceil(DUTY_BLOCKS) - 1,
            false => (first + self.block - 1).min(requests_max),
        };
        (first <= self.max_for(for_what)).then_some((first, end.min(self.max)))
    }
}

impl TraceCounter {
    /// Creates a counter that continues after the numbers that were given away: those of the last [`TRACE_DAYS_MAX`] days.
    #[must_use]
    pub fn new(range: TraceRange, used: impl IntoIterator<Item = TraceHighWater>) -> Self {
        let range = range.checked();
        let marks = used.into_iter().map(|mark| (mark.day, mark.high.min(range.max))).collect();
        let mut counter = Self { range, marks };
        counter.forget();
        counter
    }

    /// Gives a block of this day away. `None` if the numbers of the day are used up. No block has numbers for requests and numbers
    /// that are kept for duties.
    ///
    /// Each day continues after its own numbers: the clocks of instances differ, and a clock may be set back. A day so long ago that its
    /// numbers are forgotten has none left.
    pub fn next(&mut self, day: i64, for_what: TraceUse) -> Option<TraceBlock> {
        let oldest = self.marks.first_key_value().filter(|_| self.marks.len() >= TRACE_DAYS_MAX);
        if oldest.is_some_and(|(oldest, _)| day < *oldest) {
            return None;
        }
        let (first, last) = self.range.after(self.marks.get(&day).copied().unwrap_or(0), for_what)?;
        self.marks.insert(day, last);
        self.forget();
        Some(TraceBlock { day, first, last })
    }

    /// The highest numbers that were given away, by day.
    pub fn high_waters(&self) -> impl Iterator<Item = TraceHighWater> {
        self.marks.iter().map(|(day, high)| TraceHighWater { day: *day, high: *high })
    }

    fn forget(&mut self) {
        while self.marks.len() > TRACE_DAYS_MAX {
            self.marks.pop_first();
        }
    }
}

impl TraceBook {
    /// Creates a book without any block.
    #[must_use]
    pub fn new(range: TraceRange) -> Self {
        let range = range.checked();
        Self { range, day: i64::MIN, blocks: VecDeque::new(), last: 0, used_up: None, warned: false }
    }

    /// Adds a block, which is durable by the time its first number reaches the wire. A block of another day than the current one is
    /// dropped: its numbers are lost.
    pub fn granted(&mut self, block: TraceBlock) {
        if block.day == self.day && self.blocks.len() < BLOCKS_MAX {
            self.blocks.push_back(block);
        }
    }

    /// Records that there are no more numbers of this day.
    pub fn refused(&mut self, day: i64, for_what: TraceUse) {
        if day == self.day {
            self.used_up = Some((day, for_what));
        }
    }

    /// Returns the next number.
    ///
    /// # Errors
    /// If the numbers of the day are used up, or no block is there.
    pub fn next(&mut self, day: i64, for_what: TraceUse) -> Result<u64, NoNumber> {
        self.turn(day);
        let max = self.range.max_for(for_what);
        let missing = self.missing(for_what);
        let block = self.blocks.iter_mut().find(|block| block.first <= max).ok_or(missing)?;
        let number = block.first;
        block.first += 1;
        self.blocks.retain(|block| block.first <= block.last);
        self.last = self.last.max(number);
        Ok(number)
    }

    /// Whether a request certainly gets no number now.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.left(TraceUse::Request) == 0 && !self.is_used_up(TraceUse::Request)
    }

    /// Begins this day if it is another one. Returns for what a block is needed on it, or `None` if there are enough numbers. A block is
    /// needed while the last one is in use, so that a request does not wait for it.
    #[must_use]
    pub fn needs(&mut self, day: i64) -> Option<TraceUse> {
        self.turn(day);
        if !self.is_used_up(TraceUse::Request) {
            let is_low = self.left(TraceUse::Request) <= self.range.block.min(self.range.max) / 2;
            return is_low.then_some(TraceUse::Request);
        }
        let is_low = self.left(TraceUse::Duty) == 0 && !self.is_used_up(TraceUse::Duty);
        is_low.then_some(TraceUse::Duty)
    }

    /// Returns the last used number and the maximum, once a day, after 80 % of the numbers of the day are used.
    pub fn warning(&mut self) -> Option<(u64, u64)> {
        let is_due = !self.range.wraps && !self.warned && self.last >= self.range.max / 5 * 4;
        self.warned |= is_due;
        is_due.then_some((self.last, self.range.max))
    }

    /// Begins a day, or goes back to one after a clock was set back. What is left of the blocks of the other day is lost.
    fn turn(&mut self, day: i64) {
        if day != self.day {
            self.day = day;
            self.blocks.clear();
            self.last = 0;
            self.warned = false;
        }
    }

    fn left(&self, for_what: TraceUse) -> u64 {
        let max = self.range.max_for(for_what);
        self.blocks.iter().filter(|block| block.first <= max).map(|block| block.last + 1 - block.first).sum()
    }

    fn is_used_up(&self, for_what: TraceUse) -> bool {
        self.used_up.is_some_and(|(day, whose)| day == self.day && for_what <= whose)
    }

    fn missing(&self, for_what: TraceUse) -> NoNumber {
        match self.is_used_up(for_what) {
            true => NoNumber::UsedUp { max: self.range.max_for(for_what) },
            false => NoNumber::NoBlock,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    /// A counter and a book that asks it whenever it needs a block, as the only instance does.
    struct Alone(TraceCounter, TraceBook);

    impl Alone {
        fn new(max: u64, block: u64, wraps: bool, used: Option<TraceHighWater>) -> Self {
            let range = TraceRange { max, block, wraps };
            Self(TraceCounter::new(range, used), TraceBook::new(range))
        }

        fn next(&mut self, day: i64, for_what: TraceUse) -> Result<u64, NoNumber> {
            let Self(counter, book) = self;
            while let Some(need) = book.needs(day) {
                match counter.next(day, need) {
                    Some(block) => book.granted(block),
                    None => book.refused(day, need),
                }
            }
            book.next(day, for_what)
        }

        fn request(&mut self, day: i64) -> u64 {
            self.next(day, TraceUse::Request).unwrap()
        }
    }

    fn marks(alone: &Alone) -> Vec<TraceHighWater> {
        alone.0.high_waters().collect()
    }

    fn high_water(day: i64, high: u64) -> TraceHighWater {
        TraceHighWater { day, high }
    }

    #[test]
    fn numbers_follow_each_other_over_blocks() {
        let mut alone = Alone::new(999_999, 3, false, None);
        assert_eq!((0..5).map(|_| alone.request(10)).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(marks(&alone), [high_water(10, 6)]);
    }

    #[test]
    fn a_restart_continues_after_the_blocks_that_were_given_away() {
        let mut alone = Alone::new(999_999, 1000, false, Some(high_water(10, 2000)));
        assert_eq!((alone.request(10), marks(&alone)), (2001, vec![high_water(10, 3000)]));
        let mut alone = Alone::new(999_999, 1000, false, Some(high_water(10, 2000)));
        assert_eq!((alone.request(11), marks(&alone)), (1, vec![high_water(10, 2000), high_water(11, 1000)]));
    }

    #[test]
    fn each_day_goes_on_where_it_was_and_a_forgotten_one_has_no_numbers() {
        let mut alone = Alone::new(999_999, 10, false, None);
        // What was left of the first block of a day is lost.
        assert_eq!([alone.request(10), alone.request(11), alone.request(10), alone.request(11)], [1, 1, 11, 11]);
        (12..42).for_each(|day| assert_eq!(alone.request(day), 1));
        assert_eq!((marks(&alone).len(), alone.request(10)), (TRACE_DAYS_MAX, 21));
        assert_eq!(alone.request(42), 1);
        assert_eq!(alone.next(10, TraceUse::Request), Err(NoNumber::UsedUp { max: 998_999 }));
        assert_eq!((alone.request(11), alone.request(42)), (21, 11));
    }

    /// Takes requests' numbers on days in this order. With `true` the gateway starts again before them, and knows what is durable: the marks
    /// of the blocks that were given away. No number is used twice on one day.
    fn check_no_number_twice(turns: &[(i64, bool, u64)]) {
        let mut marks: BTreeMap<i64, u64> = BTreeMap::new();
        let mut used = std::collections::BTreeSet::new();
        let mut alone = Alone::new(999_999, 10, false, None);
        for (turn, (day, starts_again, count)) in turns.iter().enumerate() {
            if *starts_again {
                let range = alone.0.range;
                let marks = marks.iter().map(|(day, high)| high_water(*day, *high));
                alone = Alone(TraceCounter::new(range, marks), TraceBook::new(range));
            }
            for _ in 0..*count {
                let Alone(counter, book) = &mut alone;
                while let Some(need) = book.needs(*day) {
                    let block = counter.next(*day, need).unwrap();
                    marks.insert(block.day, block.last);
                    book.granted(block);
                }
                let number = book.next(*day, TraceUse::Request).unwrap();
                assert!(used.insert((*day, number)), "turn {turn}: number {number} of day {day} twice");
                assert!(number <= marks[day], "turn {turn}: number {number} of day {day} is not durable");
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_back_over_midnight_repeats_no_number() {
        check_no_number_twice(&[(10, false, 50), (11, false, 5), (10, false, 20), (11, false, 20), (10, false, 1)]);
        // The same over a restart of the gateway.
        check_no_number_twice(&[(10, false, 50), (11, false, 5), (10, true, 20), (11, true, 20), (10, true, 50)]);
        check_no_number_twice(&[
            (10, false, 50),
            (11, false, 5),
            (12, true, 5),
            (9, true, 5),
            (11, true, 5),
            (9, true, 9),
        ]);
        for seed in 0..200 {
            let mut random = SplitMix64::new(seed);
            let mut below = |bound| random.next_u64() % bound;
            let turn = |_| (10 + i64::try_from(below(4)).unwrap(), below(2) == 0, below(40));
            check_no_number_twice(&(0..20).map(turn).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_end_of_the_day_is_an_error_and_duties_go_on() {
        let mut alone = Alone::new(1000, 100, false, None);
        for number in 1..=990 {
            assert_eq!(alone.next(1, TraceUse::Request), Ok(number));
            assert_eq!(alone.1.warning().is_some(), number == 800, "{number}");
        }
        assert_eq!(alone.next(1, TraceUse::Request), Err(NoNumber::UsedUp { max: 990 }));
        for number in 991..=1000 {
            assert_eq!(alone.next(1, TraceUse::Duty), Ok(number));
        }
        assert_eq!(alone.next(1, TraceUse::Duty), Err(NoNumber::UsedUp { max: 1000 }));
        assert_eq!(alone.request(2), 1, "the next day begins anew");
    }

    #[test]
    fn a_full_range_stays_full_over_a_restart() {
        let mut alone = Alone::new(1000, 100, false, Some(high_water(1, 1000)));
        assert_eq!(alone.next(1, TraceUse::Duty), Err(NoNumber::UsedUp { max: 1000 }));
    }

    #[test]
    fn numbers_wrap_by_contract_and_zero_is_never_used() {
        let mut alone = Alone::new(3, 1000, true, None);
        assert_eq!((0..5).map(|_| alone.request(1)).collect::<Vec<_>>(), [1, 2, 3, 1, 2]);
    }

    #[test]
    fn two_books_of_one_counter_never_use_a_number_twice() {
        let range = TraceRange { max: 5000, block: 70, wraps: false };
        let mut counter = TraceCounter::new(range, None);
        let mut books = [TraceBook::new(range), TraceBook::new(range), TraceBook::new(range)];
        let mut used = std::collections::BTreeSet::new();
        let mut ends = 0;
        for turn in 0..20_000_usize {
            // The second book takes twice as many as the others, and the third one crashes now and then.
            let which = [0, 1, 1, 2][turn % 4];
            if which == 2 && turn % 100 == 3 {
                books[2] = TraceBook::new(range);
            }
            let for_what = if turn % 50 == 7 { TraceUse::Duty } else { TraceUse::Request };
            if let Some(need) = books[which].needs(1) {
                match counter.next(1, need) {
                    Some(block) => books[which].granted(block),
                    None => books[which].refused(1, need),
                }
            }
            match books[which].next(1, for_what) {
                Ok(number) => assert!(used.insert(number), "{number} twice"),
                Err(_) => ends += 1,
            }
        }
        assert!(ends > 0 && used.len() > 3000, "{ends} {}", used.len());
    }

    #[test]
    fn an_instance_whose_clock_is_behind_gets_numbers_of_its_own_day() {
        let mut counter = TraceCounter::new(TraceRange { max: 1000, block: 10, wraps: false }, None);
        let mut block = |day| counter.next(day, TraceUse::Request).map(|block| (block.day, block.first));
        assert_eq!(
            [block(10), block(11), block(10), block(11)],
            [Some((10, 1)), Some((11, 1)), Some((10, 11)), Some((11, 11))]
        );
        assert_eq!(block(9), Some((9, 1)), "nothing was sent on that day");
    }

    #[test]
    fn without_a_block_there_is_no_number_and_a_stale_block_is_dropped() {
        let mut book = TraceBook::new(TraceRange { max: 100, block: 10, wraps: false });
        assert_eq!(book.next(5, TraceUse::Request), Err(NoNumber::NoBlock));
        book.granted(TraceBlock { day: 4, first: 1, last: 10 });
        assert_eq!((book.next(5, TraceUse::Request), book.is_waiting()), (Err(NoNumber::NoBlock), true));
        book.granted(TraceBlock { day: 5, first: 31, last: 40 });
        assert_eq!((book.next(5, TraceUse::Request), book.is_waiting()), (Ok(31), false));
    }
}
