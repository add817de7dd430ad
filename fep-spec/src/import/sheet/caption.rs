//! What the text around a table says: the name of the telegram, its codes, its length.

use super::grid::{At, Grid};
use super::table::Table;
use crate::import::plain::{line, plain, word};

/// What is said about a table outside of its rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Caption {
    /// The name in the sheet's language.
    pub(super) label: String,
    /// The codes of the telegram, with the item that they belong to if the sheet names it.
    pub(super) codes: Vec<(Option<String>, String)>,
    /// The stated length of the whole telegram.
    pub(super) total: Option<(At, usize)>,
    /// Whether it is the part that all telegrams share.
    pub(super) is_header: bool,
}

/// Words of captions that say nothing about the telegram.
const EMPTY_WORDS: [&str; 8] =
    ["전문설계서", "전문명세서", "전문정의서", "전문", "설계서", "명세서", "레이아웃", "layout"];

/// Captions that say nothing about the telegram if they stand alone.
const EMPTY_CAPTIONS: [&str; 19] = [
    "개정이력",
    "작성",
    "승인",
    "검토",
    "목차",
    "작성자",
    "승인자",
    "작성일",
    "결재",
    "담당",
    "거래구분",
    "업무구분",
    "전문종별",
    "전문구분",
    "전문코드",
    "전문번호",
    "전문종별코드",
    "전문id",
    "거래코드",
];

impl Caption {
    pub(super) fn of(grid: &Grid, table: &Table, is_only_table: bool) -> Self {
        let sheet = grid.name.as_deref().unwrap_or_default();
        let mut caption = Self { codes: pairs(grid, table), ..Self::default() };
        let texts: Vec<&str> = table.caption.iter().map(|(_, text)| text.as_str()).collect();
        caption.total = table.caption.iter().find_map(|(at, text)| {
            total(text)
                .or_else(|| beside(grid, table, *at, &["전체길이", "총길이", "전문길이", "길이"]))
                .map(|total| (*at, total))
        });
        let sheet_label = label(sheet);
        let own = texts.iter().rev().map(|text| label(text)).find(|label| !label.is_empty());
        let named = named(grid, table);
        let has_codes = texts.iter().any(|text| !codes(text).is_empty());
        let is_sheet_named = (has_korean(&sheet_label) && !has_codes) || (own.is_none() && !is_numbered(sheet));
        caption.label = match (named, own) {
            (Some(named), _) => named,
            (None, Some(own)) if !(is_only_table && is_sheet_named && !sheet_label.is_empty()) => own,
            _ if is_numbered(sheet) => String::new(),
            _ => sheet_label,
        };
        if caption.codes.is_empty() {
            let all = std::iter::once(sheet).chain(texts.iter().copied());
            caption.codes = all
                .map(codes)
                .find(|codes| !codes.is_empty())
                .unwrap_or_default()
                .into_iter()
                .map(|code| (None, code))
                .collect();
        }
        // `0200/0210`: the second code is that of the answer, and no code of another item.
        if let [(_, request), (None, answer), ..] = caption.codes.as_slice()
            && request.len() == answer.len()
            && request.parse().ok().and_then(|code: u32| code.checked_add(10)) == answer.parse().ok()
        {
            caption.codes.remove(1);
        }
        let all = word(&format!("{sheet} {}", texts.join(" ")));
        let names_part =
            ["공통부", "공통정보부", "공통헤더", "공통헤드", "헤더부", "공통전문", "commonheader", "공통정보"];
        let is_record = all.contains("record") || all.contains("레코드");
        caption.is_header = !is_record
            && caption.codes.is_empty()
            && names_part.iter().any(|name| word(&caption.label).contains(name) || word(sheet).contains(name));
        caption
    }
}

impl Caption {
    /// Under `1. 수취조회`, `1.1 요청전문` is that of 수취조회: puts the name of the business before a label that has only the direction.
    /// `business` is that of the table before on the same sheet.
    pub(super) fn complete(&mut self, table: &Table, business: &mut String) {
        let is_direction = |label: &str| DIRECTIONS.contains(&word(label).trim_end_matches("전문"));
        if !is_direction(&self.label) {
            business.clear();
            return;
        }
        let own = table.caption.iter().rev().map(|(_, text)| label(text));
        let own = own.filter(|label| !label.is_empty()).find(|label| !is_direction(label));
        if let Some(own) = own {
            *business = own;
        }
        if !business.is_empty() {
            self.label = format!("{business} {}", self.label.trim_end_matches("전문").trim());
        }
    }
}

