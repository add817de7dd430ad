//! Items: one TOML table of an `items` array → one [`Item`], its [`Note`] and its place.

mod computed;
mod fields;
mod groups;
mod choices;

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::layout::{Filler, Item, Literal, Part};
use fep_codec::{Charset, Layout};

pub(crate) use self::computed::{can_count, words as computed_words};
use super::holes::{Hole, is_unmeasured};
use super::{Known, names, options};
use crate::document::{Document, Located, Table, Value};
use crate::model::{FlattenedNote, Note};
use crate::report::Code;

/// Items in wire order, with their notes and places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    pub(crate) items: Vec<Item>,
    pub(crate) notes: Vec<Note>,
    pub(crate) places: Vec<Place>,
    /// The depth of nested parts, groups and choices.
    pub(crate) depth: usize,
    /// The number of items, including those of all nested parts, entries and cases.
    pub(crate) total: usize,
}

/// The places of an item in the document.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The table.
    pub(crate) span: Range<usize>,
    /// The name, or the table if the item has no name.
    pub(crate) name: Range<usize>,
    /// The offset that the sheet states.
    pub(crate) at: Option<Stated>,
    /// The values of keys that refer to other items: `count`, `of`, `by`.
    pub(crate) keys: Vec<(&'static str, Range<usize>)>,
    /// The items of a group's entry, if they are written at the group.
    pub(crate) entry: Option<Vec<Place>>,
    /// One for each case of a choice.
    pub(crate) cases: Vec<CasePlace>,
}

/// An offset as the sheet states it.
#[derive(Clone, Debug)]
pub(crate) struct Stated {
    /// The offset, from 0.
    pub(crate) offset: usize,
    /// The number of the first byte where the sheet counts: 0, or 1 with `offsets_from = 1`.
    pub(crate) from: usize,
    /// The place of the number.
    pub(crate) span: Range<usize>,
}

/// The places of a case of a choice.
#[derive(Clone, Debug)]
pub(crate) struct CasePlace {
    /// Its name.
    pub(crate) name: Range<usize>,
    /// One for each code.
    pub(crate) codes: Vec<Range<usize>>,
    /// Its items, if they are written at the case.
    pub(crate) items: Option<Vec<Place>>,
}

impl Place {
    /// The place of a key's value, or of the name if there is no such key.
    pub(crate) fn key(&self, key: &str) -> Range<usize> {
        let found = self.keys.iter().find(|(known, _)| *known == key);
        found.map_or_else(|| self.name.clone(), |(_, at)| at.clone())
    }
}

