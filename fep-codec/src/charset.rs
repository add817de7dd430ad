//! Text on the wire: the bytes of each character, and the characters of each charset.
//!
//! A conversion is exact or an error: nothing is replaced and nothing is cut in half unless an option says so. Padding and the
//! length of a field belong to [`crate::kind`], not to this module.
//!
#![doc = include_str!("charset.md")]
#![cfg_attr(
    not(all(
        feature = "charset-korean",
        feature = "charset-ebcdic-korean",
        feature = "charset-ebcdic",
        feature = "charset-latin",
        feature = "charset-japanese",
        feature = "charset-ebcdic-japanese"
    )),
    allow(dead_code, reason = "families of charsets share code, and some are left out")
)]

mod list;
mod errors;
mod table;
mod fold;
mod simple;
mod jamo;
#[cfg(any(feature = "charset-ebcdic", feature = "charset-ebcdic-korean", feature = "charset-ebcdic-japanese"))]
mod ebcdic;
#[cfg(feature = "charset-latin")]
mod latin;
#[cfg(feature = "charset-japanese")]
mod japanese;
#[cfg(feature = "charset-korean")]
mod korean;
mod about;
mod read;
mod write;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec;
use core::fmt;

use fep_core::charset::{CharsetId, Form, LabelError};
pub use fep_core::rules::Half;

pub use self::errors::{DecodeError, EncodeError, NoRoomError, Reason, UnknownLabelError};
pub use self::list::Charset;
pub(crate) use self::read::Stop;
use self::table::Rules;
use self::write::{End, Wrote};

/// Options for writing text in a charset. The default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Converts ASCII to full-width characters (전각) first: U+FF01 to U+FF5E, and U+3000 for a space.
    pub wide: bool,
    /// Writes a character that the charset lacks as a similar character that it has: `·` U+00B7 as `・` U+30FB.
    pub compat: bool,
    /// EBCDIC: a new line is the byte 15, not 25.
    pub newline_15: bool,
}

/// Options for reading text in a charset. The default is strict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeOptions {
    /// The treatment of half a character at the end.
    pub half: Half,
    /// Accepts a missing SI at the end, and SO and SI with nothing between them.
    pub open_shift: bool,
    /// EBCDIC: a new line is the byte 15, not 25.
    pub newline_15: bool,
}

/// Runs an expression with the table type of a charset. UTF-8 has no table, so it runs the second expression.
macro_rules! with_table {
    ($charset:expr, $table:ident => $body:expr, $utf8:expr) => {{
        macro_rules! table {
            ($type:ty) => {{
                type $table = $type;
                $body
            }};
        }
        match $charset {
            Charset::Utf8 => $utf8,
            Charset::Ascii => table!(simple::Ascii),
            #[cfg(feature = "charset-korean")]
            Charset::EucKr => table!(korean::EucKr),
            #[cfg(feature = "charset-korean")]
            Charset::Cp949 => table!(korean::Cp949),
            #[cfg(feature = "charset-korean")]
            Charset::Johab => table!(korean::Johab),
            #[cfg(feature = "charset-ebcdic-korean")]
            Charset::Ibm933 => table!(ebcdic::Korean<false>),
            #[cfg(feature = "charset-ebcdic-korean")]
            Charset::Ibm1364 => table!(ebcdic::Korean<true>),
            #[cfg(feature = "charset-ebcdic-korean")]
            Charset::Ibm833 => table!(ebcdic::Latin<{ ebcdic::Single::Ibm833 as usize }>),
            #[cfg(feature = "charset-ebcdic-korean")]
            Charset::Ibm834 => table!(ebcdic::KoreanPairs),
            #[cfg(feature = "charset-ebcdic")]
            Charset::Cp037 => table!(ebcdic::Latin<{ ebcdic::Single::Cp037 as usize }>),
            #[cfg(feature = "charset-ebcdic")]
            Charset::Cp500 => table!(ebcdic::Latin<{ ebcdic::Single::Cp500 as usize }>),
            #[cfg(feature = "charset-ebcdic")]
            Charset::Cp1047 => table!(ebcdic::Latin<{ ebcdic::Single::Cp1047 as usize }>),
            #[cfg(feature = "charset-ebcdic")]
            Charset::Cp1140 => table!(ebcdic::Latin<{ ebcdic::Single::Cp1140 as usize }>),
            #[cfg(feature = "charset-latin")]
            Charset::Iso8859_1 => table!(latin::Western<{ latin::Set::Iso8859_1 as usize }>),
            #[cfg(feature = "charset-latin")]
            Charset::Iso8859_15 => table!(latin::Western<{ latin::Set::Iso8859_15 as usize }>),
            #[cfg(feature = "charset-latin")]
            Charset::Windows1252 => table!(latin::Western<{ latin::Set::Windows1252 as usize }>),
            #[cfg(feature = "charset-japanese")]
            Charset::Cp932 => table!(japanese::Cp932),
            #[cfg(feature = "charset-japanese")]
            Charset::JisX0201 => table!(japanese::JisX0201),
            #[cfg(feature = "charset-ebcdic-japanese")]
            Charset::Ibm930 => table!(ebcdic::Japanese<{ ebcdic::Single::Ibm290 as usize }, false>),
            #[cfg(feature = "charset-ebcdic-japanese")]
            Charset::Ibm939 => table!(ebcdic::Japanese<{ ebcdic::Single::Ibm1027 as usize }, false>),
            #[cfg(feature = "charset-ebcdic-japanese")]
            Charset::Ibm1390 => table!(ebcdic::Japanese<{ ebcdic::Single::Ibm8482 as usize }, true>),
            #[cfg(feature = "charset-ebcdic-japanese")]
            Charset::Ibm1399 => table!(ebcdic::Japanese<{ ebcdic::Single::Ibm5123 as usize }, true>),
        }
    }};
}

