//! Which rules may give requests to another institution, and the mistake that is named otherwise.

use crate::config::Config;
use crate::config::two_banks::{SETTLEMENT, banks, parse, root};

/// Part of the transfers goes to the other bank.
fn routing() -> String {
    banks(
        r#"session = { sign_on = "SignOn" }
routing = { Transfer = { to = "bank-b", percent = 1, sticky = "withdraw_account" } }"#,
    )
}

/// The same with one change of the two banks.
fn check(from: &str, to: &str, expected: Option<&str>) {
    let banks = routing();
    assert!(banks.contains(from), "{from}");
    parse(&banks.replacen(from, to, 1), expected);
}

#[test]
fn a_rule_names_another_institution_and_a_percentage() {
    check("percent = 1", "percent = 1", None);
    check("percent = 1", "percent = 100", None);
    check(", percent = 1", "", None);
    let range = Some("percent");
    check("percent = 1", "percent = 101", range);
    check("percent = 1", "percent = -1", range);
    check("percent = 1", "percent = \"1\"", range);
    check("to = \"bank-b\", ", "", Some("`to`"));
    check("to = \"bank-b\"", "to = \"bank-a\"", Some("`to` is bank-a itself"));
    check("to = \"bank-b\"", "to = \"bank-c\"", Some("there is no other institution `bank-c`"));
    check("to = \"bank-b\"", "to = \"bank-b\", percents = 1", Some("percents"));
    check("routing =", "routings =", Some("routings"));
}

#[test]
fn a_chain_and_a_loop_are_refused() {
    let bank_b = "[institutions.bank-b]\n";
    let further = |to: &str| format!("{bank_b}routing = {{ Transfer = {{ to = \"{to}\" }} }}\n");
    // The rule of the other one would be wrong as well, so two mistakes are named.
    let both = routing().replacen(bank_b, &further("bank-a"), 1);
    let found = Config::parse("gateway.toml", &both, root()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(found.contains("`Transfer` goes to bank-b, whose rule sends it back to bank-a"), "{found}");
    assert!(found.contains("`Transfer` goes to bank-a, whose rule sends it back to bank-b"), "{found}");
    let breaker = format!("{bank_b}breaker = {{ alternatives = {{ Transfer = {{ institution = \"bank-a\" }} }} }}\n");
    check(bank_b, &breaker, Some("`Transfer` goes to bank-b, whose breaker sends it back to bank-a"));
    let other = format!("{bank_b}routing = {{ BalanceInquiry = {{ to = \"bank-a\" }} }}\n");
    check(bank_b, &other, None);
}

#[test]
fn the_other_institution_must_have_the_same_telegram_and_fill_it() {
    check("routing = { Transfer", "routing = { Transfers", Some("has no telegram `Transfers`"));
    check(
        "{ Transfer = { to = \"bank-b\", percent = 1, sticky = \"withdraw_account\" } }",
        "{ TransferAnswer = { to = \"bank-b\" } }",
        Some("`TransferAnswer` has no answer"),
    );
    check(
        "{ Transfer = { to = \"bank-b\", percent = 1, sticky = \"withdraw_account\" } }",
        "{ SignOn = { to = \"bank-b\" } }",
        Some("`SignOn` is sent by the gateway itself"),
    );
    let banks = routing();
    let other = banks.rfind("specs/bank-a/bank-a.toml").unwrap_or_default();
    let (before, after) = banks.split_at(other);
    let elsewhere = after.replacen("specs/bank-a/bank-a.toml", "specs/host-b/host-b.toml", 1);
    let text = format!("{before}{elsewhere}");
    let found = Config::parse("gateway.toml", &text, root()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(found.contains("bank-b has no telegram `Transfer`"), "{found}");
    check(
        "fill = { \"header.bank_code\" = \"088\", ",
        "fill = { ",
        Some("header.bank_code of `Transfer` is filled by bank-a and not by bank-b"),
    );
}

#[test]
fn what_moves_money_is_settled_at_both() {
    let at = |bank: &str| SETTLEMENT.replace("BANK", bank);
    let one = routing() + &at("bank-a");
    parse(&one, Some("`Transfer` has a settlement at bank-a and none at bank-b"));
    parse(&format!("{one}{}", at("bank-b")), None);
    let reversal = one.replacen("routing = { Transfer", "routing = { Reversal", 1).replacen(
        ", sticky = \"withdraw_account\"",
        "",
        1,
    );
    parse(&reversal, Some("`Reversal` is about exchanges with bank-a, and no other institution knows them"));
}

#[test]
fn the_sticky_field_is_one_that_services_fill_with_something_different() {
    let sticky = "sticky = \"withdraw_account\"";
    for (path, expected) in [
        ("amount", None),
        ("withdraw_acount", Some("`Transfer` has no field `withdraw_acount`")),
        ("header.trace_no", Some("`header.trace_no` is filled by the gateway")),
        ("header.sent_date", Some("`header.sent_date` is filled by the gateway")),
        ("header.telegram_code", Some("`header.telegram_code` is the same in all requests")),
        ("header.length", Some("`header.length` is computed")),
    ] {
        check(sticky, &format!("sticky = \"{path}\""), expected);
    }
}

#[test]
fn each_caller_is_a_client_of_the_access_file() {
    let callers = |names: &str| routing().replacen("percent = 1", &format!("percent = 1, callers = [{names}]"), 1);
    parse(&callers("\"orders\""), Some("without an access file no caller has a name"));
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("access.toml");
    let hash = "1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719";
    let access = format!("[clients.orders]\ntokens = [\"sha256:{hash}\"]\nmay = [{{ actions = [\"send\"] }}]\n");
    std::fs::write(&path, access).unwrap_or_else(|error| panic!("{error}"));
    let with = |names: &str| format!("http = {{ access = '{}' }}\n{}", path.display(), callers(names));
    parse(&with("\"orders\""), None);
    parse(&with("\"order\""), Some("the access file has no client `order`"));
}
