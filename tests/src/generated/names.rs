//! Names of a sheet: the telegrams of the spec `names`, version 1.
//!
//! Written by `fep gen` from names.toml (fnv1a-64 c8681d280a901628). A change belongs there.

use fep_codec::{Choice, Code, Digits, Telegram, Text};

/// Any telegram of Names of a sheet.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Names {
    /// List.
    List(List),
}

/// List.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("공통부.TELEGRAM-CODE" = "0100"), debug, view)]
pub struct List {
    /// 공통부.
    pub 공통부: Head,
    /// Loose name.
    #[field(len = 3, name = "looseName")]
    pub loose_name: Digits<3>,
    /// 계좌번호.
    #[field(len = 12, secret)]
    pub 계좌번호: Digits<12>,
    /// Account no.
    #[field(len = 12, name = "accountNo")]
    pub account_no: Digits<12>,
    /// 2nd name.
    #[field(len = 6, name = "2nd_name")]
    pub n2nd_name: Text<6>,
    /// Type.
    #[field(len = 1)]
    pub r#type: Text<1>,
    /// Self.
    #[field(len = 1, name = "self", code)]
    pub self_item: ListSelfItem,
    /// 거래구분.
    #[field(len = 1, code)]
    pub 거래구분: List거래구분,
    /// END-MARK.
    #[field(literal = "E", name = "END-MARK")]
    pub end_mark: (),
    /// Sum.
    #[field(len = 9, name = "Sum", computed = sum(내역.amount))]
    pub sum: (),
    /// 건수.
    #[field(len = 2, computed = count(내역))]
    pub 건수: (),
    /// 내역.
    #[field(group, count = 건수, max = 3)]
    pub 내역: Vec<List내역>,
    /// Body part.
    #[field(choice = "거래구분", name = "bodyPart")]
    pub body_part: ListBodyPart,
    /// 메모길이.
    #[field(len = 2, computed = length(memo))]
    pub 메모길이: (),
    /// MEMO.
    #[field(tail, max = 20, name = "MEMO")]
    pub memo: Text<20>,
}

/// List내역.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct List내역 {
    /// 계좌.
    #[field(len = 3)]
    pub 계좌: Digits<3>,
    /// Amount.
    #[field(len = 5)]
    pub amount: u32,
}

/// List body part.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum ListBodyPart {
    /// Body1.
    #[choice("1")]
    Body1(Body1),
    /// Body2.
    #[choice("2")]
    Body2(Body2),
}

/// Body1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Body1 {
    /// X1.
    #[field(len = 1, name = "X1")]
    pub x1: Text<1>,
}

/// Body2.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Body2 {
    /// Y-1.
    #[field(len = 1, name = "Y-1")]
    pub y_1: Text<1>,
}

/// Head.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct Head {
    /// TELEGRAM-CODE.
    #[field(len = 4, name = "TELEGRAM-CODE", full)]
    pub telegram_code: Digits<4>,
    /// Row cnt.
    #[field(len = 2, name = "rowCnt")]
    pub row_cnt: u8,
}

/// Loose.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct Loose {
    /// Loose name.
    #[field(len = 3, name = "looseName")]
    pub loose_name: Digits<3>,
}

/// List self item.
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum ListSelfItem {
    /// Code "1".
    #[code("1")]
    One,
    /// Code "2".
    #[code("2")]
    Two,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}

/// List거래구분.
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum List거래구분 {
    /// Code "1".
    #[code("1")]
    One,
    /// Code "2".
    #[code("2")]
    Two,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}
