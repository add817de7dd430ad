//! The tokens of a copybook with those that it copies.

use super::directive::directive;
use super::line::lines;
use super::replace::{Replacement, by_statements, replace, replacements};
use super::token::{Token, tokens};
use super::{CopybookError, Reader};
use crate::import::{Doubt, Origin, Severity, doubt};

/// The largest copybook, in bytes, with everything that it copies.
const SOURCE_MAX: usize = 4 << 20;

/// How deep copybooks may copy others.
const COPY_DEPTH_MAX: usize = 16;

/// The tokens of a copybook and of those that it copies.
pub(super) fn read(bytes: &[u8], load: Reader<'_>, doubts: &mut Vec<Doubt>) -> Result<Vec<Token>, CopybookError> {
    let mut left = SOURCE_MAX;
    let tokens = expand(bytes, load, &mut Vec::new(), None, &mut left, doubts)?;
    Ok(data_division(by_statements(tokens)?))
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
    let last_exec = read.iter().rposition(|token| token.is("END-EXEC"));
    let mut expanded = Vec::new();
    let mut rest = read.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        let is_include = token.is("EXEC") && ["SQL", "INCLUDE"].iter().zip(behind).all(|(word, own)| own.is(word));
        if !token.is("COPY") && !token.is("++INCLUDE") && !is_include {
            let is_start = expanded.last().is_none_or(Token::is_end);
            // Without this, each EXEC of a damaged file would look for its end up to the end of the file.
            let may_end = last_exec.is_some_and(|last| read.len() - rest.len() < last);
            let skipped = directive(rest, is_start, may_end);
            expanded.extend(skipped.is_none().then(|| token.clone()));
            rest = rest.get(skipped.unwrap_or(1)..).unwrap_or_default();
            continue;
        }
        let statement = behind.get(if is_include { 2 } else { 0 }..).unwrap_or_default();
        let name = statement.first().map(|name| name.text.trim_matches(['\'', '"']).to_owned()).unwrap_or_default();
        let (pairs, after) = clauses_of_copy(statement.get(1..).unwrap_or_default());
        rest = end_of_copy(rest, after, is_include, doubts);
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
        replace(copied, &[pairs], &mut expanded)?;
    }
    Ok(expanded)
}

/// What COPY replaces, and the tokens behind it: `OF LIBRARY`, `SUPPRESS`, `REPLACING …`.
fn clauses_of_copy(mut rest: &[Token]) -> (Vec<Replacement>, &[Token]) {
    let says =
        |rest: &[Token], words: &[&str]| rest.first().is_some_and(|first| words.iter().any(|word| first.is(word)));
    if says(rest, &["OF", "IN"]) {
        rest = rest.get(2..).unwrap_or_default();
    }
    if says(rest, &["SUPPRESS"]) {
        rest = rest.get(1..).unwrap_or_default();
    }
    match rest.split_first() {
        Some((first, pairs)) if first.is("REPLACING") => replacements(pairs),
        _ => (Vec::new(), rest),
    }
}

/// The tokens behind a COPY and its period. A lost period is named: what stands behind it is kept.
fn end_of_copy<'t>(copy: &'t [Token], after: &'t [Token], is_include: bool, doubts: &mut Vec<Doubt>) -> &'t [Token] {
    let after = match after.split_first() {
        Some((first, behind)) if is_include && first.is("END-EXEC") => {
            return if behind.first().is_some_and(Token::is_end) {
                behind.get(1..).unwrap_or_default()
            } else {
                behind
            };
        }
        Some((first, behind)) if first.is_end() => return behind,
        _ => after,
    };
    let own = copy.get(..copy.len() - after.len()).unwrap_or_default();
    let line = own.last().map_or(1, |last| last.line);
    if own.iter().any(|token| token.is("REPLACING")) && after.iter().take(20).any(|token| token.is("BY")) {
        let message = "REPLACING is not a list of pairs A BY B: what stands here is not replaced".to_owned();
        doubts.push(doubt("copy", line, message, "write REPLACING ==A== BY ==B== ==C== BY ==D=="));
        let end = after.iter().position(Token::is_end).map_or(after.len(), |end| end + 1);
        return after.get(end..).unwrap_or_default();
    }
    let message = "a period is missing at the end of this line".to_owned();
    doubts.push(doubt("period", line, message, "end each COPY with a period"));
    after
}

/// The text of a file. Each line is UTF-8, or CP949: a record of 80 bytes may end within a Korean character, and a comment that is damaged
/// harms nothing.
fn decoded(bytes: &[u8], doubts: &mut Vec<Doubt>) -> Result<String, CopybookError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut text = String::with_capacity(bytes.len());
    let mut damaged = 0;
    let mut count = 0;
    // DOS ends a file with 1A.
    for (number, line) in (1..).zip(split(without_end(bytes))) {
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

/// The length of a record of cards.
const CARD: usize = 80;

/// The lines: each ends with LF, or each with CR, or each has 80 bytes and no end.
fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let has = |byte: u8| bytes.contains(&byte);
    match () {
        () if has(b'\n') => bytes.split(|byte| *byte == b'\n').collect(),
        () if has(b'\r') => bytes.split(|byte| *byte == b'\r').collect(),
        () if bytes.len() > CARD && bytes.chunks(CARD).all(is_card) => bytes.chunks(CARD).collect(),
        () => vec![bytes],
    }
}

/// Whether a record begins with a sequence number, or with its blanks, and with an indicator.
fn is_card(card: &[u8]) -> bool {
    let sequence = card.get(..6).unwrap_or_default();
    let is_sequence = |of: fn(&u8) -> bool| sequence.len() == 6 && sequence.iter().all(of);
    (is_sequence(u8::is_ascii_digit) || is_sequence(|byte| *byte == b' '))
        && card.get(6).is_some_and(|byte| b" *-/".contains(byte))
}

/// Without the byte 1A that DOS puts at the end of a file.
fn without_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii_end();
    bytes.strip_suffix(b"\x1A").unwrap_or(bytes)
}
