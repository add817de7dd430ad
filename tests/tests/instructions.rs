//! The instructions that the codec takes, beside those of a careful hand-written codec in the same program: limits that a change may not pass
//! unnoticed. Noise does not touch them. `BENCHMARKS.md` has the numbers themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// How many times the instructions of the other row a row may take, in percent. The goals of decode and encode are 40 and 50: the rest is for the next
/// compiler.
const LIMITS: [(&str, &str, u64); 11] = [
    ("decode/derived", "decode/hand-written", 42),
    ("encode/derived", "encode/hand-written", 52),
    ("decode/generated", "decode/hand-written", 65),
    ("encode/generated", "encode/hand-written", 85),
    ("decode/record", "decode/hand-written", 225),
    ("encode/record", "encode/hand-written", 200),
    ("decode/plan", "decode/hand-written", 140),
    ("encode/plan", "encode/hand-written", 120),
    ("records/borrowed", "decode/hand-written", 26),
    ("mixed/decode/ours", "mixed/decode/encoding_rs", 75),
    ("mixed/encode/ours", "mixed/encode/encoding_rs", 95),
];

#[test]
fn the_codec_takes_no_more_instructions_than_it_should() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        assert!(std::env::var_os("FEP_CI").is_none(), "valgrind is missing: apt-get install valgrind");
        eprintln!("skipped: valgrind is missing (Debian: apt-get install valgrind); instructions are not counted");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/instructions.sh");
    let rows: BTreeSet<&str> = LIMITS.iter().flat_map(|(row, other, _)| [*row, *other]).collect();
    let output = Command::new(script).args(rows).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    let counts: BTreeMap<&str, u64> = table
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(row, count)| (row, count.trim().parse().unwrap()))
        .collect();
    for (row, other, percent) in LIMITS {
        let count = counts[row];
        let of = counts[other];
        assert!(count > 100 && of > 100, "nothing was counted: {table}");
        assert!(count * 100 <= of * percent, "{row} takes {count}, which is over {percent} % of {of}\n{table}");
    }
}
