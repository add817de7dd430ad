//! A telegram taken apart item by item, going on after mistakes: what dumps, differences and lists of all errors share.
//!
//! It reads with the same cursor as the codecs, one item at a time, and keeps what each of them says. Where the telegram
//! ends, or how many entries a group has cannot be told, it stops.

use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, Filler, Group, Item, Layout, Literal, Repeat};
use crate::record::{Record, Value, field_value};
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
    /// A group whose number of entries is not known, and all that follows it.
    Unread(&'l Group),
    /// What is left behind the last item; it may be what a secret field was meant to have.
    LeftOver {
        may_be_secret: bool,
    },
}

/// Takes a telegram apart.
pub(crate) fn survey<'l>(layout: &'l Layout, telegram: &[u8]) -> Vec<Step<'l>> {
    let mut survey = Survey { telegram, at: 0, trail: Vec::new(), steps: Vec::new() };
    let complete = survey.items(layout);
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
    trail: Vec<Trail<'l>>,
    steps: Vec<Step<'l>>,
}

impl<'l> Survey<'l, '_> {
    /// Adds the steps of a layout's items and says whether the telegram went on to the end of them.
    fn items(&mut self, layout: &'l Layout) -> bool {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for item in layout.items() {
            let mut reader = Reader::starting_at(self.telegram, self.at);
            let go_on = match item {
                Item::Field(field) => {
                    let value = field_value(layout, field, &mut reader);
                    if let Ok(Value::Number(count)) = value {
                        counts.push((&field.name, usize::try_from(count).unwrap_or_default()));
                    }
                    self.push(What::Field(field), field.len, item.name(), value)
                }
                Item::Literal(literal) => {
                    let read = reader.literal(literal).map(|()| Value::Absent);
                    self.push(What::Literal(literal), literal.len(), item.name(), read)
                }
                Item::Filler(filler) => {
                    let read = reader.filler(filler).map(|()| Value::Absent);
                    self.push(What::Filler(filler), filler.len, None, read)
                }
                Item::Part(part) => self.inside(Trail::Name(&part.name), |survey| survey.items(&part.layout)),
                Item::Group(group) => {
                    let count = match &group.repeat {
                        Repeat::Fixed(count) => Some(*count),
                        Repeat::Counted { by, .. } => counts.iter().find(|(name, _)| name == by).map(|known| known.1),
                    };
                    self.group(group, count)
                }
            };
            if !go_on {
                return false;
            }
        }
        true
    }

    fn group(&mut self, group: &'l Group, count: Option<usize>) -> bool {
        let Some(count) = count else {
            let rest = self.telegram.len().saturating_sub(self.at);
            // The count's own error says why.
            self.push(What::Unread(group), rest, Some(&group.name), Ok(Value::Absent));
            return false;
        };
        self.inside(Trail::Name(&group.name), |survey| {
            (0..count).all(|index| survey.inside(Trail::Entry(index), |survey| survey.items(&group.layout)))
        })
    }

    fn inside(&mut self, way: Trail<'l>, walk: impl FnOnce(&mut Self) -> bool) -> bool {
        self.trail.push(way);
        let go_on = walk(self);
        self.trail.pop();
        go_on
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
        self.at <= self.telegram.len()
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
            What::Unread(group) => group.layout.has_secret(),
            What::LeftOver { may_be_secret } => may_be_secret,
        }
    }

    /// The item's name on the sheet.
    pub(crate) fn label(&self) -> &str {
        match self.what {
            What::Field(field) => &field.label,
            What::Literal(literal) => &literal.label,
            What::Filler(filler) => &filler.label,
            What::Unread(group) => &group.label,
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
    use std::borrow::Cow;

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
