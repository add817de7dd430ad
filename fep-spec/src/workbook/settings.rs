//! The sheet `fep`: what the other sheets do not say, one key of the spec a row.
//!
//! ```text
//!   fep 1      ko
//!   section    table     item    key     value
//!   telegrams  Transfer          answer  "TransferAnswer"
//!   telegrams  Transfer  amount  secret  true
//! ```
//!
//! A value is a TOML literal. A long one is continued in the rows below, whose key is `+`.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::cell::pieces;
use super::source::literal;
use crate::draft::{Entry, Value};
use crate::import::sheet::grid::{At, Grid, SETTINGS_SHEET};
use crate::import::{Doubt, Origin, Severity};
use crate::pages::Lang;

/// The first cell: the form of the sheet.
pub(super) const MARKER: &str = "fep 1";

/// The heading of the rows.
pub(super) const HEADING: [&str; 5] = ["section", "table", "item", "key", "value"];

/// The key of a row that continues the value above it.
const MORE: &str = "+";

/// The maximum number of pieces of one value, so that a value is smaller than a workbook.
const PIECES_MAX: usize = 4_000;

/// Where a key stands in the spec: `telegrams`, `Transfer`, `items.amount`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) section: String,
    pub(super) table: String,
    pub(super) item: String,
}

/// One key of the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) address: Address,
    pub(super) entry: Entry,
}

/// A key that was read, with its row.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) setting: Setting,
    pub(super) row: u32,
    /// Whether something in the other sheets has it.
    used: Cell<bool>,
}

/// The sheet as it was read.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) lang: Lang,
    /// The name of the sheet, as it is written.
    pub(super) sheet: Option<String>,
    told: Vec<Told>,
    /// The rows of each address.
    rows: BTreeMap<Address, Vec<usize>>,
}

impl Address {
    pub(super) fn new(section: &str, table: &str, item: &str) -> Self {
        Self { section: section.to_owned(), table: table.to_owned(), item: item.to_owned() }
    }

    /// The address of an item below this one.
    pub(super) fn below(&self, name: &str) -> Self {
        let item = if self.item.is_empty() { name.to_owned() } else { format!("{}.{name}", self.item) };
        Self { item, ..self.clone() }
    }

    /// `telegrams/Transfer/items`.
    pub(super) fn path(&self) -> String {
        format!("{}/{}/{}", self.section, self.table, self.item)
    }
}

impl Setting {
    pub(super) fn new(address: &Address, key: &str, value: impl Into<Value>) -> Self {
        Self { address: address.clone(), entry: Entry::new(key, value) }
    }

    /// The rows of the sheet.
    pub(super) fn rows(&self) -> Vec<[String; 5]> {
        let Address { section, table, item } = self.address.clone();
        // Characters that XML does not hold, and what a workbook would take for its own escape.
        let text = self.entry.value.to_string();
        let text = text.replace('\u{FFFE}', "\\uFFFE").replace('\u{FFFF}', "\\uFFFF").replace('\u{FEFF}', "\\uFEFF");
        let text = text.replace("_x", "_\\u0078");
        let mut pieces = pieces(&text).into_iter();
        let first = pieces.next().unwrap_or_default();
        let first = [section.clone(), table.clone(), item.clone(), self.entry.key.clone(), first];
        let more = pieces.map(|piece| [section.clone(), table.clone(), item.clone(), MORE.to_owned(), piece]);
        std::iter::once(first).chain(more).collect()
    }
}

