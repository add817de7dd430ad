//! How digits stand in bytes, and what follows from it for lengths. What encodings do to values is fep-codec's.

use crate::words::words;

words! {
    /// How the digits of a number, a digit string, a date or a time stand in bytes.
    #[derive(Default)]
    pub enum Encoding {
        /// A byte for each digit, `30` to `39`.
        #[default]
        Ascii = "ascii",
        /// A byte for each digit, `F0` to `F9` (zoned decimal).
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
    /// The digits that so many bytes have; of a binary number, the digits that fit whatever they are.
    #[inline]
    #[must_use]
    pub const fn digits(self, len: usize) -> usize {
        match self {
            Self::Ascii | Self::Ebcdic => len,
            Self::Packed => len.saturating_mul(2).saturating_sub(1),
            Self::Bcd => len.saturating_mul(2),
            // A bit is 0.30103 digits, rounded down for every length that a binary number can have.
            Self::Binary | Self::BinaryLittle => len.saturating_mul(8 * 30_103) / 100_000,
        }
    }

    /// The bytes that so many digits take; none for binary numbers, which have any length that is long enough.
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

    /// Whether a byte or a half of one stands for one digit.
    #[inline]
    #[must_use]
    pub const fn is_decimal(self) -> bool {
        !self.is_binary()
    }

    /// Whether the number is a binary one.
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

    /// The byte that a blank field is made of.
    #[inline]
    #[must_use]
    pub const fn space(self) -> u8 {
        if let Self::Ebcdic = self { 0x40 } else { b' ' }
    }

    /// The largest number in this many bytes, without a sign. It is no larger than a `u128`.
    ///
    /// ```
    /// use fep_core::encoding::Encoding;
    ///
    /// assert_eq!(Encoding::Packed.largest(2), 999);
    /// assert_eq!(Encoding::Binary.largest(2), 65_535);
    /// ```
    #[must_use]
    pub fn largest(self, len: usize) -> u128 {
        let power = |exponent: Option<u32>, power: fn(u32) -> Option<u128>| {
            exponent.and_then(power).map_or(u128::MAX, |beyond| beyond - 1)
        };
        if self.is_binary() {
            return power(u32::try_from(len.saturating_mul(8)).ok(), |bits| 1_u128.checked_shl(bits));
        }
        power(u32::try_from(self.digits(len)).ok(), |digits| 10_u128.checked_pow(digits))
    }
}
