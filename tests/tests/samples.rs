//! Samples of all specs in `specs/` and of random specs: each is the telegram that it says, and each limit is reached.
//!
//! What a limit looks like on the wire is written here by hand for plain fields. It does not come from the encoder.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::Path;

use fep_codec::layout::{Encoding, Item, Justify, Kind, Layout, NoneAs, Repeat, Sign, Width};
use fep_codec::{Charset, Record, Value};
use fep_spec::codec;
use fep_spec::files::encode_file;
use fep_spec::model::{Spec, SpecSet, TelegramSpec};
use fep_spec::samples::{FileSample, Options, Sample, Samples};
use fep_tests::arbitrary::Random;
use fep_tests::random_layout::layout_of_bytes;
use fep_tests::random_spec::random_spec;
use serde_json::Value as Json;

/// The number of random specs.
const SEEDS: u64 = 60;

/// The number of random layouts.
const LAYOUTS: u64 = 400;

fn specs() -> Vec<Spec> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("specs");
    let mut specs = SpecSet::load(&folder).expect("clean specs").specs;
    for seed in 0..SEEDS {
        let text = random_spec("random", seed);
        specs.push(Spec::parse("random.toml", &text).unwrap_or_else(|report| panic!("seed {seed}: {report:?}")));
    }
    specs
}

/// Calls `check` for all samples of each telegram. Returns the sum of what it returns.
fn each_telegram(check: impl Fn(&Spec, &TelegramSpec, &Samples<'_>) -> usize) -> usize {
    let of = |spec: &Spec| -> usize {
        let telegrams = spec.telegrams.iter();
        telegrams.map(|telegram| check(spec, telegram, &Samples::of(spec, telegram, Options::default()))).sum()
    };
    specs().iter().map(of).sum()
}

#[test]
fn every_sample_is_the_telegram_that_it_says() {
    let count = each_telegram(|spec, telegram, samples| {
        let set = SpecSet { specs: vec![spec.clone()] };
        for sample in &samples.all {
            let place = format!("{} {}: {}", spec.title, telegram.name(), sample.shows);
            let line: Json = serde_json::from_str(&sample.to_json()).expect("a line of JSON");
            let encoded = codec::encode(&set, &line).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(encoded, sample.bytes, "{place}");
            let read =
                Record::decode(&telegram.layout, &sample.bytes).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(read.to_json_value(), line["fields"], "{place}");
            if telegram.layout.is_recognisable() && !spec.is_record(telegram.name()) {
                let chosen = spec.choose(&sample.bytes).unwrap_or_else(|error| panic!("{place}: {error}"));
                assert_eq!(chosen.name(), telegram.name(), "{place}");
            }
        }
        assert_eq!(samples.impossible, [], "{} {}", spec.title, telegram.name());
        samples.all.len()
    });
    assert!(count > 5000, "{count} samples");
}

#[test]
fn every_limit_of_a_plain_field_is_in_the_bytes() {
    let compared = each_telegram(|spec, telegram, samples| {
        let compared = |sample: &&Sample<'_>| {
            let (path, limit) = sample.shows.split_once(": ").unwrap_or_default();
            let Some(span) = telegram.layout.span(path) else { return false };
            let bytes = &sample.bytes[span.range.clone()];
            let reached = is_reached(&span.field.kind, limit, bytes);
            assert!(reached != Some(false), "{} {}: {}: {bytes:02x?}", spec.title, telegram.name(), sample.shows);
            reached.is_some()
        };
        samples.all.iter().filter(compared).count()
    });
    assert!(compared > 1500, "{compared} limits compared");
}

