//! Bank A 펌뱅킹 전문: the telegrams of the spec `bank-a`, version 2026-11-01.
//!
//! Written by `fep gen` from bank-a.toml (fnv1a-64 aabfa422854cb4d8). A change belongs there.

use fep_codec::{Code, Date, Digits, Telegram, Text, Time};

/// Any telegram of Bank A 펌뱅킹 전문.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum BankA {
    /// Sign on (개시).
    SignOn(SignOn),
    /// Sign on answer (개시 응답).
    SignOnAnswer(SignOnAnswer),
    /// Sign off (종료).
    SignOff(SignOff),
    /// Sign off answer (종료 응답).
    SignOffAnswer(SignOffAnswer),
    /// Echo test (회선시험).
    EchoTest(EchoTest),
    /// Echo test answer (회선시험 응답).
    EchoTestAnswer(EchoTestAnswer),
    /// Transfer (이체).
    Transfer(Transfer),
    /// Transfer answer (이체 응답).
    TransferAnswer(TransferAnswer),
    /// Reversal (망취소).
    Reversal(Reversal),
    /// Reversal answer (망취소 응답).
    ReversalAnswer(ReversalAnswer),
    /// Result inquiry (처리결과조회).
    ResultInquiry(ResultInquiry),
    /// Result inquiry answer (처리결과조회 응답).
    ResultInquiryAnswer(ResultInquiryAnswer),
    /// Balance inquiry (잔액조회).
    BalanceInquiry(BalanceInquiry),
    /// Balance inquiry answer (잔액조회 응답).
    BalanceInquiryAnswer(BalanceInquiryAnswer),
    /// Holder inquiry (예금주조회).
    HolderInquiry(HolderInquiry),
    /// Holder inquiry answer (예금주조회 응답).
    HolderInquiryAnswer(HolderInquiryAnswer),
    /// Transaction list (거래내역조회).
    TransactionList(TransactionList),
    /// Transaction list answer (거래내역조회 응답).
    TransactionListAnswer(TransactionListAnswer),
    /// Deposit notice (입출금통지).
    DepositNotice(DepositNotice),
    /// Deposit notice answer (입출금통지 응답).
    DepositNoticeAnswer(DepositNoticeAnswer),
    /// Totals (집계).
    Totals(Totals),
    /// Totals answer (집계 응답).
    TotalsAnswer(TotalsAnswer),
}

/// Sign on (개시).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 100,
    charset = "euc-kr",
    label = "개시",
    when("header.telegram_code" = "0800", "header.business_code" = "100")
)]
pub struct SignOn {
    /// Header (공통부).
    pub header: Header,
}

/// Sign on answer (개시 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 100,
    charset = "euc-kr",
    label = "개시 응답",
    when("header.telegram_code" = "0810", "header.business_code" = "100")
)]
pub struct SignOnAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Sign off (종료).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 100,
    charset = "euc-kr",
    label = "종료",
    when("header.telegram_code" = "0800", "header.business_code" = "200")
)]
pub struct SignOff {
    /// Header (공통부).
    pub header: Header,
}

/// Sign off answer (종료 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 100,
    charset = "euc-kr",
    label = "종료 응답",
    when("header.telegram_code" = "0810", "header.business_code" = "200")
)]
pub struct SignOffAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Echo test (회선시험).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 100,
    charset = "euc-kr",
    label = "회선시험",
    when("header.telegram_code" = "0800", "header.business_code" = "300")
)]
pub struct EchoTest {
    /// Header (공통부).
    pub header: Header,
}

