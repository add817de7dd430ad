//! Names for the spec: from the sheet's English column, from the dictionary, or by Revised Romanization.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::plain::plain;
use crate::lower::codes::OTHER;
use crate::lower::names::{is_taken, pascal, snake};

/// The words of the dictionary, and those of the mapping file.
#[derive(Clone, Debug)]
pub(crate) struct Words(BTreeMap<String, String>);

#[derive(Deserialize)]
struct WordsFile {
    words: BTreeMap<String, String>,
}

/// The longest name that is made, in characters.
const NAME_MAX: usize = 40;

impl Words {
    /// The dictionary, with further words that replace its own.
    pub(crate) fn with(more: &BTreeMap<String, String>) -> Self {
        let own: Result<WordsFile, _> = toml::from_str(include_str!("words.toml"));
        let mut words = own.map_or_else(|_| BTreeMap::new(), |file| file.words);
        words.extend(more.iter().map(|(word, english)| (word.clone(), english.clone())));
        Self(words)
    }

    /// The name of an item: `snake_case`. The second part says whether a word had to be romanized.
    pub(crate) fn item(&self, english: &str, label: &str) -> (String, bool) {
        let english = snake_of(english);
        if english.starts_with(|first: char| first.is_ascii_lowercase()) {
            return (english, false);
        }
        let (name, is_romanized) = self.translated(label);
        match name.chars().next() {
            None => ("item".to_owned(), true),
            Some(first) if first.is_ascii_digit() => (format!("n{name}"), is_romanized),
            Some(_) => (name, is_romanized),
        }
    }

    /// The name of a telegram, a part, a list or a code: `PascalCase`.
    pub(crate) fn table(&self, label: &str) -> String {
        let (name, _) = self.translated(label);
        let name = pascal(&name);
        if name.starts_with(|first: char| first.is_ascii_digit()) { format!("T{name}") } else { name }
    }

    /// The words of a label, translated: the longest one first, from left to right.
    fn translated(&self, label: &str) -> (String, bool) {
        let mut parts: Vec<String> = Vec::new();
        let mut is_romanized = false;
        let label = plain(label);
        for word in label.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let mut rest = word;
            let mut loose = String::new();
            while let Some(first) = rest.chars().next() {
                let ends = rest.char_indices().map(|(at, character)| at + character.len_utf8());
                let known = ends.rev().find_map(|end| {
                    let word = rest.get(..end)?;
                    // A single syllable is a word of its own, or ends one: 예 is no part of 예비.
                    let is_word = word.chars().count() > 1 || end == rest.len();
                    self.0.get(word).filter(|_| is_word).map(|english| (end, english))
                });
                let is_korean = is_syllable(first);
                match known.filter(|_| is_korean) {
                    Some((end, english)) => {
                        push(&mut parts, &mut loose);
                        parts.push(english.clone());
                        rest = rest.get(end..).unwrap_or_default();
                    }
                    None => {
                        if is_korean {
                            is_romanized = true;
                            if !loose.is_empty() && loose.ends_with(|last: char| last.is_ascii_digit()) {
                                push(&mut parts, &mut loose);
                            }
                        }
                        loose.push_str(&romanized(first));
                        rest = rest.get(first.len_utf8()..).unwrap_or_default();
                    }
                }
            }
            push(&mut parts, &mut loose);
        }
        parts.dedup();
        let mut name = parts.join("_");
        while name.chars().count() > NAME_MAX {
            match name.rfind('_') {
                Some(at) => name.truncate(at),
                None => name.truncate(NAME_MAX),
            }
        }
        (name, is_romanized)
    }
}

/// A name for a type or a code that generated code does not use itself.
pub(crate) fn free(name: &str, end: &str) -> String {
    if is_taken(name) || name == OTHER { format!("{name}{end}") } else { name.to_owned() }
}

