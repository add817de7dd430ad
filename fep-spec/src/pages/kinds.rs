//! The words of kinds: for programs, as in `fep layout`, and for people.

use fep_codec::layout::{Item, Kind};

use super::words::Text;

/// The word of a field's kind.
pub(super) const fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text(_) => "text",
        Kind::Digits(_) => "digits",
        Kind::Number(_) => "number",
        Kind::Date(_) => "date",
        Kind::Time(_) => "time",
        Kind::DateTime(_) => "datetime",
        Kind::Code(_) => "code",
        Kind::Flag(_) => "flag",
        Kind::Bytes(_) => "bytes",
    }
}

/// The word of an item's kind, or `computed`.
pub(super) fn item_class(item: &Item) -> &'static str {
    match item {
        Item::Field(field) if field.computed.is_some() => "computed",
        Item::Field(field) | Item::Tail(field) => word(&field.kind),
        Item::Literal(_) => "literal",
        Item::Filler(_) => "filler",
        Item::Part(_) => "part",
        Item::Group(_) => "group",
        Item::Choice(_) => "choice",
    }
}

/// A kind for people.
pub(super) fn kind_text(kind: &str) -> Text {
    let ko = match kind {
        "text" => "문자",
        "digits" => "숫자열",
        "number" => "숫자",
        "date" => "일자",
        "time" => "시각",
        "datetime" => "일시",
        "code" => "코드",
        "flag" => "여부",
        "bytes" => "바이트",
        "literal" => "고정값",
        "filler" => "예비",
        "group" => "반복부",
        "choice" => "선택부",
        "part" => "묶음",
        other => other,
    };
    Text::new(ko, kind)
}