/// Echo test answer (회선시험 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 100,
    charset = "euc-kr",
    label = "회선시험 응답",
    when("header.telegram_code" = "0810", "header.business_code" = "300")
)]
pub struct EchoTestAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Transfer (이체).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "이체",
    when("header.telegram_code" = "0100", "header.business_code" = "100"),
    debug
)]
pub struct Transfer {
    /// Header (공통부).
    pub header: Header,
    /// Withdraw account (출금계좌번호).
    #[field(len = 16, label = "출금계좌번호", secret)]
    pub withdraw_account: Digits<16>,
    /// Amount (출금금액).
    #[field(len = 13, label = "출금금액")]
    pub amount: u64,
    /// Balance sign (출금후잔액부호).
    ///
    /// 응답에만; + - 또는 공백
    #[field(len = 1, label = "출금후잔액부호", code)]
    pub balance_sign: Sign,
    /// Balance (출금후잔액).
    ///
    /// 응답에만
    #[field(len = 13, label = "출금후잔액")]
    pub balance: u64,
    /// Deposit bank (입금은행코드).
    #[field(len = 3, label = "입금은행코드", full)]
    pub deposit_bank: Digits<3>,
    /// Deposit account (입금계좌번호).
    #[field(len = 16, label = "입금계좌번호", secret)]
    pub deposit_account: Digits<16>,
    /// Fee (수수료).
    ///
    /// 응답에만
    #[field(len = 9, label = "수수료")]
    pub fee: u32,
    /// Payee name (입금인성명).
    #[field(len = 20, label = "입금인성명", secret)]
    pub payee_name: Text<20>,
    /// Passbook memo (적요).
    #[field(len = 14, label = "적요", overflow = "cut")]
    pub passbook_memo: Text<14>,
    /// Check digits (복기부호).
    ///
    /// 계좌번호 앞 6자리, 금액 뒤 6자리, 전송일자로 계산
    ///
    /// Computed by the function `check_digits` in the module above this one.
    #[field(len = 6, label = "복기부호", computed = check(super::check_digits))]
    pub check_digits: (),
    /// Reserved (예비).
    #[field(filler, len = 89, label = "예비")]
    pub _reserved: (),
}

/// Transfer answer (이체 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "이체 응답",
    when("header.telegram_code" = "0110", "header.business_code" = "100"),
    debug
)]
pub struct TransferAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Withdraw account (출금계좌번호).
    #[field(len = 16, label = "출금계좌번호", secret)]
    pub withdraw_account: Digits<16>,
    /// Amount (출금금액).
    #[field(len = 13, label = "출금금액")]
    pub amount: u64,
    /// Balance sign (출금후잔액부호).
    ///
    /// 응답에만; + - 또는 공백
    #[field(len = 1, label = "출금후잔액부호", code)]
    pub balance_sign: Sign,
    /// Balance (출금후잔액).
    ///
    /// 응답에만
    #[field(len = 13, label = "출금후잔액")]
    pub balance: u64,
    /// Deposit bank (입금은행코드).
    #[field(len = 3, label = "입금은행코드", full)]
    pub deposit_bank: Digits<3>,
    /// Deposit account (입금계좌번호).
    #[field(len = 16, label = "입금계좌번호", secret)]
    pub deposit_account: Digits<16>,
    /// Fee (수수료).
    ///
    /// 응답에만
    #[field(len = 9, label = "수수료")]
    pub fee: u32,
    /// Payee name (입금인성명).
    #[field(len = 20, label = "입금인성명", secret)]
    pub payee_name: Text<20>,
    /// Passbook memo (적요).
    #[field(len = 14, label = "적요", overflow = "cut")]
    pub passbook_memo: Text<14>,
    /// Check digits (복기부호).
    ///
    /// 계좌번호 앞 6자리, 금액 뒤 6자리, 전송일자로 계산
    ///
    /// Computed by the function `check_digits` in the module above this one.
    #[field(len = 6, label = "복기부호", computed = check(super::check_digits))]
    pub check_digits: (),
    /// Reserved (예비).
    #[field(filler, len = 89, label = "예비")]
    pub _reserved: (),
}

