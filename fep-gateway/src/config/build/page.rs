//! The tree of a configuration in code, and its text: one key in each line, so that a line has one place. It knows TOML and no keys.

use std::collections::BTreeMap;
use std::ops::Range;

/// A value of a key.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A boolean.
    Flag(bool),
    /// A list of values that are no tables.
    List(Vec<Node>),
    /// A table.
    Table(Page),
    /// A value that a file cannot have.
    Unwritable(Unwritable),
}

/// A value that a file cannot have.
#[derive(Clone, Debug)]
pub(super) struct Unwritable {
    pub(super) message: String,
    pub(super) hint: &'static str,
    /// What stands in its place, so that the reader has no second mistake to report.
    pub(super) instead: Box<Node>,
}

/// A table: its keys, the tables in it, and its lists of tables. A name is in one of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    keys: BTreeMap<String, Node>,
    tables: BTreeMap<String, Page>,
    lists: BTreeMap<String, Vec<Page>>,
}

/// The text of a page.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    /// The place of the key of each line: `institutions.bank-a.lines[0].connect`.
    pub(super) places: Vec<String>,
    /// The values that a file cannot have, each with the bytes of its key.
    pub(super) unwritable: Vec<(Range<usize>, Unwritable)>,
}

impl Page {
    /// Sets a key. The last value counts.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Node>) {
        match value.into() {
            Node::Table(page) => drop(self.tables.insert(key.to_owned(), page)),
            node => drop(self.keys.insert(key.to_owned(), node)),
        }
    }

    /// The table at a key, which is made if there is none.
    pub(super) fn entry(&mut self, key: &str) -> &mut Self {
        self.tables.entry(key.to_owned()).or_default()
    }

    /// Adds a table to the list at a key.
    pub(super) fn add(&mut self, key: &str, page: Self) {
        self.lists.entry(key.to_owned()).or_default().push(page);
    }

    /// The text, with the place of each line.
    pub(super) fn written(&self) -> Written {
        let mut written = Written::default();
        written.page(self, "", "");
        written
    }
}

impl Written {
    /// Writes the keys of a table, then the tables in it. `header` is its name in TOML, and `place` its name for people.
    fn page(&mut self, page: &Page, header: &str, place: &str) {
        for (key, node) in &page.keys {
            self.key(key, node, &below(place, key));
        }
        for (key, table) in &page.tables {
            let header = below(header, &quoted_key(key));
            let place = below(place, key);
            // A table that only has tables needs no line of its own.
            if !table.keys.is_empty() || table.tables.is_empty() {
                self.line(&format!("[{header}]"), &place);
            }
            self.page(table, &header, &place);
        }
        for (key, tables) in &page.lists {
            let header = below(header, &quoted_key(key));
            for (number, table) in tables.iter().enumerate() {
                let place = format!("{}[{number}]", below(place, key));
                self.line(&format!("[[{header}]]"), &place);
                self.page(table, &header, &place);
            }
        }
    }

    fn key(&mut self, key: &str, node: &Node, place: &str) {
        let key = quoted_key(key);
        let start = self.text.len();
        if let Node::Unwritable(unwritable) = node {
            self.unwritable.push((start..start + key.len(), unwritable.clone()));
        }
        self.line(&format!("{key} = {}", node.text()), place);
    }

    fn line(&mut self, line: &str, place: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.places.push(place.to_owned());
    }
}

impl Node {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Whole(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::List(nodes) => {
                let nodes: Vec<String> = nodes.iter().map(Self::text).collect();
                format!("[{}]", nodes.join(", "))
            }
            Self::Unwritable(unwritable) => unwritable.instead.text(),
            Self::Table(_) => String::new(),
        }
    }
}

impl From<Page> for Node {
    fn from(page: Page) -> Self {
        Self::Table(page)
    }
}

fn below(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

fn quoted_key(key: &str) -> String {
    let is_bare =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_bare { key.to_owned() } else { quoted(key) }
}

/// A basic string of TOML, in one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
