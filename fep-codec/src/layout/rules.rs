//! The options of each field kind, as plain data. What they do to bytes is in [`crate::kind`].

use alloc::borrow::Cow;

use super::Encoding;
#[cfg(doc)]
use crate::charset::EncodeOptions;
use crate::charset::{Charset, Half};

/// Characters in a charset, padded to the field's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextRule {
    /// The charset on the wire.
    pub charset: Charset,
    /// The text has exactly the field's length, spaces at its ends included: there is no padding.
    pub full: bool,
    /// The byte that fills the field when it is not `full`.
    pub pad: u8,
    /// The side at which the text stands when it is not `full`.
    pub justify: Justify,
    /// What happens to a text that does not fit.
    pub overflow: Overflow,
    /// Whether the text is made full-width (전각) before it is padded, with full-width spaces instead of `pad`.
    pub width: Width,
    /// A character that the charset lacks may be written as one that looks alike: [`EncodeOptions::compat`].
    pub compat: bool,
    /// What becomes of half a character at the end of a received field.
    pub half: Half,
    /// The SI at the end of a received field may be missing, and SO and SI may stand with nothing between them.
    pub open_shift: bool,
    /// EBCDIC: a new line is the byte 15, not 25.
    pub newline_15: bool,
}

/// How wide the letters of a text are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// As they come.
    Any,
    /// All full-width: ASCII is written as U+FF01 to U+FF5E, a space as U+3000. What is read stays full-width.
    Full,
}

/// A string of digits that is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitsRule {
    /// The bytes of the digits, `Ascii` or `Ebcdic`.
    pub encoding: Encoding,
    /// Every byte is a digit: the value has exactly the field's length.
    pub full: bool,
    /// The byte that fills the field when it is not `full`.
    pub pad: u8,
    /// The side at which the digits stand when the field is not `full`.
    pub justify: Justify,
}

/// A number, filled with zeros from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRule {
    /// The bytes of the digits.
    pub encoding: Encoding,
    /// Where the sign stands.
    pub sign: Sign,
    /// Implied decimals: `1205` with scale 2 is 12.05.
    pub scale: u8,
    /// The field contents that mean "no value".
    pub none: NoneAs,
    /// The most digits of a value, if its bytes have room for more: an even number of packed digits, or `PIC 9(4)` in binary.
    pub digits_max: Option<u8>,
}

/// Where a number carries its sign. Every form takes its byte from the field's own length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// No sign: the number is not negative.
    Unsigned,
    /// A minus in the first byte if the number is negative, else one more digit: `-00500`, `000500`.
    LeadingMinus,
    /// The first byte is a sign of its own.
    Leading {
        /// The byte of a number that is zero or more.
        plus: u8,
        /// The byte of a negative number.
        minus: u8,
    },
    /// The last byte is a sign of its own.
    Trailing {
        /// The byte of a number that is zero or more.
        plus: u8,
        /// The byte of a negative number.
        minus: u8,
    },
    /// The first digit carries the sign: `N00` is -500.
    LeadingOverpunch(Overpunch),
    /// The last digit carries the sign: `00N` is -5.
    TrailingOverpunch(Overpunch),
    /// The encoding's own: `C` or `D` in the last half byte of packed digits, the two's complement of a binary number.
    Signed,
    /// In another field, which is computed from this one: [`super::Computed::Sign`].
    Elsewhere,
}

/// The characters that are a digit and a sign in one byte. Each number has one form only: what is read is written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overpunch {
    /// `{ABCDEFGHI` are 0 to 9 with a plus, `}JKLMNOPQR` with a minus. In EBCDIC these are the bytes `C0` to `C9` and `D0` to `D9`.
    Ebcdic,
    /// Digits of numbers that are not negative stay as they are; `}JKLMNOPQR` are 0 to 9 with a minus.
    EbcdicMinus,
    /// Digits of numbers that are not negative stay as they are; `pqrstuvwxy` are 0 to 9 with a minus. GnuCOBOL writes this, and
    /// EBCDIC has no such form.
    StrictAscii,
}

