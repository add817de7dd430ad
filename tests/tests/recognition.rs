//! Which telegram bytes are. Random small telegrams are compared with trying all bytes: their marks, the relation of the marks of two of
//! them, the findings of `fep check`, the choice of the library and of a spec, and the constants that the derive uses.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

use std::collections::BTreeSet;

use fep_codec::layout::{Field, Item, Kind, Mark, MarkRelation};
use fep_codec::{Charset, Layout, Record, Value};
use fep_core::codes::units;
use fep_spec::load::Checked;
use fep_spec::model::{Spec, SpecSet};
use fep_spec::report::Code;
use fep_tests::arbitrary::Random;
use fep_tests::random_marks::{LEN, head, random_telegram};

fn charset(random: &mut Random) -> &'static str {
    ["ascii", "cp037", "euc-kr"][random.small(3)]
}

/// A telegram that a spec can have: its sections and its layout.
struct Possible {
    text: String,
    layout: Layout,
}

/// The first possible telegram of a sequence of random ones.
fn possible(charset: &str, name: &str, random: &mut Random) -> Possible {
    loop {
        let text = random_telegram(name, random);
        if let Some(spec) = Spec::check("one.toml", &(head(charset) + &text)).spec {
            let layout = spec.telegrams.first().expect("a telegram").layout.clone();
            return Possible { text, layout };
        }
    }
}

/// Whether a field with these bytes has the value, by reading the field strictly.
fn has_value(field: &Field, value: &str, bytes: &[u8]) -> bool {
    let alone = Layout {
        name: "Alone".into(),
        label: "".into(),
        charset: Charset::Ascii,
        stated_len: None,
        when: [].as_slice().into(),
        items: vec![Item::Field(Field { name: "f".into(), ..field.clone() })].into(),
    };
    let Ok(record) = Record::decode(&alone, bytes) else { return false };
    match (record.values().first().expect("the field"), &field.kind) {
        // A full text has its blanks in its value, its code has none.
        (Value::Text(text), Kind::Text(rule)) if rule.exact => text.trim_end_matches(' ') == value,
        (Value::Text(text), _) => text == value,
        (Value::None, _) => value.is_empty(),
        (Value::Number(number), Kind::Number(rule)) => units(value, rule.decimals().into()) == Some(*number),
        (Value::Flag(flag), Kind::Flag(rule)) => match value {
            "true" => *flag,
            "false" => !*flag,
            character => {
                let byte = if *flag { rule.yes } else { rule.no };
                character.as_bytes() == [byte]
                    || character.bytes().map(|byte| Charset::Cp037.byte_of(byte)).eq([Some(byte)])
            }
        },
        (Value::Bytes(bytes), _) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == value.to_ascii_lowercase()
        }
        (other, kind) => panic!("{other:?} of {kind:?}"),
    }
}

/// Whether bytes have all marks of a telegram, by reading its fields and comparing its literals one by one.
fn is_telegram(layout: &Layout, bytes: &[u8]) -> bool {
    fn literals(layout: &Layout, bytes: &[u8], from: usize) -> bool {
        let mut at = from;
        layout.items().iter().all(|item| {
            let start = at;
            at += item.fixed_len().expect("a fixed length");
            match item {
                Item::Literal(literal) => bytes[start..].starts_with(&literal.bytes),
                Item::Part(part) => literals(&part.layout, bytes, start),
                _ => true,
            }
        })
    }
    let conditions = layout.when.iter().all(|when| {
        let span = layout.span(&when.path).expect("a field");
        has_value(span.field, &when.value, &bytes[span.range])
    });
    conditions && literals(layout, bytes, 0) && !layout.all_marks().is_empty()
}

/// All bytes of a telegram's length that matter to these telegrams: each byte of their marks, and one that no mark has.
fn all_bytes(layouts: &[&Layout]) -> Vec<[u8; LEN]> {
    let mut alphabet = BTreeSet::from([0xEE, b' ', b'0']);
    for mark in layouts.iter().flat_map(|layout| layout.all_marks()) {
        match mark {
            Mark::Field { field, value, .. } => {
                alphabet.extend(field.kind.code_forms(value, field.len).into_iter().flatten());
            }
            Mark::Literal { bytes, .. } => alphabet.extend(bytes),
            Mark::Never { path } => panic!("{path}"),
        }
    }
    let each = || alphabet.iter().copied();
    each().flat_map(|a| each().flat_map(move |b| each().map(move |c| [a, b, c]))).collect()
}

#[test]
fn a_condition_holds_for_exactly_the_bytes_that_read_as_its_value() {
    let mut tried = 0;
    let mut several = 0;
    for seed in 0..500 {
        let random = &mut Random(seed);
        let charset = charset(random);
        let Possible { text, layout } = possible(charset, "T", random);
        for when in layout.when.iter() {
            let field = layout.span(&when.path).expect("a field").field;
            if field.len > 2 {
                continue;
            }
            let forms = field.kind.code_forms(&when.value, field.len);
            assert!(forms.contains(&field.kind.code_bytes(&when.value, field.len).expect("possible")));
            for number in 0..1_usize << (8 * field.len) {
                let bytes = &number.to_be_bytes()[8 - field.len..];
                let holds = has_value(field, &when.value, bytes);
                assert_eq!(field.kind.says(&when.value, bytes), holds, "{bytes:02x?} {when:?} {text}");
                assert_eq!(forms.iter().any(|form| form == bytes), holds, "{bytes:02x?} {when:?} {text}");
            }
            tried += 1;
            several += usize::from(forms.len() > 1);
        }
    }
    assert!(tried > 150 && several > 25, "{tried} {several}");
}

