//! seed 4: the telegrams of the spec `random-4`, version 1.
//!
//! Written by `fep gen` from random-4.toml (fnv1a-64 16b44d75fa62e7b8). A change belongs there.

use fep_codec::{Choice, Date, Digits, Telegram, Text};

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
    /// Count 18.
    #[field(len = 2, computed = count(items_17))]
    pub count_18: (),
    /// Items 17.
    #[field(group, count = count_18, max = 4, len = 6, encoding = "bcd")]
    pub items_17: Vec<u64>,
    /// F 19.
    #[field(len = 14, scale = 1, none = "spaces")]
    pub f_19: Option<u64>,
    /// Items 20.
    #[field(group, count = count_21, max = 5)]
    pub items_20: Vec<Plain>,
    /// Count 21.
    #[field(len = 2, computed = count(items_20))]
    pub count_21: (),
    /// F 22.
    #[field(len = 16, encoding = "bcd", full)]
    pub f_22: Digits<32>,
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
    /// Len 24.
    #[field(len = 2, computed = length(tail_25))]
    pub len_24: (),
    /// Tail 25.
    #[field(tail, max = 30)]
    pub tail_25: Text<30>,
    /// Total 26.
    #[field(len = 9, computed = sum(items_27))]
    pub total_26: (),
    /// Items 27.
    #[field(group, len = 7)]
    pub items_27: [u32; 3],
    /// Code 30.
    #[field(len = 2, charset = "ascii")]
    pub code_30: Text<2>,
    /// Body 29.
    #[field(choice = "code_30")]
    pub body_29: T1Body29,
    /// F 34.
    #[field(len = 6, none = "spaces", pattern = "YYMMDD")]
    pub f_34: Option<Date>,
    /// Len 35.
    #[field(len = 2, computed = length(tail_36))]
    pub len_35: (),
    /// Tail 36.
    #[field(tail, max = 30)]
    pub tail_36: Digits<30>,
    /// Total 37.
    #[field(len = 9, scale = 2, computed = sum(items_38.amount_39))]
    pub total_37: (),
    /// Items 38.
    #[field(group)]
    pub items_38: [T1Items38; 3],
    /// Total 40.
    #[field(len = 9, computed = sum(items_41))]
    pub total_40: (),
    /// Items 41.
    #[field(group, len = 7)]
    pub items_41: [u32; 3],
    /// Count 46.
    #[field(len = 1, computed = count(items_43))]
    pub count_46: (),
    /// Items 43.
    #[field(group, padded, max = 3, pad = b'\xF0', count = count_46)]
    pub items_43: Vec<T1Items43>,
    /// Items 47.
    #[field(group, rest, max = 4)]
    pub items_47: Vec<Pair>,
    /// Literal.
    #[field(literal = "LIT")]
    pub _literal: (),
}

/// T1Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Rows {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
    /// Value 23.
    #[field(len = 20)]
    pub value_23: Text<20>,
}

/// T1Body29.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T1Body29 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case33.
    #[choice("B")]
    Case33(Case33),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case33.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case33 {
    /// A 31.
    #[field(len = 5)]
    pub a_31: u32,
    /// B 32.
    #[field(len = 9)]
    pub b_32: Text<9>,
}

/// T1Items38.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Items38 {
    /// Amount 39.
    #[field(len = 7, scale = 2)]
    pub amount_39: u32,
}

/// T1Items43.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Items43 {
    /// Mark 44.
    #[field(literal = "E")]
    pub mark_44: (),
    /// Value 45.
    #[field(len = 3)]
    pub value_45: Text<3>,
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
    /// Part 48.
    pub part_48: Pair,
    /// Items 49.
    #[field(group)]
    pub items_49: [Plain; 3],
    /// Part 50.
    pub part_50: Pair,
    /// Signed 52.
    #[field(len = 8)]
    pub signed_52: i32,
    /// Sign 51.
    #[field(len = 1, computed = sign(signed_52, b'N', b'`', b'@'))]
    pub sign_51: (),
    /// Items 53.
    #[field(group, rest, max = 4)]
    pub items_53: Vec<Pair>,
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
}

/// T3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T2", "step" = "17"))]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(len = 3, accepts("leading-blanks"))]
    pub step: u16,
    /// Part 54.
    pub part_54: Pair,
    /// F 55.
    #[field(len = 2)]
    pub f_55: [u8; 2],
    /// Code 57.
    #[field(len = 2, charset = "ascii")]
    pub code_57: Text<2>,
    /// Body 56.
    #[field(choice = "code_57")]
    pub body_56: T3Body56,
    /// Length 61.
    #[field(len = 4, computed = length(all))]
    pub length_61: (),
    /// Signed 63.
    #[field(len = 8)]
    pub signed_63: i32,
    /// Sign 62.
    #[field(len = 1, computed = sign(signed_63, b'N', b'`'))]
    pub sign_62: (),
    /// Total 64.
    #[field(len = 9, scale = 2, computed = sum(items_65.amount_66))]
    pub total_64: (),
    /// Items 65.
    #[field(group)]
    pub items_65: [T3Items65; 3],
    /// Part 67.
    pub part_67: Plain,
    /// Check 68.
    #[field(len = 2, computed = xor)]
    pub check_68: (),
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

/// T3Items65.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T3Items65 {
    /// Amount 66.
    #[field(len = 7, scale = 2)]
    pub amount_66: u32,
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
