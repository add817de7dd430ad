//! 호스트 B 대출 전문: the telegrams of the spec `host-b`, version 2026-11-01.
//!
//! Written by `fep gen` from host-b.toml (fnv1a-64 7c70ca8e99586752). A change belongs there.

use fep_codec::{Code, Date, Digits, Telegram, Text, Time};

/// Any telegram of 호스트 B 대출 전문.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum HostB {
    /// Host sign on (개시).
    HostSignOn(HostSignOn),
    /// Host sign on answer (개시 응답).
    HostSignOnAnswer(HostSignOnAnswer),
    /// Host sign off (종료).
    HostSignOff(HostSignOff),
    /// Host sign off answer (종료 응답).
    HostSignOffAnswer(HostSignOffAnswer),
    /// Host echo test (회선시험).
    HostEchoTest(HostEchoTest),
    /// Host echo test answer (회선시험 응답).
    HostEchoTestAnswer(HostEchoTestAnswer),
    /// Loan list request (대출목록 요구).
    LoanListRequest(LoanListRequest),
    /// Loan list (대출목록).
    LoanList(LoanList),
    /// Repayment notice (상환통지).
    RepaymentNotice(RepaymentNotice),
    /// Repayment notice answer (상환통지 응답).
    RepaymentNoticeAnswer(RepaymentNoticeAnswer),
}

/// Host sign on (개시).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 40,
    charset = "ibm933",
    label = "개시",
    when("header.telegram_code" = "0800", "header.tran_id" = "SIGNON")
)]
pub struct HostSignOn {
    /// Header (공통부).
    pub header: Header,
}

/// Host sign on answer (개시 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 40,
    charset = "ibm933",
    label = "개시 응답",
    when("header.telegram_code" = "0810", "header.tran_id" = "SIGNON")
)]
pub struct HostSignOnAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Host sign off (종료).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 40,
    charset = "ibm933",
    label = "종료",
    when("header.telegram_code" = "0800", "header.tran_id" = "SIGNOFF")
)]
pub struct HostSignOff {
    /// Header (공통부).
    pub header: Header,
}

/// Host sign off answer (종료 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 40,
    charset = "ibm933",
    label = "종료 응답",
    when("header.telegram_code" = "0810", "header.tran_id" = "SIGNOFF")
)]
pub struct HostSignOffAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Host echo test (회선시험).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 40,
    charset = "ibm933",
    label = "회선시험",
    when("header.telegram_code" = "0800", "header.tran_id" = "ECHOTEST")
)]
pub struct HostEchoTest {
    /// Header (공통부).
    pub header: Header,
}

/// Host echo test answer (회선시험 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 40,
    charset = "ibm933",
    label = "회선시험 응답",
    when("header.telegram_code" = "0810", "header.tran_id" = "ECHOTEST")
)]
pub struct HostEchoTestAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Loan list request (대출목록 요구).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 60,
    charset = "ibm933",
    label = "대출목록 요구",
    when("header.telegram_code" = "0200", "header.tran_id" = "LOANLIST"),
    debug
)]
pub struct LoanListRequest {
    /// Header (공통부).
    pub header: Header,
    /// Customer no (고객번호).
    #[field(len = 13, label = "고객번호", secret, charset = "ibm833")]
    pub customer_no: Text<13>,
    /// Reserved (예비).
    #[field(filler, len = 7, label = "예비")]
    pub _reserved: (),
}

/// Loan list (대출목록).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "ibm933", label = "대출목록", when("header.telegram_code" = "0210"), debug)]
pub struct LoanList {
    /// Header (공통부).
    pub header: Header,
    /// Customer no (고객번호).
    #[field(len = 13, label = "고객번호", secret, charset = "ibm833")]
    pub customer_no: Text<13>,
    /// Customer name (고객명).
    #[field(len = 30, label = "고객명", secret)]
    pub customer_name: Text<30>,
    /// Loan count (대출건수).
    #[field(len = 2, label = "대출건수", encoding = "binary", computed = count(loans))]
    pub loan_count: (),
    /// Loans (대출).
    #[field(group, count = loan_count, max = 20, label = "대출")]
    pub loans: Vec<LoanListLoans>,
}

