//! Which tables of balances are read, and what is said about wrong ones.

use super::{BalanceRecord, MoveConfig, ToldAt};
use crate::config::Config;
use crate::config::two_banks::{banks, parse, root};

const TABLE: &str = r#"
[institutions.bank-a.reconciliation.transfers]
spec = "specs/settlement-a/settlement-a.toml"
record = "Detail"
telegram = "Transfer"
key = { trace_no = "header.trace_no", sent_date = "header.sent_date" }
[institutions.bank-a.reconciliation.transfers.balances]
out = { Transfer = { amount = "amount" } }
told = { record = "Trailer", balance = "amount" }
"#;

/// Changes the table, and expects this in the report, or no mistake.
#[track_caller]
fn check(from: &str, to: &str, expected: Option<&str>) {
    assert!(from.is_empty() || TABLE.contains(from), "{from}");
    parse(&banks(&TABLE.replacen(from, to, 1)), expected);
}

#[test]
fn a_table_has_the_requests_that_move_balances_and_the_record_that_tells_them() {
    let config = Config::parse("gateway.toml", &banks(TABLE), root()).unwrap();
    let own = config.institutions["bank-a"].reconciliation["transfers"].balances.as_ref().unwrap();
    let moves =
        MoveConfig { telegram: "Transfer".to_owned(), is_out: true, amount: "amount".to_owned(), account: None };
    assert_eq!(own.moves, [moves]);
    let told = BalanceRecord { record: "Trailer".to_owned(), balance: "amount".to_owned(), account: None };
    assert_eq!((own.told.as_ref(), own.told_at), (Some(&told), ToldAt::End));
    assert_eq!((own.near_s, own.clock_differs_s, own.snapshot.is_none()), (600, 0, true));
}

#[test]
fn mistakes_are_named_with_what_there_is() {
    check("", "", None);
    check("told =", "told_at = \"begin\"\nnear_s = 0\nclock_differs_s = 2\ntold =", None);
    check("told =", "told_at = \"noon\"\ntold =", Some("told_at"));
    check("out =", "out_of =", Some("did you mean `out`"));
    check("out = { Transfer = { amount = \"amount\" } }\n", "", Some("no request moves a balance"));
    check("Transfer = { amount", "Transfers = { amount", Some("has no telegram `Transfers`"));
    check("{ amount = \"amount\" } }\n", "{ amount = \"amuont\" } }\n", Some("Transfer has no field `amuont`"));
    check(
        "{ amount = \"amount\" } }\n",
        "{ amount = \"withdraw_account\" } }\n",
        Some("`withdraw_account` is not a number"),
    );
    check("{ amount = \"amount\" } }\n", "{ } }\n", Some("`amount`"));
    check("balance = \"amount\"", "balance = \"record_type\"", Some("record_type"));
    check("record = \"Trailer\"", "record = \"Total\"", Some("the file Settlement has no record `Total`"));
    let account = |field: &str| format!("{{ amount = \"amount\", account = \"{field}\" }} }}\n");
    check(
        "{ amount = \"amount\" } }\n",
        &account("withdraw_account"),
        Some("a balance without an account is of all of them"),
    );
    check("{ amount = \"amount\" } }\n", &account("header.sent_date"), Some("`header.sent_date` is no account"));
    check("balance = \"amount\"", "balance = \"amount\", account = \"count\"", Some("the requests have no account"));
    let both = "out = { Transfer = { amount = \"amount\", account = \"withdraw_account\" } }\nin = { Transfer = { amount = \"amount\" } }\n";
    check(
        "out = { Transfer = { amount = \"amount\" } }\n",
        both,
        Some("some requests have an account and others have none"),
    );
    check("told =", "snapshot = { record = \"Trailer\", balance = \"amount\" }\ntold =", None);
    check(
        "told =",
        "snapshot = { spec = \"none.toml\", record = \"Trailer\", balance = \"amount\" }\ntold =",
        Some("none.toml"),
    );
}
