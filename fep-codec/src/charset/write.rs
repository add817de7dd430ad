//! Characters → bytes, whole characters only. The tables map a character to its code. This module writes the codes in sequence.

use core::marker::PhantomData;

use super::fold::fold;
use super::jamo::Composed;
use super::table::{Form, LAST, NONE, Rules, Table};
use super::{EncodeError, EncodeOptions};
use crate::swar::is_ascii;

const SO: u8 = 0x0E;
const SI: u8 = 0x0F;
/// U+309A, which may share one code with the character before it.
const VOICED: [u8; 3] = *b"\xE3\x82\x9A";

/// The bytes written, and the reason why writing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrote {
    /// The number of bytes, including a closing SI.
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

/// An iterator over the codes of a text.
trait Codes {
    /// The byte offset of the next character in the text, and its code, or [`NONE`] if the charset lacks it.
    fn next(&mut self) -> Option<(usize, u16)>;

    /// The next byte of the text, or `None` at its end. For changed text the byte is not known, and the default returns FF.
    fn first(&self) -> Option<u8> {
        Some(u8::MAX)
    }

    /// Writes the characters at the start that are pairs, if they are easy to recognise, and returns the number of bytes written.
    /// `next` handles the remaining text.
    fn pairs(&mut self, _: &mut [u8]) -> usize {
        0
    }

    /// Like [`Codes::pairs`] for ASCII characters that are single bytes.
    fn ascii(&mut self, _: &mut [u8]) -> usize {
        0
    }
}

/// Text as it is: without options and without composition.
struct Plain<'t, T> {
    /// Valid UTF-8.
    rest: &'t [u8],
    /// The length of the whole text in bytes.
    len: usize,
    table: PhantomData<T>,
}

/// Text that is composed and changed as the options say.
struct Changed<'t> {
    rest: Composed<'t>,
    how: EncodeOptions,
    rules: Rules,
}

impl<T: Table> Codes for Plain<'_, T> {
    #[inline(always)]
    fn next(&mut self) -> Option<(usize, u16)> {
        let at = self.len - self.rest.len();
        let (first, rest) = character(self.rest)?;
        self.rest = rest;
        if T::WIDE
            && let Some((second, rest)) = character(rest)
            && let joined @ ..=LAST = T::join(first, second)
        {
            self.rest = rest;
            return Some((at, joined));
        }
        Some((at, T::code(first)))
    }

    #[inline(always)]
    fn first(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Writes characters of three bytes of UTF-8. Iterating over both slices in step avoids other checks.
    #[inline(always)]
    fn pairs(&mut self, out: &mut [u8]) -> usize {
        let chars = self.rest.as_chunks().0;
        let mut count = 0;
        for ([first, second, third], place) in chars.iter().zip(out.as_chunks_mut().0) {
            // One subtraction removes the marks of the three bytes (E0, 80, 80). Characters of one, two or four bytes give a result
            // below 800 or above FFFF.
            let sum = (u32::from(*first) << 12) + (u32::from(*second) << 6) + u32::from(*third);
            let point @ 0x800..=0xFFFF = sum.wrapping_sub(0xE_2080) else { break };
            let code @ 0x100..=LAST = T::code(point) else { break };
            *place = code.to_be_bytes();
            count += 1;
        }
        if T::WIDE && chars.get(count).is_some_and(|mark| *mark == VOICED) {
            count = count.saturating_sub(1);
        }
        self.rest = self.rest.get(3 * count..).unwrap_or_default();
        2 * count
    }

    /// Excludes control characters, because SO, SI and new lines are among them. Where ASCII stays as it is, eight bytes are written at a time as far
    /// as possible.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "codes below 0100")]
    fn ascii(&mut self, out: &mut [u8]) -> usize {
        if T::ASCII {
            return self.letters(out);
        }
        let mut count = 0;
        for (byte, place) in self.rest.iter().zip(out) {
            let code = T::code(u32::from(*byte));
            if !matches!(byte, b' '..=b'~') || code > 0xFF {
                break;
            }
            *place = code as u8;
            count += 1;
        }
        self.rest = self.rest.get(count..).unwrap_or_default();
        count
    }
}

