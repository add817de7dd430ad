//! seed 3: the telegrams of the spec `random-3`, version 1.
//!
//! Written by `fep gen` from random-3.toml (fnv1a-64 ace1afca908603bc). A change belongs there.

use fep_codec::{Choice, Digits, Telegram, Text, YearMonth};

/// Any telegram of seed 3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Random3 {
    /// T0.
    T0(T0),
    /// T1.
    T1(T1),
    /// T2.
    T2(T2),
    /// T3.
    T3(T3),
}

/// T0.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T0"))]
pub struct T0 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Part 6.
    pub part_6: Plain,
    /// Part 7.
    pub part_7: Pair,
    /// Reserved.
    #[field(filler, len = 5)]
    pub _reserved: (),
    /// Len 8.
    #[field(len = 2, computed = length(tail_9))]
    pub len_8: (),
    /// Tail 9.
    #[field(tail, max = 30)]
    pub tail_9: Digits<30>,
    /// Literal.
    #[field(literal = "LIT")]
    pub _literal: (),
    /// F 10.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_10: Text<2>,
    /// Sign 11.
    #[field(len = 1, computed = sign(signed_12, '0', '1'))]
    pub sign_11: (),
    /// Signed 12.
    #[field(len = 8, none = "spaces")]
    pub signed_12: Option<i32>,
    /// Literal 2.
    #[field(literal = "LIT")]
    pub _literal_2: (),
    /// Part 13.
    pub part_13: Plain,
    /// Part 14.
    pub part_14: Plain,
    /// Code 16.
    #[field(len = 2, charset = "ascii")]
    pub code_16: Text<2>,
    /// Body 15.
    #[field(choice = "code_16")]
    pub body_15: T0Body15,
    /// Items 20.
    #[field(group, rest, max = 4)]
    pub items_20: Vec<Pair>,
    /// Literal 3.
    #[field(literal = b"\xFE\0")]
    pub _literal_3: (),
}

/// T0Body15.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T0Body15 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case19.
    #[choice("B")]
    Case19(Case19),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case19.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct Case19 {
    /// A 17.
    #[field(len = 5)]
    pub a_17: u32,
    /// B 18.
    #[field(len = 9)]
    pub b_18: Text<9>,
}

/// T1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T1"))]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Link.
    pub link: Link,
    /// Rows.
    #[field(group, count = link.row_count, max = 5)]
    pub rows: Vec<T1Rows>,
    /// Count 25.
    #[field(len = 1, computed = count(items_22))]
    pub count_25: (),
    /// Items 22.
    #[field(group, padded, max = 3, pad = b'0', count = count_25)]
    pub items_22: Vec<T1Items22>,
    /// F 26.
    #[field(len = 1)]
    pub f_26: [u8; 1],
    /// Count 30.
    #[field(len = 1, computed = count(items_27))]
    pub count_30: (),
    /// Items 27.
    #[field(group, padded, max = 3, pad = b'0', count = count_30)]
    pub items_27: Vec<T1Items27>,
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
    /// Signed 32.
    #[field(len = 8, none = "spaces")]
    pub signed_32: Option<i32>,
    /// Sign 31.
    #[field(len = 1, computed = sign(signed_32, '0', '1'))]
    pub sign_31: (),
    /// Items 33.
    #[field(group, rest, max = 4)]
    pub items_33: Vec<Pair>,
    /// Reserved.
    #[field(filler, len = 8)]
    pub _reserved: (),
}

/// T1Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T1Rows {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
    /// Value 21.
    #[field(len = 8, justify = "right")]
    pub value_21: Text<8>,
}

/// T1Items22.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T1Items22 {
    /// Mark 23.
    #[field(literal = "E")]
    pub mark_23: (),
    /// Value 24.
    #[field(len = 3)]
    pub value_24: Text<3>,
}

/// T1Items27.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T1Items27 {
    /// Mark 28.
    #[field(literal = "E")]
    pub mark_28: (),
    /// Value 29.
    #[field(len = 3)]
    pub value_29: Text<3>,
}

/// T2.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T2"))]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(literal = "A")]
    pub step: (),
    /// Len 34.
    #[field(len = 2, computed = length(tail_35))]
    pub len_34: (),
    /// Tail 35.
    #[field(tail, max = 30, bytes)]
    pub tail_35: Vec<u8>,
    /// Len 36.
    #[field(len = 2, computed = length(tail_37))]
    pub len_36: (),
    /// Tail 37.
    #[field(tail, max = 30)]
    pub tail_37: Text<30>,
    /// F 38.
    #[field(len = 6, encoding = "ebcdic")]
    pub f_38: Digits<6>,
    /// Items 39.
    #[field(group)]
    pub items_39: [Pair; 2],
    /// Check 40.
    #[field(len = 1, computed = xor)]
    pub check_40: (),
}

/// T3.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T2"), debug)]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(literal = "B")]
    pub step: (),
    /// Items 41.
    #[field(group, padded, max = 3)]
    pub items_41: Vec<T3Items41>,
    /// Count 47.
    #[field(len = 1, computed = count(items_44))]
    pub count_47: (),
    /// Items 44.
    #[field(group, padded, max = 3, pad = b'0', count = count_47)]
    pub items_44: Vec<T3Items44>,
    /// Count 51.
    #[field(len = 1, computed = count(items_48))]
    pub count_51: (),
    /// Items 48.
    #[field(group, padded, max = 3, pad = b'0', count = count_51)]
    pub items_48: Vec<T3Items48>,
    /// F 52.
    #[field(len = 11, sign(trailing), scale = 1, none = "zeros")]
    pub f_52: Option<i64>,
    /// F 53.
    #[field(len = 1, secret)]
    pub f_53: bool,
    /// Check 54.
    #[field(len = 2, text, computed = xor(tag..= behind_55))]
    pub check_54: (),
    /// Behind 55.
    #[field(len = 13, pad = b'*')]
    pub behind_55: Text<13>,
}

/// T3Items41.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T3Items41 {
    /// Mark 42.
    #[field(literal = "E")]
    pub mark_42: (),
    /// Value 43.
    #[field(len = 3)]
    pub value_43: Text<3>,
}

/// T3Items44.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T3Items44 {
    /// Mark 45.
    #[field(literal = "E")]
    pub mark_45: (),
    /// Value 46.
    #[field(len = 3)]
    pub value_46: Text<3>,
}

/// T3Items48.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T3Items48 {
    /// Mark 49.
    #[field(literal = "E")]
    pub mark_49: (),
    /// Value 50.
    #[field(len = 3)]
    pub value_50: Text<3>,
}

/// Plain.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "utf-8", debug)]
pub struct Plain {
    /// F 1.
    #[field(len = 11, encoding = "ebcdic", scale = 1)]
    pub f_1: u64,
    /// F 2.
    #[field(len = 6, none("spaces", "zeros", "low-values"))]
    pub f_2: Option<YearMonth>,
    /// F 3.
    #[field(len = 4, secret, encoding = "bcd", scale = 2)]
    pub f_3: u32,
}

/// Pair.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct Pair {
    /// F 4.
    #[field(len = 4)]
    pub f_4: [u8; 4],
    /// F 5.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_5: Text<2>,
}

/// Link.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct Link {
    /// Rows len.
    #[field(len = 3, computed = length(super::rows))]
    pub rows_len: (),
    /// Row count.
    #[field(len = 2, computed = count(super::rows))]
    pub row_count: (),
    /// Total.
    #[field(len = 6, computed = sum(super::rows.amount))]
    pub total: (),
}
