//! A spec that is being made by an importer, and its text.
//!
//! A draft is neither checked nor lowered: it may contradict itself, because an institution's sheet may. What an importer doubts stands as
//! a comment above its item. [`Spec::check`](crate::Spec::check) reads the text and finds the rest.

use std::fmt::{self, Write as _};

/// A spec to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Lines above everything else: what the file was made from.
    pub remarks: Vec<String>,
    /// The keys of the file: `spec`, `title`, `version`, `source`, `charset`.
    pub head: Vec<Entry>,
    /// `[types]`: the sheet's letters, each with the options of its kind.
    pub types: Vec<(String, Vec<Entry>)>,
    /// `[codes.NAME]`.
    pub codes: Vec<DraftCodes>,
    /// `[parts.NAME]`, each above the parts that use it.
    pub parts: Vec<DraftTable>,
    /// `[telegrams.NAME]`.
    pub telegrams: Vec<DraftTable>,
    /// `[files.NAME]`.
    pub files: Vec<DraftTable>,
}

/// A list of codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftCodes {
    /// The name of the list, in `PascalCase`.
    pub name: String,
    /// `label` and `closed`.
    pub entries: Vec<Entry>,
    /// Each code: `code`, `name`, `label`.
    pub codes: Vec<Vec<Entry>>,
    /// What is doubtful about the list.
    pub doubts: Vec<String>,
}

/// A telegram, a part or a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftTable {
    /// The name, in `PascalCase`.
    pub name: String,
    /// What is doubtful about the table, as comments above it.
    pub doubts: Vec<String>,
    /// `label`, `len`, `when`, `like` and so on, in the order of the text.
    pub entries: Vec<Entry>,
    /// `items`, or nothing if there are none.
    pub items: Vec<DraftItem>,
}

/// One item, or one case of a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftItem {
    /// What is doubtful, as comments above the item.
    pub doubts: Vec<String>,
    /// The keys of the item in the order of the text. The first one tells what it is: `name`, `filler`, `literal`, `part`, `group`, `choice`.
    pub entries: Vec<Entry>,
    /// The items of a group or of a case.
    pub items: Vec<DraftItem>,
    /// The cases of a choice.
    pub cases: Vec<DraftItem>,
    /// The line of the source that the item comes from, if it has lines. It is not written.
    pub line: Option<usize>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key: a bare key, or a path with dots.
    pub key: String,
    /// The value.
    pub value: Value,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// An array.
    List(Vec<Value>),
    /// A table on one line.
    Table(Vec<Entry>),
}

impl Entry {
    /// A key with a value.
    pub fn new(key: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl DraftItem {
    /// An item with these keys.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        Self { entries: entries.into_iter().collect(), ..Self::default() }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }
}

/// The TOML text: one item a line, with aligned columns.
impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        comments(f, "", &self.remarks)?;
        if !self.remarks.is_empty() {
            writeln!(f)?;
        }
        keys(f, &self.head, None)?;
        if !self.types.is_empty() {
            writeln!(f, "\n[types]")?;
            let width = self.types.iter().map(|(letter, _)| width(&key(letter))).max().unwrap_or_default();
            for (letter, options) in &self.types {
                writeln!(f, "{} = {}", padded(&key(letter), width), inline(options))?;
            }
        }
        self.codes.iter().try_for_each(|codes| codes.write(f))?;
        let tables = [("parts", &self.parts), ("telegrams", &self.telegrams), ("files", &self.files)];
        tables.into_iter().try_for_each(|(kind, tables)| tables.iter().try_for_each(|table| table.write(f, kind)))
    }
}

impl DraftCodes {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        comments(f, "", &self.doubts)?;
        writeln!(f, "[codes.{}]", key(&self.name))?;
        let width = keys(f, &self.entries, Some("codes"))?;
        writeln!(f, "{} = [", padded("codes", width))?;
        let codes: Vec<_> = self.codes.iter().map(|entries| DraftItem::new(entries.iter().cloned())).collect();
        items(f, "  ", &codes)?;
        writeln!(f, "]")
    }
}

