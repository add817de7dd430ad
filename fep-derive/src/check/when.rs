//! The conditions of `when`: each must be able to hold.

use fep_core::codes::{hex, units};
use fep_core::likeness::nearest;
use fep_core::rules::Sign;
use proc_macro2::Span;

use crate::attr::{Condition, bytes};
use crate::ctxt::Ctxt;
use crate::model::{Field, ItemKind, Kind, Len, Telegram};
use crate::shape::literal;

/// Checks that each condition names a field that can identify a telegram, and that the field can have the value.
pub(super) fn conditions(telegram: &Telegram, cx: &Ctxt) {
    let mut taken: Vec<&str> = Vec::new();
    for condition in &telegram.when {
        if taken.contains(&condition.path.as_str()) {
            let message = format!("`{}` has a value already; all conditions must hold at once", condition.path);
            cx.error_at(condition.path_span, message);
        }
        taken.push(&condition.path);
        one_condition(telegram, condition, cx);
    }
}

fn one_condition(telegram: &Telegram, condition: &Condition, cx: &Ctxt) {
    let Condition { path, value, path_span, value_span } = condition;
    if path.split('.').any(|name| name.is_empty() || name.contains(char::is_whitespace)) {
        let message = "a path is names with dots between them: \"header.telegram_code\"";
        return cx.error_at(*path_span, message);
    }
    if !value.is_ascii() || value.ends_with(' ') {
        cx.error_at(*value_span, "the value is ASCII and stands here without padding");
    }
    let (head, inner) = path.split_once('.').map_or((path.as_str(), false), |(head, _)| (head, true));
    let Some(item) = telegram.items.iter().find(|item| item.name.value == head) else {
        // The compiler looks in the flattened parts.
        if telegram.has_flattened() || telegram.broken.iter().any(|member| *member == head) {
            return;
        }
        let names: Vec<&str> = telegram.items.iter().map(|item| item.name.value.as_str()).collect();
        let hint =
            nearest(head, names.iter().copied()).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return cx.error_at(*path_span, format_args!("there is no `{head}` here{hint}"));
    };
    match (&item.what, inner) {
        (ItemKind::Part | ItemKind::Flatten, true) => {}
        (ItemKind::Choice(_), true) => {
            cx.error_at(*path_span, format_args!("the fields in the choice `{head}` have no fixed offset"))
        }
        (ItemKind::Part, false) => {
            cx.error_at(*path_span, format_args!("`{head}` is a part; name a field of it: \"{head}.…\""))
        }
        (_, true) => cx.error_at(*path_span, format_args!("`{head}` is no part, so nothing stands below it")),
        (ItemKind::Field(field), false) if item.is_distinguishing() => fits(field, value, *value_span, cx),
        (_, false) => {
            let message = format!(
                "telegrams are told apart by a field of text, digits, a code, a number, a flag or bytes, and `{head}` is none"
            );
            cx.error_at(*path_span, message);
        }
    }
}

/// Checks that the field can have the value, if tokens show its length.
fn fits(field: &Field, value: &str, at: Span, cx: &Ctxt) {
    let len = match &field.len {
        Len::Stated(len) => Some(len.value),
        Len::OfType(len) => literal(len),
    };
    let never = |what: &str| cx.error_at(at, format_args!("{what} and can never be this"));
    match &field.kind {
        Kind::Number(rule) => {
            let largest = len.map_or(u128::MAX, |len| rule.encoding.largest(len));
            let zeros = 10_u128.checked_pow(rule.zeros().into());
            let largest = zeros.and_then(|zeros| largest.checked_mul(zeros)).unwrap_or(u128::MAX);
            match units(value, rule.decimals()) {
                _ if value.is_empty() => {}
                None => cx.error_at(at, "the field is a number: write its value in digits, such as \"200\""),
                Some(units) if units < 0 && matches!(rule.sign, Sign::Unsigned) => never("the field has no sign"),
                Some(units) if units.unsigned_abs() > largest => {
                    never(&format!("the field has {}", bytes(len.unwrap_or_default())));
                }
                Some(_) => {}
            }
        }
        Kind::Flag { yes, no, .. } => {
            if !matches!(value, "true" | "false") && !yes.is_character(value) && !no.is_character(value) {
                never("the field is a flag: `true`, `false` or one of its characters,");
            }
        }
        Kind::Bytes => {
            let given = hex(value).collect::<Option<Vec<u8>>>();
            if given.is_none_or(|given| len.is_some_and(|len| given.len() != len)) {
                let len = len.map_or_else(|| "bytes".to_owned(), bytes);
                never(&format!("the field has {len}, which are written as hex digits,"));
            }
        }
        Kind::Digits(digits) if !digits.encoding.is_zoned() => {
            if let Some(len) = len.filter(|len| value.len() > digits.capacity(*len)) {
                never(&format!("the field has {} digits", digits.capacity(len)));
            }
        }
        _ => {
            if let Some(len) = len.filter(|len| value.len() > *len) {
                never(&format!("the field has {}", bytes(len)));
            }
        }
    }
}
