//! Money as whole numbers of the smallest unit, from fields and into fields. No floating point.

use fep_codec::layout::Kind;
use fep_codec::{Layout, Record};
use serde_json::Value as Json;

/// The amount in the field at this path, in the smallest unit. The digits of a text are such units. `None` if it is not an amount.
pub(in crate::simulate) fn read(layout: &Layout, path: &str, json: &Json, decimals: u8) -> Option<i64> {
    match Record::new(layout).field(path).map(|(field, _)| &field.kind) {
        Some(Kind::Digits(_) | Kind::Text(_)) => amount(json, 0),
        _ => amount(json, decimals),
    }
}

fn amount(json: &Json, decimals: u8) -> Option<i64> {
    match json {
        Json::Number(number) => number.as_i64()?.checked_mul(10_i64.checked_pow(u32::from(decimals))?),
        Json::String(text) => from_text(text.trim(), decimals),
        _ => None,
    }
}

/// `12.05` with two decimals is 1205. More decimals than there are must be zeros.
fn from_text(text: &str, decimals: u8) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::from(decimals).checked_sub(fraction.len())?;
    if !is_number {
        return None;
    }
    format!("{sign}{whole}{fraction}{}", "0".repeat(missing)).parse().ok()
}

/// An amount as the field at this path takes it: a decimal number, or digits.
pub(in crate::simulate) fn write(layout: &Layout, path: &str, amount: i64, decimals: u8) -> Json {
    match Record::new(layout).field(path).map(|(field, _)| (&field.kind, field.len)) {
        Some((Kind::Digits(rule), len)) if rule.exact => Json::from(format!("{amount:0len$}")),
        Some((Kind::Digits(_) | Kind::Text(_), _)) => Json::from(amount.to_string()),
        _ => Json::from(to_text(amount, decimals)),
    }
}

fn to_text(amount: i64, decimals: u8) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let decimals = usize::from(decimals);
    let digits = format!("{:0width$}", amount.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len().saturating_sub(decimals)).unwrap_or((&digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        for (text, decimals, expected) in [
            ("0", 0, Some(0)),
            ("000123", 0, Some(123)),
            ("-7", 0, Some(-7)),
            ("12.05", 2, Some(1205)),
            ("12.5", 2, Some(1250)),
            ("12", 2, Some(1200)),
            ("12.050", 2, Some(1205)),
            ("-0.01", 2, Some(-1)),
            ("12.05", 1, None),
            ("", 0, None),
            (".5", 1, None),
            ("1e3", 0, None),
            ("+1", 0, None),
            ("1-", 0, None),
            ("٣", 0, None),
            ("9223372036854775807", 0, Some(i64::MAX)),
            ("9223372036854775808", 0, None),
            ("92233720368547758.08", 2, None),
        ] {
            assert_eq!(amount(&json!(text), decimals), expected, "{text} {decimals}");
        }
        assert_eq!(amount(&json!(12), 2), Some(1200));
        assert_eq!(amount(&json!(i64::MAX), 2), None);
        assert_eq!(amount(&json!(1.5), 2), None);
        assert_eq!(amount(&json!(null), 0), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for decimals in [0, 1, 2, 9] {
            for units in [0, 1, -1, 10, 99, 100, 1205, -1250, 123_456_789_012, i64::MAX, i64::MIN] {
                assert_eq!(amount(&json!(to_text(units, decimals)), decimals), Some(units), "{units} {decimals}");
            }
        }
        assert_eq!((&*to_text(1250, 2), &*to_text(-5, 2), &*to_text(1200, 2)), ("12.5", "-0.05", "12"));
    }
}
