//! Design sheets as xlsx workbooks: written from a spec, and read again to the equal spec.
//!
//! [`write()`] makes the workbook of a spec in the shape that institutions send: a cover, one sheet for each telegram and for each part that
//! telegrams share, a sheet of codes. What such sheets cannot say (which fields recognise a telegram, computed fields, secrets, charsets,
//! record files) stands on one more sheet, `fep`. [`import()`] reads both.
//!
//! A sheet is the source of what it shows of an item: its label, its English name, its type and its length; and of the stated length of the
//! telegram. The sheet of codes is the source of the codes. All other cells follow from these and from `fep`. [`import()`] computes them again:
//! a cell that differs is a finding with both cells, because a person changed one and not the other. A workbook without the sheet `fep` is
//! read by [`crate::import::sheet`], as any design sheet.
//!
//! Without `fep` the sheets still say the same bytes, with these exceptions: the items of a shared part other than the common header stand on
//! another sheet, a choice is one item with its cases on other sheets, and the letters of a spec need a mapping file.
//!
//! ```
//! use fep_spec::{Spec, workbook};
//!
//! let text = "spec = \"coop\"\ntitle = \"Co-op\"\nversion = \"1\"\nsource = \"ours\"\ncharset = \"euc-kr\"\n\
//!             [telegrams.Echo]\nlabel = \"회선시험\"\nitems = [{ name = \"code\", label = \"종별코드\", kind = \"digits\", len = 4 }]\n";
//! let book = workbook::write("coop.toml", text, Default::default())?;
//! let imported = workbook::import("coop.xlsx", &book, &Default::default())?;
//! let again = Spec::parse("coop.toml", &imported.draft.to_string()).unwrap();
//! assert!(imported.doubts.is_empty());
//! assert!(again.is_equal_to(&Spec::parse("coop.toml", text).unwrap()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod words;
mod cell;
mod source;
mod row;
mod settings;
mod remark;
mod plan;
mod xlsx;
mod read;
mod compare;
mod complete;
mod chosen;

use std::fmt;

use self::read::Reader;
use crate::Spec;
use crate::draft::Draft;
use crate::import::sheet::{self, SheetError, SheetOptions, book};
use crate::import::{Doubt, Imported, Severity, check};
use crate::include::{FileAccess, NoFiles};
use crate::load::{Checked, SpecFile};
use crate::pages::Lang;
use crate::report::Report;

/// Why a spec has no workbook.
#[derive(Debug)]
pub enum WriteError {
    /// The spec has errors.
    Spec(Report),
    /// It is larger than a workbook that is read again. The text says which limit.
    TooLarge(String),
    /// The writer of xlsx files refused it. The text says why.
    Refused(String),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(report) => report.fmt(f),
            Self::TooLarge(limit) => write!(f, "it is too large for a workbook: {limit}"),
            Self::Refused(why) => write!(f, "it cannot be written as a workbook: {why}"),
        }
    }
}

impl std::error::Error for WriteError {}

/// The workbook of a spec. `name` is that of the file, for findings, and `text` its text. The same text gives the same bytes.
///
/// # Errors
/// If the spec has errors, or is larger than what [`import()`] reads.
pub fn write(name: &str, text: &str, lang: Lang) -> Result<Vec<u8>, WriteError> {
    write_with(name, text, &NoFiles, lang)
}

/// The workbook of a spec with the files that it includes: that of one text with all of them.
///
/// # Errors
/// As [`write()`].
pub fn write_with(name: &str, text: &str, files: &dyn FileAccess, lang: Lang) -> Result<Vec<u8>, WriteError> {
    written(Spec::check_with(name, text, files), lang)
}

/// The workbook of a spec file with the files that it includes from disk.
///
/// # Errors
/// As [`write()`].
pub fn write_file(file: &SpecFile, lang: Lang) -> Result<Vec<u8>, WriteError> {
    written(file.check(), lang)
}

fn written(checked: Checked, lang: Lang) -> Result<Vec<u8>, WriteError> {
    let texts: Vec<_> = checked.sources.iter().map(|source| source.text.as_str()).collect();
    let draft = source::draft(&texts);
    let spec = checked.into_spec().map_err(WriteError::Spec)?;
    let draft = draft.ok_or_else(|| WriteError::Refused("a value is no value of a spec".to_owned()))?;
    let plan = plan::plan(&draft, &spec, lang);
    xlsx::bytes(&plan).map_err(|failure| match failure {
        xlsx::Failure::TooLarge(limit) => WriteError::TooLarge(limit),
        xlsx::Failure::Other(error) => WriteError::Refused(error.to_string()),
    })
}

/// Imports a workbook, with what its sheet `fep` says. A file without this sheet is read by [`sheet::import`].
///
/// # Errors
/// Those of [`sheet::import`].
pub fn import(name: &str, bytes: &[u8], options: &SheetOptions) -> Result<Imported, SheetError> {
    let grids = book::read(bytes)?;
    let Some(settings) = grids.iter().find(|grid| grid.is_settings()) else {
        return sheet::import(name, bytes, options);
    };
    for wanted in &options.sheets {
        if !grids.iter().any(|grid| grid.name.as_ref() == Some(wanted)) {
            let names = grids.iter().filter_map(|grid| grid.name.clone()).collect();
            return Err(SheetError::NoSheet(wanted.clone(), names));
        }
    }
    let (mut reader, draft) = read::read(settings, &grids, options);
    let mut doubts = Vec::new();
    let draft = compared(&reader, draft, &mut doubts);
    doubts.splice(0..0, std::mem::take(&mut reader.doubts));
    let draft =
        if options.sheets.is_empty() { draft } else { chosen::only(draft, &options.sheets, &reader, &mut doubts) };
    let remarks = vec![format!("Imported from {name} and its sheet `fep`.")];
    let mut imported = Imported { draft: Draft { remarks, ..draft }, doubts, items: reader.items, map: None };
    if !imported.doubts.iter().any(|doubt| doubt.severity == Severity::Error) {
        check(&mut imported);
    }
    Ok(imported)
}

/// The draft with what follows from comparing all cells: new remarks, and the offsets of its items. It needs a spec, but for its stated lengths.
fn compared(reader: &Reader<'_>, mut draft: Draft, doubts: &mut Vec<Doubt>) -> Draft {
    let mut free = draft.clone();
    for table in free.parts.iter_mut().chain(&mut free.telegrams) {
        table.entries.retain(|entry| entry.key != "len");
    }
    let Ok(spec) = Spec::parse("the spec", &free.to_string()) else { return draft };
    let plan = plan::plan(&draft, &spec, reader.settings.lang);
    let compared = compare::compare(reader, &draft, &spec, &plan);
    doubts.extend(compared.doubts);
    for (address, remark) in compared.remarks {
        complete::remark(&mut draft, &address, remark);
    }
    complete::offsets(&mut draft, &plan);
    draft
}

#[cfg(test)]
mod tests;
