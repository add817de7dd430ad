//! Data description entries: level, name, clauses.

use super::picture::Picture;
use super::token::Token;
use crate::import::{Doubt, Severity, doubt};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The number of the entry in the copybook.
    pub(super) number: usize,
    pub(super) line: usize,
    pub(super) level: u8,
    /// The name. `None` for FILLER.
    pub(super) name: Option<String>,
    pub(super) redefines: Option<String>,
    pub(super) picture: Option<Picture>,
    /// The picture as it is written.
    pub(super) picture_text: String,
    pub(super) usage: Option<Usage>,
    pub(super) sign: Option<SignClause>,
    pub(super) occurs: Option<Occurs>,
    pub(super) is_synchronized: bool,
    pub(super) is_justified: bool,
    pub(super) is_blank_when_zero: bool,
    /// The values: single ones, and ranges.
    pub(super) values: Vec<(String, Option<String>)>,
}

/// How an item is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    Display,
    Packed,
    /// COMP, COMP-4, BINARY.
    Binary,
    /// COMP-5: the byte order of the machine.
    Native,
    /// COMP-1, 4 bytes.
    Float,
    /// COMP-2, 8 bytes.
    Double,
    National,
    DoubleByte,
    /// INDEX, 4 bytes.
    Index,
    /// POINTER and its kin: a telegram cannot have them.
    Pointer,
}

impl Usage {
    /// As a copybook has it. Empty for DISPLAY.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Display => "",
            Self::Packed => "COMP-3",
            Self::Binary => "COMP",
            Self::Native => "COMP-5",
            Self::Float => "COMP-1",
            Self::Double => "COMP-2",
            Self::National => "NATIONAL",
            Self::DoubleByte => "DISPLAY-1",
            Self::Index => "INDEX",
            Self::Pointer => "POINTER",
        }
    }
}

/// The most entries of a table.
const OCCURS_MAX: usize = 100_000;

/// Where the sign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SignClause {
    pub(super) is_leading: bool,
    pub(super) is_separate: bool,
}

/// OCCURS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Occurs {
    /// The maximum.
    pub(super) max: usize,
    /// The item that counts, then the groups that qualify it. Empty if nothing counts.
    pub(super) depending: Vec<String>,
}

/// Reads all entries. What is not understood is a doubt at its line.
pub(super) fn entries(tokens: &[Token], doubts: &mut Vec<Doubt>) -> Vec<Entry> {
    let mut found = Vec::new();
    for statement in tokens.split(Token::is_end).filter(|statement| !statement.is_empty()) {
        let Some(first) = statement.first() else { continue };
        let level = first.text.parse::<u8>().ok().filter(|level| matches!(level, 1..=49 | 66 | 77 | 78 | 88));
        match level {
            Some(level) => {
                // A lost period lets the next entry look like a clause: its level begins a line.
                let mut start = 0;
                for (index, token) in statement.iter().enumerate().skip(1) {
                    if begins_entry(statement, index) {
                        let line = statement.get(index - 1).map_or(token.line, |before| before.line);
                        doubts.push(doubt(
                            "period",
                            line,
                            "a period is missing at the end of this line".to_owned(),
                            "end each entry with a period",
                        ));
                        let part = statement.get(start..index).unwrap_or_default();
                        let own = part.first().and_then(|first| first.text.parse().ok()).unwrap_or(level);
                        found.push(Clauses { rest: part.get(1..).unwrap_or_default(), doubts }.entry(own, first.line));
                        start = index;
                    }
                }
                let part = statement.get(start..).unwrap_or_default();
                let own = part.first().and_then(|first| first.text.parse().ok()).unwrap_or(level);
                let line = part.first().map_or(first.line, |first| first.line);
                found.push(Clauses { rest: part.get(1..).unwrap_or_default(), doubts }.entry(own, line));
            }
            None if is_division(statement) || ["FD", "SD"].iter().any(|word| first.is(word)) => {}
            None => {
                let message =
                    format!("`{}` is no level number: an entry begins with 01 to 49, 66, 77 or 88", first.text);
                let hint = "in fixed format, entries stand in columns 8 to 72";
                doubts.push(doubt("entry", first.line, message, hint));
            }
        }
    }
    (0..).zip(&mut found).for_each(|(number, entry)| entry.number = number);
    found
}

/// `DATA DIVISION.`, `WORKING-STORAGE SECTION.`.
fn is_division(statement: &[Token]) -> bool {
    statement.iter().any(|token| token.is("DIVISION") || token.is("SECTION"))
}

/// Whether a token is the level of an entry whose period before it is missing: a number at the start of a line, and a name behind it.
fn begins_entry(statement: &[Token], index: usize) -> bool {
    let at = |index: usize| statement.get(index);
    let (Some(token), Some(before), Some(behind)) = (at(index), at(index - 1), at(index + 1)) else { return false };
    let is_level =
        token.text.len() == 2 && token.text.parse::<u8>().is_ok_and(|level| matches!(level, 1..=49 | 66 | 77 | 88));
    let is_word = behind.text.starts_with(|first: char| first.is_ascii_alphabetic());
    // A number of a clause that goes on in this line: OCCURS, VALUE.
    let is_within =
        ["OCCURS", "TO", "VALUE", "VALUES", "IS", "ARE", "THRU", "THROUGH"].iter().any(|word| before.is(word));
    let clauses = ["TIMES", "TO", "DEPENDING", "THRU", "THROUGH", "INDEXED", "ASCENDING", "DESCENDING"];
    is_level
        && !is_within
        && token.line > before.line
        && is_word
        && behind.line == token.line
        && !clauses.iter().any(|clause| behind.is(clause))
}

