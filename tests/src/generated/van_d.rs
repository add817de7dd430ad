//! VAN D 단말 승인 전문: the telegrams of the spec `van-d`, version 2026-11-01.
//!
//! Written by `fep gen` from van-d.toml (fnv1a-64 60ee3f43567a0ded). A change belongs there.

use fep_codec::{Code, Date, Digits, Telegram, Text, Time};

/// Any telegram of VAN D 단말 승인 전문.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum VanD {
    /// Terminal open (개시).
    TerminalOpen(TerminalOpen),
    /// Terminal open answer (개시 응답).
    TerminalOpenAnswer(TerminalOpenAnswer),
    /// Line test (회선시험).
    LineTest(LineTest),
    /// Line test answer (회선시험 응답).
    LineTestAnswer(LineTestAnswer),
    /// Approval (승인 요구).
    Approval(Approval),
    /// Approval answer (승인 응답).
    ApprovalAnswer(ApprovalAnswer),
    /// Cancellation (취소 요구).
    Cancellation(Cancellation),
    /// Cancellation answer (취소 응답).
    CancellationAnswer(CancellationAnswer),
}

/// Terminal open (개시).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 42,
    charset = "cp949",
    label = "개시",
    when("header.telegram_code" = "0800", "header.business_code" = "NW")
)]
pub struct TerminalOpen {
    /// Header (공통부).
    pub header: Header,
}

/// Terminal open answer (개시 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 42,
    charset = "cp949",
    label = "개시 응답",
    when("header.telegram_code" = "0810", "header.business_code" = "NW")
)]
pub struct TerminalOpenAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Line test (회선시험).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(
    len = 42,
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
    len = 42,
    charset = "cp949",
    label = "회선시험 응답",
    when("header.telegram_code" = "0830", "header.business_code" = "NW")
)]
pub struct LineTestAnswer {
    /// Header (공통부).
    pub header: Header,
}

/// Approval (승인 요구).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 160,
    charset = "cp949",
    label = "승인 요구",
    when("header.telegram_code" = "0200", "header.business_code" = "AP"),
    debug
)]
pub struct Approval {
    /// Header (공통부).
    pub header: Header,
    /// Entry mode (입력구분).
    ///
    /// S 카드 읽기, K 직접 입력
    #[field(len = 1, label = "입력구분", charset = "ascii")]
    pub entry_mode: Text<1>,
    /// Card no (카드번호).
    #[field(len = 19, label = "카드번호", secret, charset = "ascii")]
    pub card_no: Text<19>,
    /// Expiry (유효기간).
    ///
    /// YYMM
    #[field(len = 4, label = "유효기간", secret, full)]
    pub expiry: Digits<4>,
    /// Installments (할부개월).
    ///
    /// 00 일시불
    #[field(len = 2, label = "할부개월")]
    pub installments: u8,
    /// Amount (거래금액).
    #[field(len = 12, label = "거래금액")]
    pub amount: u64,
    /// Tax (세금).
    #[field(len = 9, label = "세금")]
    pub tax: u32,
    /// Approval no (승인번호).
    ///
    /// 요구에서는 0으로 채움; 응답에서 VAN이 채움
    #[field(len = 10, label = "승인번호", full)]
    pub approval_no: Digits<10>,
    /// Approved date (원승인일자).
    ///
    /// 취소에서만
    #[field(len = 6, label = "원승인일자", charset = "ascii")]
    pub approved_date: Text<6>,
    /// Issuer (발급사명).
    #[field(len = 20, label = "발급사명")]
    pub issuer: Text<20>,
    /// Merchant no (가맹점번호).
    #[field(len = 15, label = "가맹점번호", charset = "ascii")]
    pub merchant_no: Text<15>,
    /// Message (단말 출력).
    #[field(len = 20, label = "단말 출력")]
    pub message: Text<20>,
}

/// Approval answer (승인 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 160,
    charset = "cp949",
    label = "승인 응답",
    when("header.telegram_code" = "0210", "header.business_code" = "AP"),
    debug
)]
pub struct ApprovalAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Entry mode (입력구분).
    ///
    /// S 카드 읽기, K 직접 입력
    #[field(len = 1, label = "입력구분", charset = "ascii")]
    pub entry_mode: Text<1>,
    /// Card no (카드번호).
    #[field(len = 19, label = "카드번호", secret, charset = "ascii")]
    pub card_no: Text<19>,
    /// Expiry (유효기간).
    ///
    /// YYMM
    #[field(len = 4, label = "유효기간", secret, full)]
    pub expiry: Digits<4>,
    /// Installments (할부개월).
    ///
    /// 00 일시불
    #[field(len = 2, label = "할부개월")]
    pub installments: u8,
    /// Amount (거래금액).
    #[field(len = 12, label = "거래금액")]
    pub amount: u64,
    /// Tax (세금).
    #[field(len = 9, label = "세금")]
    pub tax: u32,
    /// Approval no (승인번호).
    ///
    /// 요구에서는 0으로 채움; 응답에서 VAN이 채움
    #[field(len = 10, label = "승인번호", full)]
    pub approval_no: Digits<10>,
    /// Approved date (원승인일자).
    ///
    /// 취소에서만
    #[field(len = 6, label = "원승인일자", charset = "ascii")]
    pub approved_date: Text<6>,
    /// Issuer (발급사명).
    #[field(len = 20, label = "발급사명")]
    pub issuer: Text<20>,
    /// Merchant no (가맹점번호).
    #[field(len = 15, label = "가맹점번호", charset = "ascii")]
    pub merchant_no: Text<15>,
    /// Message (단말 출력).
    #[field(len = 20, label = "단말 출력")]
    pub message: Text<20>,
}