impl DraftTable {
    fn write(&self, f: &mut fmt::Formatter<'_>, kind: &str) -> fmt::Result {
        writeln!(f)?;
        comments(f, "", &self.doubts)?;
        writeln!(f, "[{kind}.{}]", key(&self.name))?;
        let list = if self.items.is_empty() { None } else { Some("items") };
        let width = keys(f, &self.entries, list)?;
        if self.items.is_empty() {
            return Ok(());
        }
        writeln!(f, "{} = [", padded("items", width))?;
        items(f, "  ", &self.items)?;
        writeln!(f, "]")
    }
}

/// Lines `key = value` with aligned values. `list` is a further key that follows. Returns the width of the keys.
fn keys(f: &mut fmt::Formatter<'_>, entries: &[Entry], list: Option<&str>) -> Result<usize, fmt::Error> {
    let keys = entries.iter().map(|entry| width(&key(&entry.key))).chain(list.map(width));
    let width = keys.max().unwrap_or_default();
    entries.iter().try_for_each(|entry| writeln!(f, "{} = {}", padded(&key(&entry.key), width), entry.value))?;
    Ok(width)
}

/// Items, one a line. Neighbours that have the same keys in the same place have aligned columns.
fn items(f: &mut fmt::Formatter<'_>, indent: &str, all: &[DraftItem]) -> fmt::Result {
    let columns = Columns::of(all);
    for item in all {
        comments(f, indent, &item.doubts)?;
        let line = columns.line(item);
        let (what, below) = if item.cases.is_empty() { ("items", &item.items) } else { ("cases", &item.cases) };
        if below.is_empty() {
            writeln!(f, "{indent}{{ {line} }},")?;
            continue;
        }
        writeln!(f, "{indent}{{ {line}, {what} = [")?;
        items(f, &format!("{indent}  "), below)?;
        writeln!(f, "{indent}] }},")?;
    }
    Ok(())
}

/// The lines of one item, as they stand in a spec.
#[cfg(feature = "import")]
pub(crate) fn lines(item: &DraftItem) -> Vec<String> {
    struct Lines<'i>(&'i DraftItem);
    impl fmt::Display for Lines<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            items(f, "", std::slice::from_ref(self.0))
        }
    }
    Lines(item).to_string().lines().map(str::to_owned).collect()
}

/// The widths of the columns of a list of items.
struct Columns(Vec<usize>);

/// The keys whose values are aligned. Those behind them are of very different lengths.
const ALIGNED: [&str; 6] = ["name", "code", "label", "type", "kind", "len"];

impl Columns {
    fn of(items: &[DraftItem]) -> Self {
        let mut widths = Vec::new();
        for item in items.iter().filter(|item| item.items.is_empty() && item.cases.is_empty()) {
            for (at, entry) in item.entries.iter().enumerate().take_while(|(_, entry)| is_aligned(entry)) {
                if widths.len() <= at {
                    widths.push(0);
                }
                if let Some(column) = widths.get_mut(at) {
                    *column = (*column).max(width(&cell(entry)));
                }
            }
        }
        Self(widths)
    }

    fn line(&self, item: &DraftItem) -> String {
        let mut line = String::new();
        let mut widths = self.0.iter();
        let mut aligns = item.items.is_empty() && item.cases.is_empty();
        for (at, entry) in item.entries.iter().enumerate() {
            let is_last = at + 1 == item.entries.len();
            let cell = if is_last { cell(entry).trim_end_matches(',').to_owned() } else { cell(entry) };
            aligns &= is_aligned(entry);
            let width = widths.next().copied().filter(|_| aligns && !is_last).unwrap_or_default();
            if at > 0 {
                line.push(' ');
            }
            line.push_str(&padded(&cell, width));
        }
        line
    }
}

