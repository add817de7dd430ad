//! The lines of a copybook: fixed and free format, comments, continuation.

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
pub(super) fn lines(text: &str) -> Vec<Line> {
    let expanded: Vec<String> = text.lines().map(without_tabs).collect();
    let is_free = is_free(&expanded);
    let mut lines: Vec<Line> = Vec::new();
    for (number, line) in (1..).zip(&expanded) {
        if is_free {
            let text = without_comment(line);
            if !text.trim_start().starts_with(">>") {
                lines.push(Line { number, text });
            }
            continue;
        }
        let (indicator, body) = fixed(line);
        match indicator {
            '*' | '/' | 'D' | 'd' | '$' => {}
            '-' => match lines.last_mut() {
                Some(before) => join(&mut before.text, &body),
                None => lines.push(Line { number, text: body }),
            },
            _ => lines.push(Line { number, text: without_comment(&body) }),
        }
    }
    lines
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

/// Free format: a directive says so, or text stands where fixed format has its sequence number.
fn is_free(lines: &[String]) -> bool {
    let begins_with_level = |text: &str| {
        let first = text.trim_start().split([' ', '.']).next().unwrap_or_default();
        (1..=2).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_digit())
    };
    let says_free = lines.iter().any(|line| {
        let line = line.trim_start().to_uppercase();
        line.starts_with(">>") && line.contains("SOURCE") && line.contains("FREE")
    });
    // A level in the columns of the sequence number, and none behind them.
    let is_free = |line: &&String| begins_with_level(line) && !begins_with_level(&fixed(line).1);
    let is_fixed = |line: &&String| begins_with_level(&fixed(line).1);
    says_free || lines.iter().any(|line| is_free(&line)) || !lines.iter().any(|line| is_fixed(&line))
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
