//! A plan → the bytes of an xlsx file, in the shape that institutions send.
//!
//! ```text
//!        B    C            D            E    F    G    H    I
//!   2    Bank A 전문설계서 - 이체 (0100/100)  전체길이: 300
//!   3    개정이력: …
//!   4                                              작성 승인
//!   6    순번 필드명(한글) 필드명(영문)  속성      위치      비고
//!   7                                타입 길이 시작 종료
//!   8    1    출금계좌번호 …           AN   16   101  116
//! ```
//!
//! The same plan gives the same bytes: the creation date is fixed.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, FormatUnderline, Formula, Url, Workbook,
    Worksheet, XlsxError,
};
use unicode_width::UnicodeWidthStr as _;

use super::plan::{Block, Content, Plan, Table, count};
use super::row::Row;
use super::settings::{HEADING, MARKER};
use super::words::{APPROVED_BY, ATTRIBUTES, HEADINGS, PLACE, SUM, WRITTEN_BY, said};
use crate::import::sheet::grid::SETTINGS_SHEET;
use crate::pages::Lang;

/// The first row of items, from 0.
pub(super) const FIRST_ROW: u32 = 7;
/// The first column, from 0.
pub(super) const FIRST_COLUMN: u16 = 1;
/// The row of the first heading, from 0.
pub(super) const HEADING_ROW: u32 = 5;
/// The maximum number of rows of a sheet, which is that of the importer.
const ROWS_MAX: usize = 99_000;

/// The widths of the columns of names and of remarks, in characters.
const LABEL_WIDTH: u16 = 26;
const REMARK_WIDTH: u16 = 56;
const VALUE_WIDTH: u16 = 90;
/// The cell of a row of the cover that has the length of a telegram.
const SUM_CELL: usize = 3;
/// The height of a line in points.
const LINE_HEIGHT: u16 = 14;
/// A row can be 409 points high.
const LINES_MAX: usize = 29;

/// A font that has Korean and that every Korean Windows has. Other systems take their own.
const FONT: &str = "맑은 고딕";

/// Why a spec has no workbook.
#[derive(Debug)]
pub(super) enum Failure {
    TooLarge(String),
    Other(XlsxError),
}

impl From<XlsxError> for Failure {
    fn from(error: XlsxError) -> Self {
        Self::Other(error)
    }
}

/// The formats of cells.
struct Formats {
    title: Format,
    small: Format,
    heading: Format,
    text: Format,
    inner: Format,
    mono: Format,
    center: Format,
    number: Format,
    sum: Format,
    link: Format,
}

impl Formats {
    fn new() -> Self {
        let plain = Format::new().set_font_name(FONT).set_font_size(10).set_align(FormatAlign::VerticalCenter);
        let boxed = plain.clone().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x80_80_80));
        let head = boxed.clone().set_bold().set_align(FormatAlign::Center).set_text_wrap();
        let text = boxed.clone().set_num_format("@").set_text_wrap();
        let blue = Color::RGB(0x05_63_C1);
        Self {
            title: plain.clone().set_font_size(14).set_bold(),
            small: plain.set_font_size(9).set_font_color(Color::RGB(0x59_59_59)),
            heading: head.clone().set_background_color(Color::RGB(0xD9_E2_F3)),
            inner: text.clone().set_indent(1),
            mono: text.clone().set_font_size(9),
            link: text.clone().set_font_color(blue).set_underline(FormatUnderline::Single),
            center: boxed.clone().set_num_format("@").set_align(FormatAlign::Center),
            number: boxed.set_num_format("0").set_align(FormatAlign::Center),
            sum: head.set_num_format("0").set_background_color(Color::RGB(0xF2_F2_F2)),
            text,
        }
    }
}

/// Writes the workbook.
pub(super) fn bytes(plan: &Plan) -> Result<Vec<u8>, Failure> {
    let formats = Formats::new();
    let mut book = Workbook::new();
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let title = super::cell::shown(&plan.title, plan.lang).chars().take(200).collect::<String>();
    book.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(&created));
    for sheet in &plan.sheets {
        let page = book.add_worksheet();
        page.set_name(&sheet.name)?;
        match &sheet.content {
            Content::Block(block) => self::block(page, block, plan.lang, &formats)?,
            Content::Table(table) => self::table(page, table, &formats)?,
        }
    }
    let page = book.add_worksheet();
    page.set_name(SETTINGS_SHEET)?;
    settings(page, plan, &formats)?;
    Ok(book.save_to_buffer()?)
}

fn fits(rows: usize, name: &str) -> Result<(), Failure> {
    let message =
        || Failure::TooLarge(format!("the sheet `{name}` would have {rows} rows, at most {ROWS_MAX} are written"));
    if rows > ROWS_MAX { Err(message()) } else { Ok(()) }
}

/// How the sheet is printed: A4 across, one page wide, the headings on each page.
fn printed(page: &mut Worksheet, first: u32, last: u32) -> Result<(), Failure> {
    page.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    page.set_repeat_rows(first, last)?;
    page.set_footer("&L&A&R&P / &N");
    page.set_screen_gridlines(false);
    Ok(())
}

