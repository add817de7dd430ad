//! A telegram taken apart: one [`Line`] for each item.

use crate::cursor::Reader;
use crate::error::Error;
use crate::layout::{CodeRule, Field, Group, Item, Kind, Layout, Repeat};
use crate::record::{Value, field_value};

/// One item of a telegram, as a dump or a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it begins, in bytes from the start of the telegram.
    pub offset: usize,
    /// Its bytes; none if they are hidden. Fewer than `len` if the telegram ends in it.
    pub bytes: Option<Vec<u8>>,
    /// Bytes on the wire.
    pub len: usize,
    /// The path: `items[3].amount`. Empty for fillers, unnamed literals and what is left over.
    pub path: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The value as a person reads it, or why there is none.
    pub value: Result<String, String>,
}

/// Takes a telegram apart by its layout. `reveal` shows secret fields.
#[must_use]
pub fn lines(layout: &Layout, telegram: &[u8], reveal: bool) -> Vec<Line> {
    let mut walk = Walk { telegram, reveal, at: 0, lines: Vec::new() };
    let complete = walk.items(layout, "");
    if complete && walk.at < telegram.len() {
        let left = telegram.len() - walk.at;
        walk.push(left, String::new(), "", Err(format!("{left} bytes are left over")));
        walk.hide_if(hides_secrets(layout, reveal));
    }
    walk.lines
}

struct Walk<'t> {
    telegram: &'t [u8],
    reveal: bool,
    at: usize,
    lines: Vec<Line>,
}

impl Walk<'_> {
    /// Adds the lines of a layout's items and says whether the telegram went on to the end of them.
    fn items(&mut self, layout: &Layout, within: &str) -> bool {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for item in layout.items() {
            let path = join(within, item.name().unwrap_or_default());
            let go_on = match item {
                Item::Field(field) => {
                    let value = self.field(layout, field, path);
                    if let Some(Value::Number(count)) = value {
                        counts.push((&field.name, usize::try_from(count).unwrap_or_default()));
                    }
                    self.at <= self.telegram.len()
                }
                Item::Literal(literal) => {
                    let checked = Reader::starting_at(self.telegram, self.at).literal(literal);
                    let name = if literal.name.is_empty() { String::new() } else { path };
                    let text = std::str::from_utf8(&literal.bytes).unwrap_or_default().to_owned();
                    self.push(literal.len(), name, &literal.label, value_or_why(checked.map(|()| text)))
                }
                Item::Filler(filler) => {
                    let checked = Reader::starting_at(self.telegram, self.at).filler(filler);
                    let value = value_or_why(checked.map(|()| "filler".to_owned()));
                    self.push(filler.len, String::new(), &filler.label, value)
                }
                Item::Part(part) => self.items(&part.layout, &path),
                Item::Group(group) => self.group(group, &path, &counts),
            };
            if !go_on {
                return false;
            }
        }
        true
    }

    fn group(&mut self, group: &Group, path: &str, counts: &[(&str, usize)]) -> bool {
        let count = match &group.repeat {
            Repeat::Fixed(count) => Some(*count),
            Repeat::Counted { by, .. } => counts.iter().find(|(name, _)| name == by).map(|(_, count)| *count),
        };
        let Some(count) = count else {
            let rest = self.telegram.len().saturating_sub(self.at);
            self.push(rest, path.to_owned(), &group.label, Err("how many entries there are is not known".to_owned()));
            self.hide_if(hides_secrets(&group.layout, self.reveal));
            return false;
        };
        (0..count).all(|index| self.items(&group.layout, &format!("{path}[{index}]")))
    }

    fn field(&mut self, layout: &Layout, field: &Field, path: String) -> Option<Value> {
        let read = field_value(layout, field, &mut Reader::starting_at(self.telegram, self.at));
        let hidden = field.secret && !self.reveal;
        let shown = match &read {
            Ok(_) if hidden => Ok("<secret>".to_owned()),
            Ok(value) => Ok(with_meaning(field, value)),
            Err(error) => Err(error.message()),
        };
        self.push(field.len, path, &field.label, shown);
        self.hide_if(hidden);
        read.ok()
    }

    /// Takes the bytes out of the line that was added last.
    fn hide_if(&mut self, hidden: bool) {
        if hidden && let Some(line) = self.lines.last_mut() {
            line.bytes = None;
        }
    }

    fn push(&mut self, len: usize, path: String, label: &str, value: Result<String, String>) -> bool {
        let rest = self.telegram.get(self.at..).unwrap_or_default();
        let bytes = rest.get(..len).unwrap_or(rest).to_vec();
        self.lines.push(Line { offset: self.at, bytes: Some(bytes), len, path, label: label.to_owned(), value });
        self.at = self.at.saturating_add(len);
        self.at <= self.telegram.len()
    }
}

/// Whether bytes out of their place might be those of a secret field.
fn hides_secrets(layout: &Layout, reveal: bool) -> bool {
    !reveal && layout.has_secret()
}

fn join(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") }
}

fn value_or_why(read: Result<String, Error>) -> Result<String, String> {
    read.map_err(|error| error.message())
}

/// `20 입금`: a code with what it means.
fn with_meaning(field: &Field, value: &Value) -> String {
    let text = value.to_text(field);
    match (&field.kind, value) {
        (Kind::Code(CodeRule { codes, .. }), Value::Text(code)) => {
            match codes.iter().find(|known| known.code == *code && !known.label.is_empty()) {
                Some(known) if code.is_empty() => format!("({})", known.label),
                Some(known) => format!("{text} ({})", known.label),
                None => text,
            }
        }
        (_, Value::None) => "none".to_owned(),
        _ => text,
    }
}
