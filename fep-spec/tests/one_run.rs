//! One run finds every mistake of a spec: those in groups, parts, cases and lists of codes do not hide each other.
//!
//! The mistakes are those that people make when they type a page. Each is planted at one line of `bank-a`, and must be found at this line.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use fep_spec::model::Spec;
use fep_spec::report::{Report, Severity};

const BANK_A: &str = include_str!("../../specs/bank-a/bank-a.toml");

/// What `bank-a` lacks: a choice, and a group with items of its own.
const MORE: &str = r#"
[telegrams.Order]
when  = { "header.telegram_code" = "0750", "header.business_code" = "100" }
items = [
  { part = "Header", name = "header" },
  { name = "order_kind", type = "DZ", len = 2 },
  { name = "leg_count", type = "N", len = 2 },
  { group = "legs", count = "leg_count", max = 9, items = [
    { name = "leg_account", type = "D", len = 16, secret = true },
    { name = "leg_amount", type = "N", len = 13, at = 16 },
    { name = "leg_memo", type = "H", len = 14, at = 29 },
  ] },
  { choice = "body", by = "order_kind", cases = [
    { code = "10", name = "Buy", items = [
      { name = "buy_price", type = "N", len = 9 },
      { name = "buy_code", type = "AN", len = 6 },
    ] },
    { code = "20", name = "Sell", items = [
      { name = "sell_price", type = "N", len = 9 },
    ] },
  ] },
]
"#;

