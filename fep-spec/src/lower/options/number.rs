//! Numbers: their signs, and the options that each encoding allows.

use std::ops::Range;

use fep_codec::layout::{Accept, Accepts, Encoding, Justify, NoneAs, NumberRule, Overpunch, Sign};
use fep_core::accepts::Written;
use fep_core::blanks::BlankValue;
use fep_core::edit::Edit;
use fep_core::limits::{BINARY_MAX_BYTES, NUMBER_MAX_DIGITS};
use fep_core::options::OptionName;
use fep_core::rules::{Nones, WrittenSign};
use fep_core::words::Word as _;

use super::{Byte, Field, FieldOptions, byte, distinct, span, value, word};
use crate::document::{Located, Value};
use crate::report::{Code, Fix};

impl FieldOptions {
    pub(super) fn number(&self, field: &Field<'_>) -> Option<NumberRule> {
        let encoding = self.encoding(field);
        let sign = self.sign(field, encoding)?;
        if let Some((at, hint)) = span(&self.sign).zip(sign.check_encoding(encoding).err()) {
            field.document.error_hint(Code::WrongOption, at, "numbers in this encoding have no such sign", hint);
            return None;
        }
        let point = self.beside(field, encoding, self.point.as_ref())?;
        let pad = self.beside(field, encoding, self.pad.as_ref())?.filter(|pad| encoding.byte_of(b'0') != Some(*pad));
        let scale = value(&self.scale).unwrap_or(0);
        let justify = value(&self.justify).unwrap_or(Justify::Right);
        let digits = self.digits_of(field, encoding, sign, point)?;
        if let Err((option, hint)) = (Edit { encoding, sign, scale, point, pad, justify }).check(digits) {
            let message = format!("`{}` of the number `{}` cannot be this", option.word(), field.name);
            field.document.error_hint(Code::WrongOption, self.place(option, field), message, hint);
            return None;
        }
        let accepts = self.accepts(field, Written { encoding, sign, is_padded: pad.is_some() })?;
        let none = value(&self.none).unwrap_or_default();
        if let Some(at) =
            span(&self.none).filter(|_| encoding.is_binary() && none.iter().any(|none| none == NoneAs::Nines))
        {
            let hint = "choose \"zeros\" or \"spaces\"";
            field.document.error_hint(
                Code::WrongOption,
                at,
                "a binary number has no digits that could all be nines",
                hint,
            );
            return None;
        }
        let digits_max = self.digits_max(field, encoding, digits)?;
        let blank = BlankValue::of_number(none, encoding, field.len.value, digits_max.map(usize::from));
        if let Some((at, blank)) = span(&self.none).zip(blank) {
            let hint = format!(
                "if the sheet allows fewer than {} digits, write it: digits_max; otherwise choose \"zeros\"",
                blank.digits()
            );
            field.document.error_hint(Code::WrongOption, at, blank.to_string(), hint);
            return None;
        }
        let Nones { written: none, also: none_also } = none;
        Some(NumberRule { encoding, sign, scale, none, none_also, digits_max, point, pad, justify, accepts })
    }

    /// The number of digits, after checking that a number can have so many.
    fn digits_of(&self, field: &Field<'_>, encoding: Encoding, sign: Sign, point: Option<u8>) -> Option<usize> {
        let name = field.name;
        let len = field.len.value;
        let sign_len = sign.len();
        let digits = encoding.digits(len).saturating_sub(sign_len + usize::from(point.is_some()));
        if len < 2 && (sign_len > 0 || sign == Sign::LeadingMinus) {
            let message = format!("`{name}` has {len} byte, a number with a sign needs 2");
            field.document.error_hint(
                Code::WrongLength,
                field.len.span.clone(),
                message,
                "the sign takes its byte from `len`",
            );
            return None;
        }
        if encoding.is_binary() && len > BINARY_MAX_BYTES {
            let message = format!("`{name}` has {len} bytes, a binary number may have {BINARY_MAX_BYTES}");
            field.document.error_hint(Code::WrongLength, field.len.span.clone(), message, "use kind = \"bytes\"");
            return None;
        }
        // A packed field has an odd number of digits. So a field for the widest number, of 38 digits, has room for 39.
        let packed = encoding == Encoding::Packed && digits == NUMBER_MAX_DIGITS + 1;
        let most = self.digits_max.as_ref().filter(|_| packed).map_or(digits, |max| max.value.into());
        if most > NUMBER_MAX_DIGITS {
            let message = format!("`{name}` has {digits} digits, a number may have {NUMBER_MAX_DIGITS}");
            let hint = if packed { "write digits_max = 38, or use kind = \"digits\"" } else { "use kind = \"digits\"" };
            field.document.error_hint(Code::WrongLength, field.len.span.clone(), message, hint);
            return None;
        }
        Some(digits)
    }

    /// A byte next to digits, with a character in their encoding. The outer `None` means that the character has no such byte.
    #[allow(clippy::option_option, reason = "absent and wrong are two things")]
    pub(super) fn beside(
        &self,
        field: &Field<'_>,
        encoding: Encoding,
        given: Option<&Located<Byte>>,
    ) -> Option<Option<u8>> {
        let Some(given) = given else { return Some(None) };
        let byte = given.value.beside_digits(encoding);
        if byte.is_none() {
            let message = "this character has different bytes in EBCDIC charsets";
            field.document.error_hint(Code::WrongOption, given.span.clone(), message, "write the byte, like 0x40");
        }
        byte.map(Some)
    }