/// The table of a telegram, a part or a case.
fn block(page: &mut Worksheet, block: &Block, lang: Lang, formats: &Formats) -> Result<(), Failure> {
    fits(count(&block.rows), &block.title)?;
    let widths = [2, 7, LABEL_WIDTH, LABEL_WIDTH, 8, 9, 8, 8, REMARK_WIDTH];
    for (column, width) in (0..).zip(widths) {
        page.set_column_width(column, width)?;
    }
    page.merge_range(1, 1, 1, 8, &block.title, &formats.title)?;
    page.set_row_height(1, 26)?;
    page.merge_range(2, 1, 2, 8, &block.history, &formats.small)?;
    for (column, word) in [(7, WRITTEN_BY), (8, APPROVED_BY)] {
        page.write_string_with_format(3, column, said(word, lang), &formats.heading)?;
        page.write_blank(4, column, &formats.text)?;
    }
    page.set_row_height(4, 30)?;
    for (column, word) in (FIRST_COLUMN..).zip(HEADINGS) {
        let text = said(word, lang);
        match column {
            4..=7 => page.write_string_with_format(HEADING_ROW + 1, column, text, &formats.heading)?,
            _ => page.merge_range(HEADING_ROW, column, HEADING_ROW + 1, column, text, &formats.heading)?,
        };
    }
    page.merge_range(HEADING_ROW, 4, HEADING_ROW, 5, said(ATTRIBUTES, lang), &formats.heading)?;
    page.merge_range(HEADING_ROW, 6, HEADING_ROW, 7, said(PLACE, lang), &formats.heading)?;
    page.set_freeze_panes(FIRST_ROW, 0)?;
    printed(page, HEADING_ROW, HEADING_ROW + 1)?;
    let mut at = FIRST_ROW;
    rows(page, &block.rows, 0, &mut at, formats)?;
    sum(page, block, at, lang, formats)
}

fn rows(page: &mut Worksheet, rows: &[Row], depth: u8, at: &mut u32, formats: &Formats) -> Result<(), Failure> {
    for row in rows {
        match row.number.parse::<u32>() {
            Ok(number) => page.write_number_with_format(*at, 1, number, &formats.number)?,
            // `7-1` is no date.
            Err(_) => page.write_string_with_format(*at, 1, &row.number, &formats.center)?,
        };
        let label = if depth == 0 { &formats.text } else { &formats.inner.clone().set_indent(depth.min(9)) };
        text(page, *at, 2, &row.label, label)?;
        text(page, *at, 3, &row.english, &formats.text)?;
        text(page, *at, 4, &row.letter, &formats.center)?;
        match row.len.parse::<u32>() {
            Ok(len) => page.write_number_with_format(*at, 5, len, &formats.number)?,
            Err(_) => text(page, *at, 5, &row.len, &formats.center)?,
        };
        for (column, place) in [(6, row.from), (7, row.to)] {
            match place.and_then(|place| u32::try_from(place).ok()) {
                Some(place) => page.write_number_with_format(*at, column, place, &formats.number)?,
                None => page.write_blank(*at, column, &formats.number)?,
            };
        }
        text(page, *at, 8, &row.remark, &formats.text)?;
        height(page, *at, &[(&row.label, LABEL_WIDTH), (&row.english, LABEL_WIDTH), (&row.remark, REMARK_WIDTH)])?;
        *at += 1;
        self::rows(page, &row.below, depth + 1, at, formats)?;
    }
    Ok(())
}

/// Makes a row as high as its longest text needs, which not every program does by itself. Each text has the width of its column.
fn height(page: &mut Worksheet, row: u32, texts: &[(&str, u16)]) -> Result<(), Failure> {
    let lines = |(text, width): &(&str, u16)| -> usize {
        let room = usize::from(width.saturating_sub(2)).max(1);
        text.lines().map(|line| line.width().div_ceil(room).max(1)).sum()
    };
    let lines = texts.iter().map(lines).max().unwrap_or(1).clamp(1, LINES_MAX);
    if let Some(lines) = u16::try_from(lines).ok().filter(|lines| *lines > 1) {
        page.set_row_height(row, lines.saturating_mul(LINE_HEIGHT).saturating_add(3))?;
    }
    Ok(())
}

/// A text, or an empty cell with its border. A text that begins with `=` is no formula.
fn text<'w>(
    page: &'w mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    format: &Format,
) -> Result<&'w mut Worksheet, XlsxError> {
    if text.is_empty() {
        page.write_blank(row, column, format)
    } else {
        page.write_string_with_format(row, column, text, format)
    }
}

