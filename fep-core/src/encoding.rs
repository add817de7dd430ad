//! How digits are stored in bytes, and the lengths that follow from it. fep-codec encodes and decodes the values.

use crate::charset::CharsetId;
use crate::words::words;

words! {
    /// How the digits of a number, a digit string, a date or a time are stored in bytes.
    #[derive(Default)]
    pub enum Encoding {
        /// One byte for each digit, `30` to `39`.
        #[default]
        Ascii = "ascii",
        /// One byte for each digit, `F0` to `F9` (zoned decimal).
        Ebcdic = "ebcdic",
        /// Half a byte for each digit, and the sign in the last half (COMP-3): `C` plus, `D` minus, `F` in a field without a sign.
        Packed = "packed",
        /// Half a byte for each digit, and no sign.
        Bcd = "bcd",
        /// A binary number, the most significant byte first.
        Binary = "binary",
        /// A binary number, the least significant byte first.
        BinaryLittle = "binary-little",
    }
}

impl Encoding {
    /// The number of digits in `len` bytes. For a binary number: the largest number of digits with which every
    /// value fits.
    #[inline]
    #[must_use]
    pub const fn digits(self, len: usize) -> usize {
        match self {
            Self::Ascii | Self::Ebcdic => len,
            Self::Packed => len.saturating_mul(2).saturating_sub(1),
            Self::Bcd => len.saturating_mul(2),
            // A bit holds 0.30103 digits. The result is rounded down correctly for every length that a binary number can have.
            Self::Binary | Self::BinaryLittle => len.saturating_mul(8 * 30_103) / 100_000,
        }
    }

    /// The length in bytes of this number of digits, or `None` for a binary number, which can have any length that is long enough.
    #[inline]
    #[must_use]
    pub const fn len(self, digits: usize) -> Option<usize> {
        match self {
            Self::Ascii | Self::Ebcdic => Some(digits),
            Self::Packed => Some(digits / 2 + 1),
            Self::Bcd => Some(digits.div_ceil(2)),
            Self::Binary | Self::BinaryLittle => None,
        }
    }

    /// Whether each digit has a byte or half a byte.
    #[inline]
    #[must_use]
    pub const fn is_decimal(self) -> bool {
        !self.is_binary()
    }

    /// Whether the number is a binary number.
    #[inline]
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Binary | Self::BinaryLittle)
    }

    /// Whether each digit has a byte of its own.
    #[inline]
    #[must_use]
    pub const fn is_zoned(self) -> bool {
        matches!(self, Self::Ascii | Self::Ebcdic)
    }

    /// The encoding of a field that does not state one, in a telegram of this charset.
    ///
    /// ```
    /// use fep_core::charset::CharsetId;
    /// use fep_core::encoding::Encoding;
    ///
    /// assert_eq!(Encoding::of_charset(CharsetId::Ibm933), Encoding::Ebcdic);
    /// assert_eq!(Encoding::of_charset(CharsetId::Cp949), Encoding::Ascii);
    /// ```
    #[inline]
    #[must_use]
    pub const fn of_charset(charset: CharsetId) -> Self {
        if charset.is_ebcdic() { Self::Ebcdic } else { Self::Ascii }
    }

    /// The byte of a character next to digits: a sign, a point, padding. `None` if EBCDIC charsets have different bytes for it.
    ///
    /// ```
    /// use fep_core::encoding::Encoding;
    ///
    /// assert_eq!(Encoding::Ebcdic.byte_of(b'-'), Some(0x60));
    /// assert_eq!(Encoding::Ebcdic.byte_of(b'!'), None);
    /// ```
    #[must_use]
    pub const fn byte_of(self, ascii: u8) -> Option<u8> {
        if !matches!(self, Self::Ebcdic) {
            return Some(ascii);
        }
        Some(match ascii {
            b'0'..=b'9' => 0xF0 | (ascii & 0x0F),
            b'A'..=b'I' => 0xC1 + (ascii - b'A'),
            b'J'..=b'R' => 0xD1 + (ascii - b'J'),
            b'S'..=b'Z' => 0xE2 + (ascii - b'S'),
            b' ' => 0x40,
            b'.' => 0x4B,
            b'<' => 0x4C,
            b'(' => 0x4D,
            b'+' => 0x4E,
            b'&' => 0x50,
            b'*' => 0x5C,
            b')' => 0x5D,
            b';' => 0x5E,
            b'-' => 0x60,
            b'/' => 0x61,
            b',' => 0x6B,
            b'%' => 0x6C,
            b'_' => 0x6D,
            b'>' => 0x6E,
            b'?' => 0x6F,
            b':' => 0x7A,
            b'\'' => 0x7D,
            b'=' => 0x7E,
            b'"' => 0x7F,
            _ => return None,
        })
    }

    /// The character that [`Encoding::byte_of`] writes as this byte, if there is one.
    #[must_use]
    pub fn character_of(self, byte: u8) -> Option<u8> {
        (0x20..0x7F).find(|ascii| self.byte_of(*ascii) == Some(byte))
    }

    /// Whether the byte is a digit, if each digit has a byte of its own.
    #[must_use]
    pub const fn is_digit(self, byte: u8) -> bool {
        match self {
            Self::Ascii => byte.is_ascii_digit(),
            Self::Ebcdic => matches!(byte, 0xF0..=0xF9),
            Self::Packed | Self::Bcd | Self::Binary | Self::BinaryLittle => false,
        }
    }

    /// The byte that fills a blank field.
    #[inline]
    #[must_use]
    pub const fn space(self) -> u8 {
        if let Self::Ebcdic = self { 0x40 } else { b' ' }
    }

    /// The byte of a separator of dates and times. All EBCDIC charsets agree on these characters.
    #[inline]
    #[must_use]
    pub const fn separator(self, ascii: u8) -> u8 {
        match self.byte_of(ascii) {
            Some(byte) => byte,
            None => ascii,
        }
    }

    /// The largest number without a sign in `len` bytes, but at most the largest `u128`.
    ///
    /// ```
    /// use fep_core::encoding::Encoding;
    ///
    /// assert_eq!(Encoding::Packed.largest(2), 999);
    /// assert_eq!(Encoding::Binary.largest(2), 65_535);
    /// ```
    #[must_use]
    pub const fn largest(self, len: usize) -> u128 {
        let places = if self.is_binary() { len.saturating_mul(8) } else { self.digits(len) };
        if places > 128 {
            return u128::MAX;
        }
        let base: u128 = if self.is_binary() { 2 } else { 10 };
        #[allow(clippy::cast_possible_truncation, reason = "at most 128")]
        let exponent = places as u32;
        match base.checked_pow(exponent) {
            Some(beyond) => beyond - 1,
            None => u128::MAX,
        }
    }
}
