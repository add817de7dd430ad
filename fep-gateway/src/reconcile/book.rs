//! The report as an xlsx workbook: a sheet with the sums, and a sheet with the findings.

use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::balance_text;
use super::balances::{BalanceOf, BalanceReport};
use super::report::{Amounts, Report};

/// The greatest whole number up to which each one is exact in a spreadsheet.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The bytes of the workbook.
///
/// # Errors
/// A text that says why the writer of workbooks refused it.
pub fn write(report: &Report) -> Result<Vec<u8>, String> {
    let mut book = Workbook::new();
    let made = sums(report, book.add_worksheet()).and_then(|()| findings(report, book.add_worksheet()));
    let made = made.and_then(|()| match &report.balances {
        Some(own) => balances(own, book.add_worksheet()),
        None => Ok(()),
    });
    made.and_then(|()| book.save_to_buffer()).map_err(|error| error.to_string())
}

fn bold() -> Format {
    Format::new().set_bold()
}

fn sums(report: &Report, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("sums 합계")?;
    sheet.set_column_width(0, 44)?.set_column_width(1, 14)?.set_column_width(2, 24)?;
    let facts = [
        ("institution 기관", &report.institution),
        ("reconciliation 대사", &report.reconciliation),
        ("date 영업일", &report.date),
        ("file 파일", &report.file),
        ("SHA-256", &report.file_sha256),
        ("made at 작성 시각", &report.made_at),
    ];
    let mut row = 0;
    for (name, value) in facts {
        sheet.write_string_with_format(row, 0, name, &bold())?.write_string(row, 1, value)?;
        row += 1;
    }
    row += 1;
    let right = bold().set_align(FormatAlign::Right);
    sheet.write_string_with_format(row, 1, "count 건수", &right)?;
    sheet.write_string_with_format(row, 2, "amount 금액", &right)?;
    let found = report.classes.iter().map(|class| (class.class.words(), &class.sums));
    for (words, Amounts { count, amount }) in report.sums().into_iter().chain(found) {
        row += 1;
        sheet.write_string(row, 0, format!("{} {}", words.english, words.korean))?;
        number(sheet, row, 1, &count.to_string())?;
        amount.iter().try_for_each(|amount| number(sheet, row, 2, amount))?;
    }
    Ok(())
}

fn findings(report: &Report, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("findings 불일치")?;
    let fixed = [
        "record 레코드",
        "amount there 기관 금액",
        "file says 파일",
        "amount here 우리 금액",
        "here 우리 쪽",
        "date here 우리 일자",
        "exchange 거래",
    ];
    let headings = ["finding 구분"].into_iter().chain(report.key.iter().map(String::as_str)).chain(fixed);
    for (column, heading) in (0_u16..).zip(headings) {
        sheet.write_string_with_format(0, column, heading, &bold())?.set_column_width(column, 20)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let keys = u16::try_from(report.key.len()).unwrap_or(u16::MAX);
    for (row, line) in (1_u32..).zip(&report.findings) {
        let words = line.class.words();
        sheet.write_string(row, 0, format!("{} {}", words.english, words.korean))?;
        for (column, value) in (1_u16..).zip(&line.key) {
            sheet.write_string(row, column, value)?;
        }
        let at = |column: u16| keys + 1 + column;
        if let Some(there) = &line.there {
            number(sheet, row, at(0), &there.record.to_string())?;
            there.amount.iter().try_for_each(|amount| number(sheet, row, at(1), amount))?;
        }
        sheet.write_string(row, at(2), line.file_says.unwrap_or_default())?;
        if let Some(here) = &line.here {
            here.amount.iter().try_for_each(|amount| number(sheet, row, at(3), amount))?;
            sheet.write_string(row, at(4), here.state)?.write_string(row, at(5), &here.date)?;
            here.exchange.iter().try_for_each(|id| sheet.write_string(row, at(6), id.to_string()).map(drop))?;
        }
    }
    let last = u32::try_from(report.findings.len()).unwrap_or(u32::MAX);
    sheet.autofilter(0, 0, last, keys + 7).map(drop)
}

fn balances(report: &BalanceReport, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("balances 잔액")?;
    let facts = [
        ("told 통보", format!("{} {}", report.told_file, report.told_at)),
        ("snapshot 기준", format!("{} {}", report.snapshot_file, report.snapshot_at)),
        ("SHA-256", report.snapshot_sha256.clone()),
    ];
    let mut row = 0;
    for (name, value) in facts {
        sheet.write_string_with_format(row, 0, name, &bold())?.write_string(row, 1, value)?;
        row += 1;
    }
    for (words, count) in balance_text::sums(report) {
        sheet.write_string(row, 0, format!("{} {}", words.english, words.korean))?;
        number(sheet, row, 1, &count.to_string())?;
        row += 1;
    }
    row += 1;
    let headings = [
        "finding 구분",
        "account 계좌",
        "snapshot 기준 잔액",
        "counted from 계산 잔액(최소)",
        "counted to 계산 잔액(최대)",
        "told 통보 잔액",
        "difference 차이",
        "movement 거래",
        "amount 금액",
        "since … until 시각",
        "counts 반영",
        "exchange 거래 ID",
    ];
    for (column, heading) in (0_u16..).zip(headings) {
        sheet.write_string_with_format(row, column, heading, &bold())?.set_column_width(column, 24)?;
    }
    for line in &report.findings {
        row += 1;
        let words = line.class.words();
        sheet.write_string(row, 0, format!("{} {}", words.english, words.korean))?;
        sheet.write_string(row, 1, line.account.as_deref().unwrap_or_default())?;
        let balance = |of: Option<&BalanceOf>| of.map(|of| of.balance.clone());
        let counted = line.counted.as_ref().map(|range| (range.low.clone(), range.high.clone()));
        let (low, high) = counted.unzip();
        let numbers =
            [balance(line.snapshot.as_ref()), low, high, balance(line.told.as_ref()), line.difference.clone()];
        for (column, value) in (2_u16..).zip(numbers) {
            value.iter().try_for_each(|value| number(sheet, row, column, value))?;
        }
        for movement in &line.movements {
            row += 1;
            sheet.write_string(row, 7, movement.fate.name())?;
            number(sheet, row, 8, &movement.amount)?;
            sheet.write_string(row, 9, balance_text::span(movement))?.write_string(row, 10, movement.counts)?;
            movement.exchange.iter().try_for_each(|id| sheet.write_string(row, 11, id.to_string()).map(drop))?;
        }
    }
    Ok(())
}

/// Writes a number, or the text if a spreadsheet would round it.
fn number(sheet: &mut Worksheet, row: u32, column: u16, text: &str) -> Result<(), XlsxError> {
    let is_exact = |number: &f64| number.abs() <= EXACT_MAX && text.bytes().filter(u8::is_ascii_digit).count() <= 15;
    match text.parse::<f64>().ok().filter(is_exact) {
        Some(number) => {
            let form = if text.contains('.') { "#,##0.00########" } else { "#,##0" };
            sheet.write_number_with_format(row, column, number, &Format::new().set_num_format(form)).map(drop)
        }
        None => sheet.write_string(row, column, text).map(drop),
    }
}
