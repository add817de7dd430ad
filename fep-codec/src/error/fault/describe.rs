//! The message of each [`Fault`]: one line, lower case.

use core::fmt;

use super::Fault;
use crate::error::Decimal;
use crate::error::quote::{BLANK_NUMBER, no_point, unicode, write_byte, write_found};

impl Fault {
    /// Writes the message, for a field that begins at byte `start`.
    pub(in crate::error) fn describe(&self, f: &mut fmt::Formatter<'_>, start: usize) -> fmt::Result {
        match self {
            Self::WrongLength { expected, found } => {
                write!(f, "the telegram has {expected} bytes, found {found}")
            }
            Self::Truncated { needed, left } => write!(f, "needs {needed} bytes, the telegram ends after {left}"),
            Self::NotCompleted { needed, left, reason } => {
                write!(f, "needs {needed} bytes, the telegram ends after {left}; {reason}")
            }
            Self::StatedBeyondEnd { stated, left, within } => {
                write!(f, "its length field says {stated} bytes, only {left} left")?;
                let Some((item, stated)) = within else { return Ok(()) };
                write!(f, " in `{item}`, whose length field says {stated}")
            }
            Self::StatedTooShort { needed, left, item, stated } => {
                write!(f, "needs {needed} bytes, only {left} left in `{item}`, whose length field says {stated}")
            }
            Self::StatedTooLong { stated, used } => {
                write!(f, "its length field says {stated} bytes, its contents have {used}")
            }
            Self::LeftOver { bytes } => write!(f, "{bytes} bytes are left after the last field"),
            Self::BufferTooShort { needed, len } => write!(f, "needs a buffer of {needed} bytes, it has {len}"),
            Self::TooLong { needed, len } => write!(f, "needs {needed} bytes, the field has {len}"),
            Self::NoRoom(text) => fmt::Display::fmt(text, f),
            Self::NotFull { given, len } => write!(f, "must fill all {len} bytes, has {given}"),
            Self::Unmappable { character, position, charset, instead } => {
                match character {
                    Some(c) => write!(f, "character {} of the value, {c:?} ({}), is", position + 1, unicode(*c))?,
                    None => write!(f, "character {} of the value is", position + 1)?,
                }
                write!(f, " not in {charset}")?;
                instead.map_or(Ok(()), |charset| write!(f, "; {charset} has it"))
            }
            Self::Malformed { at, charset } => at.describe(*charset, start, f),
            Self::LooksLikePadding => {
                f.write_str("the value begins or ends with the pad character, which would be lost")
            }
            Self::NotADigit { offset, byte } => write_found(f, "a digit", *byte, start + offset),
            Self::BadSign { byte } => {
                f.write_str("expected a sign, found ")?;
                write_byte(f, *byte)
            }
            Self::BlankNumber => f.write_str(BLANK_NUMBER),
            Self::NoPoint { offset, byte, point } => no_point(f, start + offset, *byte, *point),
            Self::LeadingZero { offset } => {
                write!(f, "a zero before the digits at byte {}, where the field has padding", start + offset)
            }
            Self::NotAMultiple { zeros } => {
                let digits = usize::from(*zeros) + 1;
                write!(f, "the number must be a multiple of {:0<digits$}, which the field counts", 1)
            }
            Self::NotAllDigits { given, expected } => write!(f, "must have {expected} digits, has {given}"),
            Self::Negative => f.write_str("the field has no sign, the number is negative"),
            Self::NegativeZero => f.write_str("zero with a minus"),
            Self::TooManyDigits { max } => write!(f, "the number has more than {max} digits"),
            Self::Overflow { holder } => {
                write!(f, "the number does not fit into {holder}")?;
                limits(holder).map_or(Ok(()), |(first, last)| write!(f, ", which holds {first} to {last}"))
            }
            Self::MeansNone => f.write_str("this very value means \"no value\" in this field"),
            Self::NoValue => f.write_str("has no value, but the spec gives no way to write \"no value\" here"),
            Self::NoSuchDate { what: Some(what) } => write!(f, "no such date or time: {what}"),
            Self::NoSuchDate { what: None } => f.write_str("no such date or time"),
            Self::YearOutOfRange { first, last } => {
                write!(f, "the digits of the year stand for {first} to {last} here")
            }
            Self::NotTheSeparator { offset, expected, byte } => {
                f.write_str("expected the separator ")?;
                write_byte(f, Some(*expected))?;
                f.write_str(", found ")?;
                write_byte(f, *byte)?;
                write!(f, " at byte {}", start + offset)
            }
            Self::UnknownCode => f.write_str("not one of the codes on the list, and the list is closed"),
            Self::BadFlag { byte } => {
                f.write_str("neither yes nor no: ")?;
                write_byte(f, *byte)
            }
            Self::NotTheLiteral => f.write_str("not the constant that the spec puts here"),
            Self::FillerNotBlank { offset, byte } => {
                f.write_str("a reserved byte is not blank: ")?;
                write_byte(f, Some(*byte))?;
                write!(f, " at byte {}", start + offset)
            }
            Self::LengthLies { stated, actual } => write!(f, "the length says {stated}, there are {actual}"),
            Self::NotTheComputed { computed: Some(computed) } => {
                write!(f, "the field is computed and must be {computed}; leave it out")
            }
            Self::NotTheComputed { computed: None } => {
                f.write_str("the field is computed and must be another value; leave it out")
            }
            Self::CountLies { stated, actual } => write!(f, "the count says {stated}, there are {actual} entries"),
            Self::SumLies { stated_and_actual: Some((stated, actual)), scale } => {
                let [stated, actual] = [*stated, *actual].map(|units| Decimal { units, scale: *scale });
                write!(f, "the sum says {stated}, the entries have {actual}")
            }
            Self::SumLies { stated_and_actual: None, scale: _ } => f.write_str("the sum is not that of the entries"),
            Self::SequenceLies { stated, actual } => write!(f, "the sequence says {stated}, this is number {actual}"),
            Self::PageLies { start, count, total } => {
                write!(f, "{count} entries from number {start} on are no page of a list of {total}")
            }
            Self::CheckLies { name, expected } => {
                write!(f, "the check `{name}` gives ")?;
                let Some(expected) = expected else { return f.write_str("something else") };
                f.write_str("hex")?;
                expected.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
            }
            Self::NoCheck { reason } => write!(f, "the check cannot be computed: {reason}"),
            Self::PartOfEntry { bytes, entry } => {
                write!(f, "{bytes} bytes are left behind the last whole entry, which has {entry}")
            }
            Self::Overrun { bytes } => {
                write!(f, "the last entry goes {bytes} bytes into what follows the group")
            }
            Self::EntryNotBlank => f.write_str("an entry that is not used is not blank"),
            Self::EntryMeansNone => f.write_str("an entry of nothing but padding says that it is not used"),
            Self::NoSuchCase { choice, codes } => {
                write!(f, "no case of `{choice}` has this code; there are {codes}")
            }
            Self::WrongCase { case, codes } => write!(f, "`{case}` stands there, which belongs to {codes}"),
            Self::TooMany { count, max } => write!(f, "{count} entries, at most {max} are allowed"),
            Self::WrongCount { count, expected } => write!(f, "{count} entries, there must be {expected}"),
            Self::Missing => f.write_str("is missing"),
            Self::UnknownField { nearest: Some(nearest) } => {
                write!(f, "there is no such field; did you mean {nearest}?")
            }
            Self::UnknownField { nearest: None } => f.write_str("there is no such field"),
            Self::WrongType { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Unreadable { expected } => write!(f, "expected {expected}"),
            Self::NotJson { reason } => write!(f, "not JSON: {reason}"),
            Self::NoSuchTelegram { by, near } if near.is_empty() => {
                write!(f, "no telegram of the spec has these codes ({by})")
            }
            Self::NoSuchTelegram { by, near } if by.is_empty() => {
                write!(f, "no telegram of the spec has these literals: the bytes {near}")
            }
            Self::NoSuchTelegram { by, near } => {
                write!(f, "no telegram of the spec has these codes ({by}): the bytes {near}")
            }
            Self::OtherCode { expected, found, telegram } => {
                write!(f, "`{telegram}` has {expected:?} here, ")?;
                match found {
                    Some(found) => write!(f, "{found:?} is given"),
                    None => f.write_str("another value is given"),
                }
            }
            Self::BadSpec { reason } => f.write_str(reason),
        }
    }
}

/// The first and the last number of an integer type.
fn limits(holder: &str) -> Option<(i128, u128)> {
    macro_rules! limits {
        ($($integer:ident)*) => {
            match holder {
                $(stringify!($integer) => Some(($integer::MIN as i128, $integer::MAX as u128)),)*
                _ => None,
            }
        };
    }
    limits!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128)
}
