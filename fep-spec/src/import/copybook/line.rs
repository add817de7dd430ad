//! The lines of a copybook: fixed and free format, comments, continuation.

use crate::import::{Doubt, doubt};

/// The columns of fixed format: the indicator, and the end of the text, from 0.
const INDICATOR: usize = 6;
const END: usize = 72;

/// The text of one line, with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
}

/// The lines without comments, sequence numbers and what stands behind column 72. A literal that goes on in the next line is joined.
/// Text in the wrong columns is named, and read where it stands.
pub(super) fn lines(text: &str, doubts: &mut Vec<Doubt>) -> Vec<Line> {
    let expanded: Vec<String> = text.lines().map(without_tabs).collect();
    let is_free = is_free(&expanded);
    let mut lines: Vec<Line> = Vec::new();
    for (number, line) in (1..).zip(&expanded) {
        if let Some(directive) = choice(line) {
            let message = format!("`{directive}` chooses lines when a program is compiled: all branches were read");
            doubts.push(doubt("entry", number, message, "leave only the lines of your program"));
        }
        if is_free {
            let text = without_comment(line);
            if !text.trim_start().starts_with(">>") && !text.trim_start().starts_with('*') {
                lines.push(Line { number, text });
            }
            continue;
        }
        let (indicator, body) = fixed(line);
        match indicator {
            '*' | '/' | '$' => continue,
            // A debugging line, and no word such as DEPENDING that begins in column 7.
            'D' | 'd' if !body.starts_with(|first: char| first.is_alphabetic()) => continue,
            '-' => match lines.last_mut() {
                Some(before) => {
                    join(&mut before.text, &body);
                    before.text = without_comment(&before.text);
                }
                None => lines.push(Line { number, text: body }),
            },
            ' ' if body.trim().is_empty() || body.trim_start().starts_with(">>") => {}
            _ => match too_far_left(line) {
                Some(column) => {
                    let message = format!("the level stands in column {column}, and fixed format begins in column 8");
                    doubts.push(doubt("columns", number, message, "move the line so that it begins in column 8"));
                    lines.push(Line {
                        number,
                        text: without_comment(line.get(..byte_of(line, END)).unwrap_or(line).trim_start()),
                    });
                }
                None if indicator != ' ' => {
                    let message =
                        format!("column 7 has `{indicator}`: fixed format keeps it for `*`, `/`, `-` and `D`");
                    doubts.push(doubt("columns", number, message, "text begins in column 8"));
                    lines.push(Line {
                        number,
                        text: without_comment(&if begins_with_level(&body) {
                            body
                        } else {
                            format!("{indicator}{body}")
                        }),
                    });
                }
                None => lines.push(Line { number, text: without_comment(&body) }),
            },
        }
        if is_cut(line) {
            let message = "the text goes on behind column 72, where fixed format ends".to_owned();
            doubts.push(doubt("columns", number, message, "break the line before column 73"));
        }
    }
    lines
}

/// A directive that begins a choice of lines, at the first column or behind the sequence number.
fn choice(line: &str) -> Option<&'static str> {
    let texts = [line, line.get(INDICATOR..).unwrap_or_default()].map(|text| text.trim_start().to_uppercase());
    let begins = |word: &&str| {
        texts.iter().filter_map(|text| text.strip_prefix(*word)).any(|rest| rest.starts_with(char::is_whitespace))
    };
    [">>IF", ">>EVALUATE", "$IF"].into_iter().find(begins)
}

/// The column of a level that stands before column 8, from 1. A sequence number is none: it is followed by blanks, or by the level.
fn too_far_left(line: &str) -> Option<usize> {
    let column = line.len() - line.trim_start().len() + 1;
    let before = line.get(..=INDICATOR)?.trim();
    let is_alone = before.bytes().all(|byte| byte.is_ascii_digit()) && line.get(INDICATOR..=INDICATOR) == Some(" ");
    (column <= INDICATOR + 1 && begins_with_level(line) && !is_alone).then_some(column)
}

/// Whether a word lies across column 72, or a clause or the period stands behind it. A literal may lie there: it goes on in the next line.
fn is_cut(line: &str) -> bool {
    let (within, behind) = line.split_at(byte_of(line, END));
    let is_open = |quote: char| within.matches(quote).count() % 2 == 1;
    let is_blank = |one: Option<char>| one.is_none_or(char::is_whitespace);
    let is_across = !is_blank(within.chars().next_back()) && !is_blank(behind.chars().next());
    let ends = |text: &str| text.trim_end().ends_with('.');
    let is_ended_behind = ends(behind) && !ends(within);
    let goes_on = !ends(within) && behind.split_whitespace().next().is_some_and(is_clause);
    (is_across || is_ended_behind || goes_on) && !is_open('\'') && !is_open('"')
}

