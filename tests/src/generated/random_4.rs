//! seed 4: the telegrams of the spec `random-4`, version 1.
//!
//! Written by `fep gen` from random-4.toml (fnv1a-64 8ae07f480ebc9874). A change belongs there.

use fep_codec::{Choice, Date, Digits, Telegram, Text, YearMonth};

/// Any telegram of seed 4.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Random4 {
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
#[telegram(charset = "ibm933", when("tag" = "T0"))]
pub struct T0 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Part 6.
    pub part_6: Plain,
    /// Part 7.
    pub part_7: Pair,
    /// F 8.
    #[field(len = 1)]
    pub f_8: bool,
    /// F 9.
    #[field(len = 4, encoding = "packed", sign = "signed")]
    pub f_9: i32,
    /// F 10.
    #[field(len = 1)]
    pub f_10: [u8; 1],
    /// Len 11.
    #[field(len = 2, computed = length(tail_12))]
    pub len_11: (),
    /// Tail 12.
    #[field(tail, max = 30, bytes)]
    pub tail_12: Vec<u8>,
    /// Sign 13.
    #[field(len = 1, computed = sign(signed_14, b'N', b'`'))]
    pub sign_13: (),
    /// Signed 14.
    #[field(len = 8, none = "spaces")]
    pub signed_14: Option<i32>,
    /// Length 15.
    #[field(len = 4, computed = length(all))]
    pub length_15: (),
    /// F 16.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_16: Text<2>,
    /// Items 17.
    #[field(group)]
    pub items_17: [Plain; 2],
    /// Length 18.
    #[field(len = 4, computed = length(all))]
    pub length_18: (),
    /// F 19.
    #[field(len = 15, encoding = "bcd", full)]
    pub f_19: Digits<30>,
}

/// T1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T1"))]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Link.
    pub link: Link,
    /// Rows.
    #[field(group, count = link.row_count, max = 5)]
    pub rows: Vec<T1Rows>,
    /// F 21.
    #[field(len = 1)]
    pub f_21: bool,
    /// Length 22.
    #[field(len = 4, computed = length(rest))]
    pub length_22: (),
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
    /// Len 23.
    #[field(len = 2, computed = length(tail_24))]
    pub len_23: (),
    /// Tail 24.
    #[field(tail, max = 30)]
    pub tail_24: Text<30>,
    /// F 25.
    #[field(len = 4)]
    pub f_25: Digits<4>,
    /// Total 26.
    #[field(len = 9, computed = sum(items_27.amount_28))]
    pub total_26: (),
    /// Items 27.
    #[field(group)]
    pub items_27: [T1Items27; 3],
    /// Total 29.
    #[field(len = 9, computed = sum(items_30.amount_31))]
    pub total_29: (),
    /// Items 30.
    #[field(group)]
    pub items_30: [T1Items30; 3],
    /// F 32.
    #[field(len = 6, none = "spaces", pattern = "YYMMDD")]
    pub f_32: Option<Date>,
    /// Behind 34.
    #[field(len = 10, justify = "right")]
    pub behind_34: Text<10>,
}

/// T1Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Rows {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
    /// Value 20.
    #[field(len = 12, pad = b'\\')]
    pub value_20: Text<12>,
}

/// T1Items27.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Items27 {
    /// Amount 28.
    #[field(len = 7)]
    pub amount_28: u32,
}

/// T1Items30.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Items30 {
    /// Amount 31.
    #[field(len = 7)]
    pub amount_31: u32,
}