/// A calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRule {
    /// The digits on the wire.
    pub pattern: DatePattern,
    /// The bytes of the digits, which are not binary.
    pub encoding: Encoding,
    /// The field contents that mean "no date".
    pub none: NoneAs,
    /// Two-digit years below this are 20xx, the others 19xx.
    pub pivot: u8,
}

/// The digits of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatePattern {
    /// `20261121`
    YyyyMmDd,
    /// `261121`
    YyMmDd,
    /// `2026325`: the day of the year, from 001.
    YyyyDdd,
    /// `1121`: the year is not sent. In JSON the digits as they are.
    MmDd,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRule {
    /// The digits on the wire.
    pub pattern: TimePattern,
    /// The bytes of the digits, which are not binary.
    pub encoding: Encoding,
    /// The field contents that mean "no time". Zeros are midnight and cannot be chosen.
    pub none: NoneAs,
}

/// The digits of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimePattern {
    /// `093015`
    HhMmSs,
    /// `0930`
    HhMm,
}

/// A date and a time of day in one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTimeRule {
    /// The digits on the wire.
    pub pattern: DateTimePattern,
    /// The bytes of the digits, which are not binary.
    pub encoding: Encoding,
    /// The field contents that mean "no value".
    pub none: NoneAs,
    /// Two-digit years below this are 20xx, the others 19xx.
    pub pivot: u8,
}

/// The digits of a date with a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateTimePattern {
    /// `20261121093015`
    YyyyMmDdHhMmSs,
    /// `261121093015`
    YyMmDdHhMmSs,
    /// `1121093015`: the year is not sent. In JSON the digits as they are.
    MmDdHhMmSs,
}

/// One of a list of codes, left-justified and padded with spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRule {
    /// The charset on the wire. Codes themselves are ASCII.
    pub charset: Charset,
    /// The known codes.
    pub codes: Cow<'static, [CodeMeaning]>,
    /// Codes that are not on the list are kept; closed lists refuse them.
    pub open: bool,
}

/// A code and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeMeaning {
    /// The code without padding; empty for a blank field.
    pub code: Cow<'static, str>,
    /// What the sheet says that it means.
    pub label: Cow<'static, str>,
}

/// Yes or no, one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagRule {
    /// The byte for yes.
    pub yes: u8,
    /// The byte for no.
    pub no: u8,
}

/// Raw bytes; a value has exactly the field's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BytesRule;

/// The side at which a value stands in its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Justify {
    /// The value first, then the padding.
    Left,
    /// The padding first, then the value.
    Right,
}

/// What happens to a text that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// It is an error.
    Error,
    /// It is cut after the last whole character that fits.
    Cut,
}

/// The contents by which a field says that it has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoneAs {
    /// It always has a value.
    Never,
    /// All spaces: `40` in EBCDIC digits, else `20`.
    Spaces,
    /// All digits are zeros.
    Zeros,
    /// All digits are nines.
    Nines,
    /// All bytes are `40`, a mainframe's spaces where the encoding does not say so.
    EbcdicSpaces,
    /// All bytes are `00`.
    LowValues,
}

#[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
impl DatePattern {
    /// How many digits there are.
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::YyyyMmDd => 8,
            Self::YyMmDd => 6,
            Self::YyyyDdd => 7,
            Self::MmDd => 4,
        }
    }
}

#[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
impl TimePattern {
    /// How many digits there are.
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::HhMmSs => 6,
            Self::HhMm => 4,
        }
    }
}

#[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
impl DateTimePattern {
    /// How many digits there are.
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::YyyyMmDdHhMmSs => 14,
            Self::YyMmDdHhMmSs => 12,
            Self::MmDdHhMmSs => 10,
        }
    }
}
