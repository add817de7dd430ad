//! Headers without a name of their own: the telegrams of the spec `flat`, version 2026-11-26.
//!
//! Written by `fep gen` from flat.toml (fnv1a-64 9921c0866585b1f0). A change belongs there.

use fep_codec::{Digits, Telegram, Text};

/// Any telegram of Headers without a name of their own.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Flat {
    /// Flat order.
    FlatOrder(FlatOrder),
    /// Flat notice.
    FlatNotice(FlatNotice),
}

/// Flat order.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ascii", when("code" = "0100"), view)]
pub struct FlatOrder {
    /// Header (공통부).
    #[field(flatten)]
    pub header: Header,
    /// Balance.
    #[field(len = 5, sign = "elsewhere")]
    pub balance: i32,
    /// Items.
    #[field(group, count = item_count, max = 5)]
    pub items: Vec<FlatOrderItems>,
    /// Memo.
    #[field(tail, max = 10)]
    pub memo: Text<10>,
    /// Trailer.
    #[field(flatten)]
    pub trailer: Trailer,
}

/// Flat order items.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ascii", view)]
pub struct FlatOrderItems {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
}

/// Flat notice.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ascii", when("code" = "0200"))]
pub struct FlatNotice {
    /// Header part (공통부).
    #[field(flatten)]
    pub header_part: Header,
    /// Header.
    #[field(len = 2)]
    pub header: Text<2>,
    /// Balance.
    #[field(len = 3, sign = "elsewhere")]
    pub balance: i16,
    /// Items.
    #[field(group, count = item_count, max = 3)]
    pub items: Vec<FlatNoticeItems>,
    /// Memo.
    #[field(tail, max = 10)]
    pub memo: Text<10>,
}

/// Flat notice items.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ascii")]
pub struct FlatNoticeItems {
    /// Kind.
    #[field(len = 1)]
    pub kind: Text<1>,
    /// Amount.
    #[field(len = 2)]
    pub amount: u8,
}

/// Mark.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ascii", view)]
pub struct Mark {
    /// Mark.
    #[field(literal = "M")]
    pub mark: (),
    /// Length.
    #[field(len = 3, computed = length(rest))]
    pub length: (),
}

/// Header (공통부).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ascii", label = "공통부", view)]
pub struct Header {
    /// Mark part.
    #[field(flatten)]
    pub mark_part: Mark,
    /// Memo len.
    #[field(len = 2, computed = length(super::memo))]
    pub memo_len: (),
    /// Item count.
    #[field(len = 1, computed = count(super::items))]
    pub item_count: (),
    /// Total.
    #[field(len = 6, computed = sum(super::items.amount))]
    pub total: (),
    /// Code.
    #[field(len = 4, full)]
    pub code: Digits<4>,
    /// Balance sign.
    #[field(len = 1, computed = sign(super::balance, '+', '-'))]
    pub balance_sign: (),
}

/// Trailer.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ascii", view)]
pub struct Trailer {
    /// Bcc.
    #[field(len = 1, computed = xor(super::code))]
    pub bcc: (),
    /// End.
    #[field(literal = "Z")]
    pub end: (),
}
