//! The TOML form of a spec → [`Spec`], in one walk that notes every mistake with its place.
//!
//! This module checks each table by itself: types of values, unknown keys, options that a kind does not have, a date whose
//! pattern has another length. The lint checks what needs the whole spec: sums, offsets, `when`, answers.
//!
//! The front page of this crate's documentation describes the grammar.

pub(crate) mod names;
mod options;
pub(crate) mod codes;
mod holes;
mod items;
mod totals;
mod files;
mod shared;
mod head;

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::layout::When;
use fep_codec::{Charset, Layout};
use fep_core::codes::kept;
use fep_core::words::Word as _;

pub(crate) use self::files::{
    BLOCK_MAX_BYTES, FilePlace, LAST_LINE_ENDS, LINE_ENDS, RECORDS_MAX, WORD_LEN_MAX, lenient_words,
};
use self::head::Head;
pub(crate) use self::holes::{is_hole, is_unknown, item_lacks_len, lacks_len, may_be_hole};
use self::items::Items;
pub(crate) use self::items::{
    CasePlace, ENTRIES_MAX, LEN_MAX, Place, Stated, TELEGRAM_LEN_MAX, can_count, computed_words,
};
pub(crate) use self::names::{LETTERS, enum_name, ident, of_item, plan_name, record_name, snake};
use self::options::FieldOptions;
pub(crate) use self::options::{NEWLINES, NUMBER_MAX_DIGITS, SCALE_MAX};
pub(crate) use self::totals::{LAST_DIGITS_MAX, NUMBER_MAX};
use crate::document::{Document, Located, Table, instead, nearest};
use crate::include::{IncludeGraph, shared_title};
use crate::model::{CodeList, PartSpec, Spec, TelegramSpec, TypeSpec};
use crate::report::{Code, Fix};

/// A spec and the places of its elements in the document, for [`crate::lint`].
pub(crate) struct Lowered {
    pub(crate) spec: Spec,
    /// One for each part.
    pub(crate) parts: Vec<LayoutPlace>,
    /// One for each telegram.
    pub(crate) telegrams: Vec<LayoutPlace>,
    /// One for each file.
    pub(crate) files: Vec<FilePlace>,
}

/// The places of a telegram or part in the document.
#[derive(Default)]
pub(crate) struct LayoutPlace {
    pub(crate) name: Range<usize>,
    pub(crate) len: Option<Range<usize>>,
    pub(crate) when: Vec<Range<usize>>,
    pub(crate) answer: Option<Range<usize>>,
    /// The key `view`, if the telegram has a view.
    pub(crate) view: Option<Range<usize>>,
    /// One for each item, or `None` if the items are another telegram's.
    pub(crate) items: Option<Vec<Place>>,
    /// Whether a condition could not be read, so that the marks of the telegram are not known.
    pub(crate) broken: bool,
}

