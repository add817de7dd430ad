//! A spec → the sheets of its workbook, before anything is written.
//!
//! The draft has the keys in their order, the spec has the lengths and places. Both are walked side by side. The reader of workbooks makes
//! this plan too, and compares it with the cells: see `compare`.

mod names;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use fep_codec::Layout;
use fep_codec::layout::{Encoding, Group, Item, Kind};

use self::names::Names;
pub(super) use self::tables::said_code;
use super::cell;
use super::remark::remark;
use super::row::{Form, Row, unsaid};
use super::settings::{Address, Setting};
use super::words::{DESIGN_SHEET, HISTORY, TOTAL_LENGTH, VARIES, VERSION, said};
use crate::draft::{Draft, DraftItem, DraftTable, Value};
use crate::model::{Note, Spec};
use crate::pages::Lang;

/// All sheets of a workbook.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) lang: Lang,
    pub(super) title: String,
    pub(super) sheets: Vec<Sheet>,
    pub(super) settings: Vec<Setting>,
}

/// A sheet with its name.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) content: Content,
}

/// What a sheet holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// The items of a telegram, a part or a case.
    Block(Block),
    /// Anything else.
    Table(Table),
}

/// A table of items.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) address: Address,
    pub(super) title: String,
    pub(super) history: String,
    pub(super) rows: Vec<Row>,
    /// The length of all items.
    pub(super) total: Length,
}

/// The length of a table of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) least: usize,
    pub(super) most: usize,
}

/// A table that is compared and not read, but for the codes.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) title: String,
    /// Pairs above the heading: a name and a text.
    pub(super) pairs: Vec<(String, String)>,
    /// The headings with the widths of their columns.
    pub(super) columns: Vec<(String, u16)>,
    pub(super) rows: Vec<Vec<String>>,
    /// What each row is about.
    pub(super) addresses: Vec<Address>,
    /// The sheet that the second cell of each row leads to.
    pub(super) links: Vec<Option<String>>,
    /// The sheet and row whose sum of lengths the fourth cell of each row shows.
    pub(super) sums: Vec<Option<(String, usize)>>,
    /// Whether the rows are read: the codes.
    pub(super) is_source: bool,
}

/// The number of rows, with those below them.
pub(super) fn count(rows: &[Row]) -> usize {
    rows.iter().map(|row| 1 + count(&row.below)).sum()
}

/// The row of the first code on the sheet of codes, from 0: below its title and heading.
pub(super) const FIRST_CODE: u32 = 4;

/// The plan of a spec. `draft` has the keys of its text.
pub(super) fn plan(draft: &Draft, spec: &Spec, lang: Lang) -> Plan {
    let mut planner = Planner {
        draft,
        spec,
        lang,
        names: Names::new(lang),
        own_sheets: own_sheets(draft),
        homes: BTreeMap::new(),
        settings: Vec::new(),
        blocks: Vec::new(),
    };
    let parts = draft.parts.iter().zip(&spec.parts);
    for (table, part) in parts.filter(|(table, _)| planner.own_sheets.contains(&table.name)).collect::<Vec<_>>() {
        planner.table("parts", table, &part.layout, &part.notes);
    }
    for (table, telegram) in draft.telegrams.iter().zip(&spec.telegrams) {
        if telegram.like.is_none() {
            planner.table("telegrams", table, &telegram.layout, &telegram.notes);
        }
    }
    planner.finish()
}

/// The parts that have a sheet: those that stand in several places as they are, those that are cases, those that nothing uses.
fn own_sheets(draft: &Draft) -> BTreeSet<String> {
    // How often a part stands as it is, and whether it is a case.
    fn count<'d>(items: &'d [DraftItem], uses: &mut BTreeMap<&'d str, (usize, bool)>) {
        for item in items {
            if let Some(Value::Text(part)) = item.get("part") {
                uses.entry(part).or_default().0 += usize::from(item.get("group").is_none());
            }
            for case in &item.cases {
                if let Some(Value::Text(part)) = case.get("part") {
                    uses.entry(part).or_default().1 = true;
                }
                count(&case.items, uses);
            }
            count(&item.items, uses);
        }
    }
    let mut uses = BTreeMap::new();
    draft.parts.iter().chain(&draft.telegrams).for_each(|table| count(&table.items, &mut uses));
    let has_own = |name: &str| uses.get(name).is_none_or(|(plain, is_case)| *plain > 1 || *is_case);
    draft.parts.iter().map(|part| part.name.clone()).filter(|name| has_own(name)).collect()
}

struct Planner<'p> {
    draft: &'p Draft,
    spec: &'p Spec,
    lang: Lang,
    names: Names,
    own_sheets: BTreeSet<String>,
    /// Where the items of the other parts are read from.
    homes: BTreeMap<String, Address>,
    /// What `fep` says of items, by their tables.
    settings: Vec<Setting>,
    blocks: Vec<(String, Block)>,
}

