//! Lists of codes that stand on sheets of their own, and the items that refer to them.
//!
//! Lists in the remark of an item are read in `remark`.

use super::grid::Grid;
use super::heading::{Role, role_of_heading};
use super::remark::CodeText;
use super::row::SheetRow;
use crate::import::plain::{line, word};

/// All lists of a workbook.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists(Vec<List>);

#[derive(Clone, Debug, Default)]
struct List {
    /// What the list is called, without blanks and in small letters.
    keys: Vec<String>,
    codes: Vec<CodeText>,
}

/// The columns of a table of codes.
struct Columns {
    keys: Vec<u32>,
    code: u32,
    meaning: u32,
}

const CODES: [&str; 10] =
    ["코드값", "코드", "값", "code", "codevalue", "value", "응답코드", "결과코드", "오류코드", "에러코드"];

const MEANINGS: [&str; 13] = [
    "의미",
    "내용",
    "설명",
    "코드내용",
    "코드설명",
    "코드의미",
    "코드값명",
    "코드값의미",
    "메시지",
    "meaning",
    "description",
    "응답내용",
    "응답메시지",
];

const KEYS: [&str; 12] = [
    "코드id",
    "코드명",
    "코드구분",
    "코드그룹",
    "그룹코드",
    "코드종류",
    "코드분류",
    "분류",
    "항목",
    "항목명",
    "codeid",
    "codename",
];

/// The number of rows without content that end a list.
const GAP: u32 = 3;

/// The most codes of a list.
const CODES_MAX: usize = 2_000;

impl Lists {
    pub(super) fn of(grids: &[Grid]) -> Self {
        Self(grids.iter().flat_map(lists).filter(|list| list.codes.len() > 1).collect())
    }

    /// The codes of the list that an item of `len` bytes refers to, by the list's own code, `C001`, or by its name.
    pub(super) fn codes(&self, row: &SheetRow, len: usize) -> Vec<CodeText> {
        let said = word(&row.said());
        let label = word(&row.label);
        let refers = ["참조", "참고", "별첨", "첨부", "코드표", "코드집", "refer", "see", "참고표"]
            .iter()
            .any(|sign| said.contains(sign));
        let is_meant = |key: &String| {
            let is_sign = key.is_ascii() && key.bytes().any(|byte| byte.is_ascii_digit());
            match () {
                () if is_sign && key.len() > 1 => pieces(&said).any(|piece| piece == *key),
                () if key.chars().count() > 2 => refers && (said.contains(key) || label == *key),
                () => false,
            }
        };
        let found = self.0.iter().find(|list| list.keys.iter().any(is_meant));
        let codes = found.map(|list| list.codes.iter().filter(|(code, _)| code.len() == len).cloned().collect());
        codes.filter(|codes: &Vec<CodeText>| codes.len() > 1).unwrap_or_default()
    }
}

/// The words of a text in ASCII.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|split: char| !split.is_ascii_alphanumeric() && !"_-".contains(split)).filter(|piece| !piece.is_empty())
}

fn lists(grid: &Grid) -> Vec<List> {
    let mut lists: Vec<List> = Vec::new();
    let mut open: Option<(Columns, u32)> = None;
    let mut above = String::new();
    for row in grid.rows().iter().copied() {
        if let Some(columns) = columns(grid, row) {
            let keys = [grid.name.clone().unwrap_or_default(), above.clone()];
            // A table without a column for the name of the list is one list.
            let keys = keys.iter().map(|key| stem(key)).filter(|key| !key.is_empty()).collect();
            lists.push(List { keys, codes: Vec::new() });
            open = Some((columns, row));
            continue;
        }
        let Some((columns, last)) = open.as_mut().filter(|(_, last)| row - *last <= GAP) else {
            open = None;
            above = grid.columns(row).next().map_or_else(String::new, |column| line(grid.text((row, column))));
            continue;
        };
        *last = row;
        let own = |column: u32| grid.text((row, column));
        let keys: Vec<String> =
            columns.keys.iter().map(|column| stem(own(*column))).filter(|key| !key.is_empty()).collect();
        if !keys.is_empty() && lists.last().is_none_or(|list| list.keys != keys) {
            lists.push(List { keys, codes: Vec::new() });
        }
        let code = line(own(columns.code)).trim_matches(|quote| "\"'".contains(quote)).to_owned();
        let is_code = (1..=8).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if let Some(list) = lists.last_mut().filter(|list| is_code && list.codes.len() < CODES_MAX)
            && list.codes.iter().all(|(known, _)| *known != code)
        {
            list.codes.push((code, line(own(columns.meaning))));
        }
    }
    lists
}

/// The columns of a table of codes whose heading this row is. A table of items has lengths.
fn columns(grid: &Grid, row: u32) -> Option<Columns> {
    let headings: Vec<(u32, String)> =
        grid.columns(row).map(|column| (column, word(grid.text((row, column))))).collect();
    let has_length = headings.iter().any(|(_, text)| matches!(role_of_heading(text), Some(Role::Length | Role::Type)));
    let find = |words: &[&str]| {
        words.iter().find_map(|wanted| headings.iter().find(|(_, text)| text == wanted)).map(|(column, _)| *column)
    };
    let code = find(&CODES).filter(|_| !has_length)?;
    let named = headings.iter().find(|(column, text)| *column > code && text == "코드명").map(|(column, _)| *column);
    let meaning = find(&MEANINGS).or(named).filter(|meaning| *meaning != code)?;
    let is_key = |(column, text): &&(u32, String)| {
        *column < code && *column != meaning && (KEYS.contains(&text.as_str()) || CODES.contains(&text.as_str()))
    };
    Some(Columns { keys: headings.iter().filter(is_key).map(|(column, _)| *column).collect(), code, meaning })
}

/// The name of a list without the words for a list.
fn stem(text: &str) -> String {
    let text = word(text);
    let ends = ["일람표", "목록", "정의서", "정의", "표", "list", "table"];
    let stem = ends.iter().find_map(|end| text.strip_suffix(end)).unwrap_or(&text);
    stem.trim_matches(|edge: char| "[]()<>*-:.■□●○▶※".contains(edge)).to_owned()
}
