//! Bytes → characters. The tables map a code to its character. This module finds where each character ends.

use super::table::{Form, LAST, NONE, Table};
use super::{DecodeError, DecodeOptions, Half, Reason};
use crate::swar::is_ascii;

const SO: u8 = 0x0E;
const SI: u8 = 0x0F;
const REPLACEMENT: [u8; 3] = *b"\xEF\xBF\xBD";

/// The output buffer for the characters, as UTF-8.
struct Sink<'o> {
    /// The part of the buffer that is not yet written.
    rest: &'o mut [u8],
    room: usize,
}

/// The reason why reading ended early.
pub(crate) enum Stop {
    /// The bytes are not valid text.
    Malformed(DecodeError),
    /// The buffer is full.
    Full,
}

impl<'o> Sink<'o> {
    fn new(out: &'o mut [u8]) -> Self {
        Self { room: out.len(), rest: out }
    }

    /// The number of bytes written.
    fn len(&self) -> usize {
        self.room - self.rest.len()
    }

    /// Reads the pairs at the start of the bytes, as long as their characters are three bytes of UTF-8, as nearly all are. Returns
    /// the bytes behind them. The callers have the rules for all other bytes. Iterating over both slices in step avoids other checks.
    #[inline(always)]
    fn pairs<'b, T: Table>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let (places, _) = self.rest.as_chunks_mut();
        let mut count = 0;
        for ([lead, trail], place) in bytes.as_chunks().0.iter().zip(places) {
            let character = match T::syllable(*lead, *trail) {
                Some(syllable) => syllable,
                None => match T::usual(*lead, *trail) {
                    character @ 0x800..=LAST if !is_wide::<T>(character) => character,
                    _ => break,
                },
            };
            *place = three_bytes(character);
            count += 1;
        }
        self.advance(3 * count);
        bytes.get(2 * count..).unwrap_or_default()
    }

    /// Reads the ASCII at the start, eight bytes at a time as far as possible. Returns the bytes behind it.
    #[inline(always)]
    fn letters<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let mut from = bytes;
        let mut to = core::mem::take(&mut self.rest);
        while let [first, tail @ ..] = from
            && first.is_ascii()
        {
            if to.len() >= 8
                && let Some((eight, tail)) = from.split_first_chunk::<8>()
                && is_ascii(eight)
                && let Some((place, free)) = core::mem::take(&mut to).split_first_chunk_mut()
            {
                *place = *eight;
                (from, to) = (tail, free);
                continue;
            }
            let Some((place, free)) = core::mem::take(&mut to).split_first_mut() else { break };
            *place = *first;
            (from, to) = (tail, free);
        }
        self.rest = to;
        from
    }

    /// Like [`Sink::letters`] for tables in which ASCII characters have other bytes. Control characters are left to the callers,
    /// because SO, SI and new lines are among them.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "ASCII")]
    fn ascii<'b, T: Table>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let mut count = 0;
        for (byte, place) in bytes.iter().zip(self.rest.iter_mut()) {
            let character @ 0x20..0x80 = T::single(*byte) else { break };
            *place = character as u8;
            count += 1;
        }
        self.advance(count);
        bytes.get(count..).unwrap_or_default()
    }

    #[inline(always)]
    fn advance(&mut self, len: usize) {
        self.rest = core::mem::take(&mut self.rest).get_mut(len..).unwrap_or_default();
    }

    #[inline(always)]
    fn bytes<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Stop> {
        *self.rest.first_chunk_mut().ok_or(Stop::Full)? = bytes;
        self.advance(N);
        Ok(())
    }

    /// Writes a character of Unicode's first plane, or the characters that a number from D800 stands for in the table.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "the comparisons and shifts leave eight bits")]
    fn push<T: Table>(&mut self, character: u16) -> Result<(), Stop> {
        if is_wide::<T>(character) {
            self.push_wide(T::wide(character))
        } else if character >= 0x800 {
            self.bytes(three_bytes(character))
        } else if character < 0x80 {
            self.bytes([character as u8])
        } else {
            self.bytes([0xC0 | (character >> 6) as u8, 0x80 | (character & 0x3F) as u8])
        }
    }

    #[cold]
    fn push_wide(&mut self, units: [u16; 2]) -> Result<(), Stop> {
        for character in char::decode_utf16(units) {
            let mut utf8 = [0; 4];
            // The tables hold no unpaired surrogate, so this is never the default.
            let utf8 = character.unwrap_or_default().encode_utf8(&mut utf8).as_bytes();
            self.rest.get_mut(..utf8.len()).ok_or(Stop::Full)?.copy_from_slice(utf8);
            self.advance(utf8.len());
        }
        Ok(())
    }
}