/// Whether a word of a line that is too long is a clause, and no mark of a change.
fn is_clause(word: &str) -> bool {
    let word = word.to_uppercase();
    let clauses = ["PIC", "PICTURE", "VALUE", "OCCURS", "REDEFINES", "USAGE", "BINARY", "DISPLAY", "SYNC", "DEPENDING"];
    clauses.contains(&word.as_str()) || word.starts_with("COMP-") || word.starts_with("COMPUTATIONAL")
}

/// The byte at which a column begins. A Korean character takes two columns.
fn byte_of(line: &str, column: usize) -> usize {
    let mut at = 0;
    for (byte, character) in line.char_indices() {
        if at >= column {
            return byte;
        }
        at += if character.is_ascii() { 1 } else { 2 };
    }
    line.len()
}

/// A continuation goes on where the text before ended: a literal in column 72, a word at its last letter.
fn join(before: &mut String, body: &str) {
    let body = body.trim_start();
    let quotes = |quote: char| before.matches(quote).count() % 2 == 1;
    match body.chars().next().filter(|first| "'\"".contains(*first) && quotes(*first)) {
        // An open literal keeps its blanks up to column 72.
        Some(_) => before.push_str(body.get(1..).unwrap_or_default()),
        None => {
            before.truncate(before.trim_end().len());
            before.push_str(body);
        }
    }
}

/// Free format: a directive says so; or levels stand before column 8, and nothing is as in fixed format.
fn is_free(lines: &[String]) -> bool {
    let says = |format: &str| {
        lines.iter().map(|line| line.trim_start().to_uppercase()).any(|line| {
            let is_directive = line.starts_with(">>") && line.contains("SOURCE");
            (is_directive || line.starts_with("$SET SOURCEFORMAT")) && line.contains(format)
        })
    };
    if says("FREE") || says("FIXED") {
        return says("FREE");
    }
    let is_fixed = |line: &String| begins_with_level(&fixed(line).1);
    !lines.iter().any(|line| has_fixed_mark(line))
        && (lines.iter().any(|line| too_far_left(line).is_some()) || !lines.iter().any(is_fixed))
}

/// A comment or a continuation in column 7, or a sequence number of six digits.
fn has_fixed_mark(line: &str) -> bool {
    let (Some(sequence), Some(rest)) = (line.get(..INDICATOR), line.get(INDICATOR..)) else { return false };
    let is_numbered = sequence.bytes().all(|byte| byte.is_ascii_digit());
    let is_sequence = sequence.trim().is_empty() || sequence.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_marked = rest.starts_with(['*', '/', '-']) && !rest.starts_with("*>");
    (is_sequence && is_marked) || (is_numbered && rest.starts_with(' '))
}

/// Whether the first word is a level of one or two digits.
fn begins_with_level(text: &str) -> bool {
    let first = text.trim_start().split([' ', '.']).next().unwrap_or_default();
    (1..=2).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_digit())
}

/// The indicator and the text of a line in fixed format. A Korean character takes two columns, as in the file of the host.
fn fixed(line: &str) -> (char, String) {
    let mut column = 0;
    let mut indicator = ' ';
    let mut body = String::new();
    for character in line.chars() {
        match column {
            0..INDICATOR => {}
            INDICATOR => indicator = character,
            _ if column < END => body.push(character),
            _ => break,
        }
        column += if character.is_ascii() { 1 } else { 2 };
    }
    // A literal that goes on in the next line has its blanks up to column 72.
    let width = column.min(END).saturating_sub(INDICATOR + 1);
    let open = body.matches('\'').count() % 2 == 1 || body.matches('"').count() % 2 == 1;
    if open {
        body.push_str(&" ".repeat((END - INDICATOR - 1).saturating_sub(width)));
    }
    (indicator, body)
}

/// Tabs as blanks up to the next column that is a multiple of 8.
fn without_tabs(line: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for character in line.trim_end_matches('\r').chars() {
        if character == '\t' {
            let blanks = 8 - column % 8;
            out.push_str(&" ".repeat(blanks));
            column += blanks;
        } else {
            out.push(character);
            column += if character.is_ascii() { 1 } else { 2 };
        }
    }
    out
}

/// A line up to `*>`, unless it stands in a literal.
fn without_comment(line: &str) -> String {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if "'\"".contains(character) => quote = Some(character),
            None if before == '*' && character == '>' => return line.get(..at - 1).unwrap_or_default().to_owned(),
            None => {}
        }
        before = character;
    }
    line.to_owned()
}
