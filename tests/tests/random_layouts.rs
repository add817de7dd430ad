//! Random layouts. Specs made from random numbers load without findings, and the properties of the dynamic codec hold for all of them.
//! The committed specs have generated code. It agrees with the dynamic codec about every value, byte and error.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the whole file is a test; clippy sees only the functions with the attribute"
)]

use std::path::Path;

use fep_codec::{DecodeOwned, Layout, Telegram};
use fep_spec::model::Spec;
use fep_tests::arbitrary::{self, Random};
use fep_tests::generated::{random_1, random_2, random_3, random_4};
use fep_tests::properties::{self, patched};
use fep_tests::random_spec::{COMMITTED, random_spec};

/// The number of random specs in each run.
const SPECS: u64 = 150;

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
                decoded += 1;
            }
            patched::any_patch(&telegram.layout, seed);
        }
    }
    assert!(decoded > 2000, "{decoded}");
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