/// An item that was read.
struct Read {
    item: Item,
    note: Note,
    name: Option<Range<usize>>,
    keys: Vec<(&'static str, Range<usize>)>,
    entry: Option<Vec<Place>>,
    cases: Vec<CasePlace>,
    depth: usize,
    total: usize,
}

/// The maximum length of an item in bytes.
pub(crate) const LEN_MAX: usize = 65_535;
/// The maximum depth of nested parts, groups and choices.
const DEPTH_MAX: usize = 8;
/// The maximum number of items in a telegram with all its parts and entries, so that nested parts cannot fill the memory.
const TOTAL_MAX: usize = 20_000;
/// The maximum length of a telegram in bytes, with full groups.
pub(crate) const TELEGRAM_LEN_MAX: usize = 1 << 20;
/// The maximum number of entries of a group.
pub(crate) const ENTRIES_MAX: usize = 100_000;

/// Reads an `items` array. `owner` is the name of the telegram or part. A hole stands for what cannot be read.
pub(super) fn items(known: &mut Known<'_>, owner: &str, value: Value<'_>, level: usize) -> Items {
    let document = value.document();
    let mut all = Items { depth: 1, ..Items::default() };
    if level > DEPTH_MAX {
        document.error(
            Code::TooMuch,
            value.span(),
            format!("groups stand more than {DEPTH_MAX} deep inside each other"),
        );
        all.hole(known, value.span(), None);
        return all;
    }
    let Some(values) = value.array() else {
        all.hole(known, value.span(), None);
        return all;
    };
    for value in values {
        let Some(table) = value.table() else {
            all.hole(known, value.span(), None);
            continue;
        };
        if is_splice(&table) {
            splice(known, table, &mut all);
        } else {
            one(known, owner, table, level, &mut all);
        }
        if all.depth > DEPTH_MAX || all.total > TOTAL_MAX {
            let message = format!("more than {DEPTH_MAX} parts inside each other, or {TOTAL_MAX} items in all");
            let hint = "write the items in fewer parts";
            document.error_hint(Code::TooMuch, value.span(), message, hint);
            // The items so far would make everything that uses them too large, too.
            all = Items { depth: 1, ..Items::default() };
            all.hole(known, value.span(), None);
            break;
        }
    }
    computed::signs_elsewhere(&mut all.items);
    computed::counts(&mut all);
    all
}

/// Reads one item that is no part without a name.
fn one(known: &mut Known<'_>, owner: &str, table: Table<'_>, level: usize, all: &mut Items) {
    let span = table.span();
    let hole = Hole::of(&table);
    let document = table.document();
    let (read, at) = item(known, owner, table, level);
    // A length that does not suit the kind may be wrong itself.
    let len = hole.len.filter(|_| !document.has_within(Code::WrongLength, &span));
    let hole = Hole { len, ..hole };
    let read = read.unwrap_or_else(|| Read::plain(hole.item(known.charset), None));
    let name = read.name.unwrap_or(span.clone());
    all.depth = all.depth.max(read.depth.saturating_add(1));
    all.total = all.total.saturating_add(1).saturating_add(read.total);
    all.items.push(read.item);
    all.notes.push(read.note);
    all.places.push(Place { span, name, at, keys: read.keys, entry: read.entry, cases: read.cases });
}

impl Items {
    /// Items of which nothing can be read, at this place.
    pub(super) fn unknown(known: &Known<'_>, at: Range<usize>) -> Self {
        let mut all = Self { depth: 1, ..Self::default() };
        all.hole(known, at, None);
        all
    }

    /// Gives holes the lengths that the sheet implies: up to the next stated offset, or what is left of the stated length.
    pub(super) fn measure(&mut self, charset: Charset, stated: Option<usize>) {
        let unmeasured: Vec<usize> =
            (0..self.items.len()).filter(|at| self.items.get(*at).is_some_and(is_unmeasured)).collect();
        let mut rest = Vec::new();
        for index in unmeasured {
            let at = |index: usize| self.places.get(index).and_then(|place| place.at.as_ref()).map(|at| at.offset);
            let end = if index + 1 == self.items.len() { stated } else { at(index + 1) };
            match (at(index), end) {
                (Some(start), Some(end)) if end > start => self.set_len(index, end - start, charset),
                _ => rest.push(index),
            }
        }
        let ([index], Some(stated)) = (rest.as_slice(), stated) else { return };
        let others = self.items.iter().enumerate().filter(|(at, _)| at != index);
        let sum = others.map(|(_, item)| item.fixed_len()).try_fold(0_usize, |sum, len| sum.checked_add(len?));
        if let Some(len) = sum.and_then(|sum| stated.checked_sub(sum)).filter(|len| *len > 0) {
            self.set_len(*index, len, charset);
        }
    }

    fn set_len(&mut self, index: usize, len: usize, charset: Charset) {
        if let Some(item) = self.items.get_mut(index) {
            let name = item.name().unwrap_or_default().to_owned();
            *item = Hole { name, len: Some(len) }.item(charset);
        }
    }

