//! GIRO E 지급이체 전문: the telegrams of the spec `giro-e`, version 2026-11-01.
//!
//! Written by `fep gen` from giro-e.toml (fnv1a-64 eafbdd7fa7e44db4). A change belongs there.

use fep_codec::{Code, Date, Digits, Telegram, Text, Time};

/// Any telegram of GIRO E 지급이체 전문.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum GiroE {
    /// Open (개시).
    Open(Open),
    /// Open answer (개시 응답).
    OpenAnswer(OpenAnswer),
    /// Close (종료).
    Close(Close),
    /// Close answer (종료 응답).
    CloseAnswer(CloseAnswer),
    /// Line test (회선시험).
    LineTest(LineTest),
    /// Line test answer (회선시험 응답).
    LineTestAnswer(LineTestAnswer),
    /// Payment (지급이체 요구).
    Payment(Payment),
    /// Payment answer (지급이체 응답).
    PaymentAnswer(PaymentAnswer),
    /// Credit notice (입금통지).
    CreditNotice(CreditNotice),
    /// Credit notice answer (입금통지 응답).
    CreditNoticeAnswer(CreditNoticeAnswer),
}

/// Open (개시).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 48,
    charset = "cp949",
    label = "개시",
    when("header.telegram_code" = "0800", "header.business_code" = "NW")
)]
pub struct Open {
    /// Header (공통부).
    pub header: Header,
}

/// Open answer (개시 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 48,
    charset = "cp949",
    label = "개시 응답",
    when("header.telegram_code" = "0810", "header.business_code" = "NW")
)]
pub struct OpenAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Close (종료).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 48,
    charset = "cp949",
    label = "종료",
    when("header.telegram_code" = "0840", "header.business_code" = "NW")
)]
pub struct Close {
    /// Header (공통부).
    pub header: Header,
}

/// Close answer (종료 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 48,
    charset = "cp949",
    label = "종료 응답",
    when("header.telegram_code" = "0850", "header.business_code" = "NW")
)]
pub struct CloseAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Line test (회선시험).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 48,
    charset = "cp949",
    label = "회선시험",
    when("header.telegram_code" = "0820", "header.business_code" = "NW")
)]
pub struct LineTest {
    /// Header (공통부).
    pub header: Header,
}

/// Line test answer (회선시험 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 48,
    charset = "cp949",
    label = "회선시험 응답",
    when("header.telegram_code" = "0830", "header.business_code" = "NW")
)]
pub struct LineTestAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Payment (지급이체 요구).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 120,
    charset = "cp949",
    label = "지급이체 요구",
    when("header.telegram_code" = "0200", "header.business_code" = "PY"),
    debug
)]
pub struct Payment {
    /// Header (공통부).
    pub header: Header,
    /// Bank (입금은행).
    #[field(len = 3, label = "입금은행", full)]
    pub bank: Digits<3>,
    /// Account (입금계좌).
    #[field(len = 16, label = "입금계좌", secret, charset = "ascii")]
    pub account: Text<16>,
    /// Amount (이체금액).
    #[field(len = 13, label = "이체금액")]
    pub amount: u64,
    /// Payee (수취인).
    #[field(len = 20, label = "수취인")]
    pub payee: Text<20>,
    /// Receipt no (센터접수번호).
    ///
    /// 요구에서는 0으로 채움; 응답에서 센터가 채움
    #[field(len = 10, label = "센터접수번호", full)]
    pub receipt_no: Digits<10>,
    /// Reserved (예비).
    #[field(filler, len = 10, label = "예비")]
    pub _reserved: (),
}

