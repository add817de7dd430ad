//! The command `fep-gateway verify`: plans with mistakes, and its exit codes. What it finds is tested in `tests/engine/verifying.rs`.

use std::path::Path;
use std::process::{Command, Output};

const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fep-spec/tests/captures/ethernet.pcap");

fn verify(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.arg("verify").args(arguments).current_dir(folder).output().unwrap()
}

/// A folder with a plan of this text. `@config@` stands for the example configuration.
fn folder(plan: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/gateway.example.toml");
    std::fs::write(folder.path().join("verify.toml"), plan.replace("@config@", config)).unwrap();
    folder
}

#[test]
fn each_mistake_of_a_plan_is_said() {
    let folder = folder(
        r#"
config = "@config@"
ignore = ["header.sent_tim"]
ignored = ["x"]
[ignore_in]
Transfr = []
[reads]
folder = "runs"
inquiries = { Transfer = 100, Reversal = 1, BalanceInquiry = 0, SignOn = 5, DepositNoticeAnswer = 5 }
candidate = { config = "@config@", institution = "bank-x" }
"#,
    );
    let message = refused(folder.path());
    for expected in [
        "no telegram of bank-a has the field `header.sent_tim`",
        "unknown key `ignored`",
        "did you mean `Transfer`?",
        "`Transfer` moves money: it is never asked a second time",
        "`Reversal` moves money: it is never asked a second time",
        "`BalanceInquiry` is 0, it must be 1 to 100",
        "`SignOn` belongs to the session of a link",
        "`DepositNoticeAnswer` has no answer",
        "has no institution `bank-x`",
    ] {
        assert!(message.contains(expected), "{expected} is missing in:\n{message}");
    }
}

/// What the command says about the plan.
fn refused(folder: &Path) -> String {
    let output = verify(folder, &["reads", "--plan", "verify.toml"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    message
}

#[test]
fn the_live_institution_is_no_candidate_and_somebody_must_say_what_moves_money() {
    let plan = r#"
config = "@config@"
[reads]
folder = "runs"
inquiries = { BalanceInquiry = 100 }
candidate = { config = "@config@" }
"#;
    let message = refused(folder(plan).path());
    assert!(message.contains("`bank-a` has the address of a line of the gateway whose journal is read"), "{message}");
    // A configuration in which nothing has a settlement.
    let folder = folder(
        &plan
            .replace("candidate = { config = \"@config@\" }", "candidate = { config = \"plain.toml\" }")
            .replace("@config@", "own.toml"),
    );
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/gateway.example.toml")).unwrap();
    let specs = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/");
    let (kept, rest) = text.split_once("[institutions.bank-a.telegrams.Transfer.settlement]").unwrap();
    let (_, lines) = rest.split_once("[institutions.bank-a.notices").unwrap();
    let (kept, lines) =
        (kept.replace("\"../specs/", &format!("\"{specs}")), lines.replace("\"../specs/", &format!("\"{specs}")));
    let plain = format!("{}[institutions.bank-a.notices{lines}", kept.replace("monetary          = true", "# "));
    std::fs::write(folder.path().join("own.toml"), &plain).unwrap();
    std::fs::write(folder.path().join("plain.toml"), plain.replace(":9000", ":9009")).unwrap();
    let message = refused(folder.path());
    assert!(
        message.contains("nothing says whether `BalanceInquiry` moves money: no telegram has a settlement"),
        "{message}"
    );
    assert!(message.contains("write moves_no_money = [\"BalanceInquiry\"]"), "{message}");
}

#[test]
fn the_exit_code_says_whether_it_passed() {
    let folder = folder("config = \"@config@\"\nignore = [\"header\"]\n");
    let output =
        verify(folder.path(), &["writes", CAPTURE, "--plan", "verify.toml", "--report", "w.html", "--format", "json"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{message}{}", String::from_utf8_lossy(&output.stdout));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report["kind"].as_str(), report["compared"].as_u64()), (Some("writes"), Some(2)));
    let page = std::fs::read_to_string(folder.path().join("w.html")).unwrap();
    assert!(page.contains("<p class=\"clean\">Passed: 2 compared, zero unexplained"), "{page}");

    let plan = folder.path().join("verify.toml");
    let text = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, format!("compared_min = 3\n{text}")).unwrap();
    let output = verify(folder.path(), &["writes", CAPTURE, "--plan", "verify.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.ends_with("not passed: not enough: 2 compared, and it takes 3\n"), "{text}");

    // Nothing was compared.
    for (arguments, why) in [
        (&["writes", "nowhere.jsonl", "--plan", "verify.toml"][..], "nowhere.jsonl"),
        (&["writes", CAPTURE, "--plan", "verify.toml", "--report", "w.xlsx"], "a verification has no workbook"),
        (&["writes", "w.html", "--plan", "verify.toml", "--report", "w.html"], "is the recording: choose another name"),
        (&["reads", "--plan", "verify.toml"], "the plan has no [reads]"),
        (&["reads", "--plan", "nothing.toml"], "nothing.toml"),
    ] {
        let output = verify(folder.path(), arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn a_receiver_that_is_down_is_said_and_changes_no_exit_code() {
    // Nobody listens at port 1 of this machine.
    let tables = "[webhook]\ncallback = \"http://127.0.0.1:1/\"\n[tell]\ngateway = \"http://127.0.0.1:1\"\n";
    for (compared_min, code) in [(1, 0), (3, 1)] {
        let plan = format!("config = \"@config@\"\nignore = [\"header\"]\ncompared_min = {compared_min}\n{tables}");
        let output = verify(folder(&plan).path(), &["writes", CAPTURE, "--plan", "verify.toml"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        for receiver in ["webhook", "gateway"] {
            assert!(
                said.contains(&format!("verify: the {receiver} was not told of this run, and will not be: ")),
                "{said}"
            );
        }
    }
}

#[test]
fn each_mistake_about_receivers_is_said_and_no_secret_with_it() {
    let folder = folder(
        r#"
config = "@config@"
name = "a/b"
[tell]
gateway = "https://fep.bank.example:8443"
tokn_file = "x"
[webhook]
callback_secrets = "hook.secret"
timeout_ms = 0
"#,
    );
    std::fs::write(folder.path().join("hook.secret"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let message = refused(folder.path());
    for expected in [
        "`a/b` is no name of a verification",
        "https needs `tls`",
        "unknown key `tokn_file`",
        "`callback` is missing",
        "`timeout_ms` is 0, it must be 100 to 600000",
    ] {
        assert!(message.contains(expected), "{expected} is missing in:\n{message}");
    }
    assert!(!message.contains("whsec_"), "{message}");
}