    /// The place of an option, or of the field's length if the option is not stated.
    pub(super) fn place(&self, option: OptionName, field: &Field<'_>) -> Range<usize> {
        let stated = self.places().find(|(stated, _)| *stated == option).map(|(_, at)| at);
        stated.unwrap_or_else(|| field.len.span.clone())
    }

    /// The further forms that are read.
    pub(super) fn accepts(&self, field: &Field<'_>, written: Written) -> Option<Accepts> {
        let Some(accepts) = &self.accepts else { return Some(Accepts::NONE) };
        for form in accepts.value.iter() {
            if let Err(hint) = form.check(written) {
                let message = format!("`{}` cannot accept \"{}\"", field.name, form.word());
                field.document.error_hint(Code::WrongOption, accepts.span.clone(), message, hint);
                return None;
            }
        }
        Some(accepts.value)
    }

    /// The sign, with its characters in the encoding of the field.
    fn sign(&self, field: &Field<'_>, encoding: Encoding) -> Option<Sign> {
        let Some(written) = &self.sign else { return Some(Sign::Unsigned) };
        match written.value.in_encoding(encoding) {
            Ok(Sign::Leading { plus, minus } | Sign::Trailing { plus, minus }) if plus == minus => {
                field.document.error(Code::Duplicate, written.span.clone(), "plus and minus are the same byte");
                None
            }
            Ok(sign) => Some(sign),
            Err(character) => {
                let message = format!("{:?} has different bytes in EBCDIC charsets", char::from(character));
                field.document.error_hint(
                    Code::WrongOption,
                    written.span.clone(),
                    message,
                    "write the byte, like 0x4E",
                );
                None
            }
        }
    }

    /// The outer `None` means that the option does not fit the field.
    #[allow(clippy::option_option, reason = "absent and wrong are two things")]
    fn digits_max(&self, field: &Field<'_>, encoding: Encoding, digits: usize) -> Option<Option<u8>> {
        let Some(max) = &self.digits_max else { return Some(None) };
        let name = field.name;
        if encoding.is_zoned() {
            let message = format!("each digit of `{name}` has a byte, so `len` says how many there are");
            field.document.error_hint(Code::WrongOption, max.span.clone(), message, "leave out `digits_max`");
            return None;
        }
        if usize::from(max.value) > digits {
            let message = format!("`{name}` has room for {digits} digits");
            field.document.error_hint(
                Code::WrongOption,
                max.span.clone(),
                message,
                "make `len` longer, or `digits_max` smaller",
            );
            return None;
        }
        Some(Some(max.value))
    }
}

/// `true` for a point, `","`, or a byte.
pub(super) fn point(value: Value<'_>) -> Option<Located<Byte>> {
    if value.is_string() || value.is_integer() {
        return byte(value);
    }
    let given = value.boolean()?;
    if !given.value {
        let message = "without a point `point` is left out";
        value.document().error_fix(Code::WrongOption, given.span, message, "leave it out", Fix::TakeOut);
        return None;
    }
    Some(Located { value: Byte::Ascii(b'.'), span: given.span })
}

/// A list of words, or one word.
pub(in crate::lower) fn accepts(value: Value<'_>) -> Option<Located<Accepts>> {
    let span = value.span();
    let words =
        if value.is_string() { vec![word::<Accept>(value)?.value] } else { distinct::<Accept>(value, "accepts")? };
    let accepts = Accepts::of(&words);
    Some(Located { value: accepts, span })
}

/// `"leading-minus"`, `"leading"`, `"trailing"`, `"overpunch"`, `"signed"`, `{ at = "leading", plus = "0", minus = "-" }`, or
/// `{ at = "leading", overpunch = "ebcdic" }`.
pub(super) fn sign(value: Value<'_>) -> Option<Located<WrittenSign>> {
    if !value.is_table() {
        let word = value.choice(&[&[("none", Sign::Unsigned)], Sign::WORDS.as_slice()].concat())?;
        return Some(Located { value: WrittenSign::of_characters(word.value), span: word.span });
    }
    let table = value.table()?;
    let at = table.required("at").and_then(|at| at.choice(&[("leading", true), ("trailing", false)]));
    if table.has("overpunch") {
        let form = table.choice("overpunch", Overpunch::WORDS);
        table.finish();
        let at = at?;
        let form = form?.value;
        let sign = if at.value { Sign::LeadingOverpunch(form) } else { Sign::TrailingOverpunch(form) };
        return Some(Located { value: WrittenSign::of_characters(sign), span: value.span() });
    }
    let plus = table.required("plus").and_then(byte);
    let minus = table.required("minus").and_then(byte);
    table.finish();
    let plus = plus?.value;
    let Located { value: minus, span } = minus?;
    if plus == minus {
        value.document().error(Code::Duplicate, span, "plus and minus are the same byte");
        return None;
    }
    let sign = match at?.value {
        true => Sign::Leading { plus: plus.value(), minus: minus.value() },
        false => Sign::Trailing { plus: plus.value(), minus: minus.value() },
    };
    let [plus_is_character, minus_is_character] = [plus, minus].map(|byte| matches!(byte, Byte::Ascii(_)));
    Some(Located { value: WrittenSign { sign, plus_is_character, minus_is_character }, span: value.span() })
}