impl Settings {
    /// Reads the sheet. What cannot be read is a doubt.
    pub(super) fn read(grid: &Grid, doubts: &mut Vec<Doubt>) -> Self {
        let lang = if grid.text((0, 1)) == Lang::En.code() { Lang::En } else { Lang::Ko };
        let mut settings = Self { lang, sheet: grid.name.clone(), told: Vec::new(), rows: BTreeMap::new() };
        if grid.text((0, 0)) != MARKER {
            let message = format!("`{}` is another form of this sheet than `{MARKER}`", grid.text((0, 0)));
            doubts.push(error("settings", grid.origin((0, 0)), message, "use the fep that wrote the workbook"));
            return settings;
        }
        let raw = |at: At| grid.cell(at).map_or("", |cell| cell.text.as_str());
        let mut rows = grid.rows().iter().copied().filter(|row| *row > 1).peekable();
        while let Some(row) = rows.next() {
            let text = |column: u32| grid.text((row, column)).to_owned();
            let mut value = raw((row, 4)).to_owned();
            let mut count = 1;
            while let Some(next) = rows.next_if(|next| grid.text((*next, 3)) == MORE) {
                count += 1;
                if count <= PIECES_MAX {
                    value.push_str(raw((next, 4)));
                }
            }
            let address = Address { section: text(0), table: text(1), item: text(2) };
            match literal(&value).filter(|_| count <= PIECES_MAX && !text(3).is_empty()) {
                Some(value) => {
                    let setting = Setting { address, entry: Entry { key: text(3), value } };
                    settings.rows.entry(setting.address.clone()).or_default().push(settings.told.len());
                    settings.told.push(Told { setting, row, used: Cell::new(false) });
                }
                None => {
                    let message = "this row has no key, or its value is no TOML".to_owned();
                    let hint = "write a text in quotes, a number, true or false; or delete the row";
                    doubts.push(error("settings", grid.origin((row, 4)), message, hint));
                }
            }
        }
        settings
    }

    fn rows_of(&self, address: &Address) -> impl Iterator<Item = &Told> {
        self.rows.get(address).into_iter().flatten().filter_map(|row| self.told.get(*row))
    }

    /// The keys of an address, which are used from now on.
    pub(super) fn of(&self, address: &Address) -> Vec<Entry> {
        let told = self.rows_of(address);
        told.inspect(|told| told.used.set(true)).map(|told| told.setting.entry.clone()).collect()
    }

    /// The value of one key, without using it.
    pub(super) fn get(&self, address: &Address, key: &str) -> Option<&Value> {
        self.rows_of(address).find(|told| told.setting.entry.key == key).map(|told| &told.setting.entry.value)
    }

    /// The tables of a section, in the order of their first rows.
    pub(super) fn tables(&self, section: &str) -> Vec<String> {
        let tables = self.told.iter().map(|told| &told.setting.address).filter(|address| address.section == section);
        let mut known = BTreeSet::new();
        tables.filter(|address| known.insert(&address.table)).map(|address| address.table.clone()).collect()
    }

    /// The rows that nothing used.
    pub(super) fn unused(&self) -> impl Iterator<Item = &Told> {
        self.told.iter().filter(|told| !told.used.get())
    }

    /// The cell of the value that says this, or of the first value of the address or of the table.
    pub(super) fn origin(&self, address: &Address, key: &str) -> Origin {
        let found = self.rows_of(address).find(|told| told.setting.entry.key == key);
        let found = found.or_else(|| self.rows_of(address).next());
        let of_table = || {
            self.told.iter().find(|told| {
                told.setting.address.table == address.table && told.setting.address.section == address.section
            })
        };
        self.cell(found.or_else(of_table).map_or(0, |told| told.row))
    }

    /// The cell of the value in a row.
    pub(super) fn cell(&self, row: u32) -> Origin {
        let cell = crate::import::sheet::grid::cell_name((row, 4));
        Origin {
            sheet: Some(self.sheet.clone().unwrap_or_else(|| SETTINGS_SHEET.to_owned())),
            cell: Some(cell),
            line: None,
        }
    }
}

/// An error of the workbook.
pub(super) fn error(code: &'static str, origin: Origin, message: String, hint: &str) -> Doubt {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    Doubt { code, severity: Severity::Error, origin, message, hint }
}
