//! The bank of the example configuration: its inquiries and reversals, byte by byte, and its answers. All bytes are written by hand from
//! the spec's offsets, or are golden.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::config::Config;
use crate::telegrams::testing::golden;
use fep_protocol::terms::Telegrams as _;

/// 2026-11-21 09:30:15 in Korea.
const NOW: Now = Now::new(Duration::ZERO, 1_795_221_015_000);

const EXAMPLE: &str = include_str!("../../../gateway.example.toml");

fn catalogue_of(config: &str) -> Result<TelegramCatalogue, String> {
    let config = Config::parse("gateway.toml", config, Path::new(env!("CARGO_MANIFEST_DIR")));
    TelegramCatalogue::new(config.map_err(|error| error.to_string())?.institutions.get("bank-a").unwrap())
}

/// The header, and a body that is filled with blanks to 300 bytes.
fn telegram(codes: &str, send_count: u8, trace_no: &str, response_code: &str, body: &str) -> Vec<u8> {
    let header = format!(
        "0296FEPTEST01FEPCO001099{codes}{send_count}{trace_no}20261121093015{response_code:4}T2026112100001{:30}",
        ""
    );
    assert_eq!(header.len(), 100);
    format!("{header}{body:200}").into_bytes()
}

/// The transfer of 1,234,567 won with the trace number 123.
fn transfer() -> Vec<u8> {
    golden("bank-a-transfer.json").1
}

#[test]
fn a_reversal_is_made_from_the_transfer_and_carries_the_mark_from_the_second_on() {
    let catalogue = catalogue_of(EXAMPLE).unwrap();
    let check = |attempt, repeat, send_count| {
        let draft = catalogue.step("Transfer", &transfer(), StepKind::Reversal, attempt, repeat, NOW).unwrap();
        let wire = catalogue.request(&draft, 77, NOW).unwrap();
        let body = "000123202611211002345678901   00000012345670883333011234567   01";
        let expected = telegram("0400100", send_count, "000077", "", body);
        assert_eq!(String::from_utf8_lossy(&wire.bytes), String::from_utf8_lossy(&expected));
        assert_eq!((&*wire.telegram, &*wire.answer), ("Reversal", "ReversalAnswer"));
    };
    check(1, false, 1);
    check(2, true, 2);
    check(9, true, 9);
    // The field has one digit.
    check(10, true, 9);
}

#[test]
fn an_inquiry_names_the_transfer() {
    let catalogue = catalogue_of(EXAMPLE).unwrap();
    let draft = catalogue.step("Transfer", &transfer(), StepKind::Inquiry, 1, false, NOW).unwrap();
    let wire = catalogue.request(&draft, 78, NOW).unwrap();
    let expected = telegram("0600100", 1, "000078", "", "00012320261121    0000000000000000000000");
    assert_eq!(String::from_utf8_lossy(&wire.bytes), String::from_utf8_lossy(&expected));
}

#[test]
fn nothing_is_made_of_bytes_that_are_no_transfer() {
    let catalogue = catalogue_of(EXAMPLE).unwrap();
    let made = |telegram: &str, bytes: &[u8]| catalogue.step(telegram, bytes, StepKind::Reversal, 1, false, NOW);
    assert!(matches!(made("Transfer", b"0004xxxx"), Err(DraftError::Invalid(_))));
    assert!(matches!(made("BalanceInquiry", &transfer()), Err(DraftError::NotARequest)));
    assert!(!catalogue.is_monetary("BalanceInquiry") && catalogue.is_monetary("Transfer"));
    assert_eq!(catalogue.settlement_policies().keys().collect::<Vec<_>>(), ["Transfer"]);
}

#[test]
fn an_inquirys_answer_says_what_became_of_the_money() {
    let catalogue = catalogue_of(EXAMPLE).unwrap();
    let check = |response_code: &str, body: &str, expected: Verdict| {
        let answer = telegram("0610100", 1, "000078", response_code, body);
        let found = catalogue.step_verdict("Transfer", &transfer(), StepKind::Inquiry, &answer);
        assert_eq!(found, expected, "{response_code} {body}");
    };
    check("0000", "0001232026112100000000001234567000000500", Verdict::Done);
    check("0000", "0001232026112101100000001234567000000000", Verdict::NotDone);
    check("0000", "0001232026112101000000000000000000000000", Verdict::NotFound);
    // The bank's own trouble, a code that is not listed, no code.
    check("0003", "0001232026112101000000000000000000000000", Verdict::Unclear);
    check("0000", "0001232026112101990000000000000000000000", Verdict::Unclear);
    check("0000", "00012320261121    0000000000000000000000", Verdict::Unclear);
    // Another transfer, another day, another amount.
    check("0000", "0001242026112100000000001234567000000500", Verdict::Unclear);
    check("0000", "0001232026112000000000001234567000000500", Verdict::Unclear);
    check("0000", "0001232026112100000000001234568000000500", Verdict::Unclear);
    // Not a date, and not that telegram.
    check("0000", "0001232026132100000000001234567000000500", Verdict::Unclear);
    let other = telegram("0410100", 1, "000078", "0000", "0001232026112100000000001234567000000500");
    assert_eq!(catalogue.step_verdict("Transfer", &transfer(), StepKind::Inquiry, &other), Verdict::Unclear);
    assert_eq!(catalogue.step_verdict("Transfer", &transfer(), StepKind::Inquiry, b""), Verdict::Unclear);
}

