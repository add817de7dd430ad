//! Moves fuzz inputs: `seed` puts golden bytes, specs and the kept inputs where cargo-fuzz looks for them, `keep` takes the smallest
//! inputs of a minimised corpus (`cargo fuzz cmin`) into `tests/corpus`, one line of hex digits each.

#![allow(clippy::print_stdout, reason = "a command that says what it did")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use fep_tests::golden::{Golden, from_hex, to_hex};
use fep_tests::properties::targets::TARGETS;

const KEPT_MAX: usize = 60;
const KEPT_MAX_BYTES: usize = 700;
const SPECS: [&str; 5] = ["bank-a", "kftc-cms", "nacha", "nts-vat", "quote-c"];

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("seed") => TARGETS.iter().try_for_each(|(target, _)| seed(target)),
        Some("keep") => TARGETS.iter().try_for_each(|(target, _)| keep(target)),
        _ => Err("say `seed` or `keep`".into()),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn kept(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target).with_extension("hex")
}

fn seed(target: &str) -> Result<(), Box<dyn Error>> {
    let folder = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&folder)?;
    let golden = SPECS.iter().flat_map(|spec| Golden::names(spec)).map(|name| Golden::load(&name));
    let mut inputs: Vec<Vec<u8>> = match target {
        "spec" => {
            let file = |spec: &&str| fs::read(root().join("specs").join(spec).join(spec).with_extension("toml"));
            SPECS.iter().map(file).collect::<Result<_, _>>()?
        }
        "json" => golden.map(|golden| golden.fields.to_string().into_bytes()).collect(),
        "frames" => golden.map(|golden| [&[9, 0], golden.bytes.as_slice()].concat()).collect(),
        "record_file" => golden.map(|golden| [&[7; 8], golden.bytes.as_slice()].concat()).collect(),
        _ => golden.map(|golden| golden.bytes).collect(),
    };
    let lines = fs::read_to_string(kept(target)).unwrap_or_default();
    inputs.extend(lines.lines().filter_map(from_hex));
    for (number, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), input)?;
    }
    println!("{target}: {} seeds", inputs.len());
    Ok(())
}

fn keep(target: &str) -> Result<(), Box<dyn Error>> {
    let mut inputs = BTreeSet::new();
    for entry in fs::read_dir(root().join("fuzz/corpus").join(target))? {
        let path = entry?.path();
        let is_seed = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed-"));
        let input = fs::read(path)?;
        if !is_seed && input.len() <= KEPT_MAX_BYTES {
            inputs.insert((input.len(), input));
        }
    }
    // Some of every length, not the shortest only.
    let step = inputs.len().div_ceil(KEPT_MAX).max(1);
    let lines: Vec<String> = inputs.iter().step_by(step).map(|(_, input)| to_hex(input) + "\n").collect();
    println!("{target}: {} of {} inputs", lines.len(), inputs.len());
    Ok(fs::write(kept(target), lines.concat())?)
}