/// Whether these bytes are this limit. `None` if the field is not plain, so that its bytes need a rule.
fn is_reached(kind: &Kind, limit: &str, bytes: &[u8]) -> Option<bool> {
    let all = |byte: u8| bytes.iter().all(|own| *own == byte);
    let first_all = |first: u8, rest: u8| bytes[0] == first && bytes[1..].iter().all(|own| *own == rest);
    match kind {
        Kind::Number(rule) => {
            let is_plain = rule.none == NoneAs::Never
                && rule.none_also.is_empty()
                && rule.pad.is_none()
                && rule.point.is_none()
                && rule.digits_max.is_none();
            if !is_plain {
                return None;
            }
            let packed = |last: u8| bytes[..bytes.len() - 1].iter().all(|own| *own == 0x99) && bytes.ends_with(&[last]);
            Some(match (rule.encoding, rule.sign, limit) {
                (Encoding::Ascii, Sign::Unsigned | Sign::LeadingMinus, "largest") => all(b'9'),
                (Encoding::Ascii, Sign::Unsigned, "smallest") => all(b'0'),
                (Encoding::Ascii, Sign::LeadingMinus, "smallest") => first_all(b'-', b'9'),
                (Encoding::Ascii, Sign::LeadingMinus, "zero") => all(b'0'),
                (Encoding::Ebcdic, Sign::Unsigned, "largest") => all(0xF9),
                (Encoding::Packed, Sign::Signed, "largest") => packed(0x9C),
                (Encoding::Packed, Sign::Signed, "smallest") => packed(0x9D),
                (Encoding::Bcd, _, "largest") => all(0x99),
                (Encoding::Binary | Encoding::BinaryLittle, Sign::Unsigned, "largest") => all(0xFF),
                (Encoding::Binary, Sign::Signed, "largest") => first_all(0x7F, 0xFF),
                (Encoding::Binary, Sign::Signed, "smallest") => first_all(0x80, 0x00),
                _ => return None,
            })
        }
        Kind::Digits(rule) if rule.encoding == Encoding::Ascii => match limit {
            "all nines" | "longest" => Some(all(b'9')),
            "all zeros" => Some(all(b'0')),
            _ => None,
        },
        Kind::Text(rule) if !rule.exact && rule.width == Width::Any && !rule.charset.is_pairs() => match limit {
            "empty" => Some(all(rule.pad)),
            "longest" if rule.justify == Justify::Left => Some(bytes.last() != Some(&rule.pad)),
            "longest Korean text" => match rule.charset {
                Charset::EucKr | Charset::Cp949 => {
                    let halves = bytes.iter().filter(|byte| **byte >= 0x80).count();
                    Some(halves == bytes.len() / 2 * 2)
                }
                Charset::Ibm933 if bytes.len() >= 4 && rule.justify == Justify::Left => {
                    let pairs = (bytes.len() - 2) / 2;
                    Some(bytes[0] == 0x0E && bytes[1 + pairs * 2] == 0x0F && !bytes[1..1 + pairs * 2].contains(&0x0F))
                }
                _ => None,
            },
            _ => None,
        },
        Kind::Date(rule) if bytes.len() == 8 && rule.encoding == Encoding::Ascii => match limit {
            "earliest" => Some(bytes == b"00010101"),
            "latest" => Some(bytes == b"99991231"),
            _ => None,
        },
        Kind::Time(rule) if bytes.len() == 6 && rule.encoding == Encoding::Ascii => match limit {
            "earliest" => Some(bytes == b"000000"),
            "latest" => Some(bytes == b"235959"),
            _ => None,
        },
        Kind::Flag(rule) => Some(all(if limit == "yes" { rule.yes } else { rule.no })),
        _ => None,
    }
}

#[test]
fn every_code_case_and_size_occurs() {
    let count = each_telegram(|spec, telegram, samples| {
        let mut wanted = BTreeSet::new();
        let marks = telegram.layout.when.iter().map(|when| when.path.to_string()).collect();
        facts_wanted(&telegram.layout, "", &marks, &mut wanted);
        let mut seen = BTreeSet::new();
        for sample in &samples.all {
            facts_seen(&telegram.layout, sample.record.values(), "", &mut seen);
        }
        let missing: Vec<_> = wanted.difference(&seen).collect();
        assert!(missing.is_empty(), "{} {}: {missing:?}", spec.title, telegram.name());
        wanted.len()
    });
    assert!(count > 2000, "{count} facts");
}

