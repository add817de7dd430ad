//! Numbers: filled with zeros from the left. A sign is beside the digits, over one of them, or inside the encoding.
//!
//! ```text
//!  1234567, 13 bytes, unsigned:           0000001234567
//!    -5000, 14 bytes, leading minus:      -0000000005000
//!    -5000, 14 bytes, leading '+' '-':    -0000000005000      5000: +0000000005000
//!    -5047, 15 bytes, over the last digit: 00000000000504P
//! ```
//!
//! The code for plain ASCII numbers is inlined. If a layout is a constant, the branches on the rule fold away, and the loops over
//! digits have a known length.
//!
//! With implied decimals the integer counts the smallest unit: 12.05 with scale 2 is 1205, in Rust and on the wire. With a negative
//! scale only the field counts in a larger unit: 12000 with scale -3 is 12 on the wire.

mod binary;
mod overpunch;
mod packed;
mod edited;

use super::FieldValue;
use crate::error::Fault;
use crate::layout::{Accept, Accepts, Encoding, Justify, NoneAs, NoneSet, NumberRule, Sign};
use crate::swar::{parse_u64, write_u64};

impl NumberRule {
    /// A whole number without a sign that always has a value.
    pub const UNSIGNED: Self = Self {
        encoding: Encoding::Ascii,
        sign: Sign::Unsigned,
        scale: 0,
        none: NoneAs::Never,
        none_also: NoneSet::EMPTY,
        digits_max: None,
        point: None,
        pad: None,
        justify: Justify::Right,
        accepts: Accepts::NONE,
    };

    /// The number of decimals of a value: the scale, or 0 if it is negative.
    #[inline]
    #[must_use]
    pub const fn decimals(&self) -> u8 {
        if self.scale > 0 { self.scale.unsigned_abs() } else { 0 }
    }

    /// The number of zeros behind the last digit of the field, in its value: `12` with scale -3 is 12000.
    #[inline]
    #[must_use]
    pub const fn zeros(&self) -> u8 {
        if self.scale < 0 { self.scale.unsigned_abs() } else { 0 }
    }

    /// The maximum number of digits in a field of `len` bytes, without its sign and point.
    #[must_use]
    pub const fn digits(&self, len: usize) -> usize {
        let digits = self.encoding.digits(len).saturating_sub(self.sign.len() + self.point.is_some() as usize);
        match self.digits_max {
            Some(max) if (max as usize) < digits => max as usize,
            _ => digits,
        }
    }
}

impl NumberRule {
    /// Whether the field is plain ASCII digits, without overpunch, point, padding, further forms and a limit on digits, as nearly all
    /// number fields are.
    #[inline(always)]
    const fn is_plain(&self) -> bool {
        matches!(self.encoding, Encoding::Ascii)
            && !matches!(self.sign, Sign::LeadingOverpunch(_) | Sign::TrailingOverpunch(_))
            && self.digits_max.is_none()
            && self.scale >= 0
            && self.accepts.is_empty()
            && !self.is_edited()
    }

    /// Whether a number that has a value is written as [`NumberRule::UNSIGNED`] writes it.
    #[inline(always)]
    pub(crate) const fn is_plain_unsigned(&self) -> bool {
        self.is_plain() && matches!(self.sign, Sign::Unsigned)
    }
}

impl NumberRule {
    /// Whether a field of this length is plain digits that always have a value, which fits into a `u64`.
    pub(crate) const fn is_usual(&self, len: usize) -> bool {
        self.is_plain_unsigned() && self.always_has_value() && len <= U64_DIGITS
    }
}

/// Returns whether the number is negative, its digits without the sign byte, and the offset of the digits in the field.
#[inline(always)]
fn split_sign<'a>(rule: &NumberRule, bytes: &'a [u8]) -> Result<(bool, &'a [u8], usize), Fault> {
    let separate = |byte: u8, plus: u8, minus: u8| {
        if byte == minus {
            Ok(true)
        } else if byte == plus || is_accepted_plus(rule, byte) {
            Ok(false)
        } else {
            Err(Fault::BadSign { byte: Some(byte) })
        }
    };
    match (rule.sign, bytes) {
        (Sign::Unsigned | Sign::Elsewhere, digits) => Ok((false, digits, 0)),
        (Sign::LeadingMinus, [byte, digits @ ..]) if *byte == minus_of(rule.encoding) => Ok((true, digits, 1)),
        (Sign::LeadingMinus, [byte, digits @ ..]) if is_accepted_plus(rule, *byte) => Ok((false, digits, 1)),
        (Sign::LeadingMinus, digits) => Ok((false, digits, 0)),
        (Sign::Leading { plus, minus }, [sign, digits @ ..]) => Ok((separate(*sign, plus, minus)?, digits, 1)),
        (Sign::Trailing { plus, minus }, [digits @ .., sign]) => Ok((separate(*sign, plus, minus)?, digits, 0)),
        (Sign::Signed, _) => Err(bad_sign_for_encoding()),
        _ => Err(Fault::BadSign { byte: None }),
    }
}

