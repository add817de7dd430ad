//! Copybooks: what each clause becomes, and what is wrong with a copybook. Lengths and offsets are compared with GnuCOBOL in `tests/tests/copybooks.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use fep_spec::Spec;
use fep_spec::import::copybook::{BinarySize, CopybookError, CopybookOptions, import, is_copybook};
use fep_spec::import::{Imported, Severity};
use fep_spec::listing::Listing;

fn imported(charset: &str, text: &str) -> Imported {
    let options = CopybookOptions { charset: charset.to_owned(), binary_size: BinarySize::default() };
    let load = |name: &str| match name {
        "AMOUNTS" => Some(b"       10  :P:-NET PIC S9(7) COMP-3.\n       10  :P:-TAX PIC S9(5) COMP-3.\n".to_vec()),
        "FIELD" => Some(b"       10  WS-A PIC X.\n".to_vec()),
        "SELF" => Some(b"           COPY SELF.\n".to_vec()),
        _ => None,
    };
    import("test.cpy", text.as_bytes(), &options, &load).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The items as `offset len kind path`, then the doubts as `line code`.
fn check(text: &str, expected: &[&str]) {
    check_in("cp037", text, expected);
}

fn check_in(charset: &str, text: &str, expected: &[&str]) {
    let imported = imported(charset, text);
    let draft = imported.draft.to_string();
    let spec = Spec::parse("test", &draft).unwrap_or_else(|report| panic!("{report}\n{draft}"));
    let mut found = Vec::new();
    for telegram in Listing::of(&spec).telegrams {
        let mut items: Vec<_> = telegram.items.iter().rev().collect();
        while let Some(item) = items.pop() {
            let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
            let path = item.path.as_deref().unwrap_or("-");
            let repeat = item.repeat.map_or_else(String::new, |repeat| format!(" × {repeat}"));
            found.push(format!("{} {} {} {path}{repeat}", number(item.offset), number(item.len), item.kind));
            items.extend(item.items.iter().flatten().rev().filter(|below| below.path != item.path));
        }
    }
    found.extend(
        imported.doubts.iter().map(|doubt| format!("line {} {}", doubt.origin.line.unwrap_or_default(), doubt.code)),
    );
    assert_eq!(found, expected, "{draft}");
}

#[test]
fn fixed_and_free_format() {
    let items = ["0 3 text a", "3 4 number b"];
    check(
        "000100 01  R.                                                           XYZ\n000200     05 A PIC X(3).\n000300*    05 GONE PIC X.\n000400     05 B PIC 9(4).\n",
        &items,
    );
    check("01 R.\n  05 A PIC X(3). *> a comment\n  05 B PIC 9(4).\n", &items);
    check("\t01\tR.\n\t\t05\tA PIC X(3).\n\t\t05\tB PIC 9(4).\n", &items);
    check("      *한글 주석\n       01 R. 05 A PIC X(3). 05 B PIC\n           9(4).\n", &items);
    // Without a record of level 01 the items are one record.
    check("       05 A PIC X(3).\n       05 B PIC 9(4).\n", &items);
}

#[test]
fn a_literal_goes_on_in_the_next_line() {
    let first = format!("{:<72}", "           05 FILLER PIC X(70) VALUE 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let text =
        format!("       01 R.\n{first}\n      -    'BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB'.\n           05 B PIC X.\n");
    check(&text, &["0 70 literal -", "70 1 text b"]);
}

#[test]
fn numbers_are_stored_as_their_usage_says() {
    let draft = |picture: &str| {
        let text = format!("       01 R.\n           05 A PIC {picture}.\n");
        let draft = imported("cp037", &text).draft.to_string();
        let line = draft.lines().find(|line| line.contains("name = \"a\"")).unwrap().to_owned();
        line.split("kind = ").nth(1).unwrap().split(", remark").next().unwrap().replace(", at = 0", "")
    };
    let check = |picture: &str, expected: &str| assert_eq!(draft(picture), expected, "{picture}");
    check("X(3)", "\"text\", len = 3");
    check("X(3) JUSTIFIED RIGHT", "\"text\", len = 3, justify = \"right\"");
    check("9(3)", "\"number\", len = 3");
    check("9(3)V99", "\"number\", len = 5, scale = 2");
    check("S9(3)", "\"number\", len = 3, sign = \"overpunch\"");
    check("S9(3) SIGN TRAILING SEPARATE", "\"number\", len = 4, sign = \"trailing\"");
    check("S9(3) SIGN IS LEADING SEPARATE CHARACTER", "\"number\", len = 4, sign = \"leading\"");
    check("S9(3) LEADING", "\"number\", len = 3, sign = { at = \"leading\", overpunch = \"ebcdic\" }");
    check("S9(5) COMP-3", "\"number\", len = 3, encoding = \"packed\", sign = \"signed\"");
    check("9(4) COMP", "\"number\", len = 2, encoding = \"binary\"");
    check("9(2)P(3)", "\"number\", len = 2, scale = -3");
    check("VP(2)9(5)", "\"number\", len = 5, scale = 7");
    check("Z(4)9.99", "\"number\", len = 8, pad = \" \", scale = 2, point = true");
    check("Z,ZZ9.99-", "\"text\", len = 9, full = true");
    check("G(5) USAGE DISPLAY-1", "\"text\", len = 10, charset = \"ibm834\"");
}

#[test]
fn binary_numbers_can_have_one_byte() {
    let options = CopybookOptions { charset: "ascii".to_owned(), binary_size: BinarySize::OneTwoFourEight };
    let text = "01 R.\n05 A PIC 9(2) COMP.\n05 B PIC 9(4) COMP.\n05 C PIC S9(9) COMP.\n05 D PIC S9(10) COMP.\n";
    let imported = import("r.cpy", text.as_bytes(), &options, &|_| None).unwrap();
    let spec = Spec::parse("r", &imported.draft.to_string()).unwrap();
    let lens: Vec<_> =
        Listing::of(&spec).telegrams.iter().flat_map(|telegram| &telegram.items).map(|item| item.len).collect();
    assert_eq!(lens, [Some(1), Some(2), Some(4), Some(8)]);
}

/// COBOL wants a redefinition right behind its item, and compilers that take it elsewhere place the items in different ways.
#[test]
fn a_redefinition_behind_another_item_is_a_finding() {
    let text = "01 R.\n05 A PIC X(4).\n05 B PIC X(2).\n05 C REDEFINES A PIC X(6).\n05 D PIC X.\n";
    let doubts = imported("cp037", text).doubts;
    let found: Vec<_> = doubts.iter().map(|doubt| (doubt.origin.line, doubt.code, doubt.severity)).collect();
    // The first one says that the choice is to be completed, as for every redefinition.
    assert_eq!(found, [(Some(2), "redefines", Severity::Warning), (Some(4), "redefines", Severity::Error)]);
    let text = "01 R.\n05 A PIC X(4).\n05 C REDEFINES A PIC X(6).\n05 D REDEFINES A PIC X(2).\n05 B PIC X(2).\n";
    let doubts = imported("cp037", text).doubts;
    assert!(doubts.iter().all(|doubt| doubt.severity != Severity::Error), "{doubts:?}");
}

#[test]
fn groups_tables_and_their_counters() {
    check(
        "01 R.\n05 HEAD.\n10 N PIC 9(2).\n10 A PIC X.\n05 T OCCURS 3 TIMES INDEXED BY I.\n10 B PIC X(2).\n10 C PIC 9 OCCURS 2.\n05 L OCCURS 0 TO 9 DEPENDING ON N.\n10 D PIC X(4).\n",
        &[
            "0 2 number head.n",
            "2 1 text head.a",
            "3 4 group t × 3",
            "3 2 text t.b",
            "5 1 group t.c × 2",
            "15 4 group l × 9",
            "15 4 text l.d",
        ],
    );
    check("01 A.\n05 B PIC X.\n01 C.\n05 D PIC X(2).\n77 E PIC X.\n", &["0 1 text b", "0 2 text d", "line 5 entry"]);
    check(
        "01 R.\n05 FILLER.\n10 A PIC X.\n05 FILLER PIC X(2).\n05 FILLER PIC X(2) VALUE 'AB'.\n66 X RENAMES A.\n",
        &["0 1 text a", "1 2 filler -", "3 2 literal -", "line 6 entry"],
    );
}

#[test]
fn conditions_are_codes() {
    let text = "01 R.\n05 K PIC X(2).\n88 OK VALUE '00'.\n88 BAD VALUES '04' '08' THRU '10'.\n05 S PIC X.\n88 LOW VALUE 'A' THRU 'C'.\n05 P PIC 9(3) COMP-3.\n88 ONE VALUE 1.\n";
    check(text, &["0 2 code k", "2 1 code s", "3 2 number p", "line 7 values"]);
    let draft = imported("cp037", text).draft.to_string();
    for code in ["00", "04", "08", "09", "10", "A", "B", "C"] {
        assert!(draft.contains(&format!("{{ code = \"{code}\",")), "{code}: {draft}");
    }
}

#[test]
fn redefinitions_take_the_longest_description_and_are_named() {
    let text = "01 R.\n05 A PIC X(4).\n05 B REDEFINES A.\n10 C PIC 9(2).\n10 D PIC X(6).\n05 E REDEFINES B PIC X(2).\n05 F PIC X.\n";
    check(text, &["0 4 text a", "4 4 filler -", "8 1 text f", "line 2 redefines"]);
    let draft = imported("cp037", text).draft.to_string();
    assert!(draft.contains("# { choice = \"a_forms\", by = \"?\", cases = ["), "{draft}");
}

#[test]
fn copies_are_read_and_replaced() {
    let text = "01 R.\n   COPY AMOUNTS REPLACING ==:P:== BY ==FEE==.\n10 X PIC X.\n";
    check(text, &["0 4 number fee_net", "4 3 number fee_tax", "7 1 text x"]);
    let doubts = |text: &str| {
        imported("cp037", text)
            .doubts
            .iter()
            .map(|doubt| format!("{}: {}", doubt.origin, doubt.message))
            .collect::<Vec<_>>()
    };
    check(
        "01 R.\nCOPY FIELD REPLACING LEADING ==WS== BY ==TX==.\nCOPY FIELD OF LIB REPLACING TRAILING ==A== BY ==B==.\nEXEC SQL INCLUDE FIELD END-EXEC.\n",
        &["0 1 text tx_a", "1 1 text ws_b", "2 1 text ws_a"],
    );
    assert_eq!(doubts("01 R.\n05 A PIC X.\n   COPY NOWHERE.\n"), ["line 3: there is no copybook NOWHERE"]);
    assert_eq!(doubts("01 R.\n05 A PIC X.\n   COPY SELF.\n"), ["line 3: COPY SELF copies itself: SELF → SELF"]);
}

#[test]
fn what_a_telegram_cannot_have_is_named_with_its_line() {
    check(
        "01 R.\n05 A COMP-1.\n05 B COMP-2.\n05 C POINTER.\n05 D PIC X.\n",
        &["0 4 bytes a", "4 8 bytes b", "12 8 bytes c", "20 1 text d", "line 2 usage", "line 3 usage", "line 4 usage"],
    );
    check_in("euc-kr", "01 R.\n05 A PIC N(4).\n05 B PIC X.\n", &["0 8 bytes a", "8 1 text b", "line 2 charset"]);
    let doubts = |text: &str| {
        imported("cp037", text)
            .doubts
            .iter()
            .map(|doubt| format!("{}: {}", doubt.origin, doubt.message))
            .collect::<Vec<_>>()
    };
    let first = |text: &str| doubts(text).first().cloned().unwrap_or_default();
    assert_eq!(first("01 R.\n05 A PIC X\n05 B PIC X.\n"), "line 2: a period is missing at the end of this line");
    assert_eq!(
        first("01 R.\n05 N PIC 9.\n05 A OCCURS UNBOUNDED DEPENDING ON N PIC X.\n"),
        "line 3: A OCCURS UNBOUNDED or without a number: a telegram needs a maximum"
    );
    assert_eq!(
        first("01 R.\n05 A PIC X(0).\n05 B PIC X.\n"),
        "line 2: the picture X(0) has (0), and 1 to 65535 are possible"
    );
    assert_eq!(first("01 R.\n05 A PICT X(2).\n05 B PIC X.\n"), "line 2: `PICT` is no clause that is known here");
    assert_eq!(first("01 R.\n05 A PIC X COMP-3.\n"), "line 2: A is stored as a number, and its picture X is none");
    assert_eq!(first("01 R.\n05 A.\n05 B PIC X.\n"), "line 2: A has neither a picture nor items below it");
    assert_eq!(
        first("01 R.\n05 A REDEFINES Z PIC X.\n05 B PIC X.\n"),
        "line 2: there is no Z before it at the same level that could be redefined"
    );
}

/// The messages of the doubts, with their lines.
fn check_doubts(text: &str, expected: &[&str]) {
    let doubts = imported("cp037", text).doubts;
    let doubts: Vec<_> = doubts.iter().map(|doubt| format!("{}: {}", doubt.origin, doubt.message)).collect();
    assert_eq!(doubts, expected, "{text}");
}

/// The lines of the spec that have this name, literal, filler or group.
fn check_lines(charset: &str, text: &str, expected: &[&str]) {
    let draft = imported(charset, text).draft.to_string();
    Spec::parse("test", &draft).unwrap_or_else(|report| panic!("{report}\n{draft}"));
    let lines: Vec<_> = draft.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in expected {
        assert!(lines.iter().any(|own| own == line), "{line}\n{draft}");
    }
}

#[test]
fn a_table_is_counted_by_a_field_anywhere_before_it() {
    check_lines(
        "cp037",
        "01 R.\n05 HEAD.\n10 SUB.\n15 CNT PIC S9(4) COMP.\n05 BODY.\n10 T OCCURS 0 TO 9 TIMES DEPENDING ON CNT OF SUB IN HEAD.\n15 A PIC X(4).\n",
        &[
            "{ name = \"cnt\", label = \"CNT\", kind = \"number\", len = 2, at = 0, encoding = \"binary\", remark = \"PIC S9(4) COMP\", computed = \"count\", of = \"t\" },",
            "{ group = \"t\", label = \"T\", count = \"head.sub.cnt\", max = 9, at = 2, items = [",
        ],
    );
    // A part with both.
    check_lines(
        "cp037",
        "01 R.\n05 BODY.\n10 N PIC S9(3) COMP-3.\n10 T OCCURS 0 TO 9 DEPENDING ON N PIC X.\n05 Z PIC X.\n",
        &[
            "{ name = \"n\", label = \"N\", kind = \"number\", len = 2, at = 0, encoding = \"packed\", accepts = [\"host-signs\"], remark = \"PIC S9(3) COMP-3\", computed = \"count\", of = \"t\" },",
            "{ group = \"t\", label = \"T\", count = \"n\", max = 9, kind = \"text\", len = 1, at = 2, remark = \"PIC X\" },",
        ],
    );
    check_doubts(
        "01 R.\n05 N PIC 9.\n05 T OCCURS 0 TO 9 DEPENDING ON N PIC X.\n05 V OCCURS 0 TO 9 DEPENDING ON N PIC X.\n",
        &[
            "line 4: `n` counts more than one table: `v` repeats as often as the bytes allow, and its number is not compared",
        ],
    );
}

#[test]
fn text_in_the_wrong_columns_is_named_and_read() {
    let comment = "      * FIXED FORMAT\n";
    check_doubts(
        &format!("{comment}       01  R.\n      05 A PIC X.\n   05 B PIC X.\n"),
        &[
            "line 3: the level stands in column 7, and fixed format begins in column 8",
            "line 4: the level stands in column 4, and fixed format begins in column 8",
        ],
    );
    check_doubts(
        &format!("{comment}       01  R.\n      X    05 A PIC X.\n"),
        &["line 3: column 7 has `X`: fixed format keeps it for `*`, `/`, `-` and `D`"],
    );
    // A word across column 72, and a period behind it.
    for width in [57, 55] {
        let long = format!("       01  R.\n           05 A{:>width$} X(10).\n           05 B PIC X.\n", "PIC");
        let doubts = imported("cp037", &long).doubts;
        let first = doubts.first().map(|doubt| format!("{}: {}", doubt.origin, doubt.message));
        assert_eq!(
            first.as_deref(),
            Some("line 2: the text goes on behind column 72, where fixed format ends"),
            "{long}"
        );
    }
    // What stands behind column 72 is no text otherwise.
    check(&format!("{:<72}LOANS001\n{:<72}LOANS002\n", "       01  R.", "           05 A PIC X."), &["0 1 text a"]);
    // Free format, with comments as people write them.
    check("* COMMENT\n01 R.\n   05 A PIC X.\n         05 B PIC X.\n", &["0 1 text a", "1 1 text b"]);
    check(
        "      01 R.\n      05 A PIC X.\n      10 B PIC X.\n".replace("10 B", "05 B").as_str(),
        &["0 1 text a", "1 1 text b"],
    );
}

#[test]
fn a_choice_of_lines_at_compile_time_is_named() {
    let named = |line: usize, word: &str| {
        format!("line {line}: `{word}` chooses lines when a program is compiled: all branches were read")
    };
    let fixed = "       01  R.\n       >>IF A DEFINED\n           05 A PIC X.\n       >>ELSE\n           05 B PIC XX.\n       >>END-IF\n";
    check_doubts(fixed, &[&named(2, ">>IF")]);
    let free = ">>SOURCE FREE\n>>DEFINE X 1\n01 R.\n>>evaluate X\n05 A PIC X.\n>>END-EVALUATE\n";
    check_doubts(free, &[&named(4, ">>EVALUATE")]);
    check_doubts("000100 01  R.\n      $IF A\n           05 A PIC X.\n      $END\n", &[&named(2, "$IF")]);
    check(">>SOURCE FREE\n>>DEFINE X 1\n01 R.\n05 A PIC X.\n", &["0 1 text a"]);
}

#[test]
fn a_korean_character_that_is_cut_off_harms_nothing() {
    let text = b"      * \xb4\xeb\xc3\xe2\xb8\n       01  R.\n           05  A PIC X.\n\x1A";
    let options = CopybookOptions { charset: "cp949".to_owned(), binary_size: BinarySize::default() };
    let imported = import("r.cpy", text, &options, &|_| None).unwrap();
    let doubts: Vec<_> = imported.doubts.iter().map(|doubt| (doubt.origin.line, doubt.code)).collect();
    assert_eq!(doubts, [(Some(1), "text")]);
    check_lines(
        "cp037",
        "01 R.\n05 계좌번호 PIC X(14).\n",
        &["{ name = \"account\", label = \"계좌번호\", kind = \"text\", len = 14, at = 0, remark = \"PIC X(14)\" },"],
    );
}

#[test]
fn a_program_is_read_for_its_data() {
    let text = "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. X.\n       DATA DIVISION.\n       FILE SECTION.\n       FD  LOANS\n           RECORD CONTAINS 3 CHARACTERS.\n       01  R.\n           05 A PIC X(3).\n       PROCEDURE DIVISION.\n           STOP RUN.\n";
    check(text, &["0 3 text a"]);
    assert!(is_copybook(text.as_bytes()) && is_copybook(b"000100 01  R PIC X.\n"));
    assert!(!is_copybook(b"1,name,X,10\n") && !is_copybook(b"PK\x03\x04"));
}

#[test]
fn values_of_items_without_a_name_are_constant_bytes() {
    check_lines(
        "cp037",
        "01 R.\n05 FILLER PIC X(3) VALUE ZEROS.\n05 FILLER PIC X(3) VALUE 'A'.\n05 FILLER PIC 9(4) VALUE 200.\n05 W PIC 9(5) BLANK WHEN ZERO.\n",
        &[
            "{ filler = 3, pad = \"0\", any = true, at = 0 },",
            "{ literal = \"A \", at = 3 },",
            "{ literal = \"0200\", at = 6 },",
            "{ name = \"w\", label = \"W\", kind = \"number\", len = 5, at = 10, none = \"ebcdic-spaces\", remark = \"PIC 9(5)\" },",
        ],
    );
}

#[test]
fn a_code_has_the_name_of_its_narrowest_condition() {
    check_lines(
        "cp037",
        "01 R.\n05 K PIC X.\n88 VALID VALUES 'A' 'B'.\n88 FIRST VALUE 'A' WHEN SET TO FALSE IS 'N'.\n",
        &[
            "{ code = \"A\", name = \"First\", label = \"FIRST\" },",
            "{ code = \"B\", name = \"Valid\", label = \"VALID\" },",
        ],
    );
    check_doubts(
        "01 R.\n05 G.\n88 BLANK-G VALUE SPACES.\n10 A PIC X.\n66 Z RENAMES A.\n",
        &[
            "line 2: the conditions (88) of the group G are no codes: they were left out",
            "line 5: level 66 Z is another name for bytes that have items, no item: it was left out",
        ],
    );
}

#[test]
fn entries_with_redefinitions_keep_their_slack_bytes() {
    let text = "01 R.\n05 T OCCURS 3.\n10 A PIC X(3).\n10 B REDEFINES A.\n15 C.\n20 D PIC X.\n10 G PIC S9(9) COMP SYNC.\n10 H PIC X.\n05 Z PIC X.\n";
    check(
        text,
        &[
            "0 12 group t × 3",
            "0 3 text t.a",
            "3 1 filler -",
            "4 4 number t.g",
            "8 1 text t.h",
            "9 3 filler -",
            "36 1 text z",
            "line 3 redefines",
            "line 7 slack",
        ],
    );
    // The shorter case is as long as the longest one, and needs no part that is not there.
    let draft = imported("cp037", text).draft.to_string();
    assert!(draft.contains("#     { name = \"d\", label = \"D\", kind = \"text\", len = 1, remark = \"PIC X\" },\n    #     { filler = 2, any = true },"), "{draft}");
}

#[test]
fn deep_groups_stand_in_place_and_levels_fit() {
    let deep: String = (2..12).map(|level| format!("{level:02} G{level}.\n")).collect();
    let text = format!("01 R.\n{deep}12 A PIC X.\n");
    let found = imported("cp037", &text);
    Spec::parse("deep", &found.draft.to_string()).unwrap();
    assert!(found.doubts.iter().all(|doubt| doubt.code == "group") && found.doubts.len() == 3, "{:?}", found.doubts);
    check_doubts(
        "01 R.\n05 A.\n10 B PIC X.\n07 C PIC X.\n",
        &["line 4: level 07 is neither in B nor beside it: items of one group have one level, here 10"],
    );
}

#[test]
fn lists_have_limits_that_are_named() {
    let lines = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let doubts = |text: &str| imported("cp037", text).doubts;
    let wrong = doubts(&format!("01 R.\n05 A PIC X {}.\n", "Q ".repeat(2000)));
    assert_eq!(wrong.len(), 1001);
    assert!(wrong.last().unwrap().message.starts_with("there are more than 1000 doubts"));
    let codes =
        doubts(&format!("01 R.\n05 A PIC 9(4).\n{}", lines(1001, &|number| format!("88 A{number} VALUE {number}.\n"))));
    assert_eq!(codes.first().unwrap().message, "the values of A1000 are no codes of A: they were left out");
    let items = doubts(&format!("01 R.\n{}", lines(1, &|_| "05 A OCCURS 100001 PIC X.\n".to_owned())));
    assert_eq!(items.first().unwrap().message, "A OCCURS 100001 times, and 1 to 100000 are possible");
}

#[test]
fn numbers_have_the_bytes_of_their_machine() {
    check_lines(
        "euc-kr",
        "01 R.\n05 A PIC S9(3).\n",
        &[
            "{ name = \"a\", label = \"A\", kind = \"number\", len = 3, at = 0, sign = { at = \"trailing\", overpunch = \"strict-ascii\" }, remark = \"PIC S9(3)\" },",
        ],
    );
    check("01 R.\n05 A PIC 9(4) USAGE NATIONAL.\n05 B PIC X.\n", &["0 8 bytes a", "8 1 text b", "line 2 charset"]);
}

#[test]
fn what_is_no_copybook_says_so() {
    let check = |bytes: &[u8], charset: &str, expected: &str| {
        let options = CopybookOptions { charset: charset.to_owned(), binary_size: BinarySize::default() };
        let error: CopybookError = import("a.cpy", bytes, &options, &|_| None).expect_err("no copybook");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(b"", "cp037", "has no data description entry, such as `05 AMOUNT PIC 9(9).`");
    check(b"hello world.\n", "cp037", "line 1: `hello` is no level number");
    check(b"\xFF\xFF\xFF", "cp037", "is neither text in UTF-8 nor in CP949");
    check(b"01 A PIC X.", "ebcdic-x", "cannot be in the charset `ebcdic-x`");
    check(&vec![b' '; 5 << 20], "cp037", "is larger than 4194304 bytes");
}

#[test]
fn a_doubt_stands_above_the_item_that_it_is_about() {
    let text = "01 R.\n05 A PIC X(3).\n05 B\n   COMP-1.\n05 C PIC 9(4) COMP-6.\n05 G.\n10 D PIC X\n10 E PIC 9(3).\n";
    let draft = imported("cp037", text).draft.to_string();
    let above = |name: &str| {
        let lines: Vec<_> = draft.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| line.starts_with(&format!("{{ name = \"{name}\""))).unwrap();
        at.checked_sub(1).and_then(|before| lines.get(before)).copied().unwrap_or_default().to_owned()
    };
    assert_eq!(above("b"), "# line 3: B is COMP-1: a telegram has no such value, so it is 4 bytes");
    assert!(above("c").starts_with("# line 5: the usage COMP-6 is not known"), "{draft}");
    assert_eq!(above("d"), "# line 7: a period is missing at the end of this line");
    assert!(!above("a").starts_with('#') && !above("e").starts_with('#'), "{draft}");
}

/// The names of items are unique in a group only: OF and IN say which field counts.
#[test]
fn a_field_that_counts_is_found_by_its_groups() {
    let text = |by: &str| {
        format!(
            "01 R.\n05 A.\n10 N PIC 9.\n05 B.\n10 C.\n15 N PIC 9(2).\n05 T OCCURS 0 TO 9 DEPENDING ON {by} PIC X.\n"
        )
    };
    let table = |by: &str| {
        format!(
            "{{ group = \"t\", label = \"T\", count = \"{by}\", max = 9, kind = \"text\", len = 1, at = 3, remark = \"PIC X\" }},"
        )
    };
    check_lines("cp037", &text("N OF A"), &[&table("a.n")]);
    check_lines("cp037", &text("N IN B"), &[&table("b.c.n")]);
    check_lines("cp037", &text("N OF C OF B"), &[&table("b.c.n")]);
    check_lines("cp037", &text("N"), &[&table("b.c.n")]);
    check_doubts(&text("N OF A"), &[]);
    check_doubts(
        &text("N"),
        &["line 7: T is counted by N, and several fields have this name: the last one before it was taken"],
    );
    check_doubts(
        &text("N OF D"),
        &["line 7: T is counted by N, which is no field of its record: it repeats as often as the bytes allow"],
    );
}

#[test]
fn values_of_items_without_a_name_keep_their_bytes() {
    check_lines(
        "cp037",
        "01 R.\n05 FILLER PIC X(3) VALUE X'0D0A'.\n05 FILLER PIC X(4) VALUE LOW-VALUES.\n05 FILLER PIC X(2) VALUE HIGH-VALUE.\n05 FILLER PIC X(5) VALUE ALL '-'.\n05 FILLER PIC 9(4) COMP VALUE ZERO.\n05 W PIC Z(3)9 BLANK WHEN ZERO.\n",
        &[
            "{ hex = \"0D0A40\", at = 0 },",
            "{ filler = 4, pad = 0, any = true, at = 3 },",
            "{ filler = 2, pad = 255, any = true, at = 7 },",
            "{ filler = 5, pad = \"-\", any = true, at = 9 },",
            "{ filler = 2, pad = 0, any = true, at = 14 },",
            "{ name = \"w\", label = \"W\", kind = \"number\", len = 4, at = 16, pad = \" \", none = \"ebcdic-spaces\", remark = \"PIC Z(3)9\" },",
        ],
    );
    check_doubts(
        "01 R.\n05 FILLER PIC S9(3) COMP-3 VALUE 5.\n05 FILLER PIC X.\n88 ON VALUE '1'.\n05 A PIC X.\n",
        &[
            "line 2: the VALUE 5 of an item without a name was left out",
            "line 3: the conditions (88) of an item without a name were left out: give it a name",
        ],
    );
}