/// Where a list of items stands.
#[derive(Clone)]
struct Place {
    address: Address,
    /// The number before those of the items: `7-`.
    number: String,
    offset: Option<usize>,
    is_copy: bool,
}

impl Planner<'_> {
    /// The sheet of a telegram or part.
    fn table(&mut self, section: &str, table: &DraftTable, layout: &Layout, notes: &[Note]) {
        let address = Address::new(section, &table.name, "");
        let stated = table.entries.iter().find(|entry| entry.key == "len").map(|entry| entry.value.clone());
        let codes: Vec<&str> = layout.when.iter().map(|when| &*when.value).collect();
        let label = if layout.label.is_empty() { &table.name } else { &*layout.label };
        let name = self.names.of_table(&codes, label);
        let title = self.title(label, &codes, stated.as_ref());
        self.block(address, name, title, &table.items, layout, notes);
    }

    /// `Bank A 전문설계서 - 이체 (0100/100)  전체길이: 300`
    fn title(&self, label: &str, codes: &[&str], stated: Option<&Value>) -> String {
        let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join("/")) };
        let stated = stated.map(|len| format!("  {}: {len}", said(TOTAL_LENGTH, self.lang))).unwrap_or_default();
        let document = said(DESIGN_SHEET, self.lang);
        let title = without_word(&self.spec.title, self.lang);
        cell::shown(&format!("{title} {document} - {label}{codes}{stated}"), self.lang)
    }

    fn block(
        &mut self,
        address: Address,
        name: String,
        title: String,
        items: &[DraftItem],
        layout: &Layout,
        notes: &[Note],
    ) {
        self.settings.push(Setting::new(&address, "sheet", name.as_str()));
        let index = self.blocks.len();
        let version = format!("{}: {} {}", said(HISTORY, self.lang), said(VERSION, self.lang), self.spec.version);
        let block = Block {
            address: address.clone(),
            title,
            history: cell::shown(&version, self.lang),
            rows: Vec::new(),
            total: Length { least: layout.min_len(), most: layout.max_len() },
        };
        // The sheets of its cases come behind it.
        self.blocks.push((name, block));
        let place = Place { address, number: String::new(), offset: Some(0), is_copy: false };
        let rows = self.list(items, layout, notes, &place);
        if let Some((_, block)) = self.blocks.get_mut(index) {
            block.rows = rows;
        }
    }

    /// The rows of a list of items.
    fn list(&mut self, items: &[DraftItem], layout: &Layout, notes: &[Note], place: &Place) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut rest = layout.items();
        let mut notes = notes;
        let mut offset = place.offset;
        let mut unnamed = 0;
        for (index, item) in items.iter().enumerate() {
            let form = Form::of_item(item);
            let is_flat = form == Form::Part && item.get("name").is_none();
            let part = part_of(item).and_then(|name| self.spec.part(name));
            let count = part.filter(|_| is_flat).map_or(1, |part| part.layout.items().len());
            let (own, behind) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            let note = notes.first().cloned().unwrap_or_default();
            rest = behind;
            notes = notes.get(count..).unwrap_or_default();
            let name = text(item, form.name_key()).filter(|_| form != Form::Filler);
            let name = name.map_or_else(
                || {
                    unnamed += 1;
                    format!("#{unnamed}")
                },
                str::to_owned,
            );
            let own_place = Place {
                address: place.address.below(&name),
                number: format!("{}{}", place.number, index + 1),
                offset,
                is_copy: place.is_copy,
            };
            rows.push(self.row(item, form, own, layout, &note, &own_place));
            let len = own.iter().try_fold(0_usize, |sum, one| sum.checked_add(one.fixed_len()?));
            offset = offset.zip(len).and_then(|(offset, len)| offset.checked_add(len));
        }
        rows
    }

    fn row(&mut self, item: &DraftItem, form: Form, own: &[Item], layout: &Layout, note: &Note, place: &Place) -> Row {
        let mut row = Row { number: place.number.clone(), ..Row::of(item, form, self.lang) };
        row.remark = remark(text(item, "remark").unwrap_or_default(), layout, own, note.codes.as_deref(), self.lang);
        let fixed = own.iter().try_fold(0_usize, |sum, one| sum.checked_add(one.fixed_len()?));
        let of_own_sheet = part_of(item).is_some_and(|part| self.own_sheets.contains(part));
        row.len = match (own, form) {
            ([Item::Group(group)], Form::Array) => {
                group.layout.fixed_len().map(|len| len.to_string()).unwrap_or_default()
            }
            (_, Form::Group) => String::new(),
            (_, Form::Part) if !of_own_sheet => String::new(),
            ([Item::Tail(_)], _) => said(VARIES, self.lang).to_owned(),
            _ => fixed.map_or_else(|| said(VARIES, self.lang).to_owned(), |len| len.to_string()),
        };
        if let Some((from, len)) = place.offset.zip(fixed).filter(|(_, len)| *len > 0) {
            row.from = Some(from + 1);
            row.to = Some(from + len);
        }
        if row.letter.is_empty() {
            row.letter = letter(own, form).to_owned();
        }
        self.label(&mut row, form, item, own);
        if !place.is_copy {
            let said = row.said(form);
            let keys = unsaid(&item.entries, &said);
            self.settings.extend(keys.into_iter().map(|entry| Setting { address: place.address.clone(), entry }));
        }
        self.below(&mut row, item, form, own, note, place);
        row
    }

    /// A label for people where the item has none.
    fn label(&self, row: &mut Row, form: Form, item: &DraftItem, own: &[Item]) {
        if !row.label.is_empty() {
            return;
        }
        let part = part_of(item).filter(|_| form == Form::Part).and_then(|name| self.spec.part(name));
        let label = match (part, own) {
            (Some(part), _) if part.layout.label.is_empty() => part.layout.name.to_string(),
            (Some(part), _) => part.layout.label.to_string(),
            (None, [Item::Literal(literal)]) if row.english.is_empty() => literal.shown(),
            _ => return,
        };
        row.label = cell::shown(&label, self.lang);
    }

    /// The rows of the items of a group, a part or a choice.
    fn below(&mut self, row: &mut Row, item: &DraftItem, form: Form, own: &[Item], note: &Note, place: &Place) {
        let inner = |offset| Place { number: format!("{}-", place.number), offset, ..place.clone() };
        match (form, own) {
            (Form::Part, _) => self.part(row, item, &inner(place.offset)),
            (Form::Group, [Item::Group(Group { layout, .. })]) => match &note.entry {
                Some(notes) => row.below = self.list(&item.items, layout, notes, &inner(None)),
                None => self.part(row, item, &inner(None)),
            },
            (Form::Choice, [Item::Choice(choice)]) if !place.is_copy => {
                for (index, case) in item.cases.iter().enumerate() {
                    let Some(low) = choice.cases().get(index) else { break };
                    let entries = Value::Table(case.entries.clone());
                    self.settings.push(Setting::new(&place.address, "case", entries));
                    let notes = note.choice.as_ref().and_then(|note| note.cases.get(index)?.as_deref());
                    if let (Some(notes), Some(name)) = (notes, text(case, "name")) {
                        let sheet = self.names.of_table(&[], &format!("{} {name}", place.address.table));
                        let title = self.title(name, &[], None);
                        self.block(place.address.below(name), sheet, title, &case.items, &low.layout, notes);
                    }
                }
            }
            _ => {}
        }
    }

    /// The rows of a part that has no sheet. Where it stands first, they are read.
    fn part(&mut self, row: &mut Row, item: &DraftItem, place: &Place) {
        let Some(name) = part_of(item).filter(|name| !self.own_sheets.contains(*name)) else { return };
        let Some(part) = self.spec.part(name) else { return };
        let Some(table) = self.draft.parts.iter().find(|table| table.name == name) else { return };
        let is_home = !place.is_copy && !self.homes.contains_key(name);
        if is_home {
            self.homes.insert(name.to_owned(), place.address.clone());
        }
        row.is_copy = !is_home;
        let address = Address::new("parts", name, "");
        let inner = Place { address, is_copy: !is_home, ..place.clone() };
        row.below = self.list(&table.items, &part.layout, &part.notes, &inner);
    }
}

