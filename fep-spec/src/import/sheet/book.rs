//! Reads the sheets of a file: xlsx, xls, ods, csv, tsv.

use std::cell::Cell as Flag;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    Data, Dimensions, HeaderRow, Ods, OdsError, Range, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError,
};
use encoding_rs::{EUC_KR, Encoding, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

use super::SheetError;
use super::archive::{CELLS_MAX, FILE_MAX, check_repeats, check_size, too_many_cells};
use super::grid::{At, Cell, Grid};
use super::hidden::hidden_rows;
use super::ole;

/// What kind of file the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Xlsx,
    Xls,
    Ods,
    Text,
}

/// The first bytes of an OLE file: xls, hwp, doc, or a workbook with a password.
const OLE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Reads all sheets of a file.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Grid>, SheetError> {
    if bytes.len() > FILE_MAX {
        return Err(SheetError::TooLarge(format!("it has {} bytes, at most {FILE_MAX} are read", bytes.len())));
    }
    match form(bytes)? {
        Form::Xlsx => {
            check_size(bytes)?;
            guarded(|| xlsx(bytes))
        }
        Form::Ods => {
            check_size(bytes)?;
            check_repeats(bytes)?;
            guarded(|| ods(bytes))
        }
        Form::Xls => {
            let bytes = ole::check(bytes)?;
            guarded(|| xls(&bytes))
        }
        Form::Text => text(bytes).map(|grid| vec![grid]),
    }
}

thread_local! {
    static IS_GUARDED: Flag<bool> = const { Flag::new(false) };
}

/// Whether this thread reads a workbook just now, so that a panic is not the end: the workbook is refused as damaged. A panic hook can ask
/// this, and say nothing.
#[must_use]
pub fn is_guarded() -> bool {
    IS_GUARDED.get()
}