/// Reversal (망취소).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "망취소",
    when("header.telegram_code" = "0400", "header.business_code" = "100"),
    debug
)]
pub struct Reversal {
    /// Header (공통부).
    pub header: Header,
    /// Original trace no (원거래 전문추적번호).
    #[field(len = 6, label = "원거래 전문추적번호")]
    pub original_trace_no: u32,
    /// Original date (원거래 전송일자).
    #[field(len = 8, label = "원거래 전송일자")]
    pub original_date: Date,
    /// Withdraw account (출금계좌번호).
    #[field(len = 16, label = "출금계좌번호", secret)]
    pub withdraw_account: Digits<16>,
    /// Amount (출금금액).
    #[field(len = 13, label = "출금금액")]
    pub amount: u64,
    /// Deposit bank (입금은행코드).
    #[field(len = 3, label = "입금은행코드", full)]
    pub deposit_bank: Digits<3>,
    /// Deposit account (입금계좌번호).
    #[field(len = 16, label = "입금계좌번호", secret)]
    pub deposit_account: Digits<16>,
    /// Reason (취소사유).
    #[field(len = 2, label = "취소사유", code)]
    pub reason: ReversalReason,
    /// Reserved (예비).
    #[field(filler, len = 136, label = "예비")]
    pub _reserved: (),
}

/// Reversal answer (망취소 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "망취소 응답",
    when("header.telegram_code" = "0410", "header.business_code" = "100"),
    debug
)]
pub struct ReversalAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Original trace no (원거래 전문추적번호).
    #[field(len = 6, label = "원거래 전문추적번호")]
    pub original_trace_no: u32,
    /// Original date (원거래 전송일자).
    #[field(len = 8, label = "원거래 전송일자")]
    pub original_date: Date,
    /// Withdraw account (출금계좌번호).
    #[field(len = 16, label = "출금계좌번호", secret)]
    pub withdraw_account: Digits<16>,
    /// Amount (출금금액).
    #[field(len = 13, label = "출금금액")]
    pub amount: u64,
    /// Deposit bank (입금은행코드).
    #[field(len = 3, label = "입금은행코드", full)]
    pub deposit_bank: Digits<3>,
    /// Deposit account (입금계좌번호).
    #[field(len = 16, label = "입금계좌번호", secret)]
    pub deposit_account: Digits<16>,
    /// Reason (취소사유).
    #[field(len = 2, label = "취소사유", code)]
    pub reason: ReversalReason,
    /// Reserved (예비).
    #[field(filler, len = 136, label = "예비")]
    pub _reserved: (),
}

/// Result inquiry (처리결과조회).
///
/// 기관이 원거래를 아직 못 보았으면 result_code 0100; 최대 30초 뒤에 볼 수 있음
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "처리결과조회",
    when("header.telegram_code" = "0600", "header.business_code" = "100")
)]
pub struct ResultInquiry {
    /// Header (공통부).
    pub header: Header,
    /// Original trace no (원거래 전문추적번호).
    #[field(len = 6, label = "원거래 전문추적번호")]
    pub original_trace_no: u32,
    /// Original date (원거래 전송일자).
    #[field(len = 8, label = "원거래 전송일자")]
    pub original_date: Date,
    /// Result code (원거래 처리결과).
    ///
    /// 응답에만: 원거래의 응답코드
    #[field(len = 4, label = "원거래 처리결과", code)]
    pub result_code: ResponseCode,
    /// Amount (원거래 금액).
    ///
    /// 응답에만
    #[field(len = 13, label = "원거래 금액")]
    pub amount: u64,
    /// Fee (원거래 수수료).
    ///
    /// 응답에만
    #[field(len = 9, label = "원거래 수수료")]
    pub fee: u32,
    /// Reserved (예비).
    #[field(filler, len = 160, label = "예비")]
    pub _reserved: (),
}

