//! The rule of a number: which signs, lengths and blanks its encoding has.

use crate::attr::{Encoding, NoneAs, Overpunch, Sign, bytes};
use crate::model::Kind;
use crate::model::field::Source;

/// The bytes of the widest binary number.
const BINARY_LEN_MAX: usize = 16;

impl Source<'_> {
    /// The kind of a number, and of what is computed as one.
    pub(in crate::model) fn number(&self) -> Option<Kind> {
        let encoding = self.encoding();
        let sign = in_encoding(self.attrs.sign.as_ref().map_or(Sign::Unsigned, |sign| sign.value), encoding);
        if let Some(given) = &self.attrs.sign
            && let Some(instead) = other_sign(encoding, sign)
        {
            self.cx.error_at(given.span, instead);
            return None;
        }
        self.check_len(encoding, sign);
        self.check_digits_max(encoding);
        if let Some(none) = self.attrs.none.as_ref().filter(|none| none.value == NoneAs::Nines && encoding.is_binary())
        {
            self.cx.error_at(none.span, "a binary number has no digits that could all be nines");
        }
        let scale = self.attrs.scale.as_ref().map_or(0, |scale| scale.value);
        let digits_max = self.attrs.digits_max.as_ref().map(|max| max.value);
        Some(Kind::Number { encoding, sign, scale, none: self.none(), digits_max })
    }

    fn check_len(&self, encoding: Encoding, sign: Sign) {
        let Some(len) = &self.attrs.len else { return };
        if len.value == 1 && matches!(sign, Sign::Leading { .. } | Sign::Trailing { .. }) {
            self.cx.error_at(len.span, "the sign takes the only byte; `len` counts the sign and the digits");
        }
        if len.value > BINARY_LEN_MAX && encoding.is_binary() {
            self.cx.error_at(len.span, format_args!("a binary number has at most {BINARY_LEN_MAX} bytes"));
        }
    }

    fn check_digits_max(&self, encoding: Encoding) {
        let Some(max) = &self.attrs.digits_max else { return };
        if encoding.is_zoned() {
            self.cx.error_at(max.span, "each digit has a byte here, so `len` says how many there are");
        } else if let Some(len) = &self.attrs.len
            && u32::try_from(max.value).is_ok_and(|max| 10_u128.pow(max) - 1 > encoding.largest(len.value))
        {
            self.cx.error_at(max.span, format_args!("{} have no room for so many digits", bytes(len.value)));
        }
    }
}

/// The usual sign bytes are characters, and those of EBCDIC have other bytes.
fn in_encoding(sign: Sign, encoding: Encoding) -> Sign {
    match (sign, encoding) {
        (Sign::Leading { plus: b'+', minus: b'-' }, Encoding::Ebcdic) => Sign::Leading { plus: 0x4E, minus: 0x60 },
        (Sign::Trailing { plus: b'+', minus: b'-' }, Encoding::Ebcdic) => Sign::Trailing { plus: 0x4E, minus: 0x60 },
        (sign, _) => sign,
    }
}

/// What to write instead of a sign that numbers in this encoding do not have.
fn other_sign(encoding: Encoding, sign: Sign) -> Option<&'static str> {
    match (encoding, sign) {
        (_, Sign::Unsigned) => None,
        (Encoding::Packed | Encoding::Binary | Encoding::BinaryLittle, Sign::Signed) => None,
        (Encoding::Packed | Encoding::Binary | Encoding::BinaryLittle, _) => {
            Some("a packed or binary number has its sign inside: `sign = \"signed\"`")
        }
        (Encoding::Bcd, _) => Some("bcd digits have no sign; `encoding = \"packed\"` has"),
        (_, Sign::Signed) => Some("digits do not say how they carry a sign: \"leading-minus\", \"overpunch\", …"),
        (Encoding::Ebcdic, Sign::LeadingOverpunch(Overpunch::StrictAscii))
        | (Encoding::Ebcdic, Sign::TrailingOverpunch(Overpunch::StrictAscii)) => {
            Some("this form is ASCII's; EBCDIC has \"ebcdic\" and \"ebcdic-minus\"")
        }
        _ => None,
    }
}