/// `TRAN-ID` → `tran_id`, `1ST-NAME` → `n1st_name`, `계좌번호` → `account`.
pub(crate) fn item_name(text: &str) -> String {
    /// Reading the dictionary takes longer than a name.
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::with(&BTreeMap::new()));
    if !text.is_ascii() {
        return WORDS.item("", text).0;
    }
    let name = snake_of(text);
    match name.chars().next() {
        None => "item".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        Some(_) if ["self", "super", "crate"].contains(&name.as_str()) => format!("{name}_item"),
        Some(_) => name,
    }
}

fn push(parts: &mut Vec<String>, loose: &mut String) {
    let part = snake_of(loose);
    if !part.is_empty() {
        parts.push(part);
    }
    loose.clear();
}

/// `TRANSACTION_CODE`, `Tran-ID`, `tranId` → `transaction_code`, `tran_id`, `tran_id`. Other characters separate words.
fn snake_of(text: &str) -> String {
    let snake = snake(&plain(text));
    snake.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

fn is_syllable(character: char) -> bool {
    ('가'..='힣').contains(&character)
}

/// The letters of Revised Romanization, syllable by syllable.
const INITIALS: [&str; 19] =
    ["g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"];
const VOWELS: [&str; 21] = [
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu",
    "ui", "i",
];
const FINALS: [&str; 28] = [
    "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t",
    "t", "k", "t", "p", "t",
];

fn romanized(character: char) -> String {
    if !is_syllable(character) {
        let is_kept = character.is_ascii_alphanumeric();
        return if is_kept { character.to_string() } else { "_".to_owned() };
    }
    let index = usize::try_from(u32::from(character) - 0xAC00).unwrap_or_default();
    let part = |parts: &[&'static str], index: usize| parts.get(index).copied().unwrap_or_default();
    [part(&INITIALS, index / 588), part(&VOWELS, index % 588 / 28), part(&FINALS, index % 28)].concat()
}

/// Names that were given in one place: a second item of the same name gets a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(BTreeMap<String, usize>);

impl Given {
    /// A name that no other item has.
    pub(crate) fn unique(&mut self, name: &str, separator: &str) -> String {
        let mut candidate = name.to_owned();
        let mut number = self.0.get(name).copied().unwrap_or(1);
        while self.0.contains_key(&candidate) {
            number += 1;
            candidate = format!("{name}{separator}{number}");
        }
        self.0.insert(name.to_owned(), number);
        self.0.entry(candidate.clone()).or_insert(1);
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_column_the_dictionary_or_the_sounds() {
        let more = BTreeMap::from([("펌뱅킹".to_owned(), "firm_banking".to_owned())]);
        let words = Words::with(&more);
        let check = |english: &str, label: &str, expected: &str, is_romanized: bool| {
            assert_eq!(words.item(english, label), (expected.to_owned(), is_romanized), "{english} {label}");
        };
        check("TRANSACTION_CODE", "식별코드", "transaction_code", false);
        check("TRAN-ID", "", "tran_id", false);
        check("tranId", "", "tran_id", false);
        check("Trace No.", "", "trace_no", false);
        check("", "출금계좌번호", "withdraw_account", false);
        check("", "원거래 전송일자", "original_sent_date", false);
        check("", "총 Data Record수", "total_data_record_count", false);
        check("", "펌뱅킹 구분", "firm_banking_kind", false);
        check("", "가나다", "ganada", true);
        check("", "2차 금액", "n2_cha_amount", true);
        check("", "생년월일/사업자번호", "birth_date_business_no", false);
        check("123", "예금주", "holder", false);
        check("", "※", "item", true);
        assert_eq!(words.table("잔액조회"), "BalanceInquiry");
        assert_eq!(words.table("HEADER RECORD"), "HeaderRecord");
        assert_eq!(words.table("0200"), "T0200");
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut given = Given::default();
        let names: Vec<_> = ["a", "a", "a_2", "a", "b"].iter().map(|name| given.unique(name, "_")).collect();
        assert_eq!(names, ["a", "a_2", "a_2_2", "a_3", "b"]);
    }
}