/// What must occur in the samples: the codes of lists, both values of flags, cases, sizes of groups, and lengths of tails.
fn facts_wanted(layout: &Layout, within: &str, marks: &BTreeSet<String>, facts: &mut BTreeSet<String>) {
    let items = layout.items();
    let decided = |name: &str| items.iter().any(|item| matches!(item, Item::Choice(choice) if choice.by == name));
    for item in items {
        let path = format!("{within}{}", item.name().unwrap_or_default());
        match item {
            Item::Field(field) if field.is_given() && !marks.contains(&path) && !decided(&field.name) => {
                match &field.kind {
                    Kind::Code(rule) => facts.extend(rule.codes.iter().map(|known| format!("{path} = {}", known.code))),
                    Kind::Flag(_) => facts.extend([true, false].map(|flag| format!("{path} = {flag}"))),
                    _ => {}
                }
            }
            Item::Tail(field) => facts.extend([0, field.len].map(|len| format!("{path} has {len} bytes"))),
            Item::Part(part) => facts_wanted(&part.layout, &format!("{path}."), marks, facts),
            Item::Group(group) => {
                let max = group.repeat.max();
                if let Repeat::Fixed(_) = group.repeat {
                    facts.insert(format!("{path} has {max} entries"));
                } else {
                    facts.extend([0, 1, max].map(|count| format!("{path} has {count} entries")));
                }
                facts_wanted(&group.layout, &format!("{path}."), marks, facts);
            }
            Item::Choice(choice) => {
                for case in choice.cases() {
                    if marks.contains(&format!("{within}{}", choice.by)) {
                        continue;
                    }
                    facts.insert(format!("{path} is {}", case.layout.name));
                    facts_wanted(&case.layout, &format!("{path}."), marks, facts);
                }
            }
            Item::Field(_) | Item::Literal(_) | Item::Filler(_) => {}
        }
    }
}

fn facts_seen(layout: &Layout, values: &[Value], within: &str, facts: &mut BTreeSet<String>) {
    for (item, value) in layout.items().iter().zip(values) {
        let path = format!("{within}{}", item.name().unwrap_or_default());
        match (item, value) {
            (Item::Tail(field), Value::Text(text)) => {
                let len = match &field.kind {
                    Kind::Text(rule) => rule.charset.text_len(text),
                    _ => text.len(),
                };
                facts.insert(format!("{path} has {len} bytes"));
            }
            (Item::Tail(_), Value::Bytes(bytes)) => drop(facts.insert(format!("{path} has {} bytes", bytes.len()))),
            (_, Value::Text(text)) => drop(facts.insert(format!("{path} = {text}"))),
            (_, Value::Flag(flag)) => drop(facts.insert(format!("{path} = {flag}"))),
            (Item::Part(part), Value::Part(values)) => facts_seen(&part.layout, values, &format!("{path}."), facts),
            (Item::Group(group), Value::Group(entries)) => {
                facts.insert(format!("{path} has {} entries", entries.len()));
                for entry in entries {
                    facts_seen(&group.layout, entry, &format!("{path}."), facts);
                }
            }
            (Item::Choice(choice), Value::Choice(case, values)) => {
                let layout = &choice.cases()[*case].layout;
                facts.insert(format!("{path} is {}", layout.name));
                facts_seen(layout, values, &format!("{path}."), facts);
            }
            _ => {}
        }
    }
}

