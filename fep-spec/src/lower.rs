//! The TOML form of a spec → [`Spec`], in one walk that notes every mistake with its place.
//!
//! Here stands what one table can show by itself: types of values, unknown keys, options that a kind does not have, a date
//! whose pattern has another length. What needs the whole spec (sums, offsets, `when`, answers) is the lint's.
//!
//! # The grammar
//!
//! ```toml
//! spec    = "bank-a"            # the short name
//! title   = "Bank A 펌뱅킹 전문"
//! version = "2026-11-01"
//! source  = "where the sheet comes from"
//! charset = "euc-kr"            # any label of `fep text list`
//!
//! [types]                       # the sheet's letters; any options of a kind may stand here
//! N  = { kind = "number" }
//! NC = { kind = "digits", full = true }
//!
//! [codes.TradeKind]             # a list of codes; with names it becomes an enum in generated code
//! label  = "거래구분"
//! closed = false                # true: codes that are not on the list are errors
//! codes  = [
//!   { code = "20", name = "Deposit", label = "입금" },
//! ]
//!
//! [parts.Header]                # items that telegrams share; a part stands above the parts that use it
//! label = "공통부"
//! len   = 10                    # optional here and for telegrams: the length that the sheet states
//! items = [ … ]
//!
//! [telegrams.Transfer]
//! label  = "이체"
//! len    = 300
//! when   = { "header.telegram_code" = "0100" }
//! answer = "TransferAnswer"
//! view   = true                 # optional: generated code has a view of it, and of its parts and entries: #[telegram(view)]
//! remark = "for documents"
//! items  = [
//!   { part = "Header", name = "header" },
//!   { name = "amount", label = "출금금액", type = "N", len = 13, at = 116 },
//!   { name = "holder", label = "예금주", kind = "text", len = 20, secret = true },
//!   { name = "length", type = "N", len = 4, computed = "length", counts = "rest" },    # or counts = "all"
//!   { name = "item_count", type = "N", len = 2, computed = "count", of = "items" },
//!   { group = "items", label = "거래내역", count = "item_count", max = 10, part = "TransactionItem" },
//!   { group = "lines", count = 3, items = [ … ] },                                     # always three
//!   { group = "rows", padded = true, max = 10, count = "row_count", part = "Row" },    # always ten, unused ones blank
//!   { choice = "body", by = "header.business_code", cases = [                          # one of several, by a code
//!     { code = "100", part = "TransferBody" },
//!     { codes = ["200", "210"], name = "Refund", items = [ … ] },
//!     { other = true, part = "Raw" },                                                  # all codes that no case names
//!   ] },
//!   { name = "memo", type = "H", tail = true, max = 500 },                             # as long as its value
//!   { literal = "H", name = "record_type", label = "레코드구분" },                       # or hex = "FF"; name optional
//!   { filler = 89, label = "예비" },                                                   # pad = "0"; any = true
//! ]
//!
//! [telegrams.TransferAnswer]    # the request's items with another `when`
//! label = "이체 응답"
//! like  = "Transfer"
//! when  = { "header.telegram_code" = "0110" }
//!
//! [files.EB13]
//! label      = "출금이체 신청"
//! record_len = 120              # optional: what the sheet states, where all records have one length
//! line_end   = "none"           # none, cr, lf, crlf; a list of them: any is read, the first is written
//! blocks     = { records = 10, fill = "9" }         # optional: the last block is filled with records of nines
//! lenient    = ["stripped", "unfilled"]             # optional: what is forgiven without being asked; also "blank-numbers",
//!                                                   # "unknown-codes", "half-characters"
//! records    = [                # in this order; once, unless min and max say otherwise
//!   { telegram = "Header" },
//!   { telegram = "Data", min = 0 },
//!   { records = [ … ], min = 1 },                   # these repeat together: a batch
//!   { telegram = "Trailer" },
//! ]
//! totals     = [                # fields that are made of the records before: filled in, and checked
//!   { field = "Trailer.total",  count = "Data" },
//!   { field = "Trailer.new",    count = "Data", where = { kind = "1" } },           # or a list of values
//!   { field = "Trailer.amount", sum = "Data.amount", last_digits = 10 },            # modulo 10^10
//!   { field = "Trailer.blocks", blocks = true },
//! ]
//! ```
//!
//! Kinds and their options: `text` (charset, pad, justify, overflow = "cut", width = "full", compat, half = "replace" or
//! "drop", open_shift, newline = "15"), `digits` (encoding, full, pad, justify), `number`
//! (encoding, sign, scale, none, digits_max), `date`, `time`, `datetime` (pattern, encoding, none, pivot), `code` (codes,
//! charset), `flag` (yes, no), `bytes`. `sign` is "leading-minus", "leading", "trailing", "overpunch",
//! `{ at = "leading", plus = "0", minus = "-" }`, `{ at = "leading", overpunch = "strict-ascii" }` (or "ebcdic", "ebcdic-minus"),
//! or in a packed or binary number "signed". `encoding` is "ascii", "ebcdic", "packed", "bcd", "binary" or "binary-little";
//! `none` is "spaces", "zeros", "nines", "ebcdic-spaces" or "low-values". Text and digits with `full` have no padding. Any item may have `at`, its stated offset from 0 in its telegram, part or
//! entry, which is asserted, and a `remark`, which is kept for documents.
//!
//! # How often a group repeats
//!
//! - `count = 3`: always three times.
//! - `count = "item_count", max = 10`: as often as that field says, whose `computed` is the count of the group. It may stand
//!   behind the group; then the entries take what is left before the items that follow.
//! - `repeat = "rest", max = 10`: as many as there is room for before the items that follow, which have a fixed length.
//! - `padded = true, max = 10`: ten entries always, those that are not used made of `pad` (a space). `count` names the field
//!   that says how many are used; without it the first blank entry ends them.
//!
//! `page = { total = "total_count", start = "start_no" }` at a group: its entries are those from number `start` on, in a list
//! of `total`, and must be within it.
//!
//! # Choices
//!
//! `by` is the path, from the layout that the choice stands in, of a text, digits or code field before the choice. It may stand
//! behind the choice if all cases have the same length (a redefinition), and then at a fixed offset. A case is a `part`, or has a
//! `name` and `items`. A code of a closed list that has no case is a warning.
//!
//! # What the encoder fills in
//!
//! ```toml
//! { name = "length",   type = "N", len = 4, computed = "length", counts = "rest" }       # bytes after the field, or "all"
//! { name = "memo_len", type = "N", len = 4, computed = "length", of = "memo" }           # of a later part, group, choice, tail
//! { name = "n",        type = "N", len = 2, computed = "count", of = "items" }
//! { name = "total",    type = "N", len = 13, computed = "sum", of = "items.amount" }
//! { name = "no",       type = "N", len = 3, computed = "sequence", from = 1 }            # the number of the entry; from is 1
//! { name = "sign",     len = 1, computed = "sign", of = "balance", signs = "+-" }        # "+- ": a space for zero
//! { name = "bcc",      len = 1, computed = "check", function = "xor", from = "header" }  # of the start if there is no from
//! ```
//!
//! A number that some field is the `sign` of has none of its own. Signs and checks have a kind already: a sign is text in the
//! spec's charset, a check of one byte is bytes, a longer one ASCII text. `"xor"` comes with the library. Any other function is
//! known by its name only: the value must then be given, nobody verifies it, and generated code calls the function of this name
//! in the module above it.

