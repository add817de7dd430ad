//! Hand-written telegrams for two sheets, compared with bytes that an independent program made.
//!
//! Each golden telegram is read, compared with the values of its file (written here by hand), and written again.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the whole file is a test; clippy sees only the functions with the attribute"
)]

use std::fmt::Debug;

use fep_codec::{Code, Date, Decode, Digits, Layout, Telegram, TelegramSet, Text, Time};
use fep_tests::generated::check_digits;

/// 공통부
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 100, label = "공통부")]
struct Header {
    #[field(len = 4, computed = length(rest), label = "전문길이")]
    length: (),
    #[field(len = 9, label = "식별코드")]
    transaction_code: Text<9>,
    #[field(len = 8, label = "업체코드")]
    company_code: Text<8>,
    #[field(full, label = "은행코드")]
    bank_code: Digits<3>,
    #[field(full, at = 24, label = "전문종별코드")]
    telegram_code: Digits<4>,
    #[field(full, label = "업무구분코드")]
    business_code: Digits<3>,
    #[field(len = 1, label = "송신횟수")]
    send_count: u8,
    #[field(len = 6, label = "전문추적번호")]
    trace_no: u32,
    #[field(len = 8, label = "전송일자")]
    sent_date: Date,
    #[field(len = 6, label = "전송시각")]
    sent_time: Time,
    #[field(len = 4, label = "응답코드")]
    response_code: Text<4>,
    #[field(len = 14, label = "거래고유번호")]
    transaction_no: Text<14>,
    #[field(filler, len = 30, at = 70)]
    reserved: (),
}

#[derive(Code, Clone, Copy, Debug, PartialEq)]
enum BalanceSign {
    #[code("+", label = "양수")]
    Plus,
    #[code("-", label = "음수")]
    Minus,
    #[code("", label = "없음")]
    Absent,
}

#[derive(Code, Clone, Copy, Debug, PartialEq)]
enum TradeKind {
    #[code("20", label = "입금")]
    Deposit,
    #[code("30", label = "출금")]
    Withdrawal,
    #[code("40", label = "이자")]
    Interest,
    #[code("51", label = "입금취소")]
    DepositCancelled,
    #[code("52", label = "출금취소")]
    WithdrawalCancelled,
}

/// 개시
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 100, label = "개시", when("header.telegram_code" = "0800", "header.business_code" = "100"))]
struct SignOn {
    header: Header,
}

/// 이체 요구
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 300, charset = "euc-kr", label = "이체")]
#[telegram(when("header.telegram_code" = "0100", "header.business_code" = "100"))]
struct Transfer {
    header: Header,
    #[field(label = "출금계좌번호", secret)]
    withdraw_account: Digits<16>,
    #[field(len = 13, at = 116, label = "출금금액")]
    amount: u64,
    #[field(code, len = 1, charset = "ascii", label = "출금후잔액부호")]
    balance_sign: BalanceSign,
    #[field(len = 13, label = "출금후잔액")]
    balance: u64,
    #[field(full, label = "입금은행코드")]
    deposit_bank: Digits<3>,
    #[field(label = "입금계좌번호", secret)]
    deposit_account: Digits<16>,
    #[field(len = 9, label = "수수료")]
    fee: u32,
    #[field(at = 171, label = "입금인성명", secret)]
    payee_name: Text<20>,
    #[field(overflow = "cut", label = "적요")]
    passbook_memo: Text<14>,
    #[field(len = 6, label = "복기부호", computed = check(check_digits))]
    check_digits: (),
    #[field(filler, len = 89)]
    reserved: (),
}

/// 이체 응답
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 300, when("header.telegram_code" = "0110", "header.business_code" = "100"))]
struct TransferAnswer {
    header: Header,
    #[field(filler, any, len = 200)]
    body: (),
}