/// Loan list loans.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct LoanListLoans {
    /// Loan no (대출번호).
    #[field(len = 14, label = "대출번호", charset = "ibm833")]
    pub loan_no: Text<14>,
    /// Balance (잔액).
    ///
    /// COMP-3 S9(13)V99
    #[field(len = 8, label = "잔액", encoding = "packed", sign = "signed", scale = 2)]
    pub balance: i64,
    /// Rate (금리).
    ///
    /// COMP-3 9(2)V999
    #[field(len = 3, label = "금리", encoding = "packed", scale = 3)]
    pub rate: u32,
    /// Status (상태).
    #[field(len = 1, label = "상태", code, charset = "ibm833")]
    pub status: LoanStatus,
    /// Opened (실행일).
    ///
    /// COMP-3 9(9), YYYYMMDD
    #[field(len = 5, label = "실행일", encoding = "packed")]
    pub opened: Date,
    /// Adjust (조정액).
    ///
    /// S9(9)
    #[field(len = 9, label = "조정액", sign = "overpunch")]
    pub adjust: i32,
    /// Memo (메모).
    #[field(len = 20, label = "메모")]
    pub memo: Text<20>,
}

/// Repayment notice (상환통지).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 100, charset = "ibm933", label = "상환통지", when("header.telegram_code" = "0400"), debug)]
pub struct RepaymentNotice {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (대출번호).
    #[field(len = 14, label = "대출번호", charset = "ibm833")]
    pub loan_no: Text<14>,
    /// Amount (상환금액).
    ///
    /// COMP-3 S9(13)V99
    #[field(len = 8, label = "상환금액", encoding = "packed", sign = "signed", scale = 2)]
    pub amount: i64,
    /// Payer name (상환인명).
    #[field(len = 30, label = "상환인명", secret)]
    pub payer_name: Text<30>,
    /// Reserved (예비).
    #[field(filler, len = 8, label = "예비")]
    pub _reserved: (),
}

/// Repayment notice answer (상환통지 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 100, charset = "ibm933", label = "상환통지 응답", when("header.telegram_code" = "0410"), debug)]
pub struct RepaymentNoticeAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (대출번호).
    #[field(len = 14, label = "대출번호", charset = "ibm833")]
    pub loan_no: Text<14>,
    /// Amount (상환금액).
    ///
    /// COMP-3 S9(13)V99
    #[field(len = 8, label = "상환금액", encoding = "packed", sign = "signed", scale = 2)]
    pub amount: i64,
    /// Payer name (상환인명).
    #[field(len = 30, label = "상환인명", secret)]
    pub payer_name: Text<30>,
    /// Reserved (예비).
    #[field(filler, len = 8, label = "예비")]
    pub _reserved: (),
}

/// Header (공통부).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", label = "공통부")]
pub struct Header {
    /// Length (전문길이).
    #[field(len = 2, label = "전문길이", encoding = "binary", computed = length(all))]
    pub length: (),
    /// Tran id (트랜잭션ID).
    #[field(len = 8, label = "트랜잭션ID", charset = "ibm833")]
    pub tran_id: Text<8>,
    /// Telegram code (전문종별코드).
    #[field(len = 4, label = "전문종별코드", full)]
    pub telegram_code: Digits<4>,
    /// Trace no (전문추적번호).
    ///
    /// COMP-3 S9(7)
    #[field(len = 4, label = "전문추적번호", encoding = "packed", sign = "signed")]
    pub trace_no: i32,
    /// Date (거래일자).
    ///
    /// COMP-3 9(9), YYYYMMDD
    #[field(len = 5, label = "거래일자", encoding = "packed")]
    pub date: Date,
    /// Time (거래시각).
    ///
    /// COMP-3 9(7), HHMMSS
    #[field(len = 4, label = "거래시각", encoding = "packed")]
    pub time: Time,
    /// Response code (응답코드).
    #[field(len = 2, label = "응답코드", charset = "ibm833")]
    pub response_code: Text<2>,
    /// Reserved (예비).
    #[field(filler, len = 11, label = "예비")]
    pub _reserved: (),
}

/// Loan status (대출상태).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum LoanStatus {
    /// 정상.
    #[code("N", label = "정상")]
    Normal,
    /// 연체.
    #[code("O", label = "연체")]
    Overdue,
    /// 종료.
    #[code("C", label = "종료")]
    Closed,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}
