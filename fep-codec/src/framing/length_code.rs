//! [`LengthCode`]: the ways in which a length is written.

use super::Edge;

/// How the bytes of a length give its value. The pictures show 296, in hexadecimal `128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LengthCode {
    /// `30 32 39 36`: ASCII digits, 1 to 9 of them.
    Ascii,
    /// `F0 F2 F9 F6`: EBCDIC digits, 1 to 9 of them.
    Ebcdic,
    /// `02 96`: two digits in each of 1 to 4 bytes, without a sign.
    Bcd,
    /// `01 28` or `00 00 01 28`: a binary number of 1 to 4 bytes, the most significant byte first.
    BigEndian,
    /// `28 01` or `28 01 00 00`: a binary number of 1 to 4 bytes, the least significant byte first.
    LittleEndian,
    /// `01 28 00 00`: a binary number of 4 bytes whose halves are swapped. The low half comes first, and each half has its most
    /// significant byte first: `0A0B0C0D` is `0C 0D 0A 0B`. Below 65536 it looks like two bytes of length and two of zeros.
    HalfSwapped,
    /// `00 00 28 01`: a binary number of 4 bytes with the bytes swapped within each half. The high half comes first, and each half has
    /// its least significant byte first, as a PDP-11 stores it: `0A0B0C0D` is `0B 0A 0D 0C`.
    ByteSwapped,
}

impl LengthCode {
    /// Whether a length can have this many bytes.
    #[must_use]
    pub const fn can_have(self, bytes: u8) -> bool {
        match self {
            Self::Ascii | Self::Ebcdic => matches!(bytes, 1..=9),
            Self::Bcd | Self::BigEndian | Self::LittleEndian => matches!(bytes, 1..=4),
            Self::HalfSwapped | Self::ByteSwapped => bytes == 4,
        }
    }

    /// The largest value that fits this many bytes.
    pub(super) fn value_max(self, bytes: u8) -> u64 {
        match self {
            Self::Ascii | Self::Ebcdic => 10_u64.saturating_pow(u32::from(bytes)) - 1,
            Self::Bcd => 100_u64.saturating_pow(u32::from(bytes)) - 1,
            _ => 256_u64.saturating_pow(u32::from(bytes)) - 1,
        }
    }

    /// Whether the byte can stand in a length.
    pub(super) const fn has(self, byte: u8) -> bool {
        match self {
            Self::Ascii => byte.is_ascii_digit(),
            Self::Ebcdic => matches!(byte, 0xF0..=0xF9),
            Self::Bcd => byte >> 4 < 10 && byte & 0x0F < 10,
            _ => true,
        }
    }

    /// The value of these bytes, which [`LengthCode::has`].
    pub(super) fn value(self, field: &[u8]) -> u64 {
        let digits = |value: u64, byte: &u8| match self {
            Self::Ascii | Self::Ebcdic => value * 10 + u64::from(byte & 0x0F),
            Self::Bcd => value * 100 + u64::from(byte >> 4) * 10 + u64::from(byte & 0x0F),
            _ => value << 8 | u64::from(*byte),
        };
        match (self, field) {
            (Self::LittleEndian, _) => field.iter().rev().fold(0, digits),
            (Self::HalfSwapped, [c, d, a, b]) | (Self::ByteSwapped, [b, a, d, c]) => {
                [a, b, c, d].into_iter().fold(0, digits)
            }
            _ => field.iter().fold(0, digits),
        }
    }

