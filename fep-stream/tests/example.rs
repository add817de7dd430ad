//! The example `quotes` runs, and the guide for service developers shows what is in it.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]
#![allow(dead_code, reason = "the example has a `main`")]

#[path = "../examples/quotes/main.rs"]
mod quotes;

use std::path::Path;

#[tokio::test]
async fn the_example_sees_every_quote_once() {
    let folder = tempfile::tempdir().unwrap();
    let shown = quotes::day(&folder.path().join("day.feed")).await.unwrap();
    let [all, twice, screen, late, recording] = shown.as_slice() else { unreachable!("five lines: {shown:?}") };
    assert_eq!(all, "900 quotes and 100 deals in order, lost 0");
    assert!(twice.starts_with("the two feeds brought "), "{twice}");
    assert_eq!(screen, "the screen shows the same last prices: true");
    assert_eq!(late, "a late joiner gets 76 telegrams, then all from 1000 on");
    assert_eq!(recording, "the recording has 900 quotes and 100 deals");
}

/// Each `rust` block of the guide's section stands in the example, with another indentation.
#[test]
fn the_guide_shows_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lines = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let example = lines(&std::fs::read_to_string(root.join("examples/quotes/main.rs")).unwrap());
    let guide = std::fs::read_to_string(root.join("../docs/service.md")).unwrap();
    let blocks: Vec<&str> = guide.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 2, "the guide has {} blocks", blocks.len());
    for block in blocks {
        // A block may leave something out between its parts.
        for part in block.split("// …") {
            assert!(example.contains(&lines(part)), "not in the example:\n{part}");
        }
    }
}