/// Result inquiry answer (처리결과조회 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "처리결과조회 응답",
    when("header.telegram_code" = "0610", "header.business_code" = "100")
)]
pub struct ResultInquiryAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Original trace no (원거래 전문추적번호).
    #[field(len = 6, label = "원거래 전문추적번호")]
    pub original_trace_no: u32,
    /// Original date (원거래 전송일자).
    #[field(len = 8, label = "원거래 전송일자")]
    pub original_date: Date,
    /// Result code (원거래 처리결과).
    ///
    /// 응답에만: 원거래의 응답코드
    #[field(len = 4, label = "원거래 처리결과", code)]
    pub result_code: ResponseCode,
    /// Amount (원거래 금액).
    ///
    /// 응답에만
    #[field(len = 13, label = "원거래 금액")]
    pub amount: u64,
    /// Fee (원거래 수수료).
    ///
    /// 응답에만
    #[field(len = 9, label = "원거래 수수료")]
    pub fee: u32,
    /// Reserved (예비).
    #[field(filler, len = 160, label = "예비")]
    pub _reserved: (),
}

/// Balance inquiry (잔액조회).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "잔액조회",
    when("header.telegram_code" = "0600", "header.business_code" = "300"),
    debug
)]
pub struct BalanceInquiry {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Balance (잔액).
    #[field(len = 14, label = "잔액", sign = "leading-minus")]
    pub balance: i64,
    /// Available (지급가능액).
    #[field(len = 13, label = "지급가능액")]
    pub available: u64,
    /// Reserved (예비).
    #[field(filler, len = 157, label = "예비")]
    pub _reserved: (),
}

/// Balance inquiry answer (잔액조회 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "잔액조회 응답",
    when("header.telegram_code" = "0610", "header.business_code" = "300"),
    debug
)]
pub struct BalanceInquiryAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Balance (잔액).
    #[field(len = 14, label = "잔액", sign = "leading-minus")]
    pub balance: i64,
    /// Available (지급가능액).
    #[field(len = 13, label = "지급가능액")]
    pub available: u64,
    /// Reserved (예비).
    #[field(filler, len = 157, label = "예비")]
    pub _reserved: (),
}

/// Holder inquiry (예금주조회).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "예금주조회",
    when("header.telegram_code" = "0600", "header.business_code" = "400"),
    debug
)]
pub struct HolderInquiry {
    /// Header (공통부).
    pub header: Header,
    /// Bank (은행코드).
    #[field(len = 3, label = "은행코드", full)]
    pub bank: Digits<3>,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Holder name (예금주명).
    ///
    /// 응답에만
    #[field(len = 20, label = "예금주명", secret)]
    pub holder_name: Text<20>,
    /// Holder no (생년월일/사업자번호).
    #[field(len = 13, label = "생년월일/사업자번호", secret)]
    pub holder_no: Digits<13>,
    /// Reserved (예비).
    #[field(filler, len = 148, label = "예비")]
    pub _reserved: (),
}

/// Holder inquiry answer (예금주조회 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "예금주조회 응답",
    when("header.telegram_code" = "0610", "header.business_code" = "400"),
    debug
)]
pub struct HolderInquiryAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Bank (은행코드).
    #[field(len = 3, label = "은행코드", full)]
    pub bank: Digits<3>,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Holder name (예금주명).
    ///
    /// 응답에만
    #[field(len = 20, label = "예금주명", secret)]
    pub holder_name: Text<20>,
    /// Holder no (생년월일/사업자번호).
    #[field(len = 13, label = "생년월일/사업자번호", secret)]
    pub holder_no: Digits<13>,
    /// Reserved (예비).
    #[field(filler, len = 148, label = "예비")]
    pub _reserved: (),
}

/// Transaction list (거래내역조회).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    charset = "euc-kr",
    label = "거래내역조회",
    when("header.telegram_code" = "0600", "header.business_code" = "500"),
    debug
)]
pub struct TransactionList {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// From date (조회시작일).
    #[field(len = 8, label = "조회시작일")]
    pub from_date: Date,
    /// To date (조회종료일).
    #[field(len = 8, label = "조회종료일")]
    pub to_date: Date,
    /// Total count (총건수).
    #[field(len = 5, label = "총건수")]
    pub total_count: u32,
    /// Start no (시작번호).
    #[field(len = 5, label = "시작번호")]
    pub start_no: u32,
    /// Item count (반복건수).
    #[field(len = 2, label = "반복건수", computed = count(items))]
    pub item_count: (),
    /// Items (거래내역).
    #[field(group, count = item_count, max = 10, page(total = total_count, start = start_no), label = "거래내역")]
    pub items: Vec<TransactionItem>,
}

