//! 시세 피드 (일련번호): the telegrams of the spec `feed-b7`, version 2026-11-29.
//!
//! Written by `fep gen` from feed-b7.toml (fnv1a-64 018bdb0fb6ddc004). A change belongs there.

use fep_codec::{Code, Telegram, Text, Time};

/// Any telegram of 시세 피드 (일련번호).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum FeedB7 {
    /// Best (최우선호가).
    Best(Best),
    /// Deal (체결).
    Deal(Deal),
    /// Status (장운영정보).
    Status(Status),
    /// Heartbeat (폴링).
    Heartbeat(Heartbeat),
    /// Resend (재전송 요구).
    Resend(Resend),
}

/// Best (최우선호가).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 80, charset = "ascii", label = "최우선호가", when("data_code" = "B701S"), view)]
pub struct Best {
    /// Data code (데이터구분).
    #[field(len = 5, label = "데이터구분")]
    pub data_code: Text<5>,
    /// Sequence (일련번호).
    ///
    /// 99999999 다음은 00000001
    #[field(len = 8, label = "일련번호")]
    pub sequence: u32,
    /// Issue (종목코드).
    ///
    /// ISIN
    #[field(len = 12, label = "종목코드")]
    pub issue: Text<12>,
    /// Board (보드ID).
    #[field(len = 2, label = "보드ID")]
    pub board: Text<2>,
    /// Session (세션ID).
    #[field(len = 2, label = "세션ID")]
    pub session: Text<2>,
    /// Quoted at (호가시각).
    #[field(len = 6, label = "호가시각")]
    pub quoted_at: Time,
    /// Ask (매도1호가).
    #[field(len = 9, label = "매도1호가")]
    pub ask: u32,
    /// Ask volume (매도1호가잔량).
    #[field(len = 10, label = "매도1호가잔량")]
    pub ask_volume: u64,
    /// Bid (매수1호가).
    #[field(len = 9, label = "매수1호가")]
    pub bid: u32,
    /// Bid volume (매수1호가잔량).
    #[field(len = 10, label = "매수1호가잔량")]
    pub bid_volume: u64,
    /// Reserved (FILLER).
    #[field(filler, len = 6, label = "FILLER")]
    pub _reserved: (),
    /// Literal (END OF TEXT).
    #[field(literal = b"\xFF", label = "END OF TEXT")]
    pub _literal: (),
}

/// Deal (체결).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 96, charset = "ascii", label = "체결", when("data_code" = "B702S"), view)]
pub struct Deal {
    /// Data code (데이터구분).
    #[field(len = 5, label = "데이터구분")]
    pub data_code: Text<5>,
    /// Sequence (일련번호).
    ///
    /// 99999999 다음은 00000001
    #[field(len = 8, label = "일련번호")]
    pub sequence: u32,
    /// Issue (종목코드).
    ///
    /// ISIN
    #[field(len = 12, label = "종목코드")]
    pub issue: Text<12>,
    /// Board (보드ID).
    #[field(len = 2, label = "보드ID")]
    pub board: Text<2>,
    /// Session (세션ID).
    #[field(len = 2, label = "세션ID")]
    pub session: Text<2>,
    /// Traded at (체결시각).
    #[field(len = 6, label = "체결시각")]
    pub traded_at: Time,
    /// Price (체결가격).
    #[field(len = 9, label = "체결가격")]
    pub price: u32,
    /// Volume (체결수량).
    #[field(len = 10, label = "체결수량")]
    pub volume: u64,
    /// Total volume (누적체결수량).
    #[field(len = 12, label = "누적체결수량")]
    pub total_volume: u64,
    /// Total value (누적거래대금).
    #[field(len = 18, label = "누적거래대금")]
    pub total_value: u64,
    /// Last side (최종매도매수구분).
    #[field(len = 1, label = "최종매도매수구분", code)]
    pub last_side: LastSide,
    /// Reserved (FILLER).
    #[field(filler, len = 10, label = "FILLER")]
    pub _reserved: (),
    /// Literal (END OF TEXT).
    #[field(literal = b"\xFF", label = "END OF TEXT")]
    pub _literal: (),
}

/// Status (장운영정보).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 40, charset = "ascii", label = "장운영정보", when("data_code" = "B703S"), view)]
pub struct Status {
    /// Data code (데이터구분).
    #[field(len = 5, label = "데이터구분")]
    pub data_code: Text<5>,
    /// Sequence (일련번호).
    ///
    /// 99999999 다음은 00000001
    #[field(len = 8, label = "일련번호")]
    pub sequence: u32,
    /// Issue (종목코드).
    ///
    /// ISIN
    #[field(len = 12, label = "종목코드")]
    pub issue: Text<12>,
    /// Board (보드ID).
    #[field(len = 2, label = "보드ID")]
    pub board: Text<2>,
    /// Status (장운영구분).
    #[field(len = 2, label = "장운영구분", code)]
    pub status: MarketStatus,
    /// Changed at (변경시각).
    #[field(len = 6, label = "변경시각")]
    pub changed_at: Time,
    /// Reserved (FILLER).
    #[field(filler, len = 4, label = "FILLER")]
    pub _reserved: (),
    /// Literal (END OF TEXT).
    #[field(literal = b"\xFF", label = "END OF TEXT")]
    pub _literal: (),
}

/// Heartbeat (폴링).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 20, charset = "ascii", label = "폴링", when("data_code" = "B70HB"), view)]
pub struct Heartbeat {
    /// Data code (데이터구분).
    #[field(len = 5, label = "데이터구분")]
    pub data_code: Text<5>,
    /// Last sequence (마지막 일련번호).
    ///
    /// 마지막으로 보낸 전문의 일련번호
    #[field(len = 8, label = "마지막 일련번호")]
    pub last_sequence: u32,
    /// Time (시각).
    #[field(len = 6, label = "시각")]
    pub time: Time,
    /// Literal (END OF TEXT).
    #[field(literal = b"\xFF", label = "END OF TEXT")]
    pub _literal: (),
}

/// Resend (재전송 요구).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 22, charset = "ascii", label = "재전송 요구", when("data_code" = "B70RQ"))]
pub struct Resend {
    /// Data code (데이터구분).
    #[field(len = 5, label = "데이터구분")]
    pub data_code: Text<5>,
    /// First (처음 일련번호).
    #[field(len = 8, label = "처음 일련번호")]
    pub first: u32,
    /// Last (마지막 일련번호).
    #[field(len = 8, label = "마지막 일련번호")]
    pub last: u32,
    /// Literal (END OF TEXT).
    #[field(literal = b"\xFF", label = "END OF TEXT")]
    pub _literal: (),
}

/// Market status (장운영구분).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum MarketStatus {
    /// 장개시.
    #[code("10", label = "장개시")]
    Open,
    /// 거래정지.
    #[code("30", label = "거래정지")]
    Halted,
    /// 장종료.
    #[code("90", label = "장종료")]
    Closed,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<2>),
}

/// Last side (최종매도매수구분).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum LastSide {
    /// 매도.
    #[code("1", label = "매도")]
    Sell,
    /// 매수.
    #[code("2", label = "매수")]
    Buy,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}
