//! Digits and tails: their padding. A tail and an exact field have none.

use fep_codec::layout::{DigitsRule, Kind};
use fep_core::words::Word as _;

use super::{Field, FieldOptions, KindName, span, value};
use crate::document::Located;
use crate::report::Code;

impl FieldOptions {
    pub(super) fn digits(&self, field: &Field<'_>) -> Option<DigitsRule> {
        let exact = self.is_exact(field)?;
        if let Some(pad) = self.pad.as_ref().filter(|pad| pad.value.value().is_ascii_digit()) {
            let message = "digits padded with a digit cannot be told from the value";
            field.document.error_hint(
                Code::WrongOption,
                pad.span.clone(),
                message,
                "pad with a space, or use kind = \"number\"",
            );
            return None;
        }
        let plain = if exact { DigitsRule::EXACT } else { DigitsRule::LEFT };
        let encoding = self.encoding(field);
        if let Some(at) = span(&self.encoding).filter(|_| !encoding.is_zoned()) {
            let hint = "choose \"ascii\" or \"ebcdic\", or kind = \"number\"";
            field.document.error_hint(Code::WrongOption, at, "a field of digits has a byte for each", hint);
            return None;
        }
        let pad = match &self.pad {
            None => encoding.space(),
            Some(pad) => pad.value.beside_digits(encoding).or_else(|| {
                let message = "this character has different bytes in EBCDIC charsets";
                field.document.error_hint(Code::WrongOption, pad.span.clone(), message, "write the byte, like 0x40");
                None
            })?,
        };
        Some(DigitsRule { encoding, exact, pad, justify: value(&self.justify).unwrap_or(plain.justify) })
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
