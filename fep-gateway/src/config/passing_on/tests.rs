//! Which telegrams may go to another institution, and the mistake that is named otherwise.

use crate::config::Config;
use crate::config::two_banks::{SETTLEMENT, banks, parse, root};

/// A breaker sends transfers to the other bank.
fn passing_on() -> String {
    banks(r#"breaker = { alternatives = { Transfer = { institution = "bank-b" } } }"#)
}

/// Parses the two banks with one change, and checks that this is the only mistake, with this message. Without a message, there is none.
fn check(from: &str, to: &str, expected: Option<&str>) {
    let banks = passing_on();
    assert!(banks.contains(from), "{from}");
    parse(&banks.replacen(from, to, 1), expected);
}

#[test]
fn a_chain_and_a_cycle_are_refused() {
    let bank_b = "[institutions.bank-b]\n";
    let sends_on =
        |to: &str| format!("{bank_b}breaker = {{ alternatives = {{ Transfer = {{ institution = \"{to}\" }} }} }}\n");
    check(bank_b, bank_b, None);
    let bank_c = passing_on().split_once(bank_b).unwrap().1.replace("9002", "9003");
    let chain = format!("[institutions.bank-c]\n{bank_c}\n{}", sends_on("bank-c"));
    check(bank_b, &chain, Some("`Transfer` goes to bank-b, whose breaker sends it on to bank-c"));
    let error =
        Config::parse("gateway.toml", &passing_on().replacen(bank_b, &sends_on("bank-a"), 1), root()).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("`Transfer` goes to bank-b, whose breaker sends it on to bank-a"), "{error}");
    assert!(error.contains("`Transfer` goes to bank-a, whose breaker sends it on to bank-b"), "{error}");
    // Another telegram may go the other way.
    check(bank_b, &sends_on("bank-a").replace("Transfer", "BalanceInquiry"), None);
    check(bank_b, &format!("{bank_b}breaker = {{ alternatives = {{ Transfer = {{ closed = \"x\" }} }} }}\n"), None);
}

/// Writes the sheet of bank-b with a change, and checks what differs.
fn differs(from: &str, to: &str, expected: Option<&str>) {
    let sheet = std::fs::read_to_string(root().join("specs/bank-a/bank-a.toml")).unwrap();
    assert!(sheet.contains(from), "{from}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank-b.toml");
    std::fs::write(&file, sheet.replacen(from, to, 1)).unwrap();
    let spec = "[institutions.bank-b]\nspec = \"specs/bank-a/bank-a.toml\"";
    check(spec, &format!("[institutions.bank-b]\nspec = \"{}\"", file.display()), expected);
}

#[test]
fn the_first_field_that_differs_is_named() {
    let amount = "type = \"N\",   len = 13, at = 116";
    differs(amount, amount, None);
    let kind = Some("`Transfer` of bank-a is not that of bank-b: amount: its kind is ");
    differs(amount, "type = \"S-\",   len = 13, at = 116", kind);
}

#[test]
fn what_one_bank_fills_the_other_one_fills_too() {
    let both = "fill = { \"header.bank_code\" = \"088\", \"header.sent_date\" = \"<date>\" }";
    check(
        both,
        "fill = { \"header.bank_code\" = \"088\" }",
        Some("the field header.sent_date of `Transfer` is filled by bank-a"),
    );
    let more = "fill = { \"header.bank_code\" = \"088\", \"header.sent_date\" = \"<date>\", fee = 0 }";
    check(
        both,
        more,
        Some(
            "the field fee of `Transfer` is filled by bank-b and not by bank-a (add it to [institutions.bank-a.fill])",
        ),
    );
    check("trace = \"header.trace_no\"\n", "", Some("the field header.trace_no of `Transfer` is filled by bank-b"));
    let numbers = passing_on().replace("trace = \"header.trace_no\"\n", "");
    let error = Config::parse("gateway.toml", &numbers, root()).unwrap_err().to_string();
    assert!(error.contains("`Transfer` has a trace number of its own, which is one of bank-a"), "{error}");
}

#[test]
fn what_moves_money_does_so_at_both() {
    let start = "\n[institutions.bank-b]";
    let of = |bank: &str| SETTLEMENT.replace("BANK", bank);
    check(start, &format!("{}{start}", of("bank-a")), Some("`Transfer` has a settlement at bank-a and none at bank-b"));
    check(start, &format!("{}{}{start}", of("bank-a"), of("bank-b")), None);
    let reversal = of("bank-a") + &of("bank-b") + start;
    let error = passing_on().replacen("Transfer = {", "Reversal = {", 1).replacen(start, &reversal, 1);
    let error = Config::parse("gateway.toml", &error, root()).unwrap_err().to_string();
    assert!(
        error.contains("`Reversal` is about exchanges with bank-a, and no other institution knows them"),
        "{error}"
    );
}