/// Transaction list answer (거래내역조회 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    charset = "euc-kr",
    label = "거래내역조회 응답",
    when("header.telegram_code" = "0610", "header.business_code" = "500"),
    debug
)]
pub struct TransactionListAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// From date (조회시작일).
    #[field(len = 8, label = "조회시작일")]
    pub from_date: Date,
    /// To date (조회종료일).
    #[field(len = 8, label = "조회종료일")]
    pub to_date: Date,
    /// Total count (총건수).
    #[field(len = 5, label = "총건수")]
    pub total_count: u32,
    /// Start no (시작번호).
    #[field(len = 5, label = "시작번호")]
    pub start_no: u32,
    /// Item count (반복건수).
    #[field(len = 2, label = "반복건수", computed = count(items))]
    pub item_count: (),
    /// Items (거래내역).
    #[field(group, count = item_count, max = 10, page(total = total_count, start = start_no), label = "거래내역")]
    pub items: Vec<TransactionItem>,
}

/// Deposit notice (입출금통지).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "입출금통지",
    when("header.telegram_code" = "0200", "header.business_code" = "300"),
    debug
)]
pub struct DepositNotice {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Kind (거래구분).
    #[field(len = 2, label = "거래구분", code)]
    pub kind: TradeKind,
    /// Amount (금액).
    #[field(len = 13, label = "금액")]
    pub amount: u64,
    /// Balance sign (잔액부호).
    #[field(len = 1, label = "잔액부호", code)]
    pub balance_sign: Sign,
    /// Balance (잔액).
    #[field(len = 13, label = "잔액")]
    pub balance: u64,
    /// Sender name (입금인성명).
    #[field(len = 20, label = "입금인성명", secret)]
    pub sender_name: Text<20>,
    /// Check no (수표번호).
    #[field(len = 10, label = "수표번호", charset = "ascii")]
    pub check_no: Text<10>,
    /// Traded date (거래일자).
    #[field(len = 8, label = "거래일자")]
    pub traded_date: Date,
    /// Traded time (거래시각).
    #[field(len = 6, label = "거래시각")]
    pub traded_time: Time,
    /// Serial (거래일련번호).
    #[field(len = 6, label = "거래일련번호")]
    pub serial: u32,
    /// Cancel serial (취소시 일련번호).
    ///
    /// 없으면 0
    #[field(len = 6, label = "취소시 일련번호")]
    pub cancel_serial: u32,
    /// Cancel date (취소시 거래일자).
    #[field(len = 8, label = "취소시 거래일자", none = "zeros")]
    pub cancel_date: Option<Date>,
    /// Reserved (예비).
    #[field(filler, len = 91, label = "예비")]
    pub _reserved: (),
}

/// Deposit notice answer (입출금통지 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "입출금통지 응답",
    when("header.telegram_code" = "0210", "header.business_code" = "300"),
    debug
)]
pub struct DepositNoticeAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Kind (거래구분).
    #[field(len = 2, label = "거래구분", code)]
    pub kind: TradeKind,
    /// Amount (금액).
    #[field(len = 13, label = "금액")]
    pub amount: u64,
    /// Balance sign (잔액부호).
    #[field(len = 1, label = "잔액부호", code)]
    pub balance_sign: Sign,
    /// Balance (잔액).
    #[field(len = 13, label = "잔액")]
    pub balance: u64,
    /// Sender name (입금인성명).
    #[field(len = 20, label = "입금인성명", secret)]
    pub sender_name: Text<20>,
    /// Check no (수표번호).
    #[field(len = 10, label = "수표번호", charset = "ascii")]
    pub check_no: Text<10>,
    /// Traded date (거래일자).
    #[field(len = 8, label = "거래일자")]
    pub traded_date: Date,
    /// Traded time (거래시각).
    #[field(len = 6, label = "거래시각")]
    pub traded_time: Time,
    /// Serial (거래일련번호).
    #[field(len = 6, label = "거래일련번호")]
    pub serial: u32,
    /// Cancel serial (취소시 일련번호).
    ///
    /// 없으면 0
    #[field(len = 6, label = "취소시 일련번호")]
    pub cancel_serial: u32,
    /// Cancel date (취소시 거래일자).
    #[field(len = 8, label = "취소시 거래일자", none = "zeros")]
    pub cancel_date: Option<Date>,
    /// Reserved (예비).
    #[field(filler, len = 91, label = "예비")]
    pub _reserved: (),
}

