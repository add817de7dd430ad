//! seed 2: the telegrams of the spec `random-2`, version 1.
//!
//! Written by `fep gen` from random-2.toml (fnv1a-64 0dec2ae2c2986e86). A change belongs there.

use fep_codec::{Choice, Date, Digits, Telegram, Text};

/// Any telegram of seed 2.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Random2 {
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
    /// Len 8.
    #[field(len = 2, computed = length(tail_9))]
    pub len_8: (),
    /// Tail 9.
    #[field(tail, max = 30)]
    pub tail_9: Text<30>,
    /// Items 10.
    #[field(group, padded, max = 3)]
    pub items_10: Vec<T0Items10>,
    /// Items 13.
    #[field(group, padded, max = 3)]
    pub items_13: Vec<T0Items13>,
    /// Length 16.
    #[field(len = 4, computed = length(all))]
    pub length_16: (),
    /// Count 20.
    #[field(len = 1, computed = count(items_17))]
    pub count_20: (),
    /// Items 17.
    #[field(group, padded, max = 3, pad = b'\xF0', count = count_20)]
    pub items_17: Vec<T0Items17>,
    /// Items 21.
    #[field(group, rest, max = 4)]
    pub items_21: Vec<Pair>,
    /// Reserved.
    #[field(filler, len = 7)]
    pub _reserved: (),
}

/// T0Items10.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T0Items10 {
    /// Mark 11.
    #[field(literal = "E")]
    pub mark_11: (),
    /// Value 12.
    #[field(len = 3)]
    pub value_12: Text<3>,
}

/// T0Items13.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T0Items13 {
    /// Mark 14.
    #[field(literal = "E")]
    pub mark_14: (),
    /// Value 15.
    #[field(len = 3)]
    pub value_15: Text<3>,
}

/// T0Items17.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T0Items17 {
    /// Mark 18.
    #[field(literal = "E")]
    pub mark_18: (),
    /// Value 19.
    #[field(len = 3)]
    pub value_19: Text<3>,
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
    /// Count 24.
    #[field(len = 2, computed = count(items_23))]
    pub count_24: (),
    /// Items 23.
    #[field(group, count = count_24, max = 4)]
    pub items_23: Vec<Pair>,
    /// Total 25.
    #[field(len = 9, scale = 2, computed = sum(items_26.amount_27))]
    pub total_25: (),
    /// Items 26.
    #[field(group)]
    pub items_26: [T1Items26; 3],
    /// Part 28.
    pub part_28: Plain,
    /// F 29.
    #[field(len = 7, encoding = "binary", sign = "signed", scale = 2, none = "zeros")]
    pub f_29: Option<i64>,
    /// Signed 31.
    #[field(len = 8, none = "spaces")]
    pub signed_31: Option<i32>,
    /// Sign 30.
    #[field(len = 1, computed = sign(signed_31, b'N', b'`'))]
    pub sign_30: (),
    /// F 32.
    #[field(len = 1)]
    pub f_32: bool,
    /// Literal.
    #[field(literal = "LIT")]
    pub _literal: (),
    /// F 33.
    #[field(len = 4)]
    pub f_33: [u8; 4],
    /// Code 35.
    #[field(len = 2, charset = "ascii")]
    pub code_35: Text<2>,
    /// Body 34.
    #[field(choice = "code_35")]
    pub body_34: T1Body34,
    /// Check 39.
    #[field(len = 2, computed = xor(tag..= behind_40))]
    pub check_39: (),
    /// Behind 40.
    #[field(len = 20, justify = "right")]
    pub behind_40: Text<20>,
}

/// T1Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Rows {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
    /// Value 22.
    #[field(len = 2)]
    pub value_22: Text<2>,
}

/// T1Items26.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Items26 {
    /// Amount 27.
    #[field(len = 7, scale = 2)]
    pub amount_27: u32,
}

/// T1Body34.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T1Body34 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case38.
    #[choice("B")]
    Case38(Case38),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case38.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case38 {
    /// A 36.
    #[field(len = 5)]
    pub a_36: u32,
    /// B 37.
    #[field(len = 9)]
    pub b_37: Text<9>,
}

