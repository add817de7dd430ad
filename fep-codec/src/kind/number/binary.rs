//! Binary numbers of 1 to 16 bytes. A signed number is a two's complement.
//!
//! ```text
//!  205, 2 bytes        00 CD      little      CD 00
//!   -2, 2 bytes        FF FE      little      FE FF
//! ```

use fep_core::limits::BINARY_MAX_BYTES as LEN_MAX;

use crate::error::Fault;
use crate::layout::{Encoding, NumberRule, Sign};

/// Returns whether the number is negative, and its magnitude.
pub(super) fn get(rule: &NumberRule, bytes: &[u8]) -> Result<(bool, Option<u128>), Fault> {
    let signed = is_signed(rule, bytes.len())?;
    let push = |value: u128, byte: &u8| value << 8 | u128::from(*byte);
    let value = if rule.encoding == Encoding::BinaryLittle {
        bytes.iter().rev().fold(0, push)
    } else {
        bytes.iter().fold(0, push)
    };
    let spare = 8 * (LEN_MAX - bytes.len());
    // Sign extension: shift the top bit of the field to the top of the integer, then shift back with copies of it.
    let value = if signed { (value << spare).cast_signed() >> spare } else { value.cast_signed() };
    let negative = signed && value < 0;
    Ok((negative, Some(if negative { value.unsigned_abs() } else { value.cast_unsigned() })))
}

/// Writes the number and returns whether it fitted.
pub(super) fn put(rule: &NumberRule, negative: bool, magnitude: u128, out: &mut [u8]) -> Result<bool, Fault> {
    let signed = is_signed(rule, out.len())?;
    if negative && !signed {
        return Err(Fault::Negative);
    }
    let bits = 8 * out.len() - usize::from(signed);
    let largest = u128::MAX >> (8 * LEN_MAX - bits);
    let fitted = magnitude <= largest.saturating_add(negative.into());
    let value = if negative { magnitude.wrapping_neg() } else { magnitude };
    let bytes = value.to_le_bytes();
    for (byte, value) in out.iter_mut().zip(bytes) {
        *byte = value;
    }
    if rule.encoding == Encoding::Binary {
        out.reverse();
    }
    Ok(fitted)
}

fn is_signed(rule: &NumberRule, len: usize) -> Result<bool, Fault> {
    match rule.sign {
        _ if !(1..=LEN_MAX).contains(&len) => Err(Fault::BadSpec { reason: "a binary number has 1 to 16 bytes" }),
        Sign::Unsigned | Sign::Elsewhere => Ok(false),
        Sign::Signed => Ok(true),
        _ => Err(super::bad_sign_for_encoding()),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::kind::FieldValue;

    const BIG: NumberRule = NumberRule { encoding: Encoding::Binary, ..NumberRule::UNSIGNED };
    const LITTLE: NumberRule = NumberRule { encoding: Encoding::BinaryLittle, ..NumberRule::UNSIGNED };

    /// `bytes` are big-endian. The little-endian bytes are their reverse.
    fn check(sign: Sign, value: i128, bytes: &[u8]) {
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        for (rule, bytes) in [(BIG, bytes), (LITTLE, reversed.as_slice())] {
            let rule = NumberRule { sign, ..rule };
            let mut out = vec![0xEE; bytes.len()];
            value.put(&rule, &mut out).unwrap();
            assert_eq!(out, bytes, "{value}");
            assert_eq!(i128::get(&rule, bytes), Ok(value), "{bytes:02x?}");
        }
    }

    #[test]
    fn each_end_comes_first_and_each_sign_is_read() {
        check(Sign::Unsigned, 205, b"\x00\xCD");
        check(Sign::Unsigned, 0x00FF_FFFF, b"\xFF\xFF\xFF");
        check(Sign::Unsigned, i128::from(u64::MAX), b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        check(Sign::Signed, -2, b"\xFF\xFE");
        check(Sign::Signed, -128, b"\x80");
        check(Sign::Signed, 127, b"\x7F");
        check(Sign::Signed, i128::MIN, b"\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        check(Sign::Signed, i128::MAX, b"\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        assert_eq!(u128::get(&BIG, &[0xFF; 16]), Ok(u128::MAX));
    }

    #[test]
    fn every_byte_is_a_number_with_and_without_a_sign() {
        let signed = NumberRule { sign: Sign::Signed, ..BIG };
        for byte in 0..=u8::MAX {
            assert_eq!(u8::get(&BIG, &[byte]), Ok(byte));
            assert_eq!(i8::get(&signed, &[byte]), Ok(i8::from_be_bytes([byte])));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut out = [0; 1];
        let signed = NumberRule { sign: Sign::Signed, ..BIG };
        assert_eq!(256_u32.put(&BIG, &mut out), Err(Fault::TooLong { needed: 2, len: 1 }));
        assert_eq!(128_u32.put(&signed, &mut out), Err(Fault::TooLong { needed: 2, len: 1 }));
        assert_eq!((-129_i32).put(&signed, &mut out), Err(Fault::TooLong { needed: 2, len: 1 }));
        assert_eq!((-1_i32).put(&BIG, &mut out), Err(Fault::Negative));
        let four_digits = NumberRule { digits_max: Some(4), ..BIG };
        assert_eq!(u32::get(&four_digits, b"\x27\x10"), Err(Fault::TooManyDigits { max: 4 }));
        assert_eq!(u32::get(&four_digits, b"\x27\x0F"), Ok(9999));
        assert!(matches!(1_u8.put(&BIG, &mut [0; 17]), Err(Fault::BadSpec { .. })));
    }
}