impl<T> Plain<'_, T> {
    /// Writes the ASCII at the start, and returns the number of bytes written.
    #[inline(always)]
    fn letters(&mut self, out: &mut [u8]) -> usize {
        let room = out.len();
        let mut to = out;
        while let [first, tail @ ..] = self.rest
            && first.is_ascii()
        {
            if to.len() >= 8
                && let Some((eight, tail)) = self.rest.split_first_chunk::<8>()
                && is_ascii(eight)
                && let Some((place, free)) = core::mem::take(&mut to).split_first_chunk_mut()
            {
                *place = *eight;
                (self.rest, to) = (tail, free);
                continue;
            }
            // Without room, there is no byte left.
            let Some((place, free)) = core::mem::take(&mut to).split_first_mut() else { break };
            *place = *first;
            (self.rest, to) = (tail, free);
        }
        room - to.len()
    }
}

impl Codes for Changed<'_> {
    fn next(&mut self) -> Option<(usize, u16)> {
        let (at, first) = self.rest.next()?;
        let mut after = self.rest.clone();
        if self.rules.wide
            && let Some((_, second)) = after.next()
            && let joined @ ..=LAST = (self.rules.join)(u32::from(first), u32::from(second))
        {
            self.rest = after;
            return Some((at, joined));
        }
        Some((at, code_of(first, self.how, self.rules)))
    }
}

impl<'t> Changed<'t> {
    fn new(text: &'t str, how: EncodeOptions, rules: Rules) -> Self {
        Self { rest: Composed::new(text), how, rules }
    }
}

/// Writes text as it is: without options and without composition. It is not inlined, so that there is one copy for each table and
/// not one for each field type.
#[inline(never)]
pub(super) fn plain<T: Table>(utf8: &[u8], out: &mut [u8]) -> Wrote {
    write(T::FORM, Plain::<T> { rest: utf8, len: utf8.len(), table: PhantomData }, out)
}

/// The first character of valid UTF-8, and the bytes behind it. Other bytes give numbers that no table has.
#[inline(always)]
fn character(utf8: &[u8]) -> Option<(u32, &[u8])> {
    let tail = |byte: &u8| u32::from(byte & 0x3F);
    Some(match utf8 {
        [first, rest @ ..] if first.is_ascii() => (u32::from(*first), rest),
        [first @ ..0xE0, second, rest @ ..] => (u32::from(first & 0x1F) << 6 | tail(second), rest),
        [first @ ..0xF0, second, third, rest @ ..] => {
            (u32::from(first & 0x0F) << 12 | tail(second) << 6 | tail(third), rest)
        }
        [first, second, third, fourth, rest @ ..] => {
            (u32::from(first & 0x07) << 18 | tail(second) << 12 | tail(third) << 6 | tail(fourth), rest)
        }
        [_, rest @ ..] => (u32::MAX, rest),
        [] => return None,
    })
}

/// Writes text that is composed and changed as the options say.
#[cold]
pub(super) fn with_options(text: &str, how: EncodeOptions, rules: Rules, out: &mut [u8]) -> Wrote {
    write(rules.form, Changed::new(text, how, rules), out)
}

#[inline(always)]
fn write(form: Form, codes: impl Codes, out: &mut [u8]) -> Wrote {
    match form {
        Form::Lead => lead(codes, out),
        Form::Shifted => shifted(codes, out),
        Form::Pairs => pairs(codes, out),
    }
}

/// Whether a table has the character.
pub(super) fn has(character: char, rules: Rules) -> bool {
    match (rules.code)(u32::from(character)) {
        NONE => false,
        code => rules.form != Form::Shifted || !is_shift(code),
    }
}

/// The number of bytes that the text takes. Characters that the charset lacks count as 0 bytes.
#[cold]
pub(super) fn measure(text: &str, how: EncodeOptions, rules: Rules) -> usize {
    let mut len = 0_usize;
    let mut double = false;
    let mut codes = Changed::new(text, how, rules);
    while let Some((_, code)) = codes.next() {
        if code == NONE {
            continue;
        }
        len = len.saturating_add(if code > 0xFF { 2 } else { 1 });
        if rules.form == Form::Shifted && double != (code > 0xFF) {
            double = !double;
            len = len.saturating_add(1);
        }
    }
    len.saturating_add(usize::from(double))
}

/// The reason why text was not written. A missing character takes precedence, because a shorter text would not help.
#[cold]
pub(super) fn why_not(text: &str, how: EncodeOptions, rules: Rules, wrote: Wrote) -> EncodeError {
    let place = |at: usize| {
        let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        (rest.chars().next().unwrap_or_default(), before.chars().count())
    };
    let mut codes = Changed::new(text, how, rules);
    while let Some((at, code)) = codes.next() {
        if code == NONE || rules.form == Form::Shifted && is_shift(code) {
            let (character, position) = place(at);
            return EncodeError::Unmappable { character, position };
        }
    }
    let (character, position) = place(match wrote.end {
        End::Full(at) | End::Missing(at) => at,
        End::Done => 0,
    });
    EncodeError::TooLong { needed: measure(text, how, rules), character, position }
}

