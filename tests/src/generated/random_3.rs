//! seed 3: the telegrams of the spec `random-3`, version 1.
//!
//! Written by `fep gen` from random-3.toml (fnv1a-64 ce8cabe15eaafb7b). A change belongs there.

use fep_codec::{Choice, Date, Digits, Telegram, Text};

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
    /// Part 8.
    pub part_8: Pair,
    /// Reserved.
    #[field(filler, len = 5)]
    pub _reserved: (),
    /// Len 9.
    #[field(len = 2, computed = length(tail_10))]
    pub len_9: (),
    /// Tail 10.
    #[field(tail, max = 30)]
    pub tail_10: Digits<30>,
    /// Literal.
    #[field(literal = "LIT")]
    pub _literal: (),
    /// F 11.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_11: Text<2>,
    /// Sign 12.
    #[field(len = 1, computed = sign(signed_13, '0', '1'))]
    pub sign_12: (),
    /// Signed 13.
    #[field(len = 8, none = "spaces")]
    pub signed_13: Option<i32>,
    /// Literal 2.
    #[field(literal = "LIT")]
    pub _literal_2: (),
    /// Tail 14.
    #[field(tail, max = 20)]
    pub tail_14: Text<20>,
    /// F 15.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_15: Text<2>,
}

/// T1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T1"))]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Sign 16.
    #[field(len = 1, computed = sign(signed_17, '+', '-', ' '))]
    pub sign_16: (),
    /// Signed 17.
    #[field(len = 8, none = "spaces")]
    pub signed_17: Option<i32>,
    /// Items 18.
    #[field(group, padded, max = 3)]
    pub items_18: Vec<T1Items18>,
    /// Part 21.
    pub part_21: Pair,
    /// Sign 22.
    #[field(len = 1, computed = sign(signed_23, '+', '-', ' '))]
    pub sign_22: (),
    /// Signed 23.
    #[field(len = 8, none = "spaces")]
    pub signed_23: Option<i32>,
    /// Part 24.
    pub part_24: Plain,
    /// Code 26.
    #[field(len = 2, charset = "ascii")]
    pub code_26: Text<2>,
    /// Body 25.
    #[field(choice = "code_26")]
    pub body_25: T1Body25,
    /// Signed 31.
    #[field(len = 8, none = "spaces")]
    pub signed_31: Option<i32>,
    /// Sign 30.
    #[field(len = 1, computed = sign(signed_31, '0', '1'))]
    pub sign_30: (),
    /// Check 32.
    #[field(len = 2, computed = xor)]
    pub check_32: (),
}

/// T1Items18.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T1Items18 {
    /// Mark 19.
    #[field(literal = "E")]
    pub mark_19: (),
    /// Value 20.
    #[field(len = 3)]
    pub value_20: Text<3>,
}

/// T1Body25.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T1Body25 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case29.
    #[choice("B")]
    Case29(Case29),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case29.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct Case29 {
    /// A 27.
    #[field(len = 5)]
    pub a_27: u32,
    /// B 28.
    #[field(len = 9)]
    pub b_28: Text<9>,
}

/// T2.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T2"), debug)]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Code 34.
    #[field(len = 2, charset = "ascii")]
    pub code_34: Text<2>,
    /// Body 33.
    #[field(choice = "code_34")]
    pub body_33: T2Body33,
    /// Len 38.
    #[field(len = 2, computed = length(tail_39))]
    pub len_38: (),
    /// Tail 39.
    #[field(tail, max = 30, bytes)]
    pub tail_39: Vec<u8>,
    /// Len 40.
    #[field(len = 2, computed = length(tail_41))]
    pub len_40: (),
    /// Tail 41.
    #[field(tail, max = 30)]
    pub tail_41: Text<30>,
    /// F 42.
    #[field(len = 6, encoding = "ebcdic")]
    pub f_42: Digits<6>,
    /// Items 43.
    #[field(group)]
    pub items_43: [Pair; 2],
    /// F 44.
    #[field(len = 3, secret, encoding = "ebcdic")]
    pub f_44: Digits<3>,
    /// Items 45.
    #[field(group, count = count_46, max = 5)]
    pub items_45: Vec<Plain>,
    /// Count 46.
    #[field(len = 2, computed = count(items_45))]
    pub count_46: (),
    /// F 47.
    #[field(len = 4)]
    pub f_47: Digits<4>,
}

/// T2Body33.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T2Body33 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case37.
    #[choice("B")]
    Case37(Case37),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case37.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct Case37 {
    /// A 35.
    #[field(len = 5)]
    pub a_35: u32,
    /// B 36.
    #[field(len = 9)]
    pub b_36: Text<9>,
}

/// T3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T3"))]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Code 49.
    #[field(len = 2, charset = "ascii")]
    pub code_49: Text<2>,
    /// Body 48.
    #[field(choice = "code_49")]
    pub body_48: T3Body48,
    /// Total 53.
    #[field(len = 9, computed = sum(items_54.amount_55))]
    pub total_53: (),
    /// Items 54.
    #[field(group)]
    pub items_54: [T3Items54; 3],
    /// Count 57.
    #[field(len = 2, computed = count(items_56))]
    pub count_57: (),
    /// Items 56.
    #[field(group, count = count_57, max = 4)]
    pub items_56: Vec<Plain>,
    /// Check 58.
    #[field(len = 2, computed = xor)]
    pub check_58: (),
}

/// T3Body48.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T3Body48 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case52.
    #[choice("B")]
    Case52(Case52),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case52.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct Case52 {
    /// A 50.
    #[field(len = 5)]
    pub a_50: u32,
    /// B 51.
    #[field(len = 9)]
    pub b_51: Text<9>,
}

/// T3Items54.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T3Items54 {
    /// Amount 55.
    #[field(len = 7)]
    pub amount_55: u32,
}

/// Plain.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "utf-8", debug)]
pub struct Plain {
    /// F 1.
    #[field(len = 11, encoding = "ebcdic", scale = 1)]
    pub f_1: u64,
    /// F 2.
    #[field(len = 6, none = "spaces", pattern = "YYMMDD")]
    pub f_2: Option<Date>,
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
