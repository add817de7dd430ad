//! A telegram read item by item, without stopping at errors. Dumps, differences and lists of all errors share this code.
//!
//! A survey reads with the same cursor as the codecs, one item at a time, and keeps the value or the error of each item. It stops
//! at the end of the telegram, or where a group's entry count cannot be determined.

mod level;
mod due;
mod errors;

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(crate) use self::due::{Due, Dues, dues, put_due};
pub use self::errors::{ERRORS_MAX, decode_all_errors};
use self::level::Level;
use crate::charset::Charset;
use crate::cursor::{Reader, check_max, overrun};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Choice, Counter, Extent, Field, Filler, Group, Item, Layout, Limit, Literal, Repeat, UsedEntry};
use crate::record::{Value, case_of, field_value, tail};

/// One item at its offset.
pub(crate) struct SurveyStep<'l> {
    pub(crate) what: SurveyItem<'l>,
    /// The offset of the item, in bytes from the start of the telegram.
    pub(crate) offset: usize,
    /// The length on the wire in bytes. The telegram may have fewer bytes.
    pub(crate) len: usize,
    /// The path. It is empty if the item has no name.
    pub(crate) path: String,
    /// The path of the enclosing item, for items without a name.
    pub(crate) within: String,
    /// The charset of the layout that contains the item.
    pub(crate) charset: Charset,
    /// The value of the item. Literals and fillers have [`Value::Absent`].
    pub(crate) value: Result<Value, Error>,
}

