//! seed 2: the telegrams of the spec `random-2`, version 1.
//!
//! Written by `fep gen` from random-2.toml (fnv1a-64 42fbffd1436fc791). A change belongs there.

use fep_codec::{Choice, Digits, Telegram, Text};

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
    pub items_21: Vec<Plain>,
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
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
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T1"), debug)]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Link.
    pub link: Link,
    /// Rows.
    #[field(group, count = link.row_count, max = 5)]
    pub rows: Vec<T1Rows>,
    /// Part 23.
    pub part_23: Pair,
    /// Items 24.
    #[field(group, padded, max = 3)]
    pub items_24: Vec<T1Items24>,
    /// F 27.
    #[field(len = 1)]
    pub f_27: [u8; 1],
    /// Count 29.
    #[field(len = 2, computed = count(items_28))]
    pub count_29: (),
    /// Items 28.
    #[field(group, count = count_29, max = 4, len = 2, secret, encoding = "packed", full, accepts("host-signs"))]
    pub items_28: Vec<Digits<3>>,
    /// F 30.
    #[field(len = 2)]
    pub f_30: [u8; 2],
    /// F 31.
    #[field(len = 1)]
    pub f_31: bool,
    /// F 32.
    #[field(len = 4)]
    pub f_32: [u8; 4],
    /// Code 34.
    #[field(len = 2, charset = "ascii")]
    pub code_34: Text<2>,
    /// Body 33.
    #[field(choice = "code_34")]
    pub body_33: T1Body33,
    /// F 38.
    #[field(len = 1)]
    pub f_38: bool,
    /// Items 39.
    #[field(group, rest, max = 4, len = 2)]
    pub items_39: Vec<Text<2>>,
    /// Reserved.
    #[field(filler, len = 1)]
    pub _reserved: (),
}

/// T1Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Rows {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
    /// Value 22.
    #[field(len = 30, justify = "right")]
    pub value_22: Text<30>,
}

/// T1Items24.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Items24 {
    /// Mark 25.
    #[field(literal = "E")]
    pub mark_25: (),
    /// Value 26.
    #[field(len = 3)]
    pub value_26: Text<3>,
}

/// T1Body33.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T1Body33 {
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
#[telegram(charset = "ibm933")]
pub struct Case37 {
    /// A 35.
    #[field(len = 5)]
    pub a_35: u32,
    /// B 36.
    #[field(len = 9)]
    pub b_36: Text<9>,
}

/// T2.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T2", "step" = "0200"))]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(len = 2, encoding = "bcd", full)]
    pub step: Digits<4>,
    /// Literal.
    #[field(literal = "LIT")]
    pub _literal: (),
    /// Part 40.
    pub part_40: Pair,
    /// Code 42.
    #[field(len = 2, charset = "ascii")]
    pub code_42: Text<2>,
    /// Body 41.
    #[field(choice = "code_42")]
    pub body_41: T2Body41,
    /// Tail 46.
    #[field(tail, max = 20, bytes)]
    pub tail_46: Vec<u8>,
    /// F 47.
    #[field(len = 7, sign = "leading-minus", scale = 2, none = "spaces")]
    pub f_47: Option<i32>,
}

/// T2Body41.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T2Body41 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case45.
    #[choice("B")]
    Case45(Case45),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case45.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case45 {
    /// A 43.
    #[field(len = 5)]
    pub a_43: u32,
    /// B 44.
    #[field(len = 9)]
    pub b_44: Text<9>,
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
    /// Code 49.
    #[field(len = 2, charset = "ascii")]
    pub code_49: Text<2>,
    /// Body 48.
    #[field(choice = "code_49")]
    pub body_48: T3Body48,
    /// Code 54.
    #[field(len = 2, charset = "ascii")]
    pub code_54: Text<2>,
    /// Body 53.
    #[field(choice = "code_54")]
    pub body_53: T3Body53,
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
    /// Code 59.
    #[field(len = 2, charset = "ascii")]
    pub code_59: Text<2>,
    /// Body 58.
    #[field(choice = "code_59")]
    pub body_58: T3Body58,
    /// Count 66.
    #[field(len = 1, computed = count(items_63))]
    pub count_66: (),
    /// Items 63.
    #[field(group, padded, max = 3, pad = b'\xF0', count = count_66)]
    pub items_63: Vec<T3Items63>,
    /// Part 67.
    pub part_67: Plain,
    /// F 68.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_68: Text<2>,
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
#[telegram(charset = "ibm933")]
pub struct Case52 {
    /// A 50.
    #[field(len = 5)]
    pub a_50: u32,
    /// B 51.
    #[field(len = 9)]
    pub b_51: Text<9>,
}

/// T3Body53.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T3Body53 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case57.
    #[choice("B")]
    Case57(Case57),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case57.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case57 {
    /// A 55.
    #[field(len = 5)]
    pub a_55: u32,
    /// B 56.
    #[field(len = 9)]
    pub b_56: Text<9>,
}

/// T3Body58.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T3Body58 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case62.
    #[choice("B")]
    Case62(Case62),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case62.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case62 {
    /// A 60.
    #[field(len = 5)]
    pub a_60: u32,
    /// B 61.
    #[field(len = 9)]
    pub b_61: Text<9>,
}

/// T3Items63.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T3Items63 {
    /// Mark 64.
    #[field(literal = "E")]
    pub mark_64: (),
    /// Value 65.
    #[field(len = 3)]
    pub value_65: Text<3>,
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