/// The elements that items may refer to, and the names that are in use.
struct Known<'d> {
    graph: IncludeGraph,
    charset: Charset,
    /// The number of the first byte where the sheet counts offsets.
    offsets_from: usize,
    types: Vec<(Located<&'d str>, FieldOptions)>,
    codes: Vec<CodeList>,
    /// The places of the lists of codes.
    lists: Vec<Range<usize>>,
    parts: Vec<Part<'d>>,
    /// The names of all parts, including those that stand further below.
    part_names: Vec<Located<&'d str>>,
    /// Names of types, lists and parts that are used.
    used: Vec<(&'static str, String)>,
    /// Names of types, lists and parts that are used and that do not exist.
    missing: Vec<(&'static str, String)>,
    /// Names that generated code will use, with what they stand for and where.
    taken: Vec<(String, &'static str, Range<usize>)>,
}

struct Part<'d> {
    name: Located<&'d str>,
    layout: Layout,
    items: Items,
}

/// A part, for an item that uses it.
struct PartRef<'k> {
    layout: &'k Layout,
    items: &'k Items,
    depth: usize,
    total: usize,
}

/// Reads a whole spec with its shared files, or a shared file as a part of a spec with this charset. Anything that cannot be read is noted
/// and left out.
///
/// The result is that of one file with the content of the shared files above the spec's own, each behind the files that it includes.
pub(crate) fn lower<'d>(
    root: Table<'d>,
    shared: Vec<Table<'d>>,
    graph: IncludeGraph,
    alone: Charset,
    hash: u64,
) -> Lowered {
    let document = root.document();
    let is_shared = shared_title(&root).is_some();
    let head = if is_shared { Head::of_shared(alone) } else { Head::read(&root) };
    let Head { name, title, version, source, charset, offsets_from } = head;
    let files: Vec<&Table<'d>> = shared.iter().chain([&root]).collect();
    let part_names = sections(&files, "parts").into_iter().map(|(name, _)| name).collect();
    let mut known = Known {
        graph,
        charset,
        offsets_from,
        types: vec![],
        codes: vec![],
        lists: vec![],
        parts: vec![],
        part_names,
        used: vec![],
        missing: vec![],
        taken: vec![],
    };
    known.taken.push((enum_name(&name), "the enum of all telegrams", 0..0));
    let lists = sections(&files, "codes");
    let mut list_names = Vec::new();
    for (name, table) in lists {
        known.claim(document, &name, "a list of codes");
        known.codes.push(codes::list(name.value, table));
        known.lists.push(name.span.clone());
        list_names.push(name);
    }
    let types = types(&mut known, &files);
    let parts = parts(&mut known, &files);
    let (telegrams, telegram_places) = telegrams(&mut known, &root);
    for (name, _) in sections(&[&root], "files") {
        known.claim_file(document, &name);
    }
    let (record_files, file_places) = files::files(sections(&[&root], "files"));
    warn_unused(document, &known, &list_names, is_shared);

    let part_specs =
        known.parts.into_iter().map(|part| PartSpec { layout: part.layout, notes: part.items.notes }).collect();
    let codes = known.codes;
    shared.into_iter().for_each(shared::finish);
    if is_shared {
        shared::finish(root)
    } else {
        head::finish(root)
    }
    let files = record_files;
    Lowered {
        spec: Spec { name, title, version, source, charset, hash, types, codes, parts: part_specs, telegrams, files },
        parts,
        telegrams: telegram_places,
        files: file_places,
    }
}

/// The tables `[key.Name]`, in the order of the files.
fn sections<'d>(files: &[&Table<'d>], key: &'d str) -> Vec<(Located<&'d str>, Table<'d>)> {
    let entries = files.iter().filter_map(|file| file.table(key)).flat_map(|table| table.entries());
    entries.filter_map(|(name, value)| Some((name, value.table()?))).collect()
}

fn types<'d>(known: &mut Known<'d>, files: &[&Table<'d>]) -> Vec<TypeSpec> {
    let mut types = Vec::new();
    for (name, table) in sections(files, "types") {
        let document = table.document();
        known.claim_type(document, &name);
        let remark = table.string("remark").map(|remark| remark.value.to_owned()).unwrap_or_default();
        let mut options = FieldOptions::read(&table);
        options.codes = table.string("codes").map(|codes| known.code_list(document, &codes));
        let has_kind = table.has("kind");
        table.finish();
        match &options.kind {
            Some(kind) => {
                options.refuse_foreign(document, kind.value);
                types.push(TypeSpec { name: name.value.to_owned(), kind: kind.value.word(), remark });
            }
            None if has_kind => {} // not a valid kind, which was noted
            None => document.error(Code::MissingKey, name.span.clone(), format!("type `{}` has no `kind`", name.value)),
        }
        known.types.push((name, options));
    }
    types
}

fn parts<'d>(known: &mut Known<'d>, files: &[&Table<'d>]) -> Vec<LayoutPlace> {
    let mut places = Vec::new();
    for (name, table) in sections(files, "parts") {
        known.claim(table.document(), &name, "a part");
        let (layout, items, place) = layout(known, &name, &table);
        table.finish();
        places.push(place);
        known.parts.push(Part { name, layout, items });
    }
    places
}

