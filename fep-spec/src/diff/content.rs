//! Whether two fields of one length read the same contents as the same values.
//!
//! Contents are tried, and a content that the two read differently is an example. That no example was found proves nothing by itself. It
//! proves that the fields are alike if all contents were tried (one or two bytes), or if the rules differ only in something whose
//! contents were all tried: the forms of "no value", the characters of a charset.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fep_codec::layout::{
    Accept, Accepts, CodeRule, DateRule, DateTimeRule, Field, Half, Item, Kind, NoneAs, NoneSet, NumberRule, Overflow,
    Sign, TextRule, TimeRule,
};
use fep_codec::{Charset, Layout, Record};
use fep_core::words::Word as _;
use serde_json::{Value as Json, json};

use super::Example;

/// How the contents of one version are read by the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As the same values.
    Same,
    /// Not always. The example shows it.
    Differs(Example),
    /// No content was found that is read differently, and that is no proof.
    Unproved,
}

/// The readings for the contents of the old version, and for those of the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Readings {
    pub(super) of_old: Reading,
    pub(super) of_new: Reading,
}

impl Readings {
    pub(super) const SAME: Self = Self { of_old: Reading::Same, of_new: Reading::Same };
}

/// Compares two fields of one length. What is computed is not compared.
pub(super) fn compare(old: &Field, new: &Field) -> Readings {
    let old_kind = as_read(&old.kind);
    let new_kind = as_read(&new.kind);
    if old_kind == new_kind {
        return Readings::SAME;
    }
    let elsewhere = |kind: &Kind| matches!(kind, Kind::Number(NumberRule { sign: Sign::Elsewhere, .. }));
    if elsewhere(&old_kind) || elsewhere(&new_kind) {
        return Readings { of_old: Reading::Unproved, of_new: Reading::Unproved };
    }
    let readers = [alone(old, old_kind.clone()), alone(new, new_kind.clone())];
    let [old_reader, new_reader] = &readers;
    let contents = contents(old_reader, new_reader, old.len, &old_kind, &new_kind);
    let mut examples: [Option<Example>; 2] = [None, None];
    for content in &contents {
        let old_value = read(old_reader, content);
        let new_value = read(new_reader, content);
        // A content that both read is one of telegrams of both.
        let [of_old, of_new] = &mut examples;
        let wanted = match (&old_value, &new_value) {
            (Some(old_value), Some(new_value)) if old_value == new_value => continue,
            (None, None) => continue,
            (Some(_), Some(_)) => [Some(of_old), Some(of_new)],
            (Some(_), None) => [Some(of_old), None],
            (None, Some(_)) => [None, Some(of_new)],
        };
        for example in wanted.into_iter().flatten().filter(|example| example.is_none()) {
            *example = Some(Example { content: hex(content), old: old_value.clone(), new: new_value.clone() });
        }
    }
    let all_were_tried = old.len <= EXHAUSTIVE_MAX_BYTES;
    let [of_old, of_new] = examples;
    let reading = |example: Option<Example>, is_proved: bool| match example {
        Some(example) => Reading::Differs(example),
        None if is_proved || all_were_tried => Reading::Same,
        None => Reading::Unproved,
    };
    Readings {
        of_old: reading(of_old, includes(&new_kind, &old_kind)),
        of_new: reading(of_new, includes(&old_kind, &new_kind)),
    }
}

/// The value that a field reads from these bytes, as JSON; `None` if it refuses them.
pub(super) fn value_of(field: &Field, bytes: &[u8]) -> Option<String> {
    read(&alone(field, as_read(&field.kind)), bytes)
}

/// Fields up to this length are compared by all their contents.
const EXHAUSTIVE_MAX_BYTES: usize = 2;

/// A kind without the options that only the writer knows, and without the words of a sheet.
fn as_read(kind: &Kind) -> Kind {
    match kind {
        Kind::Text(rule) => Kind::Text(TextRule { overflow: Overflow::Error, compat: false, ..*rule }),
        Kind::Code(rule) => {
            let mut codes = rule.codes.to_vec();
            codes.iter_mut().for_each(|code| code.label = "".into());
            codes.sort_by(|one, other| one.code.cmp(&other.code));
            // Codes are ASCII, so charsets that keep ASCII read them alike.
            let charset = if rule.charset.keeps_ascii() { Charset::Ascii } else { rule.charset };
            Kind::Code(CodeRule { charset, codes: codes.into(), open: rule.open })
        }
        other => other.clone(),
    }
}

