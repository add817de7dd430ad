//! 시세 스트림: the telegrams of the spec `quote-c`, version 2026-11-01.
//!
//! Written by `fep gen` from quote-c.toml (fnv1a-64 9464d1a7813f749d). A change belongs there.

use fep_codec::{Code, Telegram, Text, Time};

/// Any telegram of 시세 스트림.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum QuoteC {
    /// Trade (체결).
    Trade(Trade),
    /// Index (지수).
    Index(Index),
    /// Poll (폴링).
    Poll(Poll),
}

/// Trade (체결).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 160, charset = "ascii", label = "체결", when("data_code" = "A3"))]
pub struct Trade {
    /// Data code (DATA구분).
    #[field(len = 2, label = "DATA구분")]
    pub data_code: Text<2>,
    /// Info code (정보구분).
    #[field(len = 2, label = "정보구분", code)]
    pub info_code: InfoCode,
    /// Market (시장구분).
    #[field(len = 1, label = "시장구분", code)]
    pub market: Market,
    /// Issue (종목코드).
    #[field(len = 12, label = "종목코드")]
    pub issue: Text<12>,
    /// Issue serial (종목일련번호).
    #[field(len = 5, label = "종목일련번호")]
    pub issue_serial: u32,
    /// Board (보드ID).
    #[field(len = 2, label = "보드ID")]
    pub board: Text<2>,
    /// Change kind (전일대비구분).
    #[field(len = 1, label = "전일대비구분", code)]
    pub change_kind: ChangeKind,
    /// Change (전일대비).
    #[field(len = 9, label = "전일대비")]
    pub change: u32,
    /// Price (체결가격).
    #[field(len = 9, label = "체결가격")]
    pub price: u32,
    /// Volume (체결수량).
    #[field(len = 10, label = "체결수량")]
    pub volume: u64,
    /// Session (세션ID).
    #[field(len = 2, label = "세션ID")]
    pub session: Text<2>,
    /// Open (시가).
    #[field(len = 9, label = "시가")]
    pub open: u32,
    /// High (고가).
    #[field(len = 9, label = "고가")]
    pub high: u32,
    /// Low (저가).
    #[field(len = 9, label = "저가")]
    pub low: u32,
    /// Total volume (누적체결수량).
    #[field(len = 12, label = "누적체결수량")]
    pub total_volume: u64,
    /// Total value (누적거래대금).
    #[field(len = 18, label = "누적거래대금")]
    pub total_value: u64,
    /// Last side (최종매도매수구분).
    #[field(len = 1, label = "최종매도매수구분", code)]
    pub last_side: Side,
    /// At best (1호가일치여부).
    #[field(len = 1, label = "1호가일치여부")]
    pub at_best: Text<1>,
    /// Traded at (체결시각).
    #[field(len = 6, label = "체결시각")]
    pub traded_at: Time,
    /// Lp holding (LP보유수량).
    #[field(len = 15, label = "LP보유수량", sign = "leading-minus")]
    pub lp_holding: i64,
    /// Ask (매도1호가).
    #[field(len = 9, label = "매도1호가")]
    pub ask: u32,
    /// Bid (매수1호가).
    #[field(len = 9, label = "매수1호가")]
    pub bid: u32,
    /// Reserved (FILLER).
    #[field(filler, len = 6, label = "FILLER")]
    pub _reserved: (),
    /// Literal (END OF TEXT).
    #[field(literal = b"\xFF", label = "END OF TEXT")]
    pub _literal: (),
}

/// Index (지수).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 46, charset = "ascii", label = "지수", when("data_code" = "D2"))]
pub struct Index {
    /// Data code (DATA구분).
    #[field(len = 2, label = "DATA구분")]
    pub data_code: Text<2>,
    /// Info code (정보구분).
    #[field(len = 2, label = "정보구분")]
    pub info_code: Text<2>,
    /// Market (시장구분).
    #[field(len = 1, label = "시장구분")]
    pub market: Text<1>,
    /// Issue (업종코드).
    #[field(len = 3, label = "업종코드")]
    pub issue: Text<3>,
    /// Time (산출시각).
    #[field(len = 6, label = "산출시각")]
    pub time: Time,
    /// Index (지수).
    #[field(len = 8, label = "지수", scale = 2)]
    pub index: u32,
    /// Sign (부호).
    ///
    /// 대비의 부호
    #[field(len = 1, label = "부호", code)]
    pub sign: Sign,
    /// Change (대비).
    #[field(len = 8, label = "대비", scale = 2)]
    pub change: u32,
    /// Volume (체결수량).
    #[field(len = 12, label = "체결수량")]
    pub volume: u64,
    /// Reserved (FILLER).
    #[field(filler, len = 2, label = "FILLER")]
    pub _reserved: (),
    /// Literal (END OF TEXT).
    #[field(literal = b"\xFF", label = "END OF TEXT")]
    pub _literal: (),
}

/// Poll (폴링).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 10, charset = "ascii", label = "폴링", when("data_code" = "I2"))]
pub struct Poll {
    /// Data code (DATA구분).
    #[field(len = 2, label = "DATA구분")]
    pub data_code: Text<2>,
    /// Info code (정보구분).
    #[field(len = 2, label = "정보구분")]
    pub info_code: Text<2>,
    /// Market (시장구분).
    #[field(len = 1, label = "시장구분")]
    pub market: Text<1>,
    /// Time (시각).
    #[field(len = 4, label = "시각", pattern = "HHMM")]
    pub time: Time,
    /// Literal (END OF TEXT).
    #[field(literal = b"\xFF", label = "END OF TEXT")]
    pub _literal: (),
}

/// Info code (정보구분).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum InfoCode {
    /// 주식.
    #[code("01", label = "주식")]
    Stock,
    /// 신주인수권증권.
    #[code("02", label = "신주인수권증권")]
    Warrant,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<2>),
}

/// Market (시장구분).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum Market {
    /// 유가증권시장.
    #[code("1", label = "유가증권시장")]
    Main,
    /// 코스닥시장.
    #[code("2", label = "코스닥시장")]
    Growth,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}

/// Change kind (전일대비구분).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// 상한.
    #[code("1", label = "상한")]
    LimitUp,
    /// 상승.
    #[code("2", label = "상승")]
    Up,
    /// 보합.
    #[code("3", label = "보합")]
    Flat,
    /// 하한.
    #[code("4", label = "하한")]
    LimitDown,
    /// 하락.
    #[code("5", label = "하락")]
    Down,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}

/// Side (매도매수구분).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum Side {
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

/// Sign (부호).
#[derive(Code, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// 상승.
    #[code("+", label = "상승")]
    Plus,
    /// 하락.
    #[code("-", label = "하락")]
    Minus,
    /// 보합.
    #[code("", label = "보합")]
    Unchanged,
}
