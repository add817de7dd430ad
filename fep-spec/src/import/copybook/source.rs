//! The tokens of a copybook with those that it copies: COPY and REPLACING.

use super::line::lines;
use super::token::{Token, tokens};
use super::{CopybookError, Reader};
use crate::import::{Doubt, Origin, Severity, doubt};

/// The largest copybook, in bytes, with everything that it copies.
const SOURCE_MAX: usize = 4 << 20;

/// The most words of a copybook, with everything that it copies.
const TOKENS_MAX: usize = 1 << 20;

/// The longest word that a replacement makes, in bytes.
const WORD_MAX: usize = 4096;

/// How deep copybooks may copy others.
const COPY_DEPTH_MAX: usize = 16;

/// The tokens of a copybook and of those that it copies.
pub(super) fn read(bytes: &[u8], load: Reader<'_>, doubts: &mut Vec<Doubt>) -> Result<Vec<Token>, CopybookError> {
    let mut left = SOURCE_MAX;
    let tokens = expand(bytes, load, &mut Vec::new(), None, &mut left, doubts)?;
    Ok(data_division(tokens))
}

/// Of a whole program, the data division. A copybook has none, and is taken whole.
fn data_division(mut tokens: Vec<Token>) -> Vec<Token> {
    let starts = |tokens: &[Token], name: &str| {
        tokens.windows(2).position(|pair| matches!(pair, [one, two] if one.is(name) && two.is("DIVISION")))
    };
    if let Some(end) = starts(&tokens, "PROCEDURE") {
        tokens.truncate(end);
    }
    match starts(&tokens, "DATA") {
        Some(start) => tokens.split_off(start),
        None => tokens,
    }
}

fn expand(
    bytes: &[u8],
    load: Reader<'_>,
    open: &mut Vec<String>,
    copied_at: Option<usize>,
    left: &mut usize,
    doubts: &mut Vec<Doubt>,
) -> Result<Vec<Token>, CopybookError> {
    *left = left.checked_sub(bytes.len()).ok_or(CopybookError::TooLarge(SOURCE_MAX))?;
    let before = doubts.len();
    let text = decoded(bytes, doubts)?;
    let mut read = tokens(&lines(&text, doubts));
    if let Some(line) = copied_at {
        // A place in another file is the line that copies it.
        read.iter_mut().for_each(|token| token.line = line);
        let line = Origin { line: Some(line), ..Origin::default() };
        doubts.iter_mut().skip(before).for_each(|doubt| doubt.origin = line.clone());
    }
    let mut expanded = Vec::new();
    let mut rest = read.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        let is_include = token.is("EXEC") && ["SQL", "INCLUDE"].iter().zip(behind).all(|(word, own)| own.is(word));
        if !token.is("COPY") && !is_include {
            expanded.push(token.clone());
            rest = behind;
            continue;
        }
        let end = behind.iter().position(|token| token.is_end() || token.is("END-EXEC")).unwrap_or(behind.len());
        let statement = behind.get(if is_include { 2 } else { 0 }..end).unwrap_or_default();
        rest = behind.get(end + 1..).unwrap_or_default();
        if is_include && rest.first().is_some_and(Token::is_end) {
            rest = rest.get(1..).unwrap_or_default();
        }
        let name = statement.first().map(|name| name.text.trim_matches(['\'', '"']).to_owned()).unwrap_or_default();
        let mut refuse = |message: String, hint: &str| doubts.push(doubt("copy", token.line, message, hint));
        if open.contains(&name) || open.len() >= COPY_DEPTH_MAX {
            refuse(
                format!("COPY {name} copies itself: {} → {name}", open.join(" → ")),
                "take one of the COPY statements out",
            );
            continue;
        }
        let Some(bytes) = load(&name) else {
            refuse(
                format!("there is no copybook {name}"),
                "put it beside the file, as NAME, NAME.cpy, NAME.cbl or NAME.cob",
            );
            continue;
        };
        open.push(name);
        let line = copied_at.unwrap_or(token.line);
        let copied = expand(&bytes, load, open, Some(line), left, doubts)?;
        open.pop();
        expanded.extend(replaced(copied, &replacements(statement)));
        if expanded.len() > TOKENS_MAX {
            return Err(CopybookError::TooMany(TOKENS_MAX));
        }
    }
    Ok(expanded)
}

/// What REPLACING replaces.
struct Replacement {
    /// Whole words, or the start or the end of a word.
    place: Place,
    from: Vec<Token>,
    to: Vec<Token>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Whole,
    Leading,
    Trailing,
}

