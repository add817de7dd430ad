//! Copybooks as shops write them, in `copybooks/shops`: each `NAME.cpy` has a `NAME.txt` that was written before it was imported.
//!
//! The first line of the `.txt` is the charset. Then come the telegrams as `# LABEL len`, their items as `offset len kind LABEL`, with
//! `>` for each table around them, and the doubts as `line code`. GnuCOBOL (`cobc -std=ibm`) laid the same offsets and lengths out, where it
//! compiles the copybook. What a copybook copies is in `copied`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use fep_spec::Spec;
use fep_spec::import::Severity;
use fep_spec::import::copybook::{BinarySize, CopybookOptions, import};
use fep_spec::listing::{ListedItem, Listing};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/copybooks/shops")
}

/// The items of a telegram, as lines.
fn lines(items: &[ListedItem], depth: usize, found: &mut Vec<String>) {
    let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    for item in items {
        let below = item.items.as_deref().unwrap_or_default();
        let element = below.first().filter(|first| below.len() == 1 && first.path == item.path);
        let kind = element.map_or_else(|| item.kind.to_string(), |element| format!("{} table", element.kind));
        let repeat = item.repeat.map_or_else(String::new, |repeat| format!(" × {repeat}"));
        let label = if item.label.is_empty() { "-" } else { &item.label };
        let depths = if depth > 0 { format!("{} ", ">".repeat(depth)) } else { String::new() };
        found.push(format!("{depths}{} {} {kind} {label}{repeat}", number(item.offset), number(item.len)));
        if element.is_none() {
            lines(below, depth + 1, found);
        }
    }
}

#[test]
fn copybooks_of_shops_are_read_as_expected() {
    let mut names: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "cpy"));
    names.sort();
    let mut wrong = Vec::new();
    for path in &names {
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap();
        let (charset, expected) = expected.split_once('\n').unwrap();
        let options = CopybookOptions { charset: charset.to_owned(), binary_size: BinarySize::default() };
        let load = |name: &str| fs::read(folder().join("copied").join(format!("{name}.cpy"))).ok();
        let name = path.file_name().unwrap().to_str().unwrap();
        let imported =
            import(name, &fs::read(path).unwrap(), &options, &load).unwrap_or_else(|error| panic!("{name}: {error}"));
        let draft = imported.draft.to_string();
        let spec = Spec::parse(name, &draft).unwrap_or_else(|report| panic!("{name}: {report}\n{draft}"));
        let mut found = Vec::new();
        for telegram in Listing::of(&spec).telegrams {
            let len = telegram.len.map_or_else(|| "-".to_owned(), |len| len.to_string());
            found.push(format!("# {} {len}", telegram.label));
            lines(&telegram.items, 0, &mut found);
        }
        let doubt =
            |doubt: &fep_spec::import::Doubt| format!("line {} {}", doubt.origin.line.unwrap_or_default(), doubt.code);
        found.extend(imported.doubts.iter().map(doubt));
        if expected.lines().ne(found.iter().map(String::as_str)) {
            wrong.push(format!("{name}: expected\n{expected}\nfound\n{}\n", found.join("\n")));
        }
    }
    assert!(names.len() > 5 && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// IBM's manual aligns binary numbers of 8 bytes at 4, and has slack bytes before a table where GnuCOBOL has them in its entries.
#[test]
fn slack_bytes_that_depend_on_the_compiler_are_warnings() {
    let warnings = |text: &str| {
        let options = CopybookOptions { charset: "cp037".to_owned(), binary_size: BinarySize::default() };
        let doubts = import("r.cpy", text.as_bytes(), &options, &|_| None).unwrap().doubts;
        doubts
            .iter()
            .filter(|doubt| doubt.severity == Severity::Warning)
            .map(|doubt| doubt.message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        warnings("01 R.\n05 A PIC X.\n05 B PIC S9(18) COMP SYNC.\n"),
        ["SYNCHRONIZED puts 7 slack bytes before B, as GnuCOBOL does: a compiler of IBM puts 3 there"]
    );
    assert_eq!(
        warnings("01 R.\n05 A PIC X.\n05 T OCCURS 2.\n10 B PIC S9(4) COMP SYNC.\n10 C PIC X.\n"),
        [
            "each entry of T begins with slack bytes, as GnuCOBOL has it: a compiler of IBM puts them before the table, so its entries are shorter"
        ]
    );
    assert!(warnings("01 R.\n05 A PIC X.\n05 B PIC S9(9) COMP SYNC.\n").is_empty());
}
