//! Other programs' tables: ICU, Python, glibc, Java. Each test says which of them were not there.

use std::path::Path;
use std::process::Command;

use fep_codec::Charset;

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

/// What an oracle says, if it is there and knows the charset.
fn ask(oracle: Oracle, charset: Charset) -> Option<(Decoded, Encoded)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charsets");
    let mut command = match oracle {
        Java => Command::new("java"),
        _ => Command::new("python3"),
    };
    match oracle {
        Java => command.arg(folder.join("Oracle.java")),
        Icu => command.arg(folder.join("oracle.py")).arg("icu"),
        Python => command.arg(folder.join("oracle.py")).arg("python"),
        Glibc => command.arg(folder.join("oracle.py")).arg("glibc"),
    };
    let output = command.arg(charset.label()).output().ok()?;
    // Java without a compiler cannot run a source file, and says so with 1.
    if !output.status.success() {
        assert!(oracle == Java || output.status.code() == Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let (mut reading, mut writing) = (Decoded::new(), Encoded::new());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let mut words = line.split(' ');
        let (way, first) = (words.next().unwrap(), words.next().unwrap());
        match way {
            "d" => {
                reading.insert(bytes(first), words.map(character).collect());
            }
            _ => {
                writing.insert(character(first), bytes(words.next().unwrap()));
            }
        }
    }
    Some((reading, writing))
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn character(hex: &str) -> char {
    char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap()
}

/// The differences that are not known, one a line. Which of the known were seen is noted.
fn differences(oracle: Oracle, charset: Charset, theirs: &(Decoded, Encoded), seen: &mut [bool]) -> Vec<String> {
    let (reading, writing) = (decoded(charset), encoded(charset));
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
        let (ours, theirs) = (text(reading.get(code)), text(theirs.0.get(code)));
        let case = Case { character: None, code: Some(code), ours, theirs, reading: &reading };
        if case.ours != case.theirs && !is_known(&case) {
            lines.push(format!("{charset} {oracle:?} reads {}: {:?}, we {:?}", hex(code), case.theirs, case.ours));
        }
    }
    for character in writing.keys().chain(theirs.1.keys().filter(|character| !writing.contains_key(*character))) {
        let (ours, theirs) = (writing.get(character).cloned(), theirs.1.get(character).cloned());
        let case = Case { character: Some(*character), code: None, ours, theirs, reading: &reading };
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

/// Every code and every character of the oracles' charsets.
#[test]
fn other_programs_agree() {
    let mut lines = Vec::new();
    let mut seen = vec![false; KNOWN.len()];
    let mut all_there = true;
    for oracle in [Icu, Python, Glibc, Java] {
        let charsets = Charset::ALL.iter().filter(|charset| **charset != Charset::Utf8);
        let (there, not): (Vec<_>, Vec<_>) =
            charsets.map(|charset| (*charset, ask(oracle, *charset))).partition(|(_, theirs)| theirs.is_some());
        let not: Vec<_> = not.iter().map(|(charset, _)| charset.label()).collect();
        println!("{oracle:?}: asked for {}; not here or unknown to it: {}", there.len(), not.join(", "));
        all_there &= !there.is_empty();
        for (charset, theirs) in there {
            lines.extend(theirs.map_or_else(Vec::new, |theirs| differences(oracle, charset, &theirs, &mut seen)));
        }
    }
    assert!(lines.is_empty(), "{} differences:\n{}", lines.len(), lines[..lines.len().min(40)].join("\n"));
    let unseen = KNOWN.iter().zip(seen).filter(|(_, seen)| !seen).map(|(known, _)| known.why);
    let unseen: Vec<_> = unseen.filter(|_| all_there).collect();
    assert!(unseen.is_empty(), "known differences that are none: {unseen:?}");
}