fn telegrams<'d>(known: &mut Known<'d>, root: &Table<'d>) -> (Vec<TelegramSpec>, Vec<LayoutPlace>) {
    let mut all: Vec<(TelegramSpec, LayoutPlace, Option<Located<&str>>)> = Vec::new();
    for (name, table) in sections(&[root], "telegrams") {
        known.claim(table.document(), &name, "a telegram");
        let remark = table.string("remark").map(|remark| remark.value.to_owned()).unwrap_or_default();
        let answer = table.string("answer");
        let like = table.string("like");
        let view = table.boolean("view").filter(|view| view.value).and_then(|_| table.key_span("view"));
        let has_when = table.has("when");
        let when = table.get("when").and_then(crate::document::Value::table);
        let (mut layout, items, mut place) = layout(known, &name, &table);
        table.finish();
        place.broken = has_when && when.is_none();
        let when_values: Vec<_> = when.map(|when| when.entries()).unwrap_or_default();
        let mut conditions = Vec::new();
        for (path, value) in when_values {
            let at = path.span.start..value.span().end;
            if let Some(value) = value.string() {
                let path = Cow::Owned(path.value.to_owned());
                let value = Cow::Owned(kept(value.value).to_owned());
                conditions.push(When { path, value });
                place.when.push(at);
            } else {
                place.broken = true;
            }
        }
        layout.when = Cow::Owned(conditions);
        place.answer = answer.as_ref().map(|answer| answer.span.clone());
        let answer = answer.map(|answer| answer.value.to_owned());
        let of = like.as_ref().map(|like| like.value.to_owned());
        place.view = view;
        let view = place.view.is_some();
        all.push((TelegramSpec { layout, notes: items.notes, answer, like: of, remark, view }, place, like));
    }
    take_over(root.document(), &mut all);
    all.into_iter().map(|(telegram, place, _)| (telegram, place)).unzip()
}

/// Gives each `like` telegram the items of the one that it names.
fn take_over(document: &Document, all: &mut [(TelegramSpec, LayoutPlace, Option<Located<&str>>)]) {
    let originals: Vec<TelegramSpec> = all.iter().map(|(telegram, ..)| telegram.clone()).collect();
    for (telegram, _, like) in all {
        let Some(like) = like else { continue };
        let original = originals.iter().find(|original| original.name() == like.value);
        let Some(original) = original else {
            let names: Vec<&str> = originals.iter().map(TelegramSpec::name).collect();
            let message = format!("there is no telegram `{}`", like.value);
            document.error_hint(Code::UnknownName, like.span.clone(), message, instead(like.value, &names));
            telegram.layout.items = holes::unknown_layout(telegram.layout.charset).items;
            telegram.notes = vec![crate::model::Note::default()];
            continue;
        };
        if let Some(first) = &original.like {
            let message = format!("`{}` has no items of its own", like.value);
            document.error_hint(Code::WrongReference, like.span.clone(), message, format!("write like = \"{first}\""));
            telegram.layout.items = holes::unknown_layout(telegram.layout.charset).items;
            telegram.notes = vec![crate::model::Note::default()];
            continue;
        }
        telegram.layout.items = original.layout.items.clone();
        telegram.layout.stated_len = telegram.layout.stated_len.or(original.layout.stated_len);
        telegram.notes = original.notes.clone();
    }
}

/// Reads the keys that parts and telegrams have in common: `label`, `len`, `items`.
fn layout<'d>(known: &mut Known<'d>, name: &Located<&'d str>, table: &Table<'d>) -> (Layout, Items, LayoutPlace) {
    let document = table.document();
    let label = table.string("label").map(|label| label.value.to_owned()).unwrap_or_default();
    let len = table.integer("len", 1..=TELEGRAM_LEN_MAX);
    let like = table.key_span("like");
    let mut items = match (table.get("items"), &like) {
        (Some(_), Some(like)) => {
            document.error_hint(Code::ConflictingKeys, like.clone(), "both `like` and `items`", "leave one out");
            Items::default()
        }
        (Some(items), None) => items::items(known, name.value, items, 1),
        (None, Some(_)) => Items::default(),
        (None, None) => {
            document.error(Code::MissingKey, name.span.clone(), format!("`{}` has no `items`", name.value));
            Items::unknown(known, name.span.clone())
        }
    };
    items.measure(known.charset, len.as_ref().map(|len| len.value));
    let place = LayoutPlace {
        name: name.span.clone(),
        len: len.as_ref().map(|len| len.span.clone()),
        items: like.is_none().then(|| items.places.clone()),
        ..LayoutPlace::default()
    };
    let layout = Layout {
        name: Cow::Owned(name.value.to_owned()),
        label: Cow::Owned(label),
        charset: known.charset,
        stated_len: len.map(|len| len.value),
        when: Cow::Borrowed(&[]),
        items: Cow::Owned(items.items.clone()),
    };
    (layout, items, place)
}

