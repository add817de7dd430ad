//! A plan does exactly what the layout does without it: the same values, the same bytes and the same errors.

use fep_codec::layout::{Item, Layout};
use fep_codec::lenient::Lenient;
use fep_codec::{Plan, Record, Value};

use crate::arbitrary::{self, Random, path_of};

/// The number of values that are changed in turn.
const CHANGES: usize = 12;

/// The most bytes of a buffer for values that are refused.
const MAX_BYTES: usize = 4096;

/// Checks any bytes with the plan of a layout. What decodes is also written, and again with values that may not fit.
pub fn any_plan(layout: &Layout, bytes: &[u8]) {
    let plan = Plan::new(layout);
    let read = Record::decode(layout, bytes);
    assert_eq!(plan.decode(bytes), read, "{}: read by the plan", layout.name);
    let verified = read.as_ref().map(|_| ()).map_err(Clone::clone);
    assert_eq!(plan.verify(bytes), verified, "{}: verified by the plan", layout.name);
    let forgiven = Record::decode_lenient(layout, bytes, Lenient::ALL);
    assert_eq!(plan.decode_lenient(bytes, Lenient::ALL), forgiven, "{}: forgiven by the plan", layout.name);
    if let Ok(record) = read {
        let seed = bytes.iter().fold(0_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        written_alike(&plan, &record, &mut Random(seed));
    }
}

/// Checks that a plan writes a record as the layout writes it, with its values and with others.
fn written_alike(plan: &Plan<'_>, record: &Record<'_>, random: &mut Random) {
    same_bytes(plan, record);
    let mut paths = Vec::new();
    collect(plan.layout(), record, "", &mut paths);
    for _ in 0..CHANGES {
        let Some((path, item)) = paths.get(random.small(paths.len().max(1))) else { return };
        let mut record = record.clone();
        let value = match random.below(3) {
            0 => any_value(item, random),
            1 => nearly(any_value(item, random), random),
            _ => difficult(random),
        };
        // Values of another kind are refused here. They are no values of a record.
        if record.set(path, value).is_ok() {
            same_bytes(plan, &record);
        }
    }
}

fn same_bytes(plan: &Plan<'_>, record: &Record<'_>) {
    let expected = record.encode();
    assert_eq!(plan.encode(record), expected, "{}: written by the plan", plan.layout().name);
    let owned = Plan::owned(plan.layout().clone());
    assert_eq!(owned.encode(record), expected, "{}: a record of an equal layout", plan.layout().name);
    let len = expected.as_ref().map_or_else(|_| plan.layout().max_len().min(MAX_BYTES), Vec::len);
    for (room, fill) in [(len.saturating_sub(1), b'#'), (len, b' '), (len.saturating_add(3), b'0')] {
        let mut out = vec![fill; room];
        let mut by_plan = out.clone();
        let written = record.encode_into(&mut out);
        assert_eq!(plan.encode_into(record, &mut by_plan), written, "{}: into {room} bytes", plan.layout().name);
        if written.is_ok() {
            assert_eq!(by_plan, out, "{}: into {room} bytes", plan.layout().name);
        }
    }
}

fn any_value(item: &Item, random: &mut Random) -> Value {
    match item {
        Item::Field(field) | Item::Tail(field) => arbitrary::value(field, random),
        _ => Value::Absent,
    }
}

/// A text with one character less or more.
fn nearly(value: Value, random: &mut Random) -> Value {
    let Value::Text(text) = value else { return value };
    let mut text = text.to_string();
    match random.below(4) {
        0 => drop(text.pop()),
        1 => text.push('0'),
        2 => text.push(' '),
        _ => text.insert(0, '힝'),
    }
    Value::from(text)
}

/// Values that many fields refuse, or nearly: padding at an end, too long, too many digits, characters of other charsets.
fn difficult(random: &mut Random) -> Value {
    const TEXTS: [&str; 12] = [
        "",
        " ",
        "A ",
        " A",
        "홍길동 ",
        "홍 길동",
        "A홍",
        "é",
        "0012",
        "12a",
        "x\u{7f}",
        "홍길동홍길동홍길동홍길동홍길동",
    ];
    const NUMBERS: [i128; 8] = [0, -1, 9, 99_999_999, 100_000_000, u64::MAX as i128, u64::MAX as i128 + 1, i128::MIN];
    match random.small(4) {
        0 => NUMBERS.get(random.small(NUMBERS.len())).map_or(Value::None, |number| Value::Number(*number)),
        1 => Value::None,
        2 => Value::Absent,
        _ => TEXTS.get(random.small(TEXTS.len())).map_or(Value::None, |text| Value::from(*text)),
    }
}

/// The paths of all fields that the record has.
fn collect<'l>(layout: &'l Layout, record: &Record<'_>, within: &str, paths: &mut Vec<(String, &'l Item)>) {
    for item in layout.items() {
        let path = path_of(within, item);
        match item {
            Item::Field(_) | Item::Tail(_) => paths.push((path, item)),
            Item::Part(part) => collect(&part.layout, record, &format!("{path}."), paths),
            Item::Group(group) => {
                let Some(Value::Group(entries)) = record.get(&path) else { continue };
                (0..entries.len())
                    .for_each(|index| collect(&group.layout, record, &format!("{path}[{index}]."), paths));
            }
            Item::Choice(choice) => {
                let Some(Value::Choice(case, _)) = record.get(&path) else { continue };
                if let Some(case) = choice.cases().get(*case) {
                    collect(&case.layout, record, &format!("{path}."), paths);
                }
            }
            Item::Literal(_) | Item::Filler(_) => {}
        }
    }
}
