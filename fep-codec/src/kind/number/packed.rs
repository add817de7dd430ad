//! Packed digits: two digits in each byte.
//!
//! ```text
//! -1234567, packed, signed       12 34 56 7D      only C (plus) and D (minus)
//!  1234567, packed, unsigned     12 34 56 7F      only F
//!  1234567, bcd                  01 23 45 67
//! ```

use super::sum;
use crate::error::Fault;
use crate::layout::{Accept, Encoding, NumberRule, Sign};

/// Returns whether the number is negative, and its magnitude, or `None` if that does not fit into a `u128`.
pub(super) fn get(rule: &NumberRule, bytes: &[u8]) -> Result<(bool, Option<u128>), Fault> {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    let count = rule.encoding.digits(bytes.len());
    if let Some(at) = halves.clone().take(count).position(|digit| digit > 9) {
        return Err(Fault::NotADigit { offset: at / 2, byte: bytes.get(at / 2).copied() });
    }
    let sign = bytes.last().map(|last| last & 0x0F);
    let sign = if rule.accepts.has(Accept::HostSigns) { sign.map(|sign| host_sign(rule.sign, sign)) } else { sign };
    let negative = match (rule.encoding, rule.sign, sign) {
        (Encoding::Bcd, Sign::Unsigned | Sign::Elsewhere, _)
        | (_, Sign::Unsigned | Sign::Elsewhere, Some(0x0F))
        | (_, Sign::Signed, Some(0x0C)) => false,
        (_, Sign::Signed, Some(0x0D)) => true,
        (_, Sign::Unsigned | Sign::Elsewhere | Sign::Signed, _) => {
            return Err(Fault::BadSign { byte: bytes.last().copied() });
        }
        _ => return Err(super::bad_sign_for_encoding()),
    };
    Ok((negative, sum(count, halves)))
}

/// The sign that is written for a sign that a host also takes.
const fn host_sign(place: Sign, sign: u8) -> u8 {
    match (sign, place) {
        (0x0A | 0x0C | 0x0E | 0x0F, Sign::Signed) => 0x0C,
        (0x0A | 0x0C | 0x0E | 0x0F, _) => 0x0F,
        (0x0B | 0x0D, Sign::Signed) => 0x0D,
        (other, _) => other,
    }
}

/// Writes the number and returns whether it fitted.
pub(super) fn put(rule: &NumberRule, negative: bool, magnitude: u128, out: &mut [u8]) -> Result<bool, Fault> {
    let mut rest = magnitude;
    let (sign, digits) = match (rule.encoding, rule.sign) {
        (_, Sign::Unsigned) if negative => return Err(Fault::Negative),
        (Encoding::Bcd, Sign::Unsigned | Sign::Elsewhere) => (None, out),
        (_, Sign::Unsigned | Sign::Elsewhere) => split_last(out, 0x0F),
        (_, Sign::Signed) => split_last(out, if negative { 0x0D } else { 0x0C }),
        _ => return Err(super::bad_sign_for_encoding()),
    };
    if let Some((last, sign)) = sign {
        *last = next_digit(&mut rest) << 4 | sign;
    }
    for byte in digits.iter_mut().rev() {
        let low = next_digit(&mut rest);
        *byte = next_digit(&mut rest) << 4 | low;
    }
    Ok(rest == 0)
}

/// Splits off the last byte, which has the sign. Returns it with the sign, and the bytes before it.
fn split_last(out: &mut [u8], sign: u8) -> (Option<(&mut u8, u8)>, &mut [u8]) {
    match out.split_last_mut() {
        Some((last, digits)) => (Some((last, sign)), digits),
        None => (None, &mut []),
    }
}

