//! The sign of a number in a separate field.
//!
//! ```text
//!  balance_sign "-", balance "0000000000500":  -500
//! ```
//!
//! Each number has exactly one valid sign byte, so a number that was read is written again as the same bytes.

use crate::error::Fault;
use crate::layout::SignOf;

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
    pub const fn is_negative(&self, byte: u8, is_zero: bool) -> Result<bool, Fault> {
        if is_zero {
            return match byte {
                byte if byte == self.zero() => Ok(false),
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

    const TWO: SignOf = SignOf { of: alloc::borrow::Cow::Borrowed("balance"), plus: b'+', minus: b'-', zero: None };
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
            assert_eq!(sign.is_negative(byte, units == 0), Ok(units < 0));
        }
    }

    #[test]
    fn another_byte_would_not_be_written_again() {
        let bad = |byte| Err(Fault::BadSign { byte: Some(byte) });
        assert_eq!(TWO.is_negative(b'-', true), Err(Fault::NegativeZero));
        assert_eq!(TWO.is_negative(b' ', true), bad(b' '));
        assert_eq!(THREE.is_negative(b'+', true), bad(b'+'));
        assert_eq!(THREE.is_negative(b' ', false), bad(b' '));
        assert_eq!(THREE.is_negative(b'0', false), bad(b'0'));
    }
}
