//! Words, literals and periods.

use super::line::Line;

/// A word, a literal with its quotes, or a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

impl Token {
    /// Whether it is this word, in any case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it ends an entry.
    pub(super) fn is_end(&self) -> bool {
        self.text == "."
    }
}

/// The tokens of some lines.
pub(super) fn tokens(lines: &[Line]) -> Vec<Token> {
    lines.iter().flat_map(of_line).collect()
}

fn of_line(line: &Line) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = line.text.trim();
    let mut add = |text: &str| found.push(Token { text: text.to_owned(), line: line.number });
    while let Some(first) = rest.chars().next() {
        let len = match first {
            _ if first.is_whitespace() || first == ',' || first == ';' => {
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                continue;
            }
            '=' if rest.starts_with("==") => 2,
            '\'' | '"' => literal(rest, first),
            'X' | 'x' | 'N' | 'n' | 'G' | 'g' | 'Z' | 'z'
                if rest.get(1..2).is_some_and(|next| next == "'" || next == "\"") =>
            {
                let quote = if rest.get(1..2) == Some("'") { '\'' } else { '"' };
                1 + literal(rest.get(1..).unwrap_or_default(), quote)
            }
            '.' if rest.len() == 1 || rest.get(1..2).is_some_and(|next| next.trim().is_empty()) => 1,
            _ => word(rest),
        };
        add(rest.get(..len).unwrap_or_default());
        rest = rest.get(len..).unwrap_or_default();
    }
    found
}

/// The length of a literal with its quotes. A quote within is doubled.
fn literal(text: &str, quote: char) -> usize {
    let mut at = quote.len_utf8();
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(quote)) {
        at += found + quote.len_utf8();
        if text.get(at..).is_some_and(|rest| rest.starts_with(quote)) {
            at += quote.len_utf8();
        } else {
            return at;
        }
    }
    text.len()
}

/// The length of a word. A period at its end ends the entry, one within it belongs to a picture or a number, and so does a comma.
fn word(text: &str) -> usize {
    let ends = |(at, character): (usize, char)| {
        let behind = || text.get(at + character.len_utf8()..).unwrap_or_default();
        let is_last = |rest: &str| rest.is_empty() || rest.starts_with(char::is_whitespace);
        match character {
            _ if character.is_whitespace() => Some(at),
            '.' | ',' | ';' if at > 0 && is_last(behind()) => Some(at),
            '=' if at > 0 && text.get(at..).is_some_and(|rest| rest.starts_with("==")) => Some(at),
            '\'' | '"' if at > 0 => Some(at),
            _ => None,
        }
    };
    text.char_indices().find_map(ends).unwrap_or(text.len()).max(text.chars().next().map_or(1, char::len_utf8))
}
