//! Checks the page about spec files: its TOML is one valid spec, and its JSON and its bytes convert to each other.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use fep_codec::lenient::Lenient;
use fep_spec::codec;
use fep_spec::model::{Spec, SpecSet};

const PAGE: &str = include_str!("../src/spec_file.md");

/// The content of the page's code blocks in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    PAGE.split(&opening).skip(1).map(|behind| behind.split_once("```").expect("an end").0).collect()
}

fn spec() -> Spec {
    let checked = Spec::check("spec_file.md", &blocks("toml").concat());
    assert!(checked.report.is_clean(), "{}", checked.report);
    checked.spec.expect("a spec")
}

/// The bytes of a byte picture, where `\xC1` is a byte. The spaces between fields are for readers, so both sides drop all spaces.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.trim_end_matches('\n');
    while let Some((before, behind)) = rest.split_once("\\x") {
        bytes.extend(before.bytes());
        let (digits, behind) = behind.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).expect("hex"));
        rest = behind;
    }
    bytes.extend(rest.bytes());
    bytes.retain(|byte| *byte != b' ');
    bytes
}

#[test]
fn the_examples_are_one_spec() {
    let spec = spec();
    assert!(spec.telegram("Transfer").is_some() && spec.file("EB13").is_some());
}

#[test]
fn json_and_bytes_are_each_others() {
    let specs = SpecSet { specs: vec![spec()] };
    let texts: Vec<&str> = blocks("text").into_iter().filter(|text| text.starts_with('0')).collect();
    let jsons = blocks("json");
    assert_eq!((jsons.len(), texts.len()), (3, 3));
    for (json, text) in jsons.into_iter().zip(texts) {
        let envelope = codec::values(json).next().expect("an object").expect("JSON");
        let encoded = codec::encode(&specs, &envelope).unwrap_or_else(|error| panic!("{error}"));
        let without_spaces: Vec<u8> = encoded.iter().copied().filter(|byte| *byte != b' ').collect();
        assert_eq!(without_spaces, bytes(text), "{}", encoded.escape_ascii());
        let telegram = specs.choose(&encoded).expect("a `when` that holds");
        let (line, _) = codec::decode(telegram, &encoded, Lenient::STRICT).expect("it reads");
        let decoded = codec::values(&line).next().expect("an object").expect("JSON");
        assert_eq!(codec::encode(&specs, &decoded).ok(), Some(encoded));
    }
}
