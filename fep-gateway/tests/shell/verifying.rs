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
telegrams = { Transfer = 100, Reversal = 1, BalanceInquiry = 0, SignOn = 5, DepositNoticeAnswer = 5 }
candidate = { config = "@config@", institution = "bank-x" }
"#,
    );
    let output = verify(folder.path(), &["reads", "--plan", "verify.toml"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
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

#[test]
fn the_exit_code_says_whether_it_passed() {
    let folder = folder("config = \"@config@\"\nignore = [\"header\"]\n");
    let output =
        verify(folder.path(), &["writes", CAPTURE, "--plan", "verify.toml", "--report", "w.html", "--format", "json"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{message}{}", String::from_utf8_lossy(&output.stdout));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report["kind"].as_str(), report["compared"].as_u64()), (Some("writes"), Some(3)));
    let page = std::fs::read_to_string(folder.path().join("w.html")).unwrap();
    assert!(page.contains("<p class=\"clean\">Passed: 3 compared, zero unexplained"), "{page}");

    let plan = folder.path().join("verify.toml");
    let text = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, format!("compared_min = 4\n{text}")).unwrap();
    let output = verify(folder.path(), &["writes", CAPTURE, "--plan", "verify.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.ends_with("not passed: not enough: 3 compared, and it takes 4\n"), "{text}");

    // Nothing was compared.
    for (arguments, why) in [
        (&["writes", "nowhere.jsonl", "--plan", "verify.toml"][..], "nowhere.jsonl"),
        (&["writes", CAPTURE, "--plan", "verify.toml", "--report", "w.xlsx"], "a verification has no workbook"),
        (&["writes", "verify.toml", "--plan", "verify.toml", "--report", "./verify.toml.json"], ""),
        (&["writes", "w.html", "--plan", "verify.toml", "--report", "w.html"], "is the recording: choose another name"),
        (&["reads", "--plan", "verify.toml"], "the plan has no [reads]"),
        (&["reads", "--plan", "nothing.toml"], "nothing.toml"),
    ] {
        let output = verify(folder.path(), arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = if why.is_empty() { Some(1) } else { Some(2) };
        assert_eq!(output.status.code(), expected, "{arguments:?}: {message}");
        assert!(message.contains(why), "{message}");
    }
}
