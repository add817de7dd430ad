//! A spec that is being made by an importer, and its text.
//!
//! A draft is neither checked nor lowered: it may contradict itself, because an institution's sheet may. What an importer doubts stands as
//! a comment above its item. [`Spec::check`](crate::Spec::check) reads the text and finds the rest.

use std::fmt;

use crate::canonical::{self, Body, Line, Node, Pair, Statement, key, quoted};

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

/// The TOML text in the canonical form.
impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = comments(&self.remarks);
        if !lines.is_empty() {
            lines.push(Line::Blank);
        }
        lines.extend(self.head.iter().map(|entry| line(entry.pair())));
        if !self.types.is_empty() {
            lines.push(header("types", None));
            let letters = self.types.iter();
            lines.extend(letters.map(|(letter, options)| line(Pair { key: key(letter), value: table(options, None) })));
        }
        for codes in &self.codes {
            let rows = codes.codes.iter().map(|entries| Line::Entry(table(entries, None), Vec::new()));
            lines.extend(comments(&codes.doubts));
            lines.push(header("codes", Some(&codes.name)));
            lines.extend(codes.entries.iter().map(|entry| line(entry.pair())));
            lines.push(line(Pair { key: "codes".to_owned(), value: Node::List(Body::new(rows.collect())) }));
        }
        for (kind, tables) in [("parts", &self.parts), ("telegrams", &self.telegrams), ("files", &self.files)] {
            for table in tables {
                lines.extend(comments(&table.doubts));
                lines.push(header(kind, Some(&table.name)));
                lines.extend(table.entries.iter().map(|entry| line(entry.pair())));
                let needs_items = kind != "files" && !table.entries.iter().any(|entry| entry.key == "like");
                lines.extend(list("items", &table.items, needs_items).map(line));
            }
        }
        f.write_str(&canonical::text(&lines, "\n"))
    }
}

/// The lines of one item, as they stand in a spec.
#[cfg(feature = "import")]
pub(crate) fn lines(item: &DraftItem) -> Vec<String> {
    canonical::entries(rows(std::slice::from_ref(item)))
}

fn header(kind: &str, name: Option<&str>) -> Line<Statement> {
    let name = name.map_or(String::new(), |name| format!(".{}", key(name)));
    Line::Entry(Statement::Header(format!("[{kind}{name}]")), Vec::new())
}

fn line(pair: Pair) -> Line<Statement> {
    Line::Entry(Statement::Pair(pair), Vec::new())
}

/// Lines as comments. A cell can have control characters, and a comment cannot.
fn comments<T>(lines: &[String]) -> Vec<Line<T>> {
    let printable = |character: char| match character {
        '\t' => "\t".to_owned(),
        control if control.is_control() => control.escape_unicode().to_string(),
        other => other.to_string(),
    };
    let lines = lines.iter().flat_map(|line| line.lines());
    lines
        .map(|line| {
            Line::Comment(format!("# {}", line.chars().map(printable).collect::<String>()).trim_end().to_owned())
        })
        .collect()
}

/// A list of items, or nothing if there are none and the table does not need the list.
fn list(key: &str, items: &[DraftItem], is_needed: bool) -> Option<Pair> {
    (is_needed || !items.is_empty()).then(|| Pair { key: key.to_owned(), value: Node::List(Body::new(rows(items))) })
}

/// Items with their doubts above them.
fn rows(items: &[DraftItem]) -> Vec<Line<Node>> {
    let mut lines = Vec::new();
    for item in items {
        let has = |keys: &[&str]| keys.iter().any(|key| item.get(key).is_some());
        // A case or an entry without items.
        let is_list = has(&["group", "code", "codes", "other"]) && !has(&["part", "kind", "type", "len"]);
        let is_list = is_list && (has(&["group"]) || (has(&["name"]) && !has(&["choice"])));
        let below = match item.cases.is_empty() {
            true => list("items", &item.items, is_list),
            false => list("cases", &item.cases, true),
        };
        lines.extend(comments(&item.doubts));
        lines.push(Line::Entry(table(&item.entries, below), Vec::new()));
    }
    lines
}

fn table(entries: &[Entry], last: Option<Pair>) -> Node {
    let pairs = entries.iter().map(Entry::pair).chain(last);
    Node::Table(Body::new(pairs.map(|pair| Line::Entry(pair, Vec::new())).collect()))
}

impl Entry {
    fn pair(&self) -> Pair {
        Pair { key: key(&self.key), value: self.value.node() }
    }
}

/// The value on one line, as TOML.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.node().inline())
    }
}

impl Value {
    fn node(&self) -> Node {
        match self {
            Self::Text(text) => Node::Plain(quoted(text)),
            Self::Number(number) => Node::Plain(number.to_string()),
            Self::Flag(flag) => Node::Plain(flag.to_string()),
            Self::List(values) => {
                Node::List(Body::new(values.iter().map(|value| Line::Entry(value.node(), Vec::new())).collect()))
            }
            Self::Table(entries) => table(entries, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spec;

    #[test]
    fn a_doubt_about_a_control_character_is_a_comment() {
        let remarks = vec!["E7: `\u{12}`\ta\rb\u{7F}\nc".to_owned()];
        let draft = Draft { remarks, head: vec![Entry::new("spec", "a")], ..Draft::default() };
        assert_eq!(draft.to_string(), "# E7: `\\u{12}`\ta\\u{d}b\\u{7f}\n# c\n\nspec = \"a\"\n");
    }

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
