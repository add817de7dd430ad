//! Values of conditions (level 88) as codes.

use super::entry::Usage;
use super::picture::{Picture, What};
use super::storage::Node;

/// The longest list of codes that a range becomes.
const RANGE_MAX: u64 = 100;

/// The codes of the conditions of an item, each with the name of its condition. The error is a condition whose values are no codes.
pub(super) fn conditions(node: &Node) -> Result<Vec<(String, String)>, String> {
    let Some(picture) = &node.entry.picture else { return Ok(Vec::new()) };
    let is_plain = node.usage == Usage::Display
        && matches!(picture.what, What::Text | What::Number)
        && !picture.is_signed
        && picture.scale == 0;
    // VALID VALUES 'A' 'B' beside FIRST VALUE 'A': the condition with fewer values names the code.
    let mut conditions: Vec<_> = node.conditions.iter().collect();
    conditions.sort_by_key(|condition| (condition.values.iter().any(|(_, to)| to.is_some()), condition.values.len()));
    let mut codes: Vec<(String, String)> = Vec::new();
    for condition in conditions {
        let label = condition.name.clone().unwrap_or_default();
        for (from, to) in &condition.values {
            let all = range(from, to.as_deref(), picture, node.len).filter(|_| is_plain);
            for code in all.ok_or_else(|| label.clone())? {
                if !codes.iter().any(|(known, _)| *known == code) {
                    codes.push((code, label.clone()));
                }
            }
        }
    }
    Ok(codes)
}

/// The text of a literal in quotes.
pub(super) fn literal(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|first| "'\"".contains(*first))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
}

/// The codes from one value to another.
fn range(from: &str, to: Option<&str>, picture: &Picture, len: usize) -> Option<Vec<String>> {
    let code = |text: &str| -> Option<String> {
        let upper = text.to_uppercase();
        let text = match upper.as_str() {
            "SPACE" | "SPACES" => String::new(),
            "ZERO" | "ZEROS" | "ZEROES" => "0".repeat(len),
            _ => literal(text).or_else(|| text.parse::<u64>().ok().map(|number| number.to_string()))?,
        };
        let is_number =
            picture.what == What::Number && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
        let text = if is_number { format!("{text:0>len$}") } else { text.trim_end().to_owned() };
        (text.len() <= len && text.is_ascii()).then_some(text)
    };
    let Some(to) = to else { return Some(vec![code(from)?]) };
    let [first, last] = [code(from)?, code(to)?];
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(low), Ok(high)) if first.len() == last.len() && low <= high && high - low < RANGE_MAX => {
            Some((low..=high).map(|number| format!("{number:0width$}", width = first.len())).collect())
        }
        _ => {
            let one = |text: &str| text.bytes().next().filter(|_| text.len() == 1);
            let [low, high] = [one(&first)?, one(&last)?];
            (low <= high && low.is_ascii_alphanumeric() && high.is_ascii_alphanumeric()).then(|| {
                (low..=high).filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte).to_string()).collect()
            })
        }
    }
}
