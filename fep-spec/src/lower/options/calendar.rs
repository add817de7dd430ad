//! Dates and times: their patterns, and the options that the patterns allow.

use fep_codec::layout::{DatePattern, DateRule, DateTimePattern, DateTimeRule, Kind, TimePattern, TimeRule};
use fep_core::blanks::BlankValue;
use fep_core::calendar::Pattern;
use fep_core::kinds::KindName;
use fep_core::limits::PIVOT_DEFAULT;
use fep_core::words::Word as _;

use super::{Field, FieldOptions, span, value};
use crate::document::{Located, Value};
use crate::report::Code;

impl FieldOptions {
    pub(super) fn calendar(&self, kind: KindName, field: &Field<'_>) -> Option<Kind> {
        let pattern = value(&self.pattern).unwrap_or(match kind {
            KindName::Time => Pattern::Time(TimePattern::default()),
            KindName::DateTime => Pattern::DateTime(DateTimePattern::default()),
            _ => Pattern::Date(DatePattern::default()),
        });
        if pattern.kind() != kind {
            let message = format!("{pattern} is no pattern of a {}", kind.word());
            let at = span(&self.pattern).unwrap_or(field.len.span.clone());
            field.document.error_hint(
                Code::WrongOption,
                at,
                message,
                format!("write kind = \"{}\"", pattern.kind().word()),
            );
            return None;
        }
        let encoding = self.encoding(field);
        if let Some(at) = span(&self.encoding).filter(|_| encoding.is_binary()) {
            let hint = "choose \"packed\", \"bcd\" or \"ebcdic\", or kind = \"number\"";
            field.document.error_hint(Code::WrongOption, at, "dates and times have decimal digits", hint);
            return None;
        }
        if let Some(at) = span(&self.pattern).filter(|_| pattern.pieces().has_separators() && !encoding.is_zoned()) {
            let message = "packed and bcd digits have no separators between them";
            field.document.error_hint(Code::WrongOption, at, message, "leave the separators out of the pattern");
            return None;
        }
        self.len_of_pattern(pattern, field)?;
        let none = value(&self.none).unwrap_or_default();
        let pivot = value(&self.pivot).unwrap_or(PIVOT_DEFAULT);
        if let Some(at) = span(&self.pivot).filter(|_| !pattern.has_short_year()) {
            let message = format!("a pivot is for two-digit years, {pattern} has none");
            field.document.error_hint(Code::WrongOption, at, message, "leave it out");
            return None;
        }
        let zeros = none.iter().any(|none| none.is_zeros(encoding));
        if let Some(at) = span(&self.none).filter(|_| kind == KindName::Time && zeros) {
            field.document.error_hint(
                Code::WrongOption,
                at,
                "zeros are midnight, they cannot mean \"no time\"",
                "use spaces or nines",
            );
            return None;
        }
        let noun = kind.singular().trim_start_matches("a ");
        let blank = BlankValue::of_pattern(none, encoding, pattern.pieces(), noun);
        if let Some((at, blank)) = span(&self.none).zip(blank) {
            field.document.error_hint(Code::WrongOption, at, blank.to_string(), "choose \"nines\"");
            return None;
        }
        let none_also = none.also;
        let none = none.written;
        Some(match pattern {
            Pattern::Date(pattern) => Kind::Date(DateRule { pattern, encoding, none, none_also, pivot }),
            Pattern::Time(pattern) => Kind::Time(TimeRule { pattern, encoding, none, none_also }),
            Pattern::DateTime(pattern) => Kind::DateTime(DateTimeRule { pattern, encoding, none, none_also, pivot }),
        })
    }

    /// Notes a length that is not that of the pattern.
    fn len_of_pattern(&self, pattern: Pattern, field: &Field<'_>) -> Option<()> {
        let encoding = self.encoding(field);
        let pattern_len = pattern.len(encoding);
        let Located { value: len, span } = &field.len;
        if pattern_len == *len {
            return Some(());
        }
        let name = field.name;
        let message = format!("`{name}` has {len} bytes, its pattern {pattern} has {pattern_len}");
        let hint = match Pattern::of_len(pattern.kind(), *len, encoding) {
            Some(fitting) => format!("write len = {pattern_len}, or pattern = \"{fitting}\""),
            None => format!("write len = {pattern_len}"),
        };
        field.document.error_hint(Code::WrongLength, span.clone(), message, hint);
        None
    }
}

/// A pattern, or a note that says what is wrong with it and what was probably meant.
pub(super) fn pattern(value: Value<'_>) -> Option<Located<Pattern>> {
    let word = value.string()?;
    match Pattern::parse(word.value) {
        Ok(pattern) => Some(Located { value: pattern, span: word.span }),
        Err(error) => {
            let message = format!("`pattern` cannot be \"{}\": {error}", word.value);
            let hint = Pattern::guess(word.value).map(|pattern| format!("did you mean \"{pattern}\"?"));
            match hint {
                Some(hint) => value.document().error_hint(Code::UnknownWord, word.span, message, hint),
                None => value.document().error(Code::UnknownWord, word.span, message),
            }
            None
        }
    }
}
