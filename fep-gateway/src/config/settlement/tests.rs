//! The settlement of the example configuration, and mistakes in it.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::config::Config;

const EXAMPLE: &str = include_str!("../../../gateway.example.toml");

fn parse(text: &str) -> Result<Config, String> {
    let config = Config::parse("gateway.toml", text, Path::new(env!("CARGO_MANIFEST_DIR")));
    config.map_err(|error| error.to_string())
}

/// Finds exactly this one mistake.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    let text = EXAMPLE.replacen(from, to, 1);
    assert_ne!(text, EXAMPLE, "{from}");
    let found = parse(&text).expect_err(to);
    assert!(found.contains(expected), "{found}\n{expected}");
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn the_example_configures_the_bank_fully() {
    let config = parse(EXAMPLE).unwrap();
    let bank = config.institutions.get("bank-a").unwrap();
    assert_eq!(bank.settlement, SettlementLimits::default());
    let transfer = bank.telegrams.get("Transfer").unwrap().settlement.as_ref().unwrap();
    let second = Duration::from_secs(1);
    let policy = SettlementPolicy {
        first_wait: 2 * second,
        backoff_min: second,
        backoff_max: 30 * second,
        step_wait_max: 60 * second,
        horizon: 30 * second,
        inquiry_max: 5,
        reversal_max: 10,
    };
    assert_eq!(transfer.policy, policy);
    assert_eq!(transfer.account_key, ["withdraw_account"]);
    let inquiry = transfer.inquiry.as_ref().unwrap();
    assert_eq!((inquiry.telegram.name.as_str(), inquiry.telegram.fields.len()), ("ResultInquiry", 5));
    let trace = StepValue::Request("header.trace_no".to_owned());
    assert!(inquiry.telegram.fields.contains(&StepField { path: "original_trace_no".to_owned(), with: trace }));
    let declined = ["0110", "0117"].map(|code| ConditionValue::Text(code.to_owned())).to_vec();
    assert!(inquiry.declined.contains(&Condition { path: "result_code".to_owned(), values: declined }));
    let reversal = transfer.reversal.as_ref().unwrap();
    let mark = StepField { path: "header.send_count".to_owned(), with: StepValue::Attempt };
    assert_eq!((reversal.telegram.name.as_str(), &reversal.repeat), ("Reversal", &vec![mark]));
}

#[test]
fn what_is_left_out_has_defaults() {
    let start = EXAMPLE.find("declined       =").unwrap();
    let head = EXAMPLE[..start].trim_end_matches("# ");
    let line = "[[institutions.bank-a.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:9000\"\n";
    let config = parse(&format!("{head}\nhorizon_ms = 1\n{line}")).unwrap();
    let bank = config.institutions.get("bank-a").unwrap();
    let transfer = bank.telegrams.get("Transfer").unwrap().settlement.as_ref().unwrap();
    assert_eq!((transfer.policy.inquiry_max, transfer.policy.reversal_max), (0, 0));
    assert_eq!((&transfer.inquiry, &transfer.reversal, transfer.account_key.len()), (&None, &None, 0));
    assert_eq!(transfer.policy.first_wait, Duration::from_secs(2));
}

#[test]
fn mistakes_are_named_at_their_place() {
    check("horizon_ms       = 30000", "", "`horizon_ms` is missing");
    check("horizon_ms       = 30000", "horizon_ms = 0", "`horizon_ms` is 0, it must be 1 to 604800000");
    check("first_wait_ms ", "first_wait ", "unknown key `first_wait` (did you mean `first_wait_ms`?)");
    check("backoff_max_ms   = 30000", "backoff_max_ms = 9", "`backoff_max_ms` is below `backoff_min_ms`");
    check("tries_max = 5", "tries_max = 0", "`tries_max` is 0, it must be 1 to 100");
    check("accepted         =", "# accepted", "`accepted` is missing");
    check("\"withdraw_account\"]", "\"withdraw_acount\"]", "Transfer has no field `withdraw_acount` at a fixed place");
    check("telegram  = \"ResultInquiry\"", "telegram = \"ResultInquiri\"", "(did you mean `ResultInquiry`?)");
    check("telegram  = \"Reversal\"", "telegram = \"ReversalAnswer\"", "`ReversalAnswer` cannot settle Transfer");
    check("telegram  = \"Reversal\"", "telegram = \"Transfer\"", "`Transfer` cannot settle Transfer");
    check("fields    = {", "fields = { result_code = \"\" } # {", "`fields` copies nothing of the request");
    check("<request.header.transaction_no>", "<header.transaction_no>", "there is no value `<header.transaction_no>`");
    check("<request.header.trace_no>", "<request.header.trace>", "Transfer has no field `header.trace`");
    check("= \"<request.amount>\" }", "= \"<request.payee_name>\" }", "they are fields of different kinds");
    check("original_date = \"<request.header", "original_dat = \"<request.header", "(did you mean `original_date`?)");
    check("result_code = \"0000\"", "resultcode = \"0000\"", "ResultInquiryAnswer has no field `resultcode`");
    check("processed = {", "processed = {} # {", "`processed` has no condition");
    check("repeat    =", "# repeat", "`repeat` is missing: a reversal that may have been sent before carries a mark");
    check("{ \"header.send_count\" = \"<attempt>\" }", "{ reason = \"<attempt>\" }", "`<attempt>` is a number");
    check("monetary          = true", "monetary = false", "`settlement` stands beside it");
    check("lane_max       = 10", "lane_max = 0", "`lane_max` is 0, it must be 1 to 1000000");
    check("cases_max ", "case_max ", "unknown key `case_max` (did you mean `cases_max`?)");
}

