//! `make demo-cluster`, from its beginning to the comparison with the bank's record.

use std::path::Path;
use std::process::Command;

#[test]
fn the_demo_of_two_gateways_ends_with_what_the_bank_has() {
    // `cargo test` builds examples beside the tests.
    let demo = Path::new(env!("CARGO_BIN_EXE_fep-gateway")).with_file_name("examples").join("cluster");
    if !demo.exists() {
        let why = "skipped: the example `cluster` is not built; cargo test --features postgres,redis builds it";
        assert!(std::env::var_os("FEP_CI").is_none(), "{why}");
        eprintln!("{why}");
        return;
    }
    let output = Command::new(demo).arg("--once").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let why = String::from_utf8(output.stderr).unwrap();
    if why.contains("is missing: apt-get install") && std::env::var_os("FEP_CI").is_none() {
        eprintln!("skipped: {}", why.trim());
        return;
    }
    assert!(output.status.success(), "{shown}\n{why}");
    for said in [
        "The bank has 24 transfers.",
        "taken over by b: 0 in flight, 0 to settle; b writes: 0 in flight, 0 to settle",
        "The bank got 0 of these.",
        "120 orders: ",
        "0 of them twice. 0 orders of which the gateways and the bank say different things.",
    ] {
        assert!(shown.contains(said), "it lacks {said:?}:\n{shown}");
    }
}
