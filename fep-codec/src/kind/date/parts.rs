//! The parts of a date and time in the bytes of a field, by any pattern.

use fep_core::calendar::{DatePart, Piece, Pieces};

use super::{check_len, number};
use crate::error::Fault;
use crate::kind::FieldValue as _;
use crate::layout::Encoding;
use crate::value::{Date, DateError, DateTime, MonthDay, MonthDayTime, Time, YearMonth};

/// The most characters of a pattern: each part once, and a separator between any two of its pieces.
const CHARACTERS_MAX: usize = 32;

/// The year in which `CYY` counts from 0.
const CENTURY_FIRST: u16 = 1900;

/// The parts of a date and time. What a pattern lacks is zero.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts {
    year: u16,
    month: u8,
    day: u8,
    day_of_year: Option<u16>,
    time: Option<Time>,
}

/// How the field writes the parts.
#[derive(Clone, Copy)]
pub(super) struct Form<'p> {
    pub(super) pattern: &'p Pieces,
    pub(super) encoding: Encoding,
    pub(super) pivot: u8,
}

impl Form<'_> {
    /// Reads the parts. It checks digits and separators, and leaves it to the types whether there is such a day.
    #[inline(never)]
    pub(super) fn read(self, bytes: &[u8]) -> Result<Parts, Fault> {
        let len = self.pattern.len();
        check_len(self.encoding, len, bytes.len())?;
        let mut unpacked = [0; CHARACTERS_MAX];
        let (encoding, characters) = if self.encoding.is_zoned() {
            (self.encoding, bytes)
        } else {
            let characters = unpacked.get_mut(..len).ok_or(TOO_LONG)?;
            digits_of(u128::get(&number(self.encoding, len), bytes)?, characters);
            (Encoding::Ascii, &*characters)
        };
        let mut cursor = Cursor { rest: characters, offset: 0, encoding };
        let mut parts = Parts::default();
        let mut clock = Clock::default();
        for piece in self.pattern.iter() {
            match piece {
                Piece::Separator(separator) => cursor.separator(separator)?,
                Piece::Part(part) => {
                    let value = cursor.digits(part.letters().len())?;
                    self.set(part, value, &mut parts, &mut clock);
                }
            }
        }
        parts.time = self.pattern.has(DatePart::Hour).then(|| clock.time()).transpose()?;
        Ok(parts)
    }

    #[allow(clippy::cast_possible_truncation, reason = "a part has as many digits as its type holds")]
    fn set(self, part: DatePart, value: u32, parts: &mut Parts, clock: &mut Clock) {
        match part {
            DatePart::Year => parts.year = value as u16,
            DatePart::ShortYear => parts.year = with_century(value as u16, self.pivot),
            DatePart::CenturyYear => parts.year = CENTURY_FIRST + value as u16,
            DatePart::Month => parts.month = value as u8,
            DatePart::Day => parts.day = value as u8,
            DatePart::DayOfYear => parts.day_of_year = Some(value as u16),
            DatePart::Hour => clock.hour = value as u8,
            DatePart::Minute => clock.minute = value as u8,
            DatePart::Second => clock.second = value as u8,
            DatePart::Hundredths => clock.microsecond = value * 10_000,
            DatePart::Milliseconds => clock.microsecond = value * 1_000,
            DatePart::Microseconds => clock.microsecond = value,
        }
    }

    /// Writes the parts. A part that the pattern lacks and that is not zero would be lost, so it is refused.
    #[inline(never)]
    pub(super) fn write(self, parts: Parts, out: &mut [u8]) -> Result<(), Fault> {
        let len = self.pattern.len();
        check_len(self.encoding, len, out.len())?;
        let time = parts.time.map_or(Ok(0), |time| self.fraction(time))?;
        let mut characters = [0; CHARACTERS_MAX];
        let mut rest = characters.as_mut_slice();
        for piece in self.pattern.iter() {
            let part_len = if let Piece::Part(part) = piece { part.letters().len() } else { 1 };
            let (here, behind) = rest.split_at_mut_checked(part_len).ok_or(TOO_LONG)?;
            match piece {
                Piece::Separator(separator) => here.fill(self.encoding.separator(separator)),
                Piece::Part(part) => digits_of(self.value(part, parts, time)?.into(), here),
            }
            rest = behind;
        }
        let characters = characters.get(..len).ok_or(TOO_LONG)?;
        if !self.encoding.is_zoned() {
            let value = characters.iter().fold(0_u128, |value, digit| value * 10 + u128::from(digit & 0x0F));
            return value.put(&number(self.encoding, len), out);
        }
        let zone = if let Encoding::Ebcdic = self.encoding { 0xF0 } else { 0x30 };
        for ((byte, character), separator) in out.iter_mut().zip(characters).zip(self.pattern.characters()) {
            *byte = if separator.is_some() { *character } else { zone | character & 0x0F };
        }
        Ok(())
    }

    fn value(self, part: DatePart, parts: Parts, fraction: u32) -> Result<u32, Fault> {
        let time = |of: fn(Time) -> u8| parts.time.map_or(0, |time| of(time).into());
        Ok(match part {
            DatePart::Year => parts.year.into(),
            DatePart::ShortYear if with_century(parts.year % 100, self.pivot) == parts.year => {
                (parts.year % 100).into()
            }
            DatePart::ShortYear => {
                let pivot = u16::from(self.pivot.min(100));
                return Err(Fault::YearOutOfRange { first: 1900 + pivot, last: 1999 + pivot });
            }
            DatePart::CenturyYear => match parts.year.checked_sub(CENTURY_FIRST) {
                Some(years @ 0..=999) => years.into(),
                _ => return Err(Fault::YearOutOfRange { first: CENTURY_FIRST, last: CENTURY_FIRST + 999 }),
            },
            DatePart::Month => parts.month.into(),
            DatePart::Day => parts.day.into(),
            DatePart::DayOfYear => parts.day_of_year.unwrap_or(0).into(),
            DatePart::Hour => time(Time::hour),
            DatePart::Minute => time(Time::minute),
            DatePart::Second => time(Time::second),
            DatePart::Hundredths | DatePart::Milliseconds | DatePart::Microseconds => fraction,
        })
    }

    /// The fraction of the second in the units of the pattern.
    fn fraction(self, time: Time) -> Result<u32, Fault> {
        let lost = |what| Err(Fault::NoSuchDate { what: Some(what) });
        if time.second() != 0 && !self.pattern.has(DatePart::Second) {
            return lost("the field sends no seconds");
        }
        let (unit, what) = match self.pattern.decimals() {
            0 => (1_000_000, "the field sends whole seconds"),
            2 => (10_000, "the field sends hundredths of a second"),
            3 => (1_000, "the field sends milliseconds"),
            _ => (1, ""),
        };
        if time.microsecond().is_multiple_of(unit) { Ok(time.microsecond() / unit) } else { lost(what) }
    }
}

