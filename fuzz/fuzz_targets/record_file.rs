//! Any bytes as a record file of any spec: the same records in pieces of any size, and the same bytes again.

#![no_main]

use std::sync::LazyLock;

use fep_codec::files::FileLayout;
use fep_spec::model::SpecSet;
use fep_tests::properties;
use libfuzzer_sys::fuzz_target;

static PLANS: LazyLock<Vec<FileLayout>> = LazyLock::new(|| {
    let specs = SpecSet::load(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs").as_ref());
    let specs = specs.map(|set| set.specs).unwrap_or_default();
    specs.iter().flat_map(|spec| spec.files.iter().map(|file| spec.file_layout(file))).collect()
});

fuzz_target!(|input: (u64, &[u8])| {
    for plan in PLANS.iter() {
        properties::any_file(plan, input.1, input.0);
    }
});