/// Payment answer (지급이체 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 120,
    charset = "cp949",
    label = "지급이체 응답",
    when("header.telegram_code" = "0210", "header.business_code" = "PY"),
    debug
)]
pub struct PaymentAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Bank (입금은행).
    #[field(len = 3, label = "입금은행", full)]
    pub bank: Digits<3>,
    /// Account (입금계좌).
    #[field(len = 16, label = "입금계좌", secret, charset = "ascii")]
    pub account: Text<16>,
    /// Amount (이체금액).
    #[field(len = 13, label = "이체금액")]
    pub amount: u64,
    /// Payee (수취인).
    #[field(len = 20, label = "수취인")]
    pub payee: Text<20>,
    /// Receipt no (센터접수번호).
    ///
    /// 요구에서는 0으로 채움; 응답에서 센터가 채움
    #[field(len = 10, label = "센터접수번호", full)]
    pub receipt_no: Digits<10>,
    /// Reserved (예비).
    #[field(filler, len = 10, label = "예비")]
    pub _reserved: (),
}

/// Credit notice (입금통지).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 100,
    charset = "cp949",
    label = "입금통지",
    when("header.telegram_code" = "0400", "header.business_code" = "DN"),
    debug
)]
pub struct CreditNotice {
    /// Header (공통부).
    pub header: Header,
    /// Account (입금계좌).
    #[field(len = 16, label = "입금계좌", secret, charset = "ascii")]
    pub account: Text<16>,
    /// Amount (입금금액).
    #[field(len = 13, label = "입금금액")]
    pub amount: u64,
    /// Payer (의뢰인).
    #[field(len = 20, label = "의뢰인")]
    pub payer: Text<20>,
    /// Reserved (예비).
    #[field(filler, len = 3, label = "예비")]
    pub _reserved: (),
}

/// Credit notice answer (입금통지 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 100,
    charset = "cp949",
    label = "입금통지 응답",
    when("header.telegram_code" = "0410", "header.business_code" = "DN"),
    debug
)]
pub struct CreditNoticeAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Account (입금계좌).
    #[field(len = 16, label = "입금계좌", secret, charset = "ascii")]
    pub account: Text<16>,
    /// Amount (입금금액).
    #[field(len = 13, label = "입금금액")]
    pub amount: u64,
    /// Payer (의뢰인).
    #[field(len = 20, label = "의뢰인")]
    pub payer: Text<20>,
    /// Reserved (예비).
    #[field(filler, len = 3, label = "예비")]
    pub _reserved: (),
}

/// Header (공통부).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 48, charset = "cp949", label = "공통부")]
pub struct Header {
    /// Length (전문길이).
    #[field(len = 4, label = "전문길이", computed = length(rest))]
    pub length: (),
    /// Telegram code (전문종별코드).
    #[field(len = 4, label = "전문종별코드", full)]
    pub telegram_code: Digits<4>,
    /// Business code (업무구분코드).
    ///
    /// NW 회선, PY 지급이체, DN 입금통지
    #[field(len = 2, label = "업무구분코드", charset = "ascii")]
    pub business_code: Text<2>,
    /// Trace no (전문추적번호).
    ///
    /// 보내는 쪽이 일자별로 채번; sent_date와 함께 매칭키
    #[field(len = 8, label = "전문추적번호")]
    pub trace_no: u32,
    /// Sent date (전송일자).
    #[field(len = 8, label = "전송일자")]
    pub sent_date: Date,
    /// Sent time (전송시각).
    #[field(len = 6, label = "전송시각")]
    pub sent_time: Time,
    /// Response code (응답코드).
    #[field(len = 3, label = "응답코드", code)]
    pub response_code: ResponseCode,
    /// Reserved (예비).
    #[field(filler, len = 13, label = "예비")]
    pub _reserved: (),
}

/// Response code (응답코드).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum ResponseCode {
    /// 요구 전문.
    #[code("", label = "요구 전문")]
    NotAnswered,
    /// 정상.
    #[code("000", label = "정상")]
    Accepted,
    /// 계좌번호 오류.
    #[code("201", label = "계좌번호 오류")]
    UnknownAccount,
    /// 업무 개시 전.
    #[code("901", label = "업무 개시 전")]
    NotOpen,
    /// 대리 접수.
    #[code("991", label = "대리 접수")]
    TakenOver,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<3>),
}