const TOO_LONG: Fault = Fault::BadSpec { reason: "the date pattern is too long" };

/// A year of the last two digits.
pub(super) fn with_century(short: u16, pivot: u8) -> u16 {
    short + if short < u16::from(pivot) { 2000 } else { 1900 }
}

/// The last digits of a number in ASCII.
#[allow(clippy::cast_possible_truncation, reason = "a remainder of 10 fits")]
fn digits_of(mut value: u128, out: &mut [u8]) {
    for byte in out.iter_mut().rev() {
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// The characters that are left, and the offset of the first one in the field.
struct Cursor<'c> {
    rest: &'c [u8],
    offset: usize,
    encoding: Encoding,
}

impl Cursor<'_> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let (byte, rest) = self.rest.split_first().ok_or(TOO_LONG)?;
        self.rest = rest;
        self.offset += 1;
        Ok(*byte)
    }

    fn digits(&mut self, count: usize) -> Result<u32, Fault> {
        let zone = if let Encoding::Ebcdic = self.encoding { 0xF0 } else { 0x30 };
        let mut value = 0;
        for _ in 0..count {
            let offset = self.offset;
            let byte = self.byte()?;
            let digit = byte ^ zone;
            if digit > 9 {
                return Err(Fault::NotADigit { offset, byte: Some(byte) });
            }
            value = value * 10 + u32::from(digit);
        }
        Ok(value)
    }

    fn separator(&mut self, separator: u8) -> Result<(), Fault> {
        let offset = self.offset;
        let expected = self.encoding.separator(separator);
        match self.byte()? {
            byte if byte == expected => Ok(()),
            byte => Err(Fault::NotTheSeparator { offset, expected, byte: Some(byte) }),
        }
    }
}

#[derive(Default)]
struct Clock {
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
}

impl Clock {
    fn time(&self) -> Result<Time, DateError> {
        Time::new(self.hour, self.minute, self.second)?.with_microsecond(self.microsecond)
    }
}

/// A type whose parts a field sends.
pub(super) trait OfParts: Sized {
    fn parts(&self) -> Parts;
    fn of_parts(parts: Parts) -> Result<Self, DateError>;
}

const NO_TIME: DateError = DateError("the pattern has no time");

impl OfParts for Date {
    fn parts(&self) -> Parts {
        Parts {
            year: self.year(),
            month: self.month(),
            day: self.day(),
            day_of_year: Some(self.day_of_year()),
            time: None,
        }
    }

    fn of_parts(parts: Parts) -> Result<Self, DateError> {
        // A pattern has the day of the month with its month, or the day of the year without one.
        match parts.day_of_year {
            Some(day) => Self::from_ordinal(parts.year, day),
            None => Self::new(parts.year, parts.month, parts.day),
        }
    }
}

impl OfParts for YearMonth {
    fn parts(&self) -> Parts {
        Parts { year: self.year(), month: self.month(), ..Parts::default() }
    }

    fn of_parts(parts: Parts) -> Result<Self, DateError> {
        Self::new(parts.year, parts.month)
    }
}

impl OfParts for MonthDay {
    fn parts(&self) -> Parts {
        Parts { month: self.month(), day: self.day(), ..Parts::default() }
    }

    fn of_parts(parts: Parts) -> Result<Self, DateError> {
        Self::new(parts.month, parts.day)
    }
}

impl OfParts for Time {
    fn parts(&self) -> Parts {
        Parts { time: Some(*self), ..Parts::default() }
    }

    fn of_parts(parts: Parts) -> Result<Self, DateError> {
        parts.time.ok_or(NO_TIME)
    }
}

impl OfParts for DateTime {
    fn parts(&self) -> Parts {
        Parts { time: Some(self.time), ..self.date.parts() }
    }

    fn of_parts(parts: Parts) -> Result<Self, DateError> {
        Ok(Self { date: Date::of_parts(parts)?, time: Time::of_parts(parts)? })
    }
}

impl OfParts for MonthDayTime {
    fn parts(&self) -> Parts {
        Parts { time: Some(self.time), ..self.day.parts() }
    }

    fn of_parts(parts: Parts) -> Result<Self, DateError> {
        Ok(Self { day: MonthDay::of_parts(parts)?, time: Time::of_parts(parts)? })
    }
}
