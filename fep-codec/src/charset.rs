//! Text on the wire: which bytes a character is, and which characters a charset has.
//!
//! Exact or an error: nothing is replaced, nothing is cut in half. Padding is not this module's business, nor is a field's
//! length; that is [`crate::kind`].

use std::borrow::Cow;
use std::fmt;

use encoding_rs::{DecoderResult, EUC_KR, EncoderResult};

/// A charset that a spec may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charset {
    /// ASCII, one byte a character.
    Ascii,
    /// KS X 1001 in its EUC form. Encoding is strict; decoding takes what CP949 has beyond it, for peers send it.
    EucKr,
    /// Microsoft's Unified Hangul Code (MS949, windows-949). Not IBM-949.
    Cp949,
    /// UTF-8, one to four bytes a character.
    Utf8,
}

/// Why a text could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The charset lacks a character.
    Unmappable {
        /// The character.
        character: char,
        /// Its position in the text, in characters from 0.
        position: usize,
    },
    /// The text needs more bytes than there are.
    TooLong {
        /// The bytes that it needs.
        needed: usize,
    },
}

/// The byte offset of the first bytes that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Bytes from the start of the text.
    pub offset: usize,
}

/// A label that names no charset of ours, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLabel {
    /// One line, lower case.
    pub hint: &'static str,
}

impl Charset {
    /// All charsets, in the order of the documents.
    pub const ALL: [Self; 4] = [Self::Ascii, Self::EucKr, Self::Cp949, Self::Utf8];