/// T2.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T2", "step" = "0200"), debug)]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(len = 2, encoding = "bcd", full)]
    pub step: Digits<4>,
    /// Part 41.
    pub part_41: Pair,
    /// Part 42.
    pub part_42: Pair,
    /// F 43.
    #[field(len = 13, secret)]
    pub f_43: Digits<13>,
    /// F 44.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_44: Text<2>,
    /// Len 45.
    #[field(len = 2, computed = length(tail_46))]
    pub len_45: (),
    /// Tail 46.
    #[field(tail, max = 30, bytes)]
    pub tail_46: Vec<u8>,
    /// Count 48.
    #[field(len = 2, computed = count(items_47))]
    pub count_48: (),
    /// Items 47.
    #[field(group, count = count_48, max = 4)]
    pub items_47: Vec<Pair>,
    /// Length 49.
    #[field(len = 4, computed = length(rest))]
    pub length_49: (),
    /// F 50.
    #[field(len = 7, pattern = "CYYMMDD")]
    pub f_50: Date,
}

/// T3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T2", "step" = "0210"))]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(len = 2, encoding = "bcd", full)]
    pub step: Digits<4>,
    /// Count 54.
    #[field(len = 1, computed = count(items_51))]
    pub count_54: (),
    /// Items 51.
    #[field(group, padded, max = 3, pad = b'\xF0', count = count_54)]
    pub items_51: Vec<T3Items51>,
    /// Part 55.
    pub part_55: Plain,
    /// Code 57.
    #[field(len = 2, charset = "ascii")]
    pub code_57: Text<2>,
    /// Body 56.
    #[field(choice = "code_57")]
    pub body_56: T3Body56,
    /// Len 61.
    #[field(len = 2, computed = length(tail_62))]
    pub len_61: (),
    /// Tail 62.
    #[field(tail, max = 30, bytes)]
    pub tail_62: Vec<u8>,
    /// Part 63.
    pub part_63: Pair,
    /// Reserved.
    #[field(filler, len = 4)]
    pub _reserved: (),
    /// Signed 65.
    #[field(len = 8, none = "spaces")]
    pub signed_65: Option<i32>,
    /// Sign 64.
    #[field(len = 1, computed = sign(signed_65, b'N', b'`', b'@'))]
    pub sign_64: (),
    /// Check 66.
    #[field(len = 2, computed = xor(tag..= behind_67))]
    pub check_66: (),
    /// Behind 67.
    #[field(len = 4, justify = "right")]
    pub behind_67: Text<4>,
}

/// T3Items51.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T3Items51 {
    /// Mark 52.
    #[field(literal = "E")]
    pub mark_52: (),
    /// Value 53.
    #[field(len = 3)]
    pub value_53: Text<3>,
}

/// T3Body56.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T3Body56 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case60.
    #[choice("B")]
    Case60(Case60),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case60.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case60 {
    /// A 58.
    #[field(len = 5)]
    pub a_58: u32,
    /// B 59.
    #[field(len = 9)]
    pub b_59: Text<9>,
}

/// Plain.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Plain {
    /// F 1.
    #[field(len = 7, pad = b'\\')]
    pub f_1: Text<7>,
    /// F 2.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_2: Text<2>,
    /// F 3.
    #[field(len = 10)]
    pub f_3: u64,
}

/// Pair.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "ibm933", debug)]
pub struct Pair {
    /// F 4.
    #[field(len = 2, secret)]
    pub f_4: [u8; 2],
    /// F 5.
    #[field(len = 1)]
    pub f_5: bool,
}

/// Link.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Link {
    /// Rows len.
    #[field(len = 3, encoding = "bcd", computed = length(super::rows))]
    pub rows_len: (),
    /// Row count.
    #[field(len = 2, encoding = "bcd", computed = count(super::rows))]
    pub row_count: (),
    /// Total.
    #[field(len = 6, computed = sum(super::rows.amount))]
    pub total: (),
}