impl<'d> Known<'d> {
    /// Reserves a name for generated code. Notes an error if the name is not valid or already taken.
    fn claim(&mut self, document: &Document, name: &Located<&str>, what: &'static str) {
        names::check_type(document, name, what);
        self.reserve(document, name, what);
    }

    /// Reserves a name that is made of others. Notes an error if it is already taken.
    fn reserve(&mut self, document: &Document, name: &Located<&str>, what: &'static str) {
        if names::is_taken(name.value) {
            let message = format!("`{}` is a name that generated code imports", name.value);
            document.error_hint(Code::NameTaken, name.span.clone(), message, "choose another name");
        } else if let Some((_, other, at)) = self.taken.iter().find(|(taken, ..)| taken == name.value) {
            let hint = "they become types of one Rust module: rename one";
            clash(document, name, (what, hint), (other, at));
        }
        self.taken.push((name.value.to_owned(), what, name.span.clone()));
    }

    /// Notes an error if another file has a type of this name.
    fn claim_type(&self, document: &Document, name: &Located<&str>) {
        if let Some((other, _)) = self.types.iter().find(|(known, _)| known.value == name.value) {
            let hint = "a name has one meaning in a spec and its shared files: rename one, or leave one out";
            clash(document, name, ("a type", hint), ("a type", &other.span));
        }
    }

    /// Reserves the names of a file's plan and of the enum of its records.
    fn claim_file(&mut self, document: &Document, name: &Located<&str>) {
        // A plan is a static, so its name can only clash with that of another plan.
        let plan = format!("static {}", plan_name(name.value));
        for (own, what) in [(record_name(name.value), "the enum of a file's records"), (plan, "another file")] {
            if let Some((_, other, at)) = self.taken.iter().find(|(taken, ..)| *taken == own) {
                let message = format!("the file `{}` becomes `{own}` in generated code, as {other} does", name.value);
                let also = elsewhere(document, name, at);
                document.error_also(Code::NameTaken, name.span.clone(), message, "rename one", &also);
            }
            self.taken.push((own, what, name.span.clone()));
        }
    }

    /// Returns the options of a type, and marks the type as used. Notes an error if there is no such type.
    fn options_of(&mut self, document: &Document, name: &Located<&str>) -> Option<FieldOptions> {
        let is_meant = |known: &Located<&str>| known.value == name.value && self.is_known(document, name, &known.span);
        let Some((_, options)) = self.types.iter().find(|(known, _)| is_meant(known)) else {
            let types: Vec<_> = self.types.iter().map(|(known, _)| known.clone()).collect();
            let message = format!("there is no type `{}` in [types]", name.value);
            self.unknown(document, name, message, &types);
            self.missing.push(("type", name.value.to_owned()));
            return None;
        };
        let options = options.clone();
        self.used.push(("type", name.value.to_owned()));
        // A type without a kind was noted where it stands.
        options.kind.is_some().then_some(options)
    }

    /// Returns the name of a list of codes, and marks the list as used. Notes an error if there is no such list.
    fn code_list(&mut self, document: &Document, name: &Located<&str>) -> Located<String> {
        let places = self.lists.iter().cloned();
        let lists: Vec<Located<&str>> =
            self.codes.iter().zip(places).map(|(list, span)| Located { value: list.name.as_str(), span }).collect();
        if !lists.iter().any(|list| list.value == name.value && self.is_known(document, name, &list.span)) {
            let message = format!("there is no list [codes.{}]", name.value);
            self.unknown(document, name, message, &lists);
            self.missing.push(("list", name.value.to_owned()));
        }
        self.used.push(("list", name.value.to_owned()));
        Located { value: name.value.to_owned(), span: name.span.clone() }
    }