#[test]
fn a_seed_decides_the_values_between_the_limits_and_nothing_else() {
    let specs = specs();
    let bank = specs.iter().find(|spec| spec.name == "bank-a").expect("bank-a");
    let transfer = bank.telegram("Transfer").expect("the telegram");
    let of = |seed| {
        let samples = Samples::of(bank, transfer, Options { seed, between: 3 });
        let shows: Vec<String> = samples.all.iter().map(|sample| sample.shows.clone()).collect();
        let bytes: Vec<Vec<u8>> = samples.all.into_iter().map(|sample| sample.bytes).collect();
        (shows, bytes)
    };
    let first = of(1);
    assert_eq!(first, of(1));
    let other = of(2);
    assert_eq!(first.0, other.0);
    assert!(first.1.iter().zip(&other.1).all(|(first, other)| first != other));
    assert_eq!(first.0[..3], ["between the limits", "between the limits, 2", "between the limits, 3"]);
}

/// The samples of a telegram with these items, as `what it shows = its bytes`, and the impossible ones with their reasons.
fn check(items: &str, expected: &[&str], impossible: &[&str]) {
    let text = format!(
        "spec = \"t\"\ntitle = \"t\"\nversion = \"1\"\nsource = \"t\"\ncharset = \"euc-kr\"\n[telegrams.One]\nitems = [{items}]\n"
    );
    let spec = Spec::parse("t.toml", &text).unwrap_or_else(|report| panic!("{}", report.render(false)));
    let samples = Samples::of(&spec, &spec.telegrams[0], Options::default());
    let texts: Vec<String> = samples
        .all
        .iter()
        .map(|sample| format!("{} = {}", sample.shows, String::from_utf8_lossy(&sample.bytes)))
        .collect();
    for line in expected {
        assert!(texts.iter().any(|text| text == line), "{line} is not among {texts:#?}");
    }
    let texts: Vec<String> = samples.impossible.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), impossible.len(), "{texts:#?}");
    for (text, start) in texts.iter().zip(impossible) {
        assert!(text.starts_with(start), "{text}");
    }
}

#[test]
fn a_sum_with_few_digits_limits_its_amounts() {
    check(
        r#"{ name = "count", kind = "number", len = 1, computed = "count", of = "rows" },
           { name = "total", kind = "number", len = 3, computed = "sum", of = "rows.amount" },
           { group = "rows", count = "count", max = 3, items = [{ name = "amount", kind = "number", len = 4 }] }"#,
        &[
            "rows[0].amount: largest that the sum holds = 19990999",
            "rows[0].amount: smallest = 10000000",
            "rows: empty = 0000",
        ],
        &[],
    );
    check(
        r#"{ name = "total", kind = "number", len = 4, computed = "sum", of = "rows.amount" },
           { group = "rows", count = 2, items = [{ name = "amount", kind = "number", len = 4 }] }"#,
        &["rows[0].amount: largest = 999999990000"],
        &[],
    );
}

#[test]
fn a_limit_that_no_telegram_can_have_is_named_with_the_reason() {
    check(
        r#"{ group = "rows", padded = true, max = 2, items = [{ name = "text", kind = "text", len = 2, charset = "ascii" }] },
           { name = "n", kind = "number", len = 2, none = "zeros" }"#,
        &[],
        &["rows[0].text: empty: no valid telegram shows this: "],
    );
}

#[test]
fn a_page_is_inside_its_list_and_a_length_limits_a_tail() {
    check(
        r#"{ name = "total", kind = "number", len = 2 }, { name = "start", kind = "number", len = 3 },
           { name = "count", kind = "number", len = 1, computed = "count", of = "rows" },
           { group = "rows", count = "count", max = 3, page = { total = "total", start = "start" }, items = [{ hex = "41", name = "a" }] }"#,
        &[
            "total: largest = 990011A",
            "start: largest = 990991A",
            "rows: empty = 000010",
            "rows: full, 3 entries = 030013AAA",
        ],
        &[],
    );
    check(
        r#"{ name = "len", kind = "number", len = 1, computed = "length", of = "tail" }, { name = "tail", kind = "digits", tail = true, max = 30 }"#,
        &["tail: longest = 9999999999", "tail: empty = 0"],
        &[],
    );
}

