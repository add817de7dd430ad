//! The limits of an import of a copybook. They are named, and nothing is cut.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use fep_spec::import::copybook::{BinarySize, CopybookOptions, import};

/// Each of these would fill the memory, take hours, or be cut.
#[test]
fn what_replaces_and_what_ends_nowhere_has_limits() {
    let refused = |text: String, message: &str| {
        let options = CopybookOptions { charset: "ascii".to_owned(), binary_size: BinarySize::default() };
        let error = import("r.cpy", text.as_bytes(), &options, &|_| None).unwrap_err().to_string();
        assert_eq!(error, message);
    };
    let free = ">>SOURCE FREE\n";
    // A hundred times a thousand words become a hundred each.
    let many = format!("REPLACE ==A== BY =={}==.\n{}", "B ".repeat(100), "A ".repeat(1000) + ".\n");
    refused(format!("{free}{}", many.repeat(100)), "has more than 1048576 words, with what it copies and replaces");
    let pairs: String = (0..300).map(|at| format!("==A{at}== BY ==B==\n")).collect();
    let one = "01 R.\n05 A PIC X.\n";
    refused(format!("{free}REPLACE {pairs}.\n{one}"), "has more than 256 replacements in force at once");
    let also: String = (0..300).map(|at| format!("REPLACE ALSO ==A{at}== BY ==B==.\n")).collect();
    refused(format!("{free}{also}{one}"), "has more than 256 replacements in force at once");
    let long = format!("REPLACE ==:A:== BY =={}==.\n01 R.\n05 :A::A: PIC X.\n", "B".repeat(4000));
    refused(free.to_owned() + &long, "makes a word of more than 4096 bytes by REPLACE or REPLACING");
    // Megabytes of statements that do not end.
    let each = "; line 1: `EXEC` is no level number: an entry begins with 01 to 49, 66, 77 or 88".repeat(3);
    let none = format!("has no data description entry, such as `05 AMOUNT PIC 9(9).`{each}");
    refused("EXEC. ".repeat(450_000), &none);
}