/// 잔액조회 응답
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 300, label = "잔액조회")]
#[telegram(when("header.telegram_code" = "0610", "header.business_code" = "300"))]
struct BalanceInquiryAnswer {
    header: Header,
    #[field(len = 16, label = "계좌번호", secret)]
    account: Digits<16>,
    #[field(len = 14, sign = "leading-minus", label = "잔액")]
    balance: i64,
    #[field(len = 13, label = "지급가능액")]
    available: u64,
    #[field(filler, len = 157)]
    reserved: (),
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 57, charset = "euc-kr")]
struct Trade {
    #[field(len = 8, label = "거래일자")]
    date: Date,
    #[field(len = 6, label = "거래시각")]
    time: Time,
    #[field(code, len = 2, label = "거래구분")]
    kind: TradeKind,
    #[field(len = 13, label = "거래금액")]
    amount: u64,
    #[field(code, len = 1, label = "잔액부호")]
    balance_sign: BalanceSign,
    #[field(len = 13, label = "잔액")]
    balance: u64,
    #[field(len = 14, label = "적요")]
    memo: Text<14>,
}

/// 거래내역조회 응답
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(label = "거래내역조회", when("header.telegram_code" = "0610", "header.business_code" = "500"))]
struct TransactionListAnswer {
    header: Header,
    #[field(len = 16, label = "계좌번호", secret)]
    account: Digits<16>,
    #[field(len = 8, label = "조회시작일")]
    from_date: Date,
    #[field(len = 8, label = "조회종료일")]
    to_date: Date,
    #[field(len = 5, label = "총건수")]
    total_count: u32,
    #[field(len = 5, label = "시작번호")]
    start_no: u32,
    #[field(len = 2, at = 142, computed = count(items), label = "반복건수")]
    item_count: (),
    #[field(group, count = item_count, max = 10, at = 144, label = "거래내역")]
    items: Vec<Trade>,
}

/// 입출금통지
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 300, charset = "euc-kr", label = "입출금통지")]
#[telegram(when("header.telegram_code" = "0200", "header.business_code" = "300"))]
struct DepositNotice {
    header: Header,
    #[field(secret)]
    account: Digits<16>,
    #[field(code, len = 2)]
    kind: TradeKind,
    #[field(len = 13)]
    amount: u64,
    #[field(code, len = 1)]
    balance_sign: BalanceSign,
    #[field(len = 13)]
    balance: u64,
    #[field(secret)]
    sender_name: Text<20>,
    #[field(charset = "ascii")]
    check_no: Text<10>,
    #[field(len = 8)]
    traded_date: Date,
    #[field(len = 6)]
    traded_time: Time,
    #[field(len = 6)]
    serial: u32,
    #[field(len = 6)]
    cancel_serial: u32,
    #[field(len = 8, none = "zeros")]
    cancel_date: Option<Date>,
    #[field(filler, len = 91)]
    reserved: (),
}

#[derive(Telegram, Clone, Debug, PartialEq)]
enum BankA {
    SignOn(SignOn),
    Transfer(Transfer),
    TransferAnswer(TransferAnswer),
    Balance(BalanceInquiryAnswer),
    List(TransactionListAnswer),
    Notice(DepositNotice),
}

/// KFTC CMS 출금이체 신청 파일
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 120, when("kind" = "H"))]
struct FileHeader {
    #[field(code, codes("H" = "Header"), closed)]
    kind: Text<1>,
    #[field(literal = "00000000")]
    serial: (),
    #[field()]
    institution_code: Text<10>,
    #[field()]
    file_name: Text<8>,
    #[field(len = 6)]
    applied_on: Date,
    #[field(filler, len = 87)]
    reserved: (),
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 120, charset = "euc-kr")]
struct FileData<'a> {
    #[field(literal = b"R")]
    record_type: (),
    #[field(len = 8)]
    serial: u32,
    #[field(len = 10, charset = "ascii")]
    institution_code: &'a str,
    #[field(len = 6)]
    applied_on: Date,
    #[field(codes("1" = "신규", "3" = "해지", "7" = "임의해지"))]
    kind: Text<1>,
    #[field(len = 20, charset = "ascii", secret)]
    payer_no: &'a str,
    #[field(full, len = 7, digits)]
    bank_branch: &'a str,
    #[field(len = 16, charset = "ascii", secret)]
    account: &'a str,
    #[field(len = 16, charset = "ascii", secret)]
    holder_no: &'a str,
    #[field(len = 11, charset = "ascii")]
    result: &'a str,
    #[field(filler, len = 1)]
    _gap: (),
    #[field(len = 12, at = 97)]
    institution_use: std::borrow::Cow<'a, str>,
    #[field(len = 1, charset = "ascii")]
    channel: &'a str,
    #[field(filler, len = 10)]
    _reserved: (),
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 120)]
struct FileTrailer {
    #[field(literal = "T")]
    record_type: (),
    #[field(literal = "99999999")]
    serial: (),
    institution_code: Text<10>,
    file_name: Text<8>,
    #[field(len = 8)]
    total: u32,
    #[field(len = 8)]
    new: u32,
    #[field(literal = "00000000")]
    changed: (),
    #[field(len = 8)]
    ended: u32,
    #[field(len = 8)]
    ended_by_institution: u32,
    #[field(filler, len = 43)]
    reserved: (),
    mac: Text<10>,
}

fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let hex = file["hex"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Reads the bytes, compares the result with the expected value, and writes it again.
fn check<'a, T: Decode<'a> + Debug + PartialEq>(bytes: &'a [u8], expected: &T) {
    let telegram = T::decode(bytes).unwrap();
    assert_eq!(telegram, *expected);
    assert_eq!(telegram.encoded_len(), bytes.len());
    assert_eq!(telegram.encode_to_vec().unwrap(), bytes);
}

fn header(telegram_code: &str, business_code: &str, trace_no: u32, response_code: &str) -> Header {
    Header {
        length: (),
        transaction_code: "FEPTEST01".parse().unwrap(),
        company_code: "FEPCO001".parse().unwrap(),
        bank_code: "099".parse().unwrap(),
        telegram_code: telegram_code.parse().unwrap(),
        business_code: business_code.parse().unwrap(),
        send_count: 1,
        trace_no,
        sent_date: "2026-11-21".parse().unwrap(),
        sent_time: "09:30:15".parse().unwrap(),
        response_code: response_code.parse().unwrap(),
        transaction_no: "T2026112100001".parse().unwrap(),
        reserved: (),
    }
}

#[test]
fn transfer() {
    let expected = Transfer {
        header: header("0100", "100", 123, ""),
        withdraw_account: "1002345678901".parse().unwrap(),
        amount: 1_234_567,
        balance_sign: BalanceSign::Absent,
        balance: 0,
        deposit_bank: "088".parse().unwrap(),
        deposit_account: "3333011234567".parse().unwrap(),
        fee: 0,
        payee_name: "홍길동".parse().unwrap(),
        passbook_memo: "11월월세".parse().unwrap(),
        check_digits: (),
        reserved: (),
    };
    check(&golden("bank-a-transfer"), &expected);
}

#[test]
fn sign_on() {
    check(&golden("bank-a-sign-on"), &SignOn { header: header("0800", "100", 1, "") });
}

#[test]
fn a_negative_balance_carries_its_minus_inside() {
    let expected = BalanceInquiryAnswer {
        header: header("0610", "300", 124, "0000"),
        account: "0012345678901".parse().unwrap(),
        balance: -5_000,
        available: 0,
        reserved: (),
    };
    check(&golden("bank-a-balance-negative"), &expected);
}

#[test]
fn deposit_notice() {
    let expected = DepositNotice {
        header: header("0200", "300", 900_001, ""),
        account: "1002345678901".parse().unwrap(),
        kind: TradeKind::Deposit,
        amount: 50_000,
        balance_sign: BalanceSign::Plus,
        balance: 150_000,
        sender_name: "(주)한빛상사".parse().unwrap(),
        check_no: "".parse().unwrap(),
        traded_date: "2026-11-21".parse().unwrap(),
        traded_time: "09:30:10".parse().unwrap(),
        serial: 17,
        cancel_serial: 0,
        cancel_date: None,
        reserved: (),
    };
    check(&golden("bank-a-deposit-notice"), &expected);
}

fn trade(when: (&str, &str), kind: TradeKind, amount: u64, sign: BalanceSign, balance: u64, memo: &str) -> Trade {
    Trade {
        date: when.0.parse().unwrap(),
        time: when.1.parse().unwrap(),
        kind,
        amount,
        balance_sign: sign,
        balance,
        memo: memo.parse().unwrap(),
    }
}

fn list(trace_no: u32, total_count: u32, items: Vec<Trade>) -> TransactionListAnswer {
    TransactionListAnswer {
        header: header("0610", "500", trace_no, "0000"),
        account: "0012345678901".parse().unwrap(),
        from_date: "2026-11-01".parse().unwrap(),
        to_date: "2026-11-21".parse().unwrap(),
        total_count,
        start_no: 1,
        item_count: (),
        items,
    }
}

#[test]
fn a_group_of_three_and_of_none() {
    use BalanceSign::{Absent, Plus};
    let max = 9_999_999_999_999;
    let items = vec![
        trade(("2026-11-03", "00:00:01"), TradeKind::Deposit, max, Plus, max, "급여"),
        trade(("2026-11-10", "23:59:59"), TradeKind::Withdrawal, 1, Plus, max - 1, "이체 KIM"),
        trade(("2026-11-21", "09:30:00"), TradeKind::WithdrawalCancelled, 0, Absent, 0, "가나다라마바사"),
    ];
    check(&golden("bank-a-list-3"), &list(125, 3, items));
    check(&golden("bank-a-list-0"), &list(126, 0, Vec::new()));
}

#[test]
fn the_set_chooses_by_the_header_codes() {
    let chosen = |name: &str| BankA::decode_any(&golden(name)).unwrap();
    assert!(matches!(chosen("bank-a-sign-on"), BankA::SignOn(_)));
    assert!(matches!(chosen("bank-a-transfer"), BankA::Transfer(_)));
    assert!(matches!(chosen("bank-a-transfer-answer"), BankA::TransferAnswer(_)));
    assert!(matches!(chosen("bank-a-balance-negative"), BankA::Balance(_)));
    assert!(matches!(chosen("bank-a-list-3"), BankA::List(_)));
    assert!(matches!(chosen("bank-a-deposit-notice"), BankA::Notice(_)));

    let bytes = golden("bank-a-list-3");
    let any = BankA::decode_any(&bytes).unwrap();
    let mut out = vec![0; any.any_len()];
    assert_eq!(any.encode_any(&mut out).unwrap(), bytes.len());
    assert_eq!(out, bytes);

    let names: Vec<&str> = BankA::LAYOUTS.iter().map(|layout: &&Layout| &*layout.name).collect();
    assert_eq!(names[..3], ["SignOn", "Transfer", "TransferAnswer"]);
    let error = BankA::decode_any(&bytes[..20]).unwrap_err();
    assert!(error.to_string().contains("header.telegram_code"), "{error}");
    assert_eq!(BankA::from(SignOn { header: header("0800", "100", 1, "") }), chosen("bank-a-sign-on"));
}

#[test]
fn a_record_file_is_a_row_of_telegrams() {
    let file = golden("kftc-cms-eb13");
    let records: Vec<&[u8]> = file.chunks(120).collect();
    let header = FileHeader {
        kind: "H".parse().unwrap(),
        serial: (),
        institution_code: "9912345678".parse().unwrap(),
        file_name: "EB131121".parse().unwrap(),
        applied_on: "2026-11-21".parse().unwrap(),
        reserved: (),
    };
    check(records[0], &header);
    let data = FileData {
        record_type: (),
        serial: 3,
        institution_code: "9912345678",
        applied_on: "2026-11-20".parse().unwrap(),
        kind: "7".parse().unwrap(),
        payer_no: "A-0003",
        bank_branch: "0209999",
        account: "1002345678901",
        holder_no: "900315",
        result: "",
        _gap: (),
        institution_use: "비고가나다라".into(),
        channel: "",
        _reserved: (),
    };
    check(records[3], &data);
    let trailer = FileTrailer {
        record_type: (),
        serial: (),
        institution_code: "9912345678".parse().unwrap(),
        file_name: "EB131121".parse().unwrap(),
        total: 3,
        new: 1,
        changed: (),
        ended: 1,
        ended_by_institution: 1,
        reserved: (),
        mac: "".parse().unwrap(),
    };
    check(records[4], &trailer);
}