#[test]
fn a_sample_of_a_record_file_is_a_whole_file() {
    let mut files = 0;
    for spec in specs() {
        for file in &spec.files {
            for (seed, repeat) in [(1, 0), (1, 1), (2, 3), (3, 50)] {
                let sample =
                    FileSample::of(&spec, file, seed, repeat).unwrap_or_else(|why| panic!("{}: {why}", file.name));
                let lines: Vec<Json> =
                    sample.lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
                let plan = spec.file_layout(file);
                let bytes = encode_file(&plan, &lines, std::io::Cursor::new(Vec::new()));
                // A total in front needs a writer that goes back; then the lines that state it are enough.
                assert_eq!(bytes.unwrap_or_else(|error| panic!("{error}")).into_inner(), sample.bytes, "{}", file.name);
            }
            files += 1;
        }
    }
    assert!(files >= 5, "{files} files");
}

#[test]
fn the_trailer_of_a_sample_counts_its_records() {
    let specs = specs();
    let kftc = specs.iter().find(|spec| spec.name == "kftc-cms").expect("kftc-cms");
    let sample = FileSample::of(kftc, kftc.file("EB13").expect("the file"), 1, 40).expect("a sample");
    let records: Vec<&[u8]> = sample.bytes.chunks(120).collect();
    assert_eq!(records.len(), 42);
    let trailer = records[41];
    assert_eq!((trailer[0], &trailer[27..35]), (b'T', &b"00000040"[..]));
    // The kind of a request stands at byte 25 of a data record; see the sheet.
    let count = |kind: u8| records[1..41].iter().filter(|record| record[25] == kind).count();
    assert_eq!(trailer[35..43], *format!("{:08}", count(b'1')).as_bytes());
    assert_eq!(trailer[51..59], *format!("{:08}", count(b'3')).as_bytes());
}

/// Why a limit can be impossible.
const REASONS: [&str; 1] = ["this very value means \"no value\" in this field"];

/// A spec to put layouts into.
const EMPTY: &str = "spec = \"e\"\ntitle = \"t\"\nversion = \"1\"\nsource = \"t\"\ncharset = \"ascii\"\n\
                     [telegrams.One]\nitems = [{ name = \"a\", kind = \"text\", len = 1 }]\n";

/// The samples of random layouts, which have rules and nestings that no spec would have.
#[test]
fn samples_of_random_layouts_are_valid_and_what_is_impossible_has_a_reason() {
    let mut shown = 0;
    let mut impossible = 0;
    for seed in 0..LAYOUTS {
        let mut random = Random(seed);
        let bytes: Vec<u8> = (0..200).map(|_| u8::try_from(random.below(256)).unwrap_or(0)).collect();
        let telegram = TelegramSpec {
            layout: layout_of_bytes(&bytes),
            notes: Vec::new(),
            answer: None,
            like: None,
            remark: String::new(),
            view: false,
        };
        let spec = Spec { telegrams: vec![telegram.clone()], ..Spec::parse("empty.toml", EMPTY).expect("a spec") };
        let samples = Samples::of(&spec, &telegram, Options::default());
        for sample in &samples.all {
            let read =
                Record::decode(&telegram.layout, &sample.bytes).unwrap_or_else(|error| panic!("{seed}: {error}"));
            assert!(read.encode().as_ref() == Ok(&sample.bytes), "{seed}: {}", sample.shows);
        }
        for one in &samples.impossible {
            // The bytes of zero can mean that there is no value, for example. Nothing else may keep a limit from being shown.
            assert!(REASONS.iter().any(|reason| one.why.contains(reason)), "{seed}: {one}");
        }
        shown += samples.all.len();
        impossible += samples.impossible.len();
    }
    assert!(shown > 7000 && impossible < shown / 100, "{shown} samples, {impossible} impossible");
}
