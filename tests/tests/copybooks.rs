//! Lengths and offsets of copybooks, compared with GnuCOBOL (`cobc -std=ibm`): copybooks written by hand, and random ones.
//!
//! One COBOL program has all records. It prints the offset and the length of each item, as its compiler has laid them out. If `cobc` is
//! missing, the test says so and compares nothing. `.ci/run` installs it and makes a missing one fail.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use fep_spec::Spec;
use fep_spec::import::Severity;
use fep_spec::import::copybook::{BinarySize, CopybookOptions, import};
use fep_spec::listing::{ListedItem, Listing};

/// Records by hand: each clause that changes a length or an offset.
const RECORDS: &str = "
       01  R1.
           05 R1-A PIC X(3).
           05 R1-B PIC S9(4) COMP SYNC.
           05 R1-C PIC X.
           05 R1-D PIC S9(9) BINARY SYNCHRONIZED.
           05 R1-E PIC 9(18) COMP-5.
           05 R1-F PIC S9(7)V99 COMP-3.
           05 R1-G PIC 9(4) PACKED-DECIMAL.
           05 R1-H PIC S9(5) SIGN LEADING SEPARATE.
           05 R1-I PIC S9(5) SIGN IS TRAILING SEPARATE CHARACTER.
           05 R1-J PIC S9(5) SIGN LEADING.
           05 R1-K PIC ZZZ,ZZ9.99-.
           05 R1-L PIC 9(2)P(3).
           05 R1-M PIC VP(2)9(5).
           05 R1-N PIC A(4).
           05 R1-O PIC 9(8) COMP.
           05 R1-P PIC S9(10) COMP-4.
           05 R1-Q POINTER SYNC.
           05 R1-R PIC X.
           05 R1-S COMP-2 SYNC.
           05 R1-T OCCURS 2 INDEXED BY R1-X COMPUTATIONAL-3 PIC S9(5).
           05 R1-U PIC S9(4)P(2) COMP.
       01  R2.
           05 R2-A PIC X.
           05 R2-G OCCURS 3.
              10 R2-B PIC X(2).
              10 R2-C PIC S9(9) COMP SYNC.
              10 R2-D PIC X OCCURS 4 TIMES.
           05 R2-E PIC X.
           05 R2-H USAGE COMP-3.
              10 R2-F PIC S9(3).
              10 R2-I PIC 9(6).
       01  R3.
           05 R3-A PIC X(10).
           05 R3-B REDEFINES R3-A.
              10 R3-C PIC 9(4) COMP.
              10 R3-D PIC X(8).
           05 R3-E PIC X(2).
           05 R3-F REDEFINES R3-E PIC 9(2).
           05 R3-G PIC 9(3).
              88 R3-ONE VALUE 1.
           05 FILLER PIC X(5).
           05 R3-H.
              10 FILLER PIC X.
              10 R3-I PIC S9(4) COMP SYNC.
              10 R3-J OCCURS 2.
                 15 R3-K PIC X.
                 15 R3-L PIC S9(3)V9 COMP-3 OCCURS 2.
           05 R3-M PIC X.
";

/// A generator with a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A random record.
fn random(number: u64) -> String {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (number + 1).wrapping_mul(0xD134_2543_DE82_EF95));
    let mut text = format!("       01  Q{number}.\n");
    let mut count = 0;
    group(&mut dice, &mut text, number, &mut count, 5);
    text
}

fn group(dice: &mut Dice, text: &mut String, record: u64, count: &mut u32, level: u64) {
    for _ in 0..=dice.below(5) {
        *count += 1;
        let name = format!("Q{record}-{count}");
        let occurs = if dice.below(4) == 0 { format!(" OCCURS {}", 1 + dice.below(4)) } else { String::new() };
        if level < 20 && dice.below(4) == 0 {
            let usage = if dice.below(5) == 0 { " USAGE COMP-3" } else { "" };
            writeln!(text, "           {level:02} {name}{occurs}.").expect("text");
            if usage.is_empty() {
                group(dice, text, record, count, level + 5);
            } else {
                *count += 1;
                writeln!(
                    text,
                    "             {:02} Q{record}-{count} PIC S9({}){usage}.",
                    level + 5,
                    1 + dice.below(17)
                )
                .expect("text");
            }
            continue;
        }
        let sync = if dice.below(3) == 0 { " SYNC" } else { "" };
        let digits = 1 + dice.below(18);
        let picture = match dice.below(14) {
            0 => format!("X({})", 1 + dice.below(40)),
            1 => format!("9({digits})"),
            2 => format!("S9({digits})"),
            3 => format!("S9({digits}) COMP{sync}"),
            4 => format!("9({digits}) BINARY{sync}"),
            5 => format!("S9({digits})V9 COMP-3"),
            6 => format!("S9({digits}) SIGN {} SEPARATE", if dice.below(2) == 0 { "LEADING" } else { "TRAILING" }),
            7 => format!("Z({digits})9.99"),
            8 => format!("S9({})P({}) COMP", 1 + digits % 9, 1 + dice.below(9)),
            9 => format!("VP({})9({}) COMP-3", 1 + dice.below(3), 1 + digits % 9),
            10 => format!("9({digits}) BLANK WHEN ZERO"),
            11 => format!("X({digits}) JUSTIFIED RIGHT"),
            12 => format!("++({digits})9.9(2)"),
            _ => format!("S9({digits}) SIGN LEADING"),
        };
        // A picture with decimals has 18 digits at most.
        let picture = if digits == 18 && picture.contains("V9") { "S9(3)V9 COMP-3".to_owned() } else { picture };
        let picture = if picture.contains(")9.9") && digits > 14 { "Z(5)9.99".to_owned() } else { picture };
        // The clauses have no order, and a usage ends a list of indexes.
        let indexed = if occurs.is_empty() { "" } else { " INDEXED BY" };
        let index = if occurs.is_empty() { String::new() } else { format!(" {name}-IX") };
        match (dice.below(3), picture.split_once(' ')) {
            (0, Some((picture, usage))) => {
                writeln!(text, "           {level:02} {name}{occurs}{indexed}{index}").expect("text");
                writeln!(text, "               {usage} PIC {picture}.").expect("text");
            }
            _ => writeln!(text, "           {level:02} {name} PIC {picture}{occurs}.").expect("text"),
        }
        if dice.below(6) == 0 {
            writeln!(text, "           {level:02} FILLER PIC X({}).", 1 + dice.below(5)).expect("text");
        } else if dice.below(5) == 0 && occurs.is_empty() {
            // Another description, shorter or longer: what follows moves.
            writeln!(text, "           {level:02} FILLER REDEFINES {name}.").expect("text");
            writeln!(text, "             {:02} FILLER PIC X({}).", level + 5, 1 + dice.below(30)).expect("text");
        }
    }
}

