//! [`Fault`]: a problem with the value or the bytes of one field, and its message. A fault does not know the name of the field or its
//! place.

mod describe;

use alloc::boxed::Box;
use core::fmt;

use crate::charset::{Charset, DecodeError, NoRoomError};

/// A problem with the value or the bytes of one field. Offsets count bytes from the start of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A telegram of fixed length has another length.
    WrongLength {
        /// The length of the layout in bytes.
        expected: usize,
        /// The number of bytes received.
        found: usize,
    },
    /// The telegram ends inside this field.
    Truncated {
        /// The number of bytes that the field needs.
        needed: usize,
        /// The number of bytes that are left.
        left: usize,
    },
    /// The telegram ends inside this field, and lenient reading does not complete the field.
    NotCompleted {
        /// The number of bytes that the field needs.
        needed: usize,
        /// The number of bytes that are left.
        left: usize,
        /// Why the field is not completed.
        reason: &'static str,
    },
    /// The length field of an item states more bytes than there are.
    StatedBeyondEnd {
        /// The stated length of the item in bytes.
        stated: usize,
        /// The number of bytes that are left.
        left: usize,
        /// The enclosing item whose length another field states, and that length, if there is one.
        within: Option<(Box<str>, usize)>,
    },
    /// An item ends inside this field, because its length field states too few bytes.
    StatedTooShort {
        /// The number of bytes that the field needs.
        needed: usize,
        /// The number of bytes that are left in the item.
        left: usize,
        /// The name of the item.
        item: Box<str>,
        /// The stated length of the item in bytes.
        stated: usize,
    },
    /// The length field of an item states more bytes than the contents of the item have.
    StatedTooLong {
        /// The stated length of the item in bytes.
        stated: usize,
        /// The length of its contents in bytes.
        used: usize,
    },
    /// Bytes are left after the last field.
    LeftOver {
        /// The number of bytes that are left.
        bytes: usize,
    },
    /// The caller's buffer is shorter than the telegram.
    BufferTooShort {
        /// The number of bytes that the telegram needs so far.
        needed: usize,
        /// The length of the buffer in bytes.
        len: usize,
    },
    /// The value needs more bytes than the field has.
    TooLong {
        /// The number of bytes that the value needs in the charset of the field, including a sign.
        needed: usize,
        /// The length of the field in bytes.
        len: usize,
    },
    /// A text needs more bytes than the field has.
    NoRoom(NoRoomError),
    /// The value must fill the field exactly and does not.
    NotFull {
        /// The length of the value in bytes.
        given: usize,
        /// The length of the field in bytes.
        len: usize,
    },
    /// The charset lacks a character.
    Unmappable {
        /// The character, or `None` if the field is secret.
        character: Option<char>,
        /// Its position in the value, in characters from 0.
        position: usize,
        /// The charset of the field.
        charset: Charset,
        /// Another charset of this library that has the character, if there is one.
        instead: Option<Charset>,
    },
    /// The bytes are not valid text in the charset.
    Malformed {
        /// The offset in bytes from the start of the field, and the reason.
        at: DecodeError,
        /// The charset of the field.
        charset: Charset,
    },
    /// The value begins or ends with the pad character at the padded side, so it could not be told from padding.
    LooksLikePadding,
    /// A byte is not a digit where a digit is required.
    NotADigit {
        /// The offset in bytes from the start of the field or of the value.
        offset: usize,
        /// The byte, or `None` if the field is secret.
        byte: Option<u8>,
    },
    /// The sign byte is not one of the signs that the spec names.
    BadSign {
        /// The byte, or `None` if the field is secret.
        byte: Option<u8>,
    },
    /// The number is negative, and the field has no sign.
    Negative,
    /// Zero with a minus. As a number it would equal zero, so it could not be written again.
    NegativeZero,
    /// The number has more digits than the spec allows, although the bytes of the field have room for them.
    TooManyDigits {
        /// The largest number of digits allowed.
        max: u8,
    },
    /// The number does not fit into the Rust type.
    Overflow {
        /// The name of the type.
        holder: &'static str,
    },
    /// The value has the same bytes as "no value" in this field.
    MeansNone,
    /// There is no value, but the field must have one.
    NoValue,
    /// The digits are not a valid date or time.
    NoSuchDate {
        /// The reason, for example `months are 1 to 12`, or `None` if the field is secret.
        what: Option<&'static str>,
    },
    /// The year cannot be written with the digits that the pattern has for it.
    YearOutOfRange {
        /// The first year that can be written.
        first: u16,
        /// The last year that can be written.
        last: u16,
    },
    /// A byte is not the separator that the pattern of the date or time has there.
    NotTheSeparator {
        /// The offset in bytes from the start of the field.
        offset: usize,
        /// The separator in the encoding of the field.
        expected: u8,
        /// The byte, or `None` if the field is secret.
        byte: Option<u8>,
    },
    /// The code is not on a closed list.
    UnknownCode,
    /// The field is filled with blanks, which are not a number here.
    BlankNumber,
    /// The field has another byte than the point where its decimal point must be.
    NoPoint {
        /// The offset in bytes from the start of the field.
        offset: usize,
        /// The byte that was found, or `None` if there is none or the field is secret.
        byte: Option<u8>,
        /// The point.
        point: u8,
    },
    /// A zero before the digits of a number that is filled with another byte.
    LeadingZero {
        /// The offset in bytes from the start of the field.
        offset: usize,
    },
    /// The field counts in tens, hundreds, thousands, and the number is not a multiple of them.
    NotAMultiple {
        /// The number of zeros that the number must end in.
        zeros: u8,
    },
    /// The number of digits is not that of the field.
    NotAllDigits {
        /// The number of digits of the value.
        given: usize,
        /// The required number.
        expected: usize,
    },
    /// The flag byte is neither yes nor no.
    BadFlag {
        /// The byte, or `None` if the field is secret.
        byte: Option<u8>,
    },
    /// The bytes are not those of the literal.
    NotTheLiteral,
    /// A reserved byte is not the pad byte.
    FillerNotBlank {
        /// The offset in bytes from the start of the filler.
        offset: usize,
        /// The byte that was found.
        byte: u8,
    },
    /// The length field does not state the actual length.
    LengthLies {
        /// The length in the field.
        stated: u64,
        /// The actual length.
        actual: u64,
    },
    /// The caller gave a computed field another value than the computed one.
    NotTheComputed {
        /// The computed value, or `None` if the field is secret.
        computed: Option<Box<str>>,
    },
    /// The count behind a group is not the number of entries.
    CountLies {
        /// The count in the field.
        stated: u64,
        /// The number of entries.
        actual: usize,
    },
    /// The sum field is not the sum of the entries.
    SumLies {
        /// The sum in the field and the actual sum, or `None` if the field is secret.
        stated_and_actual: Option<(i128, i128)>,
        /// The number of decimals of both sums.
        scale: u8,
    },
    /// The sequence field is not the number of its entry.
    SequenceLies {
        /// The number in the field.
        stated: u64,
        /// The number of the entry.
        actual: u64,
    },
    /// The page is not within the whole list.
    PageLies {
        /// The number of the page's first entry.
        start: i128,
        /// The number of entries of the page.
        count: usize,
        /// The number of entries of the whole list.
        total: i128,
    },
    /// The check field does not match the bytes that it covers.
    CheckLies {
        /// The name of the check.
        name: Box<str>,
        /// The correct check, or `None` if the field is secret.
        expected: Option<Box<[u8]>>,
    },
    /// The check cannot be computed.
    NoCheck {
        /// The reason.
        reason: &'static str,
    },
    /// The bytes that are left are not a whole number of entries.
    PartOfEntry {
        /// The number of bytes behind the last whole entry.
        bytes: usize,
        /// The length of an entry in bytes.
        entry: usize,
    },
    /// The last entry overlaps the bytes behind the group.
    Overrun {
        /// The number of overlapping bytes.
        bytes: usize,
    },
    /// An unused entry is not blank.
    EntryNotBlank,
    /// An entry to be sent is blank. The peer would read it as unused.
    EntryMeansNone,
    /// No case of a choice has this code.
    NoSuchCase {
        /// The name of the choice.
        choice: Box<str>,
        /// The codes of the choice.
        codes: Box<str>,
    },
    /// The code belongs to another case of the choice than the given one.
    WrongCase {
        /// The given case.
        case: Box<str>,
        /// The codes of the given case.
        codes: Box<str>,
    },
    /// The group has more entries than allowed.
    TooMany {
        /// The number of entries.
        count: usize,
        /// The largest number allowed.
        max: usize,
    },
    /// A group of fixed size has fewer or more entries.
    WrongCount {
        /// The number of entries.
        count: usize,
        /// The required number.
        expected: usize,
    },
    /// No value was given for the field.
    Missing,
    /// The telegram has no such field.
    UnknownField {
        /// The path that the caller probably meant.
        nearest: Option<Box<str>>,
    },
    /// The value has another type than the field.
    WrongType {
        /// The type that the field takes.
        expected: &'static str,
        /// The given type.
        found: &'static str,
    },
    /// The given text cannot be read as a value of the field's kind.
    Unreadable {
        /// The form of text that the field takes.
        expected: &'static str,
    },
    /// The text is not JSON.
    NotJson {
        /// The message of the JSON reader. It does not quote the text.
        reason: Box<str>,
    },
    /// No telegram of the spec has these codes.
    NoSuchTelegram {
        /// The fields that identify a telegram, with the codes that were found.
        by: Box<str>,
        /// The first bytes, and the telegram that they come nearest to: [`Layout::nearest`](crate::Layout::nearest). Empty if there
        /// are no bytes.
        near: Box<str>,
    },
    /// The envelope names a telegram, and a field that identifies it has another value.
    OtherCode {
        /// The value that the telegram has in this field.
        expected: Box<str>,
        /// The given value, or `None` if the field is secret.
        found: Option<Box<str>>,
        /// The name of the telegram.
        telegram: Box<str>,
    },
    /// A computed field or a choice cannot work as the spec describes it.
    BadSpec {
        /// The reason.
        reason: &'static str,
    },
}