#[test]
fn a_reversals_answer_confirms_refuses_or_neither() {
    let check = |config: &str, response_code: &str, trace_no: &str, expected: Verdict| {
        let body = format!("{trace_no}202611211002345678901   00000012345670883333011234567   01");
        let answer = telegram("0410100", 1, "000077", response_code, &body);
        let catalogue = catalogue_of(config).unwrap();
        assert_eq!(catalogue.step_verdict("Transfer", &transfer(), StepKind::Reversal, &answer), expected);
    };
    check(EXAMPLE, "0000", "000123", Verdict::Confirmed);
    check(EXAMPLE, "0117", "000123", Verdict::Refused);
    check(EXAMPLE, "0003", "000123", Verdict::Unclear);
    check(EXAMPLE, "0000", "000124", Verdict::Unclear);
    let any = EXAMPLE.replacen("refused   =", "# refused   =", 1);
    check(&any, "0003", "000123", Verdict::Refused);
}

#[test]
fn a_late_answer_says_whether_the_money_was_moved() {
    let check = |config: &str, response_code: &[u8; 4], expected: Verdict| {
        let (_, mut answer) = golden("bank-a-transfer-answer.json");
        answer[52..56].copy_from_slice(response_code);
        assert_eq!(catalogue_of(config).unwrap().late_verdict("Transfer", &transfer(), &answer), expected);
    };
    check(EXAMPLE, b"0000", Verdict::Done);
    check(EXAMPLE, b"0110", Verdict::NotDone);
    check(EXAMPLE, b"0003", Verdict::NotDone);
    let listed = EXAMPLE.replacen("# declined       =", "declined =", 1);
    check(&listed, b"0110", Verdict::NotDone);
    check(&listed, b"0003", Verdict::Unclear);
}

#[test]
fn an_account_is_what_its_field_says() {
    let catalogue = catalogue_of(EXAMPLE).unwrap();
    let mut other = transfer();
    let key = catalogue.account_key("Transfer", &other);
    assert!(key.is_some());
    other[116..129].copy_from_slice(b"0000000000001");
    assert_eq!(catalogue.account_key("Transfer", &other), key, "another amount");
    other[100] = b'2';
    assert_ne!(catalogue.account_key("Transfer", &other), key, "another account");
    let none = EXAMPLE.replacen("account_key ", "# account_key ", 1);
    assert_eq!(catalogue_of(&none).unwrap().account_key("Transfer", &transfer()), None);
}

#[test]
fn steps_that_could_never_be_made_are_refused_at_the_start() {
    let check = |from: &str, to: &str, expected: &str| {
        let text = EXAMPLE.replacen(from, to, 1);
        assert_ne!(text, EXAMPLE, "{from}");
        let why = catalogue_of(&text).map(drop).expect_err(to);
        assert!(why.contains(expected), "{why}\n{expected}");
    };
    check(
        ", reason = \"01\" }",
        " }",
        "the reversal of Transfer: Reversal has no value for reason; give one in `fields` or in `fill`",
    );
    check("result_code = \"\", amount = 0", "amount = 0", "ResultInquiry has no value for result_code");
    check("reason = \"01\"", "reason = \"001\"", "the reversal of Transfer: Reversal, reason: ");
    check("amount = 0 }", "amount = -1 }", "the inquiry of Transfer: ResultInquiry, amount: ");
}

/// The bytes of a request and of an answer are frames. Here STX and ETX enclose them.
#[test]
fn a_settlement_takes_the_telegrams_out_of_their_frames() {
    let framing = "framing = { kind = \"length\", length_digits = 4, counts = \"rest\", frame_max_bytes = 8192 }";
    let config = EXAMPLE.replacen(framing, "framing = { kind = \"stx-etx\" }", 1);
    assert_ne!(config, EXAMPLE);
    let catalogue = catalogue_of(&config).unwrap();
    let framed = |telegram: &[u8]| [b"\x02", telegram, b"\x03"].concat();
    let request = framed(&transfer());
    assert!(catalogue.account_key("Transfer", &request).is_some());
    assert_eq!(
        catalogue.account_key("Transfer", &request),
        catalogue_of(EXAMPLE).unwrap().account_key("Transfer", &transfer())
    );
    let draft = catalogue.step("Transfer", &request, StepKind::Inquiry, 1, false, NOW).unwrap();
    let inquiry = telegram("0600100", 1, "000078", "", "00012320261121    0000000000000000000000");
    assert_eq!(&catalogue.request(&draft, 78, NOW).unwrap().bytes[..], framed(&inquiry));
    let answer = telegram("0610100", 1, "000078", "0000", "0001232026112100000000001234567000000500");
    let verdict = catalogue.step_verdict("Transfer", &request, StepKind::Inquiry, &framed(&answer));
    assert_eq!(verdict, Verdict::Done);
    let late = framed(&golden("bank-a-transfer-answer.json").1);
    assert_eq!(catalogue.late_verdict("Transfer", &request, &late), Verdict::Done);
}
