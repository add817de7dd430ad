//! Keys and strings as the canonical form writes them, and the columns that a text takes.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

/// A key: bare if it is a word, otherwise in quotes. `S-` and `01` are read more easily in quotes, although TOML has them bare, too.
pub(crate) fn key(key: &str) -> String {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let begins = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_bare = begins && !key.ends_with('-') && key.bytes().all(is_part);
    if is_bare { key.to_owned() } else { quoted(key) }
}

/// A string on one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The number of columns that a text takes: Korean characters take two.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The text with blanks behind it, up to this number of columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}
