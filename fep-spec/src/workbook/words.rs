//! The fixed words of a workbook in both languages.
//!
//! The headings are words that the importer of sheets knows, so that a workbook without its sheet `fep` is read too.

use crate::pages::Lang;

/// A fixed word: Korean, English.
pub(super) type Word = (&'static str, &'static str);

/// The word in one language.
pub(super) const fn said(word: Word, lang: Lang) -> &'static str {
    match lang {
        Lang::Ko => word.0,
        Lang::En => word.1,
    }
}

/// The headings of a table of items, from the first column on.
pub(super) const HEADINGS: [Word; 8] = [
    ("순번", "No"),
    ("필드명(한글)", "Field"),
    ("필드명(영문)", "Name"),
    ("타입", "Type"),
    ("길이", "Length"),
    ("시작", "From"),
    ("종료", "To"),
    ("비고", "Remark"),
];
/// The headings above the columns of type and length, and of both positions.
pub(super) const ATTRIBUTES: Word = ("속성", "Attributes");
pub(super) const PLACE: Word = ("위치", "Position");

pub(super) const COVER: Word = ("표지", "Cover");
pub(super) const CODES: Word = ("코드표", "Codes");
pub(super) const LETTERS: Word = ("속성기호", "Type letters");
pub(super) const FILES: Word = ("파일", "Files");

pub(super) const DESIGN_SHEET: Word = ("전문설계서", "Design sheet");
pub(super) const HISTORY: Word = ("개정이력", "Version history");
pub(super) const TOTAL_LENGTH: Word = ("전체길이", "Total length");
pub(super) const SUM: Word = ("계", "Total");
pub(super) const WRITTEN_BY: Word = ("작성", "Written");
pub(super) const APPROVED_BY: Word = ("승인", "Approved");
pub(super) const VARIES: Word = ("가변", "varies");
pub(super) const FILLER: Word = ("예비", "Reserved");
pub(super) const SECRET: Word = ("비밀", "secret");
pub(super) const SHORTENED: Word = ("… (전체는 fep 시트)", "… (all of it: sheet fep)");
pub(super) const BLANK_CODE: Word = ("(공백)", "(blank)");

pub(super) const VERSION: Word = ("버전", "Version");
pub(super) const SOURCE: Word = ("출처", "Source");
pub(super) const CHARSET: Word = ("문자셋", "Charset");
pub(super) const TELEGRAM_LIST: Word = ("전문 목록", "Telegrams");
pub(super) const TELEGRAM: Word = ("전문", "Telegram");
pub(super) const ID: Word = ("전문ID", "Telegram ID");
pub(super) const WHEN: Word = ("식별 조건", "Recognised by");
pub(super) const ANSWER: Word = ("응답전문ID", "Answered by");
pub(super) const BYTES: Word = ("전체길이", "Total length");
pub(super) const LIKE: Word = ("같은 항목의 전문", "Items as in");
pub(super) const NOTE: Word = ("설명", "Note");

pub(super) const LIST: Word = ("코드표명", "List");
pub(super) const LIST_ID: Word = ("코드표ID", "List ID");
pub(super) const CODE: Word = ("코드", "Code");
pub(super) const CODE_ID: Word = ("코드ID", "Code ID");
pub(super) const MEANING: Word = ("의미", "Meaning");

pub(super) const LETTER: Word = ("기호", "Letter");
pub(super) const KIND: Word = ("종류", "Kind");
pub(super) const FILE: Word = ("파일명", "File");
pub(super) const RULE: Word = ("규칙", "Rule");
pub(super) const RECORD: Word = ("레코드", "Record");
pub(super) const TIMES: Word = ("횟수", "Times");
