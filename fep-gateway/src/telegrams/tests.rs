//! The golden telegrams of the bank, encoded and read by the catalogue.

use std::path::Path;

use super::*;
use crate::config::Config;
use crate::telegrams::testing::golden;
use fep_protocol::terms::{Classified, Telegrams};

const NOW: Now = Now::new(Duration::ZERO, 1_795_221_015_000);

const CONFIG: &str = include_str!("../../testdata/bank-a.toml");

const HOST_B: &str = include_str!("../../testdata/host-b.toml");

fn catalogue() -> TelegramCatalogue {
    catalogue_of(CONFIG)
}

fn catalogue_of(config: &str) -> TelegramCatalogue {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let config = Config::parse("gateway.toml", config, &folder).unwrap_or_else(|error| panic!("{error}"));
    TelegramCatalogue::new(config.institutions.values().next().unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn put(fields: &mut Json, path: &str, value: &str) {
    json::put(fields.as_object_mut().unwrap(), path, value.into());
}

fn body() -> Json {
    let (mut fields, _) = golden("bank-a-transfer.json");
    let map = fields.as_object_mut().unwrap();
    for name in ["header", "balance_sign", "balance", "fee"] {
        map.remove(name);
    }
    fields
}

#[test]
fn a_body_with_fillings_makes_the_golden_telegram() {
    let catalogue = catalogue();
    let mut fields = body();
    put(&mut fields, "header.transaction_no", "T2026112100001");
    let draft = catalogue.draft("Transfer", &with_header(fields), NOW).unwrap();
    let wire = catalogue.request(&draft, 123, NOW).unwrap();
    let (_, bytes) = golden("bank-a-transfer.json");
    assert_eq!(String::from_utf8_lossy(&wire.bytes), String::from_utf8_lossy(&bytes));
    assert_eq!((&*wire.answer, wire.trace.as_str()), ("TransferAnswer", "123"));
    assert_eq!(wire.key, Key::new(["123", "20261121"]));
    assert_eq!(catalogue.trace_max(), 999_999);
}

fn with_header(mut fields: Json) -> Json {
    if fields.get("header").is_none() {
        fields["header"] = Json::Object(Map::new());
    }
    fields
}

#[test]
fn a_whole_golden_telegram_is_taken_but_its_trace_number_is_ours() {
    let catalogue = catalogue();
    let (fields, bytes) = golden("bank-a-transfer.json");
    let draft = catalogue.draft("Transfer", &fields, NOW).unwrap();
    let mut expected = bytes;
    expected[32..38].copy_from_slice(b"000077");
    assert_eq!(catalogue.request(&draft, 77, NOW).unwrap().bytes[..], expected[..]);
}

#[test]
fn transaction_numbers_are_unique_over_all_traces_of_a_day() {
    let catalogue = catalogue();
    let draft = catalogue.draft("Transfer", &body(), NOW).unwrap();
    let number = |trace| {
        let wire = catalogue.request(&draft, trace, NOW).unwrap();
        String::from_utf8(wire.bytes[56..70].to_vec()).unwrap()
    };
    assert_eq!(number(1), "T2026112100001");
    assert_eq!(number(99_999), "T2026112199999");
    assert_eq!(number(100_000), "T20261121A0000");
    assert_eq!(number(999_999), "T20261121AJAFZ");
}

/// The business date of 2026-11-21 begins at 23:30 on the evening before, and the telegram's date and numbers follow it.
#[test]
fn trace_numbers_and_dates_follow_the_business_date() {
    let config = CONFIG.replace("\"<date>\"", "\"<business_date>\"");
    let catalogue = catalogue_of(&format!("{config}\n[institutions.bank-a.hours]\nday_starts_at = \"23:30\"\n"));
    // date -d "2026-11-20 23:30 +0900" +%s
    let roll_ms = 1_795_185_000_000;
    for (wall_ms, day, date, transaction) in
        [(roll_ms - 1, 20_777, "20261120", "T2026112000007"), (roll_ms, 20_778, "20261121", "T2026112100007")]
    {
        let now = Now { business_ms: wall_ms, ..NOW };
        assert_eq!(catalogue.day(now), day);
        let draft = catalogue.draft("Transfer", &body(), now).unwrap();
        let wire = catalogue.request(&draft, 7, now).unwrap();
        let text = |from, to| String::from_utf8_lossy(&wire.bytes[from..to]).into_owned();
        assert_eq!((text(38, 46).as_str(), text(56, 70).as_str()), (date, transaction));
    }
}

#[test]
fn a_wrong_request_is_refused_by_name() {
    let catalogue = catalogue();
    let check = |telegram: &str, fields: &Json, expected: &str| {
        let error = match catalogue.draft(telegram, fields, NOW) {
            Err(DraftError::Invalid(error)) => error.to_string(),
            Err(other) => format!("{other:?}"),
            Ok(_) => "nothing is wrong".to_owned(),
        };
        assert!(error.contains(expected), "{error}");
    };
    check("Tranfer", &body(), "Transfer");
    check("SignOn", &body(), "NotARequest");
    check("DepositNotice", &body(), "NotARequest");
    check("TransferAnswer", &body(), "NotARequest");
    let mut fields = body();
    fields["amount"] = "many".into();
    check("Transfer", &fields, "amount (출금금액)");
    let mut fields = body();
    fields.as_object_mut().unwrap().remove("amount");
    check("Transfer", &fields, "amount (출금금액): is missing");
    let mut fields = with_header(body());
    put(&mut fields, "header.telegram_code", "0200");
    check(
        "Transfer",
        &fields,
        "caller: header.telegram_code (전문종별코드): `Transfer` has \"0100\" here, \"0200\" is given",
    );
}

#[test]
fn received_bytes_become_what_they_mean() {
    let catalogue = catalogue();
    let (_, answer) = golden("bank-a-transfer-answer.json");
    let Classified::Answer { telegram, key, refused, .. } = catalogue.read(&answer) else { panic!("no answer") };
    assert_eq!((&*telegram, refused), ("TransferAnswer", None));
    assert_eq!(key, Key::new(["123", "20261121"]));

    let (_, sign_on) = golden("bank-a-sign-on.json");
    assert!(matches!(catalogue.read(&sign_on), Classified::Duty(Duty::SignOn)));
    let (_, notice) = golden("bank-a-deposit-notice.json");
    assert!(matches!(catalogue.read(&notice), Classified::Notice { telegram } if &*telegram == "DepositNotice"));

    let mut broken = answer;
    broken[120] = b'x';
    let Classified::Undecodable { key: Some(key), why } = catalogue.read(&broken) else { panic!("no undecodable") };
    assert_eq!(key, Key::new(["123", "20261121"]));
    assert!(why.contains("amount (출금금액), bytes 116..129"), "{why}");
    let (_, mut notice) = golden("bank-a-deposit-notice.json");
    notice[120] = b'x';
    assert!(matches!(catalogue.read(&notice), Classified::Undecodable { key: None, .. }), "its number is theirs");
    assert!(matches!(catalogue.read(b"0002xx"), Classified::Undecodable { key: None, .. }));
}

#[test]
fn their_duty_is_answered_with_its_own_fields() {
    let catalogue = catalogue();
    let (_, theirs) = golden("bank-a-sign-on.json");
    let answer = catalogue.accept(Duty::SignOn, &theirs).unwrap();
    let mut expected = theirs;
    expected[24..28].copy_from_slice(b"0810");
    expected[52..56].copy_from_slice(b"0000");
    assert_eq!(String::from_utf8_lossy(&answer), String::from_utf8_lossy(&expected));
    let Classified::Answer { refused: None, .. } = catalogue.read(&answer) else { panic!("it is a yes") };
    expected[52..56].copy_from_slice(b"0003");
    let Classified::Answer { refused: Some(why), .. } = catalogue.read(&expected) else { panic!("it is a no") };
    assert_eq!(why, "header.response_code is 0003, not 0000");
}

#[test]
fn a_notice_is_answered_with_its_own_fields_and_the_services() {
    let catalogue = catalogue();
    let (_, notice) = golden("bank-a-deposit-notice.json");
    let own = TelegramCatalogue::nested(&[("header.response_code".to_owned(), "0110".to_owned())]);
    let answer = catalogue.answer("DepositNotice", &notice, &own).unwrap();
    let mut expected = notice;
    expected[24..28].copy_from_slice(b"0210");
    expected[52..56].copy_from_slice(b"0110");
    assert_eq!(answer[..], expected[..]);
}

#[test]
fn an_answer_has_the_key_of_its_telegram() {
    let catalogue = catalogue();
    let (_, notice) = golden("bank-a-deposit-notice.json");
    for (path, value) in [("header.trace_no", "5"), ("header.sent_date", "2026-01-01")] {
        let own = TelegramCatalogue::nested(&[(path.to_owned(), value.to_owned())]);
        let answer = catalogue.answer("DepositNotice", &notice, &own);
        assert!(matches!(answer, Err(DraftError::OtherKey)), "{path}: {answer:?}");
    }
}

#[test]
fn constants_that_their_fields_cannot_carry_are_refused_at_the_start() {
    let check = |from: &str, to: &str, expected: &str| {
        let text = CONFIG.replacen(from, to, 1);
        assert_ne!(text, CONFIG, "{from}");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let config = Config::parse("gateway.toml", &text, &folder).unwrap();
        let why = TelegramCatalogue::new(config.institutions.get("bank-a").unwrap()).map(drop).expect_err(to);
        assert!(why.contains(expected), "{why}");
    };
    check(
        "[institutions.bank-a.notices.DepositNotice]",
        "[institutions.bank-a.notices.DepositNotice]\nstand_in = { withdraw_account = \"1\" }",
        "DepositNoticeAnswer: caller: withdraw_account",
    );
    check(
        "[institutions.bank-a.notices.DepositNotice]",
        "[institutions.bank-a.notices.DepositNotice]\nstand_in = { \"header.trace_no\" = \"1\" }",
        "DepositNoticeAnswer: header.trace_no is part of the key",
    );
    check(
        "accepted = { \"header.response_code\" = \"0000\"",
        "accepted = { \"header.response_code\" = \"00000\"",
        "header.response_code",
    );
    check("\"fee\" = 0", "\"fee\" = 1234567890", "fee: caller");
}

/// A header of the host, written by hand: EBCDIC text, COMP-3 numbers. The date is 2026-11-21, the time 09:30:15.
fn host_header(len: u8, tran_id: &[u8; 8], telegram_code: &[u8; 4], trace: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![0, len];
    bytes.extend_from_slice(tran_id);
    bytes.extend_from_slice(telegram_code);
    bytes.extend_from_slice(&trace);
    bytes.extend_from_slice(&[0x02, 0x02, 0x61, 0x12, 0x1F]);
    bytes.extend_from_slice(&[0x00, 0x93, 0x01, 0x5F]);
    bytes.extend_from_slice(b"\xF0\xF0");
    bytes.extend_from_slice(&[0x40; 11]);
    bytes
}

#[test]
fn a_mainframes_telegrams_are_recognised() {
    let catalogue = catalogue_of(HOST_B);
    // SIGNON and two spaces, 0800 and 0810, in EBCDIC.
    let sign_on = *b"\xE2\xC9\xC7\xD5\xD6\xD5\x40\x40";
    let theirs = host_header(40, &sign_on, b"\xF0\xF8\xF0\xF0", [0x00, 0x00, 0x20, 0x0C]);
    assert!(matches!(catalogue.read(&theirs), Classified::Duty(Duty::SignOn)), "{:?}", catalogue.read(&theirs));
    let answer = host_header(40, &sign_on, b"\xF0\xF8\xF1\xF0", [0x00, 0x00, 0x20, 0x0C]);
    let Classified::Answer { telegram, key, refused, .. } = catalogue.read(&answer) else { panic!("no answer") };
    assert_eq!((&*telegram, refused), ("HostSignOnAnswer", None));
    assert_eq!(key, catalogue.duty(Duty::SignOn, 200, NOW).unwrap().key);
    let unknown = host_header(40, b"\xE2\xC9\xC7\xD5\xD6\xD5\x40\xC1", b"\xF0\xF8\xF0\xF0", [0, 0, 0x20, 0x0C]);
    assert!(matches!(catalogue.read(&unknown), Classified::Undecodable { .. }));
}

#[test]
fn no_two_packed_numbers_are_one_key() {
    let catalogue = catalogue_of(HOST_B);
    let draft = catalogue.draft("LoanListRequest", &serde_json::json!({ "customer_no": "1" }), NOW).unwrap();
    let key = |trace| catalogue.request(&draft, trace, NOW).unwrap().key;
    // If read as ASCII, 20 0C and 09 0C end with a form feed and begin with a space or a tab.
    assert_ne!(key(200), key(90));
    assert_ne!(key(200), key(2_000_000));
    assert_eq!(key(200), key(200));
}

#[test]
fn a_notice_has_the_key_of_a_version_1_journal_only_if_that_determines_its_own() {
    let (_, notice) = golden("bank-a-deposit-notice.json");
    let at = notice.windows(6).position(|six| six == b"900001").unwrap();
    let former = |trace: &[u8; 6]| {
        let bytes = [&notice[..at], trace, &notice[at + 6..]].concat();
        let key = catalogue().notice_key("DepositNotice", &bytes).unwrap();
        let former = catalogue().former_notice_key("DepositNotice", &bytes);
        (key.fields().next().unwrap().to_owned(), former.map(|key| key.fields().next().unwrap().to_owned()))
    };
    assert_eq!(former(b"000123"), ("123".to_owned(), Some("000123".to_owned())));
    assert_eq!(former(b"900001"), ("900001".to_owned(), None));
    // Packed 200 and 90 were both the empty text there.
    let bytes = host_header(100, &[0x40; 8], b"\xF0\xF4\xF0\xF0", [0x00, 0x00, 0x20, 0x0C]);
    assert_eq!(catalogue_of(HOST_B).former_notice_key("RepaymentNotice", &bytes), None);
}

/// The same telegram as the golden one, for a bank whose own code is 088, with the number of that bank.
#[test]
fn a_request_that_is_passed_on_has_what_the_other_bank_fills_and_what_the_service_gave() {
    let other = catalogue_of(&CONFIG.replacen("\"099\"", "\"088\"", 1));
    let mut fields = with_header(body());
    put(&mut fields, "header.transaction_no", "T2026112100001");
    let draft = catalogue().draft("Transfer", &fields, NOW).unwrap();
    let passed_on = catalogue().passed_on(&draft, &other).unwrap();
    let (_, mut expected) = golden("bank-a-transfer.json");
    expected[21..24].copy_from_slice(b"088");
    expected[32..38].copy_from_slice(b"000077");
    let sent = other.request(&passed_on, 77, NOW).unwrap().bytes;
    assert_eq!(String::from_utf8_lossy(&sent), String::from_utf8_lossy(&expected));
}
