//! What is to be known of a charset before any text is read or written: its label, its spaces, its bytes for ASCII.
//!
//! All but the labels are `const fn`: layouts are made of them.

#[cfg(any(feature = "charset-ebcdic", feature = "charset-ebcdic-korean", feature = "charset-ebcdic-japanese"))]
use super::ebcdic::{Single, of_ascii};
use super::{Charset, UnknownLabelError, label};

impl Charset {
    /// All charsets of this build, in the order of the documents.
    pub const ALL: &'static [Self] = &[
        Self::Ascii,
        #[cfg(feature = "charset-korean")]
        Self::EucKr,
        #[cfg(feature = "charset-korean")]
        Self::Cp949,
        #[cfg(feature = "charset-korean")]
        Self::Johab,
        #[cfg(feature = "charset-ebcdic-korean")]
        Self::Ibm933,
        #[cfg(feature = "charset-ebcdic-korean")]
        Self::Ibm1364,
        #[cfg(feature = "charset-ebcdic-korean")]
        Self::Ibm833,
        #[cfg(feature = "charset-ebcdic-korean")]
        Self::Ibm834,
        #[cfg(feature = "charset-ebcdic")]
        Self::Cp037,
        #[cfg(feature = "charset-ebcdic")]
        Self::Cp500,
        #[cfg(feature = "charset-ebcdic")]
        Self::Cp1047,
        #[cfg(feature = "charset-ebcdic")]
        Self::Cp1140,
        #[cfg(feature = "charset-japanese")]
        Self::Cp932,
        #[cfg(feature = "charset-japanese")]
        Self::JisX0201,
        #[cfg(feature = "charset-ebcdic-japanese")]
        Self::Ibm930,
        #[cfg(feature = "charset-ebcdic-japanese")]
        Self::Ibm939,
        #[cfg(feature = "charset-ebcdic-japanese")]
        Self::Ibm1390,
        #[cfg(feature = "charset-ebcdic-japanese")]
        Self::Ibm1399,
        Self::Utf8,
    ];

    /// The label that specs use: `euc-kr`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            #[cfg(feature = "charset-korean")]
            Self::EucKr => "euc-kr",
            #[cfg(feature = "charset-korean")]
            Self::Cp949 => "cp949",
            #[cfg(feature = "charset-korean")]
            Self::Johab => "johab",
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm933 => "ibm933",
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm1364 => "ibm1364",
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm833 => "ibm833",
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm834 => "ibm834",
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp037 => "cp037",
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp500 => "cp500",
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp1047 => "cp1047",
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp1140 => "cp1140",
            #[cfg(feature = "charset-japanese")]
            Self::Cp932 => "cp932",
            #[cfg(feature = "charset-japanese")]
            Self::JisX0201 => "jisx0201",
            #[cfg(feature = "charset-ebcdic-japanese")]
            Self::Ibm930 => "ibm930",
            #[cfg(feature = "charset-ebcdic-japanese")]
            Self::Ibm939 => "ibm939",
            #[cfg(feature = "charset-ebcdic-japanese")]
            Self::Ibm1390 => "ibm1390",
            #[cfg(feature = "charset-ebcdic-japanese")]
            Self::Ibm1399 => "ibm1399",
            Self::Utf8 => "utf-8",
        }
    }

    /// The charset with this label, or with a name that sheets use for it: `MS949`, `완성형`, `EBCDIC-KR`.
    ///
    /// # Errors
    /// If it is none of ours; `ks_c_5601-1987` and its like are refused because they are used for two charsets.
    pub fn from_label(label: &str) -> Result<Self, UnknownLabelError> {
        label::find(label)
    }

    /// The byte of a space, which pads text: `20`, in EBCDIC `40`.
    #[must_use]
    pub const fn space(self) -> u8 {
        if self.is_ebcdic() { 0x40 } else { b' ' }
    }

    /// The two bytes of a full-width space (U+3000), which pad full-width text. None if the charset has no such character, or
    /// has it between SO and SI only, or in more bytes than two.
    #[must_use]
    pub const fn full_space(self) -> Option<[u8; 2]> {
        match self {
            #[cfg(feature = "charset-korean")]
            Self::EucKr | Self::Cp949 => Some([0xA1, 0xA1]),
            #[cfg(feature = "charset-korean")]
            Self::Johab => Some([0xD9, 0x31]),
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm834 => Some([0x40, 0x40]),
            #[cfg(feature = "charset-japanese")]
            Self::Cp932 => Some([0x81, 0x40]),
            _ => None,
        }
    }

    /// Whether full-width text can be written: [`Charset::full_space`] says how it is padded, or SO and SI surround it.
    #[must_use]
    pub const fn has_full_width(self) -> bool {
        self.full_space().is_some() || self.is_shifted()
    }

    /// Whether each character is a pair of bytes, so that lengths are even and padding is too.
    #[must_use]
    pub const fn is_pairs(self) -> bool {
        match self {
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm834 => true,
            _ => false,
        }
    }

    /// Whether pairs of bytes stand between SO and SI.
    #[must_use]
    pub const fn is_shifted(self) -> bool {
        match self {
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm933 | Self::Ibm1364 => true,
            #[cfg(feature = "charset-ebcdic-japanese")]
            Self::Ibm930 | Self::Ibm939 | Self::Ibm1390 | Self::Ibm1399 => true,
            _ => false,
        }
    }

    /// Whether bytes are those of a mainframe.
    #[must_use]
    pub const fn is_ebcdic(self) -> bool {
        match self {
            #[cfg(feature = "charset-ebcdic-korean")]
            Self::Ibm833 | Self::Ibm834 => true,
            #[cfg(feature = "charset-ebcdic")]
            Self::Cp037 | Self::Cp500 | Self::Cp1047 | Self::Cp1140 => true,
            _ => self.is_shifted(),
        }
    }

    /// Whether ASCII text has the same bytes in this charset, and bytes below 80 at the start of a character are ASCII.
    #[must_use]
    pub const fn keeps_ascii(self) -> bool {
        match self {
            #[cfg(feature = "charset-japanese")]
            Self::JisX0201 => false,
            _ => !self.is_ebcdic(),
        }
    }

    /// Whether text in this charset can be borrowed as `&str` without conversion.
    #[must_use]
    pub const fn is_utf8(self) -> bool {
        matches!(self, Self::Ascii | Self::Utf8)
    }

    /// Whether this byte can fill a text field: no character begins or ends with it, so it can be told from padding.
    ///
    /// The second byte of a character can be a letter in CP949, and in others a digit or a sign; EUC-KR is read as CP949.
    #[must_use]
    pub const fn can_pad(self, byte: u8) -> bool {
        match self {
            #[cfg(feature = "charset-korean")]
            Self::EucKr | Self::Cp949 => byte.is_ascii() && !byte.is_ascii_alphabetic(),
            #[cfg(feature = "charset-korean")]
            Self::Johab => byte < 0x31,
            #[cfg(feature = "charset-japanese")]
            Self::Cp932 => byte < 0x40,
            _ if self.is_pairs() => byte == 0x40,
            _ if self.is_ebcdic() => !matches!(byte, 0x0E | 0x0F),
            _ => byte.is_ascii(),
        }
    }

    /// The byte of an ASCII character; none if the charset lacks it or has pairs only.
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
