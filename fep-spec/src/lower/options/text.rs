//! Options that depend on a charset: those of text fields and flags, and the bytes of characters.

use fep_codec::Charset;
use fep_codec::layout::{Encoding, FlagRule, Overflow, TextRule, Width};

use super::{Field, FieldOptions, span, value};
use crate::document::{Located, Value};
use crate::report::Code;

/// A byte as a spec states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lower) enum Byte {
    /// As it stands on the wire: `0x00`.
    Raw(u8),
    /// A character, which the charset converts to a byte: `"Y"`.
    Ascii(u8),
}

impl Byte {
    /// The byte, for a use where characters are ASCII.
    pub(in crate::lower) const fn value(self) -> u8 {
        let (Self::Raw(byte) | Self::Ascii(byte)) = self;
        byte
    }

    /// The byte in a charset, or `None` if the charset lacks the character.
    pub(in crate::lower) fn of(self, charset: Charset) -> Option<u8> {
        match self {
            Self::Raw(byte) => Some(byte),
            Self::Ascii(ascii) => charset.byte_of(ascii),
        }
    }
}

impl Byte {
    /// The byte beside digits in this encoding, or `None` if EBCDIC charsets have different bytes for the character.
    pub(super) fn beside_digits(self, encoding: Encoding) -> Option<u8> {
        match self {
            Self::Raw(byte) => Some(byte),
            Self::Ascii(ascii) => encoding.byte_of(ascii),
        }
    }
}

impl FieldOptions {
    pub(super) fn text(&self, field: &Field<'_>) -> Option<TextRule> {
        let plain = TextRule::new(value(&self.charset).unwrap_or(field.charset));
        let charset = plain.charset;
        let pad = match &self.pad {
            None => plain.pad,
            Some(pad) => match pad.value.of(charset).filter(|byte| charset.can_pad(*byte)) {
                Some(pad) => pad,
                None => {
                    let message = format!("a character of {charset} can have this byte, so it cannot be the padding");
                    let hint = "pad with a space, a digit or a sign";
                    field.document.error_hint(Code::WrongOption, pad.span.clone(), message, hint);
                    return None;
                }
            },
        };
        let exact = self.is_exact(field)?;
        if let Some(at) = span(&self.overflow).filter(|_| exact && value(&self.overflow) == Some(Overflow::Cut)) {
            let hint = "leave out `overflow`, or `full`";
            field.document.error_hint(Code::WrongOption, at, "a value that fills its field exactly is never cut", hint);
            return None;
        }
        let rule = TextRule {
            exact,
            pad,
            justify: value(&self.justify).unwrap_or(plain.justify),
            overflow: value(&self.overflow).unwrap_or(plain.overflow),
            width: value(&self.width).unwrap_or(plain.width),
            compat: value(&self.compat).unwrap_or(plain.compat),
            half: value(&self.half).unwrap_or(plain.half),
            open_shift: value(&self.open_shift).unwrap_or(plain.open_shift),
            newline_15: value(&self.newline).unwrap_or(plain.newline_15),
            ..plain
        };
        self.suits(&rule, field).then_some(rule)
    }

    /// Whether the options fit the charset. Notes each option that has no meaning in this charset.
    fn suits(&self, rule: &TextRule, field: &Field<'_>) -> bool {
        let charset = rule.charset;
        let wide = rule.width == Width::Wide;
        let mut suits = true;
        let mut refuse = |at: Option<std::ops::Range<usize>>, message: String, hint: &str| {
            let code = if at.is_some() { Code::WrongOption } else { Code::WrongLength };
            field.document.error_hint(code, at.unwrap_or(field.len.span.clone()), message, hint);
            suits = false;
        };
        if wide && !charset.has_full_width() {
            let message = format!("{charset} has no full-width letters of two bytes");
            refuse(span(&self.width), message, "leave out `width`, or choose another charset");
        } else if wide && charset.full_space().is_some() && self.pad.is_some() {
            let message = "full-width text is padded with full-width spaces".to_owned();
            refuse(span(&self.pad), message, "leave out `pad`");
        }
        let in_pairs = charset.is_pairs() || wide && charset.full_space().is_some();
        if in_pairs && !field.len.value.is_multiple_of(2) {
            let message = format!("every character has 2 bytes here, so {} cannot be filled", field.len.value);
            refuse(None, message, "make `len` even");
        }
        if rule.open_shift && !charset.is_shifted() {
            let message = format!("{charset} has no SI that could be missing");
            refuse(span(&self.open_shift), message, "leave it out");
        }
        if rule.newline_15 && (!charset.is_ebcdic() || charset.is_pairs()) {
            let message = format!("{charset} has one byte for a new line, and it is neither 15 nor 25");
            refuse(span(&self.newline), message, "leave it out");
        }
        suits
    }

    pub(super) fn flag(&self, field: &Field<'_>) -> Option<FlagRule> {
        let byte = |given: &Option<Located<Byte>>, usual: u8| {
            let byte = value(given).unwrap_or(Byte::Ascii(usual)).of(field.charset);
            if byte.is_none() {
                let at = span(given).unwrap_or(field.len.span.clone());
                let message = format!("{} has no byte for this character", field.charset);
                field.document.error_hint(Code::NotInCharset, at, message, "write the byte, like 0xE8");
            }
            byte
        };
        let yes = byte(&self.yes, b'Y');
        let no = byte(&self.no, b'N');
        let rule = FlagRule { yes: yes?, no: no? };
        let name = field.name;
        let len = field.len.value;
        if len != 1 {
            let message = format!("`{name}` has {len} bytes, a flag has 1");
            field.document.error_hint(
                Code::WrongLength,
                field.len.span.clone(),
                message,
                "write len = 1, or kind = \"code\"",
            );
            return None;
        }
        if rule.yes == rule.no {
            let at = span(&self.no).or(span(&self.yes)).unwrap_or(field.len.span.clone());
            field.document.error(Code::Duplicate, at, format!("yes and no of `{name}` are the same byte"));
            return None;
        }
        Some(rule)
    }
}

/// Reads a charset's label.
pub(in crate::lower) fn charset(value: Value<'_>) -> Option<Located<Charset>> {
    let label = value.string()?;
    match Charset::from_label(label.value) {
        Ok(charset) => Some(Located { value: charset, span: label.span }),
        Err(unknown) => {
            let message = format!("there is no charset \"{}\"", label.value);
            value.document().error_hint(Code::UnknownWord, label.span, message, unknown.hint);
            None
        }
    }
}

/// Reads a byte: one ASCII character, or a number.
pub(in crate::lower) fn byte(value: Value<'_>) -> Option<Located<Byte>> {
    if value.is_integer() {
        let raw = value.integer(0..=u8::MAX)?;
        return Some(Located { value: Byte::Raw(raw.value), span: raw.span });
    }
    let text = value.string()?;
    match text.value.as_bytes() {
        [byte] => Some(Located { value: Byte::Ascii(*byte), span: text.span }),
        _ => {
            let message = format!("\"{}\" is not one byte", text.value);
            value.document().error_hint(
                Code::BadValue,
                text.span,
                message,
                "write one ASCII character, or a number like 0x00",
            );
            None
        }
    }
}