/// The pairs of `REPLACING ==A== BY ==B==`, of words, and of `LEADING ==A== BY ==B==`.
fn replacements(statement: &[Token]) -> Vec<Replacement> {
    let Some(start) = statement.iter().position(|token| token.is("REPLACING")) else { return Vec::new() };
    let mut rest = statement.get(start + 1..).unwrap_or_default();
    let mut found = Vec::new();
    while let Some(by) = rest.iter().position(|token| token.is("BY")) {
        let place = match rest.first() {
            Some(first) if first.is("LEADING") => Place::Leading,
            Some(first) if first.is("TRAILING") => Place::Trailing,
            _ => Place::Whole,
        };
        let from = pseudo(rest.get(usize::from(place != Place::Whole)..by).unwrap_or_default());
        let behind = rest.get(by + 1..).unwrap_or_default();
        let len = match behind.first() {
            Some(first) if first.text == "==" => {
                behind.iter().skip(1).position(|token| token.text == "==").map_or(behind.len(), |at| at + 2)
            }
            _ => 1.min(behind.len()),
        };
        let (to, next) = behind.split_at(len);
        if from.is_empty() {
            break;
        }
        found.push(Replacement { place, from, to: pseudo(to) });
        rest = next;
    }
    found
}

/// Tokens without the marks of pseudo-text.
fn pseudo(tokens: &[Token]) -> Vec<Token> {
    tokens.iter().filter(|token| token.text != "==").cloned().collect()
}

/// Replaces sequences of tokens, starts and ends of words, and parts of words between `:` or `(` `)` as `:TAG:`.
fn replaced(tokens: Vec<Token>, pairs: &[Replacement]) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        if out.len() > TOKENS_MAX {
            break;
        }
        let matches = |pair: &&Replacement| {
            pair.place == Place::Whole
                && pair.from.len() <= rest.len()
                && pair.from.iter().zip(rest).all(|(one, other)| one.text.eq_ignore_ascii_case(&other.text))
        };
        if let Some(pair) = pairs.iter().find(matches) {
            out.extend(pair.to.iter().map(|new| Token { line: token.line, ..new.clone() }));
            rest = rest.get(pair.from.len()..).unwrap_or_default();
            continue;
        }
        out.push(Token { line: token.line, text: pairs.iter().fold(token.text.clone(), within) });
        rest = behind;
    }
    out
}

/// A word in which a part is replaced. It stays a word: its length has a limit.
fn within(word: String, pair: &Replacement) -> String {
    let [part] = pair.from.as_slice() else { return word };
    let part = part.text.as_str();
    let new = pair.to.iter().map(|one| one.text.as_str()).collect::<String>();
    let is_same = |text: Option<&str>| text.is_some_and(|text| text.eq_ignore_ascii_case(part));
    let made = match pair.place {
        Place::Leading if is_same(word.get(..part.len())) => {
            format!("{new}{}", word.get(part.len()..).unwrap_or_default())
        }
        Place::Trailing if is_same(word.len().checked_sub(part.len()).and_then(|at| word.get(at..))) => {
            format!("{}{new}", word.get(..word.len() - part.len()).unwrap_or_default())
        }
        Place::Whole if part.starts_with([':', '(', '\'']) && word.contains(part) => word.replace(part, &new),
        _ => return word,
    };
    if made.len() <= WORD_MAX { made } else { word }
}

/// The text of a file. Each line is UTF-8, or CP949: a record of 80 bytes may end within a Korean character, and a comment that is damaged
/// harms nothing.
fn decoded(bytes: &[u8], doubts: &mut Vec<Doubt>) -> Result<String, CopybookError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut text = String::with_capacity(bytes.len());
    let mut damaged = 0;
    let mut count = 0;
    // DOS ends a file with 1A.
    for (number, line) in (1..).zip(without_end(bytes).split(|byte| *byte == b'\n')) {
        count = number;
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => {
                let (line, _, is_damaged) = encoding_rs::EUC_KR.decode(line);
                if is_damaged {
                    damaged += 1;
                    let message = "the line has bytes that are neither UTF-8 nor CP949".to_owned();
                    let severity = Severity::Warning;
                    doubts.push(Doubt {
                        severity,
                        ..doubt("text", number, message, "a Korean character may be cut off")
                    });
                }
                text.push_str(&line);
            }
        }
        text.push('\n');
    }
    if damaged * 2 > count { Err(CopybookError::NoText) } else { Ok(text) }
}

/// Without the byte 1A that DOS puts at the end of a file.
fn without_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii_end();
    bytes.strip_suffix(b"\x1A").unwrap_or(bytes)
}