mod codes;
mod files;
mod items;
mod names;
mod options;

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::layout::When;
use fep_codec::{Charset, Layout};

pub(crate) use self::files::FilePlace;
use self::items::Items;
pub(crate) use self::items::{CasePlace, Place, TELEGRAM_LEN_MAX};
pub(crate) use self::names::{pascal, plan_name, record_name};
use self::options::Options;
use crate::document::{Document, Located, Table, instead};
use crate::model::{CodeList, PartSpec, Spec, TelegramSpec, TypeSpec};

/// A spec and where its pieces stand, for [`crate::lint`].
pub(crate) struct Lowered {
    pub(crate) spec: Spec,
    /// One for each part.
    pub(crate) parts: Vec<LayoutPlace>,
    /// One for each telegram.
    pub(crate) telegrams: Vec<LayoutPlace>,
    /// One for each file.
    pub(crate) files: Vec<FilePlace>,
}

/// Where a telegram or part stands.
#[derive(Default)]
pub(crate) struct LayoutPlace {
    pub(crate) name: Range<usize>,
    pub(crate) len: Option<Range<usize>>,
    pub(crate) when: Vec<Range<usize>>,
    pub(crate) answer: Option<Range<usize>>,
    /// Where it says that it has a view.
    pub(crate) view: Option<Range<usize>>,
    /// One for each item; none if the items are another telegram's.
    pub(crate) items: Option<Vec<Place>>,
    /// An item could not be read, so the layout cannot be judged.
    pub(crate) broken: bool,
}