/// Whether the wider kind reads everything that the narrower one reads, and as the same values, if the contents that were tried are read
/// alike.
fn includes(wider: &Kind, narrower: &Kind) -> bool {
    match (wider, narrower) {
        (Kind::Code(wide), Kind::Code(narrow)) => {
            let same = CodeRule { codes: wide.codes.clone(), open: wide.open, ..narrow.clone() } == *wide;
            let has_all = narrow.codes.iter().all(|code| wide.codes.contains(code));
            same && (wide.open || !narrow.open && has_all)
        }
        (Kind::Number(wide), Kind::Number(narrow)) => {
            let same = NumberRule { accepts: wide.accepts, none: wide.none, none_also: wide.none_also, ..*narrow };
            same == *wide && narrow.accepts.iter().all(|form| wide.accepts.has(form))
        }
        (Kind::Date(wide), Kind::Date(narrow)) => {
            DateRule { none: wide.none, none_also: wide.none_also, pivot: wide.pivot, ..*narrow } == *wide
        }
        (Kind::Time(wide), Kind::Time(narrow)) => {
            TimeRule { none: wide.none, none_also: wide.none_also, ..*narrow } == *wide
        }
        (Kind::DateTime(wide), Kind::DateTime(narrow)) => {
            DateTimeRule { none: wide.none, none_also: wide.none_also, pivot: wide.pivot, ..*narrow } == *wide
        }
        (Kind::Text(wide), Kind::Text(narrow)) => {
            let same_set = TextRule { charset: wide.charset, half: wide.half, ..*narrow } == *wide;
            let halves = wide.half == narrow.half || narrow.half == Half::Refuse;
            // Every character stands for itself in these forms, so trying each of them alone is enough.
            let plain = |charset: Charset| !(charset.is_utf8() || charset.is_shifted() || charset.is_pairs());
            same_set && halves && (wide.charset == narrow.charset || plain(wide.charset) && plain(narrow.charset))
        }
        (Kind::Text(text), Kind::Code(code)) | (Kind::Code(code), Kind::Text(text)) => {
            // Each character stands for itself in ASCII, so trying each of them alone is enough.
            code.open && code.charset == Charset::Ascii && *text == TextRule::new(Charset::Ascii)
        }
        _ => false,
    }
}

/// A layout that holds the field and nothing else.
fn alone(field: &Field, kind: Kind) -> Layout {
    let field = Field { name: VALUE.into(), computed: None, kind, ..field.clone() };
    Layout {
        name: "Alone".into(),
        label: "".into(),
        charset: Charset::Ascii,
        stated_len: None,
        when: Vec::new().into(),
        items: vec![Item::Field(field)].into(),
    }
}

const VALUE: &str = "value";

/// The value of a content as JSON, or `None` if it is refused.
fn read(reader: &Layout, content: &[u8]) -> Option<String> {
    let record = Record::decode(reader, content).ok()?;
    record.to_json_value().get(VALUE).map(ToString::to_string)
}

/// The contents to try, each one once.
fn contents(old: &Layout, new: &Layout, len: usize, old_kind: &Kind, new_kind: &Kind) -> BTreeSet<Vec<u8>> {
    if len <= EXHAUSTIVE_MAX_BYTES {
        return exhaustive(len);
    }
    let mut contents = BTreeSet::new();
    for reader in [old, new] {
        for value in values(len, old_kind).chain(values(len, new_kind)) {
            contents.extend(written(reader, &value));
        }
    }
    for kind in [old_kind, new_kind] {
        contents.extend(NoneAs::WORDS.iter().filter_map(|(_, none)| blank(kind, *none, len)));
        further_forms(kind, len, &mut contents);
    }
    let pads = [b' ', b'0', 0x40, 0xF0, 0x00, 0xFF, 0x0F];
    for byte in 0..=u8::MAX {
        contents.insert(vec![byte; len]);
        for pad in pads {
            contents.insert(padded(&[byte], pad, len));
            contents.insert(right(&[byte], pad, len));
        }
    }
    if let (Kind::Text(old_rule), Kind::Text(new_rule)) = (old_kind, new_kind)
        && old_rule.charset != new_rule.charset
    {
        characters(old_rule, len, &mut contents);
        characters(new_rule, len, &mut contents);
    }
    contents
}

fn exhaustive(len: usize) -> BTreeSet<Vec<u8>> {
    match len {
        0 => [Vec::new()].into(),
        1 => (0..=u8::MAX).map(|byte| vec![byte]).collect(),
        _ => (0..=u16::MAX).map(|pair| pair.to_be_bytes().to_vec()).collect(),
    }
}

/// All pairs of bytes, as the charset has them in a text.
fn characters(rule: &TextRule, len: usize, contents: &mut BTreeSet<Vec<u8>>) {
    let shifted = rule.charset.is_shifted();
    for pair in 0..=u16::MAX {
        let [first, second] = pair.to_be_bytes();
        if shifted && len >= 4 {
            contents.insert(padded(&[0x0E, first, second, 0x0F], rule.pad, len));
        } else {
            contents.insert(padded(&[first, second], rule.pad, len));
        }
    }
}