/// Whether the byte is a plus that the field reads and does not write.
#[inline(always)]
fn is_accepted_plus(rule: &NumberRule, byte: u8) -> bool {
    !rule.accepts.is_empty()
        && (rule.accepts.has(Accept::BlankSign) && byte == rule.encoding.space()
            || rule.accepts.has(Accept::PlusSign) && Some(byte) == rule.encoding.byte_of(b'+'))
}

/// The minus in front of digits.
#[inline(always)]
const fn minus_of(encoding: Encoding) -> u8 {
    if let Encoding::Ebcdic = encoding { 0x60 } else { b'-' }
}

#[cold]
const fn bad_sign_for_encoding() -> Fault {
    Fault::BadSpec { reason: "numbers in this encoding have no such sign" }
}

/// Writes the sign byte and returns the bytes for the digits.
#[inline(always)]
fn put_sign<'a>(rule: &NumberRule, negative: bool, out: &'a mut [u8]) -> Result<&'a mut [u8], Fault> {
    let len = out.len();
    let (sign, digits) = match rule.sign {
        Sign::Unsigned if negative => return Err(Fault::Negative),
        Sign::LeadingMinus if negative => (minus_of(rule.encoding), out.split_first_mut()),
        Sign::Unsigned
        | Sign::Elsewhere
        | Sign::LeadingMinus
        | Sign::LeadingOverpunch(_)
        | Sign::TrailingOverpunch(_) => return Ok(out),
        Sign::Leading { plus, minus } => (if negative { minus } else { plus }, out.split_first_mut()),
        Sign::Trailing { plus, minus } => (if negative { minus } else { plus }, out.split_last_mut()),
        Sign::Signed => return Err(bad_sign_for_encoding()),
    };
    let (sign_byte, digits) = digits.ok_or(Fault::TooLong { needed: 2, len })?;
    *sign_byte = sign;
    Ok(digits)
}

#[cold]
fn not_a_digit(encoding: Encoding, digits: &[u8], start: usize) -> Fault {
    let at = digits.iter().take_while(|byte| is_digit(encoding, **byte)).count();
    Fault::NotADigit { offset: start + at, byte: digits.get(at).copied() }
}

#[cold]
fn too_long(magnitude: u128, rule: &NumberRule, negative: bool, len: usize) -> Fault {
    let sign = match rule.sign {
        Sign::LeadingMinus => usize::from(negative),
        Sign::Leading { .. } | Sign::Trailing { .. } => 1,
        Sign::Unsigned | Sign::Elsewhere | Sign::LeadingOverpunch(_) | Sign::TrailingOverpunch(_) | Sign::Signed => 0,
    };
    if rule.is_edited() {
        return Fault::TooLong { needed: edited::needed(rule, magnitude, len) + sign, len };
    }
    let digits = magnitude.checked_ilog10().map_or(1, |log| log as usize + 1);
    // A binary number that does not fit needs at least one byte more than the field has. The exact number is not computed.
    Fault::TooLong { needed: rule.encoding.len(digits).map_or(len + 1, |bytes| bytes + sign), len }
}

/// Whether the byte is a digit, in an encoding with one byte for each digit.
#[inline(always)]
const fn is_digit(encoding: Encoding, byte: u8) -> bool {
    let zone = if let Encoding::Ebcdic = encoding { 0xF0 } else { 0x30 };
    byte & 0xF0 == zone && byte & 0x0F <= 9
}

/// The largest number of digits that always fits into a `u64`.
const U64_DIGITS: usize = 19;

/// Reads any number of digits. The outer `None` means that a byte is not a digit, the inner `None` that the value does not fit into a
/// `u128`.
#[cold]
fn parse_u128(digits: &[u8]) -> Option<Option<u128>> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().try_fold(0_u128, |value, digit| value.checked_mul(10)?.checked_add(u128::from(digit - b'0'))))
}

