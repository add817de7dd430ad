//! Projects that `fep new` makes: the gateway can read the files of each, and some are used as their README says, up to the answer.
//!
//! The commands run in a shell with both built programs on the path, so a wrong word in the README fails a test.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../engine/ports.rs"]
#[allow(dead_code, reason = "the engine's tests use the rest")]
mod ports;
mod following;
mod guides;
mod sources;

use std::path::Path;

use serde_json::Value;

use self::following::{Ports, follow, good, run};

/// The folder of a sheet or spec of the workspace.
fn workspace(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).to_str().unwrap().to_owned()
}

fn answered(answer: &Value) -> &str {
    answer["answer"]["telegram"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_new_project_runs_as_its_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let shown = good(folder.path(), "fep new coop");
    assert!(
        shown.contains("next: cd coop && fep check specs; README.md has the commands up to an exchange"),
        "{shown}"
    );
    let project = folder.path().join("coop");
    good(&project, "fep fmt --check specs");
    let answer = follow(&project, &Ports::moved(&project));
    assert_eq!(answered(&answer), "BalanceInquiryAnswer");
    assert_eq!(answer["answer"]["fields"]["header"]["response_code"], "0000");

    let again = run(folder.path(), "fep new coop");
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("coop has files already: --force"));
    good(folder.path(), "fep new coop --force");
    let unused = run(folder.path(), "fep new other --charset euc-kr");
    assert_eq!(unused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unused.stderr).contains("--charset says how to read a sheet or a copybook"));
    let named = run(folder.path(), "fep new 'My Bank'");
    assert_eq!(named.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&named.stderr).contains("as in `fep new bank-a`"));
}

#[test]
fn a_sheet_that_says_everything_becomes_a_project_without_assumptions() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        run(folder.path(), &format!("fep new bank-a --from '{}'", workspace("fep-spec/tests/sheets/bank-a.xlsx")));
    let messages = String::from_utf8_lossy(&made.stderr).into_owned();
    // The sheet contradicts itself, and the spec keeps its doubts.
    assert_eq!(made.status.code(), Some(1), "{messages}");
    assert!(messages.contains("the end of 출금후잔액부호 is 142") && !messages.contains("assumed:"), "{messages}");
    let project = folder.path().join("bank-a");
    assert!(
        std::fs::read_to_string(project.join("specs/bank-a.toml"))
            .unwrap()
            .contains("is 142, by the lengths it is 130")
    );
    assert_eq!(answered(&follow(&project, &Ports::moved(&project))), "BalanceInquiryAnswer");
}

#[test]
fn a_copybook_of_an_answer_gets_a_request_and_says_that_it_is_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let copybook = workspace("fep-spec/tests/copybooks/host-b.cpy");
    let shown = good(folder.path(), &format!("fep new loans --from '{copybook}' --charset ibm933"));
    for assumed in [
        "assumed: `specs/loans.toml`: LoanListRequest has the layout of LoanList, because no telegram asks for it.",
        "assumed: `specs/loans.toml`: `header.telegram_code` is \"0200\" in LoanListRequest and \"0210\" in LoanList.",
        "assumed: `specs/loans.toml`: `length_all` is the length of the whole telegram.",
    ] {
        assert!(shown.contains(assumed), "{shown}");
    }
    let project = folder.path().join("loans");
    let readme = std::fs::read_to_string(project.join("README.md")).unwrap();
    assert!(readme.starts_with("# loans\n\n## Assumed\n"), "{readme}");
    assert_eq!(std::fs::read_to_string(project.join("specs/loans.toml")).unwrap().matches("# ASSUMED").count(), 4);
    assert_eq!(answered(&follow(&project, &Ports::moved(&project))), "LoanList");
}

#[test]
fn a_copybook_without_a_telegram_code_says_what_to_fill_in() {
    let folder = tempfile::tempdir().unwrap();
    let source =
        "       01  LOAN-LIST.\n           05  LENGTH-ALL    PIC 9(4) COMP.\n           05  TRACE-NO      PIC 9(6).\n";
    std::fs::write(folder.path().join("loans.cpy"), source).unwrap();
    let shown = good(folder.path(), "fep new loans --from loans.cpy --charset ibm933");
    assert!(shown.contains("fill in: No telegram in `specs/loans.toml` has an `answer`"), "{shown}");
    let project = folder.path().join("loans");
    let readme = std::fs::read_to_string(project.join("README.md")).unwrap();
    assert!(readme.starts_with("# loans\n\n## Fill in first\n"), "{readme}");

    // A person completes the spec, and the other files follow.
    let spec = project.join("specs/loans.toml");
    let text = std::fs::read_to_string(&spec).unwrap();
    let request = "\n[telegrams.LoanAsk]\nanswer = \"LoanList\"\nwhen = { kind = \"1\" }\nlike = \"LoanList\"\n";
    let text = text
        .replace("[telegrams.LoanList]\n", "[telegrams.LoanList]\nwhen = { kind = \"2\" }\n")
        .replace("len   = 8\n", "");
    let text = text.replace("\n]\n", "\n  { name = \"kind\", kind = \"digits\", len = 1 },\n]\n") + request;
    std::fs::write(&spec, text).unwrap();
    let shown = good(&project, "fep new . --from specs/loans.toml --force");
    assert!(!shown.contains("fill in"), "{shown}");
    assert_eq!(answered(&follow(&project, &Ports::moved(&project))), "LoanList");

    // The other files are made for the name of the spec, so its file must have it.
    std::fs::rename(&spec, project.join("specs/other.toml")).unwrap();
    let other = run(&project, "fep new . --from specs/other.toml --force");
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("is the spec `loans`: rename the file to loans.toml"));
}

#[test]
fn a_spec_without_a_length_gets_a_framing_that_is_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let spec = workspace("specs/van-d/van-d.toml");
    let shown = good(folder.path(), &format!("fep new van-d --from '{spec}'"));
    assert!(
        shown.contains("assumed: `gateway.toml` and `scenario.toml`: the length of a telegram stands in front of it"),
        "{shown}"
    );
    let project = folder.path().join("van-d");
    // Its trace number is plain, so only the framing is marked.
    for file in ["gateway.toml", "scenario.toml"] {
        let text = std::fs::read_to_string(project.join(file)).unwrap();
        assert_eq!(text.matches("ASSUMED").count(), 1, "{text}");
        assert!(
            text.contains("# ASSUMED: the spec does not say how a line encloses its telegrams.\nframing = "),
            "{text}"
        );
    }
    assert_eq!(
        std::fs::read_to_string(spec).unwrap(),
        std::fs::read_to_string(project.join("specs/van-d.toml")).unwrap()
    );
    follow(&project, &Ports::moved(&project));
}
