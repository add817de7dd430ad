//! Which trace number the next telegram gets.
//!
//! Numbers run from 1 to the field's maximum, per institution and business day, and wrap. So that a crash never hands a number
//! out twice, a high-water mark is kept in the journal. It moves in blocks: the telegram that takes the first number of a block
//! carries the new mark into the journal, in the same commit that must succeed before its bytes go out.

/// The highest number of a day that may have been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The business day, counted from 1970-01-01.
    pub day: i64,
    /// The number.
    pub high: u64,
}

/// The numbers of one institution.
#[derive(Clone, Debug)]
pub struct TraceBook {
    max: u64,
    block: u64,
    day: i64,
    last: u64,
    /// Covers `last` once it is in the journal; none if a new one has to go there first.
    mark: Option<u64>,
}

impl TraceBook {
    /// Begins behind what the journal says was used.
    #[must_use]
    pub fn new(max: u64, block: u64, used: Option<Mark>) -> Self {
        let used = used.unwrap_or(Mark { day: i64::MIN, high: 0 });
        Self { max: max.max(1), block: block.max(1), day: used.day, last: used.high.min(max), mark: None }
    }

    /// The next number, and the mark that must be in the journal before it is used.
    ///
    /// A day that lies before the current one does not turn the book back: a clock that was set back must not bring the
    /// day's first numbers again.
    pub fn next(&mut self, day: i64) -> (u64, Option<Mark>) {
        if day > self.day {
            self.day = day;
            self.last = 0;
            self.mark = None;
        }
        if self.last >= self.max {
            self.last = 0;
            self.mark = None;
        }
        self.last += 1;
        if self.mark.is_some_and(|high| self.last <= high) {
            return (self.last, None);
        }
        let high = self.last.saturating_add(self.block - 1).min(self.max);
        self.mark = Some(high);
        (self.last, Some(Mark { day: self.day, high }))
    }

    /// The mark may not have reached the journal: the next number carries one again.
    pub fn distrust(&mut self) {
        self.mark = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_due_once_a_block() {
        let mut book = TraceBook::new(999_999, 3, None);
        let taken: Vec<_> = (0..7).map(|_| book.next(10)).collect();
        let mark = |high| Some(Mark { day: 10, high });
        assert_eq!(
            taken,
            [(1, mark(3)), (2, None), (3, None), (4, mark(6)), (5, None), (6, None), (7, mark(9))]
        );
    }

    #[test]
    fn a_restart_goes_on_behind_the_mark() {
        let mut book = TraceBook::new(999_999, 1000, Some(Mark { day: 10, high: 2000 }));
        assert_eq!(book.next(10), (2001, Some(Mark { day: 10, high: 3000 })));
    }

    #[test]
    fn a_new_day_begins_at_one_and_an_old_day_does_not() {
        let mut book = TraceBook::new(999_999, 1000, Some(Mark { day: 10, high: 2000 }));
        assert_eq!(book.next(11), (1, Some(Mark { day: 11, high: 1000 })));
        assert_eq!(book.next(10).0, 2);
    }

    #[test]
    fn numbers_wrap_and_zero_is_never_used() {
        let mut book = TraceBook::new(3, 1000, None);
        let taken: Vec<_> = (0..5).map(|_| book.next(1).0).collect();
        assert_eq!(taken, [1, 2, 3, 1, 2]);
    }

    #[test]
    fn a_mark_that_did_not_reach_the_journal_is_sent_again() {
        let mut book = TraceBook::new(999_999, 1000, None);
        assert!(book.next(1).1.is_some());
        book.distrust();
        assert_eq!(book.next(1), (2, Some(Mark { day: 1, high: 1001 })));
    }
}
