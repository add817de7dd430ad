//! `fep import` on a workbook of 50 sheets with 40 items each. Another program's library writes the workbook.

use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::seconds;

const SHEETS: u32 = 50;

const ROWS: u32 = 40;

/// Prints the row.
pub(crate) fn measure(fep: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bank.xlsx");
    write(&file).expect("writes the workbook");
    println!("| a workbook of {SHEETS} sheets, {} items | best, s | median, s |\n|---|--:|--:|", SHEETS * ROWS);
    seconds(fep, &["import", file.to_str().expect("a path"), "-o", "-"], "`fep import`");
}

fn write(file: &Path) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    for number in 0..SHEETS {
        sheet(workbook.add_worksheet(), number)?;
    }
    workbook.save(file)
}

/// A sheet as institutions send them: a title over all columns, a merged heading of two rows, items with their positions, and a sum.
fn sheet(sheet: &mut Worksheet, number: u32) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_name(format!("{:04} 전문 {number}", number * 10))?;
    sheet.merge_range(0, 0, 0, 7, &format!("전문 {number} ({:04})  전체길이: {}", number * 10, ROWS * 10), &bold)?;
    let headings = [(0, "순번"), (1, "필드명(한글)"), (2, "필드명(영문)"), (7, "비고")];
    for (column, heading) in headings {
        sheet.merge_range(2, column, 3, column, heading, &bold)?;
    }
    sheet.merge_range(2, 3, 2, 4, "속성", &bold)?;
    sheet.merge_range(2, 5, 2, 6, "위치", &bold)?;
    for (column, heading) in [(3, "타입"), (4, "길이"), (5, "시작"), (6, "종료")] {
        sheet.write_with_format(3, column, heading, &bold)?;
    }
    for row in 0..ROWS {
        let at = row + 4;
        let (letter, remark) = [("N", ""), ("AN", "좌측정렬"), ("H", "한글"), ("X", "SPACE")]
            .get(usize::try_from(row % 4).unwrap_or_default())
            .copied()
            .unwrap_or_default();
        sheet.write(at, 0, row + 1)?;
        sheet.write(at, 1, format!("항목{row}"))?;
        sheet.write(at, 2, format!("ITEM_{row}"))?;
        sheet.write(at, 3, letter)?;
        sheet.write(at, 4, 10)?;
        sheet.write(at, 5, row * 10 + 1)?;
        sheet.write(at, 6, row * 10 + 10)?;
        sheet.write(at, 7, remark)?;
    }
    sheet.write(ROWS + 4, 1, "계")?;
    sheet.write_formula(ROWS + 4, 4, format!("=SUM(E5:E{})", ROWS + 4).as_str())?;
    Ok(())
}