/// How the marks of two telegrams relate, by trying all bytes.
fn relation(one: &Layout, other: &Layout, all: &[[u8; LEN]]) -> MarkRelation {
    let found = |layout| all.iter().map(move |bytes| is_telegram(layout, bytes));
    let [mut both, mut only_one, mut only_other] = [false; 3];
    for (one, other) in found(one).zip(found(other)) {
        both |= one && other;
        only_one |= one && !other;
        only_other |= other && !one;
    }
    match (only_one, only_other) {
        _ if !both => MarkRelation::Apart,
        (false, false) => MarkRelation::Same,
        (false, true) => MarkRelation::Narrower,
        (true, false) => MarkRelation::Wider,
        (true, true) => MarkRelation::Crossing,
    }
}

#[test]
fn two_telegrams_are_told_apart_as_trying_all_bytes_tells_them() {
    let mut seen = [0; 5];
    for seed in 0..1600 {
        let random = &mut Random(seed);
        let charset = charset(random);
        let [one, other] = ["One", "Other"].map(|name| possible(charset, name, random));
        let pair = [&one.layout, &other.layout];
        if pair.iter().any(|layout| !layout.is_recognisable()) {
            continue;
        }
        let all = all_bytes(&pair);
        let expected = relation(pair[0], pair[1], &all);
        assert_eq!(pair[0].compare_marks(pair[1]), expected, "seed {seed}\n{}{}", one.text, other.text);
        let hidden = Layout::is_hidden(&pair, 1);
        let is_never_first = matches!(expected, MarkRelation::Same | MarkRelation::Wider);
        assert!(!hidden || is_never_first, "seed {seed}: hidden\n{}{}", one.text, other.text);
        seen[expected as usize] += 1;
        for (at, byte) in pair[0].known_bytes() {
            let has = |bytes: &&[u8; LEN]| is_telegram(pair[0], *bytes);
            assert!(all.iter().filter(has).all(|bytes| bytes[at] == byte), "seed {seed}: byte {at}\n{}", one.text);
        }
    }
    assert!(seen.iter().all(|count| *count >= 2), "{seen:?}");
}

#[test]
fn a_spec_reports_exactly_the_telegrams_that_bytes_cannot_tell_apart_and_finds_the_first_one() {
    let mut reported = 0;
    let mut clean = 0;
    for seed in 0..120 {
        let random = &mut Random(seed);
        let charset = charset(random);
        let telegrams = ["A", "B", "C"].map(|name| possible(charset, name, random));
        let text = telegrams.iter().fold(head(charset), |text, telegram| text + &telegram.text);
        let layouts: Vec<&Layout> = telegrams.iter().map(|telegram| &telegram.layout).collect();
        let all = all_bytes(&layouts);
        let mut expected = BTreeSet::new();
        for (number, later) in layouts.iter().enumerate().filter(|(_, later)| later.is_recognisable()) {
            for earlier in layouts.iter().take(number).filter(|earlier| earlier.is_recognisable()) {
                if !matches!(relation(earlier, later, &all), MarkRelation::Apart | MarkRelation::Narrower) {
                    expected.insert(later.name.to_string());
                }
            }
        }
        let Checked { spec, report, .. } = Spec::check("set.toml", &text);
        let ambiguous = report.findings.iter().filter(|finding| finding.code == Code::Ambiguous);
        let named: BTreeSet<String> = ambiguous
            .map(|finding| {
                let mut names = layouts.iter().filter(|layout| finding.message.contains(&format!("`{}`", layout.name)));
                names.next_back().expect("it names both").name.to_string()
            })
            .collect();
        assert_eq!(named, expected, "seed {seed}\n{text}{report}");
        reported += expected.len();
        let Some(spec) = spec else { continue };
        clean += usize::from(expected.is_empty());
        same_choice(seed, &spec, &layouts, &all, expected.is_empty());
    }
    assert!(reported > 20 && clean > 60, "{reported} {clean}");
}

/// Checks that library, spec and folder of specs choose the first telegram whose marks hold. Without an ambiguity the folder finds one.
fn same_choice(seed: u64, spec: &Spec, layouts: &[&Layout], all: &[[u8; LEN]], is_clean: bool) {
    let set = SpecSet { specs: vec![spec.clone()] };
    for bytes in all {
        let first = layouts.iter().position(|layout| is_telegram(layout, bytes));
        let Some(first) = first else {
            // Only a telegram whose conditions hold is named, so that its decoding says which literal is wrong.
            let claimed = Layout::choose(layouts, bytes);
            assert_eq!(claimed, Layout::claimed(layouts, bytes), "seed {seed} {bytes:02x?}");
            let reads = claimed.is_some_and(|index| Record::decode(layouts[index], bytes).is_ok());
            assert!(!reads, "seed {seed} {bytes:02x?} {layouts:?}");
            continue;
        };
        assert_eq!(Layout::choose(layouts, bytes), Some(first), "seed {seed} {bytes:02x?}");
        let name = &layouts[first].name;
        assert_eq!(spec.choose(bytes).expect("one is found").name(), name, "seed {seed} {bytes:02x?}");
        if is_clean {
            assert_eq!(set.choose(bytes).expect("one is found").name(), name, "seed {seed} {bytes:02x?}");
        }
    }
}