    /// Adds an item of which nothing is known but where the sheet says that it is.
    fn hole(&mut self, known: &Known<'_>, span: Range<usize>, at: Option<Stated>) {
        self.items.push(Hole::unknown().item(known.charset));
        self.notes.push(Note::default());
        self.places.push(Place { name: span.clone(), span, at, keys: vec![], entry: None, cases: vec![] });
    }
}

/// The layout of an entry or a case whose items are written at the group or the choice.
fn inline_layout(known: &Known<'_>, name: String, items: Vec<Item>) -> Layout {
    Layout {
        name: Cow::Owned(name),
        label: Cow::Borrowed(""),
        charset: known.charset,
        stated_len: None,
        when: Cow::Borrowed(&[]),
        items: Cow::Owned(items),
    }
}

fn item(known: &mut Known<'_>, owner: &str, table: Table<'_>, level: usize) -> (Option<Read>, Option<Stated>) {
    let at = stated(known, &table);
    let remark = table.string("remark").map(|remark| remark.value.to_owned()).unwrap_or_default();
    let read = if table.has("group") {
        groups::group(known, owner, &table, level)
    } else if table.has("choice") {
        choices::choice(known, owner, &table, level)
    } else if table.has("part") {
        part(known, &table)
    } else if table.has("filler") {
        filler(known, &table)
    } else if table.has("literal") || table.has("hex") {
        literal(known, &table)
    } else if table.has("name") {
        fields::field(known, owner, &table)
    } else {
        table.knows(&keys_of_fields());
        if table.misspells("name", &keys_of_fields()) {
            table.knows(&["name"]);
            table.finish();
            return (None, at);
        }
        let message = "an item without a name";
        let hint = "an item is a field { name, type, len }, a { part }, a { filler }, a { literal }, a { group } or a { choice }";
        table.document().error_hint(Code::MissingKey, table.span(), message, hint);
        return (None, at);
    };
    table.finish();
    (read.map(|read| Read { note: Note { remark, ..read.note }, ..read }), at)
}

/// The keys of a field, without its name.
fn keys_of_fields() -> Vec<&'static str> {
    let more = ["at", "remark", "tail", "max"];
    [&fields::KEYS[..], &computed::KEYS, &more].concat().into_iter().chain(options::keys()).collect()
}

impl Read {
    fn plain(item: Item, name: Option<Range<usize>>) -> Self {
        Self { item, note: Note::default(), name, keys: vec![], entry: None, cases: vec![], depth: 0, total: 0 }
    }
}

/// The offset that the sheet states for an item.
fn stated(known: &Known<'_>, table: &Table<'_>) -> Option<Stated> {
    let from = known.offsets_from;
    let at = table.integer("at", from..=TELEGRAM_LEN_MAX)?;
    Some(Stated { offset: at.value.saturating_sub(from), from, span: at.span })
}