/// The row below the items: a formula if all rows add up to the length, otherwise the length itself.
fn sum(page: &mut Worksheet, block: &Block, at: u32, lang: Lang, formats: &Formats) -> Result<(), Failure> {
    for column in [1, 3, 4, 6, 7, 8] {
        page.write_blank(at, column, &formats.sum)?;
    }
    page.write_string_with_format(at, 2, said(SUM, lang), &formats.sum)?;
    let lens: Option<usize> =
        block.rows.iter().map(|row| row.len.parse::<usize>().ok().filter(|_| row.below.is_empty())).sum();
    let total = block.total.to_string();
    if at > FIRST_ROW && lens.is_some_and(|lens| lens.to_string() == total) {
        let formula = Formula::new(format!("SUM(F{}:F{at})", FIRST_ROW + 1)).set_result(&total);
        page.write_formula_with_format(at, 5, formula, &formats.sum)?;
    } else if let Ok(total) = total.parse::<u32>() {
        page.write_number_with_format(at, 5, total, &formats.sum)?;
    } else {
        page.write_string_with_format(at, 5, &total, &formats.sum)?;
    }
    Ok(())
}

/// The position of a table's heading below its pairs, from 0.
pub(super) fn heading_row(table: &Table) -> u32 {
    let pairs = u32::try_from(table.pairs.len()).unwrap_or(u32::MAX);
    if pairs == 0 { 3 } else { pairs.saturating_add(4) }
}

/// A table that is no telegram.
fn table(page: &mut Worksheet, table: &Table, formats: &Formats) -> Result<(), Failure> {
    fits(table.rows.len(), &table.title)?;
    page.set_column_width(0, 2)?;
    let last = FIRST_COLUMN.saturating_add(u16::try_from(table.columns.len()).unwrap_or(1)).saturating_sub(1);
    page.merge_range(1, FIRST_COLUMN, 1, last, &table.title, &formats.title)?;
    page.set_row_height(1, 26)?;
    for (row, (name, value)) in (3..).zip(&table.pairs) {
        page.write_string_with_format(row, FIRST_COLUMN, name, &formats.heading)?;
        page.merge_range(row, FIRST_COLUMN + 1, row, last, value, &formats.text)?;
    }
    let heading = heading_row(table);
    for (column, (name, width)) in (FIRST_COLUMN..).zip(&table.columns) {
        page.set_column_width(column, *width)?;
        page.write_string_with_format(heading, column, name, &formats.heading)?;
    }
    let sum_column = (FIRST_COLUMN..).nth(SUM_CELL).unwrap_or(FIRST_COLUMN);
    page.set_freeze_panes(heading + 1, 0)?;
    printed(page, heading, heading)?;
    for (index, (at, row)) in (heading + 1..).zip(&table.rows).enumerate() {
        for (column, value) in (FIRST_COLUMN..).zip(row) {
            let format = if table.sums.is_empty() || column != sum_column { &formats.text } else { &formats.center };
            text(page, at, column, value, format)?;
        }
        let texts: Vec<(&str, u16)> =
            row.iter().zip(&table.columns).map(|(text, (_, width))| (text.as_str(), *width)).collect();
        height(page, at, &texts)?;
        let sum = table.sums.get(index).and_then(Option::as_ref);
        if let (Some((sheet, below)), Some(shown)) = (sum, row.get(SUM_CELL)) {
            let from = usize::try_from(FIRST_ROW).unwrap_or_default() + below + 1;
            let formula = Formula::new(format!("{}!F{from}", quoted(sheet))).set_result(shown);
            page.write_formula_with_format(at, sum_column, formula, &formats.number)?;
        }
        let link = table.links.get(index).and_then(Option::as_ref);
        if let (Some(sheet), Some(shown)) = (link, row.get(1).filter(|shown| !shown.is_empty())) {
            let url = Url::new(format!("internal:{}!A1", quoted(sheet))).set_text(shown);
            page.write_url_with_format(at, FIRST_COLUMN + 1, url, &formats.link)?;
        }
    }
    if !table.rows.is_empty() {
        let end = heading.saturating_add(u32::try_from(table.rows.len()).unwrap_or_default());
        page.autofilter(heading, FIRST_COLUMN, end, last)?;
    }
    Ok(())
}

/// The name of a sheet in a formula.
fn quoted(sheet: &str) -> String {
    format!("'{}'", sheet.replace('\'', "''"))
}

/// The sheet `fep`.
fn settings(page: &mut Worksheet, plan: &Plan, formats: &Formats) -> Result<(), Failure> {
    for (column, width) in (0..).zip([12, 26, 34, 16, VALUE_WIDTH]) {
        page.set_column_width(column, width)?;
    }
    page.write_string_with_format(0, 0, MARKER, &formats.mono)?;
    page.write_string_with_format(0, 1, plan.lang.code(), &formats.mono)?;
    for (column, name) in (0..).zip(HEADING) {
        page.write_string_with_format(1, column, name, &formats.heading)?;
    }
    let rows: Vec<[String; 5]> = plan.settings.iter().flat_map(super::settings::Setting::rows).collect();
    fits(rows.len(), SETTINGS_SHEET)?;
    for (at, row) in (2..).zip(&rows) {
        let [.., value] = row;
        height(page, at, &[(value, VALUE_WIDTH)])?;
        for (column, value) in (0..).zip(row) {
            text(page, at, column, value, &formats.mono)?;
        }
    }
    page.set_freeze_panes(2, 0)?;
    page.set_tab_color(Color::RGB(0x80_80_80));
    printed(page, 1, 1)
}
