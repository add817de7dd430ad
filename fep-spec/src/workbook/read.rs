//! A workbook with a sheet `fep` → the spec: items from the sheets of telegrams, codes from their sheet, the rest from `fep`.
//!
//! What `fep` says of items that no sheet has is a finding, and so is a sheet of items that `fep` does not name. Whether the other cells fit
//! what was read, `compare` finds out.

mod lines;
mod codes;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::lines::{LABEL, LEN, Line, Lines, has_heading};
use super::row::{Form, together};
use super::settings::{Address, Settings, error};
use super::words::{CODES, COVER, FILES, LETTERS, TOTAL_LENGTH, said};
use crate::draft::{Draft, DraftItem, DraftTable, Entry, Value};
use crate::import::sheet::grid::Grid;
use crate::import::sheet::{SheetMap, SheetOptions};
use crate::import::{Doubt, ImportedItem, Origin, Severity};

/// A table of items that was read.
#[derive(Debug)]
pub(super) struct ReadBlock<'g> {
    pub(super) address: Address,
    pub(super) grid: &'g Grid,
    pub(super) lines: Lines,
}

/// Everything that was read.
pub(super) struct Reader<'g> {
    pub(super) settings: Settings,
    pub(super) grids: &'g [Grid],
    pub(super) blocks: Vec<ReadBlock<'g>>,
    pub(super) doubts: Vec<Doubt>,
    pub(super) items: Vec<ImportedItem>,
    /// The items of parts that stand below an item of another table.
    parts: BTreeMap<String, Vec<DraftItem>>,
    sheets: BTreeSet<String>,
}

/// Where the title of a sheet stands.
pub(super) const TITLE: (u32, u32) = (1, 1);

/// Reads the workbook. The draft has no remarks yet.
pub(super) fn read<'g>(settings: &Grid, grids: &'g [Grid], options: &SheetOptions) -> (Reader<'g>, Draft) {
    let mut doubts = Vec::new();
    let settings = Settings::read(settings, &mut doubts);
    let mut reader = Reader {
        settings,
        grids,
        blocks: Vec::new(),
        doubts,
        items: Vec::new(),
        parts: BTreeMap::new(),
        sheets: BTreeSet::new(),
    };
    let draft = reader.draft(options);
    reader.unused();
    reader.unread();
    if options.map != SheetMap::default() {
        let message = "the mapping file was not used: the sheet `fep` says what the letters and columns are".to_owned();
        let origin = Origin { sheet: reader.settings.sheet.clone(), ..Origin::default() };
        let doubt = error("settings", origin, message, "delete the sheet `fep` to read the workbook as any other");
        reader.doubts.push(Doubt { severity: Severity::Warning, ..doubt });
    }
    (reader, draft)
}

impl<'g> Reader<'g> {
    fn draft(&mut self, options: &SheetOptions) -> Draft {
        let mut head = self.settings.of(&Address::new("spec", "", ""));
        if let Some(charset) = &options.charset {
            head.retain(|entry| entry.key != "charset");
            head.push(Entry::new("charset", charset.as_str()));
        }
        let types = self.settings.tables("types").into_iter();
        let types = types.map(|letter| (self.settings.of(&Address::new("types", &letter, "")), letter));
        let types = types.map(|(options, letter)| (letter, options)).collect();
        let codes = self.codes();
        let mut parts: Vec<DraftTable> =
            self.settings.tables("parts").iter().map(|name| self.table("parts", name)).collect();
        let names = self.settings.tables("telegrams");
        let telegrams = names.iter().map(|name| self.table("telegrams", name)).collect();
        for part in parts.iter_mut().filter(|part| part.items.is_empty()) {
            part.items = self.parts.remove(&part.name).unwrap_or_default();
        }
        let names = self.settings.tables("files");
        let files = names.iter().map(|name| DraftTable {
            name: name.clone(),
            entries: self.settings.of(&Address::new("files", name, "")),
            ..DraftTable::default()
        });
        Draft { head, types, codes, parts, telegrams, files: files.collect(), ..Draft::default() }
    }

