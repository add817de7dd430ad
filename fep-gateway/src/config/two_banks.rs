//! What the tests of rules that send requests from one institution to another share: two banks, and whether a configuration of them has
//! exactly one mistake.

use std::path::Path;

use super::Config;

/// A settlement of the transfer. `BANK` stands for the name of the institution.
pub(super) const SETTLEMENT: &str = r#"
[institutions.BANK.telegrams.Transfer.settlement]
accepted = { "header.response_code" = "0000" }
horizon_ms = 1000
[institutions.BANK.telegrams.Transfer.settlement.reversal]
telegram = "Reversal"
fields = { original_trace_no = "<request.header.trace_no>" }
repeat = { "header.send_count" = "<attempt>" }
confirmed = { "header.response_code" = "0000" }
"#;

/// The folder of the specs.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(""))
}

/// Two banks with the same telegrams, the first one with these keys besides.
pub(super) fn banks(keys_of_bank_a: &str) -> String {
    format!(
        r#"
[institutions.bank-a]
spec = "specs/bank-a/bank-a.toml"
key = ["header.trace_no"]
trace = "header.trace_no"
fill = {{ "header.bank_code" = "099", "header.sent_date" = "<date>" }}
lines = [{{ name = "main", connect = "127.0.0.1:9001" }}]
{keys_of_bank_a}

[institutions.bank-b]
spec = "specs/bank-a/bank-a.toml"
key = ["header.trace_no"]
trace = "header.trace_no"
fill = {{ "header.bank_code" = "088", "header.sent_date" = "<date>" }}
lines = [{{ name = "main", connect = "127.0.0.1:9002" }}]
"#
    )
}

/// Checks that this text has this mistake and no other one, or none.
pub(super) fn parse(text: &str, expected: Option<&str>) {
    let found = Config::parse("gateway.toml", text, root()).err().map(|error| error.to_string());
    match (found, expected) {
        (None, None) => {}
        (Some(found), Some(expected)) => {
            assert!(found.contains(expected), "{found}\n{expected}");
            assert_eq!(found.lines().count(), 1, "{found}");
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}
