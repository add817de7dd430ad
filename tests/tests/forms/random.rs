//! All forms with random values and random bytes. Allowed values survive encoding and decoding, and nothing panics.

use std::sync::LazyLock;

use fep_codec::{Layout, Record};
use fep_spec::Spec;
use fep_tests::arbitrary::{self, Random};
use fep_tests::properties::{self, patched};
use proptest::prelude::*;

static SPEC: LazyLock<Spec> =
    LazyLock::new(|| Spec::parse("forms.toml", include_str!("../generated/forms.toml")).expect("a sound spec"));

static LAYOUTS: LazyLock<Vec<&'static Layout>> =
    LazyLock::new(|| SPEC.telegrams.iter().map(|telegram| &telegram.layout).collect());

/// Returns valid bytes of a layout. Some bytes are changed, some are removed.
fn damaged(layout: &Layout, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut bytes = arbitrary::record(layout, &mut random).encode().expect("values that the layout allows");
    for _ in 0..random.below(3) {
        let at = usize::try_from(random.below(bytes.len() as u64)).expect("an index");
        let byte = if random.below(2) == 0 { b'0' + u8::try_from(random.below(10)).expect("a digit") } else { b' ' };
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
    }
    if random.below(3) == 0 {
        let end = usize::try_from(random.below(bytes.len() as u64)).expect("an index");
        bytes.truncate(end);
    }
    bytes
}

proptest! {
    #[test]
    fn any_values_come_back(seed in any::<u64>()) {
        for layout in LAYOUTS.iter() {
            properties::any_values(layout, seed);
        }
    }

    #[test]
    fn damaged_bytes_decode_or_are_refused_and_nothing_is_lost(seed in any::<u64>()) {
        for layout in LAYOUTS.iter() {
            properties::any_bytes(layout, &damaged(layout, seed));
        }
    }

    #[test]
    fn what_is_patched_and_refreshed_is_what_the_changed_record_encodes_to(seed in any::<u64>()) {
        for layout in LAYOUTS.iter() {
            patched::any_patch(layout, seed);
        }
    }

    #[test]
    fn rubbish_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for layout in LAYOUTS.iter() {
            properties::any_bytes(layout, &bytes);
        }
    }
}

#[test]
fn most_fields_can_be_patched_alone() {
    // Checks that the property above is tested with enough cases.
    for layout in LAYOUTS.iter() {
        let patched = (0..300).filter(|seed| patched::any_patch(layout, *seed)).count();
        assert!(patched > 100, "{} of 300 {}", patched, layout.name);
    }
}

#[test]
fn random_records_use_every_form() {
    // Checks that the properties above are tested with enough cases.
    let json: Vec<String> = (0..200)
        .flat_map(|seed| LAYOUTS.iter().map(move |layout| arbitrary::record(layout, &mut Random(seed))))
        .map(|record| {
            Record::decode(record.layout(), &record.encode().expect("bytes")).expect("fields").to_json_value()
        })
        .map(|json| json.to_string())
        .collect();
    for needle in
        ["\"raw\"", "\"fixed\"", "\"tax_no\"", "\"birth\"", "\"no\":3", "\"MO\"", "\"balance\":-", "\"rows\":[]"]
    {
        assert!(json.iter().any(|json| json.contains(needle)), "{needle}");
    }
}