/// Labels that say only which way a telegram goes.
const DIRECTIONS: [&str; 8] = ["요청", "응답", "요구", "통지", "request", "response", "answer", "reply"];

/// The name of a telegram in a text, without codes, lengths and words that say nothing.
fn label(text: &str) -> String {
    let text = plain(text);
    let small = text.to_lowercase();
    let ends = ["전체길이", "총길이", "전문길이", "레코드길이", "total length", "record length", "message length"];
    let end = ends.iter().filter_map(|end| small.find(end)).min().unwrap_or(text.len());
    let text = line(text.get(..end).unwrap_or(&text));
    // `Bank A 전문설계서 - 이체 (0100/100)`: what stands behind the document's own name.
    let documents = ["전문설계서", "전문명세서", "전문정의서", "전문레이아웃", "전문 Layout"];
    let behind = documents.iter().find_map(|document| text.split_once(document)).map(|(_, behind)| behind.to_owned());
    let text = behind.filter(|behind| !behind.trim().is_empty()).unwrap_or(text);
    if EMPTY_CAPTIONS.contains(&word(&text).as_str())
        || text.contains("개정이력")
        || text.contains("최초작성")
        || text.contains("20") && text.matches(['-', '.', '/']).count() > 3
    {
        return String::new();
    }
    let text = unspaced(&text);
    let mut words = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find('(') {
        // A bracket holds codes or directions.
        words.push(rest.get(..start).unwrap_or_default().to_owned());
        rest = rest.get(start..).and_then(|inner| inner.split_once(')')).map_or("", |(_, behind)| behind);
    }
    words.push(rest.to_owned());
    let words = words.join(" ");
    let words = words.split(|split: char| split.is_whitespace() || "_[]<>:|·■□▶●○*.,-–".contains(split));
    let says = |word: &&str| {
        let small = word.to_lowercase();
        !word.is_empty() && !word.chars().all(|one| one.is_ascii_digit()) && !EMPTY_WORDS.contains(&small.as_str())
    };
    words.filter(says).collect::<Vec<_>>().join(" ")
}

/// A title whose letters are spaced out, `업 무 전 문`, as one word.
fn unspaced(text: &str) -> String {
    let is_letter = |word: &str| word.chars().count() == 1 && has_korean(word);
    let is_spaced = text.contains(' ') && text.split_whitespace().all(is_letter);
    if is_spaced { text.split_whitespace().collect() } else { text.to_owned() }
}

fn has_korean(text: &str) -> bool {
    text.chars().any(|character| ('가'..='힣').contains(&character))
}

/// `Sheet1`, `1`: a name that the spreadsheet program gave.
fn is_numbered(sheet: &str) -> bool {
    let sheet = word(sheet);
    let sheet = sheet.trim_start_matches("sheet").trim_start_matches("시트");
    sheet.chars().all(|character| character.is_ascii_digit())
}

/// `(0100/100)`, `0200_300`, `[0800]`: the digits that name a telegram.
fn codes(text: &str) -> Vec<String> {
    let text = plain(text);
    let digits = |from: usize| text.get(from..).unwrap_or_default().bytes().take_while(u8::is_ascii_digit).count();
    let mut at = 0;
    while at < text.len() {
        let first = if text.is_char_boundary(at) { digits(at) } else { 0 };
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let is_alone = before.is_none_or(|before| !before.is_alphanumeric() && !"-.:".contains(before));
        if first == 4 && is_alone {
            let behind = text.get(at + 4..).unwrap_or_default();
            let is_sign = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
            let second =
                behind.strip_prefix(['/', '_', '-', ' ']).map(|rest| (rest, rest.bytes().take_while(is_sign).count()));
            let second = second.filter(|(rest, len)| rest.bytes().take(*len).any(|byte| byte.is_ascii_digit()));
            let code = text.get(at..at + 4).unwrap_or_default().to_owned();
            let is_date = behind.starts_with(['-', '.', '년']) && digits(at + 5) == 2;
            let ends = !behind.starts_with(|next: char| next.is_alphanumeric() && next.is_ascii());
            if let Some((rest, second)) = second.filter(|(_, second)| (2..=6).contains(second)).filter(|_| !is_date) {
                return vec![code, rest.get(..second).unwrap_or_default().to_owned()];
            }
            if ends && !is_date && (before.is_some_and(|before| "([<_".contains(before)) || at == 0) {
                return vec![code];
            }
        }
        at += first.max(1);
    }
    Vec::new()
}

