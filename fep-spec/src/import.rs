//! Makes a spec from what an institution sends: a design sheet (전문설계서) or a COBOL copybook.
//!
//! An importer never repairs silently. Its [`Draft`] says what the sheet says, and every doubt is a [`Doubt`] with its place. Whether the
//! draft is a valid spec, [`Spec::check`](crate::Spec::check) finds out.
//!
//! # The report
//!
//! [`Imported::to_json`] has the form `{"findings": [...], "items": [...]}`. A finding has `code`, `severity` (`error`, `warning` or `note`),
//! `message`, and where they apply `sheet`, `cell`, `line` and `hint`. An item has `sheet`, `cell`, `table` (the telegram or part), `path` (empty for a
//! filler), `read` (pairs of what the sheet says) and `assumed`. Codes do not change:
//!
//! | code | is about |
//! |---|---|
//! | `offset` | an offset, an end or a running total that the lengths do not give |
//! | `sum` | a sum that the items do not have, or a formula that leaves rows out |
//! | `total` | the stated length of a telegram |
//! | `number` | a number that occurs twice, or is left out |
//! | `length` | a length that is missing, cannot be read, or varies |
//! | `type` | a type that is not known, or does not fit the length or the remark |
//! | `repeat` | a group without a maximum or without a count, or rows that were taken as a group |
//! | `header` | whether the common part stands before a telegram |
//! | `heading` | a row without a length, whose items stand beside the others |
//! | `charset` | the charset that was assumed |
//! | `name` | an item whose English name is its sound |
//! | `deleted` | a row that is struck through |
//! | `hidden` | a row or a sheet that is hidden |
//! | `direction` | items of requests and items of answers in one table |
//! | `text` | a row that is no item |
//! | `copy` | a copybook that COPY names and that is not there, or copies itself |
//! | `entry`, `level`, `columns`, `period`, `clause` | an entry of a copybook that cannot be read |
//! | `picture`, `usage`, `occurs`, `values` | a clause that a telegram cannot have, or not in this form |
//! | `redefines` | a second description of the same bytes |
//! | `group` | a group of a copybook whose items stand in its place |
//! | `sign` | a sign that depends on where the bytes come from, or that a count cannot have |
//! | `slack` | slack bytes by SYNCHRONIZED |
//! | `contradiction` | a cell of a workbook of `fep doc --to xlsx` that its sheet `fep` contradicts |
//! | `settings` | a row of the sheet `fep` that cannot be read, or a sheet that it does not name |
//! | `spec` | what the reader of specs says against the result; `line` is a line of the spec |
//!
//! [`crate::explain`] has an example for each.

pub(crate) mod plain;
mod name;
mod report;
pub mod sheet;
pub mod copybook;

use std::fmt;

use serde::Serialize;

use crate::Spec;
use crate::draft::Draft;

/// What was imported.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The spec.
    pub draft: Draft,
    /// What contradicts itself, what could not be read, what was assumed. In the order of the source.
    pub doubts: Vec<Doubt>,
    /// Each item of the source, in its order.
    pub items: Vec<ImportedItem>,
    /// What was understood, as the text of a mapping file. `None` for a copybook.
    pub map: Option<String>,
}

/// A doubt about the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// What kind of doubt it is, in kebab-case. Codes do not change.
    pub code: &'static str,
    /// Whether the import is in question.
    pub severity: Severity,
    /// Where it is.
    #[serde(flatten)]
    pub origin: Origin,
    /// What the source says and what it contradicts, or what was assumed.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How serious a doubt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The source contradicts itself, or something could not be imported. The command exits with 1.
    Error,
    /// Something was assumed that may be wrong.
    Warning,
    /// Something was assumed that sheets usually mean.
    Note,
}

/// A place in the source: a cell or a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The name of the sheet. `None` for a copybook and a CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The cell, `F7`. `None` for a copybook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// The line, from 1. `None` for a sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// `Sheet1!F7`, `F7` or `line 12`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.sheet, &self.cell, self.line) {
            (Some(sheet), Some(cell), _) => write!(f, "{sheet}!{cell}"),
            (Some(sheet), None, _) => f.write_str(sheet),
            (None, Some(cell), _) => f.write_str(cell),
            (None, None, Some(line)) => write!(f, "line {line}"),
            (None, None, None) => f.write_str("the file"),
        }
    }
}

/// One item of the source, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportedItem {
    /// Where the item is.
    #[serde(flatten)]
    pub origin: Origin,
    /// The telegram or part that has it.
    pub table: String,
    /// The path of the item in the spec. Empty for an item that was left out.
    pub path: String,
    /// What the source says: its name, its type, its length, as they are written there.
    pub read: Vec<(String, String)>,
    /// What was assumed.
    pub assumed: Vec<String>,
}

/// An error at a line of a copybook.
fn doubt(code: &'static str, line: usize, message: String, hint: &str) -> Doubt {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    Doubt { code, severity: Severity::Error, origin: Origin { line: Some(line), ..Origin::default() }, message, hint }
}

/// What the reader of specs says against the result.
pub(crate) fn check(imported: &mut Imported) {
    let text = imported.draft.to_string();
    let checked = Spec::check("the spec", &text);
    for finding in checked.report.findings.iter().filter(|finding| finding.severity == crate::report::Severity::Error) {
        let severity = Severity::Error;
        let origin = Origin { line: Some(finding.line), ..Origin::default() };
        let message = format!("the spec that was made is not valid: {}", finding.message);
        imported.doubts.push(Doubt { code: "spec", severity, origin, message, hint: finding.hint.clone() });
    }
}

/// The name of a spec from the name of a file: small letters, digits and hyphens.
fn spec_name(stem: &str) -> String {
    let plain =
        stem.to_lowercase().chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect::<String>();
    let name = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase());
    if is_name { name } else { format!("spec-{name}").trim_end_matches('-').to_owned() }
}