/// What items may refer to, and whether something does.
struct Known<'d> {
    charset: Charset,
    types: Vec<(Located<&'d str>, Options)>,
    codes: Vec<CodeList>,
    parts: Vec<Part<'d>>,
    /// The names of all parts, those below included.
    part_names: Vec<&'d str>,
    /// Names of types, lists and parts that are used.
    used: Vec<(&'static str, String)>,
    /// Names that generated code will use, with what they stand for.
    taken: Vec<(String, &'static str)>,
}

struct Part<'d> {
    name: Located<&'d str>,
    layout: Layout,
    items: Items,
}

/// A part as an item sees it.
struct PartRef<'k> {
    layout: &'k Layout,
    depth: usize,
    total: usize,
}

/// Reads a whole spec. What could not be read was noted, and is missing.
pub(crate) fn lower(root: Table<'_>, hash: u64) -> Lowered {
    let document = root.document();
    let text = |key| root.required_string(key).map(|text| text.value.to_owned()).unwrap_or_default();
    let name = root.required_string("spec");
    if let Some(name) = &name {
        check_spec_name(document, name);
    }
    let (title, version, source) = (text("title"), text("version"), text("source"));
    let charset = root.required("charset").and_then(options::charset).map_or(Charset::Ascii, |charset| charset.value);
    let name = name.map(|name| name.value.to_owned()).unwrap_or_default();

    let part_names = sections(&root, "parts").into_iter().map(|(name, _)| name.value).collect();
    let mut known =
        Known { charset, types: vec![], codes: vec![], parts: vec![], part_names, used: vec![], taken: vec![] };
    known.taken.push((pascal(&name), "the enum of all telegrams"));
    let lists = sections(&root, "codes");
    let mut list_names = Vec::new();
    for (name, table) in lists {
        known.claim(document, &name, "a list of codes");
        known.codes.push(codes::list(name.value, table));
        list_names.push(name);
    }
    let types = types(&mut known, &root);
    let parts = parts(&mut known, &root);
    let (telegrams, telegram_places) = telegrams(&mut known, &root);
    for (name, _) in sections(&root, "files") {
        known.claim_file(document, &name);
    }
    let (files, file_places) = files::files(sections(&root, "files"));
    root.finish();
    warn_unused(document, &known, &list_names);

    let part_specs =
        known.parts.into_iter().map(|part| PartSpec { layout: part.layout, notes: part.items.notes }).collect();
    let codes = known.codes;
    Lowered {
        spec: Spec { name, title, version, source, charset, hash, types, codes, parts: part_specs, telegrams, files },
        parts,
        telegrams: telegram_places,
        files: file_places,
    }
}

/// The tables `[key.Name]`, in the order of the file.
fn sections<'d>(root: &Table<'d>, key: &'d str) -> Vec<(Located<&'d str>, Table<'d>)> {
    let entries = root.table(key).map(|table| table.entries()).unwrap_or_default();
    entries.into_iter().filter_map(|(name, value)| Some((name, value.table()?))).collect()
}

fn check_spec_name(document: &Document, name: &Located<&str>) {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.value.bytes().all(lower) || !name.value.starts_with(|first: char| first.is_ascii_lowercase()) {
        let message = format!("`{}` is no name for a spec", name.value);
        document.error_hint(name.span.clone(), message, "use small letters, digits and hyphens, like `bank-a`");
    }
}

