//! Comparison with the tables of other programs: ICU, Python, glibc, Java. Each test reports the programs that are missing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fep_codec::Charset;
use fep_tests::tools::missing;

use super::known::{Case, KNOWN};
use super::{Decoded, Encoded, decoded, encoded};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oracle {
    Icu,
    Python,
    Glibc,
    Java,
}

use Oracle::{Glibc, Icu, Java, Python};

/// Runs an oracle and returns its tables for the charsets that it knows. Empty if the program is missing.
fn ask(oracle: Oracle, charsets: &[&str]) -> BTreeMap<String, Both> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charsets");
    let (program, arguments) = match oracle {
        Java => ("java", vec![folder.join("Oracle.java")]),
        Icu => ("python3", vec![folder.join("oracle.py"), "icu".into()]),
        Python => ("python3", vec![folder.join("oracle.py"), "python".into()]),
        Glibc => ("python3", vec![folder.join("oracle.py"), "glibc".into()]),
    };
    let output = Command::new(program).args(arguments).args(charsets).output().ok();
    // Java starts and fails if its compiler is missing. So does Python if `uconv` is missing.
    let Some(output) = output.filter(|output| output.status.success()) else {
        missing(&format!("{oracle:?}"), "default-jdk-headless icu-devtools python3");
        return BTreeMap::new();
    };
    let mut all = BTreeMap::new();
    let mut latest: Option<&mut (Decoded, Encoded)> = None;
    for line in str::from_utf8(&output.stdout).unwrap().lines() {
        let mut words = line.split(' ');
        let what = words.next().unwrap();
        let first = words.next().unwrap();
        match (what, &mut latest) {
            ("d", Some((reading, _))) => {
                reading.insert(bytes(first), words.map(character).collect());
            }
            ("e", Some((_, writing))) => {
                writing.insert(character(first), bytes(words.next().unwrap()));
            }
            _ => latest = Some(all.entry(first.to_owned()).or_default()),
        }
    }
    all
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn character(hex: &str) -> char {
    char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap()
}

type Both = (Decoded, Encoded);

/// Returns the unknown differences, one per line. Marks in `seen` the known differences that occurred.
fn differences(oracle: Oracle, charset: Charset, ours: &Both, theirs: &Both, seen: &mut [bool]) -> Vec<String> {
    let (reading, writing) = ours;
    let mut is_known = |case: &Case<'_>| {
        let known = KNOWN.iter().position(|known| {
            let of_charset = known.charsets.is_empty() || known.charsets.contains(&charset.label());
            of_charset && known.oracles.contains(&oracle) && (known.is)(case)
        });
        known.inspect(|number| seen[*number] = true).is_some()
    };
    let text = |text: Option<&String>| text.map(|text| text.clone().into_bytes());
    let mut lines = Vec::new();
    for code in reading.keys().chain(theirs.0.keys().filter(|code| !reading.contains_key(*code))) {
        let ours = text(reading.get(code));
        let theirs = text(theirs.0.get(code));
        let case = Case { character: None, code: Some(code), ours, theirs, reading };
        if case.ours != case.theirs && !is_known(&case) {
            lines.push(format!("{charset} {oracle:?} reads {}: {:?}, we {:?}", hex(code), case.theirs, case.ours));
        }
    }
    for character in writing.keys().chain(theirs.1.keys().filter(|character| !writing.contains_key(*character))) {
        let ours = writing.get(character).cloned();
        let theirs = theirs.1.get(character).cloned();
        let case = Case { character: Some(*character), code: None, ours, theirs, reading };
        if case.ours != case.theirs && !is_known(&case) {
            let point = u32::from(*character);
            lines.push(format!("{charset} {oracle:?} writes {point:04X}: {:02X?}, we {:02X?}", case.theirs, case.ours));
        }
    }
    lines
}

fn hex(code: &[u8]) -> String {
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares every code and every character of the oracles' charsets.
#[test]
fn other_programs_agree() {
    let mut lines = Vec::new();
    let mut seen = vec![false; KNOWN.len()];
    let charsets: Vec<_> = Charset::ALL.iter().filter(|charset| **charset != Charset::Utf8).collect();
    let labels: Vec<_> = charsets.iter().map(|charset| charset.label()).collect();
    let asked: Vec<_> = std::thread::scope(|scope| {
        let labels = &labels;
        let running = [Icu, Python, Glibc, Java].map(|oracle| (oracle, scope.spawn(move || ask(oracle, labels))));
        running.into_iter().map(|(oracle, asked)| (oracle, asked.join().unwrap())).collect()
    });
    let all_there = asked.iter().all(|(_, theirs)| !theirs.is_empty());
    for charset in charsets {
        let ours = (decoded(*charset), encoded(*charset));
        for (oracle, theirs) in &asked {
            match theirs.get(charset.label()) {
                Some(theirs) => lines.extend(differences(*oracle, *charset, &ours, theirs, &mut seen)),
                None => println!("{oracle:?} is not here or does not know {charset}"),
            }
        }
    }
    assert!(lines.is_empty(), "{} differences:\n{}", lines.len(), lines[..lines.len().min(40)].join("\n"));
    let unseen = KNOWN.iter().zip(seen).filter(|(_, seen)| !seen).map(|(known, _)| known.why);
    let unseen: Vec<_> = unseen.filter(|_| all_there).collect();
    assert!(unseen.is_empty(), "known differences that are none: {unseen:?}");
}