/// The contents that mean "no value" in this form, if the kind can have it.
fn blank(kind: &Kind, none: NoneAs, len: usize) -> Option<Vec<u8>> {
    let none_also = NoneSet::default();
    let kind = match kind {
        Kind::Number(rule) => Kind::Number(NumberRule { none, none_also, ..*rule }),
        Kind::Date(rule) => Kind::Date(DateRule { none, none_also, ..*rule }),
        Kind::Time(rule) => Kind::Time(TimeRule { none, none_also, ..*rule }),
        Kind::DateTime(rule) => Kind::DateTime(DateTimeRule { none, none_also, ..*rule }),
        _ => return None,
    };
    let field = Field { name: VALUE.into(), label: "".into(), len, kind, secret: false, computed: None };
    let kind = field.kind.clone();
    written(&alone(&field, kind), &Json::Null)
}

/// The other forms of numbers: what is written by a rule that has them as its own.
fn further_forms(kind: &Kind, len: usize, contents: &mut BTreeSet<Vec<u8>>) {
    let Kind::Number(rule) = kind else { return };
    for pad in [None, Some(rule.encoding.space())] {
        for sign in [rule.sign, Sign::LEADING, Sign::TRAILING, Sign::LeadingMinus, Sign::Signed, Sign::Unsigned] {
            let kind = Kind::Number(NumberRule { pad, sign, accepts: Accepts::NONE, ..*rule });
            let field = Field { name: VALUE.into(), label: "".into(), len, kind, secret: false, computed: None };
            let kind = field.kind.clone();
            let layout = alone(&field, kind);
            contents.extend(
                [json!(0), json!(5), json!(-5), json!("-0"), json!(12)]
                    .iter()
                    .filter_map(|value| written(&layout, value)),
            );
        }
    }
    if Accept::WORDS.iter().any(|(_, form)| rule.accepts.has(*form)) {
        // The last byte holds the sign of packed and overpunched digits.
        for byte in 0..=u8::MAX {
            contents.insert(right(&[byte], rule.encoding.byte_of(b'0').unwrap_or_default(), len));
        }
    }
}

/// Values that are worth a try.
fn values(len: usize, kind: &Kind) -> impl Iterator<Item = Json> {
    let mut values = vec![Json::Null, json!(true), json!(false)];
    let digits = |count: usize| "9".repeat(count.min(38));
    for number in ["0", "1", "5", "12", "120", "12345", "1.5", "0.01", "-1", "-12", "-0.5"] {
        values.push(json!(number));
    }
    for count in 1..=len.min(38) {
        values.extend([json!(digits(count)), json!(format!("-{}", digits(count))), json!("0".repeat(count))]);
    }
    for text in ["", "A", "AB", "a", " A", "A ", "0", "00", "가", "가나", "힣", "똠", "漢", "ｱ", "é", "€", "￦"]
    {
        values.push(json!(text));
    }
    values.extend(["A", "가", "7"].map(|one| json!(one.repeat(len / one.len().min(2)))));
    for year in 1900..2100 {
        values.extend([json!(format!("{year}-12-31")), json!(format!("{year}-01-02"))]);
        values.push(json!(format!("{year}-12-31T23:59:58")));
        values.push(json!(format!("{year}-12")));
    }
    for other in ["12-31", "12-31T23:59:58", "00:00:00", "23:59:58", "23:59", "23:59:58.999"] {
        values.push(json!(other));
    }
    if let Kind::Code(rule) = kind {
        values.extend(rule.codes.iter().map(|code| json!(code.code)));
        values.extend((0..1000).map(|number| json!(format!("{number:0len$}"))).filter(|_| len <= 9));
    }
    values.into_iter()
}

/// The content that is written for a value, if there is one.
fn written(layout: &Layout, value: &Json) -> Option<Vec<u8>> {
    let fields = json!({ VALUE: value });
    let record = Record::from_json_value(layout, &fields).ok();
    let number = || {
        // Numbers without decimals are JSON numbers in short fields.
        let number: i64 = value.as_str()?.parse().ok()?;
        Record::from_json_value(layout, &json!({ VALUE: number })).ok()
    };
    record.or_else(number)?.encode().ok()
}

fn padded(start: &[u8], pad: u8, len: usize) -> Vec<u8> {
    let mut content = start.to_vec();
    content.resize(len, pad);
    content
}

fn right(end: &[u8], pad: u8, len: usize) -> Vec<u8> {
    let mut content = vec![pad; len.saturating_sub(end.len())];
    content.extend(end);
    content.truncate(len);
    content
}

/// Bytes as lower hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
