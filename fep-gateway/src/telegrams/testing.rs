//! What the tests of telegrams share: the golden telegrams of the workspace. They are read when a test runs, because the package of
//! this crate contains only its own folder.

use std::path::Path;

use serde_json::Value as Json;

/// The fields and the bytes of a golden telegram, for example `bank-a-transfer.json`.
pub(super) fn golden(name: &str) -> (Json, Vec<u8>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(name);
    let golden: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let hex = golden["hex"].as_str().unwrap();
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    (golden["fields"].clone(), bytes)
}