    /// A telegram or a part. The items of a part may be read with the table that it stands in.
    fn table(&mut self, section: &str, name: &str) -> DraftTable {
        let address = Address::new(section, name, "");
        let mut entries = self.settings.of(&address);
        let has_sheet = entries.iter().any(|entry| entry.key == "sheet");
        entries.retain(|entry| entry.key != "sheet" && entry.key != "in");
        let mut table = DraftTable { name: name.to_owned(), ..DraftTable::default() };
        if has_sheet {
            table.items = self.block(&address);
            let title = self.blocks.iter().find(|block| block.address == address).map(|block| block.grid.text(TITLE));
            let stated = title.and_then(|title| stated(title, said(TOTAL_LENGTH, self.settings.lang)));
            entries.retain(|entry| stated.is_none() || entry.key != "len");
            entries.extend(stated.map(|stated| Entry::new("len", stated)));
        }
        entries.sort_by_key(|entry| match entry.key.as_str() {
            "label" => 0,
            "len" => 1,
            _ => 2,
        });
        DraftTable { entries, ..table }
    }

    /// The items of the sheet that `fep` names for an address.
    fn block(&mut self, address: &Address) -> Vec<DraftItem> {
        let Some(Value::Text(sheet)) = self.settings.get(address, "sheet").cloned() else { return Vec::new() };
        let grids: &'g [Grid] = self.grids;
        let Some(grid) = grids.iter().find(|grid| grid.name.as_ref() == Some(&sheet)) else {
            let message = format!("there is no sheet `{sheet}`: its items are missing");
            let hint = "write the name of the sheet here, or delete the rows of this table from `fep`";
            self.doubts.push(error("settings", self.settings.origin(address, "sheet"), message, hint));
            return Vec::new();
        };
        if address.item.matches('.').count() > lines::DEPTH_MAX {
            let message = format!("cases stand more than {} deep inside each other", lines::DEPTH_MAX);
            let hint = "does a case name the sheet that it stands on?";
            self.doubts.push(error("settings", self.settings.origin(address, "sheet"), message, hint));
            return Vec::new();
        }
        self.sheets.insert(sheet);
        let Some(lines) = lines::lines(grid, self.settings.lang, &mut self.doubts) else { return Vec::new() };
        let items = self.list(&lines.lines, address, grid, &lines.columns);
        self.blocks.push(ReadBlock { address: address.clone(), grid, lines });
        items
    }

    fn list(&mut self, lines: &[Line], address: &Address, grid: &Grid, columns: &[u32; 8]) -> Vec<DraftItem> {
        let mut unnamed = 0;
        let mut items = Vec::new();
        for line in lines {
            let name = &line.cells.english;
            let name = if name.is_empty() {
                unnamed += 1;
                format!("#{unnamed}")
            } else {
                name.clone()
            };
            items.push(self.item(line, &address.below(&name), grid, columns));
        }
        items
    }