#[test]
fn a_field_that_cannot_hold_the_requests_value_is_a_mistake() {
    let of = |from: &str, to: &str, expected: &str| {
        let start = EXAMPLE.find("telegram  = \"Reversal\"").unwrap();
        let text = format!("{}{}", &EXAMPLE[..start], EXAMPLE[start..].replacen(from, to, 1));
        assert_ne!(text, EXAMPLE, "{from}");
        let found = parse(&text).expect_err(to);
        assert!(found.contains(expected) && found.lines().count() == 1, "{found}");
    };
    of(
        "original_trace_no = \"<request.header.trace_no>\"",
        "original_trace_no = \"<request.amount>\"",
        "it has more digits",
    );
    of("deposit_bank = \"<request.deposit_bank>\"", "deposit_bank = \"<request.deposit_account>\"", "it is longer");
    of("original_date = \"<request.header.sent_date>\"", "original_date = \"<request.amount>\"", "of different kinds");
}

#[test]
fn a_monetary_telegram_needs_a_settlement() {
    let start = EXAMPLE.find("# How an unknown outcome").unwrap();
    let end = EXAMPLE.find("# A telegram that the institution sends").unwrap();
    let text = format!("{}{}", &EXAMPLE[..start], &EXAMPLE[end..]);
    let found = parse(&text).expect_err("no settlement");
    assert!(found.contains("a monetary telegram needs a settlement") && found.lines().count() == 1, "{found}");
}

#[test]
fn every_mistake_is_said_at_once() {
    let text = EXAMPLE
        .replacen("horizon_ms       = 30000", "horizon_ms = 0", 1)
        .replacen("tries_max = 5", "tries_max = 0", 1)
        .replacen("result_code = \"0000\"", "resultcode = \"0000\"", 1)
        .replacen("\"Reversal\"", "\"Reversl\"", 1);
    let found = parse(&text).expect_err("four mistakes");
    assert_eq!(found.lines().count(), 4, "{found}");
}

#[test]
fn conditions_that_never_count_are_refused() {
    let declined = "declined  = { \"header.response_code\" = \"0000\", original_trace_no = \"<request.header.trace_no>\", original_date = \
                    \"<request.header.sent_date>\", result_code = [\"0110\", \"0117\"] }";
    let always = "`declined` never counts: whenever it holds, `processed` holds, too, and comes first";
    check(declined, &declined.replace("[\"0110\", \"0117\"]", "\"0000\", amount = \"<request.amount>\""), always);
    let refused = "refused   = { \"header.response_code\" = [\"0100\", \"0110\", \"0117\"] }";
    let confirmed = "confirmed = { \"header.response_code\" = \"0000\", original_trace_no = \"<request.header.trace_no>\", original_date = \
                     \"<request.header.sent_date>\" }";
    let both = EXAMPLE.replacen(confirmed, "confirmed = { \"header.response_code\" = [\"0000\", \"0110\"] }", 1);
    assert_ne!(both, EXAMPLE);
    parse(&both).expect("0100 is refused");
    let both = both.replacen(refused, "refused = { \"header.response_code\" = \"0110\" }", 1);
    assert!(parse(&both).unwrap_err().contains("`refused` never counts"));
    let accepted = "accepted         = { \"header.response_code\" = \"0000\" }";
    let same = format!("{accepted}\ndeclined = {{ \"header.response_code\" = \"0000\" }}");
    check(accepted, &same, "`declined` never counts: whenever it holds, `accepted` holds, too");
}

#[test]
fn no_duty_moves_money() {
    check(
        "sign_on   = \"SignOn\"",
        "sign_on = \"Transfer\"",
        "`Transfer` moves money, and the gateway sends a `sign_on` on its own",
    );
}