impl Charset {
    /// Writes the text to the start of `out` and returns the number of bytes written.
    ///
    /// Decomposed Hangul and kana (NFD) are composed first. UTF-8 is written as it is.
    ///
    /// # Errors
    /// If the charset lacks a character, or `out` is too short. Then the contents of `out` are unspecified.
    #[inline]
    pub fn encode(self, text: &str, out: &mut [u8]) -> Result<usize, EncodeError> {
        if self.keeps_ascii()
            && is_ascii(text.as_bytes())
            && let Some(to) = out.get_mut(..text.len())
        {
            to.copy_from_slice(text.as_bytes());
            return Ok(text.len());
        }
        self.encode_with(text, EncodeOptions::default(), out)
    }

    /// [`Charset::encode`] with options.
    ///
    /// # Errors
    /// If the charset lacks a character, or `out` is too short. Then the contents of `out` are unspecified.
    #[inline]
    pub fn encode_with(self, text: &str, how: EncodeOptions, out: &mut [u8]) -> Result<usize, EncodeError> {
        match self.write(text, how, out) {
            Wrote { len, end: End::Done } => Ok(len),
            wrote => Err(self.why_not(text, how, wrote)),
        }
    }

    /// Writes as many whole characters as fit and closes the last SO. Returns two lengths in bytes: that of the bytes written, and
    /// that of the text written, as UTF-8.
    ///
    /// # Errors
    /// If the charset lacks a character, even one that does not fit.
    pub fn encode_cut(self, text: &str, how: EncodeOptions, out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        let wrote = self.write(text, how, out);
        match wrote.end {
            End::Done => Ok((wrote.len, text.len())),
            End::Full(at) => match self.why_not(text, how, wrote) {
                EncodeError::TooLong { .. } => Ok((wrote.len, at)),
                lacks @ EncodeError::Unmappable { .. } => Err(lacks),
            },
            End::Missing(_) => Err(self.why_not(text, how, wrote)),
        }
    }

    /// Writes a text, given as valid UTF-8, as most texts are written: [`Charset::encode_with`] without options. `None` if that is not possible, and for
    /// charsets and texts that need more care.
    #[inline(always)]
    pub(crate) fn convert_from(self, utf8: &[u8], out: &mut [u8]) -> Option<usize> {
        if self.has_jamo() {
            return None;
        }
        let wrote = with_table!(self, T => write::plain::<T>(utf8, out), return None);
        matches!(wrote.end, End::Done).then_some(wrote.len)
    }

    #[inline]
    fn write(self, text: &str, how: EncodeOptions, out: &mut [u8]) -> Wrote {
        with_table!(self, T => {
            let as_it_is = how == EncodeOptions::default() && !(self.has_jamo() && jamo::is_in_pieces(text));
            if as_it_is {
                let wrote = write::plain::<T>(text.as_bytes(), out);
                if !matches!(wrote.end, End::Missing(_)) || !jamo::is_in_pieces(text) {
                    return wrote;
                }
            }
            write::with_options(text, how, Rules::of::<T>(), out)
        }, write::utf8(text, out))
    }

    #[cold]
    fn why_not(self, text: &str, how: EncodeOptions, wrote: Wrote) -> EncodeError {
        if let Some(rules) = self.rules() {
            return write::why_not(text, how, rules, wrote);
        }
        let at = if let End::Full(at) = wrote.end { at } else { 0 };
        let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        let character = rest.chars().next().unwrap_or_default();
        let position = before.chars().count();
        EncodeError::TooLong { needed: text.len(), character, position }
    }

    /// The rules of the charset's table, or `None` for UTF-8, which has all characters and no table.
    fn rules(self) -> Option<Rules> {
        with_table!(self, T => Some(Rules::of::<T>()), None)
    }

