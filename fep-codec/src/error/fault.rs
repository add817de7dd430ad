//! [`Fault`]: what is wrong with one field's value or bytes, and how it is said. It knows neither the field's name nor its place.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use super::Decimal;
use crate::charset::{Charset, DecodeError, NoRoomError};

/// What is wrong with one field's value or bytes. Offsets count bytes from the start of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A telegram of fixed length came with another one.
    WrongLength {
        /// The layout's length in bytes.
        expected: usize,
        /// The bytes that came.
        found: usize,
    },
    /// The telegram ends inside this field.
    Truncated {
        /// Bytes that the field needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// Bytes are left after the last field.
    LeftOver {
        /// How many.
        bytes: usize,
    },
    /// The caller's buffer is shorter than the telegram.
    BufferTooShort {
        /// Bytes that the telegram needs so far.
        needed: usize,
        /// Bytes that the buffer has.
        len: usize,
    },
    /// The value needs more bytes than the field has.
    TooLong {
        /// Bytes that the value needs in the field's charset, sign included.
        needed: usize,
        /// Bytes that the field has.
        len: usize,
    },
    /// A text needs more bytes than the field has.
    NoRoom(NoRoomError),
    /// The value must fill the field exactly and does not.
    NotFull {
        /// Bytes that the value has.
        given: usize,
        /// Bytes that the field has.
        len: usize,
    },
    /// The charset lacks a character.
    Unmappable {
        /// The character; none if the field is secret.
        character: Option<char>,
        /// Its position in the value, in characters from 0.
        position: usize,
        /// The field's charset.
        charset: Charset,
        /// A charset that has the character, if one of ours does.
        instead: Option<Charset>,
    },
    /// The bytes are no text in the charset.
    Malformed {
        /// Where, in bytes from the start of the field, and why.
        at: DecodeError,
        /// The charset.
        charset: Charset,
    },
    /// A value begins or ends with the pad byte, which the padding would swallow.
    LooksLikePadding,
    /// A byte that is not a digit stands where a digit must.
    NotADigit {
        /// Where, in bytes from the start of the field or of the value.
        offset: usize,
        /// The byte; none if the field is secret.
        byte: Option<u8>,
    },
    /// The sign byte is none of those that the spec names.
    BadSign {
        /// The byte; none if the field is secret.
        byte: Option<u8>,
    },
    /// A negative number for a field without a sign.
    Negative,
    /// Zero with a minus: it cannot be told from zero once it is a number.
    NegativeZero,
    /// The number has more digits than the spec allows, though its bytes have room for them.
    TooManyDigits {
        /// How many are allowed.
        max: u8,
    },
    /// The number is larger than the Rust type that shall hold it.
    Overflow {
        /// The type.
        holder: &'static str,
    },
    /// The value is the very one by which the field says that it has no value.
    MeansNone,
    /// There is no value, and the field must have one.
    NoValue,
    /// The digits name no date or time.
    NoSuchDate {
        /// What is impossible: `month 13`, or none if the field is secret.
        what: Option<&'static str>,
    },
    /// The year cannot be written with two digits under this pivot.
    YearOutOfRange {
        /// The first year that can.
        first: u16,
        /// The last year that can.
        last: u16,
    },
    /// A code that a closed list lacks.
    UnknownCode,
    /// A flag byte that is neither yes nor no.
    BadFlag {
        /// The byte; none if the field is secret.
        byte: Option<u8>,
    },
    /// The bytes are not the literal's.
    NotTheLiteral,
    /// A reserved byte is not the pad byte.
    FillerNotBlank {
        /// Where, in bytes from the start of the filler.
        offset: usize,
        /// What stands there.
        byte: u8,
    },
    /// The length field does not say what the telegram has.
    LengthLies {
        /// What the field says.
        stated: u64,
        /// What the telegram has.
        actual: u64,
    },
    /// A computed field was given with another value than the computed one.
    NotTheComputed {
        /// What belongs there; none if the field is secret.
        computed: Option<Box<str>>,
    },
    /// The count behind a group does not say how many entries there are.
    CountLies {
        /// What the field says.
        stated: u64,
        /// How many entries there are.
        actual: usize,
    },
    /// The field does not say the sum of the entries.
    SumLies {
        /// What the field says and what the sum is; none if the field is secret.
        stated_and_actual: Option<(i128, i128)>,
        /// How many of their digits are decimals.
        scale: u8,
    },
    /// The field does not say the number of its entry.
    SequenceLies {
        /// What the field says.
        stated: u64,
        /// The entry's number.
        actual: u64,
    },
    /// The page is not within the whole list.
    PageLies {
        /// The number of the page's first entry.
        start: i128,
        /// The entries of the page.
        count: usize,
        /// The entries of all pages.
        total: i128,
    },
    /// The check is not that of the bytes that it covers.
    CheckLies {
        /// The name of the check.
        name: Box<str>,
        /// What belongs there; none if the field is secret.
        expected: Option<Box<[u8]>>,
    },
    /// The check cannot be computed.
    NoCheck {
        /// Why.
        reason: &'static str,
    },
    /// The bytes that are left are no whole number of entries.
    PartOfEntry {
        /// The bytes behind the last whole entry.
        bytes: usize,
        /// The bytes of an entry.
        entry: usize,
    },
    /// The last entry goes on into the bytes of what follows the group.
    Overrun {
        /// How many bytes too far it goes.
        bytes: usize,
    },
    /// An entry that is not used is not blank.
    EntryNotBlank,
    /// An entry to be sent is blank, which says that it is not used.
    EntryMeansNone,
    /// No case of a choice has this code.
    NoSuchCase {
        /// The name of the choice.
        choice: Box<str>,
        /// The codes that there are.
        codes: Box<str>,
    },
    /// The code belongs to another case of the choice than the one that is there.
    WrongCase {
        /// The case that is there.
        case: Box<str>,
        /// The codes that belong to it.
        codes: Box<str>,
    },
    /// More entries than the group may have.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// Fewer or more entries than a group of fixed size has.
    WrongCount {
        /// How many there are.
        count: usize,
        /// How many there must be.
        expected: usize,
    },
    /// No value was given for the field.
    Missing,
    /// The telegram has no such field.
    UnknownField {
        /// The field that was probably meant.
        nearest: Option<Box<str>>,
    },
    /// A value of another type than the field's.
    WrongType {
        /// What the field takes.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// The given text does not read as a value of the field's kind.
    Unreadable {
        /// What the field takes.
        expected: &'static str,
    },
    /// The text is not JSON.
    NotJson {
        /// What the JSON reader says. It does not quote the text.
        reason: Box<str>,
    },
    /// No telegram of the spec has these codes.
    NoSuchTelegram {
        /// What the telegrams are told apart by.
        by: Box<str>,
    },
    /// A computed field or a choice cannot work as the spec describes it.
    BadSpec {
        /// What is wrong.
        reason: &'static str,
    },
}

impl Fault {
    /// The fault without the byte or character that it quotes.
    #[must_use]
    pub fn without_content(self) -> Self {
        match self {
            Self::Unmappable { position, charset, instead: _, character: _ } => {
                Self::Unmappable { character: None, position, charset, instead: None }
            }
            Self::NoRoom(text) => Self::NoRoom(NoRoomError { character: None, ..text }),
            Self::NotADigit { offset, byte: _ } => Self::NotADigit { offset, byte: None },
            Self::BadSign { byte: _ } => Self::BadSign { byte: None },
            Self::BadFlag { byte: _ } => Self::BadFlag { byte: None },
            Self::NoSuchDate { what: _ } => Self::NoSuchDate { what: None },
            Self::NotTheComputed { computed: _ } => Self::NotTheComputed { computed: None },
            Self::SumLies { scale, .. } => Self::SumLies { stated_and_actual: None, scale },
            Self::CheckLies { name, expected: _ } => Self::CheckLies { name, expected: None },
            other => other,
        }
    }

    /// What is wrong, for a field that begins at byte `start`.
    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, start: usize) -> fmt::Result {
        match self {
            Self::WrongLength { expected, found } => {
                write!(f, "the telegram has {expected} bytes, found {found}")
            }
            Self::Truncated { needed, left } => write!(f, "needs {needed} bytes, the telegram ends after {left}"),
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
            Self::LooksLikePadding => f.write_str("the value ends in the pad character, which would be lost"),
            Self::NotADigit { offset, byte } => {
                f.write_str("expected a digit, found ")?;
                write_byte(f, *byte)?;
                write!(f, " at byte {}", start + offset)
            }
            Self::BadSign { byte } => {
                f.write_str("expected a sign, found ")?;
                write_byte(f, *byte)
            }
            Self::Negative => f.write_str("the field has no sign, the number is negative"),
            Self::NegativeZero => f.write_str("zero with a minus"),
            Self::TooManyDigits { max } => write!(f, "the number has more than {max} digits"),
            Self::Overflow { holder } => write!(f, "the number does not fit into {holder}"),
            Self::MeansNone => f.write_str("this very value means \"no value\" in this field"),
            Self::NoValue => f.write_str("has no value, and the spec names no contents that mean none"),
            Self::NoSuchDate { what: Some(what) } => write!(f, "no such date or time: {what}"),
            Self::NoSuchDate { what: None } => f.write_str("no such date or time"),
            Self::YearOutOfRange { first, last } => {
                write!(f, "two-digit years stand for {first} to {last} here")
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
            Self::NoSuchTelegram { by } => write!(f, "no telegram of the spec has these codes ({by})"),
            Self::BadSpec { reason } => f.write_str(reason),
        }
    }
}

/// The fault alone, as if its field began at byte 0.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f, 0)
    }
}

impl core::error::Error for Fault {}

fn unicode(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

fn write_byte(f: &mut fmt::Formatter<'_>, byte: Option<u8>) -> fmt::Result {
    match byte {
        Some(byte) if byte.is_ascii_graphic() => write!(f, "'{}' ({byte:02x})", char::from(byte)),
        Some(b' ') => f.write_str("a space (20)"),
        Some(byte) => write!(f, "{byte:02x}"),
        None => f.write_str("another byte"),
    }
}