    /// The bytes of a value, which is at most [`LengthCode::value_max`].
    pub(super) fn bytes(self, value: u64, len: u8) -> Edge {
        let mut bytes = [0; 9];
        let mut left = value;
        for byte in bytes.iter_mut().rev() {
            let low = |base: u64| u8::try_from(left % base).unwrap_or(0);
            (*byte, left) = match self {
                Self::Ascii => (low(10) | 0x30, left / 10),
                Self::Ebcdic => (low(10) | 0xF0, left / 10),
                Self::Bcd => ((low(100) / 10) << 4 | low(10), left / 100),
                _ => (low(256), left >> 8),
            };
        }
        let Some(field) = bytes.get_mut(9_usize.saturating_sub(usize::from(len))..) else { return Edge::NONE };
        match (self, &mut *field) {
            (Self::LittleEndian, field) => field.reverse(),
            (Self::HalfSwapped, field) => field.rotate_left(field.len() / 2),
            (Self::ByteSwapped, [a, b, c, d]) => {
                core::mem::swap(a, b);
                core::mem::swap(c, d);
            }
            _ => {}
        }
        Edge::new(field).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: LengthCode, value: u64, bytes: &[u8]) {
        assert!(bytes.iter().all(|byte| code.has(*byte)));
        assert_eq!(code.value(bytes), value, "{code:?} {bytes:02x?}");
        let len = u8::try_from(bytes.len()).expect("at most 9");
        assert!(code.can_have(len) && value <= code.value_max(len));
        assert_eq!(code.bytes(value, len).as_bytes(), bytes, "{code:?} {value}");
    }

    #[test]
    fn a_value_has_these_bytes() {
        check(LengthCode::Ascii, 296, b"0296");
        check(LengthCode::Ascii, 7, b"7");
        check(LengthCode::Ascii, 123_456_789, b"123456789");
        check(LengthCode::Ebcdic, 296, &[0xF0, 0xF2, 0xF9, 0xF6]);
        check(LengthCode::Ebcdic, 10, &[0xF1, 0xF0]);
        check(LengthCode::Bcd, 296, &[0x02, 0x96]);
        check(LengthCode::Bcd, 12_345_678, &[0x12, 0x34, 0x56, 0x78]);
        check(LengthCode::Bcd, 99, &[0x99]);
        check(LengthCode::BigEndian, 296, &[0x01, 0x28]);
        check(LengthCode::BigEndian, 200, &[0xC8]);
        check(LengthCode::BigEndian, 70_000, &[0x01, 0x11, 0x70]);
        check(LengthCode::BigEndian, 0x0A0B_0C0D, &[0x0A, 0x0B, 0x0C, 0x0D]);
        check(LengthCode::LittleEndian, 296, &[0x28, 0x01]);
        check(LengthCode::LittleEndian, 70_000, &[0x70, 0x11, 0x01]);
        check(LengthCode::LittleEndian, 0x0A0B_0C0D, &[0x0D, 0x0C, 0x0B, 0x0A]);
        check(LengthCode::HalfSwapped, 296, &[0x01, 0x28, 0x00, 0x00]);
        check(LengthCode::HalfSwapped, 0x0A0B_0C0D, &[0x0C, 0x0D, 0x0A, 0x0B]);
        check(LengthCode::ByteSwapped, 296, &[0x00, 0x00, 0x28, 0x01]);
        check(LengthCode::ByteSwapped, 0x0A0B_0C0D, &[0x0B, 0x0A, 0x0D, 0x0C]);
    }

    #[test]
    fn a_length_has_as_many_bytes_as_its_code_allows() {
        let allowed = |code: LengthCode| (0..=10).filter(|len| code.can_have(*len)).collect::<alloc::vec::Vec<_>>();
        assert_eq!(allowed(LengthCode::Ascii), (1..=9).collect::<alloc::vec::Vec<_>>());
        assert_eq!(allowed(LengthCode::Bcd), [1, 2, 3, 4]);
        assert_eq!(allowed(LengthCode::LittleEndian), [1, 2, 3, 4]);
        assert_eq!(allowed(LengthCode::HalfSwapped), [4]);
    }

    #[test]
    fn a_byte_that_is_no_digit_is_not_in_a_length() {
        let refused = |code: LengthCode, bytes: &[u8]| assert!(!bytes.iter().any(|byte| code.has(*byte)), "{code:?}");
        refused(LengthCode::Ascii, &[0x2F, 0x3A, 0xF0, 0x00]);
        refused(LengthCode::Ebcdic, &[0xEF, 0xFA, 0x30, 0x40]);
        refused(LengthCode::Bcd, &[0x1A, 0xA1, 0x0F, 0xC0]);
    }
}
