//! Random layouts. Specs made from random numbers load without findings, and the properties of the dynamic codec hold for all of them.
//! The committed specs have generated code. It agrees with the dynamic codec about every value, byte and error.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the whole file is a test; clippy sees only the functions with the attribute"
)]

use std::path::Path;

use fep_codec::{DecodeOwned, Layout, Record, Telegram, TelegramSet};
use fep_spec::model::Spec;
use fep_tests::arbitrary::{self, Random};
use fep_tests::generated::{random_1, random_2, random_3, random_4};
use fep_tests::properties::{self, patched, targets};
use fep_tests::random_layout::layout_of_bytes;
use fep_tests::random_spec::{COMMITTED, random_spec};

/// The number of random specs in each run.
const SPECS: u64 = 150;

/// The number of random layouts in each run.
const LAYOUTS: u64 = 500;

fn load(text: &str) -> Spec {
    Spec::parse("random.toml", text).unwrap_or_else(|report| panic!("{report}\n{text}"))
}

/// Returns valid bytes of random values, and the same bytes with one byte changed.
fn sound_and_damaged(layout: &Layout, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random(seed);
    let Ok(sound) = arbitrary::record(layout, &mut random).encode() else { return Vec::new() };
    let mut damaged = sound.clone();
    if !damaged.is_empty() {
        let at = usize::try_from(random.below(damaged.len() as u64)).unwrap();
        damaged[at] = u8::try_from(random.below(256)).unwrap();
    }
    vec![sound, damaged]
}

#[test]
fn random_specs_are_clean_and_the_dynamic_codec_loses_nothing() {
    let mut decoded = 0;
    for seed in 0..SPECS {
        let spec = load(&random_spec("random", seed));
        for telegram in &spec.telegrams {
            for bytes in (0..4).flat_map(|value| sound_and_damaged(&telegram.layout, seed * 1000 + value)) {
                properties::any_bytes(&telegram.layout, &bytes);
                let other = properties::any_forms(&telegram.layout, &bytes, seed);
                if other != bytes {
                    properties::any_bytes(&telegram.layout, &other);
                }
                decoded += 1;
            }
            patched::any_patch(&telegram.layout, seed);
        }
    }
    assert!(decoded > 2000, "{decoded}");
}

#[test]
fn any_layout_has_the_properties_with_values_in_all_their_forms() {
    let mut varied = 0;
    for seed in 0..LAYOUTS {
        let mut random = Random(seed);
        let dice = 20 + random.small(180);
        let mut input: Vec<u8> = (0..dice + 2 + 8).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        input[0] = u8::try_from(dice).unwrap();
        // The seed bit: the bytes behind the dice are the seed of values.
        input[1] |= 1 << 5;
        targets::layouts(&input);
        let layout = layout_of_bytes(&input[2..2 + dice]);
        if let Ok(sound) = arbitrary::record(&layout, &mut random).encode() {
            varied += u32::from(properties::any_forms(&layout, &sound, seed) != sound);
        }
    }
    assert!(varied > 60, "{varied}");
}

#[test]
fn the_committed_specs_are_what_their_seeds_make_today() {
    for seed in COMMITTED {
        let name = format!("random-{seed}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generated").join(&name).with_extension("toml");
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(committed == random_spec(&name, seed), "{}: run `random-specs tests/tests/generated`", path.display());
    }
}

fn agree<T: DecodeOwned + Telegram>() {
    let mut read = 0;
    for seed in 0..300 {
        for bytes in sound_and_damaged(T::LAYOUT, seed) {
            properties::same_as_record::<T>(&bytes);
            properties::same_as_record::<T>(&properties::any_forms(T::LAYOUT, &bytes, seed));
            read += u32::from(T::decode(&bytes).is_ok());
        }
    }
    assert!(read > 100, "{} of 600 {}", read, T::LAYOUT.name);
}

#[test]
fn generated_code_of_random_specs_agrees_with_the_dynamic_codec() {
    macro_rules! all {
        ($($module:ident: $($telegram:ident)*;)*) => { $($(agree::<$module::$telegram>();)*)* };
    }
    all! {
        random_1: T0 T1 T2 T3;
        random_2: T0 T1 T2 T3;
        random_3: T0 T1 T2 T3;
        random_4: T0 T1 T2 T3;
    }
}

/// Bytes of random values with the codes of the telegram, or empty if the values cannot be encoded together.
fn identified(layout: &Layout, random: &mut Random) -> Vec<u8> {
    let mut record = arbitrary::record(layout, random);
    for when in layout.when.iter() {
        let field = layout.span(&when.path).unwrap().field;
        record.set(&when.path, field.code_value(&when.value)).unwrap();
    }
    record.encode().unwrap_or_default()
}

/// The telegram that the enum of generated code finds, by its name: that of the first telegram whose marks hold.
fn same_recognition<S: TelegramSet<'static> + std::fmt::Debug>(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generated").join(name).with_extension("toml");
    let spec = load(&std::fs::read_to_string(path).unwrap());
    let mut recognised = [0; 4];
    for seed in 0..400 {
        let random = &mut Random(seed);
        let which = random.small(4);
        let mut bytes = identified(S::LAYOUTS[which], random);
        if bytes.is_empty() {
            continue;
        }
        assert!(S::LAYOUTS[which].recognises(&bytes), "seed {seed}: its own codes");
        bytes = arbitrary::other_forms(S::LAYOUTS[which], &bytes, random);
        // The tag and the mark behind it become others, or the marks of another telegram.
        if random.below(2) == 0 {
            let end = bytes.len().min(5);
            bytes[random.small(end)] = b"T0123 A\xFE\xFF\x0A\x2C"[random.small(11)];
        }
        let first = S::LAYOUTS.iter().position(|layout| layout.recognises(&bytes));
        let expected = first.or_else(|| Layout::claimed(S::LAYOUTS, &bytes));
        assert_eq!(Layout::choose(S::LAYOUTS, &bytes), expected, "seed {seed}");
        let telegram = spec.choose(&bytes).ok().map(fep_spec::model::TelegramSpec::name);
        assert_eq!(telegram, expected.map(|index| &*S::LAYOUTS[index].name), "seed {seed}");
        let leaked: &'static [u8] = bytes.clone().leak();
        match (S::decode_any(leaked), expected) {
            (Ok(found), Some(index)) => {
                assert!(format!("{found:?}").starts_with(&format!("T{index}(")), "seed {seed}: {found:?}");
                recognised[index] += 1;
            }
            (Err(error), Some(index)) => {
                let by_layout = Record::decode(S::LAYOUTS[index], &bytes).unwrap_err();
                assert_eq!(error.to_string(), by_layout.to_string(), "seed {seed}");
            }
            (found, None) => assert!(found.is_err(), "seed {seed}: {found:?}"),
        }
    }
    assert!(recognised.iter().all(|count| *count > 10), "{name}: {recognised:?}");
}

#[test]
fn the_enums_of_generated_code_find_the_telegram_that_the_marks_say() {
    same_recognition::<random_1::Random1>("random-1");
    same_recognition::<random_2::Random2>("random-2");
    same_recognition::<random_3::Random3>("random-3");
    same_recognition::<random_4::Random4>("random-4");
}