/// calamine panics on some damaged files. They are refused as all others are.
fn guarded(read: impl FnOnce() -> Result<Vec<Grid>, SheetError>) -> Result<Vec<Grid>, SheetError> {
    let damaged = |_| Err(SheetError::Damaged("its content makes no sense".to_owned()));
    IS_GUARDED.set(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(false);
    read.unwrap_or_else(damaged)
}

fn ods(bytes: &[u8]) -> Result<Vec<Grid>, SheetError> {
    let mut book = Ods::new(Cursor::new(bytes)).map_err(|error| match error {
        OdsError::Password => SheetError::Password,
        other => SheetError::Damaged(other.to_string()),
    })?;
    dense(&mut book, |_, _| Vec::new())
}

fn xls(bytes: &[u8]) -> Result<Vec<Grid>, SheetError> {
    let mut book = Xls::new(Cursor::new(bytes)).map_err(|error| match error {
        XlsError::Password => SheetError::Password,
        other => SheetError::Damaged(other.to_string()),
    })?;
    dense(&mut book, |book, name| book.merge_cells_by_sheet_name(name).unwrap_or_default())
}

/// The content decides, not the file's name: an xls that is HTML or CSV is common.
fn form(bytes: &[u8]) -> Result<Form, SheetError> {
    let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    if bytes.starts_with(b"%PDF") {
        return Err(SheetError::Other("a PDF file"));
    }
    if bytes.starts_with(b"PK") {
        return match () {
            () if has(b"opendocument.spreadsheet") => Ok(Form::Ods),
            () if has(b"xl/") => Ok(Form::Xlsx),
            () if has(b"word/") => Err(SheetError::Other("a Word document")),
            () if has(b"Contents/content.hpf") || has(b"hwp+zip") => Err(SheetError::Other("a Hangul document (hwpx)")),
            () if has(b"content.xml") => Ok(Form::Ods),
            () => Err(SheetError::Other("a zip archive without a workbook")),
        };
    }
    if bytes.starts_with(&OLE) {
        let wide = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        return match () {
            () if has(&wide("EncryptedPackage")) => Err(SheetError::Password),
            () if has(&wide("Workbook")) || has(&wide("Book")) => Ok(Form::Xls),
            () if has(b"HWP Document File") || has(&wide("HwpSummaryInformation")) => {
                Err(SheetError::Other("a Hangul document (hwp)"))
            }
            () if has(&wide("WordDocument")) => Err(SheetError::Other("a Word document")),
            () => Err(SheetError::Other("an OLE file without a workbook")),
        };
    }
    let start = bytes.get(..512).unwrap_or(bytes);
    if start.windows(5).any(|window| window.eq_ignore_ascii_case(b"<html") || window.eq_ignore_ascii_case(b"<tabl")) {
        return Err(SheetError::Other("an HTML page that is named like a workbook"));
    }
    Ok(Form::Text)
}

fn xlsx(bytes: &[u8]) -> Result<Vec<Grid>, SheetError> {
    let damaged = |error: XlsxError| match error {
        XlsxError::Password => SheetError::Password,
        other => SheetError::Damaged(other.to_string()),
    };
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut hidden = hidden_rows(bytes)?;
    let names: Vec<String> = worksheets(&book);
    let mut count = 0_u64;
    let mut grids = Vec::new();
    for name in names {
        let mut cells: BTreeMap<At, Cell> = BTreeMap::new();
        {
            let mut reader = book.worksheet_cells_reader(&name).map_err(damaged)?;
            while let Some(cell) = reader.next_cell().map_err(damaged)? {
                count += 1;
                if count > CELLS_MAX {
                    return Err(too_many_cells());
                }
                let text = value(&Data::from(cell.get_value().clone()));
                if !text.is_empty() {
                    cells.insert(cell.get_position(), Cell { text, ..Cell::default() });
                }
            }
        }
        {
            let mut reader = book.worksheet_cells_reader(&name).map_err(damaged)?;
            while let Some(formula) = reader.next_formula().map_err(damaged)? {
                if !formula.get_value().is_empty() {
                    let cell = cells.entry(formula.get_position()).or_default();
                    cell.formula = Some(formula.get_value().clone());
                }
            }
        }
        let styles = book.worksheet_style(&name).map_err(damaged)?;
        for (at, cell) in &mut cells {
            let style = styles.get(*at);
            cell.is_struck = style.and_then(|style| style.font.as_ref()).is_some_and(|font| font.has_strikethrough());
        }
        let merged = book.merge_cells_by_sheet_name(&name).map_err(damaged)?;
        let hidden = hidden.remove(&name).unwrap_or_default();
        let regions = regions(merged, &cells, &mut count)?;
        grids.push(Grid::new(Some(name), cells, regions).hiding(hidden));
    }
    hide_sheets(&book, &mut grids);
    Ok(grids)
}

/// The names of the sheets that have cells, in their order, hidden ones too: a hidden sheet may hold the common header.
fn worksheets<R: Reader<Cursor<B>>, B: AsRef<[u8]>>(book: &R) -> Vec<String>
where
    Cursor<B>: std::io::Read + std::io::Seek,
{
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    sheets.map(|sheet| sheet.name.clone()).collect()
}

/// Reads a file whose reader gives whole sheets only.
fn dense<'b, R>(book: &mut R, merged: impl Fn(&R, &str) -> Vec<Dimensions>) -> Result<Vec<Grid>, SheetError>
where
    R: Reader<Cursor<&'b [u8]>>,
{
    book.with_header_row(HeaderRow::FirstNonEmptyRow);
    let mut count = 0_u64;
    let mut grids = Vec::new();
    for name in worksheets(book) {
        let damaged = |error: R::Error| SheetError::Damaged(format!("{error:?}"));
        let range: Range<Data> = book.worksheet_range(&name).map_err(damaged)?;
        let (top, left) = range.start().unwrap_or_default();
        let at = |row: usize, column: usize| {
            (top + u32::try_from(row).unwrap_or(u32::MAX), left + u32::try_from(column).unwrap_or(u32::MAX))
        };
        let mut cells: BTreeMap<At, Cell> = BTreeMap::new();
        for (row, column, data) in range.used_cells() {
            count += 1;
            if count > CELLS_MAX {
                return Err(too_many_cells());
            }
            let text = value(data);
            if !text.is_empty() {
                cells.insert(at(row, column), Cell { text, ..Cell::default() });
            }
        }
        if let Ok(formulas) = book.worksheet_formula(&name) {
            let (top, left) = formulas.start().unwrap_or_default();
            for (row, column, formula) in formulas.used_cells().filter(|(_, _, formula)| !formula.is_empty()) {
                let at = |start: u32, more: usize| start + u32::try_from(more).unwrap_or(u32::MAX);
                cells.entry((at(top, row), at(left, column))).or_default().formula = Some(formula.clone());
            }
        }
        let regions = regions(merged(book, &name), &cells, &mut count)?;
        grids.push(Grid::new(Some(name), cells, regions));
    }
    hide_sheets(book, &mut grids);
    Ok(grids)
}

/// Marks the sheets that a spreadsheet program does not show.
fn hide_sheets<R: Reader<Cursor<B>>, B: AsRef<[u8]>>(book: &R, grids: &mut [Grid])
where
    Cursor<B>: std::io::Read + std::io::Seek,
{
    for sheet in book.sheets_metadata().iter().filter(|sheet| sheet.visible != SheetVisible::Visible) {
        let grid = grids.iter_mut().find(|grid| grid.name.as_ref() == Some(&sheet.name));
        grid.into_iter().for_each(|grid| grid.is_hidden_sheet = true);
    }
}

/// The merged regions. A row of a region counts as a cell: in a file that no program made, each of many regions covers the whole sheet.
fn regions(merged: Vec<Dimensions>, cells: &BTreeMap<At, Cell>, count: &mut u64) -> Result<Vec<(At, At)>, SheetError> {
    let regions: BTreeSet<(At, At)> = merged.into_iter().map(|region| (region.start, region.end)).collect();
    let rows: BTreeSet<u32> = cells.keys().map(|(row, _)| *row).collect();
    for ((top, _), (bottom, _)) in &regions {
        let height = u64::from(bottom.saturating_sub(*top)).saturating_add(1);
        *count = count.saturating_add(height.min(u64::try_from(rows.len()).unwrap_or(u64::MAX)));
        if *count > CELLS_MAX {
            return Err(too_many_cells());
        }
    }
    Ok(regions.into_iter().collect())
}

/// A value as a person reads it.
fn value(data: &Data) -> String {
    match data {
        Data::Int(number) => number.to_string(),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::Float(number) => number.to_string(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(flag) => if *flag { "Y" } else { "N" }.to_owned(),
        // `1-2` that was typed as the number of an entry became the second of January.
        Data::DateTime(date) => {
            let (_, month, day, ..) = date.to_ymd_hms_milli();
            format!("{month}-{day}")
        }
        Data::Error(_) | Data::Empty => String::new(),
    }
}

/// Reads comma- or tab-separated text in UTF-8, UTF-16, CP949 or Shift JIS.
fn text(bytes: &[u8]) -> Result<Grid, SheetError> {
    let (encoding, skip) = Encoding::for_bom(bytes).unwrap_or_else(|| (guess(bytes), 0));
    let body = bytes.get(skip..).unwrap_or_default();
    let (text, _, is_damaged) = encoding.decode(body);
    if is_damaged || text.contains('\0') {
        return Err(SheetError::Other("neither text in UTF-8, CP949 or Shift JIS nor a workbook"));
    }
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter(&text)).trim(csv::Trim::None);
    let mut cells: BTreeMap<At, Cell> = BTreeMap::new();
    let mut row = 0;
    let mut counted = 0;
    for record in reader.from_reader(text.as_bytes()).into_records() {
        let record = record.map_err(|error| SheetError::Damaged(error.to_string()))?;
        // The row is what a spreadsheet shows: empty lines are rows, too, and a cell with line breaks is in one row.
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        let start =
            start + text.get(start..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        row += text.get(counted..start).map_or(0, rows);
        counted = start;
        for (column, field) in record.iter().enumerate().filter(|(_, field)| !field.trim().is_empty()) {
            let at = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
            cells.insert((at(row), at(column)), Cell { text: field.to_owned(), ..Cell::default() });
        }
        if u64::try_from(cells.len()).unwrap_or(u64::MAX) > CELLS_MAX {
            return Err(too_many_cells());
        }
    }
    Ok(Grid::new(None, cells, Vec::new()))
}

/// The number of line ends outside of quotes.
fn rows(text: &str) -> usize {
    let mut is_quoted = false;
    let ends = text.bytes().filter(|byte| {
        is_quoted ^= *byte == b'"';
        *byte == b'\n' && !is_quoted
    });
    ends.count()
}

/// Valid UTF-8 is UTF-8: Korean text in CP949 is never valid UTF-8 by chance for long.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).take(64).filter(|byte| **byte == 0).count();
    match () {
        () if zeros(1) > 8 => UTF_16LE,
        () if zeros(0) > 8 => UTF_16BE,
        () if std::str::from_utf8(bytes).is_ok() => UTF_8,
        () if is_japanese(bytes) => SHIFT_JIS,
        () => EUC_KR,
    }
}

/// Whether bytes that are not UTF-8 are those of a Japanese spreadsheet program: they have its headings.
fn is_japanese(bytes: &[u8]) -> bool {
    let (text, _, is_not_japanese) = SHIFT_JIS.decode(bytes);
    let has_heading =
        ["項目", "桁数", "バイト", "備考", "レコード", "データ"].iter().any(|heading| text.contains(heading));
    !is_not_japanese && has_heading
}

/// The character that most lines have.
fn delimiter(text: &str) -> u8 {
    let count = |delimiter: u8| text.lines().take(200).filter(|line| line.as_bytes().contains(&delimiter)).count();
    let best = [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter));
    best.unwrap_or(b',')
}
