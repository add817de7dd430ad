//! Overpunch: one digit of a number carries the sign, so the sign does not take a byte.
//!
//! ```text
//!                          0 1 2 3 4 5 6 7 8 9         -5047          120
//! ebcdic         plus      { A B C D E F G H I
//!                minus     } J K L M N O P Q R         0504P          0012{
//! ebcdic-minus   plus      0 1 2 3 4 5 6 7 8 9
//!                minus     } J K L M N O P Q R         0504P          00120
//! strict-ascii   plus      0 1 2 3 4 5 6 7 8 9
//!                minus     p q r s t u v w x y         0504w          00120
//! ```
//!
//! In EBCDIC the bytes of these characters have the digit in the low half and the sign in the high half: `C` plus, `D` minus.

use super::{is_digit, not_a_digit, sum};
use crate::error::Fault;
use crate::layout::{Accept, Accepts, Encoding, NumberRule, Overpunch, Sign};

/// Puts the sign over the first or last digit, which is already written.
pub(super) fn put(rule: &NumberRule, negative: bool, digits: &mut [u8]) -> Result<(), Fault> {
    let (form, place) = match rule.sign {
        Sign::LeadingOverpunch(form) => (form, digits.first_mut()),
        Sign::TrailingOverpunch(form) => (form, digits.last_mut()),
        _ => return Ok(()),
    };
    if let Some(digit) = place {
        *digit = signed_byte(form, rule.encoding, *digit & 0x0F, negative).ok_or(super::bad_sign_for_encoding())?;
    }
    Ok(())
}

/// Returns whether the number is negative, and its magnitude, or `None` if that does not fit into a `u128`.
pub(super) fn get(rule: &NumberRule, form: Overpunch, at: usize, bytes: &[u8]) -> Result<(bool, Option<u128>), Fault> {
    let encoding = rule.encoding;
    let Some(sign) = bytes.get(at) else { return Err(Fault::BadSign { byte: None }) };
    let before = bytes.get(..at).unwrap_or_default();
    let after = bytes.get(at + 1..).unwrap_or_default();
    for (start, digits) in [(0, before), (at + 1, after)] {
        if !digits.iter().all(|byte| is_digit(encoding, *byte)) {
            return Err(not_a_digit(encoding, digits, start));
        }
    }
    let (digit, negative) =
        signed_digit(form, encoding, rule.accepts, *sign).ok_or(Fault::BadSign { byte: Some(*sign) })?;
    let digit_at = |(place, byte): (usize, &u8)| if place == at { digit } else { byte & 0x0F };
    Ok((negative, sum(bytes.len(), bytes.iter().enumerate().map(digit_at))))
}

/// The byte of a digit with a sign, or `None` if the encoding does not have this form.
pub(super) const fn signed_byte(form: Overpunch, encoding: Encoding, digit: u8, negative: bool) -> Option<u8> {
    let ebcdic = matches!(encoding, Encoding::Ebcdic);
    Some(match (form, negative) {
        (Overpunch::StrictAscii, _) if ebcdic => return None,
        (Overpunch::Ebcdic, false) if ebcdic => 0xC0 | digit,
        (Overpunch::EbcdicMinus, false) if ebcdic => 0xF0 | digit,
        (Overpunch::Ebcdic | Overpunch::EbcdicMinus, true) if ebcdic => 0xD0 | digit,
        (Overpunch::Ebcdic, false) => lettered(digit, b'{', b'A'),
        (Overpunch::EbcdicMinus | Overpunch::StrictAscii, false) => b'0' + digit,
        (Overpunch::Ebcdic | Overpunch::EbcdicMinus, true) => lettered(digit, b'}', b'J'),
        (Overpunch::StrictAscii, true) => b'p' + digit,
    })
}

/// The digit of a byte and whether its sign is a minus, or `None` if the byte is not a digit with a sign.
///
/// A form that the field accepts has other bytes than the form that it writes, so the order does not matter.
pub(super) const fn signed_digit(
    form: Overpunch,
    encoding: Encoding,
    accepts: Accepts,
    byte: u8,
) -> Option<(u8, bool)> {
    let written = digit_in_form(form, encoding, byte);
    if written.is_some() || accepts.is_empty() {
        return written;
    }
    let ebcdic = matches!(encoding, Encoding::Ebcdic);
    if ebcdic && accepts.has(Accept::HostSigns) && byte & 0x0F <= 9 {
        return match byte & 0xF0 {
            0xA0 | 0xC0 | 0xE0 | 0xF0 => Some((byte & 0x0F, false)),
            0xB0 | 0xD0 => Some((byte & 0x0F, true)),
            _ => None,
        };
    }
    if accepts.has(Accept::PlainDigits) && is_digit(encoding, byte) {
        return Some((byte & 0x0F, false));
    }
    match digit_in_form(Overpunch::Ebcdic, encoding, byte) {
        Some((digit, false)) if accepts.has(Accept::OverpunchedPlus) => Some((digit, false)),
        _ => None,
    }
}