#[cold]
fn write_u128(mut value: u128, out: &mut [u8]) -> bool {
    for byte in out.iter_mut().rev() {
        *byte = b'0' + (value % 10).to_le_bytes()[0];
        value /= 10;
    }
    value == 0
}

/// The magnitude of the first `count` digits, which the caller has checked, or `None` if it does not fit into a `u128`.
fn sum(count: usize, digits: impl Iterator<Item = u8>) -> Option<u128> {
    let mut digits = digits.take(count);
    if count <= U64_DIGITS {
        let sum = digits.fold(0_u64, |value, digit| value.wrapping_mul(10).wrapping_add(digit.into()));
        return Some(sum.into());
    }
    digits.try_fold(0_u128, |value, digit| value.checked_mul(10)?.checked_add(digit.into()))
}

/// Reads a number that is not plain. Returns whether it is negative, and its magnitude, or `None` if that does not fit into a `u128`.
fn get_encoded(rule: &NumberRule, bytes: &[u8]) -> Result<(bool, Option<u128>), Fault> {
    let (negative, magnitude) = match (rule.encoding, rule.sign) {
        (Encoding::Binary | Encoding::BinaryLittle, _) => binary::get(rule, bytes)?,
        (Encoding::Packed | Encoding::Bcd, _) => packed::get(rule, bytes)?,
        _ if rule.is_edited() => edited::get(rule, bytes)?,
        (_, Sign::LeadingOverpunch(form)) => overpunch::get(rule, form, 0, bytes)?,
        (_, Sign::TrailingOverpunch(form)) => overpunch::get(rule, form, bytes.len().saturating_sub(1), bytes)?,
        (encoding, _) => {
            let (negative, digits, start) = split_sign(rule, bytes)?;
            if !digits.iter().all(|byte| is_digit(encoding, *byte)) {
                return Err(not_a_digit(encoding, digits, start));
            }
            (negative, sum(digits.len(), digits.iter().map(|byte| byte & 0x0F)))
        }
    };
    check_digits(rule, magnitude)?;
    let negative = negative && !(magnitude == Some(0) && rule.accepts.has(Accept::MinusZero));
    match rule.zeros() {
        0 => Ok((negative, magnitude)),
        zeros => Ok((negative, magnitude.and_then(|value| value.checked_mul(10_u128.checked_pow(zeros.into())?)))),
    }
}

/// Writes a number that is not plain.
fn put_encoded(rule: &NumberRule, negative: bool, magnitude: u128, out: &mut [u8]) -> Result<(), Fault> {
    let negative = negative && rule.sign != Sign::Elsewhere;
    let magnitude = without_zeros(rule, magnitude)?;
    check_digits(rule, Some(magnitude))?;
    let len = out.len();
    let fitted = match rule.encoding {
        Encoding::Binary | Encoding::BinaryLittle => binary::put(rule, negative, magnitude, out)?,
        Encoding::Packed | Encoding::Bcd => packed::put(rule, negative, magnitude, out)?,
        _ if rule.is_edited() => edited::put(rule, negative, magnitude, out)?,
        encoding @ (Encoding::Ascii | Encoding::Ebcdic) => {
            let digits = put_sign(rule, negative, out)?;
            let fitted = match u64::try_from(magnitude) {
                Ok(magnitude) => write_u64(magnitude, digits),
                Err(_) => write_u128(magnitude, digits),
            };
            if encoding == Encoding::Ebcdic {
                digits.iter_mut().for_each(|digit| *digit |= 0xF0);
            }
            overpunch::put(rule, negative, digits)?;
            fitted
        }
    };
    if fitted { Ok(()) } else { Err(too_long(magnitude, rule, negative, len)) }
}

/// The number as the field counts it, in tens, hundreds or thousands if its scale is negative.
fn without_zeros(rule: &NumberRule, magnitude: u128) -> Result<u128, Fault> {
    let zeros = rule.zeros();
    if zeros == 0 || magnitude == 0 {
        return Ok(magnitude);
    }
    match 10_u128.checked_pow(zeros.into()) {
        Some(unit) if magnitude.is_multiple_of(unit) => Ok(magnitude / unit),
        _ => Err(Fault::NotAMultiple { zeros }),
    }
}

