//! Codes that are typed as numbers. A number has no leading zeros: the bank code `020` becomes 20, in JSON and in generated code.
//!
//! The only evidence is what the sheet says about a field. So this is a warning, for a person to decide.
//!
//! | says that it is a code | says that it is none |
//! |---|---|
//! | a word for codes in the label or the name: `은행코드`, `bank_code` | a quantity: `건수`, `금액`, `length` |
//! | a word for numbers that identify: `계좌번호`, `전화번호`, `승인번호`, `account_no` | a running number: `일련번호`, `순번`, `거래번호`, `추적번호`, `시작번호` |
//! | digits with a leading zero as long as the field, in the label or the remark: `020`, `0xx` | zeros only, as in "otherwise 000"; a part of a date |
//! | a condition of `when` with a leading zero, where each digit has a byte | |
//!
//! Running numbers are compared and counted up, and nobody minds their zeros. A `번호` that is not known to run is a code, unless that is
//! the whole label. In English
//! and Japanese it is the other way: only known codes are found, because a `number` is usually a running one.

use fep_codec::Layout;
use fep_codec::layout::{Encoding, Field, Item, Kind, NoneAs, Sign};

use crate::document::Document;
use crate::lower::{LayoutPlace, Place};
use crate::model::Note;
use crate::report::Code;

/// Quantities, and words that rule a code out.
const QUANTITIES: [&str; 17] = [
    "건수", "횟수", "개수", "매수", "수량", "금액", "잔액", "총액", "길이", "한도", "이율", "금리", "件数", "金額",
    "残高", "長さ", "回数",
];

/// Running numbers.
const RUNNING: [&str; 20] = [
    "일련",
    "순번",
    "순서",
    "거래번호",
    "추적",
    "전문번호",
    "시작번호",
    "끝번호",
    "종료번호",
    "페이지",
    "회차",
    "줄번호",
    "행번호",
    "레코드",
    "블록",
    "배치",
    "처리번호",
    "連番",
    "通番",
    "一連",
];

/// The ends of labels of years, months, days and hours, whose remarks say `01 to 12`.
const PARTS_OF_DATES: [&str; 12] = ["년", "연도", "월", "일", "일자", "시", "시각", "분", "초", "年", "月", "日"];

/// Words that stand for codes anywhere in a label.
const CODES: [&str; 11] = [
    "코드",
    "번호",
    "コード",
    "口座番号",
    "電話番号",
    "銀行番号",
    "支店番号",
    "店番号",
    "郵便番号",
    "会員番号",
    "カード番号",
];

/// English words that rule a code out.
const OTHER_WORDS: [&str; 32] = [
    "count", "counts", "total", "amount", "balance", "length", "len", "size", "rate", "fee", "serial", "sequence",
    "seq", "trace", "batch", "page", "row", "line", "record", "block", "index", "year", "month", "day", "hour",
    "minute", "second", "date", "time", "volume", "quantity", "limit",
];

/// English words for things whose number identifies them.
const IDENTIFIED: [&str; 9] = ["account", "phone", "telephone", "mobile", "card", "passport", "zip", "postal", "iban"];

/// Notes fields of the layout, its inline entries and its inline cases that look like codes and are numbers.
pub(super) fn codes(document: &Document, layout: &Layout, notes: &[Note], places: &[Place]) {
    for ((item, note), place) in layout.items().iter().zip(notes).zip(places) {
        match item {
            // The items of a part without a name have the place of the item as their name. They are noted in the part.
            Item::Field(field) if place.name != place.span => {
                looks_like_a_code(document, field, note, place);
            }
            Item::Group(group) if let Some(field) = group.layout.array_field() => {
                looks_like_a_code(document, &Field { name: group.name.clone(), ..field.clone() }, note, place);
            }
            Item::Group(group) => {
                if let (Some(notes), Some(places)) = (&note.entry, &place.entry) {
                    codes(document, &group.layout, notes, places);
                }
            }
            Item::Choice(choice) => {
                let notes = note.choice.iter().flat_map(|choice| &choice.cases);
                for ((case, notes), place) in choice.cases().iter().zip(notes).zip(&place.cases) {
                    if let (Some(notes), Some(places)) = (notes, &place.items) {
                        codes(document, &case.layout, notes, places);
                    }
                }
            }
            _ => {}
        }
    }
}

fn looks_like_a_code(document: &Document, field: &Field, note: &Note, place: &Place) {
    if let Some(why) = evidence(field, &note.remark) {
        let name = &field.name;
        let message = format!("`{name}` is a number, and {why}: leading zeros get lost, 020 becomes 20");
        document.warning(Code::CodeAsNumber, place.name.clone(), message, hint(field));
    }
}

