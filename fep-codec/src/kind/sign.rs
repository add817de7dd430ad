//! The sign of a number in a separate field.
//!
//! ```text
//!  balance_sign "-", balance "0000000000500":  -500
//! ```
//!
//! Each number has exactly one valid sign byte, so a number that was read is written again as the same bytes. A field can accept others.

use crate::error::Fault;
use crate::layout::{Accept, SignOf};

impl SignOf {
    /// The sign byte of a number. The unit of the number does not matter.
    #[must_use]
    pub const fn byte_of(&self, units: i128) -> u8 {
        match units {
            0 => self.zero(),
            1.. => self.plus,
            _ => self.minus,
        }
    }

    /// Whether a number with this sign byte is below zero. `is_zero` says whether its magnitude is zero.
    ///
    /// # Errors
    /// If the number is zero and the byte is not the sign for zero, or the number is not zero and the byte is neither plus nor minus.
    /// Signs that the field accepts are none of these errors. `blank` is the blank of its charset.
    pub const fn is_negative(&self, byte: u8, is_zero: bool, blank: u8) -> Result<bool, Fault> {
        if self.accepts.has(Accept::BlankSign) && byte == blank {
            return Ok(false);
        }
        if is_zero {
            return match byte {
                byte if byte == self.zero() => Ok(false),
                byte if byte == self.plus && self.accepts.has(Accept::PlusZero) => Ok(false),
                byte if byte == self.minus && self.accepts.has(Accept::MinusZero) => Ok(false),
                byte if byte == self.minus => Err(Fault::NegativeZero),
                _ => Err(Fault::BadSign { byte: Some(byte) }),
            };
        }
        match byte {
            byte if byte == self.plus => Ok(false),
            byte if byte == self.minus => Ok(true),
            _ => Err(Fault::BadSign { byte: Some(byte) }),
        }
    }

    const fn zero(&self) -> u8 {
        match self.zero {
            Some(zero) => zero,
            None => self.plus,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Accepts;

    const TWO: SignOf = SignOf {
        of: alloc::borrow::Cow::Borrowed("balance"),
        plus: b'+',
        minus: b'-',
        zero: None,
        accepts: Accepts::NONE,
    };
    const THREE: SignOf = SignOf { zero: Some(b' '), ..TWO };

    #[test]
    fn each_number_has_one_sign() {
        for (sign, units, byte) in [
            (&TWO, 5, b'+'),
            (&TWO, -5, b'-'),
            (&TWO, 0, b'+'),
            (&THREE, 5, b'+'),
            (&THREE, -5, b'-'),
            (&THREE, 0, b' '),
        ] {
            assert_eq!(sign.byte_of(units), byte);
            assert_eq!(sign.is_negative(byte, units == 0, b' '), Ok(units < 0));
        }
    }

    #[test]
    fn a_field_can_accept_more_signs() {
        let with = |sign: &SignOf, forms: &[Accept]| SignOf { accepts: Accepts::of(forms), ..sign.clone() };
        let blank = with(&TWO, &[Accept::BlankSign]);
        assert_eq!((blank.is_negative(b' ', true, b' '), blank.is_negative(b' ', false, b' ')), (Ok(false), Ok(false)));
        assert_eq!(blank.is_negative(0x40, true, 0x40), Ok(false));
        assert_eq!(blank.is_negative(b' ', true, 0x40), Err(Fault::BadSign { byte: Some(b' ') }));
        let zero = with(&THREE, &[Accept::PlusZero, Accept::MinusZero]);
        assert_eq!((zero.is_negative(b'+', true, b' '), zero.is_negative(b'-', true, b' ')), (Ok(false), Ok(false)));
        assert_eq!(zero.is_negative(b' ', false, b' '), Err(Fault::BadSign { byte: Some(b' ') }));
    }

    #[test]
    fn another_byte_would_not_be_written_again() {
        let bad = |byte| Err(Fault::BadSign { byte: Some(byte) });
        assert_eq!(TWO.is_negative(b'-', true, b' '), Err(Fault::NegativeZero));
        assert_eq!(TWO.is_negative(b' ', true, b' '), bad(b' '));
        assert_eq!(THREE.is_negative(b'+', true, b' '), bad(b'+'));
        assert_eq!(THREE.is_negative(b' ', false, b' '), bad(b' '));
        assert_eq!(THREE.is_negative(b'0', false, b' '), bad(b'0'));
    }
}
