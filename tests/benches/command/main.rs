//! Measures the command `fep`: decoding beside the library, checking many specs, importing a large workbook.
//!
//! Run it with `cargo bench -p fep-tests --bench command`, or a part of it: `-- decode`, `-- check`, `-- import`. The number of telegrams to
//! decode can be given as an argument.

#![allow(clippy::expect_used, clippy::print_stdout, missing_docs, reason = "a benchmark: it panics without its data")]

mod decode;
mod check;
mod import;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let named = |part: &str| arguments.iter().any(|argument| argument == part);
    let all = !["decode", "check", "import"].into_iter().any(named);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let fep = build(root);
    if all || named("decode") {
        decode::measure(root, &fep, count);
    }
    if all || named("check") {
        check::measure(&fep);
    }
    if all || named("import") {
        import::measure(&fep);
    }
}

/// Builds the command as this bench was built, so that no older one is measured.
fn build(root: &Path) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--profile", "bench", "-p", "fep-spec", "--bin", "fep"];
    let status = Command::new(cargo).args(arguments).current_dir(root).status().expect("cargo");
    assert!(status.success(), "the command was not built");
    let bench = std::env::current_exe().expect("the path of this bench");
    bench.ancestors().nth(2).expect("the folder of the profile").join("fep")
}

fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = run();
    (start.elapsed(), result)
}

/// Runs the command with nothing to read or write but files, and prints the best and the median time.
fn seconds(fep: &Path, arguments: &[&str], what: &str) {
    let run = || {
        let mut command = Command::new(fep);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().expect("starts").success(), "the command does its work: {arguments:?}");
    };
    let mut times: Vec<Duration> = (0..2 * ROUNDS).map(|_| timed(run).0).collect();
    times.sort();
    let at = |index: usize| times.get(index).copied().unwrap_or_default().as_secs_f64();
    println!("| {what} | {:.2} | {:.2} |", at(0), at(ROUNDS));
}
