//! Names that become names in Rust: `PascalCase` for telegrams, parts, code lists and codes. Items have the names of the sheet where Rust can
//! have an identifier for them.

use std::ops::RangeInclusive;

use crate::document::{Document, Located, Misnamed};

/// The names that generated code imports or uses. A telegram with the same name would hide them.
const TAKEN: [&str; 25] = [
    "Telegram",
    "Choice",
    "Code",
    "Date",
    "DateTime",
    "Digits",
    "MonthDay",
    "MonthDayTime",
    "YearMonth",
    "Text",
    "Time",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "Vec",
    "String",
    "Self",
    "Clone",
    "Debug",
    "PartialEq",
    "Eq",
    "Default",
];

/// Words that Rust does not accept as a name, not even in the form `r#word`.
const FORBIDDEN: [&str; 3] = ["self", "super", "crate"];

/// The name of the enum of all telegrams of a spec: `BankA`. Of `telegram`, `option` and the like it is not the word itself, which generated code
/// needs for something else.
pub(crate) fn enum_name(spec: &str) -> String {
    let name = pascal(spec);
    if is_taken(&name) { format!("{name}Spec") } else { name }
}

/// The name of the enum of a file's records.
pub(crate) fn record_name(file: &str) -> String {
    format!("{file}Record")
}

/// The name of a file's plan: `EB13`, `VAT_FILE`.
pub(crate) fn plan_name(file: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for character in file.chars() {
        if character.is_ascii_uppercase() && before.is_ascii_lowercase() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
        before = character;
    }
    name
}

/// Notes a name of an item that is none. All such names of a file are one finding.
pub(super) fn check_item(document: &Document, name: &Located<&str>) {
    if !is_item(name.value) {
        document.misnamed(ITEM, name, &free(ident(name.value), "trace_no"));
    }
}

const ITEM: Misnamed = Misnamed {
    what: "an item",
    plural: "items",
    rule: "a name has letters, digits, `_` and `-`, like `trace_no`, `accountNo` or `계좌번호`; the sheet's own name goes into `label`",
};

/// Notes a name of a telegram, a part, a list or a code that is not `PascalCase`. All such names of a file are one finding.
pub(super) fn check_type(document: &Document, name: &Located<&str>, what: &'static str) {
    if is_pascal(name.value) {
        return;
    }
    let better = pascal(name.value);
    let better = if is_pascal(&better) { better } else { "TransferAnswer".to_owned() };
    let rule = "names are PascalCase in ASCII, like `TransferAnswer`; the sheet's name goes into `label`";
    document.misnamed(Misnamed { what, plural: "types and codes", rule }, name, &better);
}

/// Whether generated code needs the name for something else.
pub(crate) fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name)
}

/// Whether an item can have the name: letters, digits, `_` and `-`, and not only marks. The separators of paths are none of them.
fn is_item(name: &str) -> bool {
    let allowed =
        |character: char| is_letter(character) || character.is_ascii_digit() || matches!(character, '_' | '-');
    name.chars().all(allowed) && name.chars().any(|character| !matches!(character, '_' | '-'))
}

/// Letters of ASCII, Hangul, Han and kana. Each is one character that a Rust identifier can have, and has one form in Unicode.
pub(crate) const LETTERS: [RangeInclusive<char>; 8] =
    ['A'..='Z', 'a'..='z', '가'..='힣', '一'..='鿿', '々'..='々', 'ぁ'..='ゖ', 'ァ'..='ヺ', 'ー'..='ー'];

fn is_letter(character: char) -> bool {
    LETTERS.iter().any(|letters| letters.contains(&character))
}

/// `item_count`.
pub(super) fn is_snake(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// The identifier that an item has in generated code: `accountNo` and `ACCOUNT_NO` become `account_no`, `2nd_name` becomes
/// `n2nd_name`. Most names are their identifiers.
pub(crate) fn ident(name: &str) -> String {
    if is_snake(name) && !FORBIDDEN.contains(&name) {
        return name.to_owned();
    }
    let ident = snake_with(name, is_letter);
    let ident = ident.trim_matches('_');
    match ident.chars().next() {
        Some('0'..='9' | 'ー') => format!("n{ident}"),
        _ if FORBIDDEN.contains(&ident) => format!("{ident}_item"),
        _ => ident.to_owned(),
    }
}

/// The name if it is not empty.
fn free(name: String, other: &str) -> String {
    if name.is_empty() { other.to_owned() } else { name }
}

fn is_pascal(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// `itemCount`, `item-count`, `ITEM COUNT` → `item_count`.
pub(crate) fn snake(name: &str) -> String {
    snake_with(name, |_| false)
}

/// [`snake`] that also keeps other letters.
fn snake_with(name: &str, keeps: impl Fn(char) -> bool) -> String {
    let mut snake = String::new();
    let mut after_lower = false;
    for character in name.trim().chars() {
        if character.is_ascii_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        let kept = character.is_ascii_alphanumeric() || keeps(character);
        snake.push(if kept { character.to_ascii_lowercase() } else { '_' });
    }
    snake
}

/// The end of the name of a type that generated code makes of an item: `itemCount` → `ItemCount`.
pub(crate) fn of_item(name: &str) -> String {
    let mut own = String::new();
    let ident = ident(name);
    for word in ident.split('_') {
        let mut characters = word.chars();
        own.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        own.push_str(characters.as_str());
    }
    own
}

/// `item_count` → `ItemCount`.
pub(crate) fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    let mut upper = true;
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            pascal.push(if upper { character.to_ascii_uppercase() } else { character });
        }
        upper = !character.is_ascii_alphanumeric();
    }
    pascal
}
