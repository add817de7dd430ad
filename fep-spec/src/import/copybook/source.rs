//! The tokens of a copybook with those that it copies: COPY and REPLACING.

use super::line::lines;
use super::token::{Token, tokens};
use super::{CopybookError, Reader};
use crate::import::{Doubt, Origin, Severity};

/// The largest copybook, in bytes, with everything that it copies.
const SOURCE_MAX: usize = 4 << 20;

/// How deep copybooks may copy others.
const COPY_DEPTH_MAX: usize = 16;

/// The tokens of a copybook and of those that it copies.
pub(super) fn read(bytes: &[u8], load: Reader<'_>, doubts: &mut Vec<Doubt>) -> Result<Vec<Token>, CopybookError> {
    let mut left = SOURCE_MAX;
    expand(bytes, load, &mut Vec::new(), None, &mut left, doubts)
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
    let text = decoded(bytes)?;
    let mut read = tokens(&lines(&text));
    if let Some(line) = copied_at {
        // A place in another file is the line that copies it.
        read.iter_mut().for_each(|token| token.line = line);
    }
    let mut expanded = Vec::new();
    let mut rest = read.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        if !token.is("COPY") {
            expanded.push(token.clone());
            rest = behind;
            continue;
        }
        let end = behind.iter().position(Token::is_end).unwrap_or(behind.len());
        let statement = behind.get(..end).unwrap_or_default();
        rest = behind.get(end + 1..).unwrap_or_default();
        let name = statement.first().map(|name| name.text.trim_matches(['\'', '"']).to_owned()).unwrap_or_default();
        let mut refuse = |message: String, hint: &str| doubts.push(doubt(token.line, message, hint));
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
    }
    Ok(expanded)
}

fn doubt(line: usize, message: String, hint: &str) -> Doubt {
    let origin = Origin { line: Some(line), ..Origin::default() };
    Doubt { code: "copy", severity: Severity::Error, origin, message, hint: Some(hint.to_owned()) }
}

/// The pairs of `REPLACING ==A== BY ==B==`, and of words.
fn replacements(statement: &[Token]) -> Vec<(Vec<Token>, Vec<Token>)> {
    let Some(start) = statement.iter().position(|token| token.is("REPLACING")) else { return Vec::new() };
    let mut rest = statement.get(start + 1..).unwrap_or_default();
    let mut pairs = Vec::new();
    while let Some(by) = rest.iter().position(|token| token.is("BY")) {
        let from = pseudo(rest.get(..by).unwrap_or_default());
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
        pairs.push((from, pseudo(to)));
        rest = next;
    }
    pairs
}

/// Tokens without the marks of pseudo-text, and without words such as LEADING.
fn pseudo(tokens: &[Token]) -> Vec<Token> {
    tokens.iter().filter(|token| token.text != "==").cloned().collect()
}

/// Replaces sequences of tokens, and parts of words between `:` or `(` `)` as `:TAG:`.
fn replaced(tokens: Vec<Token>, pairs: &[(Vec<Token>, Vec<Token>)]) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        let matches = |from: &[Token]| {
            from.len() <= rest.len()
                && from.iter().zip(rest).all(|(one, other)| one.text.eq_ignore_ascii_case(&other.text))
        };
        if let Some((from, to)) = pairs.iter().find(|(from, _)| matches(from)) {
            out.extend(to.iter().map(|new| Token { line: token.line, ..new.clone() }));
            rest = rest.get(from.len()..).unwrap_or_default();
            continue;
        }
        let mut token = token.clone();
        for (from, to) in pairs {
            if let ([part], new) = (from.as_slice(), to.iter().map(|one| one.text.as_str()).collect::<String>())
                && part.text.starts_with([':', '(', '\''])
                && token.text.contains(part.text.as_str())
            {
                token.text = token.text.replace(part.text.as_str(), &new);
            }
        }
        out.push(token);
        rest = behind;
    }
    out
}

fn decoded(bytes: &[u8]) -> Result<String, CopybookError> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.trim_start_matches('\u{FEFF}').to_owned());
    }
    let (text, _, is_damaged) = encoding_rs::EUC_KR.decode(bytes);
    if is_damaged { Err(CopybookError::NoText) } else { Ok(text.into_owned()) }
}