const fn digit_in_form(form: Overpunch, encoding: Encoding, byte: u8) -> Option<(u8, bool)> {
    if let Encoding::Ebcdic = encoding {
        return match (form, byte) {
            (Overpunch::Ebcdic, 0xC0..=0xC9) | (Overpunch::EbcdicMinus, 0xF0..=0xF9) => Some((byte & 0x0F, false)),
            (Overpunch::Ebcdic | Overpunch::EbcdicMinus, 0xD0..=0xD9) => Some((byte & 0x0F, true)),
            _ => None,
        };
    }
    match (form, byte) {
        (Overpunch::Ebcdic, b'{') => Some((0, false)),
        (Overpunch::Ebcdic, b'A'..=b'I') => Some((byte - b'A' + 1, false)),
        (Overpunch::EbcdicMinus | Overpunch::StrictAscii, b'0'..=b'9') => Some((byte - b'0', false)),
        (Overpunch::Ebcdic | Overpunch::EbcdicMinus, b'}') => Some((0, true)),
        (Overpunch::Ebcdic | Overpunch::EbcdicMinus, b'J'..=b'R') => Some((byte - b'J' + 1, true)),
        (Overpunch::StrictAscii, b'p'..=b'y') => Some((byte - b'p', true)),
        _ => None,
    }
}

