//! The contents of numbers, dates and times that mean "no value": spaces, zeros, nines and others.
//!
//! A rule names one that is written, and any others that are read too. With zeros and nines, the separators of a date stay:
//! `0000-00-00`.

use fep_core::calendar::Pieces;

use super::Blank;
use crate::error::Fault;
use crate::layout::{DateRule, DateTimeRule, Encoding, NoneAs, NumberRule, Sign, TimeRule};

/// Contents that mean "no value".
struct Contents<'p> {
    /// The byte at every position but the last, and the last byte.
    bytes: [u8; 2],
    /// The pattern, if its separators stay.
    pattern: Option<&'p Pieces>,
    encoding: Encoding,
}

impl Contents<'_> {
    #[inline]
    fn are(&self, bytes: &[u8]) -> bool {
        let [fill, end] = self.bytes;
        if let Some(pattern) = self.pattern {
            let expected =
                pattern.characters().map(|separator| separator.map_or(fill, |at| self.encoding.separator(at)));
            return expected.eq(bytes.iter().copied());
        }
        matches!(bytes, [all @ .., last] if *last == end && all.iter().all(|byte| *byte == fill))
    }

    fn write(&self, out: &mut [u8]) {
        let [fill, end] = self.bytes;
        out.fill(fill);
        if let Some(last) = out.last_mut() {
            *last = end;
        }
        for (byte, separator) in out.iter_mut().zip(self.pattern.into_iter().flat_map(Pieces::characters)) {
            if let Some(separator) = separator {
                *byte = self.encoding.separator(separator);
            }
        }
    }
}

impl NumberRule {
    /// The contents for this word, or `None` if the encoding has none.
    #[inline]
    const fn contents(&self, none: NoneAs) -> Option<Contents<'_>> {
        match none.bytes(self.encoding, matches!(self.sign, Sign::Signed)) {
            Some(bytes) => Some(Contents { bytes, pattern: None, encoding: self.encoding }),
            None => None,
        }
    }
}

/// Implements, for the rules with a pattern, the contents for a word.
macro_rules! contents {
    ($($rule:ty),*) => {
        $(impl $rule {
            #[inline]
            const fn contents(&self, none: NoneAs) -> Option<Contents<'_>> {
                let pieces = self.pattern.pieces();
                let stay = matches!(none, NoneAs::Zeros | NoneAs::Nines) && pieces.has_separators();
                let pattern = if stay { Some(pieces) } else { None };
                match none.bytes(self.encoding, false) {
                    Some(bytes) => Some(Contents { bytes, pattern, encoding: self.encoding }),
                    None => None,
                }
            }
        })*
    };
}

contents!(DateRule, TimeRule, DateTimeRule);

/// Implements, for the rules that name contents for "no value", [`Blank`] and whether there are none.
macro_rules! blank {
    ($($rule:ty),*) => {
        $(impl $rule {
            /// Whether no contents mean "no value", as in nearly all fields.
            #[inline(always)]
            pub(crate) const fn always_has_value(&self) -> bool {
                matches!(self.none, NoneAs::Never) && self.none_also.is_empty()
            }
        }

        impl Blank for $rule {
            #[inline]
            fn is_none(&self, bytes: &[u8]) -> bool {
                if self.always_has_value() {
                    return false;
                }
                let are = |none| self.contents(none).is_some_and(|contents| contents.are(bytes));
                are(self.none) || !self.none_also.is_empty() && self.none_also.iter().any(are)
            }

            #[inline]
            fn put_none(&self, out: &mut [u8]) -> Result<(), Fault> {
                self.contents(self.none).ok_or(Fault::NoValue)?.write(out);
                Ok(())
            }
        })*
    };
}

blank!(NumberRule, DateRule, TimeRule, DateTimeRule);