    /// Whether the charset has codes for loose jamo. Decomposed text would be written with these codes if it were not composed first.
    const fn has_jamo(self) -> bool {
        match self {
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm1364 => true,
            _ => false,
        }
    }

    /// The number of bytes that a text takes, including SO and SI, if the charset has all its characters.
    #[must_use]
    pub fn text_len(self, text: &str) -> usize {
        self.text_len_with(text, EncodeOptions::default())
    }

    /// [`Charset::text_len`] with options.
    #[must_use]
    pub fn text_len_with(self, text: &str, how: EncodeOptions) -> usize {
        self.rules().map_or(text.len(), |rules| write::measure(text, how, rules))
    }

    /// Whether the charset has the character.
    #[must_use]
    pub fn has(self, character: char) -> bool {
        self.rules().is_none_or(|rules| write::has(character, rules))
    }

    /// A charset that has the character and is EBCDIC if this one is. Errors suggest it.
    #[must_use]
    pub fn instead(self, character: char) -> Option<Self> {
        let likely: &[&str] = match self.id().form() {
            Form::Ebcdic | Form::Shifted | Form::Pairs => &["ibm933", "ibm1364", "ibm939", "ibm1399"],
            Form::Latin => &["windows-1252", "iso-8859-15", "cp949", "cp932", "utf-8"],
            Form::Utf8 | Form::Lead(_) | Form::Single => &["cp949", "cp932", "utf-8"],
        };
        let named = |label: &&str| Self::ALL.iter().copied().find(|charset| charset.label() == *label);
        likely.iter().filter_map(named).find(|other| *other != self && other.has(character))
    }

    /// The text of the bytes. It is borrowed if the bytes are ASCII or UTF-8.
    ///
    /// # Errors
    /// If the bytes are not valid text in this charset, or end in half a character.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
        self.decode_with(bytes, DecodeOptions::default())
    }

    /// [`Charset::decode`] with options.
    ///
    /// # Errors
    /// If the bytes are not valid text in this charset, and the options do not accept them.
    pub fn decode_with(self, bytes: &[u8], how: DecodeOptions) -> Result<Cow<'_, str>, DecodeError> {
        if (self.keeps_ascii() || bytes.is_empty())
            && let Ok(text) = core::str::from_utf8(bytes)
            && (self == Self::Utf8 || text.is_ascii())
        {
            return Ok(Cow::Borrowed(text));
        }
        // One byte on the wire becomes at most three bytes of UTF-8.
        let mut utf8 = vec![0; bytes.len().saturating_mul(3)];
        let len = self.decode_into_with(bytes, how, &mut utf8)?.unwrap_or_default();
        utf8.truncate(len);
        // The decoder writes only whole characters, so this is never the default.
        Ok(Cow::Owned(String::from_utf8(utf8).unwrap_or_default()))
    }

    /// Writes the text of the bytes as UTF-8 to the start of `out`. Returns the number of bytes written, or `None` if `out` is too
    /// short. Three bytes for each byte on the wire are always enough.
    ///
    /// # Errors
    /// If the bytes are not valid text in this charset.
    #[inline]
    pub fn decode_into(self, bytes: &[u8], out: &mut [u8]) -> Result<Option<usize>, DecodeError> {
        self.decode_into_with(bytes, DecodeOptions::default(), out)
    }

    /// [`Charset::decode_into`] with options.
    ///
    /// # Errors
    /// If the bytes are not valid text in this charset, and the options do not accept them.
    #[inline]
    pub fn decode_into_with(
        self,
        bytes: &[u8],
        how: DecodeOptions,
        out: &mut [u8],
    ) -> Result<Option<usize>, DecodeError> {
        if self.keeps_ascii() && is_ascii(bytes) {
            return Ok(copy(bytes, out));
        }
        match self.convert_into(bytes, how, out) {
            Ok(len) => Ok(Some(len)),
            Err(Stop::Full) => Ok(None),
            Err(Stop::Malformed(error)) => Err(error),
        }
    }

    /// [`Charset::decode_into_with`] for bytes that are not ASCII.
    #[inline(always)]
    pub(crate) fn convert_into(self, bytes: &[u8], how: DecodeOptions, out: &mut [u8]) -> Result<usize, Stop> {
        with_table!(self, T => read::decode::<T>(bytes, how, out), read::utf8(bytes, how, out))
    }
}

/// Whether the text is ASCII. The first byte is tested first, because Korean text mostly begins with a Korean character.
#[inline]
fn is_ascii(text: &[u8]) -> bool {
    text.first().is_none_or(u8::is_ascii) && text.is_ascii()
}

fn copy(text: &[u8], out: &mut [u8]) -> Option<usize> {
    out.get_mut(..text.len())?.copy_from_slice(text);
    Some(text.len())
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