fn label(table: &Table<'_>) -> Cow<'static, str> {
    Cow::Owned(table.string("label").map(|label| label.value.to_owned()).unwrap_or_default())
}

/// Reads and checks the name of an item.
fn name<'d>(table: &Table<'d>, key: &'d str) -> Option<Located<&'d str>> {
    let name = table.required_string(key)?;
    names::check_item(table.document(), &name);
    Some(name)
}

/// Whether an item is a part without a name of its own.
fn is_splice(table: &Table<'_>) -> bool {
    table.has("part") && !["name", "group", "choice"].iter().any(|key| table.has(key))
}

/// Adds the items of a part without a name of its own.
fn splice(known: &mut Known<'_>, table: Table<'_>, all: &mut Items) {
    table.knows(&["part", "name"]);
    let document = table.document();
    let span = table.span();
    let at = stated(known, &table);
    let remark = table.string("remark").map(|remark| remark.value.to_owned()).unwrap_or_default();
    let of = table.required_string("part");
    let charset = known.charset;
    let part = of.as_ref().and_then(|of| known.part(document, of));
    table.finish();
    let (Some(of), Some(part)) = (of, part) else {
        all.items.push(Hole::unknown().item(charset));
        all.notes.push(Note::default());
        all.places.push(Place { name: span.clone(), span, at, keys: vec![], entry: None, cases: vec![] });
        return;
    };
    let count = part.layout.items().len();
    let flattened = FlattenedNote { part: of.value.to_owned(), count, remark };
    let notes = part
        .items
        .notes
        .iter()
        .enumerate()
        .map(|(index, note)| Note { flattened: (index == 0).then(|| flattened.clone()), ..note.clone() });
    let places = part.items.places.iter().enumerate().map(|(index, place)| Place {
        span: span.clone(),
        name: span.clone(),
        at: at.clone().filter(|_| index == 0),
        keys: place.keys.clone(),
        entry: None,
        cases: Vec::new(),
    });
    all.depth = all.depth.max(part.depth);
    all.total = all.total.saturating_add(part.total);
    all.items.extend(part.layout.items().iter().cloned());
    all.notes.extend(notes);
    all.places.extend(places);
}

fn part(known: &mut Known<'_>, table: &Table<'_>) -> Option<Read> {
    table.knows(&["part", "name"]);
    let of = table.required_string("part");
    let name = name(table, "name");
    let part = known.part(table.document(), &of?)?;
    let name = name?;
    let layout = Cow::Owned(part.layout.clone());
    let depth = part.depth;
    let total = part.total;
    let item = Item::Part(Part { name: Cow::Owned(name.value.to_owned()), layout });
    Some(Read { depth, total, ..Read::plain(item, Some(name.span)) })
}

fn filler(known: &Known<'_>, table: &Table<'_>) -> Option<Read> {
    table.knows(&["filler", "label", "pad", "any"]);
    let label = label(table);
    let len = table.required("filler").and_then(|len| len.integer(1..=LEN_MAX));
    let pad = table.get("pad").and_then(options::byte);
    let pad = pad.and_then(|pad| pad.value.of(known.charset)).unwrap_or(known.charset.space());
    let any = table.boolean("any").is_some_and(|any| any.value);
    Some(Read::plain(Item::Filler(Filler { label, len: len?.value, pad, any }), None))
}

fn literal(known: &Known<'_>, table: &Table<'_>) -> Option<Read> {
    let document = table.document();
    table.knows(&["literal", "hex", "name", "label"]);
    let text = table.string("literal");
    let hex = table.string("hex");
    let name = if table.has("name") { Some(name(table, "name")?) } else { None };
    let label = label(table);
    let charset = text.is_some().then_some(known.charset);
    let bytes = match (text, hex) {
        (Some(text), None) => encoded(known, document, &text)?,
        (None, Some(hex)) => match unhex(hex.value) {
            Some(bytes) => bytes,
            None => {
                document.error_hint(
                    Code::BadValue,
                    hex.span,
                    format!("\"{}\" is no hex", hex.value),
                    "write two hex digits for each byte, like \"0d0a\"",
                );
                return None;
            }
        },
        (Some(_), Some(hex)) => {
            document.error_hint(Code::ConflictingKeys, hex.span, "both `literal` and `hex`", "leave one out");
            return None;
        }
        (None, None) => return None,
    };
    if bytes.is_empty() {
        document.error(Code::Empty, table.span(), "a literal without bytes");
        return None;
    }
    let (name, span) = name.map_or(("", None), |name| (name.value, Some(name.span)));
    let literal = Literal { name: Cow::Owned(name.to_owned()), label, bytes: Cow::Owned(bytes), text: charset };
    Some(Read::plain(Item::Literal(literal), span))
}

fn encoded(known: &Known<'_>, document: &Document, text: &Located<&str>) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 4 * text.value.len()];
    match known.charset.encode(text.value, &mut bytes) {
        Ok(len) => {
            bytes.truncate(len);
            Some(bytes)
        }
        Err(_) => {
            let charset = known.charset;
            let lacking = text.value.chars().find(|character| !charset.has(*character));
            let message = match lacking {
                Some(character) => format!("{character:?} is not in {charset}"),
                None => format!("not all of this is {charset}"),
            };
            document.error_hint(Code::NotInCharset, text.span.clone(), message, "write its bytes as hex digits: `hex`");
            None
        }
    }
}

/// Pairs of hex digits, spaces between them allowed.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|character| *character != ' ')
        .map(|character| character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high * 16 + low).collect())
}
