//! `fep decode` on a million telegrams, and on a record file, beside the library that does the same work in memory.
//!
//! The rows are bytes of input per second, and the ratio to the library in the same round. The command reads a file, and its lines go to a
//! pipe that this program reads. The rounds alternate, and the table shows the best round and the median of the ratios.

#[path = "../records/eb13.rs"]
mod eb13;

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fep_codec::Record;
use fep_codec::files::FileReader;
use fep_spec::codec;
use fep_spec::model::{Named, SpecSet};
use fep_tests::golden::Golden;

use crate::{ROUNDS, timed};

/// One input, and the words that make `fep` read it.
struct Input {
    name: &'static str,
    spec: PathBuf,
    telegram: &'static str,
    bytes: Vec<u8>,
}

/// Prints the table.
pub(crate) fn measure(root: &Path, fep: &Path, count: usize) {
    let transfer = Golden::load("bank-a-transfer").bytes;
    let records = Golden::load("kftc-cms-eb13").bytes;
    let inputs = [
        Input {
            name: "telegrams of 300 bytes",
            spec: root.join("specs/bank-a/bank-a.toml"),
            telegram: "Transfer",
            bytes: transfer.repeat(count),
        },
        Input {
            name: "a record file, 120 bytes each",
            spec: root.join("specs/kftc-cms/kftc-cms.toml"),
            telegram: "EB13",
            bytes: eb13::file(&records.get(120..480).expect("three data records").repeat(count / 3)),
        },
    ];
    println!(
        "| {count} | `fep decode`, MB/s | library with JSON, MB/s | library without JSON, MB/s | command / library with JSON |"
    );
    println!("|---|--:|--:|--:|--:|");
    for input in &inputs {
        one(fep, input);
    }
}

fn one(fep: &Path, input: &Input) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("input");
    std::fs::File::create(&file).and_then(|mut out| out.write_all(&input.bytes)).expect("writes the input");
    let mut command = Vec::new();
    let mut with_json = Vec::new();
    let mut plain = Vec::new();
    for _ in 0..ROUNDS {
        let (time, lines) = timed(|| run(fep, input, &file));
        command.push(time);
        let (time, own) = timed(|| library(input, true));
        with_json.push(time);
        assert_eq!(lines, own, "both print the same number of bytes");
        plain.push(timed(|| library(input, false)).0);
    }
    let mut ratios: Vec<f64> = command.iter().zip(&with_json).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    let rate = |times: &[Duration]| {
        let best = times.iter().min().copied().unwrap_or_default().as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
        let bytes = input.bytes.len() as f64;
        bytes / best / 1e6
    };
    let ratio = ratios.get(ROUNDS / 2).copied().unwrap_or_default();
    println!("| {} | {:.0} | {:.0} | {:.0} | {ratio:.2} |", input.name, rate(&command), rate(&with_json), rate(&plain));
}

/// Runs the command and returns the number of bytes that it printed.
fn run(fep: &Path, input: &Input, file: &Path) -> usize {
    let mut command = Command::new(fep);
    command.args(["decode", "--spec"]).arg(&input.spec).args(["--telegram", input.telegram]).arg(file);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut piece = vec![0; 1 << 16];
    let mut printed = 0;
    loop {
        match stdout.read(&mut piece).expect("reads the pipe") {
            0 => break,
            len => printed += len,
        }
    }
    assert!(child.wait().expect("ends").success(), "the command reads the telegrams");
    printed
}

/// Does the same with the library, in memory. Returns the number of bytes of the lines.
fn library(input: &Input, json: bool) -> usize {
    let specs = SpecSet::load(&input.spec).expect("a spec");
    let print = |record: Record<'_>| {
        if json {
            return black_box(codec::line(&record)).len() + 1;
        }
        black_box(record);
        0
    };
    match specs.named(input.telegram).expect("the spec has it") {
        Named::Telegram(telegram) => {
            let len = telegram.layout.fixed_len().expect("a fixed length");
            let decode = |bytes| Record::decode(&telegram.layout, bytes).expect("reads");
            input.bytes.chunks(len).map(|bytes| print(decode(bytes))).sum()
        }
        Named::File(spec, file) => {
            let plan = spec.file_layout(file);
            let mut reader = FileReader::new(&plan, &*input.bytes).expect("a plan");
            let mut printed = 0;
            while let Some(record) = reader.next() {
                let record = record.expect("a record");
                printed += print(Record::decode(record.layout, record.bytes).expect("reads"));
            }
            printed
        }
    }
}
