//! The rule of a number: checks its sign, length and `none` against the encoding.

use fep_core::accepts::Written;
use fep_core::blanks::BlankValue;
use fep_core::edit::Edit;
use fep_core::encoding::Encoding;
use fep_core::limits::BINARY_MAX_BYTES;
use fep_core::rules::{Justify, NoneAs, Sign};
use fep_core::words::Word as _;

use crate::attr::bytes;
use crate::model::field::Source;
use crate::model::{Kind, Number};

impl Source<'_> {
    /// The kind of a number, and of a computed field that is a number.
    pub(in crate::model) fn number(&self) -> Option<Kind> {
        let encoding = self.encoding();
        let sign = self.sign(encoding)?;
        if let Some(given) = &self.attrs.sign
            && let Err(instead) = sign.check_encoding(encoding)
        {
            self.cx.error_at(given.span, instead);
            return None;
        }
        self.check_len(encoding, sign);
        self.check_digits_max(encoding);
        if let Some(none) = self
            .attrs
            .none
            .as_ref()
            .filter(|none| encoding.is_binary() && none.value.iter().any(|none| none == NoneAs::Nines))
        {
            self.cx.error_at(none.span, "a binary number has no digits that could all be nines");
        }
        self.check_blanks(encoding);
        let point = self.attrs.point.as_ref().map(|point| self.beside_digits(point, encoding));
        let pad = self.attrs.pad.as_ref().map(|pad| self.beside_digits(pad, encoding));
        let pad = pad.filter(|pad| encoding.byte_of(b'0') != Some(*pad));
        let scale = self.attrs.scale.as_ref().map_or(0, |scale| scale.value);
        let justify = self.attrs.justify.as_ref().map_or(Justify::Right, |justify| justify.value);
        if let Some(len) = &self.attrs.len {
            let digits = encoding.digits(len.value).saturating_sub(sign.len() + usize::from(point.is_some()));
            if let Err((option, reason)) = (Edit { encoding, sign, scale, point, pad, justify }).check(digits) {
                self.cx.error_at(self.attrs.key(option.word()).unwrap_or(len.span), reason);
                return None;
            }
        }
        let accepts = self.accepts(Written { encoding, sign, is_padded: pad.is_some() });
        let digits_max = self.attrs.digits_max.as_ref().map(|max| max.value);
        let none = self.none();
        Some(Kind::Number(Number { encoding, sign, scale, none, digits_max, point, pad, justify, accepts }))
    }

    /// The sign, with its characters in the encoding.
    fn sign(&self, encoding: Encoding) -> Option<Sign> {
        let Some(given) = &self.attrs.sign else { return Some(Sign::Unsigned) };
        match given.value.in_encoding(encoding) {
            Ok(Sign::Leading { plus, minus } | Sign::Trailing { plus, minus }) if plus == minus => {
                self.cx.error_at(given.span, "`plus` and `minus` are the same byte, so the sign says nothing");
                None
            }
            Ok(sign) => Some(sign),
            Err(character) => {
                let character = char::from(character);
                let message =
                    format!("{character:?} has different bytes in EBCDIC charsets; write the byte: `b'\\x4E'`");
                self.cx.error_at(given.span, message);
                None
            }
        }
    }

    fn check_len(&self, encoding: Encoding, sign: Sign) {
        let Some(len) = &self.attrs.len else { return };
        if len.value == sign.len() {
            self.cx.error_at(len.span, "the sign takes the only byte; `len` counts the sign and the digits");
        }
        if len.value > BINARY_MAX_BYTES && encoding.is_binary() {
            self.cx.error_at(len.span, format_args!("a binary number has at most {BINARY_MAX_BYTES} bytes"));
        }
    }

    /// Reports blanks that are a number, too.
    fn check_blanks(&self, encoding: Encoding) {
        let Some((none, len)) = self.attrs.none.as_ref().zip(self.attrs.len.as_ref()) else { return };
        let digits_max = self.attrs.digits_max.as_ref().map(|max| max.value);
        if let Some(value) = BlankValue::of_number(none.value, encoding, len.value, digits_max) {
            let digits = value.digits();
            let message = format!(
                "{value}; if the sheet allows fewer than {digits} digits, write it: `digits_max`; otherwise choose zeros"
            );
            self.cx.error_at(none.span, message);
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