    /// The label that specs use: `euc-kr`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::EucKr => "euc-kr",
            Self::Cp949 => "cp949",
            Self::Utf8 => "utf-8",
        }
    }

    /// The charset with this label.
    ///
    /// # Errors
    /// If it is none of ours; `ks_c_5601-1987` and its like are refused because they are used for two charsets.
    pub fn from_label(label: &str) -> Result<Self, UnknownLabel> {
        match label.to_ascii_lowercase().as_str() {
            "ascii" | "us-ascii" => Ok(Self::Ascii),
            "euc-kr" | "euckr" => Ok(Self::EucKr),
            "cp949" | "ms949" | "uhc" | "windows-949" => Ok(Self::Cp949),
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "ks_c_5601-1987" | "ksc5601" | "ksc_5601" | "ks_c_5601" => Err(UnknownLabel {
                hint: "this label is used for two charsets: write euc-kr (strict KS X 1001) or cp949 (with the added Hangul)",
            }),
            _ => Err(UnknownLabel { hint: "charsets are ascii, euc-kr, cp949, utf-8" }),
        }
    }

    /// The byte of a space, which pads text.
    #[must_use]
    pub const fn space(self) -> u8 {
        b' '
    }

    /// Whether this byte can fill a text field: no character begins or ends with it, so it can be told from padding.
    ///
    /// The second byte of a CP949 character can be a letter, and EUC-KR is read as CP949.
    #[must_use]
    pub const fn can_pad(self, byte: u8) -> bool {
        byte.is_ascii() && (self.is_utf8() || !byte.is_ascii_alphabetic())
    }

    /// Whether text in this charset can be borrowed as `&str` without conversion.
    #[must_use]
    pub const fn is_utf8(self) -> bool {
        matches!(self, Self::Ascii | Self::Utf8)
    }

    /// The bytes that one character takes, if the charset has it.
    #[must_use]
    pub const fn char_len(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            _ if character.is_ascii() => 1,
            Self::Ascii => 1,
            Self::EucKr | Self::Cp949 => 2,
        }
    }

    /// The bytes that a text takes, if the charset has all its characters.
    #[must_use]
    pub fn text_len(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            _ => text.chars().map(|character| self.char_len(character)).sum(),
        }
    }

    /// Writes the text to the start of `out` and returns how many bytes it took.
    ///
    /// # Errors
    /// If the charset lacks a character, or `out` is too short. Then `out` holds rubbish.
    #[inline]
    pub fn encode(self, text: &str, out: &mut [u8]) -> Result<usize, EncodeError> {
        if text.is_ascii() || self == Self::Utf8 {
            let Some(to) = out.get_mut(..text.len()) else {
                return Err(EncodeError::TooLong { needed: text.len() });
            };
            to.copy_from_slice(text.as_bytes());
            return Ok(text.len());
        }
        let written = match self {
            Self::Ascii | Self::Utf8 => None,
            Self::EucKr | Self::Cp949 => self.encode_korean(text, out),
        };
        written.ok_or_else(|| self.why_not(text))
    }

    /// The characters of the bytes; borrowed if the bytes are ASCII or UTF-8.
    ///
    /// # Errors
    /// If they are no text in this charset, half a character included.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, Malformed> {
        match self {
            Self::Ascii => decode_ascii(bytes).map(Cow::Borrowed),
            Self::Utf8 => {
                std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| Malformed { offset: error.valid_up_to() })
            }
            Self::EucKr | Self::Cp949 => {
                EUC_KR.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| first_malformed(bytes))
            }
        }
    }

    /// Writes the characters of the bytes as UTF-8 to the start of `out` and returns how many bytes they took; none if `out`
    /// might be too short.
    ///
    /// # Errors
    /// If the bytes are no text in this charset.
    pub fn decode_into(self, bytes: &[u8], out: &mut [u8]) -> Result<Option<usize>, Malformed> {
        if bytes.is_ascii() || self.is_utf8() {
            let text = if self == Self::Ascii { decode_ascii(bytes)?.as_bytes() } else { bytes };
            if self == Self::Utf8 {
                std::str::from_utf8(text).map_err(|error| Malformed { offset: error.valid_up_to() })?;
            }
            return Ok(out.get_mut(..text.len()).map(|to| {
                to.copy_from_slice(text);
                text.len()
            }));
        }
        let (result, _, written) =
            EUC_KR.new_decoder_without_bom_handling().decode_to_utf8_without_replacement(bytes, out, true);
        match result {
            DecoderResult::InputEmpty => Ok(Some(written)),
            DecoderResult::OutputFull => Ok(None),
            DecoderResult::Malformed(..) => Err(first_malformed(bytes)),
        }
    }

    /// encoding_rs reports `OutputFull` on some exact fits, so it writes to a scratch buffer first.
    fn encode_korean(self, text: &str, out: &mut [u8]) -> Option<usize> {
        let mut encoder = EUC_KR.new_encoder();
        let mut scratch = [0_u8; 64];
        let mut rest = text;
        let mut at = 0_usize;
        loop {
            let (result, read, written) = encoder.encode_from_utf8_without_replacement(rest, &mut scratch, true);
            let bytes = scratch.get(..written)?;
            if self == Self::EucKr && !is_ks_x_1001(bytes) {
                return None;
            }
            out.get_mut(at..at.checked_add(written)?)?.copy_from_slice(bytes);
            at += written;
            rest = rest.get(read..)?;
            match result {
                EncoderResult::InputEmpty => return Some(at),
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(_) => return None,
            }
        }
    }

    /// A character that the charset lacks is the graver reason: a shorter text would not help.
    #[cold]
    fn why_not(self, text: &str) -> EncodeError {
        match text.chars().enumerate().find(|(_, character)| !self.has(*character)) {
            Some((position, character)) => EncodeError::Unmappable { character, position },
            None => EncodeError::TooLong { needed: self.text_len(text) },
        }
    }

    /// Whether the charset has the character.
    #[must_use]
    pub fn has(self, character: char) -> bool {
        if character.is_ascii() || self == Self::Utf8 {
            return true;
        }
        let mut text = [0; 4];
        let mut out = [0; 8];
        match self {
            Self::Ascii | Self::Utf8 => false,
            Self::EucKr | Self::Cp949 => self.encode_korean(character.encode_utf8(&mut text), &mut out).is_some(),
        }
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

fn decode_ascii(bytes: &[u8]) -> Result<&str, Malformed> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Ok(text),
        _ => Err(Malformed { offset: bytes.iter().take_while(|byte| byte.is_ascii()).count() }),
    }
}

#[cold]
fn first_malformed(bytes: &[u8]) -> Malformed {
    let mut decoder = EUC_KR.new_decoder_without_bom_handling();
    let mut scratch = vec![0; bytes.len().saturating_mul(3).saturating_add(8)];
    let (result, read, _) = decoder.decode_to_utf8_without_replacement(bytes, &mut scratch, true);
    let offset = match result {
        DecoderResult::Malformed(bad, after) => read.saturating_sub(usize::from(bad) + usize::from(after)),
        DecoderResult::InputEmpty | DecoderResult::OutputFull => 0,
    };
    Malformed { offset }
}

