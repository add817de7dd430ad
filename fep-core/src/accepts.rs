//! [`Accept`]: further forms of a number that a field reads. Each number is written in one form.

use crate::encoding::Encoding;
use crate::rules::{Overpunch, Sign};
use crate::words::{Word as _, words};

words! {
    /// A form of a number that is read, and written in another form.
    pub enum Accept {
        /// Every sign that a mainframe takes: `A`, `C`, `E` and `F` are plus, `B` and `D` are minus, in the sign's half byte of packed
        /// digits and in the zone of an overpunched EBCDIC digit.
        HostSigns = "host-signs",
        /// A plain digit where the digit with the sign is: plus.
        PlainDigits = "plain-digits",
        /// `{ABCDEFGHI` where plus is written as a plain digit.
        OverpunchedPlus = "overpunched-plus",
        /// A blank where the sign is: plus.
        BlankSign = "blank-sign",
        /// A plus sign where plus is written as another byte, or not at all.
        PlusSign = "plus-sign",
        /// The sign of plus for zero, in a sign field that has a sign of its own for zero.
        PlusZero = "plus-zero",
        /// Zero with a minus.
        MinusZero = "minus-zero",
        /// Zeros before the digits, where the field is filled with another byte.
        LeadingZeros = "leading-zeros",
        /// Blanks before the digits, where the field is filled with zeros.
        LeadingBlanks = "leading-blanks",
    }
}

/// A set of [`Accept`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Accepts(u16);

impl Accepts {
    /// Only the form that is written.
    pub const NONE: Self = Self(0);

    /// These forms.
    #[must_use]
    pub const fn of(forms: &[Accept]) -> Self {
        let mut set = Self::NONE;
        let mut rest = forms;
        while let [form, others @ ..] = rest {
            set = set.with(*form);
            rest = others;
        }
        set
    }

    /// The set with one more form.
    #[inline]
    #[must_use]
    pub const fn with(self, form: Accept) -> Self {
        Self(self.0 | (1 << form as u16))
    }

    /// Whether both sets have the same members. `==` is not possible in constants.
    #[must_use]
    pub const fn is(self, other: Self) -> bool {
        self.0 == other.0
    }

    /// Whether the form is in the set.
    #[inline]
    #[must_use]
    pub const fn has(self, form: Accept) -> bool {
        self.0 & (1 << form as u16) != 0
    }

    /// Whether the set is empty.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The forms, in the order in which messages list them.
    pub fn iter(self) -> impl Iterator<Item = Accept> {
        Accept::WORDS.iter().map(|(_, form)| *form).filter(move |form| self.has(*form))
    }
}

/// What decides whether a number can have a further form.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The encoding of the digits.
    pub encoding: Encoding,
    /// The sign, in this encoding.
    pub sign: Sign,
    /// Whether the field is filled with a byte that is not zero.
    pub is_padded: bool,
}

impl Accept {
    /// Checks that the form is another one than that which is written, and that the number can have it.
    ///
    /// # Errors
    /// The reason, in a few words for a hint.
    pub fn check(self, written: Written) -> Result<(), &'static str> {
        let Written { encoding, sign, is_padded } = written;
        let punched = match sign {
            Sign::LeadingOverpunch(form) | Sign::TrailingOverpunch(form) => Some(form),
            _ => None,
        };
        let (holds, reason) = match self {
            Self::HostSigns => (
                encoding == Encoding::Packed || encoding == Encoding::Ebcdic && punched.is_some(),
                "\"host-signs\" is for packed digits and for overpunched EBCDIC digits",
            ),
            Self::PlainDigits => (
                punched == Some(Overpunch::Ebcdic),
                "\"plain-digits\" is for `sign = \"overpunch\"`, where plus has letters",
            ),
            Self::OverpunchedPlus => (
                punched.is_some_and(|form| form != Overpunch::Ebcdic),
                "\"overpunched-plus\" is for an overpunch in which plus is a plain digit",
            ),
            Self::BlankSign => (
                matches!(sign, Sign::Leading { plus, minus } | Sign::Trailing { plus, minus }
                    if plus != encoding.space() && minus != encoding.space()),
                "\"blank-sign\" is for a sign with a byte of its own that is not a blank",
            ),
            Self::PlusSign => (
                match sign {
                    Sign::LeadingMinus => true,
                    Sign::Leading { plus, minus } | Sign::Trailing { plus, minus } => {
                        let sign = encoding.byte_of(b'+');
                        sign != Some(plus) && sign != Some(minus)
                    }
                    _ => false,
                },
                "\"plus-sign\" is for a sign whose plus is another byte, or none",
            ),
            Self::PlusZero => (false, "\"plus-zero\" is for a computed sign that has a third sign, for zero"),
            Self::MinusZero => (
                !matches!(sign, Sign::Unsigned | Sign::Elsewhere) && encoding.is_decimal(),
                "\"minus-zero\" is for decimal digits with a sign",
            ),
            Self::LeadingZeros => (is_padded, "\"leading-zeros\" is for a field with `pad`: all others have them"),
            Self::LeadingBlanks => (
                encoding.is_zoned() && !is_padded,
                "\"leading-blanks\" is for digits of one byte that are filled with zeros",
            ),
        };
        if holds { Ok(()) } else { Err(reason) }
    }

    /// Checks that a computed sign can have the form. `zero` says whether zero has a sign of its own, and `blank` whether a sign is a
    /// blank.
    ///
    /// # Errors
    /// The reason, in a few words for a hint.
    pub const fn check_sign(self, zero: bool, blank: bool) -> Result<(), &'static str> {
        match self {
            Self::BlankSign if blank => Err("a blank is one of the signs already"),
            Self::PlusZero if !zero => Err("zero has the sign of plus already"),
            Self::BlankSign | Self::PlusZero | Self::MinusZero => Ok(()),
            _ => Err("a sign accepts \"blank-sign\", \"plus-zero\" and \"minus-zero\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let set = Accepts::of(&[Accept::MinusZero, Accept::HostSigns]);
        assert!(set.has(Accept::HostSigns) && set.has(Accept::MinusZero) && !set.has(Accept::BlankSign));
        assert_eq!(set.iter().map(|form| form.word()).collect::<alloc::vec::Vec<_>>(), ["host-signs", "minus-zero"]);
        assert!(Accepts::NONE.is_empty());
        let all = Accept::WORDS.iter().fold(Accepts::NONE, |set, (_, form)| set.with(*form));
        assert_eq!(all.iter().count(), Accept::WORDS.len());
    }
}
