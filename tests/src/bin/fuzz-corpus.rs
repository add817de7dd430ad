//! Moves fuzz inputs. `seed` writes valid telegrams, files, specs and the kept inputs to the folder that cargo-fuzz reads. `keep` copies
//! some inputs of a minimised corpus (`cargo fuzz cmin`) into `tests/corpus`, one line of hex digits each.

#![allow(clippy::print_stdout, reason = "a command that says what it did")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use fep_codec::{Charset, Layout, Record};
use fep_tests::arbitrary::{self, Random};
use fep_tests::golden::{Golden, from_hex, to_hex};
use fep_tests::properties::targets::{DERIVED, LAYOUTS, PLANS, TARGETS};
use fep_tests::random_layout::layout_of_bytes;

/// The limits in bytes of one kept input, and of all kept inputs of a target. A person can still read through that many.
const KEPT_MAX_BYTES: usize = 700;
const KEPT_TOTAL_MAX_BYTES: usize = 18_000;

const SPECS: [&str; 7] = ["bank-a", "host-b", "kftc-cms", "nacha", "nts-vat", "quote-c", "zengin"];
/// Specs that exist only for tests.
const TEST_SPECS: [&str; 4] = ["forms", "kinds", "random-1", "random-2"];

type Inputs = Result<Vec<Vec<u8>>, Box<dyn Error>>;

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
    let mut inputs = match target {
        "decode_dynamic" => telegrams(LAYOUTS.iter().copied()),
        "decode_derived" => telegrams(DERIVED.iter().map(|(_, layout, _)| *layout)),
        "layouts" => (0..300).filter_map(layout).collect(),
        "spec" => specs()?,
        "json" => json(),
        "frames" => golden().map(|golden| [&[9, 0], golden.bytes.as_slice()].concat()).collect(),
        "record_file" => files(),
        "text" => texts(),
        "import" => sources()?,
        "capture" => captures()?,
        "edited" => edits(),
        _ => Vec::new(),
    };
    let lines = fs::read_to_string(kept(target)).unwrap_or_default();
    inputs.extend(lines.lines().filter_map(from_hex));
    for (number, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), input)?;
    }
    println!("{target}: {} seeds", inputs.len());
    Ok(())
}

fn golden() -> impl Iterator<Item = Golden> {
    SPECS.into_iter().flat_map(Golden::names).map(|name| Golden::load(&name))
}

/// The byte that selects this element of a list.
fn choice(number: usize) -> u8 {
    u8::try_from(number).unwrap_or_default()
}

/// The byte whose high bits select the property.
fn property(number: usize) -> u8 {
    choice(number % 4) << 6
}

/// Golden bytes and random records of each layout, behind the byte that selects the layout and the byte that selects the property.
fn telegrams(layouts: impl Iterator<Item = &'static Layout>) -> Vec<Vec<u8>> {
    let golden: Vec<Golden> = golden().collect();
    let of = |(number, layout): (usize, &Layout)| {
        let random = (0..8).filter_map(|seed| arbitrary::record(layout, &mut Random(seed)).encode().ok());
        let golden = golden.iter().map(|golden| golden.bytes.clone());
        let all = random.chain(golden.filter(|bytes| Record::decode(layout, bytes).is_ok())).enumerate();
        all.map(|(how, bytes)| [&[choice(number), property(how)], bytes.as_slice()].concat()).collect::<Vec<_>>()
    };
    layouts.enumerate().flat_map(of).collect()
}

/// Bytes that decide a layout, followed by a telegram of that layout.
fn layout(seed: u64) -> Option<Vec<u8>> {
    const DICE: u8 = 80;
    let mut random = Random(seed);
    let dice: Vec<u8> = (0..DICE).filter_map(|_| u8::try_from(random.below(256)).ok()).collect();
    let telegram = arbitrary::record(&layout_of_bytes(&dice), &mut random).encode().ok()?;
    let how = property(usize::try_from(seed).unwrap_or_default());
    Some([&[DICE, how], dice.as_slice(), &telegram].concat())
}

