//! The options of a field's kind, and which kind has which.

use fep_core::accepts::Accept;
use fep_core::encoding::Encoding;
use fep_core::kinds::KindName;
use fep_core::limits::{PIVOT_DEFAULT, PIVOT_MAX};
use fep_core::options::OptionName;
use fep_core::rules::{Half, Justify, NoneAs, Overflow, Overpunch, Sign, Width};
use fep_core::words::Word as _;
use serde_json::{Value, json};

use super::tables::{Key, Table, is, key, none_of, reference};
use super::values::{
    by_default, byte, charset, date_pattern, filled_list, flag, number, one_or_list, set, text, type_name, word, words,
};
use crate::lower::{NEWLINES, NUMBER_MAX_DIGITS, SCALE_MAX};

/// The options that a type and an item state in the same way: all but those of the list of codes.
pub(super) fn shared() -> impl Iterator<Item = Key> {
    let options = OptionName::WORDS.iter().map(|(_, option)| *option);
    let shared = options.filter(|option| !matches!(option, OptionName::Codes | OptionName::Closed));
    std::iter::once(key("kind", "What the bytes of the field are. Each kind has its own options.", word::<KindName>()))
        .chain(shared.map(option))
}

/// The table of a type.
pub(super) fn type_table() -> Table {
    let table = Table::new("type", "A letter of the sheet: a kind with its options.")
        .keys(shared())
        .keys([
            key("codes", "The list of codes: the name of a table under `[codes]`. An option of codes.", type_name()),
            key("remark", "A remark for documents.", text()),
        ])
        .needs(&["kind"]);
    of_kind(&[]).into_iter().fold(table, Table::rule)
}

/// The list of codes of an item.
pub(super) fn codes_of_item() -> [Key; 2] {
    [OptionName::Codes, OptionName::Closed].map(option)
}

/// An option with the kinds that have it.
fn option(option: OptionName) -> Key {
    let (about, value) = meaning(option);
    key(option.word(), format!("{about} An option of {}.", option.kinds_listed()), value)
}

/// What an option means, and its values.
fn meaning(option: OptionName) -> (&'static str, Value) {
    match option {
        OptionName::Charset => ("The charset of this field, if it is not that of the file.", charset()),
        OptionName::Full => ("The value fills the field: no padding, and no blank is taken away.", flag()),
        OptionName::Justify => (
            "The side of the field at which the value is. Text and digits are left, numbers right, unless this says otherwise.",
            word::<Justify>(),
        ),
        OptionName::Pad => (
            "The byte that fills the field: a character, or a number like `0x00`. By default a space, and zero for numbers.",
            byte(),
        ),
        OptionName::Overflow => {
            ("What happens to a text that does not fit.", by_default(word::<Overflow>(), Overflow::default().word()))
        }
        OptionName::Width => ("How wide the letters are (전각).", by_default(word::<Width>(), Width::default().word())),
        OptionName::Compat => ("A character that the charset lacks is written as one that looks alike.", flag()),
        OptionName::Half => (
            "What happens to the first half of a character at the end of the field.",
            by_default(word::<Half>(), Half::default().word()),
        ),
        OptionName::OpenShift => ("The SI behind the last pair of a received field may be missing.", flag()),
        OptionName::Newline => {
            ("The byte of a new line in an EBCDIC text.", by_default(words(NEWLINES.map(|(word, _)| (word, ""))), "25"))
        }
        OptionName::Encoding => (
            "How digits are stored in bytes. By default as the charset of the file has them: `\"ascii\"` or `\"ebcdic\"`.",
            word::<Encoding>(),
        ),
        OptionName::Sign => ("How the number carries its sign. By default it has none and is not negative.", sign()),
        OptionName::Scale => (
            "The number of decimals, whose point is not written. With -3 the field counts in thousands.",
            number(-SCALE_MAX, SCALE_MAX),
        ),
        OptionName::Point => (
            "The decimal point has a byte before the last `scale` digits: `true` for a point, or another byte like `\",\"`.",
            json!({ "anyOf": [set(), byte()] }),
        ),
        OptionName::Accepts => (
            "Further forms that are read. A field that has one does not come back byte for byte.",
            one_or_list(word::<Accept>()),
        ),
        OptionName::None => (
            "The contents that mean \"no value\". Each word of a list is read so, and the first one is written.",
            one_or_list(word::<NoneAs>()),
        ),
        OptionName::DigitsMax => {
            ("The most digits of a value, if the bytes have room for more.", number(1, NUMBER_MAX_DIGITS))
        }
        OptionName::Pattern => (
            "The digits of the date or time in the order of the bytes: `YYYYMMDD`, `DD/MM/YYYY`, `HHMMSS`. By default the longest usual one.",
            date_pattern(),
        ),
        OptionName::Pivot => (
            "The first year of two digits that belongs to the century before: with 50, 49 is 2049 and 50 is 1950.",
            by_default(number(0, PIVOT_MAX), PIVOT_DEFAULT),
        ),
        OptionName::Codes => (
            "The list of codes: the name of a table under `[codes]`, or codes like `{ code = \"1\", label = \"…\" }`.",
            json!({ "anyOf": [text(), filled_list(reference("code"))] }),
        ),
        OptionName::Closed => ("Whether codes that are not on the list of this field are errors.", flag()),
        OptionName::Yes => ("The byte for yes: a character, or a number.", by_default(byte(), "Y")),
        OptionName::No => ("The byte for no: a character, or a number.", by_default(byte(), "N")),
    }
}

/// A word, or a table that says where the sign is and how it is written.
fn sign() -> Value {
    let plain =
        words(std::iter::once("none").chain(Sign::WORDS.into_iter().map(|(word, _)| word)).map(|word| (word, "")));
    let at = || {
        key("at", "The side of the number.", words([("leading", "Before the digits."), ("trailing", "Behind them.")]))
    };
    let punched = Table::new("sign", "A digit that carries the sign.")
        .keys([at(), key("overpunch", "The characters of the digit with the sign.", word::<Overpunch>())])
        .needs(&["at", "overpunch"]);
    let separate = Table::new("sign", "A sign with a byte of its own.")
        .keys([
            at(),
            key("plus", "The byte of a number that is not negative.", byte()),
            key("minus", "The byte of a negative number.", byte()),
        ])
        .needs(&["at", "plus", "minus"]);
    let written = json!({
        "type": "object",
        "if": { "required": ["overpunch"] },
        "then": punched.schema(),
        "else": separate.schema(),
    });
    json!({ "anyOf": [plain, written] })
}

/// The rule that a table states no option which its kind does not have. `but` are keys that have a second meaning in the table.
pub(super) fn of_kind(but: &[&str]) -> Vec<Value> {
    let rule = |(word, kind): &(&str, KindName)| {
        let foreign = OptionName::WORDS.iter().filter(|(name, option)| !option.is_of(*kind) && !but.contains(name));
        json!({ "if": is("kind", &[(*word).into()]), "then": { "properties": none_of(foreign.map(|(name, _)| *name)) } })
    };
    KindName::WORDS.iter().map(rule).collect()
}
