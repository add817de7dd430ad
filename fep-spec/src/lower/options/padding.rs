//! Digits and tails: their padding. A tail and an exact field have none.

use fep_codec::layout::{DigitsRule, Encoding, Kind, Sign};
use fep_core::accepts::Written;
use fep_core::edit::HalfDigits;
use fep_core::options::OptionName;
use fep_core::words::Word as _;

use super::{Byte, Field, FieldOptions, KindName, span, value};
use crate::document::Located;
use crate::report::Code;

impl FieldOptions {
    pub(super) fn digits(&self, field: &Field<'_>) -> Option<DigitsRule> {
        let encoding = self.encoding(field);
        if let Some(at) = span(&self.encoding).filter(|_| encoding.is_binary()) {
            let hint = "choose \"ascii\", \"ebcdic\", \"bcd\" or \"packed\", or kind = \"number\"";
            field.document.error_hint(Code::WrongOption, at, "a binary number has no digits", hint);
            return None;
        }
        if !encoding.is_zoned() {
            return self.half_digits(field, encoding);
        }
        for (at, what) in [(span(&self.digits_max), "digits_max"), (span(&self.accepts), "accepts")] {
            if let Some(at) = at {
                let message = format!("`{what}` is for digits of half a byte");
                field.document.error_hint(Code::WrongOption, at, message, "leave it out");
                return None;
            }
        }
        let exact = self.is_exact(field)?;
        let plain = if exact { DigitsRule::EXACT } else { DigitsRule::LEFT };
        let pad = self.beside(field, encoding, self.pad.as_ref())?.unwrap_or(encoding.space());
        if let Some(at) = span(&self.pad).filter(|_| encoding.is_digit(pad)) {
            let message = "digits that are padded with a digit lose their zeros";
            let hint = "pad with a space, write full = true if the value has all digits, or use kind = \"number\"";
            field.document.error_hint(Code::WrongOption, at, message, hint);
            return None;
        }
        Some(DigitsRule { encoding, exact, pad, justify: value(&self.justify).unwrap_or(plain.justify), ..plain })
    }

    /// Digits with two in a byte. What they leave free is filled with a half byte.
    fn half_digits(&self, field: &Field<'_>, encoding: Encoding) -> Option<DigitsRule> {
        let full = value(&self.exact).unwrap_or(false);
        let pad = match &self.pad {
            None => None,
            Some(given) => {
                let is_character = matches!(given.value, Byte::Ascii(_));
                let half = HalfDigits::half(given.value.value(), is_character);
                if half.is_none() {
                    let hint = "write pad = \"F\", pad = \"0\" or another half byte";
                    let message = "this is not half a byte";
                    field.document.error_hint(Code::WrongOption, given.span.clone(), message, hint);
                    return None;
                }
                half
            }
        };
        let room = encoding.digits(field.len.value);
        let digits_max = value(&self.digits_max);
        let half = HalfDigits { encoding, room, full, digits_max: digits_max.map(usize::from), pad };
        if let Err((option, hint)) = half.check() {
            let message = format!("`{}` of the digits `{}` cannot be this", option.word(), field.name);
            field.document.error_hint(Code::WrongOption, self.place(option, field), message, hint);
            return None;
        }
        let accepts = self.accepts(field, Written { encoding, sign: Sign::Unsigned, is_padded: false })?;
        let justify = value(&self.justify).unwrap_or(half.justify());
        Some(DigitsRule { encoding, exact: full, pad: half.pad(), justify, digits_max, accepts })
    }

    /// The kind of a tail, which has no padding. `own` are the options that are written at the item itself.
    pub(in crate::lower) fn tail(&self, kind: KindName, own: &Self, field: &Field<'_>) -> Option<Kind> {
        let document = field.document;
        let name = field.name;
        if !kind.can_be_tail() {
            let message = format!("`{name}` is a {}, which has one length", kind.word());
            let hint = "only text, digits and bytes can be a tail";
            document.error_hint(Code::WrongOption, field.len.span.clone(), message, hint);
            return None;
        }
        let padding = span(&own.pad).or(span(&own.justify)).or(span(&own.overflow)).or(span(&own.exact));
        if let Some(at) = padding {
            document.error_hint(Code::WrongOption, at, "a tail has no padding and is never cut", "leave it out");
            return None;
        }
        if kind == KindName::Digits && !self.encoding(field).is_zoned() {
            let message =
                format!("`{name}` has two digits in a byte, so its length in bytes does not say how many there are");
            let hint = "only digits of one byte each can be a tail; use kind = \"bytes\"";
            document.error_hint(Code::WrongOption, self.place(OptionName::Encoding, field), message, hint);
            return None;
        }
        // A type may have padding, because fields can have the same type.
        let exact = Some(Located { value: true, span: field.len.span.clone() });
        Self { exact, pad: None, justify: None, overflow: None, ..self.clone() }.kind(kind, field)
    }

    /// Whether the field is exact, without padding. Notes an error and returns `None` if an exact field has padding options.
    pub(super) fn is_exact(&self, field: &Field<'_>) -> Option<bool> {
        let exact = value(&self.exact).unwrap_or(false);
        let padding = span(&self.pad).or(span(&self.justify));
        if let Some(at) = padding.filter(|_| exact) {
            field.document.error_hint(
                Code::WrongOption,
                at,
                "a `full` field has no padding",
                "leave out `full`, or `pad` and `justify`",
            );
            return None;
        }
        Some(exact)
    }
}
