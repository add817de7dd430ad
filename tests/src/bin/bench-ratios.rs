//! The last benchmark run as a table of ratios to the hand-written codec. It measures nothing itself.

#![allow(clippy::print_stdout, reason = "the table is what this command is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

const GROUPS: [&str; 3] = ["decode", "encode", "one field"];
const BASE: &str = "hand-written";

fn main() -> ExitCode {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let mut found = false;
    for group in GROUPS {
        let mut rows = medians(&target.join("criterion").join(group));
        rows.sort_by(|a, b| a.1.total_cmp(&b.1));
        let Some(base) = rows.iter().find(|(name, _)| name == BASE).map(|(_, median)| *median) else { continue };
        found = true;
        println!("| {group} | ns | times hand-written |\n|---|--:|--:|");
        for (name, median) in rows {
            println!("| {name} | {median:.1} | {:.2} |", median / base);
        }
        println!();
    }
    if found {
        return ExitCode::SUCCESS;
    }
    println!("no benchmark results; run `cargo bench -p fep-tests` first");
    ExitCode::FAILURE
}

/// Criterion leaves `GROUP/BENCH/new/{benchmark,estimates}.json`.
fn medians(group: &Path) -> Vec<(String, f64)> {
    let Ok(entries) = std::fs::read_dir(group) else { return Vec::new() };
    entries.flatten().filter_map(|entry| median(&entry.path().join("new"))).collect()
}

fn median(folder: &Path) -> Option<(String, f64)> {
    let json =
        |file: &str| -> Option<Value> { serde_json::from_str(&std::fs::read_to_string(folder.join(file)).ok()?).ok() };
    let name = json("benchmark.json")?.get("function_id")?.as_str()?.to_owned();
    let median = json("estimates.json")?.get("median")?.get("point_estimate")?.as_f64()?;
    Some((name, median))
}
