//! Loan F 여신 전문: the telegrams of the spec `loan-f`, version 2026-12-01.
//!
//! Written by `fep gen` from loan-f.toml (fnv1a-64 b829f903cccd755e). A change belongs there.

use fep_codec::{Code, Date, Digits, Telegram, Text, Time};

/// Any telegram of Loan F 여신 전문.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum LoanF {
    /// Opening (개시).
    Opening(Opening),
    /// Opening answer (개시 응답).
    OpeningAnswer(OpeningAnswer),
    /// Agreement (여신 약정 요구).
    Agreement(Agreement),
    /// Agreement answer (여신 약정 응답).
    AgreementAnswer(AgreementAnswer),
    /// Repayment (여신 상환 요구).
    Repayment(Repayment),
    /// Repayment answer (여신 상환 응답).
    RepaymentAnswer(RepaymentAnswer),
    /// Due inquiry (상환예정 조회 요구).
    DueInquiry(DueInquiry),
    /// Due inquiry answer (상환예정 조회 응답).
    DueInquiryAnswer(DueInquiryAnswer),
    /// Overdue notice (연체 통지).
    OverdueNotice(OverdueNotice),
    /// Overdue notice answer (연체 통지 응답).
    OverdueNoticeAnswer(OverdueNoticeAnswer),
    /// Rate notice (금리 변경 통지).
    RateNotice(RateNotice),
    /// Rate notice answer (금리 변경 통지 응답).
    RateNoticeAnswer(RateNoticeAnswer),
    /// Maturity notice (만기 도래 통지).
    MaturityNotice(MaturityNotice),
    /// Maturity notice answer (만기 도래 통지 응답).
    MaturityNoticeAnswer(MaturityNoticeAnswer),
}

/// Opening (개시).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 60,
    charset = "euc-kr",
    label = "개시",
    when("header.telegram_code" = "0800", "header.business_code" = "100")
)]
pub struct Opening {
    /// Header (공통부).
    pub header: Header,
}

/// Opening answer (개시 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 60,
    charset = "euc-kr",
    label = "개시 응답",
    when("header.telegram_code" = "0810", "header.business_code" = "100")
)]
pub struct OpeningAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Agreement (여신 약정 요구).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "여신 약정 요구",
    when("header.telegram_code" = "0200", "header.business_code" = "310"),
    debug
)]
pub struct Agreement {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Borrower (차주성명).
    #[field(len = 20, label = "차주성명", secret)]
    pub borrower: Text<20>,
    /// Account (상환계좌번호).
    #[field(len = 16, label = "상환계좌번호", secret)]
    pub account: Digits<16>,
    /// Principal (약정금액).
    #[field(len = 13, label = "약정금액")]
    pub principal: u64,
    /// Rate (약정금리(%)).
    #[field(len = 5, label = "약정금리(%)", scale = 3)]
    pub rate: u32,
    /// Months (상환개월수).
    #[field(len = 3, label = "상환개월수")]
    pub months: u16,
    /// Reserved (예비).
    #[field(filler, len = 69, label = "예비")]
    pub _reserved: (),
}

/// Agreement answer (여신 약정 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "여신 약정 응답",
    when("header.telegram_code" = "0210", "header.business_code" = "310")
)]
pub struct AgreementAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// First due (최초상환일).
    ///
    /// 휴일이면 다음 영업일
    #[field(len = 8, label = "최초상환일", none = "zeros")]
    pub first_due: Option<Date>,
    /// Maturity (만기일).
    ///
    /// 휴일이면 다음 영업일
    #[field(len = 8, label = "만기일", none = "zeros")]
    pub maturity: Option<Date>,
    /// Reserved (예비).
    #[field(filler, len = 110, label = "예비")]
    pub _reserved: (),
}

/// Repayment (여신 상환 요구).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "여신 상환 요구",
    when("header.telegram_code" = "0200", "header.business_code" = "320")
)]
pub struct Repayment {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Turn (상환회차).
    #[field(len = 3, label = "상환회차")]
    pub turn: u16,
    /// Amount (상환금액).
    #[field(len = 13, label = "상환금액")]
    pub amount: u64,
    /// Reserved (예비).
    #[field(filler, len = 110, label = "예비")]
    pub _reserved: (),
}

