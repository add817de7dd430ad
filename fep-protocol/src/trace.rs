//! Decides which trace number the next telegram gets.
//!
//! Numbers run from 1 to the maximum of the field, per institution and business day. The journal stores a high-water mark,
//! so that a number is never used twice after a crash. The mark moves in blocks. Each telegram names the mark that covers
//! its number, and the journal must hold that mark before the bytes of the telegram are sent. This costs one write per
//! block.
//!
//! At the end of the range of a day, requests are refused: a repeated number would make the institution answer a new
//! request with an old outcome. The last numbers are kept for sign-on, echo test and sign-off, so that the lines stay up.
//! An institution whose contract lets the numbers wrap is configured so.

/// The highest trace number of a day that may have been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceHighWater {
    /// The business day, in days since 1970-01-01.
    pub day: i64,
    /// The highest number that may have been used.
    pub high: u64,
}

/// The trace numbers of one institution.
#[derive(Clone, Debug)]
pub struct TraceBook {
    range: TraceRange,
    day: i64,
    last: u64,
    /// The end of the block that contains `last`.
    high: u64,
    warned: bool,
}

/// The numbers of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRange {
    /// The highest number.
    pub max: u64,
    /// The number of trace numbers that one high-water mark in the journal covers.
    pub block: u64,
    /// Whether the numbers continue from 1 after the highest one of a day.
    pub wraps: bool,
}

/// Who needs a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceUse {
    /// A request of a service.
    Request,
    /// A sign-on, sign-off or echo test. It may use the numbers that are kept for these.
    Duty,
}

/// All numbers of the day are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedUp {
    /// The highest number that a telegram of this kind may have.
    pub max: u64,
}

/// The share of the range that is kept for duties, as its divisor: one hundredth.
const DUTIES_DIVISOR: u64 = 100;

/// The most numbers that are kept for duties.
const DUTIES_MAX: u64 = 1000;

impl TraceBook {
    /// Creates a book that continues after the numbers that were used according to the journal.
    #[must_use]
    pub fn new(range: TraceRange, used: Option<TraceHighWater>) -> Self {
        let used = used.unwrap_or(TraceHighWater { day: i64::MIN, high: 0 });
        let range = TraceRange { max: range.max.max(1), block: range.block.max(1), ..range };
        let last = used.high.min(range.max);
        Self { range, day: used.day, last, high: last, warned: false }
    }

    /// Returns the next number, and the high-water mark that must be in the journal before the number is used.
    ///
    /// A day before the current one does not reset the book: after a clock was set back, the first numbers of the day must
    /// not be used again.
    ///
    /// # Errors
    /// If the numbers of the day are used up and do not wrap.
    pub fn next(&mut self, day: i64, for_what: TraceUse) -> Result<(u64, TraceHighWater), UsedUp> {
        if day > self.day {
            self.day = day;
            self.restart();
        }
        let max = self.range.max - if for_what == TraceUse::Request { self.kept_for_duties() } else { 0 };
        if self.last >= max {
            if !self.range.wraps {
                return Err(UsedUp { max });
            }
            self.restart();
        }
        self.last += 1;
        if self.last > self.high {
            self.high = self.last.saturating_add(self.range.block - 1).min(self.range.max);
        }
        Ok((self.last, TraceHighWater { day: self.day, high: self.high }))
    }

    /// Returns the last used number and the maximum, once a day, after 80 % of the numbers of the day are used.
    pub fn warning(&mut self) -> Option<(u64, u64)> {
        let is_due = !self.range.wraps && !self.warned && self.last >= self.range.max / 5 * 4;
        self.warned |= is_due;
        is_due.then_some((self.last, self.range.max))
    }

    fn restart(&mut self) {
        self.last = 0;
        self.high = 0;
        self.warned = false;
    }

    fn kept_for_duties(&self) -> u64 {
        if self.range.wraps { 0 } else { (self.range.max / DUTIES_DIVISOR).min(DUTIES_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn high_water(day: i64, high: u64) -> TraceHighWater {
        TraceHighWater { day, high }
    }

    fn book(max: u64, block: u64, wraps: bool, used: Option<TraceHighWater>) -> TraceBook {
        TraceBook::new(TraceRange { max, block, wraps }, used)
    }

    fn next(book: &mut TraceBook, day: i64) -> (u64, TraceHighWater) {
        book.next(day, TraceUse::Request).unwrap()
    }

    #[test]
    fn the_mark_moves_once_a_block() {
        let mut book = book(999_999, 3, false, None);
        let taken: Vec<_> = (0..5).map(|_| next(&mut book, 10)).collect();
        assert_eq!(
            taken,
            [
                (1, high_water(10, 3)),
                (2, high_water(10, 3)),
                (3, high_water(10, 3)),
                (4, high_water(10, 6)),
                (5, high_water(10, 6))
            ]
        );
    }

    #[test]
    fn a_restart_goes_on_behind_the_mark() {
        let mut book = book(999_999, 1000, false, Some(high_water(10, 2000)));
        assert_eq!(next(&mut book, 10), (2001, high_water(10, 3000)));
    }

    #[test]
    fn a_new_day_begins_at_one_and_an_old_day_does_not() {
        let mut book = book(999_999, 1000, false, Some(high_water(10, 2000)));
        assert_eq!(next(&mut book, 11), (1, high_water(11, 1000)));
        assert_eq!(next(&mut book, 10), (2, high_water(11, 1000)));
    }

    #[test]
    fn the_end_of_the_day_is_an_error_and_duties_go_on() {
        let mut book = book(1000, 100, false, None);
        for number in 1..=990 {
            assert_eq!(book.next(1, TraceUse::Request).map(|(taken, _)| taken), Ok(number));
            assert_eq!(book.warning().is_some(), number == 800, "{number}");
        }
        assert_eq!(book.next(1, TraceUse::Request), Err(UsedUp { max: 990 }));
        for number in 991..=1000 {
            assert_eq!(book.next(1, TraceUse::Duty).map(|(taken, _)| taken), Ok(number));
        }
        assert_eq!(book.next(1, TraceUse::Duty), Err(UsedUp { max: 1000 }));
        assert_eq!(next(&mut book, 2), (1, high_water(2, 100)), "the next day begins anew");
    }

    #[test]
    fn a_full_range_stays_full_over_a_restart() {
        let mut book = book(1000, 100, false, Some(high_water(1, 1000)));
        assert_eq!(book.next(1, TraceUse::Duty), Err(UsedUp { max: 1000 }));
    }

    #[test]
    fn numbers_wrap_by_contract_and_zero_is_never_used() {
        let mut book = book(3, 1000, true, None);
        let taken: Vec<_> = (0..5).map(|_| next(&mut book, 1).0).collect();
        assert_eq!(taken, [1, 2, 3, 1, 2]);
        assert_eq!(next(&mut book, 1), (3, high_water(1, 3)));
    }
}