/// The items with a name of a record: name, offset in the first entry, length of one entry.
type Places = BTreeMap<String, (usize, usize)>;

/// The places, and the records that GnuCOBOL lays out in another way.
fn ours(copybook: &str, binary_size: BinarySize) -> (Places, BTreeSet<String>) {
    let options = CopybookOptions { charset: "ibm1047".to_owned(), binary_size };
    let imported =
        import("all.cpy", copybook.as_bytes(), &options, &|_| None).unwrap_or_else(|error| panic!("{error}"));
    let errors: Vec<_> = imported.doubts.iter().filter(|doubt| doubt.severity == Severity::Error).collect();
    let text = imported.draft.to_string();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    let spec = Spec::parse("all.toml", &text).unwrap_or_else(|report| panic!("{report}\n{text}"));
    let mut places = Places::new();
    let mut slack = BTreeSet::new();
    for telegram in Listing::of(&spec).telegrams {
        if let Some(len) = telegram.len {
            places.insert(telegram.label.clone(), (0, len));
        }
        collect(&telegram.items, &mut places);
        with_slack_at_the_end(&telegram.items, &telegram.label, &mut slack);
    }
    (places, slack)
}

fn collect(items: &[ListedItem], places: &mut Places) {
    for item in items.iter().filter(|item| item.label.starts_with(['R', 'Q'])) {
        let is_array = item.items.as_ref().is_some_and(|items| items.len() == 1 && items[0].path == item.path);
        let len = item.len.expect("nothing varies");
        places.insert(item.label.clone(), (item.offset.expect("nothing varies"), len));
        if let Some(items) = item.items.as_ref().filter(|_| !is_array) {
            collect(items, places);
        }
    }
}

/// Lets GnuCOBOL print the places of these items. `None` if it is not there.
fn theirs(copybook: &str, binary_size: BinarySize, places: &Places) -> Option<Places> {
    if Command::new("cobc").arg("--version").output().is_err() {
        fep_tests::tools::missing("cobc", "gnucobol");
        return None;
    }
    let tables = tables(copybook);
    let mut program = format!(
        "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. PLACES.\n       DATA DIVISION.\n       WORKING-STORAGE SECTION.\n{copybook}\
         \n       01  WS-P1 USAGE POINTER.\n       01  WS-N1 REDEFINES WS-P1 PIC 9(18) COMP-5.\n       01  WS-P2 USAGE POINTER.\
         \n       01  WS-N2 REDEFINES WS-P2 PIC 9(18) COMP-5.\n       01  WS-D PIC 9(9).\n       01  WS-L PIC 9(9).\n       PROCEDURE DIVISION.\n"
    );
    for name in places.keys() {
        let record = name.split('-').next().expect("a record");
        let depth = tables.get(name).copied().unwrap_or_default();
        let subscripts = if depth == 0 { String::new() } else { format!("({})", vec!["1"; depth].join(" ")) };
        write!(
            program,
            "           SET WS-P1 TO ADDRESS OF {record}\n           SET WS-P2 TO ADDRESS OF {name}{subscripts}\
             \n           SUBTRACT WS-N1 FROM WS-N2 GIVING WS-D\n           MOVE FUNCTION LENGTH({name}{subscripts}) TO WS-L\
             \n           DISPLAY \"{name} \" WS-D \" \" WS-L\n"
        )
        .expect("text");
    }
    program.push_str("           STOP RUN.\n");
    let size = if binary_size == BinarySize::TwoFourEight { "-fbinary-size=2-4-8" } else { "-fbinary-size=1-2-4-8" };
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("places.cob");
    let binary = folder.path().join("places");
    std::fs::write(&source, program).expect("written");
    run(Command::new("cobc").args(["-x", "-std=ibm", "-w", size, "-o"]).arg(&binary).arg(&source));
    let output = run(&mut Command::new(&binary));
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |index: usize| words[index].parse::<usize>().expect("a number");
        (words[0].to_owned(), (number(1), number(2)))
    };
    Some(output.lines().map(line).collect())
}

