//! seed 1: the telegrams of the spec `random-1`, version 1.
//!
//! Written by `fep gen` from random-1.toml (fnv1a-64 6a1ae6f9a3af2356). A change belongs there.

use fep_codec::{Choice, Digits, Telegram, Text};

/// Any telegram of seed 1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Random1 {
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
#[telegram(charset = "cp037", when("tag" = "T0"))]
pub struct T0 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Part 6.
    pub part_6: Plain,
    /// Part 7.
    pub part_7: Pair,
    /// Count 9.
    #[field(len = 2, computed = count(items_8))]
    pub count_9: (),
    /// Items 8.
    #[field(group, count = count_9, max = 4)]
    pub items_8: Vec<Pair>,
    /// Code 11.
    #[field(len = 2, charset = "ascii")]
    pub code_11: Text<2>,
    /// Body 10.
    #[field(choice = "code_11")]
    pub body_10: T0Body10,
    /// Total 15.
    #[field(len = 9, scale = 2, computed = sum(items_16.amount_17))]
    pub total_15: (),
    /// Items 16.
    #[field(group)]
    pub items_16: [T0Items16; 3],
    /// Tail 18.
    #[field(tail, max = 20)]
    pub tail_18: Text<20>,
    /// F 19.
    #[field(len = 2, justify = "right")]
    pub f_19: Digits<2>,
}

/// T0Body10.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T0Body10 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case14.
    #[choice("B")]
    Case14(Case14),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case14.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct Case14 {
    /// A 12.
    #[field(len = 5)]
    pub a_12: u32,
    /// B 13.
    #[field(len = 9)]
    pub b_13: Text<9>,
}

/// T0Items16.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T0Items16 {
    /// Amount 17.
    #[field(len = 7, scale = 2)]
    pub amount_17: u32,
}

/// T1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037", when("tag" = "T1"))]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Link.
    pub link: Link,
    /// Rows.
    #[field(group, count = link.row_count, max = 5)]
    pub rows: Vec<T1Rows>,
    /// Sign 21.
    #[field(len = 1, computed = sign(signed_22, b'\xF0', b'\xF1'))]
    pub sign_21: (),
    /// Signed 22.
    #[field(len = 8, none = "spaces")]
    pub signed_22: Option<i32>,
    /// Total 23.
    #[field(len = 9, computed = sum(items_24.amount_25))]
    pub total_23: (),
    /// Items 24.
    #[field(group)]
    pub items_24: [T1Items24; 3],
    /// F 26.
    #[field(len = 1)]
    pub f_26: bool,
    /// Len 27.
    #[field(len = 2, computed = length(tail_28))]
    pub len_27: (),
    /// Tail 28.
    #[field(tail, max = 30)]
    pub tail_28: Digits<30>,
    /// Length 29.
    #[field(len = 4, computed = length(all))]
    pub length_29: (),
    /// Items 30.
    #[field(group, rest, max = 4)]
    pub items_30: Vec<Pair>,
    /// Literal.
    #[field(literal = "LIT")]
    pub _literal: (),
}

/// T1Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T1Rows {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
    /// Value 20.
    #[field(len = 5, overflow = "cut")]
    pub value_20: Text<5>,
}

/// T1Items24.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T1Items24 {
    /// Amount 25.
    #[field(len = 7)]
    pub amount_25: u32,
}

/// T2.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "cp037", when("tag" = "T2"), debug)]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(literal = "A")]
    pub step: (),
    /// F 31.
    #[field(len = 30, justify = "right")]
    pub f_31: Text<30>,
    /// F 32.
    #[field(len = 2, secret)]
    pub f_32: [u8; 2],
    /// F 33.
    #[field(len = 2, full)]
    pub f_33: Digits<2>,
    /// Items 34.
    #[field(group)]
    pub items_34: [Pair; 2],
    /// F 35.
    #[field(len = 5, encoding = "ascii", sign = "overpunch", accepts("plain-digits"))]
    pub f_35: i32,
    /// Count 39.
    #[field(len = 1, computed = count(items_36))]
    pub count_39: (),
    /// Items 36.
    #[field(group, padded, max = 3, pad = b'\xF0', count = count_39)]
    pub items_36: Vec<T2Items36>,
    /// Len 40.
    #[field(len = 2, computed = length(tail_41))]
    pub len_40: (),
    /// Tail 41.
    #[field(tail, max = 30)]
    pub tail_41: Digits<30>,
    /// F 42.
    #[field(len = 1, secret)]
    pub f_42: bool,
    /// Literal.
    #[field(literal = "LIT")]
    pub _literal: (),
    /// Items 43.
    #[field(group, count = count_44, max = 5)]
    pub items_43: Vec<Plain>,
    /// Count 44.
    #[field(len = 2, computed = count(items_43))]
    pub count_44: (),
    /// F 45.
    #[field(len = 9, pad = b'\\')]
    pub f_45: Text<9>,
}

/// T2Items36.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T2Items36 {
    /// Mark 37.
    #[field(literal = "E")]
    pub mark_37: (),
    /// Value 38.
    #[field(len = 3)]
    pub value_38: Text<3>,
}

/// T3.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "cp037", when("tag" = "T2"), debug)]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(literal = "B")]
    pub step: (),
    /// Total 46.
    #[field(len = 9, scale = 2, computed = sum(items_47.amount_48))]
    pub total_46: (),
    /// Items 47.
    #[field(group)]
    pub items_47: [T3Items47; 3],
    /// F 49.
    #[field(len = 3)]
    pub f_49: Digits<3>,
    /// Part 50.
    pub part_50: Pair,
    /// F 51.
    #[field(len = 1, secret)]
    pub f_51: [u8; 1],
    /// Items 52.
    #[field(group, padded, max = 3)]
    pub items_52: Vec<T3Items52>,
    /// Total 55.
    #[field(len = 9, scale = 2, computed = sum(items_56.amount_57))]
    pub total_55: (),
    /// Items 56.
    #[field(group)]
    pub items_56: [T3Items56; 3],
    /// Total 58.
    #[field(len = 9, scale = 2, computed = sum(items_59.amount_60))]
    pub total_58: (),
    /// Items 59.
    #[field(group)]
    pub items_59: [T3Items59; 3],
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
    /// Check 61.
    #[field(len = 1, computed = xor)]
    pub check_61: (),
}

/// T3Items47.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T3Items47 {
    /// Amount 48.
    #[field(len = 7, scale = 2)]
    pub amount_48: u32,
}

/// T3Items52.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T3Items52 {
    /// Mark 53.
    #[field(literal = "E")]
    pub mark_53: (),
    /// Value 54.
    #[field(len = 3)]
    pub value_54: Text<3>,
}

/// T3Items56.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T3Items56 {
    /// Amount 57.
    #[field(len = 7, scale = 2)]
    pub amount_57: u32,
}

/// T3Items59.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T3Items59 {
    /// Amount 60.
    #[field(len = 7, scale = 2)]
    pub amount_60: u32,
}

/// Plain.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct Plain {
    /// F 1.
    #[field(len = 8, none = "spaces")]
    pub f_1: Option<u32>,
    /// F 2.
    #[field(len = 11, pad = b'\\')]
    pub f_2: Text<11>,
    /// F 3.
    #[field(len = 11, encoding = "bcd")]
    pub f_3: Digits<22>,
}

/// Pair.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "cp037", debug)]
pub struct Pair {
    /// F 4.
    #[field(len = 12, overflow = "cut")]
    pub f_4: Text<12>,
    /// F 5.
    #[field(len = 25, secret, pad = b'\\')]
    pub f_5: Text<25>,
}

/// Link.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
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
