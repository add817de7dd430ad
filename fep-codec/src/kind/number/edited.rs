//! Numbers whose bytes are not only digits and a sign: filled with blanks, or with a decimal point.
//!
//! ```text
//!  15000, 8 bytes, pad ' '                   "   15000"       left: "15000   "
//!   -500, 8 bytes, pad ' ', leading minus    "    -500"
//! 132050, 10 bytes, scale 2, point           "0001320.50"
//!      5, 8 bytes, scale 2, point, pad ' '   "    0.05"
//! ```
//!
//! A number that is filled has exactly one form: the digits that it needs, at least one of them before a point if the field has room
//! for it. Zeros before them are an error, unless the field accepts them.

use super::overpunch::{signed_byte, signed_digit};
use super::{is_digit, split_sign, sum};
use crate::error::Fault;
use crate::layout::{Accept, Justify, NumberRule, Sign};

impl NumberRule {
    /// Whether a byte of the field can be something else than a digit or a sign.
    #[inline(always)]
    pub(super) const fn is_edited(&self) -> bool {
        self.point.is_some() || self.pad.is_some() || self.accepts.has(Accept::LeadingBlanks)
    }

    /// The least number of digits of a field that is filled.
    fn digits_min(&self, len: usize) -> usize {
        if self.point.is_none() {
            return 1;
        }
        let decimals = usize::from(self.decimals());
        decimals + usize::from(len > decimals + 1 + self.sign.len())
    }
}

/// The number without what fills the field, and its offset.
fn trim<'a>(rule: &NumberRule, bytes: &'a [u8]) -> Result<(&'a [u8], usize), Fault> {
    let fill = match rule.pad {
        None if rule.accepts.has(Accept::LeadingBlanks) => rule.encoding.space(),
        None => return Ok((bytes, 0)),
        Some(fill) => fill,
    };
    let is_value = |byte: &u8| *byte != fill;
    let (from, to) = match rule.justify {
        Justify::Right => (bytes.iter().position(is_value), bytes.len()),
        Justify::Left => (Some(0), bytes.iter().rposition(is_value).map_or(0, |last| last + 1)),
    };
    match from.and_then(|from| Some((bytes.get(from..to)?, from))) {
        Some((value, from)) if !value.is_empty() => Ok((value, from)),
        _ => Err(Fault::BlankNumber),
    }
}

/// Returns whether the number is negative, its bytes without a separate sign, and their offset in the field.
fn unsigned<'a>(
    rule: &NumberRule,
    field: &[u8],
    value: &'a [u8],
    start: usize,
) -> Result<(bool, &'a [u8], usize), Fault> {
    let blanks = rule.pad == Some(rule.encoding.space()) || rule.accepts.has(Accept::LeadingBlanks);
    let blank = rule.accepts.has(Accept::BlankSign) && blanks;
    let filled = value.len() < field.len();
    // A blank sign that is next to the blanks that fill the field was taken for one of them.
    let no_sign = match (rule.sign, rule.justify) {
        (Sign::Leading { .. }, Justify::Right) => value.first(),
        (Sign::Trailing { .. }, Justify::Left) => value.last(),
        _ => None,
    };
    if blank && filled && no_sign.is_some_and(|byte| is_digit(rule.encoding, *byte)) {
        return Ok((false, value, start));
    }
    if matches!(rule.sign, Sign::LeadingOverpunch(_) | Sign::TrailingOverpunch(_)) {
        return Ok((false, value, start));
    }
    let (negative, digits, offset) = split_sign(rule, value)?;
    Ok((negative, digits, start + offset))
}

/// Returns whether the number is negative, and its magnitude, or `None` if that does not fit into a `u128`.
pub(super) fn get(rule: &NumberRule, bytes: &[u8]) -> Result<(bool, Option<u128>), Fault> {
    let (value, start) = trim(rule, bytes)?;
    let (mut negative, value, start) = unsigned(rule, bytes, value, start)?;
    let (whole, decimals) = split_point(rule, value, start, bytes)?;
    let point = usize::from(rule.point.is_some());
    let count = whole.len() + decimals.len();
    if count == 0 {
        let offset = start.saturating_sub(1);
        return Err(Fault::NotADigit { offset, byte: bytes.get(offset).copied() });
    }
    let (form, signed_at) = match rule.sign {
        Sign::LeadingOverpunch(form) => (Some(form), 0),
        Sign::TrailingOverpunch(form) => (Some(form), count - 1),
        _ => (None, count),
    };
    let mut signed = None;
    for (at, byte) in whole.iter().chain(decimals).enumerate() {
        let offset = start + at + if at < whole.len() { 0 } else { point };
        match form {
            Some(form) if at == signed_at => {
                let fault = Fault::BadSign { byte: Some(*byte) };
                let (digit, minus) = signed_digit(form, rule.encoding, rule.accepts, *byte).ok_or(fault)?;
                negative = minus;
                signed = Some(digit);
            }
            _ if is_digit(rule.encoding, *byte) => {}
            _ => return Err(Fault::NotADigit { offset, byte: Some(*byte) }),
        }
    }
    let digits = whole.iter().chain(decimals).enumerate().map(|(at, byte)| match signed {
        Some(digit) if at == signed_at => digit,
        _ => byte & 0x0F,
    });
    if rule.pad.is_some() {
        let least = rule.digits_min(bytes.len());
        if count < least {
            return Err(Fault::NotADigit { offset: start, byte: rule.point });
        }
        if count > least && digits.clone().next() == Some(0) && !rule.accepts.has(Accept::LeadingZeros) {
            return Err(Fault::LeadingZero { offset: start });
        }
    }
    Ok((negative, sum(count, digits)))
}