/// How many tables contain each item, itself included.
fn tables(copybook: &str) -> BTreeMap<String, usize> {
    let mut open: Vec<(u32, bool)> = Vec::new();
    let mut tables = BTreeMap::new();
    for line in copybook.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.trim_end_matches('.').split_whitespace();
        // The clauses of an entry may go on in the next line.
        let Some(level) = words.next().and_then(|word| word.parse::<u32>().ok()) else { continue };
        let name = words.next().expect("a name").trim_end_matches('.').to_owned();
        if level == 88 || name == "FILLER" {
            continue;
        }
        open.retain(|(other, _)| *other < level);
        open.push((level, line.contains(" OCCURS ")));
        tables.insert(name, open.iter().filter(|(_, is_table)| *is_table).count());
    }
    tables
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {messages}");
    String::from_utf8(output.stdout).expect("text")
}

/// The records in which a table's entry ends with slack bytes. The manual of IBM's compiler puts them there; GnuCOBOL 3.1 puts them before the
/// last item of the entry, where they spoil the alignment that they are for, and forgets them if the aligned item is deeper.
fn with_slack_at_the_end(items: &[ListedItem], record: &str, found: &mut BTreeSet<String>) {
    for items in items.iter().filter_map(|item| item.items.as_ref()) {
        if items.last().is_some_and(|last| last.label == "slack bytes") {
            found.insert(record.to_owned());
        }
        with_slack_at_the_end(items, record, found);
    }
}

/// IBM's manual, "Slack bytes within records" and "between records": `R2` of the records above, by hand.
#[test]
fn slack_bytes_are_where_the_manual_has_them() {
    let expected = [
        ("R2-A", 0, 1),
        ("R2-G", 1, 12),
        ("R2-B", 1, 2),
        ("R2-C", 4, 4),
        ("R2-D", 8, 1),
        ("R2-E", 37, 1),
        ("R2", 0, 44),
    ];
    let (places, _) = ours(RECORDS.trim_start_matches('\n'), BinarySize::TwoFourEight);
    for (name, offset, len) in expected {
        assert_eq!(places.get(name), Some(&(offset, len)), "{name}");
    }
}

#[test]
fn lengths_and_offsets_are_those_of_gnucobol() {
    for binary_size in [BinarySize::TwoFourEight, BinarySize::OneTwoFourEight] {
        let mut copybook = RECORDS.trim_start_matches('\n').to_owned();
        (0..150).for_each(|number| copybook.push_str(&random(number)));
        let (mut ours, slack) = ours(&copybook, binary_size);
        assert!(slack.len() < 10, "{slack:?}");
        ours.retain(|name, _| !slack.contains(name.split('-').next().unwrap_or_default()));
        assert!(ours.len() > 900, "{}", ours.len());
        let Some(theirs) = theirs(&copybook, binary_size, &ours) else { return };
        let differing: Vec<_> = ours
            .iter()
            .filter(|(name, place)| theirs.get(*name) != Some(place))
            .map(|(name, place)| format!("{name}: {place:?}, GnuCOBOL {:?}", theirs.get(name)))
            .collect();
        assert!(differing.is_empty(), "{} of {}\n{}", differing.len(), ours.len(), differing.join("\n"));
    }
}

/// The copybook of the example is the layout of its spec.
#[test]
fn the_copybook_of_the_host_becomes_its_loan_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let bytes = std::fs::read(root.join("fep-spec/tests/copybooks/host-b.cpy")).expect("the copybook");
    let options = CopybookOptions { charset: "ibm933".to_owned(), binary_size: BinarySize::default() };
    let imported = import("host-b.cpy", &bytes, &options, &|_| None).expect("a copybook");
    let own = Spec::parse("own", &imported.draft.to_string()).unwrap_or_else(|report| panic!("{report}"));
    let known = Spec::load(&root.join("specs/host-b/host-b.toml")).expect("the spec");
    let places = |spec: &Spec| {
        let list =
            Listing::of(spec).telegrams.into_iter().find(|telegram| telegram.name == "LoanList").expect("the list");
        let mut places = Vec::new();
        for item in &list.items {
            places.push((item.offset, item.len, item.repeat));
            places.extend(item.items.iter().flatten().map(|item| (item.offset, item.len, item.repeat)));
        }
        places
    };
    assert_eq!(places(&own), places(&known));
    let doubts: Vec<_> = imported.doubts.iter().map(|doubt| (doubt.origin.line, doubt.code)).collect();
    assert_eq!(doubts, [(Some(27), "redefines")]);
}