/// Notes conditions with a leading zero on a number, unless its own label says already that it is a code.
pub(super) fn conditions(document: &Document, layout: &Layout, place: &LayoutPlace) {
    for (when, at) in layout.when.iter().zip(&place.when) {
        let Some(field) = layout.span(&when.path).map(|span| span.field) else { continue };
        let value = &*when.value;
        if is_zoned(field)
            && is_plain_number(field)
            && value.len() > 1
            && value.starts_with('0')
            && named(field).is_none()
        {
            let name = &field.name;
            let short = value.trim_start_matches('0');
            let short = if short.is_empty() { "0" } else { short };
            let message = format!("`{name}` is a number, so \"{value}\" is read as {short}");
            document.warning(Code::CodeAsNumber, at.clone(), message, hint(field));
        }
    }
}

/// What says that the field is a code, if anything does.
fn evidence(field: &Field, remark: &str) -> Option<String> {
    if !is_plain_number(field) || is_ruled_out(field) {
        return None;
    }
    let in_label = || leading_zero(&field.label, field.len).map(|code| format!("its label has the code {code}"));
    let in_remark = || leading_zero(remark, field.len).map(|code| format!("its remark has the code {code}"));
    let of_date = PARTS_OF_DATES.iter().any(|end| field.label.ends_with(end));
    named(field).or_else(in_label).or_else(|| in_remark().filter(|_| !of_date))
}

/// A number of digits that people read, which nobody computes and which has no sign and no decimals.
fn is_plain_number(field: &Field) -> bool {
    let Kind::Number(rule) = &field.kind else { return false };
    let encoding = matches!(rule.encoding, Encoding::Ascii | Encoding::Ebcdic | Encoding::Bcd);
    let is_plain = encoding && rule.sign == Sign::Unsigned && rule.scale == 0;
    is_plain && field.computed.is_none() && rule.encoding.digits(field.len) > 1
}

/// Whether each digit of the number has a byte. In BCD, sheets write codes and numbers alike.
fn is_zoned(field: &Field) -> bool {
    matches!(&field.kind, Kind::Number(rule) if rule.encoding.is_zoned())
}

/// Whether the field is a quantity or a running number.
fn is_ruled_out(field: &Field) -> bool {
    let label = closed_up(&field.label);
    let says = |words: &[&str]| words.iter().any(|word| label.contains(word));
    let english = words(&field.label).into_iter().chain(words(&field.name)).any(|word| OTHER_WORDS.contains(&&*word));
    says(&QUANTITIES) || says(&RUNNING) || label.ends_with('수') || label == "번호" || english
}

/// The word for a code in the label or the name of the field.
fn named(field: &Field) -> Option<String> {
    if is_ruled_out(field) {
        return None;
    }
    let label = closed_up(&field.label);
    if CODES.iter().any(|word| label.contains(word)) || is_code(&words(&field.label)) {
        return Some(format!("\"{}\" looks like a code", field.label));
    }
    is_code(&words(&field.name)).then(|| "its name looks like that of a code".to_owned())
}

/// Whether English words name a code: `bank code`, `account no`, `phone`.
fn is_code(words: &[String]) -> bool {
    let is_identified = |word: &String| IDENTIFIED.contains(&&**word);
    let numbered = words.windows(2).any(
        |pair| matches!(pair, [thing, number] if is_identified(thing) && matches!(&**number, "no" | "number" | "num")),
    );
    numbered || words.iter().any(|word| word == "code") || words.last().is_some_and(is_identified)
}

/// Digits with a leading zero, or `0xx`, that fill the field. Times, decimals and dates, as in `09:00`, are none.
fn leading_zero(text: &str, len: usize) -> Option<&str> {
    let is_inside = |found: char| found.is_ascii_alphanumeric() || matches!(found, '.' | ':' | '-' | '/' | ',' | '%');
    text.split(|found| !is_inside(found)).map(|word| word.trim_end_matches(['.', ',', ':'])).find(|word| {
        let digits = word.trim_end_matches(['x', 'X']);
        let is_code = digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        let says_more = digits.len() < word.len() || digits.bytes().any(|byte| byte != b'0');
        len > 1 && word.len() == len && is_code && says_more
    })
}

/// The words of an English text or a name, in small letters.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|found: char| !found.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect()
}

/// The text without its spaces, which differ from sheet to sheet.
fn closed_up(text: &str) -> String {
    text.chars().filter(|found| !found.is_whitespace()).collect()
}

/// What to write instead.
fn hint(field: &Field) -> &'static str {
    match &field.kind {
        Kind::Number(rule) if rule.none != NoneAs::Never => {
            "if it is a code, write kind = \"digits\" without `none`: a blank field is the empty string"
        }
        _ => "if it is a code, write kind = \"digits\", full = true",
    }
}
