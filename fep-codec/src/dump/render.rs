//! The lines as text in columns, which stay aligned with Korean labels.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::lines::{Line, lines};
use crate::layout::Layout;

/// The options of a dump.
#[derive(Clone, Copy, Debug, Default)]
pub struct DumpOptions {
    /// Show secret fields.
    pub reveal: bool,
    /// Colour for a terminal (ANSI).
    pub colour: bool,
}

/// The number of bytes on one line.
const BYTES_PER_ROW: usize = 16;

/// The dump of one telegram, with a line break at its end.
#[must_use]
pub fn dump(layout: &Layout, telegram: &[u8], options: DumpOptions) -> String {
    let lines = lines(layout, telegram, options.reveal);
    let rows: Vec<Vec<String>> = lines.iter().map(hex_rows).collect();
    let hex_width = rows.iter().flatten().map(|row| row.width()).max().unwrap_or(0).max("bytes".len());
    let path_width = lines.iter().map(|line| line.path.width()).max().unwrap_or(0).max("path".len());
    let label_width = lines.iter().map(|line| line.label.width()).max().unwrap_or(0).max("label".len());
    let [dim, red, reset] = if options.colour { ["\x1b[2m", "\x1b[31m", "\x1b[0m"] } else { [""; 3] };

    let mut text = String::new();
    let label = if layout.label.is_empty() { String::new() } else { format!(" {}", layout.label) };
    let _ = writeln!(text, "{}{label}, {} bytes", layout.name, telegram.len());
    let _ = writeln!(
        text,
        "{dim}offset   len  {}  {}  {}  value{reset}",
        filled("bytes", hex_width),
        filled("path", path_width),
        filled("label", label_width)
    );
    for (line, rows) in lines.iter().zip(rows) {
        let mut rows = rows.iter();
        let first = rows.next().map(String::as_str).unwrap_or_default();
        let (value, colour) = match &line.value {
            Ok(value) => (printable(value), ""),
            Err(why) => (format!("! {}", printable(why)), red),
        };
        let row = format!(
            "{dim}{:>6} {:>5}{reset}  {}  {}  {}  {colour}{value}",
            line.offset,
            line.len,
            filled(first, hex_width),
            filled(&line.path, path_width),
            filled(&line.label, label_width),
        );
        let _ = writeln!(text, "{}{}", row.trim_end(), if colour.is_empty() { "" } else { reset });
        for more in rows {
            let _ = writeln!(text, "              {more}");
        }
    }
    text
}

/// The bytes as rows of hex. More bytes than a row that are all equal take one row: `20 × 89`.
fn hex_rows(line: &Line) -> Vec<String> {
    let Some(bytes) = &line.bytes else { return vec![format!("** × {}", line.len)] };
    match bytes.as_slice() {
        [first, rest @ ..] if bytes.len() > BYTES_PER_ROW && rest.iter().all(|byte| byte == first) => {
            vec![format!("{first:02x} × {}", bytes.len())]
        }
        bytes => bytes
            .chunks(BYTES_PER_ROW)
            .map(|row| row.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "))
            .collect(),
    }
}

fn filled(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Shows the control characters of a telegram as symbols, because they must not reach the terminal: `␊` for a line feed, `<85>` for a
/// control character that has no symbol. U+FFFD would say that a character was lost.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character) {
            code @ 0..0x20 => shown.push(char::from_u32(0x2400 + code).unwrap_or(character)),
            0x7F => shown.push('␡'),
            code if character.is_control() => {
                let _ = write!(shown, "<{code:02x}>");
            }
            _ => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_character_is_seen_and_is_not_a_replacement_character() {
        assert_eq!(printable("a\0\x1b[2J\n\r\x7f\u{85}\u{9f}가\u{FFFD}"), "a␀␛[2J␊␍␡<85><9f>가\u{FFFD}");
    }
}
