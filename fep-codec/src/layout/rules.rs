//! The options of each field kind, as plain data. Their effect on bytes is in [`crate::kind`].

use alloc::borrow::Cow;

pub use fep_core::accepts::{Accept, Accepts};
pub use fep_core::calendar::{DateForm, DatePattern, DateTimePattern, PatternError, TimePattern};
pub use fep_core::encoding::Encoding;
pub use fep_core::rules::{Half, Justify, NoneAs, NoneSet, Overflow, Overpunch, Sign, Width};

use crate::charset::Charset;
#[cfg(doc)]
use crate::charset::EncodeOptions;

/// Passes all kinds to a macro: a description, the name of the accessor in derived code, the variant and the rule of each.
macro_rules! each_kind {
    ($with:ident) => {
        $with! {
            "Characters, padded.", text Text(TextRule);
            "A string of digits that is not a number: an account, a code with leading zeros.", digits Digits(DigitsRule);
            "A zero-filled number.", number Number(NumberRule);
            "A calendar date.", date Date(DateRule);
            "A time of day.", time Time(TimeRule);
            "A date and a time of day.", datetime DateTime(DateTimeRule);
            "One of a list of codes with meanings.", code Code(CodeRule);
            "Yes or no.", flag Flag(FlagRule);
            "Raw bytes.", bytes Bytes(BytesRule);
        }
    };
}

pub(crate) use each_kind;

macro_rules! declare_kind {
    ($($about:literal, $accessor:ident $kind:ident($rule:ident);)*) => {
        /// The wire representation of a field.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = $about] $kind($rule),)*
        }

        impl Kind {
            /// The word of the kind in spec files and documents: `number`.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($accessor),)*
                }
            }
        }
    };
}

each_kind!(declare_kind);

/// Characters in a charset, padded to the field's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextRule {
    /// The charset on the wire.
    pub charset: Charset,
    /// The text has exactly the field's length, including spaces at its ends. There is no padding.
    pub exact: bool,
    /// The byte that fills the field when it is not `exact`.
    pub pad: u8,
    /// The side of the field at which the text is placed when it is not `exact`.
    pub justify: Justify,
    /// What happens to a text that does not fit.
    pub overflow: Overflow,
    /// Whether the text is made full-width (전각) before it is padded, with full-width spaces instead of `pad`.
    pub width: Width,
    /// A character that the charset lacks may be written as one that looks alike: [`EncodeOptions::compat`].
    pub compat: bool,
    /// The treatment of half a character at the end of a received field.
    pub half: Half,
    /// The SI at the end of a received field may be missing, and there may be nothing between SO and SI.
    pub open_shift: bool,
    /// EBCDIC: a new line is the byte `0x15`, not `0x25`.
    pub newline_15: bool,
}

/// A string of digits that is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitsRule {
    /// The encoding of the digits, which is not binary.
    pub encoding: Encoding,
    /// The value has as many digits as the field can have: [`DigitsRule::capacity`].
    pub exact: bool,
    /// The byte that fills what the digits leave free. For BCD it is a half byte: `0x0F`.
    pub pad: u8,
    /// The side of the field at which the digits are placed when they leave something free.
    pub justify: Justify,
    /// The maximum number of digits, if half bytes have room for more: an odd number in BCD.
    pub digits_max: Option<u8>,
    /// Further forms that are read.
    pub accepts: Accepts,
}

/// A number, filled with zeros from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRule {
    /// The encoding of the digits.
    pub encoding: Encoding,
    /// The position of the sign.
    pub sign: Sign,
    /// Implied decimals: `1205` with scale 2 is 12.05. There can be more decimals than digits (`PIC VP(2)9(5)`). With a negative
    /// scale the field counts in tens, hundreds, thousands: `12` with scale -3 is 12000 (`PIC 9(2)P(3)`).
    pub scale: i8,
    /// The field contents that mean "no value".
    pub none: NoneAs,
    /// Other contents that are read as "no value". They are written as `none`.
    pub none_also: NoneSet,
    /// The maximum number of digits of a value, if its bytes have room for more: an even number of packed digits, or `PIC 9(4)`
    /// in binary.
    pub digits_max: Option<u8>,
    /// The byte of the decimal point, if it has one. It is before the last `scale` digits.
    pub point: Option<u8>,
    /// The byte that fills the field beside the digits. `None` fills it with zeros.
    pub pad: Option<u8>,
    /// The side of the field at which the number is placed. `Left` needs a `pad`.
    pub justify: Justify,
    /// Further forms that are read.
    pub accepts: Accepts,
}

/// A calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRule {
    /// The digits and separators on the wire.
    pub pattern: DatePattern,
    /// The encoding of the digits, which is not binary. A pattern with separators has one byte for each digit.
    pub encoding: Encoding,
    /// The field contents that mean "no date". With zeros and nines, the separators of the pattern stay.
    pub none: NoneAs,
    /// Other contents that are read as "no date". They are written as `none`.
    pub none_also: NoneSet,
    /// Two-digit years below this are 20xx. All other two-digit years are 19xx.
    pub pivot: u8,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRule {
    /// The digits and separators on the wire.
    pub pattern: TimePattern,
    /// The encoding of the digits, which is not binary. A pattern with separators has one byte for each digit.
    pub encoding: Encoding,
    /// The field contents that mean "no time". Zeros cannot be chosen, because they mean midnight.
    pub none: NoneAs,
    /// Other contents that are read as "no time". They are written as `none`.
    pub none_also: NoneSet,
}

/// A date and a time of day in one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTimeRule {
    /// The digits and separators on the wire.
    pub pattern: DateTimePattern,
    /// The encoding of the digits, which is not binary. A pattern with separators has one byte for each digit.
    pub encoding: Encoding,
    /// The field contents that mean "no value".
    pub none: NoneAs,
    /// Other contents that are read as "no value". They are written as `none`.
    pub none_also: NoneSet,
    /// Two-digit years below this are 20xx. All other two-digit years are 19xx.
    pub pivot: u8,
}

/// One of a list of codes, left-justified and padded with spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRule {
    /// The charset on the wire. Codes themselves are ASCII.
    pub charset: Charset,
    /// The known codes.
    pub codes: Cow<'static, [CodeMeaning]>,
    /// Codes that are not on the list are kept. A closed list rejects them.
    pub open: bool,
}

/// A code and its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeMeaning {
    /// The code without padding. It is empty for a blank field.
    pub code: Cow<'static, str>,
    /// The meaning of the code on the sheet.
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

/// Raw bytes. A value has exactly the field's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BytesRule;
