//! What a project assumes of a copybook or a sheet, and what it does not.

#![allow(clippy::panic, reason = "a helper of a test fails by panicking")]

use fep_spec::Spec;
use fep_spec::import::copybook::{self, BinarySize, CopybookOptions};
use fep_spec::import::sheet::{self, SheetOptions};
use fep_spec::model::TelegramSpec;
use fep_spec::project::{Project, is_name};

fn of_copybook(lines: &[&str]) -> Project {
    let text: String = lines.iter().map(|line| format!("       {line}\n")).collect();
    let options = CopybookOptions { charset: "ascii".to_owned(), binary_size: BinarySize::TwoFourEight };
    let imported =
        copybook::import("a.cpy", text.as_bytes(), &options, &|_| None).unwrap_or_else(|error| panic!("{error}"));
    Project::of_draft("own", &imported.draft)
}

fn spec(project: &Project) -> Spec {
    let text = project.files.iter().find(|(path, _)| path == "specs/own.toml").map(|(_, text)| text.as_str());
    Spec::parse("own.toml", text.unwrap_or_default()).unwrap_or_else(|report| panic!("{report}"))
}

/// The name of each telegram, its answer, and the code that identifies it.
fn telegrams(spec: &Spec) -> Vec<(&str, &str, String)> {
    let code = |telegram: &TelegramSpec| {
        let codes = telegram.layout.when.iter().map(|when| format!("{}={}", when.path, when.value));
        codes.collect::<Vec<_>>().join(" ")
    };
    spec.telegrams.iter().map(|one| (one.name(), one.answer.as_deref().unwrap_or(""), code(one))).collect()
}

#[test]
fn records_that_are_named_request_and_answer_are_a_pair() {
    let body = ["05 MSG-TYPE PIC X(4).", "05 SEQ-NO PIC 9(8).", "05 AMOUNT PIC 9(9)."];
    let record = |name: &'static str| [&[name][..], &body].concat();
    let all = [record("01 PAY-REQ."), record("01 PAY-RES."), record("01 CANCEL-REQUEST."), record("01 CANCEL-REPLY.")];
    let project = of_copybook(&all.concat());
    let spec = spec(&project);
    let expected = [
        ("PayReq", "PayRes", "msg_type=0200".to_owned()),
        ("PayRes", "", "msg_type=0210".to_owned()),
        ("CancelRequest", "CancelReply", "msg_type=0300".to_owned()),
        ("CancelReply", "", "msg_type=0310".to_owned()),
    ];
    assert_eq!(telegrams(&spec), expected);
    assert_eq!(project.to_fill, [""; 0]);
    let assumed = project.assumed.join("\n");
    for what in [
        "PayRes answers PayReq, by their names.",
        "`gateway.toml`: `seq_no` pairs an answer with its request.",
        "the length of a telegram stands in front of it",
    ] {
        assert!(assumed.contains(what), "{assumed}");
    }
}

#[test]
fn the_codes_of_the_copybook_come_first() {
    let project = of_copybook(&[
        "01 LOAN.",
        "05 TRAN-CODE PIC X(2).",
        "88 IS-ASKED VALUE 'Q1'.",
        "88 IS-ANSWERED VALUE 'R1'.",
        "05 TRACE-NO PIC 9(6).",
    ]);
    let expected = [("Loan", "", "tran_code=R1".to_owned()), ("LoanRequest", "Loan", "tran_code=Q1".to_owned())];
    assert_eq!(telegrams(&spec(&project)), expected);
}

#[test]
fn the_code_of_a_sheet_stays_and_the_other_side_has_ten_more() {
    let bytes = include_bytes!("sheets/sections.xlsx");
    let imported =
        sheet::import("sections.xlsx", bytes, &SheetOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let project = Project::of_draft("own", &imported.draft);
    let expected = [
        ("CardApprovedRequest", "CardApprovedAnswer", "telegram_code=0200".to_owned()),
        ("CardApprovedAnswer", "", "telegram_code=0210".to_owned()),
    ];
    assert_eq!(telegrams(&spec(&project)), expected);
}

#[test]
fn nothing_is_assumed_without_a_field_that_tells_two_telegrams_apart() {
    let project = of_copybook(&["01 LOAN.", "05 TRACE-NO PIC 9(6).", "05 AMOUNT PIC 9(9)."]);
    assert_eq!(project.assumed, [""; 0]);
    assert_eq!(telegrams(&spec(&project)), [("Loan", "", String::new())]);
    assert!(project.to_fill[0].starts_with("No telegram in `specs/own.toml` has an `answer`"), "{:?}", project.to_fill);
    assert_eq!(project.request, None);
}

#[test]
fn without_a_number_the_key_is_left_to_a_person() {
    let project = of_copybook(&["01 LOAN.", "05 MSG-CODE PIC X(4).", "05 AMOUNT PIC 9(9)."]);
    assert_eq!(project.to_fill.len(), 1);
    assert!(project.to_fill[0].contains("Complete `key` and `trace`"), "{:?}", project.to_fill);
    let gateway = project.files.iter().find(|(path, _)| path == "gateway.toml").map_or("", |(_, text)| text);
    assert!(gateway.contains("Some fields of the spec: msg_code, amount\n"), "{gateway}");
}

#[test]
fn only_plain_names_are_names() {
    for good in ["a", "bank-a", "b2"] {
        assert!(is_name(good), "{good}");
    }
    for bad in ["", "A", "2b", "bank-", "은행", "a b", "a/b", "..", "-a", "a_b"] {
        assert!(!is_name(bad), "{bad}");
    }
}
