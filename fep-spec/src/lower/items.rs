//! Items: one TOML table of an `items` array → one [`Item`], its [`Note`] and its place.

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::layout::{
    Computed, Counts, Field, Filler, Group, Item, Kind, Layout, Literal, NumberRule, Part, Repeat,
};

use super::options::{self, Options};
use super::{Known, codes, names};
use crate::document::{Document, Located, Table, Value};
use crate::model::{CodeList, Note};

/// Items in wire order, with what is known beside their bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    pub(crate) items: Vec<Item>,
    pub(crate) notes: Vec<Note>,
    pub(crate) places: Vec<Place>,
    /// An item could not be read: sums and offsets mean nothing.
    pub(crate) broken: bool,
    /// Parts and groups inside each other.
    pub(crate) depth: usize,
    /// Items with those of parts and entries, over and over.
    pub(crate) total: usize,
}

/// Where an item stands in the document.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The table.
    pub(crate) span: Range<usize>,
    /// The name, or the table if there is none.
    pub(crate) name: Range<usize>,
    /// The offset that the sheet states.
    pub(crate) at: Option<Located<usize>>,
    /// What says how often a group repeats.
    pub(crate) count: Option<Range<usize>>,
    /// The entry of a group whose items are written at the group.
    pub(crate) entry: Option<Vec<Place>>,
}

/// An item that was read.
struct Read {
    item: Item,
    note: Note,
    name: Option<Range<usize>>,
    count: Option<Range<usize>>,
    entry: Option<Vec<Place>>,
    depth: usize,
    total: usize,
}

/// Bytes of one item.
const LEN_MAX: usize = 65_535;
/// Parts and groups inside each other.
const DEPTH_MAX: usize = 8;
/// Items of one telegram with all its parts and entries, so that parts of parts of parts cannot fill the memory.
const TOTAL_MAX: usize = 20_000;
/// Bytes of one telegram, its groups full.
pub(crate) const TELEGRAM_LEN_MAX: usize = 1 << 20;
/// Entries of one group.
const ENTRIES_MAX: usize = 100_000;

/// Reads an `items` array. `owner` is the name of the telegram or part.
pub(super) fn items(known: &mut Known<'_>, owner: &str, value: Value<'_>, level: usize) -> Items {
    let document = value.document();
    let mut all = Items { depth: 1, ..Items::default() };
    if level > DEPTH_MAX {
        document.error(value.span(), format!("groups stand more than {DEPTH_MAX} deep inside each other"));
        return Items { broken: true, ..all };
    }
    for value in value.array().unwrap_or_default() {
        let read = value.table().and_then(|table| {
            let place = Place { span: table.span(), name: table.span(), at: None, count: None, entry: None };
            item(known, owner, table, level).map(|(read, at)| {
                let name = read.name.clone().unwrap_or(place.name);
                (Place { name, at, count: read.count.clone(), ..place }, read)
            })
        });
        let Some((place, read)) = read else {
            all.broken = true;
            continue;
        };
        all.depth = all.depth.max(1 + read.depth);
        all.total = all.total.saturating_add(1).saturating_add(read.total);
        if all.depth > DEPTH_MAX || all.total > TOTAL_MAX {
            let message = format!("more than {DEPTH_MAX} parts inside each other, or {TOTAL_MAX} items in all");
            document.error_hint(place.span, message, "write the items in fewer parts");
            all.broken = true;
            break;
        }
        all.items.push(read.item);
        all.notes.push(read.note);
        all.places.push(Place { entry: read.entry, ..place });
    }
    all
}

fn item(known: &mut Known<'_>, owner: &str, table: Table<'_>, level: usize) -> Option<(Read, Option<Located<usize>>)> {
    let at = table.integer("at", 0..=TELEGRAM_LEN_MAX);
    let remark = table.string("remark").map(|remark| remark.value.to_owned()).unwrap_or_default();
    let read = if table.has("group") {
        group(known, owner, &table, level)
    } else if table.has("part") {
        part(known, &table)
    } else if table.has("filler") {
        filler(known, &table)
    } else if table.has("literal") || table.has("hex") {
        literal(known, &table)
    } else if table.has("name") {
        field(known, owner, &table)
    } else {
        let message = "an item without a name";
        let hint = "an item is a field { name, type, len }, a { part }, a { filler }, a { literal } or a { group }";
        table.document().error_hint(table.span(), message, hint);
        return None;
    };
    table.finish();
    let read = read?;
    Some((Read { note: Note { remark, ..read.note }, ..read }, at))
}

impl Read {
    fn plain(item: Item, name: Option<Range<usize>>) -> Self {
        Self { item, note: Note::default(), name, count: None, entry: None, depth: 0, total: 0 }
    }
}