/// The title of a spec without the word that is written behind it.
fn without_word(title: &str, lang: Lang) -> &str {
    match lang {
        Lang::Ko => title.trim_end_matches(said(DESIGN_SHEET, lang)).trim_end_matches("전문").trim_end(),
        Lang::En => title,
    }
}

/// The name of the part of an item.
fn part_of(item: &DraftItem) -> Option<&str> {
    text(item, "part")
}

fn text<'i>(item: &'i DraftItem, key: &str) -> Option<&'i str> {
    if let Some(Value::Text(text)) = item.get(key) { Some(text) } else { None }
}

/// A usual letter for an item whose spec has none.
fn letter(own: &[Item], form: Form) -> &'static str {
    let field = match own {
        [Item::Field(field) | Item::Tail(field)] => Some(field),
        [Item::Group(group)] if form == Form::Array => group.layout.array_field(),
        _ => None,
    };
    let Some(field) = field else { return if matches!(form, Form::Filler | Form::Literal) { "X" } else { "" } };
    let (encoding, digits) = match &field.kind {
        Kind::Number(rule) => (rule.encoding, "N"),
        Kind::Digits(rule) => (rule.encoding, "9"),
        Kind::Date(rule) => (rule.encoding, "D"),
        Kind::Time(rule) => (rule.encoding, "T"),
        Kind::DateTime(rule) => (rule.encoding, "C"),
        Kind::Bytes(_) => return "B",
        Kind::Text(_) | Kind::Code(_) | Kind::Flag(_) => return "C",
    };
    match encoding {
        Encoding::Packed => "P",
        Encoding::Binary | Encoding::BinaryLittle | Encoding::Bcd => "B",
        Encoding::Ascii | Encoding::Ebcdic => digits,
    }
}
