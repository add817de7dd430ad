//! Tests of reading a configuration: valid texts, mistakes and their messages.

use std::path::Path;
use std::time::Duration;

use fep_codec::LengthPrefix;
use fep_codec::layout::LengthScope;

use super::{Config, ConfigError, Filling, Framing};

/// The example in the documentation of the module `config`.
fn example() -> String {
    let source = include_str!("../config.rs");
    let lines = source.lines().skip_while(|line| *line != "//! ```toml").skip(1).take_while(|line| *line != "//! ```");
    lines.map(|line| line.trim_start_matches("//!").trim_start().to_owned() + "\n").collect()
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse("gateway.toml", text, &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

fn check(from: &str, to: &str, expected: &str) {
    let text = example();
    assert!(text.contains(from), "{from}");
    let error = parse(&text.replacen(from, to, 1)).expect_err(to).to_string();
    assert!(error.contains(expected), "{error}\n{expected}");
}

#[test]
fn the_documented_example_is_right_and_the_rest_has_defaults() {
    let config = parse(&example()).unwrap();
    assert_eq!(config.http.listen.port(), 8470);
    let bank = config.institutions.get("bank-a").unwrap();
    assert_eq!((bank.label.as_str(), bank.spec.name.as_str()), ("Bank A", "bank-a"));
    assert_eq!(bank.key, ["header.trace_no", "header.sent_date"]);
    assert_eq!(bank.answer_timeout, Duration::from_secs(5));
    assert_eq!(bank.telegrams.get("Transfer").unwrap().answer_timeout, Duration::from_secs(10));
    let framing = LengthPrefix::new(4, LengthScope::Rest, 4096).unwrap();
    assert_eq!(bank.framing, Framing::Length(framing));
    assert_eq!(bank.fill.iter().filter(|fill| !matches!(fill.with, Filling::Fixed(_))).count(), 3);
    let session = bank.session.as_ref().unwrap();
    assert_eq!((session.sign_on.as_deref(), session.sign_off.as_deref()), (Some("SignOn"), None));
    assert_eq!(session.echo_interval, Duration::from_secs(30));
    let notice = bank.notices.get("DepositNotice").unwrap();
    assert_eq!(notice.stand_in, [("header.response_code".to_owned(), "0199".to_owned())]);
    assert_eq!((bank.lines[0].name.as_str(), bank.lines[0].links), ("main", 2));
}

#[test]
fn mistakes_are_named_at_their_place() {
    check("label =", "lable =", "gateway.toml:8:1: error: unknown key `lable` (did you mean `label`?)");
    let path = "path = \"journal.sqlite\"";
    check(path, "archive_after_days = 3", "`archive_after_days` needs `archive`");
    check(path, "archive = \"a\"\narchive_after_days = 0", "`archive_after_days` is 0, it must be 1 to 3650");
    check("links = 2", "links = 0", "`links` is 0, it must be 1 to 1000");
    check("\"Bank A\"", "7", "gateway.toml:8:9: error: `label` must be a string, found a whole number");
    check("\"header.trace_no\", ", "\"header.trace\", ", "no telegram of bank-a has the field `header.trace`");
    check("\"SignOn\"", "\"SingOn\"", "bank-a has no telegram `SingOn` (did you mean `SignOn`?)");
    check("notices.DepositNotice", "notices.SignOnAnswer", "`SignOnAnswer` has no answer");
    check("<time>", "<tmie>", "there is no filling `<tmie>` (did you mean `<time>`?)");
    check("\"rest\"", "\"rset\"", "`counts` cannot be \"rset\" (did you mean `rest`?)");
    check("length_digits = 4", "kind = \"codes\"", "`kind` cannot be \"codes\"");
    let table = "{ length_digits = 4, counts = \"rest\", frame_max_bytes = 4096 }";
    check(table, "{ kind = \"code-table\" }", "bank-a has no code table: ");
    check(table, "{ kind = \"code-table\", length_digits = 4 }", "unknown key `length_digits`");
    check(table, "{ length_digits = 4, length_bytes = 2 }", "`length_bytes` stands beside `length_digits`");
    check("listen", "lisen", "unknown key `lisen`");
    check("127.0.0.1:9001", "127.0.0.1", "`connect` must be a host and a port");
    check("127.0.0.1:9001", ":9001", "`connect` must be a host and a port");
    check(
        "links = 2",
        "reconnect_max_ms = 99",
        "`reconnect_max_ms` is below `reconnect_min_ms` (the shortest is 100 ms)",
    );
    check("http://127.0.0.1:8080", "https://service", "`callback` must be a URL that begins with http://");
    check("\"http://127.0.0.1:8080/notices\"", "\"service:8080\"", "`callback` must be a URL that begins with http://");
    check("bank-a/bank-a.toml", "bank-a/bank-b.toml", "cannot read");
    check("[[institutions.bank-a.lines]]", "[institutions.bank-a.line]", "unknown key `line` (did you mean `lines`?)");
    check("[[institutions.bank-a.lines]]", "[institutions.bank-a.routes]", "`lines` is missing");
}

#[test]
fn a_gateway_without_institutions_is_a_mistake() {
    for text in ["", "[institutions]\n", "[http]\nlisten = \"127.0.0.1:8470\"\n"] {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.contains("gateway.toml:1:1: error: there is no institution"), "{error}");
    }
}

#[test]
fn every_mistake_is_said_at_once() {
    let text = example().replace("\"Bank A\"", "7").replace("links = 2", "links = 0").replace("<date>", "<dat>");
    let error = parse(&text).expect_err("three mistakes").to_string();
    assert_eq!(error.lines().count(), 3, "{error}");
}
