//! Decides which trace number the next telegram gets.
//!
//! Numbers run from 1 to the maximum of the field, per institution and business day, and then wrap. The journal stores a
//! high-water mark, so that a number is never used twice after a crash. The mark moves in blocks. Each telegram names the
//! mark that covers its number, and the journal must hold that mark before the bytes of the telegram are sent. This costs
//! one write per block.

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
    max: u64,
    block: u64,
    day: i64,
    last: u64,
    /// The end of the block that contains `last`.
    high: u64,
}

impl TraceBook {
    /// Creates a book that continues after the numbers that were used according to the journal.
    #[must_use]
    pub fn new(max: u64, block: u64, used: Option<TraceHighWater>) -> Self {
        let used = used.unwrap_or(TraceHighWater { day: i64::MIN, high: 0 });
        let last = used.high.min(max);
        Self { max: max.max(1), block: block.max(1), day: used.day, last, high: last }
    }

    /// Returns the next number, and the high-water mark that must be in the journal before the number is used.
    ///
    /// A day before the current one does not reset the book: after a clock was set back, the first numbers of the day must
    /// not be used again.
    pub fn next(&mut self, day: i64) -> (u64, TraceHighWater) {
        if day > self.day || self.last >= self.max {
            self.day = self.day.max(day);
            self.last = 0;
            self.high = 0;
        }
        self.last += 1;
        if self.last > self.high {
            self.high = self.last.saturating_add(self.block - 1).min(self.max);
        }
        (self.last, TraceHighWater { day: self.day, high: self.high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn high_water(day: i64, high: u64) -> TraceHighWater {
        TraceHighWater { day, high }
    }

    #[test]
    fn the_mark_moves_once_a_block() {
        let mut book = TraceBook::new(999_999, 3, None);
        let taken: Vec<_> = (0..5).map(|_| book.next(10)).collect();
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
        let mut book = TraceBook::new(999_999, 1000, Some(high_water(10, 2000)));
        assert_eq!(book.next(10), (2001, high_water(10, 3000)));
    }

    #[test]
    fn a_new_day_begins_at_one_and_an_old_day_does_not() {
        let mut book = TraceBook::new(999_999, 1000, Some(high_water(10, 2000)));
        assert_eq!(book.next(11), (1, high_water(11, 1000)));
        assert_eq!(book.next(10), (2, high_water(11, 1000)));
    }

    #[test]
    fn numbers_wrap_and_zero_is_never_used() {
        let mut book = TraceBook::new(3, 1000, None);
        let taken: Vec<_> = (0..5).map(|_| book.next(1).0).collect();
        assert_eq!(taken, [1, 2, 3, 1, 2]);
        assert_eq!(book.next(1), (3, high_water(1, 3)));
    }
}