/// Removes the last digit and returns it. Division is much faster for a `u64` than for a `u128`.
#[inline]
fn next_digit(rest: &mut u128) -> u8 {
    match u64::try_from(*rest) {
        Ok(short) => {
            *rest = (short / 10).into();
            (short % 10).to_le_bytes()[0]
        }
        Err(_) => {
            let digit = (*rest % 10).to_le_bytes()[0];
            *rest /= 10;
            digit
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::kind::FieldValue;
    use crate::layout::NoneAs;

    const UNSIGNED: NumberRule = NumberRule { encoding: Encoding::Packed, ..NumberRule::UNSIGNED };
    const SIGNED: NumberRule = NumberRule { sign: Sign::Signed, ..UNSIGNED };
    const BCD: NumberRule = NumberRule { encoding: Encoding::Bcd, ..NumberRule::UNSIGNED };

    fn check(rule: &NumberRule, value: i128, bytes: &[u8]) {
        let mut out = vec![0xEE; bytes.len()];
        value.put(rule, &mut out).unwrap();
        assert_eq!(out, bytes, "{value}");
        assert_eq!(i128::get(rule, bytes), Ok(value), "{bytes:02x?}");
    }

    #[test]
    fn two_digits_stand_in_a_byte() {
        check(&SIGNED, 4711, b"\x00\x04\x71\x1C");
        check(&SIGNED, 1_234_567_890_123, b"\x00\x12\x34\x56\x78\x90\x12\x3C");
        check(&SIGNED, -1, b"\x00\x00\x00\x00\x00\x00\x00\x1D");
        check(&SIGNED, 0, b"\x0C");
        check(&UNSIGNED, 4875, b"\x04\x87\x5F");
        check(&UNSIGNED, 20_261_121, b"\x02\x02\x61\x12\x1F");
        check(&BCD, 1_234_567, b"\x01\x23\x45\x67");
        check(&BCD, 99, b"\x99");
        check(&SIGNED, -(10_i128.pow(38)), b"\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0D");
    }

    #[test]
    fn every_last_byte_is_a_digit_and_a_sign_or_refused() {
        for byte in 0..=u8::MAX {
            let digit = i8::try_from(byte / 16).unwrap();
            let letter = byte % 16;
            let not_a_digit = Err(Fault::NotADigit { offset: 0, byte: Some(byte) });
            let expected = |plus: u8, minus: Option<u8>| match letter {
                _ if digit > 9 => not_a_digit.clone(),
                sign if sign == plus => Ok(digit),
                sign if Some(sign) == minus && digit == 0 => Err(Fault::NegativeZero),
                sign if Some(sign) == minus => Ok(-digit),
                _ => Err(Fault::BadSign { byte: Some(byte) }),
            };
            assert_eq!(i8::get(&SIGNED, &[byte]), expected(0x0C, Some(0x0D)), "{byte:02x}");
            assert_eq!(i8::get(&UNSIGNED, &[byte]), expected(0x0F, None), "{byte:02x}");
            let expected = if digit > 9 || letter > 9 { not_a_digit } else { Ok(digit * 10 + letter as i8) };
            assert_eq!(i8::get(&BCD, &[byte]), expected, "{byte:02x}");
        }
    }

    #[test]
    fn a_host_has_more_signs_than_two() {
        let accepts = crate::layout::Accepts::of(&[Accept::HostSigns]);
        for byte in 0..=u8::MAX {
            let digit = i8::try_from(byte / 16).unwrap();
            let expected = |signed: bool| match byte % 16 {
                _ if digit > 9 => Err(Fault::NotADigit { offset: 0, byte: Some(byte) }),
                0x0A | 0x0C | 0x0E | 0x0F => Ok(digit),
                0x0B | 0x0D if signed && digit == 0 => Err(Fault::NegativeZero),
                0x0B | 0x0D if signed => Ok(-digit),
                _ => Err(Fault::BadSign { byte: Some(byte) }),
            };
            assert_eq!(i8::get(&NumberRule { accepts, ..SIGNED }, &[byte]), expected(true), "{byte:02x}");
            assert_eq!(i8::get(&NumberRule { accepts, ..UNSIGNED }, &[byte]), expected(false), "{byte:02x}");
        }
        let mut out = [0];
        (-7_i8).put(&NumberRule { accepts, ..SIGNED }, &mut out).unwrap();
        assert_eq!(out, *b"\x7D");
        7_i8.put(&NumberRule { accepts, ..UNSIGNED }, &mut out).unwrap();
        assert_eq!(out, *b"\x7F");
    }

    #[test]
    fn every_half_byte_before_the_last_is_a_digit() {
        for byte in 0..=u8::MAX {
            let high = byte / 16;
            let low = byte % 16;
            let expected = if high > 9 || low > 9 {
                Err(Fault::NotADigit { offset: 1, byte: Some(byte) })
            } else {
                Ok(u32::from(high) * 100 + u32::from(low) * 10)
            };
            assert_eq!(u32::get(&UNSIGNED, &[0x00, byte, 0x0F]), expected, "{byte:02x}");
        }
    }

    #[test]
    fn an_even_number_of_digits_has_a_zero_before_them() {
        let rule = NumberRule { digits_max: Some(4), ..SIGNED };
        check(&rule, -9999, b"\x09\x99\x9D");
        assert_eq!(i32::get(&rule, b"\x10\x00\x0C"), Err(Fault::TooManyDigits { max: 4 }));
        let mut out = [0; 3];
        assert_eq!(10_000_i32.put(&rule, &mut out), Err(Fault::TooManyDigits { max: 4 }));
        assert_eq!(100_000_i32.put(&SIGNED, &mut out), Err(Fault::TooLong { needed: 4, len: 3 }));
        assert_eq!((-1_i32).put(&UNSIGNED, &mut out), Err(Fault::Negative));
        assert_eq!(1_000_000_i32.put(&BCD, &mut out), Err(Fault::TooLong { needed: 4, len: 3 }));
    }

    #[test]
    fn no_value_is_written_as_the_spec_says() {
        let check = |none, rule: NumberRule, bytes: &[u8; 3]| {
            let rule = NumberRule { none, ..rule };
            let mut out = [0xEE; 3];
            None::<i32>.put(&rule, &mut out).unwrap();
            assert_eq!(out, *bytes);
            assert_eq!(Option::<i32>::get(&rule, bytes), Ok(None));
        };
        check(NoneAs::Zeros, SIGNED, b"\x00\x00\x0C");
        check(NoneAs::Zeros, UNSIGNED, b"\x00\x00\x0F");
        check(NoneAs::Nines, UNSIGNED, b"\x99\x99\x9F");
        check(NoneAs::Nines, BCD, b"\x99\x99\x99");
        check(NoneAs::Spaces, SIGNED, b"   ");
        check(NoneAs::EbcdicSpaces, SIGNED, b"\x40\x40\x40");
        check(NoneAs::LowValues, SIGNED, b"\0\0\0");
    }
}
