//! What must not change the import of a design sheet: the order of its columns, the words of its headings, blank rows and columns.
//!
//! What sheets become is checked in `sheets`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use fep_spec::import::sheet::{SheetOptions, import};

/// The columns of a table: the words for its heading, and its cells.
fn columns() -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    vec![
        (vec!["순번", "No", "번호", "항번", "연번", "Seq.", "일련"], vec!["1", "2", "3", "4", "4-1", "4-2", "5"]),
        (
            vec!["항목명", "필드명", "데이터 항목", "한글명", "구성항목", "컬럼명"],
            vec!["거래코드", "거래일자", "조회건수", "거래내역", "계좌번호", "금액", "예비"],
        ),
        (vec!["타입", "TYPE", "속성", "형식", "데이터 타입", "자료형식"], vec!["AN", "N", "N", "", "AN", "N", "AN"]),
        (
            vec!["길이", "LEN", "SIZE", "Byte", "사이즈", "길이(Byte)", "자릿수"],
            vec!["4", "8", "2", "", "14", "13", "9"],
        ),
        (
            vec!["비고", "설명", "Remark", "기재 요령", "처리 내용", "Comments"],
            vec!["“0200” 고정", "YYYYMMDD", "", "조회건수만큼 반복 (최대 40건)", "", "", ""],
        ),
    ]
}

/// The table as text. `order` are the indexes of its columns.
fn sheet(words: &[usize], order: &[usize], (rows, left): (usize, usize), gap: Option<usize>) -> String {
    let columns = columns();
    let line = |cells: Vec<&str>| format!("{}{}\n", ",".repeat(left), cells.join(","));
    let mut text = line(vec!["거래내역 조회 응답"]) + &line(vec![""]).repeat(rows);
    text += &line(order.iter().map(|index| columns[*index].0[words[*index] % columns[*index].0.len()]).collect());
    for row in 0..columns[0].1.len() {
        if gap == Some(row) {
            text += &line(vec![""; 5]);
        }
        text += &line(order.iter().map(|index| columns[*index].1[row]).collect());
    }
    text
}

fn telegrams(sheet: &str) -> String {
    let imported = import("a.csv", sheet.as_bytes(), &SheetOptions::default()).unwrap();
    let text = imported.draft.to_string();
    text[text.find("[telegrams.").unwrap()..].to_owned()
}

/// The order of five columns with this number, of 120.
fn order(number: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..5).collect();
    [24, 6, 2, 1, 1].iter().map(|step| left.remove(number / step % left.len())).collect()
}

/// Each order of the columns, each time with other words, other blank rows and other blank columns.
#[test]
fn columns_headings_and_blanks_do_not_change_what_a_sheet_says() {
    let usual = telegrams(&sheet(&[0; 5], &order(0), (1, 0), None));
    assert!(usual.contains("group = ") && usual.contains("literal = \"0200\""), "{usual}");
    for number in 0..120 {
        let words: Vec<usize> = [1, 3, 7, 11, 13].iter().map(|step| number / step).collect();
        let gap = [None, Some(0), Some(2), Some(3), Some(6)][number % 5];
        let text = sheet(&words, &order(number), (1 + number % 3, number % 30), gap);
        assert_eq!(telegrams(&text), usual, "{text}");
    }
}