/// The code of a character with the options applied.
fn code_of(character: char, how: EncodeOptions, rules: Rules) -> u16 {
    let character = match character {
        ' ' if how.wide => '\u{3000}',
        '!'..='~' if how.wide => char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character),
        '\n' if how.newline_15 => '\u{85}',
        '\u{85}' if how.newline_15 => '\n',
        _ => character,
    };
    let code = |character| (rules.code)(u32::from(character));
    match code(character) {
        NONE if how.compat => fold(character, |other| Some(code(other)).filter(|code| *code != NONE)).unwrap_or(NONE),
        code => code,
    }
}

/// Writes codes of one or two bytes, without shifts.
#[inline(always)]
fn lead(mut codes: impl Codes, out: &mut [u8]) -> Wrote {
    let mut len = 0;
    loop {
        let Some(first) = codes.first() else { return Wrote { len, end: End::Done } };
        let free = out.get_mut(len..).unwrap_or_default();
        let run = if first.is_ascii() { codes.ascii(free) } else { codes.pairs(free) };
        if run > 0 {
            len += run;
            continue;
        }
        let Some((at, code)) = codes.next() else { return Wrote { len, end: End::Done } };
        if code == NONE {
            return Wrote { len, end: End::Missing(at) };
        }
        match (code.to_be_bytes(), out.get_mut(len..).unwrap_or_default()) {
            ([0, low], [first, ..]) => {
                *first = low;
                len += 1;
            }
            ([high, low], [first, second, ..]) if high != 0 => {
                (*first, *second) = (high, low);
                len += 2;
            }
            _ => return Wrote { len, end: End::Full(at) },
        }
    }
}

/// Writes single bytes, and pairs between SO and SI. While it writes pairs, it reserves a byte for the closing SI.
#[inline(always)]
fn shifted(mut codes: impl Codes, out: &mut [u8]) -> Wrote {
    let mut len = 0_usize;
    let mut double = false;
    let end = loop {
        let Some(first) = codes.first() else { break End::Done };
        let shifts = double == first.is_ascii();
        let run = match out.get_mut(len..).unwrap_or_default() {
            [free @ .., _] if double && !shifts => codes.pairs(free),
            [_, free @ .., _] if !double && shifts => codes.pairs(free),
            [_, free @ ..] if shifts => codes.ascii(free),
            free => codes.ascii(free),
        };
        if run > 0 {
            if shifts && let Some(place) = out.get_mut(len) {
                *place = if double { SI } else { SO };
                (len, double) = (len + 1, !double);
            }
            len += run;
            continue;
        }
        let Some((at, code)) = codes.next() else { break End::Done };
        if code == NONE || is_shift(code) {
            break End::Missing(at);
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
            _ => break End::Full(at),
        }
    };
    if double && let Some(place) = out.get_mut(len) {
        *place = SI;
        len += 1;
    }
    Wrote { len, end }
}

/// Whether a code is SO or SI. A shifted charset uses both to mark pairs, so it cannot write them as characters.
fn is_shift(code: u16) -> bool {
    matches!(code, 0x0E | 0x0F)
}

/// Writes codes of two bytes each.
#[inline]
fn pairs(mut codes: impl Codes, out: &mut [u8]) -> Wrote {
    let mut len = 0;
    loop {
        len += codes.pairs(out.get_mut(len..).unwrap_or_default());
        let Some((at, code)) = codes.next() else { return Wrote { len, end: End::Done } };
        if code == NONE {
            return Wrote { len, end: End::Missing(at) };
        }
        match out.get_mut(len..).and_then(|rest| rest.first_chunk_mut()) {
            Some(place) => *place = code.to_be_bytes(),
            None => return Wrote { len, end: End::Full(at) },
        }
        len += 2;
    }
}

/// Copies UTF-8 as it is. A cut leaves whole characters.
pub(super) fn utf8(text: &str, out: &mut [u8]) -> Wrote {
    match out.get_mut(..text.len()) {
        Some(to) => {
            to.copy_from_slice(text.as_bytes());
            Wrote { len: text.len(), end: End::Done }
        }
        None => {
            // Does the same as `str::floor_char_boundary`, which the oldest supported compiler does not have. 0 is a boundary.
            let at = (0..=out.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let to = out.get_mut(..at).unwrap_or_default();
            let from = text.as_bytes().get(..at).unwrap_or_default();
            to.copy_from_slice(from);
            Wrote { len: at, end: End::Full(at) }
        }
    }
}