    /// Returns a part, and marks it as used. Notes an error if there is no such part, or if it stands below.
    fn part(&mut self, document: &Document, name: &Located<&str>) -> Option<PartRef<'_>> {
        self.used.push(("part", name.value.to_owned()));
        let is_known = |part: &Located<&str>| part.value == name.value && self.is_known(document, name, &part.span);
        let Some(part) = self.parts.iter().find(|part| is_known(&part.name)) else {
            if self.part_names.iter().any(is_known) {
                let message = format!("part `{}` does not stand above", name.value);
                let hint = "a part stands above the parts that use it: move it up";
                let fix = Fix::MoveUp(name.value.to_owned());
                document.error_fix(Code::WrongOrder, name.span.clone(), message, hint, fix);
            } else {
                let message = format!("there is no part `{}`", name.value);
                self.unknown(document, name, message, &self.part_names);
                self.missing.push(("part", name.value.to_owned()));
            }
            return None;
        };
        let items = &part.items;
        Some(PartRef { layout: &part.layout, items, depth: items.depth, total: items.total })
    }

    /// Whether the file that uses a name knows what stands at this place.
    fn is_known(&self, document: &Document, name: &Located<&str>, at: &Range<usize>) -> bool {
        self.graph.knows(document.file_of(&name.span), document.file_of(at))
    }

    /// Notes that there is nothing of this name among those of its kind.
    fn unknown(&self, document: &Document, name: &Located<&str>, message: String, all: &[Located<&str>]) {
        if !self.graph.complete {
            // It may be in the file that could not be read.
            return;
        }
        if let Some(other) = all.iter().find(|other| other.value == name.value) {
            let hint = shared::not_known_here(document, name, &other.span);
            let message = format!("{message} of this file and the files that it includes");
            let also = std::slice::from_ref(&other.span);
            return document.error_also(Code::UnknownName, name.span.clone(), message, hint, also);
        }
        let names = all.iter().filter(|other| self.is_known(document, name, &other.span)).map(|other| other.value);
        let hint = instead(name.value, &names.collect::<Vec<_>>());
        document.error_hint(Code::UnknownName, name.span.clone(), message, hint);
    }
}

/// Notes a name that two elements have. Shows the other one if it is in another file.
fn clash(document: &Document, name: &Located<&str>, (what, hint): (&str, &str), (other, at): (&str, &Range<usize>)) {
    let also = elsewhere(document, name, at);
    let within = if also.is_empty() { String::new() } else { format!(" in {}", document.place(at).source.name) };
    let message = format!("`{}` is {what}, and {other}{within} has the same name", name.value);
    document.error_also(Code::NameTaken, name.span.clone(), message, hint, &also);
}

/// The place, if it is in another file than the name.
fn elsewhere(document: &Document, name: &Located<&str>, at: &Range<usize>) -> Vec<Range<usize>> {
    let is_elsewhere = document.file_of(at) != document.file_of(&name.span);
    is_elsewhere.then(|| at.clone()).into_iter().collect()
}

fn warn_unused(document: &Document, known: &Known<'_>, lists: &[Located<&str>], is_shared: bool) {
    if is_shared {
        return;
    }
    let names = |kind: &str| -> Vec<&str> {
        match kind {
            "type" => known.types.iter().map(|(name, _)| name.value).collect(),
            "part" => known.parts.iter().map(|part| part.name.value).collect(),
            _ => lists.iter().map(|list| list.value).collect(),
        }
    };
    // A misspelt use is one mistake.
    let is_meant = |what: &str, name: &str| {
        known.missing.iter().any(|(kind, missing)| *kind == what && nearest(missing, names(what)) == Some(name))
    };
    let types = known.types.iter().map(|(name, _)| ("type", name));
    let parts = known.parts.iter().map(|part| ("part", &part.name));
    let all = types.chain(parts).chain(lists.iter().map(|name| ("list", name)));
    // What is in a shared file may be for other specs.
    for (what, name) in all.filter(|(_, name)| document.file_of(&name.span) == 0) {
        if !known.used.iter().any(|(kind, used)| *kind == what && used == name.value) && !is_meant(what, name.value) {
            let message = format!("{what} `{}` is never used", name.value);
            document.warning(Code::Unused, name.span.clone(), message, "remove it, or use it");
        }
    }
}
