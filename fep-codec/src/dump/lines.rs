//! A telegram taken apart: one [`Line`] for each item.

use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Choice, CodeRule, Field, Group, Item, Kind, Layout, Repeat, Sign};
use crate::record::{Linked, Value, case_of, field_value, pages, tail};

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
    let (complete, _) = walk.items(layout, "");
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

/// The items of one layout: where it and they began, and the values that could be read.
struct Level<'l> {
    layout: &'l Layout,
    start: usize,
    starts: Vec<usize>,
    values: Vec<Value>,
    linked: Linked<'l>,
}

impl Level<'_> {
    fn number(&self, name: &str) -> Option<usize> {
        match self.layout.item(name).and_then(|(number, _)| self.values.get(number)) {
            Some(Value::Number(number)) => Some(usize::try_from(*number).unwrap_or_default()),
            _ => None,
        }
    }
}

impl Walk<'_> {
    /// Adds the lines of a layout's items, and says whether the telegram went on to the end of them, and their values.
    fn items(&mut self, layout: &Layout, within: &str) -> (bool, Vec<Value>) {
        let (start, first_line) = (self.at, self.lines.len());
        let mut level = Level { layout, start, starts: Vec::new(), values: Vec::new(), linked: Linked::new(layout) };
        let mut complete = true;
        for (number, item) in layout.items().iter().enumerate() {
            let path = join(within, item.name().unwrap_or_default());
            let outer = self.end;
            let length = item.name().and_then(|name| level.linked.length_at(name));
            self.end = match length {
                Some((len, _)) => self.at.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)).min(outer),
                None => outer.saturating_sub(layout.reserved_behind(number).unwrap_or_default()),
            };
            level.starts.push(self.at);
            let (go_on, value) = self.item(&mut level, item, number, path);
            if let Some((stated, at)) = length.filter(|_| go_on) {
                let start = level.starts.last().copied().unwrap_or_default();
                self.measured(first_line, item, start, stated, at);
            }
            level.values.push(value);
            self.end = outer;
            if !go_on {
                complete = false;
                break;
            }
        }
        self.compare(&mut level, first_line, within);
        (complete, level.values)
    }

    fn item<'l>(&mut self, level: &mut Level<'l>, item: &'l Item, number: usize, path: String) -> (bool, Value) {
        let go_on = match item {
            Item::Field(field) => {
                let at = self.at;
                let value = self.field(level, field, path);
                level.linked.remember(number, field, at, &value);
                return (self.at <= self.telegram.len(), value);
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
            Item::Part(part) => {
                let (go_on, values) = self.items(&part.layout, &path);
                return (go_on, Value::Part(values));
            }
            Item::Group(group) => {
                let mut entries = Vec::new();
                let go_on = self.group(level, group, number, &path, &mut entries);
                return (go_on, Value::Group(entries));
            }
            Item::Choice(choice) => return self.choice(level, choice, &path),
            Item::Tail(field) => {
                let (at, end) = (self.at, self.end);
                let bytes = self.telegram.get(..end).unwrap_or(self.telegram);
                let read = tail(field, &mut Reader::starting_at(bytes, at));
                self.show(field, path, end.saturating_sub(at), &read);
                self.at <= self.telegram.len()
            }
        };
        (go_on, Value::Absent)
    }

    /// Shows where an item has more or fewer bytes than the field at `at` says.
    fn measured(&mut self, first_line: usize, item: &Item, start: usize, stated: u64, at: usize) {
        let left = self.end.saturating_sub(self.at);
        if left > 0 {
            let secret = match item {
                Item::Part(part) => part.layout.has_secret(),
                Item::Group(group) => group.layout.has_secret(),
                Item::Choice(choice) => choice.cases().iter().any(|case| case.layout.has_secret()),
                Item::Field(field) | Item::Tail(field) => field.secret,
                Item::Literal(_) | Item::Filler(_) => false,
            };
            self.push(left, String::new(), "", Err(format!("{left} bytes are left over")));
            self.hide_if(secret && !self.reveal);
        }
        let actual = self.at.saturating_sub(start) as u64;
        if actual != stated {
            self.mark(first_line, at, Fault::LengthLies { stated, actual }.to_string());
        }
    }

    /// Shows what fields said of others and is not so, and gives numbers the signs that stand elsewhere.
    fn compare(&mut self, level: &mut Level<'_>, first_line: usize, within: &str) {
        let lines = self.lines.get(first_line..).unwrap_or_default();
        let is_whole = |group: &str| {
            let path = join(within, group);
            lines.iter().filter(|line| line.path.starts_with(&path)).all(|line| line.value.is_ok())
        };
        let reader = Reader::starting_at(self.telegram, self.at);
        for (at, lie) in level.linked.lies(&mut level.values, is_whole, &reader) {
            self.mark(first_line, at, lie.message());
        }
        let items = level.layout.items().iter().zip(&level.values).zip(&level.starts);
        for ((item, value), at) in items {
            if let (Item::Field(field), Value::Number(_)) = (item, value)
                && matches!(&field.kind, Kind::Number(rule) if rule.sign == Sign::Elsewhere)
                && let Some(line) = self.line_at(first_line, *at)
                && line.value.is_ok()
                && line.bytes.is_some()
            {
                line.value = Ok(with_meaning(field, value));
            }
        }
        if level.values.len() == level.layout.items().len()
            && let Err(error) = pages(level.layout, &level.values, Culprit::Peer)
        {
            // A group has no line of its own, so its page's first field tells.
            let start = level.layout.items().iter().find_map(|item| match item {
                Item::Group(group) => level.layout.item(&group.page.as_ref()?.start),
                _ => None,
            });
            if let Some(at) = start.and_then(|(number, _)| level.starts.get(number)) {
                self.mark(first_line, *at, error.message());
            }
        }
    }

    fn line_at(&mut self, first_line: usize, at: usize) -> Option<&mut Line> {
        self.lines.iter_mut().skip(first_line).find(|line| line.offset == at && line.len > 0)
    }

    fn mark(&mut self, first_line: usize, at: usize, why: String) {
        if let Some(line) = self.line_at(first_line, at) {
            line.value = Err(why);
        }
    }

    fn reader(&self) -> Reader<'_> {
        let mut reader = Reader::starting_at(self.telegram, self.at);
        reader.set_entry(self.entry);
        reader
    }

    fn group(
        &mut self,
        level: &Level<'_>,
        group: &Group,
        number: usize,
        path: &str,
        entries: &mut Vec<Vec<Value>>,
    ) -> bool {
        let count = match &group.repeat {
            Repeat::Fixed(count) => Some(*count),
            Repeat::Counted { by, .. } if level.layout.stands_before(by, number) => level.number(by),
            Repeat::Padded { by: Some(by), .. } => level.number(by),
            Repeat::Padded { by: None, max, pad } => Some(self.used(group, *max, *pad)),
            Repeat::Counted { .. } | Repeat::Rest { .. } => return self.rest(group, path, entries),
        };
        let Some(count) = count else {
            return self.unknown(&group.layout, path, &group.label, "how many entries there are is not known");
        };
        if !(0..count).all(|_| self.one_entry(group, path, entries)) {
            return false;
        }
        match (&group.repeat, group.layout.fixed_len()) {
            (Repeat::Padded { max, pad, .. }, Some(len)) => self.unused(group, max.saturating_sub(count), len, *pad),
            _ => true,
        }
    }

    /// Shows the entries that are not used as one line.
    fn unused(&mut self, group: &Group, unused: usize, len: usize, pad: u8) -> bool {
        let len = len.saturating_mul(unused);
        if len == 0 {
            return true;
        }
        let rest = self.telegram.get(self.at..).unwrap_or_default();
        let blank = rest.get(..len).unwrap_or(rest).iter().all(|byte| *byte == pad);
        let value = if blank { Ok(format!("{unused} unused")) } else { Err(Fault::EntryNotBlank.to_string()) };
        let go_on = self.push(len, String::new(), &group.label, value);
        self.hide_if(hides_secrets(&group.layout, self.reveal));
        go_on
    }

    fn one_entry(&mut self, group: &Group, path: &str, entries: &mut Vec<Vec<Value>>) -> bool {
        let index = entries.len();
        let outer = std::mem::replace(&mut self.entry, index as u64);
        let (go_on, values) = self.items(&group.layout, &format!("{path}[{index}]"));
        self.entry = outer;
        entries.push(values);
        go_on
    }

    /// The entries before the first blank one.
    fn used(&self, group: &Group, max: usize, pad: u8) -> usize {
        let Some(len) = group.layout.fixed_len().filter(|len| *len > 0) else { return max };
        let rest = self.telegram.get(self.at..).unwrap_or_default();
        rest.chunks(len).take(max).take_while(|entry| entry.iter().any(|byte| *byte != pad)).count()
    }

    /// Entries up to the end of the bytes that they may have.
    fn rest(&mut self, group: &Group, path: &str, entries: &mut Vec<Vec<Value>>) -> bool {
        while self.at < self.end {
            let before = self.at;
            if entries.len() >= group.repeat.max() {
                return self.unknown(&group.layout, path, &group.label, "more entries than are allowed");
            }
            if !self.one_entry(group, path, entries) || self.at == before {
                return false;
            }
        }
        true
    }

    fn choice(&mut self, level: &Level<'_>, choice: &Choice, path: &str) -> (bool, Value) {
        let number = case_of(level.layout, choice, level.start, &self.reader()).unwrap_or(usize::MAX);
        if let Some(case) = choice.cases().get(number) {
            let (go_on, values) = self.items(&case.layout, path);
            return (go_on, Value::Choice(number, values));
        }
        let secret = choice.cases().iter().any(|case| case.layout.has_secret());
        let why = "no case of the choice has the code";
        let len = choice.fixed_len().unwrap_or(self.end.saturating_sub(self.at));
        let go_on = self.push(len, path.to_owned(), &choice.label, Err(why.to_owned()));
        self.hide_if(secret && !self.reveal);
        // If all cases have one length, what follows is where it always is.
        (go_on && choice.fixed_len().is_some(), Value::Absent)
    }

    /// Shows all that is left as one line.
    fn unknown(&mut self, layout: &Layout, path: &str, label: &str, why: &str) -> bool {
        let rest = self.end.saturating_sub(self.at);
        self.push(rest, path.to_owned(), label, Err(why.to_owned()));
        self.hide_if(hides_secrets(layout, self.reveal));
        false
    }

    fn field(&mut self, level: &Level<'_>, field: &Field, path: String) -> Value {
        let read = field_value(level.layout, field, level.start, &mut self.reader());
        self.show(field, path, field.len, &read);
        read.unwrap_or(Value::Absent)
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