/// Totals (집계).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "집계",
    when("header.telegram_code" = "0700", "header.business_code" = "100"),
    debug
)]
pub struct Totals {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Total count (총건수).
    #[field(len = 5, label = "총건수")]
    pub total_count: u32,
    /// Total amount (총금액).
    #[field(len = 13, label = "총금액")]
    pub total_amount: u64,
    /// Ok count (정상건수).
    #[field(len = 5, label = "정상건수")]
    pub ok_count: u32,
    /// Ok amount (정상금액).
    #[field(len = 13, label = "정상금액")]
    pub ok_amount: u64,
    /// Failed count (불능건수).
    #[field(len = 5, label = "불능건수")]
    pub failed_count: u32,
    /// Failed amount (불능금액).
    #[field(len = 13, label = "불능금액")]
    pub failed_amount: u64,
    /// Fee (수수료).
    #[field(len = 9, label = "수수료")]
    pub fee: u32,
    /// Reserved (예비).
    #[field(filler, len = 121, label = "예비")]
    pub _reserved: (),
}

/// Totals answer (집계 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 300,
    charset = "euc-kr",
    label = "집계 응답",
    when("header.telegram_code" = "0710", "header.business_code" = "100"),
    debug
)]
pub struct TotalsAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Total count (총건수).
    #[field(len = 5, label = "총건수")]
    pub total_count: u32,
    /// Total amount (총금액).
    #[field(len = 13, label = "총금액")]
    pub total_amount: u64,
    /// Ok count (정상건수).
    #[field(len = 5, label = "정상건수")]
    pub ok_count: u32,
    /// Ok amount (정상금액).
    #[field(len = 13, label = "정상금액")]
    pub ok_amount: u64,
    /// Failed count (불능건수).
    #[field(len = 5, label = "불능건수")]
    pub failed_count: u32,
    /// Failed amount (불능금액).
    #[field(len = 13, label = "불능금액")]
    pub failed_amount: u64,
    /// Fee (수수료).
    #[field(len = 9, label = "수수료")]
    pub fee: u32,
    /// Reserved (예비).
    #[field(filler, len = 121, label = "예비")]
    pub _reserved: (),
}