/// The digits before and after the point.
fn split_point<'a>(
    rule: &NumberRule,
    value: &'a [u8],
    start: usize,
    field: &[u8],
) -> Result<(&'a [u8], &'a [u8]), Fault> {
    let Some(point) = rule.point else { return Ok((value, &[])) };
    let decimals = usize::from(rule.decimals());
    let place = value.len().checked_sub(decimals + 1).and_then(|at| value.split_at_checked(at));
    if let Some((whole, [byte, decimals @ ..])) = place
        && *byte == point
    {
        return Ok((whole, decimals));
    }
    let offset = (start + value.len()).saturating_sub(decimals + 1);
    Err(Fault::NoPoint { offset, byte: field.get(offset).copied(), point })
}

/// Writes the number and returns whether it fitted.
pub(super) fn put(rule: &NumberRule, negative: bool, magnitude: u128, out: &mut [u8]) -> Result<bool, Fault> {
    let len = out.len();
    let count = digit_count(magnitude).max(rule.digits_min(len));
    let sign = match rule.sign {
        Sign::LeadingMinus => usize::from(negative),
        other => other.len(),
    };
    let needed = count + usize::from(rule.point.is_some()) + sign;
    if needed > len {
        return Ok(false);
    }
    let number = match (rule.pad, rule.justify) {
        (None, _) => out,
        (Some(fill), Justify::Right) => {
            let (padding, number) = out.split_at_mut(len - needed);
            padding.fill(fill);
            number
        }
        (Some(fill), Justify::Left) => {
            let (number, padding) = out.split_at_mut(needed);
            padding.fill(fill);
            number
        }
    };
    let digits = super::put_sign(rule, negative, number)?;
    let last = digits.len().saturating_sub(1);
    let point_at =
        rule.point.and_then(|point| Some((digits.len().checked_sub(usize::from(rule.decimals()) + 1)?, point)));
    let zero = if rule.encoding == crate::layout::Encoding::Ebcdic { 0xF0 } else { b'0' };
    let mut rest = magnitude;
    for (at, byte) in digits.iter_mut().enumerate().rev() {
        if let Some((place, point)) = point_at
            && place == at
        {
            *byte = point;
            continue;
        }
        let digit = (rest % 10).to_le_bytes()[0];
        rest /= 10;
        let form = match rule.sign {
            Sign::LeadingOverpunch(form) if at == 0 => Some(form),
            Sign::TrailingOverpunch(form) if at == last => Some(form),
            _ => None,
        };
        *byte = match form {
            Some(form) => signed_byte(form, rule.encoding, digit, negative).ok_or(super::bad_sign_for_encoding())?,
            None => zero | digit,
        };
    }
    Ok(rest == 0)
}

/// The number of bytes that a number needs which does not fit.
pub(super) fn needed(rule: &NumberRule, magnitude: u128, len: usize) -> usize {
    digit_count(magnitude).max(rule.digits_min(len)) + usize::from(rule.point.is_some())
}

