//! A telegram taken apart item by item, going on after mistakes: what dumps, differences and lists of all errors share.
//!
//! It reads with the same cursor as the codecs, one item at a time, and keeps what each of them says. Where the telegram
//! ends, or how many entries a group has cannot be told, it stops.

mod level;

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use self::level::Level;
use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Choice, Field, Filler, Group, Item, Layout, Literal, Repeat};
use crate::record::{Record, Value, case_of, field_value, tail};
use crate::telegram::Decode;

/// The most errors of one telegram that are collected: enough to see what is wrong, and a bound for hostile bytes.
pub const ERRORS_MAX: usize = 100;

/// One item where it stands.
pub(crate) struct Step<'l> {
    pub(crate) what: What<'l>,
    /// Where it begins, in bytes from the start of the telegram.
    pub(crate) offset: usize,
    /// Bytes on the wire; the telegram may have fewer.
    pub(crate) len: usize,
    /// The path; empty if the item has no name.
    pub(crate) path: String,
    /// The path of what encloses it, for items without a name.
    pub(crate) within: String,
    /// What it says. Literals and fillers say nothing, [`Value::Absent`].
    pub(crate) value: Result<Value, Error>,
}

/// What stands at a step.
#[derive(Clone, Copy)]
pub(crate) enum What<'l> {
    Field(&'l Field),
    Literal(&'l Literal),
    Filler(&'l Filler),
    /// So many entries of a group that are not used.
    Unused(&'l Group, usize),
    /// A group whose number of entries is not known, and all that follows it.
    Unread(&'l Group),
    /// A choice whose case is not known.
    Unchosen(&'l Choice),
    /// What is left behind the last item; it may be what a secret field was meant to have.
    LeftOver {
        may_be_secret: bool,
    },
}

/// Takes a telegram apart.
pub(crate) fn survey<'l>(layout: &'l Layout, telegram: &[u8]) -> Vec<Step<'l>> {
    let end = telegram.len();
    let mut survey = Survey { telegram, at: 0, end, limit: end, entry: 0, trail: Vec::new(), steps: Vec::new() };
    let (complete, _) = survey.items(layout);
    let left = telegram.len().saturating_sub(survey.at);
    if complete && left > 0 {
        let error = Error::new(Culprit::Peer, Fault::LeftOver { bytes: left });
        let error = error.at_bytes(survey.at..telegram.len(), None);
        survey.push(What::LeftOver { may_be_secret: layout.has_secret() }, left, None, Err(error));
    }
    survey.steps
}

/// The way from the telegram to where the survey stands.
enum Trail<'l> {
    Name(&'l str),
    Entry(usize),
}

struct Survey<'l, 't> {
    telegram: &'t [u8],
    at: usize,
    /// Where the bytes end that the item may have.
    end: usize,
    /// Where the telegram ends, or an item whose length some field says.
    limit: usize,
    /// The number of the entry that the survey is in.
    entry: u64,
    trail: Vec<Trail<'l>>,
    steps: Vec<Step<'l>>,
}

impl<'l> Survey<'l, '_> {
    /// Adds the steps of a layout's items, and says whether the telegram went on to the end of them, and their values.
    fn items(&mut self, layout: &'l Layout) -> (bool, Vec<Value>) {
        let mut level = Level::new(layout, self.at, self.steps.len());
        let mut complete = true;
        for (number, item) in layout.items().iter().enumerate() {
            let (end, limit) = (self.end, self.limit);
            let length = item.name().and_then(|name| level.linked.length_at(name));
            match length {
                Some((len, said_at)) => self.narrow(&level, item, len, said_at),
                None => self.end = end.saturating_sub(layout.reserved_behind(number).unwrap_or_default()),
            }
            level.starts.push(self.at);
            let (go_on, value) = self.item(&level, item, number);
            if let Item::Field(field) = item {
                let at = level.starts.last().copied().unwrap_or_default();
                level.linked.remember(number, field, at, &value);
            }
            level.values.push(value);
            if go_on && length.is_some() {
                self.left_over(item);
            }
            (self.end, self.limit) = (end, limit);
            if !go_on || self.at > limit {
                complete = false;
                break;
            }
        }
        self.compare(&mut level);
        (complete, level.values)
    }

    fn item(&mut self, level: &Level<'l>, item: &'l Item, number: usize) -> (bool, Value) {
        match item {
            Item::Field(field) => {
                let value = field_value(level.layout, field, level.start, &mut self.reader_of(field));
                let kept = value.as_ref().map_or(Value::Absent, Clone::clone);
                (self.push(What::Field(field), field.len, item.name(), value), kept)
            }
            Item::Tail(field) => {
                let within = self.telegram.get(..self.end).unwrap_or(self.telegram);
                let value = tail(field, &mut Reader::starting_at(within, self.at));
                (self.push(What::Field(field), self.end.saturating_sub(self.at), item.name(), value), Value::Absent)
            }
            Item::Literal(literal) => {
                let read = self.reader().literal(literal).map(|()| Value::Absent);
                (self.push(What::Literal(literal), literal.len(), item.name(), read), Value::Absent)
            }
            Item::Filler(filler) => {
                let read = self.reader().filler(filler).map(|()| Value::Absent);
                (self.push(What::Filler(filler), filler.len, None, read), Value::Absent)
            }
            Item::Part(part) => {
                let (go_on, values) = self.inside(Trail::Name(&part.name), |survey| survey.items(&part.layout));
                (go_on, Value::Part(values))
            }
            Item::Group(group) => {
                let mut entries = Vec::new();
                let go_on = self.group(level, group, number, &mut entries);
                (go_on, Value::Group(entries))
            }
            Item::Choice(choice) => self.choice(level, choice),
        }
    }

    fn reader(&self) -> Reader<'_> {
        let mut reader = Reader::starting_at(self.telegram, self.at);
        reader.set_entry(self.entry);
        reader.narrow(self.limit);
        reader
    }

    fn group(&mut self, level: &Level<'l>, group: &'l Group, number: usize, entries: &mut Vec<Vec<Value>>) -> bool {
        let count = match &group.repeat {
            Repeat::Fixed(count) => Some(*count),
            Repeat::Counted { by, .. } if level.layout.stands_before(by, number) => level.number(by),
            Repeat::Padded { by: Some(by), .. } => level.number(by),
            Repeat::Padded { by: None, max, pad } => Some(self.used(group, *max, *pad)),
            Repeat::Counted { .. } | Repeat::Rest { .. } => return self.rest(group, entries),
        };
        let Some(count) = count else {
            // The count's own error says why.
            return self.unread(group, Ok(Value::Absent));
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

    /// The entries before the first blank one.
    fn used(&self, group: &Group, max: usize, pad: u8) -> usize {
        let Some(len) = group.layout.fixed_len().filter(|len| *len > 0) else { return max };
        let rest = self.telegram.get(self.at..).unwrap_or_default();
        rest.chunks(len).take(max).take_while(|entry| entry.iter().any(|byte| *byte != pad)).count()
    }

    /// The entries of a padded group that are not used.
    fn unused(&mut self, group: &'l Group, used: usize) -> bool {
        let (Repeat::Padded { max, .. }, Some(len)) = (&group.repeat, group.layout.fixed_len()) else { return true };
        let unused = max.saturating_sub(used);
        if unused == 0 {
            return true;
        }
        let blank = self.reader().blank_entries(group, used).map(|()| Value::Absent);
        self.push(What::Unused(group, unused), len.saturating_mul(unused), None, blank)
    }

    /// Entries up to the end of the bytes that they may have.
    fn rest(&mut self, group: &'l Group, entries: &mut Vec<Vec<Value>>) -> bool {
        let room = Reader::starting_at(self.telegram.get(..self.end).unwrap_or_default(), self.at).check_room(group);
        let entry = group.layout.fixed_len().unwrap_or(0);
        while self.at < self.end {
            let (before, left) = (self.at, self.end.saturating_sub(self.at));
            if entries.len() >= group.repeat.max() {
                let (count, max) = (entries.len().saturating_add(1), group.repeat.max());
                let too_many = || {
                    let error = Error::new(Culprit::Peer, Fault::TooMany { count, max }).within(&group.name);
                    error.at_bytes(before..self.end, None)
                };
                let error = room.err().unwrap_or_else(too_many);
                return self.unread(group, Err(error));
            }
            if left < entry {
                // What follows the group stands where it stands whatever this is.
                let part = room.and(Ok(Value::Absent));
                return self.push(What::Unread(group), left, Some(&group.name), part);
            }
            if !self.one_entry(group, entries) || self.at == before {
                return false;
            }
        }
        if self.at > self.end && !entries.is_empty() {
            let bytes = self.at.saturating_sub(self.end);
            let error = Error::new(Culprit::Peer, Fault::Overrun { bytes }).within(&group.name);
            let error = error.at_bytes(self.end..self.at, None);
            self.mark(self.steps.len().saturating_sub(1), error);
        }
        true
    }

    /// All that is left, of which nobody knows what it is.
    fn unread(&mut self, group: &'l Group, why: Result<Value, Error>) -> bool {
        let rest = self.end.saturating_sub(self.at);
        self.push(What::Unread(group), rest, Some(&group.name), why);
        false
    }

    fn choice(&mut self, level: &Level<'l>, choice: &'l Choice) -> (bool, Value) {
        // The code may stand behind the bytes that the choice itself has.
        let reader = Reader::starting_at(self.telegram, self.at);
        match case_of(level.layout, choice, level.start, &reader) {
            Ok(number) => match choice.cases().get(number) {
                Some(case) => {
                    let (go_on, values) = self.inside(Trail::Name(&choice.name), |survey| survey.items(&case.layout));
                    (go_on, Value::Choice(number, values))
                }
                None => (false, Value::Absent),
            },
            Err(error) => {
                // If all cases have one length, what follows is where it always is.
                let len = choice.fixed_len();
                let rest = self.end.saturating_sub(self.at);
                let go_on = self.push(What::Unchosen(choice), len.unwrap_or(rest), Some(&choice.name), Err(error));
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

    fn push(&mut self, what: What<'l>, len: usize, name: Option<&str>, value: Result<Value, Error>) -> bool {
        let within = self.within();
        let path = match name {
            None => String::new(),
            Some(name) if within.is_empty() => name.to_owned(),
            Some(name) => format!("{within}.{name}"),
        };
        let value = value.map_err(|error| self.trail.iter().rev().fold(error, Trail::around));
        self.steps.push(Step { what, offset: self.at, len, path, within, value });
        self.at = self.at.saturating_add(len);
        self.at <= self.limit
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

impl Step<'_> {
    /// The item's bytes, as far as the telegram has them.
    pub(crate) fn bytes<'t>(&self, telegram: &'t [u8]) -> &'t [u8] {
        let rest = telegram.get(self.offset..).unwrap_or_default();
        rest.get(..self.len).unwrap_or(rest)
    }

    /// Whether the bytes are, or may be, those of a secret field.
    pub(crate) fn is_secret(&self) -> bool {
        match self.what {
            What::Field(field) => field.secret,
            What::Literal(_) | What::Filler(_) => false,
            What::Unused(group, _) | What::Unread(group) => group.layout.has_secret(),
            What::Unchosen(choice) => choice.cases().iter().any(|case| case.layout.has_secret()),
            What::LeftOver { may_be_secret } => may_be_secret,
        }
    }

    /// The item's name on the sheet.
    pub(crate) fn label(&self) -> &str {
        match self.what {
            What::Field(field) => &field.label,
            What::Literal(literal) => &literal.label,
            What::Filler(filler) => &filler.label,
            What::Unused(group, _) | What::Unread(group) => &group.label,
            What::Unchosen(choice) => &choice.label,
            What::LeftOver { .. } => "",
        }
    }
}

impl Layout {
    /// Everything that is wrong with a telegram, in the order of its bytes, [`ERRORS_MAX`] at most.
    ///
    /// It is empty exactly if [`Record::decode`] reads the telegram. Each error has the path, the bytes and what was expected;
    /// what a secret field holds is in none of them. Where the telegram ends, or a group's count cannot be read, the list ends
    /// too, for nothing that would follow has a known place.
    #[must_use]
    pub fn all_errors(&self, telegram: &[u8]) -> Vec<Error> {
        let Err(first) = Record::decode(self, telegram) else { return Vec::new() };
        let mut errors = Vec::new();
        // A wrong length is said once, not again where the bytes run out or are left, or a length field says the right one.
        let wrong_length = matches!(first.fault(), Fault::WrongLength { .. });
        if wrong_length {
            errors.push(first.clone());
        }
        let of_steps = survey(self, telegram).into_iter().filter_map(|step| step.value.err());
        errors.extend(of_steps.filter(|error| {
            !wrong_length
                || !matches!(error.fault(), Fault::Truncated { .. } | Fault::LeftOver { .. } | Fault::LengthLies { .. })
        }));
        // What only the whole telegram shows, the codec says.
        if !errors.iter().any(|error| is_same(error, &first)) {
            errors.insert(0, first);
        }
        errors.truncate(ERRORS_MAX);
        errors
    }
}

/// Reads a telegram, or says everything that is wrong with it.
///
/// # Errors
/// All errors, [`ERRORS_MAX`] at most; see [`Layout::all_errors`].
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::{Telegram, decode_all_errors};
///
/// #[derive(Telegram, Debug)]
/// #[telegram(len = 9)]
/// struct Pair {
///     #[field(len = 3)]
///     first: u16,
///     #[field(len = 6, label = "둘째")]
///     second: u32,
/// }
///
/// let errors = decode_all_errors::<Pair>(b"1x2abc000").unwrap_err();
/// let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
/// assert_eq!(said, [
///     "peer: first, bytes 0..3: expected a digit, found 'x' (78) at byte 1, hex 31 78 32",
///     "peer: second (둘째), bytes 3..9: expected a digit, found 'a' (61) at byte 3, hex 61 62 63 30 30 30",
/// ]);
/// # }
/// ```
pub fn decode_all_errors<'a, T: Decode<'a>>(telegram: &'a [u8]) -> Result<T, Vec<Error>> {
    T::decode(telegram).map_err(|first| {
        let mut errors = T::LAYOUT.all_errors(telegram);
        // A type of the user's own may refuse more than its kind does.
        if !errors.iter().any(|error| is_same(error, &first)) {
            errors.insert(0, first);
        }
        errors
    })
}

/// Whether two errors say the same of the same bytes.
fn is_same(one: &Error, other: &Error) -> bool {
    one.fault() == other.fault() && one.range() == other.range() && one.path() == other.path()
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;
    use crate::charset::Charset;
    use crate::layout::{Computed, Kind, NumberRule, TextRule};

    fn number(name: &'static str, len: usize, secret: bool, computed: Option<Computed>) -> Item {
        let (name, label) = (Cow::Borrowed(name), Cow::Borrowed(""));
        Item::Field(Field { name, label, len, kind: Kind::Number(NumberRule::UNSIGNED), secret, computed })
    }

    fn layout(name: &'static str, items: Vec<Item>) -> Layout {
        Layout {
            name: Cow::Borrowed(name),
            label: Cow::Borrowed(""),
            charset: Charset::Ascii,
            stated_len: None,
            when: Cow::Borrowed(&[]),
            items: Cow::Owned(items),
        }
    }

    fn list() -> Layout {
        let entry = layout("Entry", vec![number("no", 2, false, None), number("pin", 2, true, None)]);
        let group = Group {
            name: Cow::Borrowed("items"),
            label: Cow::Borrowed(""),
            repeat: Repeat::Counted { by: Cow::Borrowed("count"), max: 3 },
            page: None,
            layout: Cow::Owned(entry),
        };
        let text = Kind::Text(TextRule::new(Charset::Ascii));
        let (name, label) = (Cow::Borrowed("end"), Cow::Borrowed(""));
        let end = Item::Field(Field { name, label, len: 1, kind: text, secret: false, computed: None });
        let count = number("count", 1, false, Some(Computed::Count(Cow::Borrowed("items"))));
        let filler = Filler { label: Cow::Borrowed(""), len: 1, pad: b' ', any: false };
        layout("List", vec![count, Item::Filler(filler), Item::Group(group), end])
    }

    fn said(bytes: &[u8]) -> Vec<String> {
        list().all_errors(bytes).iter().map(|error| format!("{} {:?}", error.path(), error.range())).collect()
    }

    #[test]
    fn every_mistake_has_its_path_and_its_bytes() {
        assert_eq!(said(b"2 01020304."), [""; 0]);
        assert_eq!(said(b"2x0x020304\xFF"), [" Some(1..2)", "items[0].no Some(2..4)", "end Some(10..11)"],);
        assert_eq!(said(b"9 01020304."), ["count Some(0..1)"], "without a count nothing has a place");
        assert_eq!(said(b"2 0102x3"), ["items[1].no Some(6..8)", "items[1].pin Some(8..10)"]);
        assert_eq!(said(b"1 0102.?"), [" Some(7..8)"]);
    }

    #[test]
    fn a_secret_is_in_no_error() {
        let errors = list().all_errors(b"1 x17x..98");
        let found: Vec<_> = errors.iter().map(|error| (error.found(), error.is_secret())).collect();
        assert_eq!(found, [(Some(&b"x1"[..]), false), (None, true), (None, false)]);
        let said = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(said.contains("items[0].pin") && !said.contains("37"), "{said}");
        assert!(!said.contains("39 38"), "what is left over may be a secret: {said}");
    }

    #[test]
    fn hostile_bytes_give_no_more_errors_than_are_wanted() {
        let many = (0..300).map(|_| number("no", 1, false, None)).collect();
        let errors = layout("Many", many).all_errors(&[b'x'; 300]);
        assert_eq!(errors.len(), ERRORS_MAX);
        assert_eq!(layout("Two", vec![number("a", 2, false, None)]).all_errors(b"1").len(), 1);
    }
}
