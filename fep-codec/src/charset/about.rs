//! The properties of a charset: its label, its spaces, its bytes for ASCII.
//!
//! The functions are `const fn`, because layouts use them in constants. Only the lookup of a label is not. Labels, forms and
//! paddings come from fep-core, which has no tables.

use fep_core::encoding::Encoding;

#[cfg(any(feature = "charset-ebcdic", feature = "charset-ebcdic-korean", feature = "charset-ebcdic-japanese"))]
use super::ebcdic::{Single, of_ascii};
use super::{Charset, CharsetId, LabelError, UnknownLabelError};

/// The hint for an unknown label.
const LABELS: &str = "charsets are ascii, euc-kr, cp949, johab, ibm933, ibm1364, ibm833, ibm834, cp037, cp500, cp1047, cp1140, \
                      cp932, jisx0201, ibm930, ibm939, ibm1390, ibm1399, iso-8859-1, \
                      iso-8859-15, windows-1252, utf-8";

/// The hint for a charset whose tables are not in this build.
const NOT_BUILT: &str =
    "this build has no tables for it: fep-codec has a feature for each family of charsets, charset-korean for example";

/// Accepts any label that [`Charset::from_label`] accepts.
///
/// ```
/// use fep_codec::Charset;
///
/// assert_eq!("ASCII".parse(), Ok(Charset::Ascii));
/// assert_eq!(Charset::try_from("utf8")?, Charset::Utf8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl core::str::FromStr for Charset {
    type Err = UnknownLabelError;

    fn from_str(label: &str) -> Result<Self, UnknownLabelError> {
        Self::from_label(label)
    }
}

impl TryFrom<&str> for Charset {
    type Error = UnknownLabelError;

    fn try_from(label: &str) -> Result<Self, UnknownLabelError> {
        Self::from_label(label)
    }
}

impl Charset {
    /// The label that specs use: `euc-kr`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.id().label()
    }

    /// The charset with this label, or with a name that sheets use for it: `MS949`, `완성형`, `EBCDIC-KR`.
    ///
    /// # Errors
    /// If the label is unknown, or its charset is not in this build. `ks_c_5601-1987` and similar labels are refused, because each is
    /// in use for two charsets.
    pub fn from_label(label: &str) -> Result<Self, UnknownLabelError> {
        match CharsetId::of_label(label) {
            Ok(id) => Self::of_id(id).ok_or(UnknownLabelError { hint: NOT_BUILT }),
            Err(LabelError::Refused(hint)) => Err(UnknownLabelError { hint }),
            Err(LabelError::Unknown) => Err(UnknownLabelError { hint: LABELS }),
        }
    }

    /// The byte of a space, which pads text: `20`, or `40` in EBCDIC.
    #[inline]
    #[must_use]
    pub const fn space(self) -> u8 {
        self.id().space()
    }

    /// The two bytes of a full-width space (U+3000), which pad full-width text. `None` if the charset lacks this character, or has
    /// it only between SO and SI, or writes it in more than two bytes.
    #[inline]
    #[must_use]
    pub const fn full_space(self) -> Option<[u8; 2]> {
        self.id().full_space()
    }

    /// Whether full-width text can be written: either [`Charset::full_space`] pads it, or it stands between SO and SI.
    #[inline]
    #[must_use]
    pub const fn has_full_width(self) -> bool {
        self.id().has_full_width()
    }

    /// Whether each character is a pair of bytes. Then lengths are even, and padding is in pairs.
    #[inline]
    #[must_use]
    pub const fn is_pairs(self) -> bool {
        self.id().is_pairs()
    }

    /// Whether pairs of bytes stand between SO and SI.
    #[inline]
    #[must_use]
    pub const fn is_shifted(self) -> bool {
        self.id().is_shifted()
    }

    /// Whether the charset is EBCDIC, the code of mainframes.
    #[inline]
    #[must_use]
    pub const fn is_ebcdic(self) -> bool {
        self.id().is_ebcdic()
    }

    /// Whether ASCII text has the same bytes in this charset, and each byte below 80 at the start of a character is ASCII.
    #[inline]
    #[must_use]
    pub const fn keeps_ascii(self) -> bool {
        self.id().keeps_ascii()
    }

    /// Whether text in this charset can be borrowed as `&str` without conversion.
    #[inline]
    #[must_use]
    pub const fn is_utf8(self) -> bool {
        self.id().is_utf8()
    }

    /// Whether this byte can pad a text field: trimming it never cuts a character of several bytes.
    ///
    /// The second byte of a character can be a letter in CP949, and a digit or a sign in other charsets. EUC-KR is read as CP949.
    #[inline]
    #[must_use]
    pub const fn can_pad(self, byte: u8) -> bool {
        self.id().can_pad(byte)
    }

    /// The encoding of numbers, dates, times and digits that state none, in a telegram of this charset: `Ebcdic` if the charset is one
    /// of EBCDIC, otherwise `Ascii`.
    #[inline]
    #[must_use]
    pub const fn encoding(self) -> Encoding {
        Encoding::of_charset(self.id())
    }

    /// The byte of an ASCII character, or `None` if the charset lacks it or has only pairs.
    #[must_use]
    pub const fn byte_of(self, ascii: u8) -> Option<u8> {
        if !ascii.is_ascii() {
            return None;
        }
        match self {
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm834 => None,
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm933 | Self::Ibm1364 | Self::Ibm833 => of_ascii(Single::Ibm833, ascii),
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp037 => of_ascii(Single::Cp037, ascii),
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp500 => of_ascii(Single::Cp500, ascii),
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp1047 => of_ascii(Single::Cp1047, ascii),
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp1140 => of_ascii(Single::Cp1140, ascii),
            #[cfg(feature = "charset-ebcdic-japanese")]
            Self::Ibm930 | Self::Ibm1390 => of_ascii(Single::Ibm290, ascii),
            #[cfg(feature = "charset-ebcdic-japanese")]
            Self::Ibm939 | Self::Ibm1399 => of_ascii(Single::Ibm1027, ascii),
            #[cfg(feature = "charset-japanese")]
            Self::JisX0201 if matches!(ascii, b'\\' | b'~') => None,
            _ => Some(ascii),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_names_no_charset_says_what_to_write() {
        let hint = |label: &str| Charset::from_label(label).unwrap_err().hint;
        assert!(hint("ks_c_5601-1987").contains("cp949"));
        assert!(hint("ansi").contains("cp949"));
        let labels = hint("latin2").strip_prefix("charsets are ").unwrap().split(", ");
        let all: alloc::vec::Vec<_> = labels.map(|label| Charset::from_label(label).unwrap()).collect();
        assert_eq!(all, Charset::ALL);
    }

    #[test]
    fn a_character_beside_digits_has_the_same_byte_in_every_ebcdic_charset() {
        let ebcdic = Charset::ALL.iter().filter(|charset| charset.is_ebcdic() && charset.byte_of(b'0').is_some());
        for charset in ebcdic {
            assert_eq!(charset.encoding(), Encoding::Ebcdic);
            for ascii in 0..=u8::MAX {
                let byte = Encoding::Ebcdic.byte_of(ascii);
                assert!(byte.is_none() || byte == charset.byte_of(ascii), "{charset} {ascii:02x}");
                assert_eq!(byte.and_then(|byte| Encoding::Ebcdic.character_of(byte)), byte.and(Some(ascii)));
            }
        }
    }
}
