//! How digits are stored in bytes, and the lengths that follow from it. fep-codec encodes and decodes the values.

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

    /// The byte that fills a blank field.
    #[inline]
    #[must_use]
    pub const fn space(self) -> u8 {
        if let Self::Ebcdic = self { 0x40 } else { b' ' }
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
        match base.checked_pow(places as u32) {
            Some(beyond) => beyond - 1,
            None => u128::MAX,
        }
    }
}