/// Cancellation (취소 요구).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 160,
    charset = "cp949",
    label = "취소 요구",
    when("header.telegram_code" = "0420", "header.business_code" = "AP"),
    debug
)]
pub struct Cancellation {
    /// Header (공통부).
    pub header: Header,
    /// Entry mode (입력구분).
    ///
    /// S 카드 읽기, K 직접 입력
    #[field(len = 1, label = "입력구분", charset = "ascii")]
    pub entry_mode: Text<1>,
    /// Card no (카드번호).
    #[field(len = 19, label = "카드번호", secret, charset = "ascii")]
    pub card_no: Text<19>,
    /// Expiry (유효기간).
    ///
    /// YYMM
    #[field(len = 4, label = "유효기간", secret, full)]
    pub expiry: Digits<4>,
    /// Installments (할부개월).
    ///
    /// 00 일시불
    #[field(len = 2, label = "할부개월")]
    pub installments: u8,
    /// Amount (거래금액).
    #[field(len = 12, label = "거래금액")]
    pub amount: u64,
    /// Tax (세금).
    #[field(len = 9, label = "세금")]
    pub tax: u32,
    /// Approval no (승인번호).
    ///
    /// 요구에서는 0으로 채움; 응답에서 VAN이 채움
    #[field(len = 10, label = "승인번호", full)]
    pub approval_no: Digits<10>,
    /// Approved date (원승인일자).
    ///
    /// 취소에서만
    #[field(len = 6, label = "원승인일자", charset = "ascii")]
    pub approved_date: Text<6>,
    /// Issuer (발급사명).
    #[field(len = 20, label = "발급사명")]
    pub issuer: Text<20>,
    /// Merchant no (가맹점번호).
    #[field(len = 15, label = "가맹점번호", charset = "ascii")]
    pub merchant_no: Text<15>,
    /// Message (단말 출력).
    #[field(len = 20, label = "단말 출력")]
    pub message: Text<20>,
}

/// Cancellation answer (취소 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(
    len = 160,
    charset = "cp949",
    label = "취소 응답",
    when("header.telegram_code" = "0430", "header.business_code" = "AP"),
    debug
)]
pub struct CancellationAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Entry mode (입력구분).
    ///
    /// S 카드 읽기, K 직접 입력
    #[field(len = 1, label = "입력구분", charset = "ascii")]
    pub entry_mode: Text<1>,
    /// Card no (카드번호).
    #[field(len = 19, label = "카드번호", secret, charset = "ascii")]
    pub card_no: Text<19>,
    /// Expiry (유효기간).
    ///
    /// YYMM
    #[field(len = 4, label = "유효기간", secret, full)]
    pub expiry: Digits<4>,
    /// Installments (할부개월).
    ///
    /// 00 일시불
    #[field(len = 2, label = "할부개월")]
    pub installments: u8,
    /// Amount (거래금액).
    #[field(len = 12, label = "거래금액")]
    pub amount: u64,
    /// Tax (세금).
    #[field(len = 9, label = "세금")]
    pub tax: u32,
    /// Approval no (승인번호).
    ///
    /// 요구에서는 0으로 채움; 응답에서 VAN이 채움
    #[field(len = 10, label = "승인번호", full)]
    pub approval_no: Digits<10>,
    /// Approved date (원승인일자).
    ///
    /// 취소에서만
    #[field(len = 6, label = "원승인일자", charset = "ascii")]
    pub approved_date: Text<6>,
    /// Issuer (발급사명).
    #[field(len = 20, label = "발급사명")]
    pub issuer: Text<20>,
    /// Merchant no (가맹점번호).
    #[field(len = 15, label = "가맹점번호", charset = "ascii")]
    pub merchant_no: Text<15>,
    /// Message (단말 출력).
    #[field(len = 20, label = "단말 출력")]
    pub message: Text<20>,
}

/// Header (공통부).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 42, charset = "cp949", label = "공통부")]
pub struct Header {
    /// Telegram code (전문종별코드).
    #[field(len = 4, label = "전문종별코드", full)]
    pub telegram_code: Digits<4>,
    /// Business code (업무구분코드).
    ///
    /// AP 승인, NW 회선
    #[field(len = 2, label = "업무구분코드", charset = "ascii")]
    pub business_code: Text<2>,
    /// Terminal no (단말기번호).
    #[field(len = 10, label = "단말기번호", charset = "ascii")]
    pub terminal_no: Text<10>,
    /// Trace no (전문추적번호).
    ///
    /// 단말기별·일자별 번호; sent_date와 함께 매칭키
    #[field(len = 6, label = "전문추적번호")]
    pub trace_no: u32,
    /// Sent date (전송일자).
    #[field(len = 6, label = "전송일자", pattern = "YYMMDD")]
    pub sent_date: Date,
    /// Sent time (전송시각).
    #[field(len = 6, label = "전송시각")]
    pub sent_time: Time,
    /// Response code (응답코드).
    #[field(len = 4, label = "응답코드", code)]
    pub response_code: ResponseCode,
    /// Reserved (예비).
    #[field(filler, len = 4, label = "예비")]
    pub _reserved: (),
}

/// Response code (응답코드).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum ResponseCode {
    /// 요구 전문.
    #[code("", label = "요구 전문")]
    NotAnswered,
    /// 정상 승인.
    #[code("0000", label = "정상 승인")]
    Approved,
    /// 유효기간 경과.
    #[code("8003", label = "유효기간 경과")]
    CardExpired,
    /// 한도 초과.
    #[code("8373", label = "한도 초과")]
    LimitExceeded,
    /// 원거래 없음.
    #[code("8381", label = "원거래 없음")]
    NoOriginal,
    /// 발급사 장애.
    #[code("9991", label = "발급사 장애")]
    IssuerFault,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<4>),
}
