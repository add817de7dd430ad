//! The telegram of the benchmark: `Trade` of the spec `quote-c`, as `fep gen` writes it, and with a view.

use fep_codec::{Code, Telegram, Text, Time};

/// Trade (체결).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(view, len = 160, charset = "ascii", label = "체결", when("data_code" = "A3"))]
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

/// The length of a trade.
pub const TRADE_BYTES: usize = 160;

/// The place of the time at which a telegram was sent, in nanoseconds: the field `total_value`.
const SENT_AT: std::ops::Range<usize> = 94..112;

/// The bytes of a trade, by the table of the spec and not by our encoder.
pub fn trade(issue: usize) -> Vec<u8> {
    let head = format!("A3011KR70{issue:06} 2{:05}G15{:09}{:09}{:010}40", 12, 1200, 71_300, 10);
    let rest = format!(
        "{:09}{:09}{:09}{:012}{:018}21093015{:015}{:09}{:09}      ",
        72_000, 72_500, 71_200, 12_345_678, 0, 0, 71_400, 71_300
    );
    let mut bytes = format!("{head}{rest}").into_bytes();
    bytes.push(0xFF);
    assert_eq!(bytes.len(), Trade::LAYOUT.fixed_len().unwrap_or_default(), "{}", String::from_utf8_lossy(&bytes));
    bytes
}

/// The place of the number of a trade: the field `total_volume`, which is a number as a feed has it.
const NUMBER: std::ops::Range<usize> = 82..94;

/// Writes the time of sending into each trade of a chunk, and numbers them from this one on.
pub fn stamp(chunk: &mut [u8], now_ns: u64, first: usize) {
    let text = format!("{now_ns:018}");
    // The field has 18 digits, and the nanoseconds since 1970 have 19.
    let digits = text.as_bytes();
    let last = digits.get(digits.len().saturating_sub(18)..).unwrap_or_default();
    for (number, trade) in (first..).zip(chunk.chunks_exact_mut(TRADE_BYTES)) {
        let mut rest = number;
        for digit in trade.get_mut(NUMBER).unwrap_or_default().iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        if let Some(place) = trade.get_mut(SENT_AT) {
            place.copy_from_slice(last);
        }
    }
}

/// What each consumer does with a trade: it reads the instrument and three numbers. Returns the time of sending, in nanoseconds modulo 10^18.
pub fn use_up(telegram: &[u8]) -> u64 {
    let Ok(view) = TradeView::new(telegram) else { return 0 };
    let issue = view.issue().map_or(0, |issue| issue.as_str().len());
    let price = view.price().unwrap_or_default();
    let volume = view.volume().unwrap_or_default();
    std::hint::black_box((issue, price, volume));
    view.total_value().unwrap_or_default()
}