/// Header (공통부).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 100, charset = "euc-kr", label = "공통부")]
pub struct Header {
    /// Length (전문길이).
    #[field(len = 4, label = "전문길이", computed = length(rest))]
    pub length: (),
    /// Transaction code (식별코드).
    #[field(len = 9, label = "식별코드", charset = "ascii")]
    pub transaction_code: Text<9>,
    /// Company code (업체코드).
    #[field(len = 8, label = "업체코드", charset = "ascii")]
    pub company_code: Text<8>,
    /// Bank code (은행코드).
    #[field(len = 3, label = "은행코드", full)]
    pub bank_code: Digits<3>,
    /// Telegram code (전문종별코드).
    #[field(len = 4, label = "전문종별코드", full)]
    pub telegram_code: Digits<4>,
    /// Business code (업무구분코드).
    #[field(len = 3, label = "업무구분코드", full)]
    pub business_code: Digits<3>,
    /// Send count (송신횟수).
    ///
    /// 최초 1, 재전송마다 +1
    #[field(len = 1, label = "송신횟수")]
    pub send_count: u8,
    /// Trace no (전문추적번호).
    ///
    /// 기관별·일자별 번호; sent_date와 함께 매칭키
    #[field(len = 6, label = "전문추적번호")]
    pub trace_no: u32,
    /// Sent date (전송일자).
    #[field(len = 8, label = "전송일자")]
    pub sent_date: Date,
    /// Sent time (전송시각).
    #[field(len = 6, label = "전송시각")]
    pub sent_time: Time,
    /// Response code (응답코드).
    #[field(len = 4, label = "응답코드", code)]
    pub response_code: ResponseCode,
    /// Transaction no (거래고유번호).
    ///
    /// 우리가 정하고 기관은 그대로 돌려줌
    #[field(len = 14, label = "거래고유번호", charset = "ascii")]
    pub transaction_no: Text<14>,
    /// Reserved (예비).
    #[field(filler, len = 30, label = "예비")]
    pub _reserved: (),
}

/// Transaction item (거래내역).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 57, charset = "euc-kr", label = "거래내역")]
pub struct TransactionItem {
    /// Date (거래일자).
    #[field(len = 8, label = "거래일자")]
    pub date: Date,
    /// Time (거래시각).
    #[field(len = 6, label = "거래시각")]
    pub time: Time,
    /// Kind (거래구분).
    #[field(len = 2, label = "거래구분", code)]
    pub kind: TradeKind,
    /// Amount (거래금액).
    #[field(len = 13, label = "거래금액")]
    pub amount: u64,
    /// Balance sign (잔액부호).
    #[field(len = 1, label = "잔액부호", code)]
    pub balance_sign: Sign,
    /// Balance (잔액).
    #[field(len = 13, label = "잔액")]
    pub balance: u64,
    /// Memo (적요).
    #[field(len = 14, label = "적요")]
    pub memo: Text<14>,
}

/// Response code (응답코드).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum ResponseCode {
    /// 요구 전문.
    #[code("", label = "요구 전문")]
    NotAnswered,
    /// 정상.
    #[code("0000", label = "정상")]
    Accepted,
    /// 기관 장애.
    #[code("0003", label = "기관 장애")]
    InstitutionFault,
    /// 해당 전문 없음.
    #[code("0100", label = "해당 전문 없음")]
    NoSuchTelegram,
    /// 전문 중복.
    #[code("0101", label = "전문 중복")]
    DuplicateNo,
    /// 잔액 부족.
    #[code("0110", label = "잔액 부족")]
    BalanceShort,
    /// 계좌 상태 이상.
    #[code("0117", label = "계좌 상태 이상")]
    AccountState,
    /// 기타 오류.
    #[code("0199", label = "기타 오류")]
    OtherFault,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<4>),
}

/// Sign (부호).
#[derive(Code, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// 없음.
    #[code("", label = "없음")]
    Unset,
    /// 양수.
    #[code("+", label = "양수")]
    Plus,
    /// 음수.
    #[code("-", label = "음수")]
    Minus,
}

/// Trade kind (거래구분).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum TradeKind {
    /// 입금.
    #[code("20", label = "입금")]
    Deposit,
    /// 출금.
    #[code("30", label = "출금")]
    Withdrawal,
    /// 이자.
    #[code("40", label = "이자")]
    Interest,
    /// 입금취소.
    #[code("51", label = "입금취소")]
    DepositCancelled,
    /// 출금취소.
    #[code("52", label = "출금취소")]
    WithdrawalCancelled,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<2>),
}

/// Reversal reason (취소사유).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum ReversalReason {
    /// 무응답.
    #[code("01", label = "무응답")]
    NoAnswer,
    /// 회선 장애.
    #[code("02", label = "회선 장애")]
    LineLost,
    /// 응답 전문 오류.
    #[code("03", label = "응답 전문 오류")]
    BadAnswer,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<2>),
}
