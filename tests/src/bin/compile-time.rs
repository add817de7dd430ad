//! Measures how long `#[derive(Telegram)]` takes on a struct of ninety fields. It compares the example `ninety` with the same struct
//! without the derive.
//!
//! On Linux it measures the processor time of the compiler, which does not depend on the load. On other systems it measures elapsed time.

#![allow(clippy::print_stdout, reason = "the table is what this command is for")]

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    println!("| cargo {{check, build}} of | check, ms | build, ms |\n|---|--:|--:|");
    let mut all = Vec::new();
    for example in ["ninety", "ninety_plain"] {
        let [check, build] = [median("check", example)?, median("build", example)?];
        println!("| {example} | {} | {} |", check.as_millis(), build.as_millis());
        all.push([check, build]);
    }
    if let [[check, build], [plain_check, plain_build]] = all.as_slice() {
        let [check, build] = [check.saturating_sub(*plain_check), build.saturating_sub(*plain_build)];
        println!("| **the derive** | {} | {} |", check.as_millis(), build.as_millis());
    }
    Ok(())
}

/// The median of several runs. The file changes before each run.
fn median(command: &str, example: &str) -> Result<Duration, Box<dyn Error>> {
    run(command, example)?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example).with_extension("rs");
        std::fs::File::options().append(true).open(file)?.set_modified(SystemTime::now())?;
        let start = Instant::now();
        let used = used_by_children();
        run(command, example)?;
        let used = used_by_children().zip(used).map(|(after, before)| after.saturating_sub(before));
        times.push(used.unwrap_or_else(|| start.elapsed()));
    }
    times.sort();
    Ok(times.get(RUNS / 2).copied().unwrap_or_default())
}

/// The processor time of all commands so far, from Linux: in hundredths of a second, the 14th and 15th number behind the name.
fn used_by_children() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let numbers: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| numbers.get(at)?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks(13)? + ticks(14)?) * 10))
}

fn run(command: &str, example: &str) -> Result<(), Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args([command, "-q", "-p", "fep-tests", "--example", example]).status()?;
    if status.success() { Ok(()) } else { Err(format!("cargo {command} of {example} failed").into()) }
}