/// The item of a step.
#[derive(Clone, Copy)]
pub(crate) enum SurveyItem<'l> {
    Field(&'l Field),
    Literal(&'l Literal),
    Filler(&'l Filler),
    /// A group and the number of its unused entries.
    Unused(&'l Group, usize),
    /// Bytes of a group that cannot be read as entries. If the number of entries is not known, these are all bytes that are left.
    Unread(&'l Group),
    /// A choice whose case is not known.
    Unchosen(&'l Choice),
    /// The bytes that are left after the last item, or within an item of a stated length. They may belong to a secret field.
    LeftOver {
        may_be_secret: bool,
    },
}

/// Reads a telegram item by item.
pub(crate) fn survey<'l>(layout: &'l Layout, telegram: &[u8]) -> Vec<SurveyStep<'l>> {
    survey_with_used(layout, telegram).0
}

/// Reads a telegram item by item. Also returns the entries of which only their bytes say that they are used.
pub(crate) fn survey_with_used<'l>(layout: &'l Layout, telegram: &[u8]) -> (Vec<SurveyStep<'l>>, Vec<UsedEntry>) {
    let mut survey = Survey::new(telegram);
    let (complete, _) = survey.items(layout);
    let left = telegram.len().saturating_sub(survey.at);
    if complete && left > 0 {
        let error = Error::new(Culprit::Peer, Fault::LeftOver { bytes: left });
        let error = error.at_bytes(survey.at..telegram.len(), None);
        survey.push(SurveyItem::LeftOver { may_be_secret: layout.has_secret() }, left, None, Err(error));
    }
    (survey.steps, survey.used.into_iter().map(|(entry, _)| entry).collect())
}

/// One element of the path from the telegram to the current item.
enum Trail<'l> {
    Name(&'l str),
    Entry(usize),
}

struct Survey<'l, 't> {
    telegram: &'t [u8],
    at: usize,
    /// The end of the bytes that the current item may have.
    end: usize,
    /// The end of the telegram, or of the enclosing item whose length a field states.
    limit: usize,
    /// The name and the length of the innermost enclosing item whose length a field states.
    stated: Option<(&'l str, usize)>,
    /// The index of the current entry.
    entry: u64,
    /// The charset of the current layout.
    charset: Charset,
    trail: Vec<Trail<'l>>,
    steps: Vec<SurveyStep<'l>>,
    /// The values that computed fields must have, each with the index of its step. `None` if they are not needed.
    dues: Option<Vec<(usize, Due)>>,
    /// The reason why one of these values cannot be determined.
    undue: Option<Error>,
    /// The entries of which only their bytes say that they are used. With their paths, if the values of computed fields are noted.
    used: Vec<(UsedEntry, String)>,
}

impl<'l, 't> Survey<'l, 't> {
    fn new(telegram: &'t [u8]) -> Self {
        let end = telegram.len();
        let charset = Charset::Ascii;
        let trail = Vec::new();
        let steps = Vec::new();
        Self {
            telegram,
            at: 0,
            end,
            limit: end,
            stated: None,
            entry: 0,
            charset,
            trail,
            steps,
            dues: None,
            undue: None,
            used: Vec::new(),
        }
    }

    /// Adds the steps of a layout's items. Returns whether the telegram contains all of them, and their values.
    fn items(&mut self, layout: &'l Layout) -> (bool, Vec<Value>) {
        let mut level = Level::new(layout, self.at, self.steps.len());
        let mut complete = true;
        let outer = core::mem::replace(&mut self.charset, layout.charset);
        for (index, item) in layout.items().iter().enumerate() {
            let end = self.end;
            let limit = self.limit;
            let stated = self.stated;
            let rule = layout.limit(index);
            let length = match rule {
                Limit::Stated(field) if self.believes_length(layout, index) => level.said(field),
                Limit::Stated(_) | Limit::Before(_) | Limit::Endless => None,
            };
            match (rule, length) {
                (_, Some((len, said_at))) => self.narrow(&level, item, len, said_at),
                (Limit::Before(behind), None) => self.end = end.saturating_sub(behind),
                (Limit::Stated(_) | Limit::Endless, None) => {}
            }
            level.starts.push(self.at);
            let (go_on, value) = self.item(&level, item, index);
            if let Item::Field(field) = item {
                let at = level.starts.last().copied().unwrap_or_default();
                level.linked.remember(index, field, at, &value);
            }
            level.values.push(value);
            if go_on && length.is_some() {
                self.left_over(item, level.starts.last().copied().unwrap_or_default());
            }
            (self.end, self.limit, self.stated) = (end, limit, stated);
            if !go_on || self.at > limit {
                complete = false;
                break;
            }
        }
        self.charset = outer;
        if self.dues.is_some() {
            self.note_dues(&mut level)
        } else {
            self.compare(&mut level)
        }
        (complete, level.values)
    }

    fn item(&mut self, level: &Level<'l>, item: &'l Item, index: usize) -> (bool, Value) {
        match item {
            Item::Field(field) => {
                let value = field_value(level.layout, field, level.start, &mut self.reader_of(field));
                let kept = value.as_ref().map_or(Value::Absent, Clone::clone);
                (self.push(SurveyItem::Field(field), field.len, Some(&field.name), value), kept)
            }
            Item::Tail(field) => {
                let within = self.telegram.get(..self.end).unwrap_or(self.telegram);
                let value = tail(field, &mut Reader::starting_at(within, self.at));
                (
                    self.push(SurveyItem::Field(field), self.end.saturating_sub(self.at), item.name(), value),
                    Value::Absent,
                )
            }
            Item::Literal(literal) => {
                let read = self.reader().literal(literal).map(|()| Value::Absent);
                (self.push(SurveyItem::Literal(literal), literal.len(), item.name(), read), Value::Absent)
            }
            Item::Filler(filler) => {
                let read = self.reader().filler(filler).map(|()| Value::Absent);
                (self.push(SurveyItem::Filler(filler), filler.len, None, read), Value::Absent)
            }
            Item::Part(part) => {
                let (go_on, values) = self.inside(Trail::Name(&part.name), |survey| survey.items(&part.layout));
                (go_on, Value::Part(values))
            }
            Item::Group(group) => {
                let mut entries = Vec::new();
                let go_on = self.group(level, group, index, &mut entries);
                (go_on, Value::Group(entries))
            }
            Item::Choice(choice) => self.choice(level, choice, index),
        }
    }

    fn reader(&self) -> Reader<'_> {
        let mut reader = Reader::starting_at(self.telegram, self.at);
        reader.set_entry(self.entry);
        reader.narrow(self.limit);
        reader
    }

    fn group(&mut self, level: &Level<'l>, group: &'l Group, index: usize, entries: &mut Vec<Vec<Value>>) -> bool {
        let count = |field| match field {
            Some(Counter::Beside(field)) => level.said(field).map(|(count, _)| count).ok_or(()),
            Some(Counter::InPart) => self.reader().count_in_part(level.layout, level.start, group).map_err(drop),
            None => Err(()),
        };
        let count = match level.layout.extent(index).resolve(count) {
            Ok(Extent::Count(count) | Extent::Padded(Some(count))) => count,
            Ok(Extent::Padded(None)) => {
                let count = group.used_entries(self.telegram.get(self.at..).unwrap_or_default());
                self.note_used(group, count);
                count
            }
            Ok(Extent::Rest(_)) => return self.rest(group, entries),
            // The step of the count has the error.
            Err(()) => return self.unread(group, Ok(Value::Absent)),
        };
        (0..count).all(|_| self.one_entry(group, entries)) && self.unused(group, count)
    }

    fn one_entry(&mut self, group: &'l Group, entries: &mut Vec<Vec<Value>>) -> bool {
        let index = entries.len();
        let outer = core::mem::replace(&mut self.entry, index as u64);
        let (go_on, values) = self.inside(Trail::Name(&group.name), |survey| {
            survey.inside(Trail::Entry(index), |survey| survey.items(&group.layout))
        });
        self.entry = outer;
        entries.push(values);
        go_on
    }

    /// Adds the unused entries of a padded group.
    fn unused(&mut self, group: &'l Group, used: usize) -> bool {
        let (Repeat::Padded { max, .. }, Some(len)) = (&group.repeat, group.layout.fixed_len()) else { return true };
        let unused = max.saturating_sub(used);
        if unused == 0 {
            return true;
        }
        let blank = self.reader().blank_entries(group, used).map(|()| Value::Absent);
        self.push(SurveyItem::Unused(group, unused), len.saturating_mul(unused), None, blank)
    }

    /// Adds entries up to the end of the bytes that they may have.
    fn rest(&mut self, group: &'l Group, entries: &mut Vec<Vec<Value>>) -> bool {
        let room = Reader::starting_at(self.telegram.get(..self.end).unwrap_or_default(), self.at).check_room(group);
        let entry = group.layout.fixed_len().unwrap_or(0);
        while self.at < self.end {
            let before = self.at;
            let left = self.end.saturating_sub(self.at);
            if entries.len() >= group.repeat.max() {
                let error = room.and_then(|()| check_max(group, entries.len().saturating_add(1), before..self.end));
                return self.unread(group, error.map(|()| Value::Absent));
            }
            if left < entry {
                // The items after the group are at a known offset, even if these bytes are not an entry.
                let part = room.and(Ok(Value::Absent));
                return self.push(SurveyItem::Unread(group), left, Some(&group.name), part);
            }
            if !self.one_entry(group, entries) || self.at == before {
                return false;
            }
        }
        if self.at > self.end && !entries.is_empty() {
            self.mark(self.steps.len().saturating_sub(1), overrun(group, self.end..self.at));
        }
        true
    }

    /// Adds one step for all bytes that are left, because they cannot be divided into items.
    fn unread(&mut self, group: &'l Group, why: Result<Value, Error>) -> bool {
        let rest = self.end.saturating_sub(self.at);
        self.push(SurveyItem::Unread(group), rest, Some(&group.name), why);
        false
    }

    fn choice(&mut self, level: &Level<'l>, choice: &'l Choice, index: usize) -> (bool, Value) {
        // The code may be after the bytes of the choice itself.
        let reader = Reader::starting_at(self.telegram, self.at);
        match case_of(level.layout, index, choice, level.start, &reader) {
            Ok(case) => match choice.cases().get(case) {
                Some(found) => {
                    let (go_on, values) = self.inside(Trail::Name(&choice.name), |survey| survey.items(&found.layout));
                    (go_on, Value::Choice(case, values))
                }
                None => (false, Value::Absent),
            },
            Err(error) => {
                // If all cases have the same length, the items after the choice are at a known offset.
                let len = choice.fixed_len();
                let rest = self.end.saturating_sub(self.at);
                let go_on =
                    self.push(SurveyItem::Unchosen(choice), len.unwrap_or(rest), Some(&choice.name), Err(error));
                (go_on && len.is_some(), Value::Absent)
            }
        }
    }

    fn inside<T>(&mut self, way: Trail<'l>, walk: impl FnOnce(&mut Self) -> T) -> T {
        self.trail.push(way);
        let walked = walk(self);
        self.trail.pop();
        walked
    }

    fn push(&mut self, what: SurveyItem<'l>, len: usize, name: Option<&str>, value: Result<Value, Error>) -> bool {
        let within = self.within();
        let path = name.map_or_else(String::new, |name| self.path_of(name));
        let value = value.map_err(|error| self.around(self.in_stated(error)));
        let charset = self.charset;
        self.steps.push(SurveyStep { what, offset: self.at, len, path, within, charset, value });
        self.at = self.at.saturating_add(len);
        self.at <= self.limit
    }

    /// The path of an item with this name. An entry of an array has none: its path is that of the entry.
    fn path_of(&self, name: &str) -> String {
        let within = self.within();
        if name.is_empty() {
            return within;
        }
        if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") }
    }

    /// An error in the item whose length a field states, if there is one.
    fn in_stated(&self, error: Error) -> Error {
        self.stated.into_iter().fold(error, |error, (item, stated)| error.in_stated(item, stated))
    }

    /// An error with the names of the enclosing items.
    fn around(&self, error: Error) -> Error {
        self.trail.iter().rev().fold(error, Trail::around)
    }

    fn within(&self) -> String {
        let mut path = String::new();
        for way in &self.trail {
            match way {
                Trail::Name(name) if path.is_empty() => path.push_str(name),
                Trail::Name(name) => path.extend([".", name]),
                Trail::Entry(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }
}

impl Trail<'_> {
    fn around(error: Error, way: &Self) -> Error {
        match way {
            Self::Name(name) => error.within(name),
            Self::Entry(index) => error.at_entry(*index),
        }
    }
}

impl SurveyStep<'_> {
    /// The item's bytes, as far as the telegram has them.
    pub(crate) fn bytes<'t>(&self, telegram: &'t [u8]) -> &'t [u8] {
        let rest = telegram.get(self.offset..).unwrap_or_default();
        rest.get(..self.len).unwrap_or(rest)
    }

    /// Whether the bytes belong, or may belong, to a secret field.
    pub(crate) fn is_secret(&self) -> bool {
        match self.what {
            SurveyItem::Field(field) => field.secret,
            SurveyItem::Literal(_) | SurveyItem::Filler(_) => false,
            SurveyItem::Unused(group, _) | SurveyItem::Unread(group) => group.layout.has_secret(),
            SurveyItem::Unchosen(choice) => choice.cases().iter().any(|case| case.layout.has_secret()),
            SurveyItem::LeftOver { may_be_secret } => may_be_secret,
        }
    }

    /// The item's name on the sheet.
    pub(crate) fn label(&self) -> &str {
        match self.what {
            SurveyItem::Field(field) => &field.label,
            SurveyItem::Literal(literal) => &literal.label,
            SurveyItem::Filler(filler) => &filler.label,
            SurveyItem::Unused(group, _) | SurveyItem::Unread(group) => &group.label,
            SurveyItem::Unchosen(choice) => &choice.label,
            SurveyItem::LeftOver { .. } => "",
        }
    }
}