impl Fault {
    /// The fault without any content of the field that it quotes.
    #[must_use]
    pub fn without_content(self) -> Self {
        match self {
            Self::Unmappable { position, charset, instead: _, character: _ } => {
                Self::Unmappable { character: None, position, charset, instead: None }
            }
            Self::NoRoom(text) => Self::NoRoom(NoRoomError { character: None, ..text }),
            Self::NotADigit { offset, byte: _ } => Self::NotADigit { offset, byte: None },
            Self::NoPoint { offset, byte: _, point } => Self::NoPoint { offset, byte: None, point },
            Self::BadSign { byte: _ } => Self::BadSign { byte: None },
            Self::NotTheSeparator { offset, expected, byte: _ } => {
                Self::NotTheSeparator { offset, expected, byte: None }
            }
            Self::BadFlag { byte: _ } => Self::BadFlag { byte: None },
            Self::NoSuchDate { what: _ } => Self::NoSuchDate { what: None },
            Self::NotTheComputed { computed: _ } => Self::NotTheComputed { computed: None },
            Self::SumLies { scale, .. } => Self::SumLies { stated_and_actual: None, scale },
            Self::CheckLies { name, expected: _ } => Self::CheckLies { name, expected: None },
            Self::OtherCode { expected, telegram, found: _ } => Self::OtherCode { expected, telegram, found: None },
            // None of these holds content of the field: a new variant must be judged here.
            other @ (Self::WrongLength { .. }
            | Self::Truncated { .. }
            | Self::NotCompleted { .. }
            | Self::StatedBeyondEnd { .. }
            | Self::StatedTooShort { .. }
            | Self::StatedTooLong { .. }
            | Self::LeftOver { .. }
            | Self::BufferTooShort { .. }
            | Self::TooLong { .. }
            | Self::NotFull { .. }
            | Self::Malformed { .. }
            | Self::LooksLikePadding
            | Self::Negative
            | Self::NegativeZero
            | Self::BlankNumber
            | Self::LeadingZero { .. }
            | Self::NotAMultiple { .. }
            | Self::NotAllDigits { .. }
            | Self::TooManyDigits { .. }
            | Self::Overflow { .. }
            | Self::MeansNone
            | Self::NoValue
            | Self::YearOutOfRange { .. }
            | Self::UnknownCode
            | Self::NotTheLiteral
            | Self::FillerNotBlank { .. }
            | Self::LengthLies { .. }
            | Self::CountLies { .. }
            | Self::SequenceLies { .. }
            | Self::PageLies { .. }
            | Self::NoCheck { .. }
            | Self::PartOfEntry { .. }
            | Self::Overrun { .. }
            | Self::EntryNotBlank
            | Self::EntryMeansNone
            | Self::NoSuchCase { .. }
            | Self::WrongCase { .. }
            | Self::TooMany { .. }
            | Self::WrongCount { .. }
            | Self::Missing
            | Self::UnknownField { .. }
            | Self::WrongType { .. }
            | Self::Unreadable { .. }
            | Self::NotJson { .. }
            | Self::NoSuchTelegram { .. }
            | Self::BadSpec { .. }) => other,
        }
    }
}

/// Writes the message as if the field began at byte 0.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f, 0)
    }
}

impl core::error::Error for Fault {}