/// Whether a table's character is a number from D800, which [`Table::wide`] resolves.
#[inline(always)]
fn is_wide<T: Table>(character: u16) -> bool {
    T::WIDE && matches!(character, 0xD800..=0xDFFF)
}

/// For each block of 64 characters, the first two of their three bytes of UTF-8. A lookup is cheaper than shifts.
static HEADS: [[u8; 2]; 1024] = heads();

#[allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "in a constant, where a panic is a compile error"
)]
const fn heads() -> [[u8; 2]; 1024] {
    let mut heads = [[0; 2]; 1024];
    let mut page = 0;
    while page < 1024 {
        heads[page] = [0xE0 | (page >> 6) as u8, 0x80 | (page & 0x3F) as u8];
        page += 1;
    }
    heads
}

/// The UTF-8 of a character from U+0800 to U+FFFF.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "six bits")]
fn three_bytes(character: u16) -> [u8; 3] {
    let [first, second] = HEADS.get(usize::from(character >> 6)).copied().unwrap_or_default();
    [first, second, 0x80 | (character & 0x3F) as u8]
}

/// Writes the characters as UTF-8 and returns the number of bytes written. It is not inlined, so that there is one copy for each table
/// and not one for each field type.
#[inline(never)]
pub(super) fn decode<T: Table>(bytes: &[u8], how: DecodeOptions, out: &mut [u8]) -> Result<usize, Stop> {
    let mut sink = Sink::new(out);
    match T::FORM {
        Form::Lead => lead::<T>(bytes, how, &mut sink)?,
        Form::Shifted => shifted::<T>(bytes, how, &mut sink)?,
        Form::Pairs => pairs::<T>(bytes, how, &mut sink)?,
    }
    Ok(sink.len())
}

#[inline(always)]
fn lead<T: Table>(bytes: &[u8], how: DecodeOptions, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut rest = bytes;
    loop {
        rest = if T::ASCII { sink.letters(rest) } else { sink.ascii::<T>(rest) };
        let left = rest.len();
        rest = sink.pairs::<T>(rest);
        let [first, tail @ ..] = rest else { return Ok(()) };
        if rest.len() < left && first.is_ascii() {
            continue;
        }
        let character = match tail {
            [second, ..] => T::pair(*first, *second),
            [] => NONE,
        };
        if character != NONE {
            sink.push::<T>(character)?;
            rest = tail.get(1..).unwrap_or_default();
            continue;
        }
        match single::<T>(*first, how) {
            NONE if tail.is_empty() && T::is_lead(*first) => return half(bytes, rest, how, sink),
            NONE => return Err(malformed(bytes, rest, Reason::NoCharacter)),
            character => sink.push::<T>(character)?,
        }
        rest = tail;
    }
}

#[inline(always)]
fn shifted<T: Table>(bytes: &[u8], how: DecodeOptions, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [SO, SI, ..] if !how.open_shift => return Err(malformed(bytes, rest, Reason::EmptyShift)),
            [SO, tail @ ..] => between_shifts::<T>(bytes, tail, how, sink)?,
            [SI, ..] => return Err(malformed(bytes, rest, Reason::SiAlone)),
            [byte, tail @ ..] => match single::<T>(*byte, how) {
                NONE => return Err(malformed(bytes, rest, Reason::NoCharacter)),
                character => {
                    sink.push::<T>(character)?;
                    sink.ascii::<T>(tail)
                }
            },
            [] => return Ok(()),
        };
    }
}

