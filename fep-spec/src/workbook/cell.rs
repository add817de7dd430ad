//! What a cell can hold: which texts come back from a workbook as they were written, and what is shown for the others.

use super::words::{SHORTENED, said};
use crate::pages::Lang;

/// The maximum length of a cell's text in UTF-16 units. Spreadsheet programs hold 32,767.
pub(super) const TEXT_MAX: usize = 32_000;

/// Whether a text comes back from a cell as it is. Blanks at its ends would be lost, control characters and their escapes would change.
pub(super) fn survives(text: &str) -> bool {
    text == text.trim() && fits(text) && text.chars().all(is_plain) && !has_escape(text)
}

/// The text that a cell shows: the text itself, or its nearest form that a cell can hold.
pub(super) fn shown(text: &str, lang: Lang) -> String {
    let plain: String = text.chars().map(|one| if is_plain(one) { one } else { ' ' }).collect();
    let plain = if has_escape(&plain) { plain.replace("_x", "_ x") } else { plain };
    let plain = plain.trim();
    if fits(plain) {
        return plain.to_owned();
    }
    let more = said(SHORTENED, lang);
    let mut left = TEXT_MAX.saturating_sub(more.encode_utf16().count());
    let kept: String = plain
        .chars()
        .take_while(|one| {
            let len = one.len_utf16();
            let has_room = len <= left;
            left = left.saturating_sub(len);
            has_room
        })
        .collect();
    kept.trim_end().to_owned() + more
}

/// A long text in pieces that cells can hold. There is at least one.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut left = TEXT_MAX;
    for one in text.chars() {
        let len = one.len_utf16();
        if len > left {
            pieces.push(String::new());
            left = TEXT_MAX;
        }
        left = left.saturating_sub(len);
        if let Some(piece) = pieces.last_mut() {
            piece.push(one);
        }
    }
    pieces
}

fn fits(text: &str) -> bool {
    text.len() <= TEXT_MAX || text.encode_utf16().count() <= TEXT_MAX
}

/// Whether XML holds the character as it is. A line feed breaks the line in a cell.
fn is_plain(one: char) -> bool {
    one == '\n' || !(one.is_control() || matches!(one, '\u{FFFE}' | '\u{FFFF}' | '\u{FEFF}'))
}

/// `_x000D_` in a workbook stands for a control character.
fn has_escape(text: &str) -> bool {
    text.match_indices("_x").any(|(at, _)| {
        let digits = text.get(at + 2..).unwrap_or_default().bytes().take_while(u8::is_ascii_hexdigit).count();
        digits >= 4
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_would_change_is_told() {
        for text in ["이체", "=SUM(A1)", "a\nb", "", "@x", "_x", "00120"] {
            assert!(survives(text), "{text:?}");
            assert_eq!(shown(text, Lang::Ko), text);
        }
        let long = "가".repeat(TEXT_MAX + 1);
        for text in [" a", "a\u{3000}", "a\tb", "a\rb", "_x000D_", &long] {
            assert!(!survives(text), "{text:?}");
            assert!(survives(&shown(text, Lang::En)), "{text:?}");
        }
        assert_eq!(pieces(&long).concat(), long);
        assert_eq!(pieces("").len(), 1);
    }
}