fn is_aligned(entry: &Entry) -> bool {
    ALIGNED.contains(&entry.key.as_str())
}

fn cell(entry: &Entry) -> String {
    format!("{} = {},", key(&entry.key), entry.value)
}

fn comments(f: &mut fmt::Formatter<'_>, indent: &str, lines: &[String]) -> fmt::Result {
    let lines = lines.iter().flat_map(|line| line.lines());
    lines.into_iter().try_for_each(|line| writeln!(f, "{}", format!("{indent}# {line}").trim_end()))
}

fn inline(entries: &[Entry]) -> String {
    let entries: Vec<_> = entries.iter().map(|entry| format!("{} = {}", key(&entry.key), entry.value)).collect();
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(values) => {
                let values: Vec<_> = values.iter().map(Self::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
            Self::Table(entries) => f.write_str(&inline(entries)),
        }
    }
}

/// A key as TOML: bare if it can be.
fn key(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { key.to_owned() } else { quoted(key) }
}

/// A string as TOML, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The number of columns that a text takes: Korean characters take two.
fn width(text: &str) -> usize {
    text.chars().map(|character| if matches!(character, '\u{1100}'..='\u{FFDC}') { 2 } else { 1 }).sum()
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spec;

    #[test]
    fn a_draft_is_a_spec_that_a_person_could_have_written() {
        let field = |name: &str, label: &str, letter: &str, len: usize| {
            let text = [("name", name), ("label", label), ("type", letter)].map(|(key, text)| Entry::new(key, text));
            DraftItem::new(text.into_iter().chain([Entry::new("len", len)]))
        };
        let mut doubtful = field("amount", "금액", "N", 13);
        doubtful.doubts.push("Sheet1!F7: the sheet says 12".to_owned());
        doubtful.entries.push(Entry::new("remark", "\"원\"\n단위"));
        let mut group = DraftItem::new([
            Entry::new("group", "items"),
            Entry::new("label", "내역"),
            Entry::new("count", "n"),
            Entry::new("max", 3_usize),
        ]);
        group.items = vec![field("account", "계좌번호", "X", 16), field("memo", "적요", "X", 4)];
        let mut count = field("n", "건수", "N", 2);
        count.entries.extend([Entry::new("computed", "count"), Entry::new("of", "items")]);
        let head = [("spec", "a"), ("title", "A"), ("version", "1"), ("source", "test"), ("charset", "euc-kr")];
        let letter = |letter: &str, kind: &str| (letter.to_owned(), vec![Entry::new("kind", kind)]);
        let draft = Draft {
            remarks: vec!["Made by hand.".to_owned()],
            head: head.map(|(key, text)| Entry::new(key, text)).to_vec(),
            types: vec![letter("N", "number"), letter("X", "text")],
            telegrams: vec![DraftTable {
                name: "Payment".to_owned(),
                entries: vec![Entry::new("label", "지급")],
                items: vec![doubtful, count, group],
                ..DraftTable::default()
            }],
            ..Draft::default()
        };
        let text = draft.to_string();
        let expected = r##"# Made by hand.

spec    = "a"
title   = "A"
version = "1"
source  = "test"
charset = "euc-kr"

[types]
N = { kind = "number" }
X = { kind = "text" }

[telegrams.Payment]
label = "지급"
items = [
  # Sheet1!F7: the sheet says 12
  { name = "amount", label = "금액", type = "N", len = 13, remark = "\"원\"\n단위" },
  { name = "n",      label = "건수", type = "N", len = 2,  computed = "count", of = "items" },
  { group = "items", label = "내역", count = "n", max = 3, items = [
    { name = "account", label = "계좌번호", type = "X", len = 16 },
    { name = "memo",    label = "적요",     type = "X", len = 4 },
  ] },
]
"##;
        assert_eq!(text, expected);
        let checked = Spec::check("draft.toml", &text);
        assert!(!checked.report.has_errors(), "{}", checked.report);
    }
}