/// Whether well-formed CP949 bytes keep to the 94 by 94 square of KS X 1001: both bytes A1 to FE.
fn is_ks_x_1001(cp949: &[u8]) -> bool {
    let mut bytes = cp949.iter();
    while let Some(&lead) = bytes.next() {
        if lead >= 0x80 && (lead < 0xA1 || bytes.next().is_none_or(|trail| *trail < 0xA1)) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(charset: Charset, text: &str) -> Result<Vec<u8>, EncodeError> {
        let mut out = vec![0; charset.text_len(text)];
        let len = charset.encode(text, &mut out)?;
        if let Some(short) = out.len().checked_sub(1) {
            assert_eq!(charset.encode(text, &mut vec![0; short]), Err(EncodeError::TooLong { needed: out.len() }));
        }
        assert_eq!(len, out.len(), "text_len and encode agree on {text:?}");
        Ok(out)
    }

    #[test]
    fn an_exact_fit_is_written() {
        // encoding_rs alone reports OutputFull here.
        assert_eq!(encoded(Charset::Cp949, "가A"), Ok(vec![0xB0, 0xA1, b'A']));
        assert_eq!(encoded(Charset::EucKr, "홍길동"), Ok(vec![0xC8, 0xAB, 0xB1, 0xE6, 0xB5, 0xBF]));
    }

    #[test]
    fn euc_kr_is_strict_in_writing_and_lenient_in_reading() {
        assert_eq!(encoded(Charset::EucKr, "가똠"), Err(EncodeError::Unmappable { character: '똠', position: 1 }));
        assert_eq!(encoded(Charset::Cp949, "똠"), Ok(vec![0x8C, 0x63]));
        assert_eq!(Charset::EucKr.decode(&[0x8C, 0x63]).unwrap(), "똠");
    }

    #[test]
    fn nothing_is_replaced() {
        assert_eq!(encoded(Charset::Cp949, "a😀"), Err(EncodeError::Unmappable { character: '😀', position: 1 }));
        assert_eq!(encoded(Charset::Ascii, "abç"), Err(EncodeError::Unmappable { character: 'ç', position: 2 }));
        let decomposed = "\u{1112}\u{1169}\u{11BC}";
        assert_eq!(
            encoded(Charset::Cp949, decomposed),
            Err(EncodeError::Unmappable { character: '\u{1112}', position: 0 })
        );
    }

    #[test]
    fn half_a_character_is_an_error_with_its_place() {
        assert_eq!(Charset::EucKr.decode(&[0xC8, 0xAB, 0xB1]), Err(Malformed { offset: 2 }));
        assert_eq!(Charset::Cp949.decode(&[b'a', 0xFF, b'b']), Err(Malformed { offset: 1 }));
        assert_eq!(Charset::Ascii.decode(&[b'a', 0xC8]), Err(Malformed { offset: 1 }));
        assert_eq!(Charset::Utf8.decode(&[b'a', 0xED, 0x99]), Err(Malformed { offset: 1 }));
    }

    #[test]
    fn every_two_byte_code_goes_there_and_back() {
        let (mut cp949, mut strict) = (0, 0);
        for lead in 0x81..=0xFE_u8 {
            for trail in 0x41..=0xFE_u8 {
                let code = [lead, trail];
                let Ok(text) = Charset::Cp949.decode(&code) else { continue };
                if text.chars().count() != 1 {
                    continue;
                }
                assert_eq!(encoded(Charset::Cp949, &text), Ok(code.to_vec()), "{text}");
                cp949 += 1;
                let in_square = lead >= 0xA1 && trail >= 0xA1;
                assert_eq!(encoded(Charset::EucKr, &text).is_ok(), in_square, "{text}");
                strict += usize::from(in_square);
            }
        }
        // UHC has 17,048 two-byte codes. KS X 1001 has 8,227; the table of encoding_rs lacks the one of 2002, A2E8 (U+327E).
        assert_eq!((cp949, strict), (17_048, 8_226));
    }

    #[test]
    fn long_text_passes_the_scratch_buffer() {
        let text = "가나다".repeat(200);
        let bytes = encoded(Charset::EucKr, &text).unwrap();
        assert_eq!(bytes.len(), 1_200);
        assert_eq!(Charset::EucKr.decode(&bytes).unwrap(), text);
    }

    #[test]
    fn an_ambiguous_label_is_refused_with_both_meanings() {
        assert_eq!(Charset::from_label("MS949"), Ok(Charset::Cp949));
        let refused = Charset::from_label("ks_c_5601-1987").unwrap_err();
        assert!(refused.hint.contains("euc-kr") && refused.hint.contains("cp949"));
    }
}
