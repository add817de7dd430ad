//! The getters, one for each type of value. A getter notes a finding if the value is not as expected.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Document, Located, instead, nearest, slipped};
use crate::report::{Code, Fix};

/// A table of the document that is being read.
#[derive(Debug)]
pub struct Table<'d> {
    document: &'d Document,
    table: &'d DeTable<'d>,
    /// The first byte of the file in the document.
    base: usize,
    span: Range<usize>,
    /// The keys that the caller has read or declared.
    asked: RefCell<Vec<&'d str>>,
    /// The keys that the caller refuses with a finding of its own.
    refused: RefCell<Vec<&'d str>>,
}

/// Any value of the document, with the name that findings use for it.
#[derive(Clone, Copy, Debug)]
pub struct Value<'d> {
    document: &'d Document,
    value: &'d Spanned<DeValue<'d>>,
    /// The first byte of the file in the document.
    base: usize,
    /// The key of the value, or of the array that it is an entry of.
    name: &'d str,
    is_entry: bool,
}

impl<'d> Table<'d> {
    pub(super) fn root(document: &'d Document, table: &'d DeTable<'d>, base: usize) -> Self {
        Self { document, table, base, span: base..base, asked: RefCell::default(), refused: RefCell::default() }
    }

    /// The place of the table: its header, or its braces.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The document, for the caller's own findings.
    #[must_use]
    pub fn document(&self) -> &'d Document {
        self.document
    }

    /// Whether the key is there. This call does not make it a known key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Declares keys as known before they are read, so that [`Table::finish`] is correct after an early return too.
    pub fn knows(&self, keys: &[&'d str]) {
        self.asked.borrow_mut().extend(keys);
    }

    /// Declares keys that the caller refuses with a finding that says more than "unknown key". [`Table::finish`] neither refuses nor
    /// suggests them.
    pub fn refuses(&self, keys: &[&'d str]) {
        self.refused.borrow_mut().extend(keys);
    }

    /// The value of a key, if it is there.
    #[must_use]
    pub fn get(&self, key: &'d str) -> Option<Value<'d>> {
        self.asked.borrow_mut().push(key);
        let base = self.base;
        self.table.get(key).map(|value| Value { document: self.document, value, base, name: key, is_entry: false })
    }

    /// Whether the table has a key that is none of the known ones and that is like this one, which it does not have.
    #[must_use]
    pub fn misspells(&self, key: &str, known: &[&str]) -> bool {
        let others = known.iter().copied().filter(|known| !self.has(known));
        let likely = || others.clone().chain([key]);
        !self.has(key)
            && self.table.iter().any(|(found, _)| {
                !known.contains(&&**found.get_ref()) && nearest(found.get_ref(), likely()) == Some(key)
            })
    }

    /// The string of a key, if it is there and one. This call notes nothing and does not make it a known key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&'d str> {
        match self.table.get(key)?.get_ref() {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number of a key, if it is there and one. This call notes nothing and does not make it a known key.
    #[must_use]
    pub fn whole(&self, key: &str) -> Option<i64> {
        match self.table.get(key)?.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        }
    }

    /// The place of a key, if it is there.
    #[must_use]
    pub fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.table.get_key_value(key).map(|(key, _)| shifted(key, self.base))
    }

    /// The string of a key, if it is there.
    #[must_use]
    pub fn string(&self, key: &'d str) -> Option<Located<&'d str>> {
        self.get(key)?.string()
    }

    /// The string of a key, which must be there.
    #[must_use]
    pub fn required_string(&self, key: &'d str) -> Option<Located<&'d str>> {
        self.required(key)?.string()
    }

    /// The whole number of a key, if it is there.
    #[must_use]
    pub fn integer<N: TryFrom<i64> + PartialOrd + Display>(
        &self,
        key: &'d str,
        range: RangeInclusive<N>,
    ) -> Option<Located<N>> {
        self.get(key)?.integer(range)
    }

    /// The boolean of a key, if it is there.
    #[must_use]
    pub fn boolean(&self, key: &'d str) -> Option<Located<bool>> {
        self.get(key)?.boolean()
    }

    /// One of a list of words, if the key is there.
    #[must_use]
    pub fn choice<T: Clone>(&self, key: &'d str, choices: &[(&str, T)]) -> Option<Located<T>> {
        self.get(key)?.choice(choices)
    }

    /// The values of an array, if the key is there.
    #[must_use]
    pub fn array(&self, key: &'d str) -> Option<Vec<Value<'d>>> {
        self.get(key)?.array()
    }

    /// The table of a key, if it is there.
    #[must_use]
    pub fn table(&self, key: &'d str) -> Option<Self> {
        self.get(key)?.table()
    }

    /// The value of a key, which must be there. If it is missing, notes an error and returns `None`.
    #[must_use]
    pub fn required(&self, key: &'d str) -> Option<Value<'d>> {
        let value = self.get(key);
        if value.is_none() {
            self.document.error(Code::MissingKey, self.span(), format!("`{key}` is missing"));
        }
        value
    }

    /// All keys with their values, in the order of the document. For a table with free names: all of them become known keys.
    #[must_use]
    pub fn entries(&self) -> Vec<(Located<&'d str>, Value<'d>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| {
                let name: &'d str = key.get_ref();
                self.asked.borrow_mut().push(name);
                (
                    Located { value: name, span: shifted(key, self.base) },
                    Value { document: self.document, value, base: self.base, name, is_entry: false },
                )
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        entries
    }

    /// Whether no other table is written inside this one.
    fn is_row(&self) -> bool {
        let holds_none = |value: &DeValue<'_>| match value {
            DeValue::Table(_) => false,
            DeValue::Array(values) => values.iter().all(|value| !value.get_ref().is_table()),
            _ => true,
        };
        self.table.iter().all(|(_, value)| holds_none(value.get_ref()))
    }

    /// Notes an error for each key that the caller has not read or declared.
    pub fn finish(self) {
        let row = self.is_row();
        let base = self.base;
        let refused = self.refused.into_inner();
        let mut asked = self.asked.into_inner();
        asked.retain(|key| !refused.contains(key));
        let is_known = |key: &str| asked.contains(&key) || refused.contains(&key);
        for (key, _) in self.table.iter().filter(|(key, _)| !is_known(key.get_ref())) {
            let free = asked.iter().copied().filter(|known| !self.table.contains_key(*known));
            let message = format!("unknown key `{}`", key.get_ref());
            match nearest(key.get_ref(), free) {
                Some(meant) => {
                    // A misspelt key is one mistake.
                    self.document.retract_missing(meant, &self.span, row);
                    let hint = format!("did you mean `{meant}`?");
                    let free = asked.iter().copied().filter(|known| !self.table.contains_key(*known));
                    match slipped(key.get_ref(), free) {
                        Some(slip) if slip == meant => {
                            let fix = Fix::Write(meant.to_owned());
                            self.document.error_fix(Code::UnknownKey, shifted(key, base), message, hint, fix);
                        }
                        _ => self.document.error_hint(Code::UnknownKey, shifted(key, base), message, hint),
                    }
                }
                None => {
                    let mut known = asked.clone();
                    known.sort_unstable();
                    known.dedup();
                    self.document.error_hint(
                        Code::UnknownKey,
                        shifted(key, base),
                        message,
                        format!("known here: {}", known.join(", ")),
                    );
                }
            }
        }
    }
}

impl<'d> Value<'d> {
    /// The place of the value.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        shifted(self.value, self.base)
    }

    /// The document, for the caller's own findings.
    #[must_use]
    pub fn document(&self) -> &'d Document {
        self.document
    }

    /// Whether it is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// Whether it is a whole number.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        self.value.get_ref().is_integer()
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// Whether it is a table.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    /// The string.
    #[must_use]
    pub fn string(self) -> Option<Located<&'d str>> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(Located { value: text, span: self.span() }),
            DeValue::Integer(number) => {
                let quoted = format!("\"{number}\"");
                // What 0xFF or 1_000 stand for, a person knows.
                let is_plain = self.written().bytes().all(|byte| byte.is_ascii_digit());
                let fix = is_plain.then(|| Fix::Write(quoted.clone()));
                self.wrong("a string", Some(format!("write it in quotes: {quoted}")), fix)
            }
            DeValue::Float(_) | DeValue::Datetime(_) => {
                let quoted = format!("\"{}\"", self.written());
                self.wrong("a string", Some(format!("write it in quotes: {quoted}")), Some(Fix::Write(quoted)))
            }
            _ => self.wrong("a string", None, None),
        }
    }

    /// The whole number.
    #[must_use]
    pub fn integer<N: TryFrom<i64> + PartialOrd + Display>(self, range: RangeInclusive<N>) -> Option<Located<N>> {
        let DeValue::Integer(integer) = self.value.get_ref() else {
            let bare = self.text().filter(|text| text.parse::<i64>().is_ok_and(|number| number.to_string() == **text));
            let hint = bare.map(|bare| format!("write it without quotes: {bare}"));
            return self.wrong("a whole number", hint, bare.map(|bare| Fix::Write(bare.to_owned())));
        };
        let number =
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().and_then(|number| number.try_into().ok());
        match number {
            Some(number) if range.contains(&number) => Some(Located { value: number, span: self.span() }),
            _ => {
                let name = self.name;
                let first = range.start();
                let last = range.end();
                self.document.error(
                    Code::OutOfRange,
                    self.span(),
                    format!("`{name}` is {integer}, it must be {first} to {last}"),
                );
                None
            }
        }
    }

    /// The boolean.
    #[must_use]
    pub fn boolean(self) -> Option<Located<bool>> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Some(Located { value: *value, span: self.span() }),
            DeValue::String(text) if matches!(&**text, "true" | "false") => {
                let fix = Some(Fix::Write(text.to_string()));
                self.wrong("true or false", Some(format!("write it without quotes: {text}")), fix)
            }
            _ => self.wrong("true or false", None, None),
        }
    }

    /// One of a list of words.
    #[must_use]
    pub fn choice<T: Clone>(self, choices: &[(&str, T)]) -> Option<Located<T>> {
        let word = self.string()?;
        let chosen = choices.iter().find(|(name, _)| *name == word.value);
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("`{}` cannot be \"{}\"", self.name, word.value);
            let hint = instead(word.value, &words);
            match slipped(word.value, words.iter().copied()) {
                Some(meant) => {
                    let fix = Fix::Write(format!("\"{meant}\""));
                    self.document.error_fix(Code::UnknownWord, word.span.clone(), message, hint, fix);
                }
                None => self.document.error_hint(Code::UnknownWord, word.span.clone(), message, hint),
            }
        }
        chosen.map(|(_, chosen)| Located { value: chosen.clone(), span: word.span })
    }

    /// The values of an array.
    #[must_use]
    pub fn array(self) -> Option<Vec<Self>> {
        match self.value.get_ref() {
            DeValue::Array(values) => Some(values.iter().map(|value| Self { value, is_entry: true, ..self }).collect()),
            _ => self.wrong("an array", None, None),
        }
    }

    /// The table.
    #[must_use]
    pub fn table(self) -> Option<Table<'d>> {
        match self.value.get_ref() {
            DeValue::Table(table) => Some(Table {
                document: self.document,
                table,
                base: self.base,
                span: self.span(),
                asked: RefCell::default(),
                refused: RefCell::default(),
            }),
            _ => self.wrong("a table", None, None),
        }
    }

    /// The text of a string.
    fn text(self) -> Option<&'d str> {
        if let DeValue::String(text) = self.value.get_ref() { Some(text) } else { None }
    }

    /// The value as the file writes it.
    fn written(self) -> &'d str {
        let (_, source) = self.document.file(self.document.file_of(&self.span()));
        source.text.get(self.value.span()).unwrap_or_default()
    }

    fn wrong<T>(self, expected: &str, hint: Option<String>, fix: Option<Fix>) -> Option<T> {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with decimals",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        let entry = if self.is_entry { "an entry of " } else { "" };
        let message = format!("{entry}`{}` must be {expected}, found {found}", self.name);
        match (hint, fix) {
            (Some(hint), Some(fix)) => self.document.error_fix(Code::WrongType, self.span(), message, hint, fix),
            (Some(hint), None) => self.document.error_hint(Code::WrongType, self.span(), message, hint),
            (None, _) => self.document.error(Code::WrongType, self.span(), message),
        }
        None
    }
}

/// The place of a key or value in a document in which its file begins at this byte.
fn shifted<T>(one: &Spanned<T>, base: usize) -> Range<usize> {
    let span = one.span();
    base + span.start..base + span.end
}