/// The clauses of one entry that are still to be read.
struct Clauses<'t, 'd> {
    rest: &'t [Token],
    doubts: &'d mut Vec<Doubt>,
}

/// Words that begin a clause, so that they are no name. So does each usage.
const CLAUSES: [&str; 22] = [
    "PIC",
    "PICTURE",
    "REDEFINES",
    "OCCURS",
    "USAGE",
    "GROUP-USAGE",
    "SIGN",
    "LEADING",
    "TRAILING",
    "VALUE",
    "VALUES",
    "SYNC",
    "SYNCHRONIZED",
    "JUST",
    "JUSTIFIED",
    "BLANK",
    "RENAMES",
    "IS",
    "EXTERNAL",
    "GLOBAL",
    "DEPENDING",
    "INDEXED",
];

fn begins_clause(word: &Token) -> bool {
    CLAUSES.iter().any(|clause| word.is(clause)) || usage(&word.text).is_some()
}

impl Clauses<'_, '_> {
    fn entry(mut self, level: u8, line: usize) -> Entry {
        let name = self.rest.first().filter(|first| !begins_clause(first)).cloned();
        if name.is_some() {
            self.next();
        }
        let name = name.map(|name| name.text).filter(|name| !name.eq_ignore_ascii_case("FILLER"));
        let mut entry = Entry {
            number: 0,
            line,
            level,
            name,
            redefines: None,
            picture: None,
            picture_text: String::new(),
            usage: None,
            sign: None,
            occurs: None,
            is_synchronized: false,
            is_justified: false,
            is_blank_when_zero: false,
            values: Vec::new(),
        };
        while let Some(word) = self.next() {
            self.clause(&mut entry, &word);
        }
        entry
    }

    fn clause(&mut self, entry: &mut Entry, word: &Token) {
        match word.text.to_uppercase().as_str() {
            "REDEFINES" => entry.redefines = self.next().map(|name| name.text),
            "PIC" | "PICTURE" => {
                self.skip(&["IS"]);
                let Some(text) = self.next() else {
                    self.doubts.push(doubt(
                        "picture",
                        word.line,
                        "PIC without a picture".to_owned(),
                        "write X(n) or 9(n)",
                    ));
                    entry.picture_text = "?".to_owned();
                    return;
                };
                entry.picture_text.clone_from(&text.text);
                match Picture::read(&text.text) {
                    Ok(picture) => entry.picture = Some(picture),
                    Err(why) => {
                        let is_glued = text.text.contains(").");
                        let hint = if is_glued { "the period that ends an entry has a blank behind it" } else { "" };
                        self.doubts.push(doubt("picture", text.line, why, hint));
                    }
                }
            }
            "USAGE" | "GROUP-USAGE" => {
                self.skip(&["IS"]);
                if let Some(word) = self.next() {
                    entry.usage = usage(&word.text);
                    if entry.usage.is_none() {
                        self.unknown(&word);
                    }
                }
            }
            "SIGN" | "LEADING" | "TRAILING" => {
                let is_sign = word.is("SIGN");
                self.skip(&["IS"]);
                let place = if is_sign { self.next() } else { Some(word.clone()) };
                let is_separate = self.skip(&["SEPARATE"]);
                self.skip(&["CHARACTER"]);
                entry.sign = place.map(|place| SignClause { is_leading: place.is("LEADING"), is_separate });
            }
            "OCCURS" => entry.occurs = self.occurs(entry, word.line),
            "SYNC" | "SYNCHRONIZED" => {
                entry.is_synchronized = true;
                self.skip(&["LEFT", "RIGHT"]);
            }
            "JUST" | "JUSTIFIED" => {
                entry.is_justified = true;
                self.skip(&["RIGHT"]);
            }
            "VALUE" | "VALUES" => entry.values = self.values(),
            "BLANK" => {
                entry.is_blank_when_zero = true;
                self.skip(&["WHEN"]);
                self.skip(&["ZERO", "ZEROS", "ZEROES"]);
            }
            "IS" if self.rest.first().is_some_and(|next| next.is("EXTERNAL") || next.is("GLOBAL")) => {}
            "RENAMES" | "EXTERNAL" | "GLOBAL" | "DATE" | "VOLATILE" => {
                if word.is("RENAMES") {
                    self.rest = &[];
                }
            }
            other => match usage(other) {
                Some(usage) => entry.usage = Some(usage),
                None => self.unknown(word),
            },
        }
    }

