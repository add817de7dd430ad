//! seed 3: the telegrams of the spec `random-3`, version 1.
//!
//! Written by `fep gen` from random-3.toml (fnv1a-64 bf04e53f7a1775a8). A change belongs there.

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
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T1"), debug)]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Link.
    pub link: Link,
    /// Rows.
    #[field(group, count = link.row_count, max = 5)]
    pub rows: Vec<T1Rows>,
    /// F 22.
    #[field(len = 1)]
    pub f_22: [u8; 1],
    /// Count 26.
    #[field(len = 1, computed = count(items_23))]
    pub count_26: (),
    /// Items 23.
    #[field(group, padded, max = 3, pad = b'0', count = count_26)]
    pub items_23: Vec<T1Items23>,
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
    /// Signed 28.
    #[field(len = 8, none = "spaces")]
    pub signed_28: Option<i32>,
    /// Sign 27.
    #[field(len = 1, computed = sign(signed_28, '0', '1'))]
    pub sign_27: (),
    /// Sign 29.
    #[field(len = 1, computed = sign(signed_30, '0', '1'))]
    pub sign_29: (),
    /// Signed 30.
    #[field(len = 8)]
    pub signed_30: i32,
    /// Len 31.
    #[field(len = 2, computed = length(tail_32))]
    pub len_31: (),
    /// Tail 32.
    #[field(tail, max = 30, bytes)]
    pub tail_32: Vec<u8>,
    /// Len 33.
    #[field(len = 2, computed = length(tail_34))]
    pub len_33: (),
    /// Tail 34.
    #[field(tail, max = 30)]
    pub tail_34: Text<30>,
    /// F 35.
    #[field(len = 6, encoding = "ebcdic")]
    pub f_35: Digits<6>,
    /// Items 36.
    #[field(group, len = 2, secret)]
    pub items_36: [[u8; 2]; 3],
    /// Tail 37.
    #[field(tail, max = 20)]
    pub tail_37: Digits<20>,
    /// F 38.
    #[field(len = 12, scale = 2, none = "zeros")]
    pub f_38: Option<u64>,
}

/// T1Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T1Rows {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
    /// Value 21.
    #[field(len = 9, overflow = "cut")]
    pub value_21: Text<9>,
}

/// T1Items23.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T1Items23 {
    /// Mark 24.
    #[field(literal = "E")]
    pub mark_24: (),
    /// Value 25.
    #[field(len = 3)]
    pub value_25: Text<3>,
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
    /// Total 39.
    #[field(len = 9, computed = sum(items_40.amount_41))]
    pub total_39: (),
    /// Items 40.
    #[field(group)]
    pub items_40: [T2Items40; 3],
    /// Count 45.
    #[field(len = 1, computed = count(items_42))]
    pub count_45: (),
    /// Items 42.
    #[field(group, padded, max = 3, pad = b'0', count = count_45)]
    pub items_42: Vec<T2Items42>,
    /// Length 46.
    #[field(len = 4, computed = length(all))]
    pub length_46: (),
    /// Len 47.
    #[field(len = 2, computed = length(tail_48))]
    pub len_47: (),
    /// Tail 48.
    #[field(tail, max = 30, bytes)]
    pub tail_48: Vec<u8>,
    /// Literal.
    #[field(literal = "LIT")]
    pub _literal: (),
    /// Items 49.
    #[field(group, rest, max = 4, len = 9, sign = "leading-minus", pad = ' ', none = "spaces")]
    pub items_49: Vec<Option<i32>>,
    /// Reserved.
    #[field(filler, len = 1)]
    pub _reserved: (),
}

/// T2Items40.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T2Items40 {
    /// Amount 41.
    #[field(len = 7)]
    pub amount_41: u32,
}

/// T2Items42.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T2Items42 {
    /// Mark 43.
    #[field(literal = "E")]
    pub mark_43: (),
    /// Value 44.
    #[field(len = 3)]
    pub value_44: Text<3>,
}

/// T3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8", when("tag" = "T2"))]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(literal = "B")]
    pub step: (),
    /// Len 50.
    #[field(len = 2, computed = length(tail_51))]
    pub len_50: (),
    /// Tail 51.
    #[field(tail, max = 30)]
    pub tail_51: Digits<30>,
    /// Length 52.
    #[field(len = 4, computed = length(rest))]
    pub length_52: (),
    /// Count 56.
    #[field(len = 1, computed = count(items_53))]
    pub count_56: (),
    /// Items 53.
    #[field(group, padded, max = 3, pad = b'0', count = count_56)]
    pub items_53: Vec<T3Items53>,
    /// Items 57.
    #[field(group, padded, max = 3)]
    pub items_57: Vec<T3Items57>,
    /// Len 60.
    #[field(len = 2, computed = length(tail_61))]
    pub len_60: (),
    /// Tail 61.
    #[field(tail, max = 30)]
    pub tail_61: Digits<30>,
    /// Check 62.
    #[field(len = 2, computed = xor)]
    pub check_62: (),
}

/// T3Items53.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T3Items53 {
    /// Mark 54.
    #[field(literal = "E")]
    pub mark_54: (),
    /// Value 55.
    #[field(len = 3)]
    pub value_55: Text<3>,
}

/// T3Items57.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "utf-8")]
pub struct T3Items57 {
    /// Mark 58.
    #[field(literal = "E")]
    pub mark_58: (),
    /// Value 59.
    #[field(len = 3)]
    pub value_59: Text<3>,
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
