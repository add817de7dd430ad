//! The languages of the pages, and the fixed words in both of them.

use std::fmt::Display;

/// The language of the fixed words. Labels, remarks and meanings stay as the spec has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Korean.
    #[default]
    Ko,
    /// English.
    En,
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The Korean text.
    pub ko: String,
    /// The English text.
    pub en: String,
}

impl Lang {
    /// The code of the language in HTML: `ko`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }
}

impl Text {
    /// A text in both languages.
    #[must_use]
    pub fn new(ko: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ko: ko.into(), en: en.into() }
    }

    /// A text that is the same in both languages.
    #[must_use]
    pub fn same(text: impl Display) -> Self {
        Self::new(text.to_string(), text.to_string())
    }

    /// The text in one language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ko => &self.ko,
            Lang::En => &self.en,
        }
    }

    /// Whether both languages have the same text.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.ko == self.en
    }
}

/// A fixed word in both languages.
pub(super) type Word = (&'static str, &'static str);

/// The word in one language.
pub(super) const fn said(word: Word, lang: Lang) -> &'static str {
    match lang {
        Lang::Ko => word.0,
        Lang::En => word.1,
    }
}

pub(super) const SPEC: Word = ("전문명세", "Spec");
pub(super) const VERSION: Word = ("버전", "Version");
pub(super) const SOURCE: Word = ("출처", "Source");
pub(super) const CHARSET: Word = ("문자셋", "Charset");
pub(super) const TELEGRAMS: Word = ("전문 목록", "Telegrams");
pub(super) const PARTS: Word = ("공통 항목", "Shared parts");
pub(super) const FILES: Word = ("파일", "Record files");
pub(super) const CODES: Word = ("코드표", "Codes");
pub(super) const LETTERS: Word = ("속성 기호", "Type letters");
pub(super) const TELEGRAM: Word = ("전문", "Telegram");
pub(super) const NAME: Word = ("이름", "Name");
pub(super) const LENGTH: Word = ("길이", "Length");
pub(super) const ANSWER: Word = ("응답", "Answer");
pub(super) const ANSWERS: Word = ("요구", "Answers");
pub(super) const WHEN: Word = ("식별 조건", "When");
pub(super) const REMARK: Word = ("비고", "Remark");
pub(super) const NUMBER: Word = ("번호", "No.");
pub(super) const ITEM: Word = ("항목명", "Item");
pub(super) const PATH: Word = ("영문명", "Path");
pub(super) const LETTER: Word = ("속성", "Type");
pub(super) const KIND: Word = ("종류", "Kind");
pub(super) const POSITION: Word = ("위치", "Position");
pub(super) const OFFSET: Word = ("오프셋", "Offset");
pub(super) const CONSTRAINTS: Word = ("규칙", "Constraints");
pub(super) const CODE: Word = ("코드", "Code");
pub(super) const MEANING: Word = ("의미", "Meaning");
pub(super) const IN_CODE: Word = ("코드명", "Name in code");
pub(super) const RECORD: Word = ("레코드", "Record");
pub(super) const TIMES: Word = ("횟수", "Times");
pub(super) const USED_IN: Word = ("쓰이는 곳", "Used in");
pub(super) const CASE: Word = ("경우", "Case");
pub(super) const SECRET: Word = ("비밀", "secret");
pub(super) const VARIES: Word = ("가변", "varies");
pub(super) const BYTES: Word = ("바이트", "bytes");
pub(super) const READING: Word = ("표를 읽는 법", "How to read the tables");
pub(super) const SPECS: Word = ("전문설계서", "Design sheets");
pub(super) const SEARCH: Word = ("항목 찾기", "Find items");
pub(super) const TOTALS: Word = ("합계 항목", "Totals");
pub(super) const SERIALS: Word = ("일련번호", "Serial numbers");
pub(super) const SAMPLE: Word = ("예시", "Sample");
pub(super) const IN_HEX: Word = ("16진수", "Hex");
pub(super) const VALUE: Word = ("값", "Value");