/// Checks the number of digits against the limit of the spec, for encodings whose bytes have room for more digits.
fn check_digits(rule: &NumberRule, magnitude: Option<u128>) -> Result<(), Fault> {
    match rule.digits_max {
        Some(max) if magnitude.and_then(u128::checked_ilog10).is_some_and(|log| log >= u32::from(max)) => {
            Err(Fault::TooManyDigits { max })
        }
        _ => Ok(()),
    }
}

/// The integer with this magnitude and sign. The magnitude is `None` if it does not fit into a `u128`.
fn with_sign<T: TryFrom<u128> + TryFrom<i128>>(
    negative: bool,
    magnitude: Option<u128>,
    overflow: impl Fn() -> Fault,
) -> Result<T, Fault> {
    match (magnitude, negative) {
        (Some(0), true) => return Err(Fault::NegativeZero),
        (Some(magnitude), true) => 0_i128.checked_sub_unsigned(magnitude).and_then(|value| T::try_from(value).ok()),
        (Some(magnitude), false) => T::try_from(magnitude).ok(),
        (None, _) => None,
    }
    .ok_or_else(overflow)
}

/// The magnitude of an integer.
macro_rules! magnitude {
    (signed, $value:expr) => {
        $value.unsigned_abs()
    };
    (unsigned, $value:expr) => {
        $value
    };
}

/// Every integer is converted through its magnitude, as a `u64` if that is wide enough.
macro_rules! integers {
    ($($integer:ident $signed:ident;)*) => {
        $(impl FieldValue<'_, NumberRule> for $integer {
            #[inline(always)]
            fn put(&self, rule: &NumberRule, out: &mut [u8]) -> Result<(), Fault> {
                let len = out.len();
                #[allow(unused_comparisons, reason = "the unsigned types go through the same lines")]
                let negative = *self < 0;
                let magnitude = magnitude!($signed, *self);
                if !rule.is_plain() {
                    return put_encoded(rule, negative, magnitude.into(), out);
                }
                let digits = put_sign(rule, negative, out)?;
                let fitted = match u64::try_from(magnitude) {
                    Ok(magnitude) => write_u64(magnitude, digits),
                    Err(_) => write_u128(magnitude.into(), digits),
                };
                if fitted { Ok(()) } else { Err(too_long(magnitude.into(), rule, negative, len)) }
            }

            #[inline(always)]
            fn get(rule: &NumberRule, bytes: &[u8]) -> Result<Self, Fault> {
                let overflow = || Fault::Overflow { holder: stringify!($integer) };
                if !rule.is_plain() {
                    let (negative, magnitude) = get_encoded(rule, bytes)?;
                    return with_sign(negative, magnitude, overflow);
                }
                let (negative, digits, start) = split_sign(rule, bytes)?;
                if digits.len() <= U64_DIGITS {
                    let magnitude = parse_u64(digits).ok_or_else(|| not_a_digit(Encoding::Ascii, digits, start))?;
                    if negative {
                        if magnitude == 0 {
                            return Err(Fault::NegativeZero);
                        }
                        return Self::try_from(-i128::from(magnitude)).map_err(|_| overflow());
                    }
                    return Self::try_from(magnitude).map_err(|_| overflow());
                }
                let magnitude = parse_u128(digits).ok_or_else(|| not_a_digit(Encoding::Ascii, digits, start))?;
                with_sign(negative, magnitude, overflow)
            }
        })*
    };
}

