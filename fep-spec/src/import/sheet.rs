//! Imports design sheets: xlsx, xls, ods, csv, tsv.
//!
//! The stages follow each other: cells of a file → headings → tables → rows → groups → places → kinds → names → spec. A stage knows
//! nothing of the later ones. What is doubtful at any stage is a [`Doubt`] with its cell.

pub(crate) mod grid;
mod archive;
mod hidden;
mod ole;
pub(crate) mod book;
mod measure;
mod letter;
mod heading;
mod remark;
mod depth;
mod row;
mod kind;
mod map;
mod lists;
mod table;
mod divide;
mod tree;
mod place;
mod caption;
mod unit;
mod about;
mod filler;
mod write;
mod assemble;

use std::fmt;

use self::assemble::Assembly;
pub use self::book::is_guarded;
use self::grid::Grid;
use self::kind::Letters;
pub use self::map::SheetMap;
use self::unit::{Units, units};
use super::name::Words;
use super::plain::line;
use super::{Doubt, Imported, Origin, Severity, check, spec_name};
use crate::draft::Entry;

/// What the user knows about a sheet.
#[derive(Clone, Debug, Default)]
pub struct SheetOptions {
    /// The only sheets to read, by name. All of them if there is none.
    pub sheets: Vec<String>,
    /// The charset of the telegrams, or `None` if the sheet decides.
    pub charset: Option<String>,
    /// What a mapping file says.
    pub map: SheetMap,
}

/// Why a file cannot be imported at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SheetError {
    /// It is larger than what is read. The text says which limit.
    TooLarge(String),
    /// It is protected by a password.
    Password,
    /// It is not a workbook that can be read. The text says why.
    Damaged(String),
    /// It is something else. The text says what.
    Other(&'static str),
    /// It has no sheet of this name. The names that it has.
    NoSheet(String, Vec<String>),
    /// No table has headings that are understood. The first rows of the sheets, to look at.
    NoTable(Vec<FirstRows>),
}

/// The first rows of a sheet whose columns could not be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstRows {
    /// The name of the sheet, or `None` in a text file.
    pub sheet: Option<String>,
    /// The number of the row, from 1, and its cells with their columns.
    pub rows: Vec<(usize, Vec<(String, String)>)>,
}

impl fmt::Display for SheetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(f, "is too large: {limit}"),
            Self::Password => {
                f.write_str("is protected by a password: open it, save it without the password, and import that file")
            }
            Self::Damaged(why) => {
                write!(f, "is damaged: {why}. Open it in a spreadsheet program and save it again as xlsx")
            }
            Self::Other(what) => {
                write!(f, "is {what}: open it, copy its tables into a workbook, and save that as xlsx")
            }
            Self::NoSheet(name, names) => write!(f, "has no sheet `{name}`; it has {}", names.join(", ")),
            Self::NoTable(_) => f.write_str(
                "has no table with a heading for the name and the length of items: name the columns in a mapping file (--map)",
            ),
        }
    }
}

impl std::error::Error for SheetError {}

/// The maximum number of rows of a sheet that is read.
const ROWS_MAX: usize = 100_000;

/// Imports a file. `name` is its name, which the spec gets unless the mapping file says another one.
///
/// # Errors
/// If the file is no workbook or text that can be read, or has no table of items.
pub fn import(name: &str, bytes: &[u8], options: &SheetOptions) -> Result<Imported, SheetError> {
    let mut grids = book::read(bytes)?;
    // Which keys of a spec the other sheets do not say, `crate::workbook` reads.
    grids.retain(|grid| !grid.is_settings());
    for wanted in &options.sheets {
        if !grids.iter().any(|grid| grid.name.as_deref() == Some(wanted)) {
            let names = grids.iter().filter_map(|grid| grid.name.clone()).collect();
            return Err(SheetError::NoSheet(wanted.clone(), names));
        }
    }
    if !options.sheets.is_empty() {
        grids.retain(|grid| grid.name.as_ref().is_some_and(|name| options.sheets.contains(name)));
    }
    if let Some(grid) = grids.iter().find(|grid| grid.rows().len() > ROWS_MAX) {
        let name = grid.name.as_deref().unwrap_or("the file");
        let limit = format!("{name} has more than {ROWS_MAX} rows; keep the sheets that describe telegrams");
        return Err(SheetError::TooLarge(limit));
    }
    let Units { units, lost } = units(&grids, &options.map)?;
    if units.is_empty() {
        return Err(SheetError::NoTable(grids.iter().map(first_rows).collect()));
    }
    let told = options.charset.clone().or_else(|| options.map.charset().map(str::to_owned));
    let charset = told.clone().unwrap_or_else(|| charset_of(&grids));
    let letters = Letters::new(options.map.types(), &charset);
    let words = Words::with(options.map.words());
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let title = units.first().and_then(|unit| unit.table.caption.first()).map(|(_, text)| text.as_str());
    let head = head(name, stem, title, &charset, &options.map);
    let mut imported = Assembly::new(&grids, &letters, &words).spec(&units, head);
    imported.doubts.extend(lost);
    if told.is_none() {
        let message = format!("the charset was taken to be {charset}");
        let hint = Some("say it by --charset if it is another one".to_owned());
        let doubt = Doubt { code: "charset", severity: Severity::Note, origin: Origin::default(), message, hint };
        imported.doubts.insert(0, doubt);
    }
    imported.draft.remarks =
        vec![format!("Imported from {name}. Lines with # above an item say what is doubtful there.")];
    check(&mut imported);
    Ok(imported)
}

/// The charset that the remarks of a sheet name.
fn charset_of(grids: &[Grid]) -> String {
    let mut votes: Vec<(&'static str, usize)> = Vec::new();
    for text in grids.iter().flat_map(Grid::texts) {
        let Some(charset) = remark::charset(text) else { continue };
        match votes.iter_mut().find(|(known, _)| *known == charset) {
            Some((_, count)) => *count += 1,
            None => votes.push((charset, 1)),
        }
    }
    let is_kana = |text: &str| text.chars().any(|character| ('\u{3041}'..='\u{30FF}').contains(&character));
    let usual = if grids.iter().flat_map(Grid::texts).any(is_kana) { "cp932" } else { "euc-kr" };
    votes.into_iter().rev().max_by_key(|(_, count)| *count).map_or(usual, |(charset, _)| charset).to_owned()
}

/// The keys of the file.
fn head(name: &str, stem: &str, title: Option<&str>, charset: &str, map: &SheetMap) -> Vec<Entry> {
    let spec = spec_name(stem);
    let title = title.filter(|text| text.chars().count() <= 60).unwrap_or(stem).to_owned();
    let usual = [
        ("spec", spec),
        ("title", title),
        ("version", "1".to_owned()),
        ("source", name.to_owned()),
        ("charset", charset.to_owned()),
    ];
    usual.into_iter().map(|(key, text)| Entry::new(key, map.head(key).map_or(text, str::to_owned))).collect()
}

/// The rows that a person needs to see in order to name the columns.
const SHOWN_ROWS: usize = 8;

fn first_rows(grid: &Grid) -> FirstRows {
    let rows = grid.rows().iter().copied().take(SHOWN_ROWS).map(|row| {
        let cells = grid.columns(row).map(|column| {
            let name = grid::cell_name((row, column));
            (name.trim_end_matches(|end: char| end.is_ascii_digit()).to_owned(), line(grid.text((row, column))))
        });
        (usize::try_from(row).unwrap_or_default() + 1, cells.collect())
    });
    FirstRows { sheet: grid.name.clone(), rows: rows.collect() }
}