fn digit_count(magnitude: u128) -> usize {
    magnitude.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};
    use alloc::vec;

    use super::*;
    use crate::kind::FieldValue;
    use crate::layout::{Accepts, Encoding, Overpunch};

    const BLANKS: NumberRule = NumberRule { pad: Some(b' '), ..NumberRule::UNSIGNED };
    const LEFT: NumberRule = NumberRule { justify: Justify::Left, ..BLANKS };
    const POINT: NumberRule = NumberRule { scale: 2, point: Some(b'.'), ..NumberRule::UNSIGNED };
    const RATE: NumberRule = NumberRule { pad: Some(b' '), sign: Sign::LeadingMinus, ..POINT };

    fn check(rule: &NumberRule, value: i64, bytes: &[u8]) {
        let mut out = vec![0xEE; bytes.len()];
        value.put(rule, &mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(bytes));
        assert_eq!(i64::get(rule, bytes), Ok(value));
        assert_eq!(i128::get(rule, bytes), Ok(value.into()));
    }

    fn accepting(rule: NumberRule, forms: &[Accept]) -> NumberRule {
        NumberRule { accepts: Accepts::of(forms), ..rule }
    }

    #[test]
    fn a_number_is_filled_on_either_side() {
        check(&BLANKS, 15_000, b"   15000");
        check(&BLANKS, 0, b"       0");
        check(&BLANKS, 12_345_678, b"12345678");
        check(&LEFT, 15_000, b"15000   ");
        check(&LEFT, 0, b"0 ");
        check(&NumberRule { pad: Some(b'*'), ..BLANKS }, 7, b"***7");
    }

    #[test]
    fn a_sign_is_beside_the_digits() {
        let signed = |sign, rule| NumberRule { sign, ..rule };
        check(&signed(Sign::LeadingMinus, BLANKS), -500, b"    -500");
        check(&signed(Sign::LeadingMinus, LEFT), -500, b"-500    ");
        check(&signed(Sign::LEADING, BLANKS), 500, b"    +500");
        check(&signed(Sign::TRAILING, BLANKS), -500, b"    500-");
        check(&signed(Sign::TRAILING, LEFT), -500, b"500-    ");
        check(&signed(Sign::Trailing { plus: b' ', minus: b'-' }, BLANKS), 500, b"    500 ");
        check(&signed(Sign::TrailingOverpunch(Overpunch::Ebcdic), BLANKS), -5, b"       N");
        check(&signed(Sign::LeadingOverpunch(Overpunch::Ebcdic), BLANKS), -512, b"     N12");
        let ebcdic = NumberRule { encoding: Encoding::Ebcdic, pad: Some(0x40), sign: Sign::LeadingMinus, ..BLANKS };
        check(&ebcdic, -12, b"\x40\x60\xF1\xF2");
    }

    #[test]
    fn a_point_is_before_the_decimals() {
        check(&POINT, 132_050, b"0001320.50");
        check(&POINT, 5, b".05");
        check(&RATE, 5, b"    0.05");
        check(&RATE, -132_050, b"-1320.50");
        check(&RATE, 99, b".99");
        check(&NumberRule { sign: Sign::TRAILING, ..POINT }, -1205, b"0012.05-");
        check(&NumberRule { sign: Sign::TrailingOverpunch(Overpunch::Ebcdic), ..POINT }, -1205, b"12.0N");
        check(&NumberRule { sign: Sign::LeadingOverpunch(Overpunch::Ebcdic), ..POINT }, 1205, b"A2.05");
        check(&NumberRule { justify: Justify::Left, point: Some(b','), ..RATE }, 5, b"0,05    ");
        check(&NumberRule { encoding: Encoding::Ebcdic, point: Some(0x4B), ..POINT }, 1205, b"\xF1\xF2\x4B\xF0\xF5");
    }

    #[test]
    fn another_form_is_an_error_with_its_place() {
        let digit = |offset, byte| Err(Fault::NotADigit { offset, byte: Some(byte) });
        assert_eq!(i64::get(&BLANKS, b"      "), Err(Fault::BlankNumber));
        assert_eq!(i64::get(&BLANKS, b"  0012"), Err(Fault::LeadingZero { offset: 2 }));
        assert_eq!(i64::get(&BLANKS, b"  1 2 "), digit(3, b' '));
        assert_eq!(i64::get(&BLANKS, b"12    "), digit(2, b' '));
        assert_eq!(i64::get(&LEFT, b"  12"), digit(0, b' '));
        assert_eq!(i64::get(&RATE, b"     -"), Err(Fault::NoPoint { offset: 3, byte: Some(b' '), point: b'.' }));
        assert_eq!(i64::get(&NumberRule { sign: Sign::LeadingMinus, ..BLANKS }, b"     -"), digit(5, b'-'));
        assert_eq!(i64::get(&NumberRule { sign: Sign::LeadingMinus, ..BLANKS }, b"   - 5"), digit(4, b' '));
        let no_point = |offset, byte| Err(Fault::NoPoint { offset, byte: Some(byte), point: b'.' });
        assert_eq!(i64::get(&POINT, b"00013205.0"), no_point(7, b'5'));
        assert_eq!(i64::get(&POINT, b"0001320,50"), no_point(7, b','));
        assert_eq!(i64::get(&POINT, b"0001.20.50"), digit(4, b'.'));
        assert_eq!(i64::get(&RATE, b"     .05"), digit(5, b'.'));
        assert_eq!(i64::get(&RATE, b"   00.05"), Err(Fault::LeadingZero { offset: 3 }));
        assert_eq!(i64::get(&RATE, b"       5"), no_point(5, b' '));
        assert_eq!(i64::get(&RATE, b"   -0.00"), Err(Fault::NegativeZero));
        let mut out = [0; 6];
        assert_eq!(1_000_000_i64.put(&BLANKS, &mut out), Err(Fault::TooLong { needed: 7, len: 6 }));
        assert_eq!((-10_000_i64).put(&RATE, &mut out), Err(Fault::TooLong { needed: 7, len: 6 }));
        assert_eq!((-5_i64).put(&RATE, &mut [0; 4]), Err(Fault::TooLong { needed: 5, len: 4 }));
    }

    #[test]
    fn every_digit_of_a_wide_number_is_kept() {
        let rule = NumberRule { scale: 10, sign: Sign::LeadingMinus, ..RATE };
        check(&rule, i64::MIN, b"  -922337203.6854775808");
        let widest = "99999999999999999999999999999999999999";
        let mut out = [0; 40];
        widest.parse::<i128>().unwrap().put(&BLANKS, &mut out).unwrap();
        assert_eq!(out[2..], *widest.as_bytes());
        assert_eq!(i128::get(&BLANKS, &out), widest.parse().map_err(|_| Fault::Missing));
    }

    #[test]
    fn a_named_form_is_read_and_another_one_is_written() {
        let reads = |rule: &NumberRule, bytes: &[u8], value: i64| {
            assert_eq!(i64::get(rule, bytes), Ok(value), "{}", String::from_utf8_lossy(bytes));
        };
        reads(&accepting(BLANKS, &[Accept::LeadingZeros]), b"  0012", 12);
        reads(&accepting(BLANKS, &[Accept::LeadingZeros]), b"000000", 0);
        reads(&accepting(RATE, &[Accept::LeadingZeros]), b"-0000.05", -5);
        let blanks = accepting(NumberRule::UNSIGNED, &[Accept::LeadingBlanks]);
        check(&blanks, 12, b"000012");
        reads(&blanks, b"    12", 12);
        reads(&blanks, b"  0012", 12);
        assert_eq!(i64::get(&blanks, b"      "), Err(Fault::BlankNumber));
        assert_eq!(i64::get(&blanks, b"12    "), Err(Fault::NotADigit { offset: 2, byte: Some(b' ') }));
        let sign = accepting(NumberRule { sign: Sign::TRAILING, ..NumberRule::UNSIGNED }, &[Accept::BlankSign]);
        check(&sign, 12, b"012+");
        reads(&sign, b"012 ", 12);
        let sign = NumberRule { sign: Sign::LEADING, pad: Some(b' '), ..sign };
        check(&sign, 12, b"   +12");
        reads(&sign, b"    12", 12);
        assert_eq!(i64::get(&sign, b"123456"), Err(Fault::BadSign { byte: Some(b'1') }), "no byte is left for a sign");
        let plus = accepting(NumberRule { sign: Sign::LeadingMinus, ..NumberRule::UNSIGNED }, &[Accept::PlusSign]);
        check(&plus, 12, b"0012");
        reads(&plus, b"+012", 12);
        let zero = accepting(NumberRule { sign: Sign::LeadingMinus, ..NumberRule::UNSIGNED }, &[Accept::MinusZero]);
        check(&zero, 0, b"0000");
        reads(&zero, b"-000", 0);
    }

    #[test]
    fn a_negative_scale_leaves_zeros_out() {
        let thousands = NumberRule { scale: -3, sign: Sign::LeadingMinus, ..NumberRule::UNSIGNED };
        check(&thousands, 12_000, b"0012");
        check(&thousands, -999_000, b"-999");
        check(&thousands, 0, b"0000");
        let mut out = [0; 4];
        assert_eq!(12_001_i64.put(&thousands, &mut out), Err(Fault::NotAMultiple { zeros: 3 }));
        assert_eq!(10_000_000_i64.put(&thousands, &mut out), Err(Fault::TooLong { needed: 5, len: 4 }));
        assert_eq!(u16::get(&thousands, b"0066"), Err(Fault::Overflow { holder: "u16" }));
        let packed = NumberRule { encoding: Encoding::Packed, sign: Sign::Signed, ..thousands };
        check(&packed, -12_000, b"\x01\x2D");
        let wide = NumberRule { scale: -20, ..NumberRule::UNSIGNED };
        assert_eq!(i128::get(&wide, &[b'9'; 30]), Err(Fault::Overflow { holder: "i128" }));
        assert_eq!(
            Fault::NotAMultiple { zeros: 3 }.to_string(),
            "the number must be a multiple of 1000, which the field counts"
        );
    }
}