fn specs() -> Inputs {
    let own = SPECS.iter().map(|spec| root().join("specs").join(spec).join(spec).with_extension("toml"));
    let tests = TEST_SPECS.iter().map(|spec| root().join("tests/tests/generated").join(spec).with_extension("toml"));
    own.chain(tests).map(|file| Ok(fs::read(file)?)).collect()
}

/// Copybooks and sheets, each behind the byte that selects what it is.
fn sources() -> Inputs {
    let mut inputs = Vec::new();
    for (folder, which) in [("copybooks", 0), ("sheets", 1)] {
        for entry in fs::read_dir(root().join("fep-spec/tests").join(folder))? {
            let path = entry?.path();
            let endings = ["cpy", "csv", "xlsx", "xls", "ods"];
            if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                inputs.push([&[which], fs::read(path)?.as_slice()].concat());
            }
        }
    }
    Ok(inputs)
}

/// Captures, each behind the byte that says that it is a file, and a few packets.
fn captures() -> Inputs {
    let mut inputs = vec![b"\x01\0\0\0\x09\x00\x03abc\x05\x02fg\x02\x04cdef\x07\x01h".to_vec()];
    for entry in fs::read_dir(root().join("fep-spec/tests/captures"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "pcap" || ending == "pcapng") {
            inputs.push([&[0], fs::read(path)?.as_slice()].concat());
        }
    }
    Ok(inputs)
}

/// Random edits of each spec.
fn edits() -> Vec<Vec<u8>> {
    let of = |seed: u64| {
        let mut random = Random(seed);
        let edits = (0..4 * (1 + seed / 50)).filter_map(|_| u8::try_from(random.below(256)).ok());
        std::iter::once(choice(usize::try_from(seed % 10).unwrap_or_default())).chain(edits).collect()
    };
    (0..200).map(of).collect()
}

fn json() -> Vec<Vec<u8>> {
    let of = |(number, layout): (usize, &&'static Layout)| {
        let records = (0..3).map(|seed| arbitrary::record(layout, &mut Random(seed)).to_json_value());
        let all: Vec<_> = records.map(|json| [&[choice(number)], json.to_string().as_bytes()].concat()).collect();
        all
    };
    LAYOUTS.iter().enumerate().flat_map(of).collect()
}

/// Every golden record file, as input for every plan.
fn files() -> Vec<Vec<u8>> {
    let files: Vec<Golden> = golden().filter(|golden| golden.fields.is_array()).collect();
    let of = |number| files.iter().map(move |file| [&[choice(number)], file.bytes.as_slice()].concat());
    (0..PLANS.len()).flat_map(of).collect()
}

/// A few texts in each charset, or as UTF-8 if the charset does not have them.
fn texts() -> Vec<Vec<u8>> {
    const TEXTS: [&str; 4] = ["ABC 12-34", "홍길동 ABC", "漢字カナ ｶﾅ", "㈜가나 é한"];
    let of = |(number, charset): (usize, &Charset)| {
        let texts = TEXTS.map(|text| {
            let mut bytes = vec![0; charset.text_len(text)];
            let written = charset.encode(text, &mut bytes);
            if written.is_ok() { bytes } else { text.as_bytes().to_vec() }
        });
        texts.map(|bytes| [&[choice(number)], bytes.as_slice()].concat())
    };
    Charset::ALL.iter().enumerate().flat_map(of).collect()
}

fn keep(target: &str) -> Result<(), Box<dyn Error>> {
    let mut inputs = BTreeSet::new();
    for entry in fs::read_dir(root().join("fuzz/corpus").join(target))? {
        let input = fs::read(entry?.path())?;
        if !input.is_empty() && input.len() <= KEPT_MAX_BYTES {
            inputs.insert((input.first().copied(), input.len(), input));
        }
    }
    // The inputs are sorted by the first byte, which selects the task, and then by length. So each step keeps some of every sort.
    let total: usize = inputs.iter().map(|(_, len, _)| len).sum();
    let step = total.div_ceil(KEPT_TOTAL_MAX_BYTES).max(1);
    let lines: Vec<String> = inputs.iter().step_by(step).map(|(.., input)| to_hex(input) + "\n").collect();
    println!("{target}: {} of {} inputs", lines.len(), inputs.len());
    Ok(fs::write(kept(target), lines.concat())?)
}
