//! Bytes → characters. What a code's character is, the tables know; here is where a character ends.

use super::table::{Form, NONE, Table};
use super::{Half, Malformed, Reading, Reason};

const SO: u8 = 0x0E;
const SI: u8 = 0x0F;
const REPLACEMENT: u16 = 0xFFFD;

/// Where the characters go, as UTF-8.
struct Sink<'o> {
    /// What is not yet written.
    rest: &'o mut [u8],
    room: usize,
}

/// Why reading ended early.
enum Stop {
    Malformed(Malformed),
    /// The place for the characters is full.
    Full,
}

impl<'o> Sink<'o> {
    fn new(out: &'o mut [u8]) -> Self {
        Self { room: out.len(), rest: out }
    }

    /// Bytes that were written.
    fn len(&self) -> usize {
        self.room - self.rest.len()
    }

    #[inline(always)]
    fn bytes<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Stop> {
        let Some((first, tail)) = core::mem::take(&mut self.rest).split_first_chunk_mut() else {
            return Err(Stop::Full);
        };
        *first = bytes;
        self.rest = tail;
        Ok(())
    }

    /// Writes a character of Unicode's first plane.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "the comparisons and shifts leave eight bits")]
    fn push(&mut self, character: u16) -> Result<(), Stop> {
        let low = 0x80 | (character & 0x3F) as u8;
        if character >= 0x800 {
            self.bytes([0xE0 | (character >> 12) as u8, 0x80 | (character >> 6 & 0x3F) as u8, low])
        } else if character < 0x80 {
            self.bytes([character as u8])
        } else {
            self.bytes([0xC0 | (character >> 6) as u8, low])
        }
    }
}

/// Writes the characters as UTF-8; none if there is too little room.
#[inline]
pub(super) fn decode<T: Table>(bytes: &[u8], how: Reading, out: &mut [u8]) -> Result<Option<usize>, Malformed> {
    let mut sink = Sink::new(out);
    let read = match T::FORM {
        Form::Lead => lead::<T>(bytes, how, &mut sink),
        Form::Shifted => shifted::<T>(bytes, how, &mut sink),
        Form::Pairs => pairs::<T>(bytes, how, &mut sink),
    };
    match read {
        Ok(()) => Ok(Some(sink.len())),
        Err(Stop::Full) => Ok(None),
        Err(Stop::Malformed(malformed)) => Err(malformed),
    }
}

#[inline(always)]
fn lead<T: Table>(bytes: &[u8], how: Reading, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        if T::ASCII && first.is_ascii() {
            sink.push(u16::from(*first))?;
            rest = tail;
            continue;
        }
        let character = match tail {
            [second, ..] => T::pair(*first, *second),
            [] => NONE,
        };
        if character != NONE {
            sink.push(character)?;
            rest = tail.get(1..).unwrap_or_default();
            continue;
        }
        match single::<T>(*first, how) {
            NONE if tail.is_empty() && T::is_lead(*first) => return half(bytes, rest, how, sink),
            NONE => return malformed(bytes, rest, Reason::NoCharacter),
            character => sink.push(character)?,
        }
        rest = tail;
    }
    Ok(())
}

#[inline(always)]
fn shifted<T: Table>(bytes: &[u8], how: Reading, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut rest = bytes;
    let mut double = false;
    loop {
        rest = match (double, rest) {
            (false, [SO, SI, ..]) | (true, [SI, SO, ..]) if !how.open_shift => {
                return malformed(bytes, rest, Reason::EmptyShift);
            }
            (false, [SO, tail @ ..]) => {
                double = true;
                tail
            }
            (true, [SI, tail @ ..]) => {
                double = false;
                tail
            }
            (true, [SO, ..]) => return malformed(bytes, rest, Reason::SoInPairs),
            (false, [SI, ..]) => return malformed(bytes, rest, Reason::SiAlone),
            (true, [_, SI | SO, ..]) => return malformed(bytes, rest, Reason::Half),
            (true, [first, second, tail @ ..]) => match T::pair(*first, *second) {
                NONE => return malformed(bytes, rest, Reason::NoCharacter),
                character => {
                    sink.push(character)?;
                    tail
                }
            },
            (true, [_]) => {
                half(bytes, rest, how, sink)?;
                &[]
            }
            (false, [byte, tail @ ..]) => match single::<T>(*byte, how) {
                NONE => return malformed(bytes, rest, Reason::NoCharacter),
                character => {
                    sink.push(character)?;
                    tail
                }
            },
            (true, []) if !how.open_shift => return malformed(bytes, rest, Reason::SiMissing),
            (_, []) => return Ok(()),
        };
    }
}

#[inline]
fn pairs<T: Table>(bytes: &[u8], how: Reading, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut rest = bytes;
    while let [first, second, tail @ ..] = rest {
        match T::pair(*first, *second) {
            NONE => return malformed(bytes, rest, Reason::NoCharacter),
            character => sink.push(character)?,
        }
        rest = tail;
    }
    if rest.is_empty() { Ok(()) } else { half(bytes, rest, how, sink) }
}

/// The character of a single byte. The two bytes for a new line differ in one bit pattern, 15 and 25.
#[inline(always)]
fn single<T: Table>(byte: u8, how: Reading) -> u16 {
    if how.newline_15 && matches!(byte, 0x15 | 0x25) { T::single(byte ^ 0x30) } else { T::single(byte) }
}

/// The first half of a character at the very end: somebody cut the text at a byte.
#[cold]
fn half(bytes: &[u8], rest: &[u8], how: Reading, sink: &mut Sink<'_>) -> Result<(), Stop> {
    match how.half {
        Half::Refuse => malformed(bytes, rest, Reason::Half),
        Half::Replace => sink.push(REPLACEMENT),
        Half::Drop => Ok(()),
    }
}

/// UTF-8 is copied.
pub(super) fn utf8(bytes: &[u8], how: Reading, out: &mut [u8]) -> Result<Option<usize>, Malformed> {
    let (text, is_half) = match core::str::from_utf8(bytes) {
        Ok(_) => (bytes, false),
        Err(error) => {
            let (offset, is_half) = (error.valid_up_to(), error.error_len().is_none());
            if !is_half || how.half == Half::Refuse {
                let reason = if is_half { Reason::Half } else { Reason::NoCharacter };
                return Err(Malformed { offset, reason });
            }
            (bytes.get(..offset).unwrap_or_default(), how.half == Half::Replace)
        }
    };
    let Some(to) = out.get_mut(..text.len()) else { return Ok(None) };
    to.copy_from_slice(text);
    let mut sink = Sink::new(out.get_mut(text.len()..).unwrap_or_default());
    if is_half && sink.push(REPLACEMENT).is_err() {
        return Ok(None);
    }
    Ok(Some(text.len() + sink.len()))
}

#[cold]
fn malformed(bytes: &[u8], rest: &[u8], reason: Reason) -> Result<(), Stop> {
    Err(Stop::Malformed(Malformed { offset: bytes.len() - rest.len(), reason }))
}