/// `전체길이: 300`, `총길이 300 bytes`.
fn total(text: &str) -> Option<usize> {
    let text = word(text);
    let signs = ["전체길이", "총길이", "전문길이", "전문총길이", "totallength", "recordlength", "레코드길이"];
    let (at, sign) = signs.iter().find_map(|sign| text.find(sign).map(|at| (at, sign)))?;
    let rest = text.get(at + sign.len()..)?.trim_start_matches([':', '=', '-', '(', '>']);
    let digits: String =
        rest.chars().take_while(|one| one.is_ascii_digit() || *one == ',').filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The number in the cell to the right of one of these words.
fn beside(grid: &Grid, table: &Table, at: At, words: &[&str]) -> Option<usize> {
    let is_one = words.iter().any(|wanted| word(grid.text(at)) == *wanted);
    let text = right_of(grid, table, at).filter(|_| is_one)?;
    let digits: String = plain(&text).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The next cell in the row that has content.
fn right_of(grid: &Grid, table: &Table, (row, column): At) -> Option<String> {
    let next = grid.columns(row).find(|other| *other > column && *other <= table.heading.columns.1 + 4)?;
    Some(line(grid.text((row, next))))
}

/// The name that the block above a table gives: `전문명 | 이체`, `인터페이스명 | …`.
fn named(grid: &Grid, table: &Table) -> Option<String> {
    const NAMES: [&str; 8] =
        ["전문명", "전문명칭", "인터페이스명", "거래명", "전문이름", "업무명", "서비스명", "telegram"];
    table.caption.iter().find_map(|(at, text)| {
        let text = word(text);
        let text = text.trim_start_matches(['[', '<', '■', '□', '*']).to_owned();
        if let Some(behind) =
            NAMES.iter().find_map(|name| text.strip_prefix(name)).and_then(|rest| rest.strip_prefix([':', ']', '>']))
        {
            return Some(label(behind)).filter(|label| !label.is_empty());
        }
        let is_name = NAMES.contains(&text.as_str());
        right_of(grid, table, *at).filter(|_| is_name).map(|name| label(&name)).filter(|label| !label.is_empty())
    })
}

/// The codes that the block above a table gives by name: `전문종별코드 | 0200`.
fn pairs(grid: &Grid, table: &Table) -> Vec<(Option<String>, String)> {
    let is_code = |text: &str| {
        (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let mut codes = Vec::new();
    for (at, text) in &table.caption {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) if !value.trim().is_empty() => (word(name), line(value)),
            _ => match right_of(grid, table, *at) {
                Some(value) => (word(text), value),
                None => continue,
            },
        };
        let says =
            ["코드", "종별", "업무구분", "거래구분", "전문구분", "전문번호"].iter().any(|sign| name.contains(sign));
        if says && is_code(&value) && value.bytes().any(|byte| byte.is_ascii_digit()) {
            codes.push((Some(name), value));
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_name_telegrams_codes_and_lengths() {
        let check = |text: &str, name: &str, expected: &[&str], len: Option<usize>| {
            assert_eq!(
                (label(text).as_str(), codes(text), total(text)),
                (name, expected.iter().map(|code| (*code).to_owned()).collect(), len),
                "{text}"
            );
        };
        check("Bank A 전문설계서 - 이체 (0100/100)  전체길이: 300", "이체", &["0100", "100"], Some(300));
        check("0600_300 잔액조회", "잔액조회", &["0600", "300"], None);
        check("대출목록 조회 응답 (HOST → 당행)", "대출목록 조회 응답", &[], None);
        check("HEADER RECORD", "HEADER RECORD", &[], None);
        check("개정이력: 2026-10-01 최초작성 / 2026-11-01 적요", "", &[], None);
        check("[0800] 회선시험", "회선시험", &["0800"], None);
        check("총길이 1,200 byte", "", &[], Some(1200));
        check("Sheet1", "Sheet1", &[], None);
        check("출금이체 의뢰 전문", "출금이체 의뢰", &[], None);
        check("카드 승인 요청 (0200)", "카드 승인 요청", &["0200"], None);
        check("승인", "", &[], None);
        check("업 무 개 시", "업무개시", &[], None);
        check("지급 통지 (0300)", "지급 통지", &["0300"], None);
        check("조회 (0200/A100)", "조회", &["0200", "A100"], None);
        check("0200 BYTE", "BYTE", &["0200"], None);
    }
}
