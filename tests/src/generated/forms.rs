//! Forms: the telegrams of the spec `forms`, version 2026-11-22.
//!
//! Written by `fep gen` from forms.toml (fnv1a-64 bed242348b353457). A change belongs there.

use fep_codec::{Choice, Date, Digits, Telegram, Text};

/// Any telegram of Forms.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Forms {
    /// Pages.
    Pages(Pages),
    /// Behind.
    Behind(Behind),
    /// Padded.
    Padded(Padded),
    /// Segments.
    Segments(Segments),
    /// Loose (codes that have no one place).
    Loose(Loose),
    /// Redefined.
    Redefined(Redefined),
}

/// Pages.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("head.code" = "100"), view)]
pub struct Pages {
    /// Head.
    pub head: Head,
    /// Total count.
    #[field(len = 5)]
    pub total_count: u32,
    /// Start no.
    #[field(len = 5)]
    pub start_no: u32,
    /// Total.
    #[field(len = 9, computed = sum(rows.amount))]
    pub total: (),
    /// Row count.
    #[field(len = 1, computed = count(rows))]
    pub row_count: (),
    /// Rows.
    #[field(group, count = row_count, max = 5, page(total = total_count, start = start_no))]
    pub rows: Vec<Row>,
    /// Bcc.
    #[field(len = 2, computed = xor(total))]
    pub bcc: (),
}

/// Behind.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("head.code" = "200"))]
pub struct Behind {
    /// Head.
    pub head: Head,
    /// Rows.
    #[field(group, count = row_count, max = 5)]
    pub rows: Vec<Row>,
    /// Row count.
    #[field(len = 1, computed = count(rows))]
    pub row_count: (),
    /// Total.
    #[field(len = 9, computed = sum(rows.amount))]
    pub total: (),
}

/// Padded.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("head.code" = "300"))]
pub struct Padded {
    /// Head.
    pub head: Head,
    /// Rows.
    #[field(group, padded, max = 3)]
    pub rows: Vec<Row>,
    /// More count.
    #[field(len = 1, computed = count(more))]
    pub more_count: (),
    /// More.
    #[field(group, padded, max = 3, pad = b'*', count = more_count)]
    pub more: Vec<Row>,
}

/// Segments.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("head.code" = "400"))]
pub struct Segments {
    /// Head.
    pub head: Head,
    /// Segments.
    #[field(group, rest, max = 6)]
    pub segments: Vec<SegmentsSegments>,
    /// Check digits.
    ///
    /// Computed by the function `byte_sum` in the module above this one.
    #[field(len = 6, computed = check(super::byte_sum))]
    pub check_digits: (),
}

/// Segments segments.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct SegmentsSegments {
    /// Tag.
    #[field(len = 2)]
    pub tag: Text<2>,
    /// Body len.
    #[field(len = 3, computed = length(body))]
    pub body_len: (),
    /// Body.
    #[field(choice = "tag")]
    pub body: SegmentsSegmentsBody,
}

/// Segments segments body.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum SegmentsSegmentsBody {
    /// Amount.
    #[choice("AM")]
    Amount(Amount),
    /// Memo.
    #[choice("ME", "MO")]
    Memo(Memo),
    /// Unknown.
    #[choice(other)]
    Unknown(Unknown),
}

/// Loose (codes that have no one place).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "codes that have no one place", when("head.code" = "600"), view)]
pub struct Loose {
    /// Head.
    pub head: Head,
    /// Intro.
    pub intro: Intro,
    /// First.
    #[field(choice = "intro.tag")]
    pub first: LooseFirst,
    /// Row count.
    #[field(len = 1, computed = count(rows))]
    pub row_count: (),
    /// Rows.
    #[field(group, count = row_count, max = 3)]
    pub rows: Vec<LooseRows>,
    /// Last.
    #[field(len = 1)]
    pub last: Text<1>,
    /// End.
    #[field(choice = "last")]
    pub end: LooseEnd,
}

/// Loose first.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum LooseFirst {
    /// Amount.
    #[choice("AM")]
    Amount(Amount),
    /// Intro.
    #[choice(other)]
    Intro(Intro),
}

/// Loose rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct LooseRows {
    /// Cell count.
    #[field(len = 1, computed = count(cells))]
    pub cell_count: (),
    /// Cells.
    #[field(group, count = cell_count, max = 3)]
    pub cells: Vec<Amount>,
    /// Kind.
    #[field(len = 1)]
    pub kind: Text<1>,
    /// Body.
    #[field(choice = "kind")]
    pub body: LooseRowsBody,
}

/// Loose rows body.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum LooseRowsBody {
    /// Amount.
    #[choice("A")]
    Amount(Amount),
    /// Nothing.
    #[choice("N")]
    Nothing(Nothing),
}

/// Nothing.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Nothing {}

/// Loose end.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum LooseEnd {
    /// Born.
    #[choice("P")]
    Born(Born),
    /// Founded.
    #[choice("C")]
    Founded(Founded),
}

/// Born.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Born {
    /// Birth.
    #[field(len = 8)]
    pub birth: Date,
}

/// Founded.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Founded {
    /// Tax no.
    #[field(len = 8, full)]
    pub tax_no: Digits<8>,
}

/// Redefined.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("head.code" = "500"), debug)]
pub struct Redefined {
    /// Head.
    pub head: Head,
    /// Who.
    #[field(choice = "kind")]
    pub who: RedefinedWho,
    /// Kind.
    #[field(len = 1)]
    pub kind: Text<1>,
    /// Account.
    #[field(tail, max = 16, secret)]
    pub account: Digits<16>,
}

/// Redefined who.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum RedefinedWho {
    /// Person.
    #[choice("P")]
    Person(Person),
    /// Company.
    #[choice("C")]
    Company(Company),
}

/// Person.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Person {
    /// Birth.
    #[field(len = 8)]
    pub birth: Date,
    /// Reserved.
    #[field(filler, len = 2)]
    pub _reserved: (),
}

/// Company.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Company {
    /// Tax no.
    #[field(len = 10, full)]
    pub tax_no: Digits<10>,
}

/// Head.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct Head {
    /// Length.
    #[field(len = 5, computed = length(all))]
    pub length: (),
    /// Code.
    #[field(len = 3, full)]
    pub code: Digits<3>,
}

/// Row.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct Row {
    /// No.
    #[field(len = 3, computed = sequence)]
    pub no: (),
    /// Amount.
    #[field(len = 7)]
    pub amount: u32,
    /// Balance sign.
    #[field(len = 1, computed = sign(balance, '+', '-', ' '))]
    pub balance_sign: (),
    /// Balance.
    #[field(len = 9)]
    pub balance: i32,
    /// Memo.
    #[field(len = 6)]
    pub memo: Text<6>,
}

/// Amount.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct Amount {
    /// Amount.
    #[field(len = 5)]
    pub amount: u32,
}

/// Memo.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Memo {
    /// Fixed.
    #[field(len = 4, full)]
    pub fixed: Text<4>,
    /// Text.
    #[field(tail, max = 20)]
    pub text: Text<20>,
}

/// Unknown.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Unknown {
    /// Raw.
    #[field(tail, max = 20, bytes)]
    pub raw: Vec<u8>,
}

/// Intro.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct Intro {
    /// Note len.
    #[field(len = 2, computed = length(note))]
    pub note_len: (),
    /// Note.
    #[field(tail, max = 9)]
    pub note: Text<9>,
    /// Tag.
    #[field(len = 2)]
    pub tag: Text<2>,
}