fn types<'d>(known: &mut Known<'d>, root: &Table<'d>) -> Vec<TypeSpec> {
    let document = root.document();
    let mut types = Vec::new();
    for (name, table) in sections(root, "types") {
        let remark = table.string("remark").map(|remark| remark.value.to_owned()).unwrap_or_default();
        let mut options = Options::read(&table);
        options.codes = table.string("codes").map(|codes| known.code_list(document, &codes));
        table.finish();
        match &options.kind {
            Some(kind) => {
                options.refuse_foreign(document, kind.value);
                types.push(TypeSpec { name: name.value.to_owned(), kind: kind.value.name(), remark });
            }
            None => document.error(name.span.clone(), format!("type `{}` has no `kind`", name.value)),
        }
        known.types.push((name, options));
    }
    types
}

fn parts<'d>(known: &mut Known<'d>, root: &Table<'d>) -> Vec<LayoutPlace> {
    let mut places = Vec::new();
    for (name, table) in sections(root, "parts") {
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
    for (name, table) in sections(root, "telegrams") {
        known.claim(table.document(), &name, "a telegram");
        let remark = table.string("remark").map(|remark| remark.value.to_owned()).unwrap_or_default();
        let answer = table.string("answer");
        let like = table.string("like");
        let view = table.boolean("view").filter(|view| view.value).and_then(|_| table.key_span("view"));
        let when = table.get("when").and_then(crate::document::Value::table);
        let when_values: Vec<_> = when.map(|when| when.entries()).unwrap_or_default();
        let (mut layout, items, mut place) = layout(known, &name, &table);
        table.finish();
        let mut conditions = Vec::new();
        for (path, value) in when_values {
            if let Some(value) = value.string() {
                let (path, value) = (Cow::Owned(path.value.to_owned()), Cow::Owned(value.value.to_owned()));
                conditions.push(When { path, value });
            }
            place.when.push(path.span.start..value.span().end);
        }
        place.broken |= place.when.len() != conditions.len();
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
    let originals: Vec<(TelegramSpec, bool)> =
        all.iter().map(|(telegram, place, _)| (telegram.clone(), place.broken)).collect();
    for (telegram, place, like) in all {
        let Some(like) = like else { continue };
        let original = originals.iter().find(|(original, _)| original.name() == like.value);
        let Some((original, broken)) = original else {
            let names: Vec<&str> = originals.iter().map(|(original, _)| original.name()).collect();
            let message = format!("there is no telegram `{}`", like.value);
            document.error_hint(like.span.clone(), message, instead(like.value, &names));
            place.broken = true;
            continue;
        };
        if let Some(first) = &original.like {
            let message = format!("`{}` has no items of its own", like.value);
            document.error_hint(like.span.clone(), message, format!("write like = \"{first}\""));
            place.broken = true;
            continue;
        }
        telegram.layout.items = original.layout.items.clone();
        telegram.layout.stated_len = telegram.layout.stated_len.or(original.layout.stated_len);
        telegram.notes = original.notes.clone();
        place.broken |= broken;
    }
}

/// What parts and telegrams have in common: `label`, `len`, `items`.
fn layout<'d>(known: &mut Known<'d>, name: &Located<&'d str>, table: &Table<'d>) -> (Layout, Items, LayoutPlace) {
    let document = table.document();
    let label = table.string("label").map(|label| label.value.to_owned()).unwrap_or_default();
    let len = table.integer("len", 1..=TELEGRAM_LEN_MAX);
    let like = table.key_span("like");
    let items = match (table.get("items"), &like) {
        (Some(_), Some(like)) => {
            document.error_hint(like.clone(), "both `like` and `items`", "leave one out");
            Items { broken: true, ..Items::default() }
        }
        (Some(items), None) => items::items(known, name.value, items, 1),
        (None, Some(_)) => Items::default(),
        (None, None) => {
            document.error(name.span.clone(), format!("`{}` has no `items`", name.value));
            Items { broken: true, ..Items::default() }
        }
    };
    let place = LayoutPlace {
        name: name.span.clone(),
        len: len.as_ref().map(|len| len.span.clone()),
        items: like.is_none().then(|| items.places.clone()),
        broken: items.broken,
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
    /// Takes a name for generated code, or notes what is wrong with it.
    fn claim(&mut self, document: &Document, name: &Located<&str>, what: &'static str) {
        names::check_type(document, name, what);
        if names::is_taken(name.value) {
            let message = format!("`{}` is a name that generated code imports", name.value);
            document.error_hint(name.span.clone(), message, "choose another name");
        } else if let Some((_, other)) = self.taken.iter().find(|(taken, _)| taken == name.value) {
            let message = format!("`{}` is {what}, and {other} has the same name", name.value);
            document.error_hint(name.span.clone(), message, "they become types of one Rust module: rename one");
        }
        self.taken.push((name.value.to_owned(), what));
    }

    /// Takes the names of a file's plan and of the enum of its records.
    fn claim_file(&mut self, document: &Document, name: &Located<&str>) {
        // A plan is a constant, whose name only another plan can have.
        let plan = format!("static {}", plan_name(name.value));
        for (own, what) in [(record_name(name.value), "the enum of a file's records"), (plan, "another file")] {
            if let Some((_, other)) = self.taken.iter().find(|(taken, _)| *taken == own) {
                let message = format!("the file `{}` becomes `{own}` in generated code, as {other} does", name.value);
                document.error_hint(name.span.clone(), message, "rename one");
            }
            self.taken.push((own, what));
        }
    }

    /// The options of a type, marked as used; notes if there is no such type.
    fn options_of(&mut self, document: &Document, name: &Located<&str>) -> Option<Options> {
        let found = self.types.iter().find(|(known, _)| known.value == name.value);
        let Some((_, options)) = found else {
            let names: Vec<&str> = self.types.iter().map(|(known, _)| known.value).collect();
            let message = format!("there is no type `{}` in [types]", name.value);
            document.error_hint(name.span.clone(), message, instead(name.value, &names));
            return None;
        };
        let options = options.clone();
        self.used.push(("type", name.value.to_owned()));
        // A type without a kind was noted where it stands.
        options.kind.is_some().then_some(options)
    }

    /// The name of a list of codes, marked as used; notes if there is no such list.
    fn code_list(&mut self, document: &Document, name: &Located<&str>) -> Located<String> {
        if !self.codes.iter().any(|list| list.name == name.value) {
            let names: Vec<&str> = self.codes.iter().map(|list| list.name.as_str()).collect();
            let message = format!("there is no list [codes.{}]", name.value);
            document.error_hint(name.span.clone(), message, instead(name.value, &names));
        }
        self.used.push(("list", name.value.to_owned()));
        Located { value: name.value.to_owned(), span: name.span.clone() }
    }

    /// A part, marked as used; notes if there is none, or none yet.
    fn part(&mut self, document: &Document, name: &Located<&str>) -> Option<PartRef<'_>> {
        self.used.push(("part", name.value.to_owned()));
        let Some(part) = self.parts.iter().find(|part| part.name.value == name.value) else {
            let names: Vec<&str> = self.parts.iter().map(|part| part.name.value).collect();
            if self.part_names.contains(&name.value) {
                let message = format!("part `{}` does not stand above", name.value);
                document.error_hint(
                    name.span.clone(),
                    message,
                    "a part stands above the parts that use it: move it up",
                );
            } else {
                let message = format!("there is no part `{}`", name.value);
                document.error_hint(name.span.clone(), message, instead(name.value, &names));
            }
            return None;
        };
        // What is wrong with a broken part was noted there.
        let items = &part.items;
        (!items.broken).then_some(PartRef { layout: &part.layout, depth: items.depth, total: items.total })
    }
}

fn warn_unused(document: &Document, known: &Known<'_>, lists: &[Located<&str>]) {
    let types = known.types.iter().map(|(name, _)| ("type", name));
    let parts = known.parts.iter().map(|part| ("part", &part.name));
    for (what, name) in types.chain(parts).chain(lists.iter().map(|name| ("list", name))) {
        if !known.used.iter().any(|(kind, used)| *kind == what && used == name.value) {
            let message = format!("{what} `{}` is never used", name.value);
            document.warning(name.span.clone(), message, "remove it, or use it");
        }
    }
}