/// T2.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T2", "step" = "5"))]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(len = 3, accepts("leading-blanks"))]
    pub step: u16,
    /// Code 36.
    #[field(len = 2, charset = "ascii")]
    pub code_36: Text<2>,
    /// Body 35.
    #[field(choice = "code_36")]
    pub body_35: T2Body35,
    /// Length 40.
    #[field(len = 4, computed = length(rest))]
    pub length_40: (),
    /// F 41.
    #[field(len = 10, justify = "right")]
    pub f_41: Text<10>,
    /// Part 42.
    pub part_42: Pair,
    /// Len 43.
    #[field(len = 2, computed = length(tail_44))]
    pub len_43: (),
    /// Tail 44.
    #[field(tail, max = 30)]
    pub tail_44: Digits<30>,
    /// F 45.
    #[field(len = 12)]
    pub f_45: Text<12>,
    /// Sign 46.
    #[field(len = 1, computed = sign(signed_47, b'N', b'`', b'@'))]
    pub sign_46: (),
    /// Signed 47.
    #[field(len = 8)]
    pub signed_47: i32,
    /// Signed 49.
    #[field(len = 8)]
    pub signed_49: i32,
    /// Sign 48.
    #[field(len = 1, computed = sign(signed_49, b'N', b'`', b'@'))]
    pub sign_48: (),
    /// F 50.
    #[field(len = 5, sign(trailing, overpunch = "ebcdic-minus"), accepts("overpunched-plus"))]
    pub f_50: i32,
    /// Items 51.
    #[field(group, count = count_52, max = 5)]
    pub items_51: Vec<Plain>,
    /// Count 52.
    #[field(len = 2, computed = count(items_51))]
    pub count_52: (),
    /// F 53.
    #[field(len = 1)]
    pub f_53: bool,
}

/// T2Body35.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T2Body35 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case39.
    #[choice("B")]
    Case39(Case39),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case39.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case39 {
    /// A 37.
    #[field(len = 5)]
    pub a_37: u32,
    /// B 38.
    #[field(len = 9)]
    pub b_38: Text<9>,
}

/// T3.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T2", "step" = "17"), debug)]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(len = 3, accepts("leading-blanks"))]
    pub step: u16,
    /// Signed 55.
    #[field(len = 8)]
    pub signed_55: i32,
    /// Sign 54.
    #[field(len = 1, computed = sign(signed_55, b'N', b'`'))]
    pub sign_54: (),
    /// Total 56.
    #[field(len = 9, scale = 2, computed = sum(items_57.amount_58))]
    pub total_56: (),
    /// Items 57.
    #[field(group)]
    pub items_57: [T3Items57; 3],
    /// Items 59.
    #[field(group)]
    pub items_59: [Pair; 1],
    /// F 60.
    #[field(len = 7, secret)]
    pub f_60: Text<7>,
    /// F 61.
    #[field(len = 6, none("spaces", "zeros", "low-values"))]
    pub f_61: Option<YearMonth>,
    /// Total 62.
    #[field(len = 9, computed = sum(items_63.amount_64))]
    pub total_62: (),
    /// Items 63.
    #[field(group)]
    pub items_63: [T3Items63; 3],
    /// F 65.
    #[field(len = 7, pattern = "YYYYDDD")]
    pub f_65: Date,
    /// Tail 66.
    #[field(tail, max = 20)]
    pub tail_66: Text<20>,
    /// F 67.
    #[field(len = 20, pad = b'\\')]
    pub f_67: Text<20>,
}

/// T3Items57.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T3Items57 {
    /// Amount 58.
    #[field(len = 7, scale = 2)]
    pub amount_58: u32,
}

/// T3Items63.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T3Items63 {
    /// Amount 64.
    #[field(len = 7)]
    pub amount_64: u32,
}

/// Plain.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Plain {
    /// F 1.
    #[field(len = 13, pad = b'\\')]
    pub f_1: Text<13>,
    /// F 2.
    #[field(len = 1)]
    pub f_2: bool,
    /// F 3.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_3: Text<2>,
}

/// Pair.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Pair {
    /// F 4.
    #[field(len = 7, pattern = "YYYYDDD")]
    pub f_4: Date,
    /// F 5.
    #[field(len = 30, pad = b'\\')]
    pub f_5: Text<30>,
}

/// Link.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
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
