//! A telegram taken apart: one [`Line`] for each item.

use crate::cursor::Reader;
use crate::error::Error;
use crate::layout::{Choice, CodeRule, Computed, Field, Group, Item, Kind, Layout, Repeat};
use crate::record::{Value, case_of, field_value, tail};

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
    let mut walk = Walk { telegram, reveal, at: 0, end: telegram.len(), entry: 0, lines: Vec::new() };
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
    /// Where the bytes end that the item may have.
    end: usize,
    /// The number of the entry that the walk is in.
    entry: u64,
    lines: Vec<Line>,
}

/// The items of one layout: where it began, and what its numbers said.
struct Level<'l> {
    layout: &'l Layout,
    start: usize,
    numbers: Vec<(&'l Field, i128)>,
}

impl Level<'_> {
    fn number(&self, name: &str) -> Option<usize> {
        let (_, number) = self.numbers.iter().find(|(field, _)| field.name == name)?;
        Some(usize::try_from(*number).unwrap_or_default())
    }

    /// What a field said of the length of the item with this name.
    fn length_of(&self, name: &str) -> Option<usize> {
        let is_length = |field: &Field| matches!(&field.computed, Some(Computed::LengthOf(of)) if of == name);
        let (_, len) = self.numbers.iter().find(|(field, _)| is_length(field))?;
        Some(usize::try_from(*len).unwrap_or_default())
    }
}