/// Repayment answer (여신 상환 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "여신 상환 응답",
    when("header.telegram_code" = "0210", "header.business_code" = "320")
)]
pub struct RepaymentAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Turn (상환회차).
    #[field(len = 3, label = "상환회차")]
    pub turn: u16,
    /// Amount (상환금액).
    #[field(len = 13, label = "상환금액")]
    pub amount: u64,
    /// Part (상환원금).
    #[field(len = 13, label = "상환원금")]
    pub part: u64,
    /// Interest (정상이자).
    #[field(len = 11, label = "정상이자")]
    pub interest: u64,
    /// Overdue interest (연체이자).
    #[field(len = 11, label = "연체이자")]
    pub overdue_interest: u64,
    /// Balance (상환후잔액).
    #[field(len = 13, label = "상환후잔액")]
    pub balance: u64,
    /// Next due (다음상환일).
    ///
    /// 완제이면 0
    #[field(len = 8, label = "다음상환일", none = "zeros")]
    pub next_due: Option<Date>,
    /// Reserved (예비).
    #[field(filler, len = 54, label = "예비")]
    pub _reserved: (),
}

/// Due inquiry (상환예정 조회 요구).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "상환예정 조회 요구",
    when("header.telegram_code" = "0200", "header.business_code" = "330")
)]
pub struct DueInquiry {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Reserved (예비).
    #[field(filler, len = 126, label = "예비")]
    pub _reserved: (),
}

/// Due inquiry answer (상환예정 조회 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "상환예정 조회 응답",
    when("header.telegram_code" = "0210", "header.business_code" = "330")
)]
pub struct DueInquiryAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Turn (다음회차).
    #[field(len = 3, label = "다음회차")]
    pub turn: u16,
    /// Due (상환일).
    #[field(len = 8, label = "상환일", none = "zeros")]
    pub due: Option<Date>,
    /// Amount (상환예정금액).
    ///
    /// 조회일 기준, 연체이자 포함
    #[field(len = 13, label = "상환예정금액")]
    pub amount: u64,
    /// Balance (대출잔액).
    #[field(len = 13, label = "대출잔액")]
    pub balance: u64,
    /// Rate (적용금리(%)).
    #[field(len = 5, label = "적용금리(%)", scale = 3)]
    pub rate: u32,
    /// State (여신상태).
    #[field(len = 1, label = "여신상태", code)]
    pub state: LoanState,
    /// Reserved (예비).
    #[field(filler, len = 83, label = "예비")]
    pub _reserved: (),
}

/// Overdue notice (연체 통지).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "연체 통지",
    when("header.telegram_code" = "0600", "header.business_code" = "340"),
    debug
)]
pub struct OverdueNotice {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Borrower (차주성명).
    #[field(len = 20, label = "차주성명", secret)]
    pub borrower: Text<20>,
    /// Turn (연체회차).
    #[field(len = 3, label = "연체회차")]
    pub turn: u16,
    /// Due (상환일).
    #[field(len = 8, label = "상환일")]
    pub due: Date,
    /// Amount (연체금액).
    #[field(len = 13, label = "연체금액")]
    pub amount: u64,
    /// Reserved (예비).
    #[field(filler, len = 82, label = "예비")]
    pub _reserved: (),
}

/// Overdue notice answer (연체 통지 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "연체 통지 응답",
    when("header.telegram_code" = "0610", "header.business_code" = "340"),
    debug
)]
pub struct OverdueNoticeAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Borrower (차주성명).
    #[field(len = 20, label = "차주성명", secret)]
    pub borrower: Text<20>,
    /// Turn (연체회차).
    #[field(len = 3, label = "연체회차")]
    pub turn: u16,
    /// Due (상환일).
    #[field(len = 8, label = "상환일")]
    pub due: Date,
    /// Amount (연체금액).
    #[field(len = 13, label = "연체금액")]
    pub amount: u64,
    /// Reserved (예비).
    #[field(filler, len = 82, label = "예비")]
    pub _reserved: (),
}

/// Rate notice (금리 변경 통지).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "금리 변경 통지",
    when("header.telegram_code" = "0600", "header.business_code" = "350")
)]
pub struct RateNotice {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Old rate (변경전 금리(%)).
    #[field(len = 5, label = "변경전 금리(%)", scale = 3)]
    pub old_rate: u32,
    /// New rate (변경후 금리(%)).
    #[field(len = 5, label = "변경후 금리(%)", scale = 3)]
    pub new_rate: u32,
    /// From (적용일).
    #[field(len = 8, label = "적용일")]
    pub from: Date,
    /// Reserved (예비).
    #[field(filler, len = 108, label = "예비")]
    pub _reserved: (),
}

