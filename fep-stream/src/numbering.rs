//! [`Numbering`]: the numbers that a feed gives its telegrams, in a field that becomes full.

/// How a feed numbers its telegrams: the digits of the field, and the number that follows the largest one.
///
/// ```
/// use fep_stream::Numbering;
///
/// let numbers = Numbering::new(3, 1).ok_or("3 digits, and 1 fits")?;
/// assert_eq!((numbers.after(7), numbers.after(999)), (8, 1));
/// assert_eq!(Numbering::new(0, 1), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbering {
    first: u64,
    last: u64,
}

/// Where a number is, seen from the one that is expected. The shorter way round decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    /// It is the expected one (0), or so many behind it on the way forward.
    Ahead(u64),
    /// So many numbers before the expected one, at least 1.
    Behind(u64),
}

impl Numbering {
    /// The most digits of a number.
    pub const DIGITS_MAX: u32 = 18;

    /// Numbers of this many digits, 1 to [`Numbering::DIGITS_MAX`]. `first` follows the largest one; it is usually 0 or 1. `None` if
    /// the digits are out of range, or if no number is left.
    #[must_use]
    pub const fn new(digits: u32, first: u64) -> Option<Self> {
        if digits == 0 || digits > Self::DIGITS_MAX {
            return None;
        }
        let last = 10_u64.pow(digits) - 1;
        if first < last { Some(Self { first, last }) } else { None }
    }

    /// The number that the sequence begins with, and begins again with.
    #[must_use]
    pub const fn first(self) -> u64 {
        self.first
    }

    /// The largest number. [`Numbering::first`] follows it.
    #[must_use]
    pub const fn last(self) -> u64 {
        self.last
    }

    /// The number behind this one.
    #[must_use]
    pub const fn after(self, number: u64) -> u64 {
        if number >= self.last { self.first } else { number + 1 }
    }

    /// Whether the feed can have this number.
    #[must_use]
    pub const fn has(self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }

    /// How many numbers there are.
    pub(crate) const fn count(self) -> u64 {
        self.last - self.first + 1
    }

    /// The number that is `steps` behind this one on the way forward.
    pub(crate) const fn forward(self, number: u64, steps: u64) -> u64 {
        self.first + (number - self.first + steps % self.count()) % self.count()
    }

    /// How many numbers it is from the first to the second on the way forward.
    pub(crate) const fn steps(self, from: u64, to: u64) -> u64 {
        (to.saturating_sub(self.first) + self.count() - from.saturating_sub(self.first)) % self.count()
    }

    pub(crate) const fn distance(self, expected: u64, number: u64) -> Distance {
        let count = self.count();
        let ahead = self.steps(expected, number);
        if ahead <= count / 2 { Distance::Ahead(ahead) } else { Distance::Behind(count - ahead) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_follows_the_last_one() {
        let numbers = Numbering::new(2, 1).unwrap();
        assert_eq!((numbers.after(98), numbers.after(99)), (99, 1));
        assert_eq!((numbers.has(0), numbers.has(1), numbers.has(99), numbers.has(100)), (false, true, true, false));
        assert_eq!((numbers.forward(98, 1), numbers.forward(98, 2), numbers.forward(5, 99)), (99, 1, 5));
    }

    #[test]
    fn distances_go_round() {
        let numbers = Numbering::new(2, 1).unwrap();
        for (expected, number, distance) in [
            (5, 5, Distance::Ahead(0)),
            (5, 8, Distance::Ahead(3)),
            (5, 3, Distance::Behind(2)),
            (98, 2, Distance::Ahead(3)),
            (2, 98, Distance::Behind(3)),
        ] {
            assert_eq!(numbers.distance(expected, number), distance, "{expected} {number}");
        }
    }

    #[test]
    fn a_numbering_has_numbers() {
        let bad = [Numbering::new(0, 0), Numbering::new(19, 0), Numbering::new(1, 9), Numbering::new(1, 10)];
        assert_eq!(bad, [None; 4]);
        assert!(Numbering::new(18, 1).is_some());
    }
}