/// The text that stands once in the spec, the mistake in its place, and the code of the finding.
const MISTAKES: [(&str, &str, &str); 36] = [
    // The head, the types and the lists of codes.
    (r#"title   = "Bank A 펌뱅킹 전문""#, r#"titel   = "Bank A 펌뱅킹 전문""#, "unknown-key"),
    (
        r#"TIME = { kind = "time", pattern = "HHMMSS" }"#,
        r#"TIME = { kind = "time", patern = "HHMMSS" }"#,
        "unknown-key",
    ),
    (r#"{ code = "0003", name = "InstitutionFault""#, r#"{ code = 3, name = "InstitutionFault""#, "wrong-type"),
    (r#"{ code = "0100", name = "NoSuchTelegram""#, r#"{ code = 0100, name = "NoSuchTelegram""#, "syntax"),
    (r#"{ code = "0101", name = "DuplicateNo""#, r#"{ code = "0000", name = "DuplicateNo""#, "duplicate"),
    (r#"{ code = "40", name = "Interest""#, r#"{ code = "40", nmae = "Interest""#, "unknown-key"),
    // Parts.
    (
        r#"{ name = "company_code",     label = "업체코드",     type = "AN","#,
        r#"{ name = "company_code",     label = "업체코드",     type = "AX","#,
        "unknown-name",
    ),
    (r#"type = "N",    len = 1,  at = 31,"#, r#"type = "N",    len = "1",  at = 31,"#, "wrong-type"),
    (r#"type = "DATE", len = 8,  at = 38 },"#, r#"type = "DATE", len = 7,  at = 38 },"#, "wrong-length"),
    (r#"codes = "ResponseCode" },"#, r#"codes = "ResponceCode" },"#, "unknown-name"),
    (
        r#"{ name = "memo",         label = "적요",     type = "H",    len = 14, at = 43 },"#,
        r#"{ name = "memo",         label = "적요",     type = "H",    len = 14, at = 44 },"#,
        "offset-mismatch",
    ),
    (
        r#"{ name = "kind",         label = "거래구분", type = "CODE""#,
        r#"{ name = "date",         label = "거래구분", type = "CODE""#,
        "name-taken",
    ),
    // Telegrams and their fields.
    (r#"label  = "개시""#, r#"lable  = "개시""#, "unknown-key"),
    (r#"answer = "SignOffAnswer""#, r#"answer = "SignOfAnswer""#, "unknown-name"),
    (
        r#"when  = { "header.telegram_code" = "0810", "header.business_code" = "200" }"#,
        r#"when  = { "header.telegram_code" = "0810", "header.busines_code" = "200" }"#,
        "wrong-condition",
    ),
    (
        r#"when   = { "header.telegram_code" = "0800", "header.business_code" = "300" }"#,
        r#"when   = { "header.telegram_code" = 800, "header.business_code" = "300" }"#,
        "wrong-type",
    ),
    (
        r#"when  = { "header.telegram_code" = "0810", "header.business_code" = "300" }"#,
        r#"when  = { "header.telegram_code" = "810", "header.business_code" = "300" }"#,
        "wrong-condition",
    ),
    (r#"type = "N",   len = 13, at = 116 },"#, r#"type = "N",   len = 13, at = 117 },"#, "offset-mismatch"),
    (
        r#"{ name = "deposit_bank",     label = "입금은행코드",   type = "DZ",  len = 3,"#,
        r#"{ name = "deposit_bank",     label = "입금은행코드",   type = "DZ",  len = 0,"#,
        "out-of-range",
    ),
    (r#"len = 14, at = 191, overflow = "cut" },"#, r#"len = 14, at = 191, overflow = "trim" },"#, "unknown-word"),
    (
        r#"computed = "check", function = "check_digits","#,
        r#"computed = "chek", function = "check_digits","#,
        "unknown-word",
    ),
    (
        r#"{ name = "original_date",     label = "원거래 전송일자",     type = "DATE", len = 8,  at = 106 },
  { name = "withdraw_account","#,
        r#"{ nam = "original_date",     label = "원거래 전송일자",     type = "DATE", len = 8,  at = 106 },
  { name = "withdraw_account","#,
        "unknown-key",
    ),
    (r#"codes = "ReversalReason" },"#, r#"codes = "ReversalReasons" },"#, "unknown-name"),
    (r#"like  = "ResultInquiry""#, r#"like  = "ResultInquiri""#, "unknown-name"),
    ("label  = \"잔액조회\"\nlen    = 300", "label  = \"잔액조회\"\nlen    = 299", "length-mismatch"),
    (
        r#"{ name = "available", label = "지급가능액", type = "N",  len = 13, at = 130 },"#,
        r#"{ name = "available", label = "지급가능액", type = "N",  len = 13, at = 130, scal = 2 },"#,
        "unknown-key",
    ),
    (r#"count = "item_count", max = 10, at = 144,"#, r#"count = "itme_count", max = 10, at = 144,"#, "unknown-name"),
    (
        r#"page = { total = "total_count", start = "start_no" }"#,
        r#"page = { total = "totl_count", start = "start_no" }"#,
        "unknown-name",
    ),
    // Groups and cases.
    (
        r#"{ group = "legs", count = "leg_count", max = 9, items"#,
        r#"{ group = "legs", count = "leg_count", items"#,
        "no-max",
    ),
    (
        r#"{ name = "leg_account", type = "D", len = 16, secret = true },"#,
        r#"{ name = "leg_account", type = "D", len = 16, secert = true },"#,
        "unknown-key",
    ),
    (
        r#"{ name = "leg_amount", type = "N", len = 13, at = 16 },"#,
        r#"{ name = "leg_amount", type = "N", len = 13, at = 15 },"#,
        "offset-mismatch",
    ),
    (
        r#"{ name = "leg_memo", type = "H", len = 14, at = 29 },"#,
        r#"{ name = "leg_memo", type = "HH", len = 14, at = 29 },"#,
        "unknown-name",
    ),
    (r#"by = "order_kind""#, r#"by = "order_kin""#, "wrong-reference"),
    (r#"{ name = "buy_price", type = "N", len = 9 },"#, r#"{ name = "buy_price", type = "N" },"#, "missing-key"),
    (r#"{ name = "buy_code", type = "AN", len = 6 },"#, r#"{ name = "buy code", type = "AN", len = 6 },"#, "bad-name"),
    (
        r#"{ name = "sell_price", type = "N", len = 9 },"#,
        r#"{ name = "sell_price", type = "N", len = 9, scale = "2" },"#,
        "wrong-type",
    ),
];

/// The spec with these mistakes, and the line and code of each.
fn planted(chosen: &[usize]) -> (String, Vec<(usize, &'static str)>) {
    let clean = format!("{BANK_A}{MORE}");
    let mut text = clean.clone();
    let mut expected = Vec::new();
    for number in chosen {
        let (right, wrong, code) = *MISTAKES.get(*number).unwrap();
        assert_eq!(clean.matches(right).count(), 1, "it stands once: {right}");
        let at = clean.find(right).unwrap();
        let same = right.bytes().zip(wrong.bytes()).take_while(|(right, wrong)| right == wrong).count();
        let line = 1 + clean.bytes().take(at + same).filter(|byte| *byte == b'\n').count();
        expected.push((line, code));
        text = text.replacen(right, wrong, 1);
    }
    (text, expected)
}

fn assert_found(report: &Report, expected: &[(usize, &str)]) {
    for (line, code) in expected {
        let found = report.findings.iter().any(|finding| finding.line == *line && finding.code.word() == *code);
        assert!(found, "{code} in line {line} is not found:\n{report}");
    }
    assert!(report.findings.len() >= expected.len());
}

#[test]
fn all_mistakes_are_found_in_one_run_and_nothing_else() {
    let all: Vec<usize> = (0..MISTAKES.len()).collect();
    let (text, expected) = planted(&all);
    let report = Spec::check("bank-a.toml", &text).report;
    assert_found(&report, &expected);
    let other: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
        .filter(|finding| !expected.contains(&(finding.line, finding.code.word())))
        .map(ToString::to_string)
        .collect();
    assert!(other.is_empty(), "these only follow from others:\n{}", other.join("\n"));
}

#[test]
fn each_mistake_alone_is_one_finding() {
    for (number, mistake) in MISTAKES.iter().enumerate() {
        let (text, expected) = planted(&[number]);
        let report = Spec::check("bank-a.toml", &text).report;
        assert_found(&report, &expected);
        let found = report.findings.iter().filter(|finding| finding.severity != Severity::Note).count();
        assert_eq!(found, 1, "{:?}\n{report}", mistake);
    }
}

/// The next number of a fixed sequence (a linear congruential generator).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn any_of_the_mistakes_together_are_all_found() {
    let mut state = 12;
    for _ in 0..200 {
        let share = 1 + next(&mut state) % 9;
        let chosen: Vec<usize> = (0..MISTAKES.len()).filter(|_| next(&mut state) % 10 < share).collect();
        let (text, expected) = planted(&chosen);
        assert_found(&Spec::check("bank-a.toml", &text).report, &expected);
    }
}
