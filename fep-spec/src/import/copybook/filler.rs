//! Items without a name: reserved bytes, and constant bytes where the copybook has a value.

use super::codes::literal;
use super::entry::Usage;
use super::picture::What;
use super::storage::Node;
use crate::draft::{DraftItem, Entry, Value};

/// The bytes of an item without a name.
enum Content {
    /// Each byte is this one.
    Pad(Value),
    /// Constant characters.
    Text(String),
    /// Constant bytes, in hexadecimal digits.
    Hex(String),
    /// Blanks.
    Blank,
    /// A value that a spec cannot have here.
    Other,
}

/// The longest constant, in bytes.
const CONSTANT_MAX: usize = 4096;

/// An item without a name: constant bytes if it has a text or digits as its value, otherwise reserved bytes, filled as the value says.
/// The flag says that its value is lost.
pub(super) fn filler(node: &Node, at: Option<usize>, value: Option<&str>, is_ebcdic: bool) -> (DraftItem, bool) {
    let content = value.map_or(Content::Blank, |value| content(node, value, is_ebcdic));
    let is_lost = matches!(content, Content::Other);
    let reserved = || DraftItem::new([Entry::new("filler", node.all().max(1))]);
    let mut item = match content {
        Content::Text(text) => DraftItem::new([Entry::new("literal", text)]),
        Content::Hex(digits) => DraftItem::new([Entry::new("hex", digits)]),
        Content::Pad(pad) => {
            let mut item = reserved();
            item.entries.push(Entry::new("pad", pad));
            item
        }
        Content::Blank | Content::Other => reserved(),
    };
    item.line = Some(node.entry.line);
    if item.get("filler").is_some() {
        item.entries.push(Entry::new("any", true));
    }
    item.entries.extend(at.map(|at| Entry::new("at", at)));
    (item, is_lost)
}

fn content(node: &Node, value: &str, is_ebcdic: bool) -> Content {
    let upper = value.to_uppercase();
    let is_display = node.usage == Usage::Display;
    let is_zero = ["ZERO", "ZEROS", "ZEROES"].contains(&upper.as_str()) || value.parse::<f64>() == Ok(0.0);
    let is_signed = node.entry.picture.as_ref().is_some_and(|picture| picture.is_signed);
    match upper.as_str() {
        "SPACE" | "SPACES" => return Content::Blank,
        _ if literal(value).is_some_and(|text| text.trim().is_empty()) => return Content::Blank,
        "LOW-VALUE" | "LOW-VALUES" => return Content::Pad(Value::Number(0)),
        "HIGH-VALUE" | "HIGH-VALUES" => return Content::Pad(Value::Number(255)),
        _ if is_zero && is_display && !is_signed && !upper.contains(|digit: char| digit.is_ascii_digit()) => {
            return Content::Pad(Value::from("0"));
        }
        _ if is_zero && matches!(node.usage, Usage::Binary | Usage::Native) => return Content::Pad(Value::Number(0)),
        _ => {}
    }
    if let Some(all) = upper.strip_prefix("ALL ").and_then(|_| literal(value.get(4..)?)) {
        return match all.len() {
            1 if all == " " => Content::Blank,
            1 if all.is_ascii() && is_display => Content::Pad(Value::from(all.as_str())),
            _ => Content::Other,
        };
    }
    if let Some(digits) = hex(node, &upper, is_ebcdic) {
        return Content::Hex(digits);
    }
    constant(node, value).map_or(Content::Other, Content::Text)
}

/// The bytes of `X'0D0A'`, with the blanks behind them, in hexadecimal digits.
fn hex(node: &Node, value: &str, is_ebcdic: bool) -> Option<String> {
    let digits = literal(value.strip_prefix('X')?)?;
    let is_whole = digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_text = node.entry.picture.as_ref().is_some_and(|picture| picture.what == What::Text);
    let blank = if is_ebcdic { "40" } else { "20" };
    let blanks = node.len.min(CONSTANT_MAX).checked_sub(digits.len() / 2)?;
    let is_one = node.entry.occurs.is_none() && node.len <= CONSTANT_MAX && !digits.is_empty();
    (is_whole && is_text && is_one).then(|| format!("{digits}{}", blank.repeat(blanks)))
}

/// The constant characters of an item: a text with the blanks behind it, or digits with the zeros before them.
fn constant(node: &Node, value: &str) -> Option<String> {
    let picture =
        node.entry.picture.as_ref().filter(|_| node.usage == Usage::Display && node.entry.occurs.is_none())?;
    let len = node.len;
    let text = match picture.what {
        What::Text => format!("{:<len$}", literal(value)?),
        What::Number if !picture.is_signed && picture.scale == 0 => format!("{:0>len$}", value.parse::<u64>().ok()?),
        _ => return None,
    };
    (text.len() == len && text.is_ascii() && !text.trim().is_empty()).then_some(text)
}
