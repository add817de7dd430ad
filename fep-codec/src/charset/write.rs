//! Characters → bytes, whole characters only. What a character's code is, the tables know; here is how codes stand in a row.

use super::fold::fold;
use super::jamo::Composed;
use super::table::{Form, NONE, Table};
use super::{EncodeError, Writing};

const SO: u8 = 0x0E;
const SI: u8 = 0x0F;

/// What was written, and why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrote {
    /// Bytes, a closing SI included.
    pub(super) len: usize,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// The character at this byte of the text does not fit.
    Full(usize),
    /// The charset lacks the character at this byte of the text.
    Missing(usize),
}

/// Writes text as it is: no option, no piece put together.
#[inline]
pub(super) fn plain<T: Table>(text: &str, out: &mut [u8]) -> Wrote {
    match T::FORM {
        Form::Lead => lead::<T>(text.char_indices(), T::code, out),
        Form::Shifted => shifted::<T>(text.char_indices(), T::code, out),
        Form::Pairs => pairs(text.char_indices(), T::code, out),
    }
}

/// Writes text with pieces put together and as the options say.
#[cold]
pub(super) fn with_options<T: Table>(text: &str, how: Writing, out: &mut [u8]) -> Wrote {
    let code = |character| code_of::<T>(character, how);
    match T::FORM {
        Form::Lead => lead::<T>(Composed::new(text), code, out),
        Form::Shifted => shifted::<T>(Composed::new(text), code, out),
        Form::Pairs => pairs(Composed::new(text), code, out),
    }
}

/// Whether a table has the character.
pub(super) fn has<T: Table>(character: char) -> bool {
    match T::code(character) {
        NONE => false,
        // Between them stand the pairs, so they are no characters.
        0x0E | 0x0F => T::FORM != Form::Shifted,
        _ => true,
    }
}

/// How many bytes the text takes. Characters that the charset lacks count as none.
#[cold]
pub(super) fn measure<T: Table>(text: &str, how: Writing) -> usize {
    let (mut len, mut double) = (0_usize, false);
    for (_, character) in Composed::new(text) {
        let code = code_of::<T>(character, how);
        if code == NONE {
            continue;
        }
        len = len.saturating_add(if code > 0xFF { 2 } else { 1 });
        if T::FORM == Form::Shifted && double != (code > 0xFF) {
            double = !double;
            len = len.saturating_add(1);
        }
    }
    len.saturating_add(usize::from(double))
}

/// Why text was not written. A character that the charset lacks is the graver reason: a shorter text would not help.
#[cold]
pub(super) fn why_not<T: Table>(text: &str, how: Writing, wrote: Wrote) -> EncodeError {
    let place = |at: usize| {
        let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        (rest.chars().next().unwrap_or_default(), before.chars().count())
    };
    if let Some((at, _)) = Composed::new(text).find(|(_, character)| code_of::<T>(*character, how) == NONE) {
        let (character, position) = place(at);
        return EncodeError::Unmappable { character, position };
    }
    let (character, position) = place(match wrote.end {
        End::Full(at) | End::Missing(at) => at,
        End::Done => 0,
    });
    EncodeError::TooLong { needed: measure::<T>(text, how), character, position }
}

/// The code of a character as the options make it.
fn code_of<T: Table>(character: char, how: Writing) -> u16 {
    let character = match character {
        ' ' if how.full => '\u{3000}',
        '!'..='~' if how.full => char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character),
        '\n' if how.newline_15 => '\u{85}',
        '\u{85}' if how.newline_15 => '\n',
        _ => character,
    };
    match T::code(character) {
        NONE if how.compat => fold(character, |other| (T::code(other) != NONE).then(|| T::code(other))).unwrap_or(NONE),
        code => code,
    }
}

/// One byte or two, told apart by the first.
#[inline(always)]
fn lead<T: Table>(chars: impl Iterator<Item = (usize, char)>, code: impl Fn(char) -> u16, out: &mut [u8]) -> Wrote {
    let room = out.len();
    let mut rest = out;
    for (at, character) in chars {
        let code = code(character);
        if code == NONE {
            return Wrote { len: room - rest.len(), end: End::Missing(at) };
        }
        let [high, low] = code.to_be_bytes();
        let len = rest.len();
        if high == 0 {
            let Some((first, tail)) = rest.split_first_mut() else {
                return Wrote { len: room - len, end: End::Full(at) };
            };
            *first = low;
            rest = tail;
        } else {
            let Some((first, tail)) = rest.split_first_chunk_mut() else {
                return Wrote { len: room - len, end: End::Full(at) };
            };
            *first = [high, low];
            rest = tail;
        }
    }
    Wrote { len: room - rest.len(), end: End::Done }
}

/// Single bytes, and pairs between SO and SI. While pairs are written, a byte is kept for the SI that closes them.
#[inline(always)]
fn shifted<T: Table>(chars: impl Iterator<Item = (usize, char)>, code: impl Fn(char) -> u16, out: &mut [u8]) -> Wrote {
    let (mut len, mut double) = (0_usize, false);
    let mut end = End::Done;
    for (at, character) in chars {
        let code = code(character);
        if code == NONE || matches!(code, 0x0E | 0x0F) {
            end = End::Missing(at);
            break;
        }
        let [high, low] = code.to_be_bytes();
        let rest = out.get_mut(len..).unwrap_or_default();
        match (double, high != 0, rest) {
            (false, false, [first, ..]) => {
                *first = low;
                len += 1;
            }
            (true, true, [first, second, _, ..]) => {
                (*first, *second) = (high, low);
                len += 2;
            }
            (false, true, [shift, first, second, _, ..]) => {
                (*shift, *first, *second) = (SO, high, low);
                (len, double) = (len + 3, true);
            }
            (true, false, [shift, first, ..]) => {
                (*shift, *first) = (SI, low);
                (len, double) = (len + 2, false);
            }
            _ => {
                end = End::Full(at);
                break;
            }
        }
    }
    if double && let Some(place) = out.get_mut(len) {
        *place = SI;
        len += 1;
    }
    Wrote { len, end }
}

/// Two bytes each.
#[inline]
fn pairs(chars: impl Iterator<Item = (usize, char)>, code: impl Fn(char) -> u16, out: &mut [u8]) -> Wrote {
    let (places, _) = out.as_chunks_mut::<2>();
    let mut places = places.iter_mut();
    let mut len = 0;
    for (at, character) in chars {
        let code = code(character);
        if code == NONE {
            return Wrote { len, end: End::Missing(at) };
        }
        let Some(place) = places.next() else { return Wrote { len, end: End::Full(at) } };
        *place = code.to_be_bytes();
        len += 2;
    }
    Wrote { len, end: End::Done }
}

/// UTF-8 is copied; only the options change it.
pub(super) fn utf8(text: &str, out: &mut [u8]) -> Wrote {
    match out.get_mut(..text.len()) {
        Some(to) => {
            to.copy_from_slice(text.as_bytes());
            Wrote { len: text.len(), end: End::Done }
        }
        None => {
            let at = text.floor_char_boundary(out.len());
            let (to, from) = (out.get_mut(..at).unwrap_or_default(), text.as_bytes().get(..at).unwrap_or_default());
            to.copy_from_slice(from);
            Wrote { len: at, end: End::Full(at) }
        }
    }
}