impl Walk<'_> {
    /// Adds the lines of a layout's items and says whether the telegram went on to the end of them.
    fn items(&mut self, layout: &Layout, within: &str) -> bool {
        let mut level = Level { layout, start: self.at, numbers: Vec::new() };
        for (number, item) in layout.items().iter().enumerate() {
            let path = join(within, item.name().unwrap_or_default());
            let outer = self.end;
            match item.name().and_then(|name| level.length_of(name)) {
                Some(len) => self.end = self.at.saturating_add(len).min(outer),
                None => self.end = outer.saturating_sub(layout.reserved_behind(number).unwrap_or_default()),
            }
            let go_on = self.item(&mut level, item, number, path);
            self.end = outer;
            if !go_on {
                return false;
            }
        }
        true
    }

    fn item<'l>(&mut self, level: &mut Level<'l>, item: &'l Item, number: usize, path: String) -> bool {
        match item {
            Item::Field(field) => {
                let value = self.field(level, field, path);
                if let Some(Value::Number(number)) = value {
                    level.numbers.push((field, number));
                }
                self.at <= self.telegram.len()
            }
            Item::Literal(literal) => {
                let checked = self.reader().literal(literal);
                let name = if literal.name.is_empty() { String::new() } else { path };
                let text = std::str::from_utf8(&literal.bytes).unwrap_or_default().to_owned();
                self.push(literal.len(), name, &literal.label, value_or_why(checked.map(|()| text)))
            }
            Item::Filler(filler) => {
                let checked = self.reader().filler(filler);
                let value = value_or_why(checked.map(|()| "filler".to_owned()));
                self.push(filler.len, String::new(), &filler.label, value)
            }
            Item::Part(part) => self.items(&part.layout, &path),
            Item::Group(group) => self.group(level, group, number, &path),
            Item::Choice(choice) => self.choice(level, choice, &path),
            Item::Tail(field) => {
                let (at, end) = (self.at, self.end);
                let bytes = self.telegram.get(..end).unwrap_or(self.telegram);
                let read = tail(field, &mut Reader::starting_at(bytes, at));
                self.show(field, path, end.saturating_sub(at), &read);
                self.at <= self.telegram.len()
            }
        }
    }

    fn reader(&self) -> Reader<'_> {
        let mut reader = Reader::starting_at(self.telegram, self.at);
        reader.set_entry(self.entry);
        reader
    }

    fn group(&mut self, level: &Level<'_>, group: &Group, number: usize, path: &str) -> bool {
        let count = match &group.repeat {
            Repeat::Fixed(count) => Some(*count),
            Repeat::Counted { by, .. } if level.layout.stands_before(by, number) => level.number(by),
            Repeat::Padded { by: Some(by), .. } => level.number(by),
            Repeat::Padded { by: None, max, pad } => Some(self.used(group, *max, *pad)),
            Repeat::Counted { .. } | Repeat::Rest { .. } => return self.rest(group, path),
        };
        let Some(count) = count else {
            return self.unknown(&group.layout, path, &group.label, "how many entries there are is not known");
        };
        if !(0..count).all(|index| self.one_entry(group, index, path)) {
            return false;
        }
        let (Repeat::Padded { max, .. }, Some(len)) = (&group.repeat, group.layout.fixed_len()) else { return true };
        let unused = max.saturating_sub(count);
        if unused == 0 {
            return true;
        }
        let go_on = self.push(len.saturating_mul(unused), String::new(), &group.label, Ok(format!("{unused} unused")));
        self.hide_if(hides_secrets(&group.layout, self.reveal));
        go_on
    }

    fn one_entry(&mut self, group: &Group, index: usize, path: &str) -> bool {
        let outer = std::mem::replace(&mut self.entry, index as u64);
        let go_on = self.items(&group.layout, &format!("{path}[{index}]"));
        self.entry = outer;
        go_on
    }

    /// The entries before the first blank one.
    fn used(&self, group: &Group, max: usize, pad: u8) -> usize {
        let Some(len) = group.layout.fixed_len().filter(|len| *len > 0) else { return max };
        let rest = self.telegram.get(self.at..).unwrap_or_default();
        rest.chunks(len).take(max).take_while(|entry| entry.iter().any(|byte| *byte != pad)).count()
    }

    /// Entries up to the end of the bytes that they may have.
    fn rest(&mut self, group: &Group, path: &str) -> bool {
        let mut index = 0;
        while self.at < self.end {
            let before = self.at;
            if index >= group.repeat.max() {
                return self.unknown(&group.layout, path, &group.label, "more entries than are allowed");
            }
            if !self.one_entry(group, index, path) || self.at == before {
                return false;
            }
            index += 1;
        }
        true
    }

    fn choice(&mut self, level: &Level<'_>, choice: &Choice, path: &str) -> bool {
        let case = case_of(level.layout, choice, level.start, &self.reader());
        match case.ok().and_then(|case| choice.cases().get(case)) {
            Some(case) => self.items(&case.layout, path),
            None => {
                let secret = choice.cases().iter().any(|case| case.layout.has_secret());
                let why = "no case of the choice has the code";
                let len = choice.fixed_len().unwrap_or(self.end.saturating_sub(self.at));
                let go_on = self.push(len, path.to_owned(), &choice.label, Err(why.to_owned()));
                self.hide_if(secret && !self.reveal);
                // If all cases have one length, what follows is where it always is.
                go_on && choice.fixed_len().is_some()
            }
        }
    }

    /// Shows all that is left as one line.
    fn unknown(&mut self, layout: &Layout, path: &str, label: &str, why: &str) -> bool {
        let rest = self.end.saturating_sub(self.at);
        self.push(rest, path.to_owned(), label, Err(why.to_owned()));
        self.hide_if(hides_secrets(layout, self.reveal));
        false
    }

    fn field(&mut self, level: &Level<'_>, field: &Field, path: String) -> Option<Value> {
        let read = field_value(level.layout, field, level.start, &mut self.reader());
        self.show(field, path, field.len, &read);
        read.ok()
    }

    fn show(&mut self, field: &Field, path: String, len: usize, read: &Result<Value, Error>) {
        let hidden = field.secret && !self.reveal;
        let shown = match read {
            Ok(_) if hidden => Ok("<secret>".to_owned()),
            Ok(value) => Ok(with_meaning(field, value)),
            Err(error) => Err(error.message()),
        };
        self.push(len, path, &field.label, shown);
        self.hide_if(hidden);
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
