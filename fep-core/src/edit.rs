//! [`Edit`]: what stands beside the digits of a number, and whether it can be told from them. Also the padding of digit strings.

use crate::encoding::Encoding;
use crate::limits::NUMBER_MAX_DIGITS;
use crate::options::OptionName;
use crate::rules::{Justify, Sign};

/// The options of a number that decide which bytes are beside its digits.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// The encoding of the digits.
    pub encoding: Encoding,
    /// The sign, in this encoding.
    pub sign: Sign,
    /// The number of decimals. If it is negative, the number of zeros that the field leaves out.
    pub scale: i8,
    /// The byte of the decimal point, if it has one.
    pub point: Option<u8>,
    /// The byte that fills the field, if it is not zero.
    pub pad: Option<u8>,
    /// The side of the field at which the number is.
    pub justify: Justify,
}

/// An option that cannot be as it is, and the reason with what to do.
pub type Refusal = (OptionName, &'static str);

impl Edit {
    /// Checks a number with this many digits, its sign and point not counted.
    ///
    /// # Errors
    /// The option and the reason.
    pub fn check(&self, digits: usize) -> Result<(), Refusal> {
        let zeros = usize::from(self.scale.min(0).unsigned_abs());
        if digits + zeros > NUMBER_MAX_DIGITS && zeros > 0 {
            return Err((OptionName::Scale, "with its zeros the number has more than 38 digits"));
        }
        self.check_point(digits)?;
        self.check_pad()
    }

    fn check_point(&self, digits: usize) -> Result<(), Refusal> {
        let Some(point) = self.point else { return Ok(()) };
        let decimals = usize::from(self.scale.max(0).unsigned_abs());
        let reason = if !self.encoding.is_zoned() {
            "only digits of one byte each have a point with a byte; leave `point` out, and `scale` says where the point is"
        } else if decimals == 0 {
            "a point needs decimals: write `scale = 2`"
        } else if decimals > digits {
            "the decimals, the point and the sign have no room in `len`"
        } else if self.is_digit(point) || self.is_sign(point) {
            "a digit or a sign cannot be the point; write \".\" or \",\""
        } else {
            return Ok(());
        };
        Err((OptionName::Point, reason))
    }

    fn check_pad(&self) -> Result<(), Refusal> {
        let Some(pad) = self.pad else {
            if self.justify == Justify::Left {
                let reason = "zeros after a number change it: write `pad = ' '`, or leave `justify` out";
                return Err((OptionName::Justify, reason));
            }
            return Ok(());
        };
        let overpunched = matches!(self.sign, Sign::LeadingOverpunch(_) | Sign::TrailingOverpunch(_));
        let reason = if !self.encoding.is_zoned() {
            "only digits of one byte each can have padding; leave `pad` out"
        } else if self.is_digit(pad) || self.point == Some(pad) {
            "a digit or the point cannot be the padding of a number; pad with a space, or leave `pad` out for zeros"
        } else if overpunched && pad != self.encoding.space() {
            "an overpunched number is padded with spaces"
        } else if self.is_sign_at_padding(pad) {
            "this byte is a sign, so it cannot be told from padding; `sign = \"leading-minus\"` writes no plus"
        } else {
            return Ok(());
        };
        Err((OptionName::Pad, reason))
    }

    fn is_digit(&self, byte: u8) -> bool {
        (b'0'..=b'9').any(|digit| self.encoding.byte_of(digit) == Some(byte))
    }

    fn is_sign(&self, byte: u8) -> bool {
        match self.sign {
            Sign::LeadingMinus => self.encoding.byte_of(b'-') == Some(byte),
            Sign::Leading { plus, minus } | Sign::Trailing { plus, minus } => byte == plus || byte == minus,
            _ => false,
        }
    }

    /// Whether the byte is a sign that can be next to the padding.
    fn is_sign_at_padding(&self, byte: u8) -> bool {
        let touches = match self.sign {
            Sign::Leading { .. } => self.justify == Justify::Right,
            Sign::Trailing { .. } => self.justify == Justify::Left,
            _ => true,
        };
        touches && self.is_sign(byte)
    }
}

/// The options of a digit string in half bytes.
#[derive(Clone, Copy, Debug)]
pub struct HalfDigits {
    /// The encoding, `Bcd` or `Packed`.
    pub encoding: Encoding,
    /// The number of half bytes for digits.
    pub room: usize,
    /// The value has as many digits as there can be.
    pub full: bool,
    /// The most digits.
    pub digits_max: Option<usize>,
    /// The half byte that fills what is left.
    pub pad: Option<u8>,
}

impl HalfDigits {
    /// The half byte that a character or a byte names: `F`, `0`, `0x0F`.
    #[must_use]
    pub const fn half(byte: u8, is_character: bool) -> Option<u8> {
        match byte {
            0..=15 if !is_character => Some(byte),
            b'0'..=b'9' if is_character => Some(byte - b'0'),
            b'A'..=b'F' if is_character => Some(byte - b'A' + 10),
            _ => None,
        }
    }

    /// The half byte that fills what is left: `F`, or `0` in front of packed digits.
    #[must_use]
    pub fn pad(&self) -> u8 {
        self.pad.unwrap_or(if self.encoding == Encoding::Packed { 0x00 } else { 0x0F })
    }

    /// The side of the digits if none is stated. Packed digits have their sign behind them, so what is left is in front.
    #[must_use]
    pub fn justify(&self) -> Justify {
        if self.encoding == Encoding::Packed { Justify::Right } else { Justify::Left }
    }

    /// Checks that padding can be told from digits.
    ///
    /// # Errors
    /// The option and the reason.
    pub fn check(&self) -> Result<(), Refusal> {
        let most = self.digits_max.unwrap_or(self.room);
        if most > self.room {
            return Err((OptionName::DigitsMax, "the field has no room for so many digits: make `len` longer"));
        }
        if most + 1 < self.room {
            return Err((OptionName::DigitsMax, "the field has more than one half byte too many: make `len` shorter"));
        }
        if self.encoding == Encoding::Packed && !self.full {
            let reason = "packed digits have a sign behind them and no padding: write `full`, with `digits_max` if their number is even";
            return Err((OptionName::Encoding, reason));
        }
        match self.pad {
            Some(_) if self.full && most == self.room => {
                Err((OptionName::Pad, "every half byte is a digit, so `pad` does nothing; leave it out"))
            }
            Some(0..=9) if !self.full => {
                let reason = "a digit as padding cannot be told from the value: write `full`, with `digits_max` if their number is odd";
                Err((OptionName::Pad, reason))
            }
            _ => Ok(()),
        }
    }
}
