//! `rust_decimal::Decimal` as a number with implied decimals: 12.05 in a field with scale 2 is 1205 on the wire.
//!
//! Nothing is rounded. A value with more decimals than the field is an error, unless they are zeros at the end.

use rust_decimal::Decimal;

use super::{Amount, FieldValue};
use crate::error::Fault;
use crate::layout::NumberRule;

impl FieldValue<'_, NumberRule> for Decimal {
    fn put(&self, rule: &NumberRule, out: &mut [u8]) -> Result<(), Fault> {
        let scale = u32::from(rule.decimals());
        let exact = if self.scale() > scale { self.normalize() } else { *self };
        let Some(zeros) = scale.checked_sub(exact.scale()) else {
            return Err(Fault::Unreadable { expected: "a number without more decimals than the field has" });
        };
        let smallest_units = 10_i128.checked_pow(zeros).and_then(|factor| exact.mantissa().checked_mul(factor));
        smallest_units.ok_or(Fault::Overflow { holder: "i128" })?.put(rule, out)
    }

    fn get(rule: &NumberRule, bytes: &[u8]) -> Result<Self, Fault> {
        let too_large = Fault::Overflow { holder: "Decimal" };
        match i128::get(rule, bytes) {
            Ok(value) => Self::try_from_i128_with_scale(value, rule.decimals().into()).map_err(|_| too_large),
            Err(Fault::Overflow { .. }) => Err(too_large),
            Err(other) => Err(other),
        }
    }
}

impl Amount for Decimal {
    /// Decimals beyond those of the field are cut off here. They are refused when the number itself is written.
    fn units(&self, rule: &NumberRule) -> Option<i128> {
        let own = self.scale();
        let scale = u32::from(rule.decimals());
        if own > scale {
            return self.mantissa().checked_div(10_i128.checked_pow(own - scale)?);
        }
        self.mantissa().checked_mul(10_i128.checked_pow(scale - own)?)
    }

    fn negated(self) -> Option<Self> {
        Some(-self)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::layout::{Encoding, NoneAs, Sign};

    const CENTS: NumberRule = NumberRule { scale: 2, sign: Sign::LeadingMinus, ..NumberRule::UNSIGNED };

    fn put(rule: &NumberRule, value: &str, len: usize) -> Result<Vec<u8>, Fault> {
        let mut out = vec![0xEE; len];
        value.parse::<Decimal>().unwrap().put(rule, &mut out)?;
        Ok(out)
    }

    fn check(rule: &NumberRule, value: &str, bytes: &[u8]) {
        assert_eq!(put(rule, value, bytes.len()).as_deref(), Ok(bytes), "{value}");
        assert_eq!(Decimal::get(rule, bytes), Ok(value.parse().unwrap()), "{value}");
    }

    #[test]
    fn the_point_stands_where_the_spec_says() {
        check(&CENTS, "12.05", b"001205");
        check(&CENTS, "-0.01", b"-00001");
        check(&CENTS, "0", b"000000");
        check(&CENTS, "12", b"001200");
        assert_eq!(Decimal::get(&CENTS, b"001200").unwrap().to_string(), "12.00");
        check(&NumberRule { scale: 0, ..CENTS }, "-120", b"-00120");
        let packed = NumberRule { encoding: Encoding::Packed, sign: Sign::Signed, ..CENTS };
        check(&packed, "-12345.67", b"\x12\x34\x56\x7D");
        check(&NumberRule { scale: 28, ..CENTS }, "-1.2345678901234567890123456789", b"-12345678901234567890123456789");
    }

    #[test]
    fn nothing_is_rounded_and_nothing_cut() {
        assert_eq!(put(&CENTS, "1.500000", 4).as_deref(), Ok(b"0150".as_slice()), "zeros at the end say nothing");
        let message = put(&CENTS, "1.005", 6).unwrap_err().to_string();
        assert_eq!(message, "expected a number without more decimals than the field has");
        assert_eq!(put(&CENTS, "100", 4), Err(Fault::TooLong { needed: 5, len: 4 }));
        assert_eq!(put(&NumberRule { sign: Sign::Unsigned, ..CENTS }, "-1", 6), Err(Fault::Negative));
        let wide = NumberRule { scale: 28, ..CENTS };
        assert_eq!(put(&wide, "79228162514264337593543950335", 60), Err(Fault::Overflow { holder: "i128" }));
    }

    #[test]
    fn what_the_type_cannot_hold_is_an_error() {
        check(&NumberRule { scale: 0, ..CENTS }, "79228162514264337593543950335", b"079228162514264337593543950335");
        let overflow = Err(Fault::Overflow { holder: "Decimal" });
        assert_eq!(Decimal::get(&CENTS, b"79228162514264337593543950336"), overflow);
        assert_eq!(Decimal::get(&CENTS, &[b'9'; 60]), overflow);
        assert_eq!(Decimal::get(&NumberRule { scale: 29, ..CENTS }, b"1"), overflow);
        assert_eq!(Decimal::get(&CENTS, b"12,05"), Err(Fault::NotADigit { offset: 2, byte: Some(b',') }));
        assert_eq!(Decimal::get(&CENTS, b"-00"), Err(Fault::NegativeZero));
    }

    #[test]
    fn units_are_those_of_the_field() {
        let units = |text: &str| text.parse::<Decimal>().unwrap().units(&CENTS);
        assert_eq!((units("12.05"), units("-12"), units("1.500")), (Some(1205), Some(-1200), Some(150)));
        assert_eq!(
            "79228162514264337593543950335".parse::<Decimal>().unwrap().units(&NumberRule { scale: 28, ..CENTS }),
            None
        );
        assert_eq!("1.5".parse::<Decimal>().unwrap().negated(), "-1.5".parse().ok());
    }

    #[test]
    fn a_blank_field_is_none() {
        let rule = NumberRule { none: NoneAs::Spaces, ..CENTS };
        assert_eq!(Option::<Decimal>::get(&rule, b"    "), Ok(None));
        assert_eq!(Option::<Decimal>::get(&rule, b"0000"), Ok(Some(Decimal::ZERO)));
    }
}
