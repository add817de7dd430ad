//! Random TOML texts from a sequence of random numbers: every form of a key, a value, a table, white space and a comment, at every place where one
//! may stand.
//!
//! Each text is valid. The forms come from the specification of TOML 1.1, not from our reader.

use crate::arbitrary::Random;

/// A text, and the comments in it without their `#`.
#[must_use]
pub fn random_toml(seed: u64) -> (String, Vec<String>) {
    let mut random = Random(seed ^ 0x70_6D6C);
    let line_end = if random.below(4) == 0 { "\r\n" } else { "\n" };
    let mut writer = Writer { random, line_end, text: String::new(), names: 0, comments: Vec::new() };
    if writer.one_in(8) {
        writer.text.push('\u{FEFF}');
    }
    for table in 0..=writer.random.below(5) {
        writer.between_lines();
        if table > 0 {
            let (open, close) = if writer.one_in(4) { ("[[", "]]") } else { ("[", "]") };
            writer.blanks();
            writer.text.push_str(open);
            writer.key();
            writer.text.push_str(close);
            writer.end_line();
        }
        for _ in 0..writer.random.below(5) {
            writer.between_lines();
            writer.blanks();
            writer.pair(4);
            writer.end_line();
        }
    }
    writer.between_lines();
    (writer.text, writer.comments)
}

struct Writer {
    random: Random,
    line_end: &'static str,
    text: String,
    names: usize,
    comments: Vec<String>,
}

/// The usual keys of items, whose values are aligned.
const KEYS: [&str; 10] = ["name", "label", "type", "kind", "len", "at", "group", "filler", "count", "remark"];

/// Values that stand on one line.
const SCALARS: [&str; 18] = [
    "1",
    "-17",
    "0xFF",
    "1_000",
    "3.14e2",
    "inf",
    "true",
    "2026-11-21",
    "09:30:00",
    "\"\"",
    "''",
    "'plain'",
    "'say \"x\"'",
    "'a\\b'",
    "\"당행이체 # 아님\"",
    "\"\\u0041\\n\\\"\"",
    "'\t'",
    "\"[x] = { y }, # z\"",
];

impl Writer {
    fn one_in(&mut self, of: u64) -> bool {
        self.random.below(of) == 0
    }

    fn one_of(&mut self, choice: &[&str]) -> String {
        let at = usize::try_from(self.random.below(choice.len() as u64)).unwrap_or_default();
        choice.get(at).copied().unwrap_or_default().to_owned()
    }

    fn blanks(&mut self) {
        let blanks = self.one_of(&["", "", " ", "  ", "\t", "     "]);
        self.text.push_str(&blanks);
    }

    fn comment(&mut self) {
        let number = self.comments.len();
        let words = self.one_of(&["", " 주석", "!", " a = [1, # 2", "\t\"", " }, "]);
        let comment = format!("{words} c{number}");
        self.text.push('#');
        self.text.push_str(&comment);
        self.comments.push(comment);
        self.blanks();
    }

    fn end_line(&mut self) {
        self.blanks();
        if self.one_in(3) {
            self.comment();
        }
        self.text.push_str(self.line_end);
    }

    /// Blank lines and comments between the lines of a file.
    fn between_lines(&mut self) {
        for _ in 0..self.random.below(4) {
            self.end_line();
        }
    }

    /// What may stand between the entries of a list or an inline table.
    fn gap(&mut self) {
        self.blanks();
        if self.one_in(3) {
            self.between_lines();
        }
        self.blanks();
    }

    /// A key that is nowhere else.
    fn key(&mut self) {
        self.names += 1;
        let number = self.names;
        let key = match self.random.below(6) {
            0 => format!("\"k{number}\""),
            1 => format!("'열쇠 {number}'"),
            2 => format!("k{number} . 'b' .c"),
            3 => format!("{number}"),
            4 => format!("S-{number}-"),
            _ => format!("key_{number}"),
        };
        self.text.push_str(&key);
        self.blanks();
    }

    fn pair(&mut self, depth: u64) {
        self.key();
        self.text.push('=');
        self.blanks();
        self.value(depth);
    }

    fn value(&mut self, depth: u64) {
        match self.random.below(if depth == 0 { 4 } else { 8 }) {
            0..3 => {
                let scalar = self.one_of(&SCALARS);
                self.text.push_str(&scalar);
            }
            3 => {
                let quotes = self.one_of(&["\"\"\"", "'''"]);
                let line_end = self.one_of(&["\n", "\r\n"]);
                self.text.push_str(&format!("{quotes}{line_end} # no comment{line_end}\t, 여러 줄{line_end}{quotes}"));
            }
            4 => self.list(depth - 1, Self::value),
            5 | 6 => self.list(depth - 1, Self::row),
            _ => self.table(depth - 1),
        }
    }

    fn list(&mut self, depth: u64, entry: fn(&mut Self, u64)) {
        self.text.push('[');
        self.gap();
        let count = self.random.below(4);
        for at in 0..count {
            entry(self, depth);
            self.gap();
            if at + 1 < count || self.one_in(2) {
                self.text.push(',');
                self.gap();
            }
        }
        self.text.push(']');
    }

    /// A table of the usual keys of an item, in any order.
    fn row(&mut self, depth: u64) {
        self.text.push('{');
        self.blanks();
        let start = self.random.below(4);
        let end = start + 1 + self.random.below(6);
        for at in start..end {
            let key = usize::try_from(at).ok().and_then(|at| KEYS.get(at)).copied().unwrap_or_default();
            self.text.push_str(key);
            self.text.push_str(" = ");
            let depth = if self.one_in(6) { depth } else { 0 };
            self.value(depth);
            if at + 1 < end {
                self.blanks();
                self.text.push(',');
                self.blanks();
            }
        }
        self.text.push('}');
    }

    fn table(&mut self, depth: u64) {
        self.text.push('{');
        self.gap();
        let count = self.random.below(4);
        for at in 0..count {
            self.pair(depth);
            self.gap();
            if at + 1 < count || self.one_in(3) {
                self.text.push(',');
                self.gap();
            }
        }
        self.text.push('}');
    }
}