fn label(table: &Table<'_>) -> Cow<'static, str> {
    Cow::Owned(table.string("label").map(|label| label.value.to_owned()).unwrap_or_default())
}

/// The name of an item, checked.
fn name<'d>(table: &Table<'d>, key: &'d str) -> Option<Located<&'d str>> {
    let name = table.required_string(key)?;
    names::check_item(table.document(), &name);
    Some(name)
}

fn field(known: &mut Known<'_>, owner: &str, table: &Table<'_>) -> Option<Read> {
    let document = table.document();
    table.knows(&["name", "label", "len", "secret", "type", "codes", "closed", "computed", "counts", "of"]);
    table.knows(&options::KEYS);
    let name = name(table, "name");
    let label = label(table);
    let len = table.required("len").and_then(|len| len.integer(1..=LEN_MAX));
    let secret = table.boolean("secret").is_some_and(|secret| secret.value);
    let type_name = table.string("type");
    let mut own = Options::read(table);
    own.codes = field_codes(known, owner, name.as_ref(), table);
    let base = match &type_name {
        Some(type_name) => Some(known.options_of(document, type_name)?),
        None => None,
    };
    if let (Some(kind), Some(_)) = (&own.kind, &base) {
        document.error_hint(kind.span.clone(), "both `type` and `kind`", "the type has a kind already: leave one out");
        return None;
    }
    let (name, len) = (name?, len?);
    let options = own.clone().over(base.unwrap_or_default());
    let Some(kind) = options.kind.as_ref().map(|kind| kind.value) else {
        let hint = "a type of [types], or a kind: text, digits, number, date, time, datetime, code, flag, bytes";
        document.error_hint(name.span, format!("`{}` has neither `type` nor `kind`", name.value), hint);
        return None;
    };
    own.refuse_foreign(document, kind);
    let at = options::Field { document, name: name.value, len, charset: known.charset, codes: &known.codes };
    let kind = options.kind(kind, &at);
    let computed = computed(table, kind.as_ref());
    let note = Note {
        type_name: type_name.map(|type_name| type_name.value.to_owned()),
        codes: options.codes.map(|codes| codes.value),
        ..Note::default()
    };
    let field = Field {
        name: Cow::Owned(name.value.to_owned()),
        label,
        len: at.len.value,
        kind: kind?,
        secret,
        computed: computed?,
    };
    Some(Read { note, ..Read::plain(Item::Field(field), Some(name.span)) })
}

/// The name of the field's list of codes; a list written at the field gets a name of its own.
fn field_codes(
    known: &mut Known<'_>,
    owner: &str,
    field: Option<&Located<&str>>,
    table: &Table<'_>,
) -> Option<Located<String>> {
    let value = table.get("codes");
    let closed = table.boolean("closed");
    let document = table.document();
    let Some(value) = value else {
        if let Some(closed) = closed {
            document.error_hint(
                closed.span,
                "`closed` without `codes`",
                "a list of [codes] says itself that it is closed",
            );
        }
        return None;
    };
    if value.is_string() {
        if let Some(closed) = closed {
            document.error_hint(closed.span, "`closed` belongs to the list", "move it to the table under [codes]");
        }
        return value.string().map(|name| known.code_list(document, &name));
    }
    let closed = closed.is_some_and(|closed| closed.value);
    let field = field?;
    let name = format!("{owner}{}", names::pascal(field.value));
    known.claim(document, &Located { value: &name, span: field.span.clone() }, "the list of codes of a field");
    let list = CodeList {
        name: name.clone(),
        label: table.string("label").map(|label| label.value.to_owned()).unwrap_or_default(),
        open: !closed,
        codes: codes::codes(value, closed),
    };
    known.codes.push(list);
    Some(Located { value: name, span: value.span() })
}

/// What the encoder fills in; the outer `None` says that this could not be read.
#[allow(clippy::option_option, reason = "absent and unreadable are two things")]
fn computed(table: &Table<'_>, kind: Option<&Kind>) -> Option<Option<Computed>> {
    let document = table.document();
    let what = table.choice("computed", &[("length", true), ("count", false)]);
    let counts = table.choice("counts", &[("rest", Counts::Rest), ("all", Counts::All)]);
    let of = table.string("of");
    let Some(what) = what else {
        return if table.has("computed") { None } else { Some(None) };
    };
    let countable = |kind: &Kind| matches!(kind, Kind::Number(rule) if *rule == NumberRule { encoding: rule.encoding, ..NumberRule::UNSIGNED });
    if kind.is_some_and(|kind| !countable(kind)) {
        let message = "a computed field must be a number without sign and decimals";
        document.error_hint(what.span, message, "choose kind = \"number\"");
        return None;
    }
    if let Some(secret) = table.get("secret").filter(|_| table.boolean("secret").is_some_and(|secret| secret.value)) {
        document.error_hint(secret.span(), "a computed field is no secret", "leave out `secret`");
        return None;
    }
    if what.value {
        let Some(counts) = counts else {
            let hint = "write counts = \"rest\" for the bytes after the field, or counts = \"all\" for the telegram";
            document.error_hint(what.span, "a computed length without `counts`", hint);
            return None;
        };
        return Some(Some(Computed::Length(counts.value)));
    }
    let Some(of) = of else {
        document.error_hint(what.span, "a computed count without `of`", "write the name of the group: of = \"items\"");
        return None;
    };
    Some(Some(Computed::Count(Cow::Owned(of.value.to_owned()))))
}

fn part(known: &mut Known<'_>, table: &Table<'_>) -> Option<Read> {
    table.knows(&["part", "name"]);
    let of = table.required_string("part");
    let name = name(table, "name");
    let part = known.part(table.document(), &of?)?;
    let (name, layout) = (name?, Cow::Owned(part.layout.clone()));
    let (depth, total) = (part.depth, part.total);
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
    let bytes = match (text, hex) {
        (Some(text), None) => encoded(known, document, &text)?,
        (None, Some(hex)) => match unhex(hex.value) {
            Some(bytes) => bytes,
            None => {
                document.error_hint(hex.span, "not hex", "write pairs of digits, like \"0d0a\"");
                return None;
            }
        },
        (Some(_), Some(hex)) => {
            document.error_hint(hex.span, "both `literal` and `hex`", "leave one out");
            return None;
        }
        (None, None) => return None,
    };
    if bytes.is_empty() {
        document.error(table.span(), "a literal without bytes");
        return None;
    }
    let (name, span) = name.map_or(("", None), |name| (name.value, Some(name.span)));
    let literal = Literal { name: Cow::Owned(name.to_owned()), label, bytes: Cow::Owned(bytes) };
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
            document.error_hint(text.span.clone(), format!("not all of this is {}", known.charset), "use `hex`");
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

fn group(known: &mut Known<'_>, owner: &str, table: &Table<'_>, level: usize) -> Option<Read> {
    let document = table.document();
    table.knows(&["group", "label", "count", "max", "part", "items"]);
    let name = name(table, "group");
    let label = label(table);
    let max = table.integer("max", 1..=ENTRIES_MAX);
    let (repeat, count) = repeat(table, max)?;
    let of = table.string("part");
    let inline = table.get("items");
    let name = name?;
    let group = |layout| Group { name: Cow::Owned(name.value.to_owned()), label, repeat, layout: Cow::Owned(layout) };
    let read = match (of, inline) {
        (Some(of), None) => {
            let part = known.part(document, &of)?;
            let (depth, total) = (part.depth, part.total);
            Read { depth, total, ..Read::plain(Item::Group(group(part.layout.clone())), None) }
        }
        (None, Some(inline)) => {
            let entry_name = format!("{owner}{}", names::pascal(name.value));
            known.claim(document, &Located { value: &entry_name, span: name.span.clone() }, "the entry of a group");
            let entry = items(known, &entry_name, inline, level + 1);
            if entry.broken {
                return None;
            }
            let layout = Layout {
                name: Cow::Owned(entry_name),
                label: Cow::Borrowed(""),
                charset: known.charset,
                stated_len: None,
                when: Cow::Borrowed(&[]),
                items: Cow::Owned(entry.items),
            };
            let note = Note { entry: Some(entry.notes), ..Note::default() };
            let plain = Read::plain(Item::Group(group(layout)), None);
            Read { note, entry: Some(entry.places), depth: entry.depth, total: entry.total, ..plain }
        }
        _ => {
            let hint = "write part = \"NameOfThePart\", or items = [ … ]";
            document.error_hint(name.span, format!("group `{}` must have a part or items", name.value), hint);
            return None;
        }
    };
    Some(Read { name: Some(name.span), count: Some(count), ..read })
}

/// How often a group repeats: `count = 3`, or `count = "item_count"` with `max = 10`.
fn repeat(table: &Table<'_>, max: Option<Located<usize>>) -> Option<(Repeat, Range<usize>)> {
    let document = table.document();
    let count = table.required("count")?;
    if count.is_integer() {
        let fixed = count.integer(1..=ENTRIES_MAX)?;
        if let Some(max) = max {
            document.error_hint(max.span, "`max` of a group that always has the same count", "leave it out");
        }
        return Some((Repeat::Fixed(fixed.value), fixed.span));
    }
    let by = count.string()?;
    let Some(max) = max else {
        if !table.has("max") {
            let hint = "write how many entries the sheet allows: max = 10";
            document.error_hint(by.span, "a counted group without `max`", hint);
        }
        return None;
    };
    Some((Repeat::Counted { by: Cow::Owned(by.value.to_owned()), max: max.value }, by.span))
}