    fn item(&mut self, line: &Line, address: &Address, grid: &Grid, columns: &[u32; 8]) -> DraftItem {
        let mut told = self.settings.of(address);
        let cases: Vec<Value> =
            told.iter().filter(|entry| entry.key == "case").map(|entry| entry.value.clone()).collect();
        told.retain(|entry| entry.key != "case");
        let form = Form::of(|key| told.iter().any(|entry| entry.key == key));
        let form = match form {
            Form::Group if !line.cells.len.is_empty() => Form::Array,
            // An item without an English name that `fep` does not know otherwise.
            Form::Field if line.cells.english.is_empty() => Form::Filler,
            other => other,
        };
        let entries = together(line.cells.said(form), &told);
        let mut item = DraftItem::new(entries);
        let part = if let Some(Value::Text(part)) = item.get("part") { Some(part.clone()) } else { None };
        match (part, form) {
            (Some(part), Form::Part | Form::Group) => {
                let home = self.settings.get(&Address::new("parts", &part, ""), "in");
                if home == Some(&Value::from(address.path())) {
                    let items = self.list(&line.below, &Address::new("parts", &part, ""), grid, columns);
                    self.parts.insert(part, items);
                }
            }
            (_, Form::Group) => item.items = self.list(&line.below, address, grid, columns),
            (_, Form::Choice) => item.cases = cases.into_iter().map(|case| self.case(case, address)).collect(),
            _ => {
                for below in line.below.iter().take(1) {
                    let message = format!("the row stands below {}, which is no group", line.cells.number);
                    let hint = "say in `fep` how often the group repeats, or number the rows on one level";
                    let at = (below.at, columns.first().copied().unwrap_or_default());
                    self.doubts.push(error("repeat", grid.origin(at), message, hint));
                }
            }
        }
        let cells = &line.cells;
        let read =
            [("name", &cells.label), ("english", &cells.english), ("type", &cells.letter), ("length", &cells.len)];
        let read = read.into_iter().filter(|(_, text)| !text.is_empty());
        self.items.push(ImportedItem {
            origin: grid.origin((line.at, columns.get(LABEL).copied().unwrap_or_default())),
            table: address.table.clone(),
            path: if cells.english.is_empty() { String::new() } else { address.item.clone() },
            read: read.map(|(key, text)| (key.to_owned(), text.clone())).collect(),
            assumed: Vec::new(),
        });
        item
    }

    /// A case of a choice: a part, or items on a sheet of their own.
    fn case(&mut self, case: Value, address: &Address) -> DraftItem {
        let mut item = DraftItem::new(if let Value::Table(entries) = case { entries } else { Vec::new() });
        if let Some(Value::Text(name)) = item.get("name") {
            let address = address.below(&name.clone());
            item.items = self.block(&address);
            self.settings.of(&address);
        }
        item
    }

    /// What `fep` says of items that no sheet has.
    fn unused(&mut self) {
        let mut told: Vec<&Address> = Vec::new();
        let mut doubts = Vec::new();
        for unused in self.settings.unused() {
            let address = &unused.setting.address;
            if told.contains(&address) {
                continue;
            }
            told.push(address);
            let Address { section, table, item } = address;
            let sheet = self.settings.get(&Address::new(section, table, ""), "sheet");
            let sheet =
                if let Some(Value::Text(sheet)) = sheet { format!(" on the sheet `{sheet}`") } else { String::new() };
            let message = match section.as_str() {
                "parts" | "telegrams" | "codes" => format!("there is no item `{item}` of {table}{sheet}"),
                _ => format!("`{section}` is no section of a spec"),
            };
            let hint = "if the item was renamed, write its new name here; if it was deleted, delete its rows here";
            doubts.push(error("contradiction", self.settings.cell(unused.row), message, hint));
        }
        self.doubts.extend(doubts);
    }

    /// Sheets that nothing names.
    fn unread(&mut self) {
        let lang = self.settings.lang;
        let known = [COVER, CODES, LETTERS, FILES].map(|word| said(word, lang));
        let grids: &'g [Grid] = self.grids;
        let is_known = |grid: &&Grid| {
            let name = grid.name.as_deref().unwrap_or_default();
            known.contains(&name) || self.sheets.contains(name) || grid.is_settings()
        };
        let others: Vec<&Grid> = grids.iter().filter(|grid| !is_known(grid)).collect();
        for grid in others {
            let is_table = has_heading(grid, lang);
            let message = "the sheet was left out, because the sheet `fep` does not name it".to_owned();
            let hint = "for a telegram add the row: telegrams | Name |  | sheet | \"the name of this sheet\"";
            let origin = Origin { sheet: grid.name.clone(), ..Origin::default() };
            let doubt = error("settings", origin, message, if is_table { hint } else { "" });
            let severity = if is_table { Severity::Error } else { Severity::Note };
            self.doubts.push(Doubt { severity, ..doubt });
        }
    }
}

/// The length that a title states at its end: `…  전체길이: 300`.
pub(super) fn stated(title: &str, word: &str) -> Option<usize> {
    let (_, number) = title.rsplit_once(&format!("{word}: "))?;
    number.trim().parse().ok()
}