integers! {
    u8 unsigned;
    u16 unsigned;
    u32 unsigned;
    u64 unsigned;
    u128 unsigned;
    i8 signed;
    i16 signed;
    i32 signed;
    i64 signed;
    i128 signed;
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;

    use super::*;

    const MINUS: NumberRule = NumberRule { sign: Sign::LeadingMinus, ..NumberRule::UNSIGNED };
    const LEADING: NumberRule = NumberRule { sign: Sign::Leading { plus: b'+', minus: b'-' }, ..NumberRule::UNSIGNED };
    const TRAILING: NumberRule =
        NumberRule { sign: Sign::Trailing { plus: b' ', minus: b'-' }, ..NumberRule::UNSIGNED };

    fn check(rule: &NumberRule, value: i128, bytes: &[u8]) {
        let mut out = vec![0xEE; bytes.len()];
        value.put(rule, &mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(bytes));
        assert_eq!(i128::get(rule, bytes), Ok(value));
        if let Ok(value) = i64::try_from(value) {
            value.put(rule, &mut out).unwrap();
            assert_eq!(out, bytes);
            assert_eq!(i64::get(rule, bytes), Ok(value));
        }
    }

    #[test]
    fn zeros_fill_from_the_left() {
        check(&NumberRule::UNSIGNED, 1_234_567, b"0000001234567");
        check(&NumberRule::UNSIGNED, 0, b"0");
        check(&NumberRule::UNSIGNED, 9_999_999_999_999, b"9999999999999");
        check(&NumberRule::UNSIGNED, i128::from(u64::MAX), b"00018446744073709551615");
    }

    #[test]
    fn each_sign_has_its_place() {
        check(&MINUS, -5000, b"-0000000005000");
        check(&MINUS, 5000, b"00000000005000");
        check(&LEADING, 5000, b"+0005000");
        check(&LEADING, -5000, b"-0005000");
        check(&TRAILING, -42, b"0042-");
        check(&TRAILING, 42, b"0042 ");
        check(&MINUS, i128::MIN, b"-170141183460469231731687303715884105728");
    }

    #[test]
    fn what_does_not_fit_says_how_many_bytes_it_needs() {
        let mut out = [0; 3];
        assert_eq!(1000_u64.put(&NumberRule::UNSIGNED, &mut out), Err(Fault::TooLong { needed: 4, len: 3 }));
        assert_eq!((-100_i32).put(&MINUS, &mut out), Err(Fault::TooLong { needed: 4, len: 3 }));
        assert_eq!(100_i32.put(&LEADING, &mut out), Err(Fault::TooLong { needed: 4, len: 3 }));
        assert_eq!((-1_i32).put(&NumberRule::UNSIGNED, &mut out), Err(Fault::Negative));
    }

    #[test]
    fn a_letter_a_space_or_a_lone_sign_is_an_error_with_its_place() {
        let at = |bytes: &[u8]| u64::get(&NumberRule::UNSIGNED, bytes);
        assert_eq!(at(b"00x1"), Err(Fault::NotADigit { offset: 2, byte: Some(b'x') }));
        assert_eq!(at(b"  12"), Err(Fault::NotADigit { offset: 0, byte: Some(b' ') }));
        assert_eq!(at(b"123456789:"), Err(Fault::NotADigit { offset: 9, byte: Some(b':') }));
        assert_eq!(i64::get(&MINUS, b"-0x1"), Err(Fault::NotADigit { offset: 2, byte: Some(b'x') }));
        assert_eq!(i64::get(&MINUS, b"+001"), Err(Fault::NotADigit { offset: 0, byte: Some(b'+') }));
        assert_eq!(i64::get(&LEADING, b" 001"), Err(Fault::BadSign { byte: Some(b' ') }));
    }

    #[test]
    fn minus_zero_is_refused_for_it_could_not_be_written_again() {
        assert_eq!(i64::get(&MINUS, b"-000"), Err(Fault::NegativeZero));
        assert_eq!(i128::get(&LEADING, b"-00000000000000000000000"), Err(Fault::NegativeZero));
    }

    #[test]
    fn a_type_that_is_too_narrow_is_an_error() {
        assert_eq!(u8::get(&NumberRule::UNSIGNED, b"0256"), Err(Fault::Overflow { holder: "u8" }));
        assert_eq!(i8::get(&MINUS, b"-128"), Ok(-128));
        assert_eq!(u128::get(&NumberRule::UNSIGNED, &[b'9'; 40]), Err(Fault::Overflow { holder: "u128" }));
    }

    #[test]
    fn none_is_what_the_spec_says_and_nothing_else() {
        let spaces = NumberRule { none: NoneAs::Spaces, ..NumberRule::UNSIGNED };
        let zeros = NumberRule { none: NoneAs::Zeros, ..NumberRule::UNSIGNED };
        assert_eq!(Option::<u32>::get(&spaces, b"    "), Ok(None));
        assert_eq!(Option::<u32>::get(&spaces, b"0000"), Ok(Some(0)));
        assert_eq!(Option::<u32>::get(&zeros, b"0000"), Ok(None));
        let mut out = [0; 4];
        assert_eq!(Some(0_u32).put(&zeros, &mut out), Err(Fault::MeansNone));
        assert_eq!(None::<u32>.put(&NumberRule::UNSIGNED, &mut out), Err(Fault::NoValue));
        None::<u32>.put(&spaces, &mut out).unwrap();
        assert_eq!(&out, b"    ");
    }
}