/// Rate notice answer (금리 변경 통지 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "금리 변경 통지 응답",
    when("header.telegram_code" = "0610", "header.business_code" = "350")
)]
pub struct RateNoticeAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Old rate (변경전 금리(%)).
    #[field(len = 5, label = "변경전 금리(%)", scale = 3)]
    pub old_rate: u32,
    /// New rate (변경후 금리(%)).
    #[field(len = 5, label = "변경후 금리(%)", scale = 3)]
    pub new_rate: u32,
    /// From (적용일).
    #[field(len = 8, label = "적용일")]
    pub from: Date,
    /// Reserved (예비).
    #[field(filler, len = 108, label = "예비")]
    pub _reserved: (),
}

/// Maturity notice (만기 도래 통지).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "만기 도래 통지",
    when("header.telegram_code" = "0600", "header.business_code" = "360"),
    debug
)]
pub struct MaturityNotice {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Borrower (차주성명).
    #[field(len = 20, label = "차주성명", secret)]
    pub borrower: Text<20>,
    /// Maturity (만기일).
    #[field(len = 8, label = "만기일")]
    pub maturity: Date,
    /// Balance (대출잔액).
    #[field(len = 13, label = "대출잔액")]
    pub balance: u64,
    /// Reserved (예비).
    #[field(filler, len = 85, label = "예비")]
    pub _reserved: (),
}

/// Maturity notice answer (만기 도래 통지 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 200,
    charset = "euc-kr",
    label = "만기 도래 통지 응답",
    when("header.telegram_code" = "0610", "header.business_code" = "360"),
    debug
)]
pub struct MaturityNoticeAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Loan no (여신번호).
    #[field(len = 14, label = "여신번호")]
    pub loan_no: Digits<14>,
    /// Borrower (차주성명).
    #[field(len = 20, label = "차주성명", secret)]
    pub borrower: Text<20>,
    /// Maturity (만기일).
    #[field(len = 8, label = "만기일")]
    pub maturity: Date,
    /// Balance (대출잔액).
    #[field(len = 13, label = "대출잔액")]
    pub balance: u64,
    /// Reserved (예비).
    #[field(filler, len = 85, label = "예비")]
    pub _reserved: (),
}

/// Header (공통부).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 60, charset = "euc-kr", label = "공통부")]
pub struct Header {
    /// Length (전문길이).
    #[field(len = 4, label = "전문길이", computed = length(rest))]
    pub length: (),
    /// System code (시스템코드).
    #[field(len = 4, label = "시스템코드", charset = "ascii")]
    pub system_code: Text<4>,
    /// Bank code (은행코드).
    #[field(len = 3, label = "은행코드", full)]
    pub bank_code: Digits<3>,
    /// Telegram code (전문종별코드).
    #[field(len = 4, label = "전문종별코드", full)]
    pub telegram_code: Digits<4>,
    /// Business code (업무구분코드).
    #[field(len = 3, label = "업무구분코드", full)]
    pub business_code: Digits<3>,
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
    /// Reserved (예비).
    #[field(filler, len = 18, label = "예비")]
    pub _reserved: (),
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
    /// 해당 여신 없음.
    #[code("0301", label = "해당 여신 없음")]
    NoSuchLoan,
    /// 이미 약정된 여신.
    #[code("0302", label = "이미 약정된 여신")]
    LoanExists,
    /// 약정 조건 오류.
    #[code("0303", label = "약정 조건 오류")]
    BadTerms,
    /// 상환 회차 오류.
    #[code("0304", label = "상환 회차 오류")]
    WrongTurn,
    /// 상환일 이전.
    #[code("0305", label = "상환일 이전")]
    NotDue,
    /// 상환 금액 불일치.
    #[code("0306", label = "상환 금액 불일치")]
    WrongAmount,
    /// 완제된 여신.
    #[code("0307", label = "완제된 여신")]
    PaidOff,
    /// 기타 오류.
    #[code("0399", label = "기타 오류")]
    OtherFault,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<4>),
}

/// Loan state (여신상태).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum LoanState {
    /// 없음.
    #[code("", label = "없음")]
    Unset,
    /// 정상.
    #[code("1", label = "정상")]
    Regular,
    /// 연체.
    #[code("2", label = "연체")]
    Overdue,
    /// 완제.
    #[code("3", label = "완제")]
    PaidOff,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}