/// The character of a digit where 1 is the letter `one`, the next digits are the next letters, and 0 is a brace.
const fn lettered(digit: u8, zero: u8, one: u8) -> u8 {
    if digit == 0 { zero } else { one + digit - 1 }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;

    use super::*;
    use crate::kind::FieldValue;

    fn check(form: Overpunch, value: i64, last: &[u8], first: &[u8]) {
        for (sign, bytes) in [(Sign::TrailingOverpunch(form), last), (Sign::LeadingOverpunch(form), first)] {
            let rule = NumberRule { sign, ..NumberRule::UNSIGNED };
            let mut out = vec![0xEE; bytes.len()];
            value.put(&rule, &mut out).unwrap();
            assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(bytes));
            assert_eq!(i64::get(&rule, bytes), Ok(value));
        }
    }

    #[test]
    fn each_form_has_its_characters() {
        check(Overpunch::Ebcdic, -5047, b"00000000000504P", b"}00000000005047");
        check(Overpunch::Ebcdic, 120, b"0012{", b"{0120");
        check(Overpunch::EbcdicMinus, -500, b"0050}", b"}0500");
        check(Overpunch::EbcdicMinus, 120, b"00120", b"00120");
        check(Overpunch::StrictAscii, -5047, b"0504w", b"p5047");
        check(Overpunch::StrictAscii, 7, b"7", b"7");
        check(Overpunch::Ebcdic, -8, b"Q", b"Q");
        check(Overpunch::Ebcdic, -1_234_567_890_123_456_789, b"00123456789012345678R", b"}01234567890123456789");
    }

    #[test]
    fn every_byte_is_the_digit_that_the_tables_say_or_none() {
        let forms: [(Overpunch, &[u8; 10], &[u8; 10]); 3] = [
            (Overpunch::Ebcdic, b"{ABCDEFGHI", b"}JKLMNOPQR"),
            (Overpunch::EbcdicMinus, b"0123456789", b"}JKLMNOPQR"),
            (Overpunch::StrictAscii, b"0123456789", b"pqrstuvwxy"),
        ];
        for (form, plus, minus) in forms {
            let rule = NumberRule { sign: Sign::TrailingOverpunch(form), ..NumberRule::UNSIGNED };
            for byte in 0..=u8::MAX {
                let of = |digits: &[u8; 10]| {
                    digits.iter().position(|digit| *digit == byte).and_then(|digit| i8::try_from(digit).ok())
                };
                let expected = match (of(plus), of(minus)) {
                    (Some(digit), _) => Ok(10 + digit),
                    (_, Some(digit)) => Ok(-10 - digit),
                    _ => Err(Fault::BadSign { byte: Some(byte) }),
                };
                assert_eq!(i8::get(&rule, &[b'1', byte]), expected, "{form:?} {byte:02x}");
            }
        }
    }

    #[test]
    fn every_zoned_byte_is_a_digit_with_a_sign_a_plain_digit_or_none() {
        let plain = NumberRule { encoding: Encoding::Ebcdic, ..NumberRule::UNSIGNED };
        let punched = |form| NumberRule { sign: Sign::TrailingOverpunch(form), ..plain };
        for byte in 0..=u8::MAX {
            let digit = i8::try_from(byte % 16).ok().filter(|digit| *digit <= 9);
            let value = |zone: u8| digit.filter(|_| byte / 16 == zone).map(|digit| 10 + digit);
            let not_a_digit = Fault::NotADigit { offset: 1, byte: Some(byte) };
            let bad_sign = Fault::BadSign { byte: Some(byte) };
            let bytes = [0xF1, byte];
            assert_eq!(i8::get(&plain, &bytes), value(15).ok_or(not_a_digit), "{byte:02x}");
            let minus = value(13).map(|value| -value);
            let expected = value(12).or(minus).ok_or(bad_sign.clone());
            assert_eq!(i8::get(&punched(Overpunch::Ebcdic), &bytes), expected, "{byte:02x}");
            let expected = value(15).or(minus).ok_or(bad_sign.clone());
            assert_eq!(i8::get(&punched(Overpunch::EbcdicMinus), &bytes), expected, "{byte:02x}");
            assert_eq!(i8::get(&punched(Overpunch::StrictAscii), &bytes), Err(bad_sign), "{byte:02x}");
        }
    }

    #[test]
    fn a_column_can_hold_plain_digits_and_all_zones_of_a_host() {
        let reads = |form, accept, encoding, bytes: &[u8]| {
            let sign = Sign::TrailingOverpunch(form);
            let accepts = Accepts::of(&[accept]);
            i64::get(&NumberRule { encoding, sign, accepts, ..NumberRule::UNSIGNED }, bytes)
        };
        let plain = |bytes| reads(Overpunch::Ebcdic, Accept::PlainDigits, Encoding::Ascii, bytes);
        assert_eq!((plain(b"12340"), plain(b"8123}"), plain(b"0000{")), (Ok(12_340), Ok(-81_230), Ok(0)));
        assert_eq!(plain(b"1234p"), Err(Fault::BadSign { byte: Some(b'p') }));
        let letters = |bytes| reads(Overpunch::StrictAscii, Accept::OverpunchedPlus, Encoding::Ascii, bytes);
        assert_eq!((letters(b"12A"), letters(b"121"), letters(b"12q")), (Ok(121), Ok(121), Ok(-121)));
        assert_eq!(letters(b"12J"), Err(Fault::BadSign { byte: Some(b'J') }));
        for byte in 0..=u8::MAX {
            let digit = i64::from(byte % 16);
            let expected = match byte / 16 {
                _ if digit > 9 => Err(Fault::BadSign { byte: Some(byte) }),
                0x0A | 0x0C | 0x0E | 0x0F => Ok(10 + digit),
                0x0B | 0x0D => Ok(-10 - digit),
                _ => Err(Fault::BadSign { byte: Some(byte) }),
            };
            for form in [Overpunch::Ebcdic, Overpunch::EbcdicMinus] {
                assert_eq!(reads(form, Accept::HostSigns, Encoding::Ebcdic, &[0xF1, byte]), expected, "{byte:02x}");
            }
            let expected = if matches!(byte / 16, 0x0C | 0x0D | 0x0F) {
                expected
            } else {
                Err(Fault::BadSign { byte: Some(byte) })
            };
            let zoned = reads(Overpunch::Ebcdic, Accept::PlainDigits, Encoding::Ebcdic, &[0xF1, byte]);
            assert_eq!(zoned, expected, "{byte:02x}");
        }
    }

    #[test]
    fn what_is_no_number_says_where() {
        let rule = NumberRule { sign: Sign::TrailingOverpunch(Overpunch::Ebcdic), ..NumberRule::UNSIGNED };
        assert_eq!(i64::get(&rule, b"00}"), Err(Fault::NegativeZero));
        assert_eq!(i64::get(&rule, b"000"), Err(Fault::BadSign { byte: Some(b'0') }));
        assert_eq!(i64::get(&rule, b"0A{"), Err(Fault::NotADigit { offset: 1, byte: Some(b'A') }));
        let rule = NumberRule { sign: Sign::LeadingOverpunch(Overpunch::Ebcdic), ..rule };
        assert_eq!(i64::get(&rule, b"{0x"), Err(Fault::NotADigit { offset: 2, byte: Some(b'x') }));
        let mut out = [0; 2];
        assert_eq!((-100_i32).put(&rule, &mut out), Err(Fault::TooLong { needed: 3, len: 2 }));
        assert_eq!(u8::get(&rule, b"J0"), Err(Fault::Overflow { holder: "u8" }));
    }
}
