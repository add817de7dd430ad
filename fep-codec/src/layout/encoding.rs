//! How digits stand in bytes, and what follows from it for lengths. What encodings do to values is in [`crate::kind`].

use super::NoneAs;

/// How the digits of a number, a digit string, a date or a time stand in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A byte for each digit, `30` to `39`.
    Ascii,
    /// A byte for each digit, `F0` to `F9` (zoned decimal).
    Ebcdic,
    /// Half a byte for each digit, and the sign in the last half (COMP-3): `C` plus, `D` minus, `F` in a field without a sign.
    Packed,
    /// Half a byte for each digit, and no sign.
    Bcd,
    /// A binary number, the most significant byte first.
    Binary,
    /// A binary number, the least significant byte first.
    BinaryLittle,
}

impl Encoding {
    /// The digits that so many bytes have; of a binary number, the digits that fit whatever they are.
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
    #[must_use]
    pub const fn is_decimal(self) -> bool {
        !self.is_binary()
    }

    /// Whether the number is a binary one.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Binary | Self::BinaryLittle)
    }

    /// Whether each digit has a byte of its own.
    #[must_use]
    pub const fn is_zoned(self) -> bool {
        matches!(self, Self::Ascii | Self::Ebcdic)
    }

    /// The byte that a blank field is made of.
    #[must_use]
    pub const fn space(self) -> u8 {
        if let Self::Ebcdic = self { 0x40 } else { b' ' }
    }
}

impl NoneAs {
    /// The bytes of a field without a value: all but the last, and the last. `signed` is said of packed digits with a sign.
    #[must_use]
    pub const fn bytes(self, encoding: Encoding, signed: bool) -> Option<[u8; 2]> {
        let digit = match self {
            Self::Never => return None,
            Self::Spaces => return Some([encoding.space(); 2]),
            Self::EbcdicSpaces => return Some([0x40; 2]),
            Self::LowValues => return Some([0x00; 2]),
            Self::Zeros => 0x00,
            Self::Nines => 0x09,
        };
        match encoding {
            Encoding::Ascii => Some([0x30 | digit; 2]),
            Encoding::Ebcdic => Some([0xF0 | digit; 2]),
            Encoding::Bcd => Some([digit << 4 | digit; 2]),
            Encoding::Packed => Some([digit << 4 | digit, digit << 4 | if signed { 0x0C } else { 0x0F }]),
            Encoding::Binary | Encoding::BinaryLittle if digit == 0 => Some([0x00; 2]),
            // A binary number has no digits that could all be nines.
            Encoding::Binary | Encoding::BinaryLittle => None,
        }
    }
}
