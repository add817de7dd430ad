//! Damaged sheets and copybooks: whatever is cut, doubled or replaced in one, it is imported or refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::Path;

use fep_tests::arbitrary::Random;
use fep_tests::properties::targets::import;

#[test]
fn a_damaged_source_is_imported_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fep-spec/tests");
    let mut count = 0;
    for (kind, which) in [("copybooks", 0_u8), ("sheets", 1)] {
        for entry in fs::read_dir(folder.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if !path.extension().is_some_and(|ending| ending == "cpy" || ending == "csv") {
                continue;
            }
            let source = fs::read(&path).unwrap();
            for seed in 0..60 {
                import(&[&[which | (seed & 6)], damaged(&source, u64::from(seed)).as_slice()].concat());
                count += 1;
            }
        }
    }
    assert!(count > 600, "{count}");
}

/// The source with some pieces cut out, doubled, moved to the end or replaced.
fn damaged(source: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random(seed ^ 0x00DA_4A6E);
    let mut below = |end: usize| usize::try_from(random.below(u64::try_from(end.max(1)).unwrap())).unwrap();
    let mut bytes = source.to_vec();
    for _ in 0..=below(4) {
        let start = below(bytes.len());
        let end = (start + below(40)).min(bytes.len());
        let piece = bytes[start..end].to_vec();
        match below(5) {
            0 => drop(bytes.drain(start..end)),
            1 => drop(bytes.splice(start..start, piece)),
            2 => bytes.extend(piece),
            3 => drop(bytes.splice(start..end, *b"99999999999999999999")),
            _ => drop(bytes.splice(start..end, [b",\"\n().'=*"[below(9)]; 3])),
        }
    }
    bytes
}