/// Reads the pairs behind an SO and returns the bytes behind the SI.
#[inline(always)]
fn between_shifts<'b, T: Table>(
    bytes: &[u8],
    pairs: &'b [u8],
    how: DecodeOptions,
    sink: &mut Sink<'_>,
) -> Result<&'b [u8], Stop> {
    let mut rest = pairs;
    loop {
        rest = sink.pairs::<T>(rest);
        let reason = match rest {
            [SI, SO, ..] if !how.open_shift => Reason::EmptyShift,
            [SI, tail @ ..] => return Ok(tail),
            [SO, ..] => Reason::SoInPairs,
            [_, SI | SO, ..] => Reason::Half,
            [first, second, tail @ ..] => match T::pair(*first, *second) {
                NONE => Reason::NoCharacter,
                character => {
                    sink.push::<T>(character)?;
                    rest = tail;
                    continue;
                }
            },
            [_] => {
                half(bytes, rest, how, sink)?;
                rest = &[];
                continue;
            }
            [] if !how.open_shift => Reason::SiMissing,
            [] => return Ok(rest),
        };
        return Err(malformed(bytes, rest, reason));
    }
}

#[inline]
fn pairs<T: Table>(bytes: &[u8], how: DecodeOptions, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut rest = sink.pairs::<T>(bytes);
    while let [first, second, tail @ ..] = rest {
        match T::pair(*first, *second) {
            NONE => return Err(malformed(bytes, rest, Reason::NoCharacter)),
            character => sink.push::<T>(character)?,
        }
        rest = sink.pairs::<T>(tail);
    }
    if rest.is_empty() { Ok(()) } else { half(bytes, rest, how, sink) }
}

/// The character of a single byte. The option `newline_15` swaps 15 and 25, the two bytes for a new line, which differ by 30.
#[inline(always)]
fn single<T: Table>(byte: u8, how: DecodeOptions) -> u16 {
    if how.newline_15 && matches!(byte, 0x15 | 0x25) { T::single(byte ^ 0x30) } else { T::single(byte) }
}

/// Handles the first half of a character at the very end, where the peer cut the text at a byte.
#[cold]
fn half(bytes: &[u8], rest: &[u8], how: DecodeOptions, sink: &mut Sink<'_>) -> Result<(), Stop> {
    match how.half {
        Half::Refuse => Err(malformed(bytes, rest, Reason::Half)),
        Half::Replace => sink.bytes(REPLACEMENT),
        Half::Drop => Ok(()),
    }
}

/// Copies UTF-8 after checking it.
pub(super) fn utf8(bytes: &[u8], how: DecodeOptions, out: &mut [u8]) -> Result<usize, Stop> {
    let (text, is_half) = match core::str::from_utf8(bytes) {
        Ok(_) => (bytes, false),
        Err(error) => {
            let offset = error.valid_up_to();
            let is_half = error.error_len().is_none();
            if !is_half || how.half == Half::Refuse {
                let reason = if is_half { Reason::Half } else { Reason::NoCharacter };
                return Err(Stop::Malformed(DecodeError { offset, reason }));
            }
            (bytes.get(..offset).unwrap_or_default(), how.half == Half::Replace)
        }
    };
    let (to, rest) = out.split_at_mut_checked(text.len()).ok_or(Stop::Full)?;
    to.copy_from_slice(text);
    let mut sink = Sink::new(rest);
    if is_half {
        sink.bytes(REPLACEMENT)?;
    }
    Ok(text.len() + sink.len())
}

#[cold]
fn malformed(bytes: &[u8], rest: &[u8], reason: Reason) -> Stop {
    Stop::Malformed(DecodeError { offset: bytes.len() - rest.len(), reason })
}
