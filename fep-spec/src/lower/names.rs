//! Names that become names in Rust: `snake_case` for items, `PascalCase` for telegrams, parts, code lists and codes.

use crate::document::{Document, Located};
use crate::report::Code;

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

/// Notes a name of an item that is not `snake_case`.
pub(super) fn check_item(document: &Document, name: &Located<&str>) {
    if is_snake(name.value) && !FORBIDDEN.contains(&name.value) {
        return;
    }
    let message = format!("`{}` is no name for an item", name.value);
    let better = snake(name.value);
    let hint = if is_snake(&better) && !FORBIDDEN.contains(&better.as_str()) {
        format!("names are snake_case in ASCII, like `{better}`; the sheet's name goes into `label`")
    } else {
        "names are snake_case in ASCII, like `trace_no`; the sheet's name goes into `label`".to_owned()
    };
    document.error_hint(Code::BadName, name.span.clone(), message, hint);
}

/// Notes a name of a telegram, a part, a list or a code that is not `PascalCase`.
pub(super) fn check_type(document: &Document, name: &Located<&str>, what: &str) {
    if is_pascal(name.value) {
        return;
    }
    let better = pascal(name.value);
    let better = if is_pascal(&better) { better } else { "TransferAnswer".to_owned() };
    let message = format!("`{}` is no name for {what}", name.value);
    let hint = format!("names are PascalCase in ASCII, like `{better}`; the sheet's name goes into `label`");
    document.error_hint(Code::BadName, name.span.clone(), message, hint);
}

/// Whether generated code needs the name for something else.
pub(crate) fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name)
}

/// `item_count`.
pub(super) fn is_snake(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_lowercase())
}

fn is_pascal(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// `itemCount`, `item-count`, `ITEM COUNT` → `item_count`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut after_lower = false;
    for character in name.trim().chars() {
        if character.is_ascii_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        snake.push(if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' });
    }
    snake
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