    fn unknown(&mut self, word: &Token) {
        let upper = word.text.to_uppercase();
        if ["COMP", "BINARY-", "FLOAT-", "UTF-8"].iter().any(|usage| upper.starts_with(usage)) {
            let message = format!(
                "the usage {} is not known: the item is laid out as DISPLAY, so its length and all offsets behind it may be wrong",
                word.text
            );
            self.doubts.push(doubt("usage", word.line, message, "look its length up, and write the item as `bytes`"));
            return;
        }
        let message = format!("`{}` is no clause that is known here", word.text);
        self.doubts.push(doubt("clause", word.line, message, "a period may be missing on the line before"));
    }

    fn occurs(&mut self, entry: &Entry, line: usize) -> Option<Occurs> {
        let first = self.next()?;
        let mut max = first.text.parse::<usize>().ok();
        let is_range = self.skip(&["TO"]);
        if is_range {
            max = self.next().and_then(|most| most.text.parse().ok());
        }
        let name = entry.name.as_deref().unwrap_or("FILLER");
        if max.is_none_or(|max| max == 0 || max > OCCURS_MAX) {
            let message = match max {
                Some(max) => format!("{name} OCCURS {max} times, and 1 to {OCCURS_MAX} are possible"),
                None => format!("{name} OCCURS UNBOUNDED or without a number: a telegram needs a maximum"),
            };
            self.doubts.push(doubt("occurs", line, message, "write OCCURS 0 TO n TIMES DEPENDING ON …"));
            max = Some(1);
        }
        self.skip(&["TIMES"]);
        let mut depending = Vec::new();
        if self.skip(&["DEPENDING"]) {
            self.skip(&["ON"]);
            depending.extend(self.next().map(|name| name.text));
            while self.skip(&["OF", "IN"]) {
                depending.extend(self.next().map(|name| name.text));
            }
        }
        while self.skip(&["ASCENDING", "DESCENDING", "INDEXED"]) {
            self.skip(&["KEY"]);
            self.skip(&["IS", "BY"]);
            while self.rest.first().is_some_and(|word| {
                !begins_clause(word) && !["ASCENDING", "DESCENDING", "INDEXED"].iter().any(|clause| word.is(clause))
            }) {
                self.next();
            }
        }
        if is_range && depending.is_empty() {
            let message =
                format!("{name} OCCURS from one number to another, and nothing counts it: its maximum was taken");
            let hint = "write OCCURS n TO m TIMES DEPENDING ON …, or one number";
            self.doubts.push(Doubt { severity: Severity::Warning, ..doubt("occurs", line, message, hint) });
        }
        Some(Occurs { max: max.unwrap_or(1), depending })
    }

    fn values(&mut self) -> Vec<(String, Option<String>)> {
        self.skip(&["IS", "ARE"]);
        let mut values = Vec::new();
        while let Some(mut value) = self.rest.first().filter(|word| is_value(&word.text)).cloned() {
            self.next();
            if value.is("ALL") {
                value.text = self.next().map_or(value.text, |repeated| format!("ALL {}", repeated.text));
            }
            let end = if self.skip(&["THRU", "THROUGH"]) { self.next().map(|end| end.text) } else { None };
            values.push((value.text, end));
        }
        // WHEN SET TO FALSE names the value that a program moves, no code.
        if self.skip(&["WHEN", "FALSE"]) {
            while self.skip(&["SET", "TO", "FALSE", "IS"]) {}
            self.next();
        }
        values
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first.clone())
    }

    fn skip(&mut self, words: &[&str]) -> bool {
        let is_there = self.rest.first().is_some_and(|first| words.iter().any(|word| first.is(word)));
        if is_there {
            self.next();
        }
        is_there
    }
}

fn is_value(text: &str) -> bool {
    let figurative = [
        "SPACE",
        "SPACES",
        "ZERO",
        "ZEROS",
        "ZEROES",
        "LOW-VALUE",
        "LOW-VALUES",
        "HIGH-VALUE",
        "HIGH-VALUES",
        "QUOTE",
        "QUOTES",
        "ALL",
        "NULL",
        "NULLS",
    ];
    text.starts_with(['\'', '"'])
        || text.ends_with(['\'', '"'])
        || text.parse::<f64>().is_ok()
        || figurative.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn usage(word: &str) -> Option<Usage> {
    Some(match word.to_uppercase().as_str() {
        "DISPLAY" => Usage::Display,
        "COMP-3" | "COMPUTATIONAL-3" | "PACKED-DECIMAL" => Usage::Packed,
        "COMP" | "COMPUTATIONAL" | "COMP-4" | "COMPUTATIONAL-4" | "BINARY" => Usage::Binary,
        "COMP-5" | "COMPUTATIONAL-5" => Usage::Native,
        "COMP-1" | "COMPUTATIONAL-1" => Usage::Float,
        "COMP-2" | "COMPUTATIONAL-2" => Usage::Double,
        "NATIONAL" => Usage::National,
        "DISPLAY-1" => Usage::DoubleByte,
        "INDEX" => Usage::Index,
        "POINTER" | "PROCEDURE-POINTER" | "FUNCTION-POINTER" | "OBJECT" => Usage::Pointer,
        _ => return None,
    })
}
