//! seed 2: the telegrams of the spec `random-2`, version 1.
//!
//! Written by `fep gen` from random-2.toml (fnv1a-64 c2bf8f2396d5a686). A change belongs there.

use fep_codec::{Choice, DateTime, Digits, Telegram, Text};

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
    #[field(tail, max = 30, bytes)]
    pub tail_9: Vec<u8>,
    /// Len 10.
    #[field(len = 2, computed = length(tail_11))]
    pub len_10: (),
    /// Tail 11.
    #[field(tail, max = 30)]
    pub tail_11: Text<30>,
    /// Items 12.
    #[field(group, padded, max = 3)]
    pub items_12: Vec<T0Items12>,
    /// Items 15.
    #[field(group, padded, max = 3)]
    pub items_15: Vec<T0Items15>,
    /// Length 18.
    #[field(len = 4, computed = length(all))]
    pub length_18: (),
    /// Tail 19.
    #[field(tail, max = 20)]
    pub tail_19: Text<20>,
    /// F 20.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_20: Text<2>,
}

/// T0Items12.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T0Items12 {
    /// Mark 13.
    #[field(literal = b"\xC5")]
    pub mark_13: (),
    /// Value 14.
    #[field(len = 3)]
    pub value_14: Text<3>,
}

/// T0Items15.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T0Items15 {
    /// Mark 16.
    #[field(literal = b"\xC5")]
    pub mark_16: (),
    /// Value 17.
    #[field(len = 3)]
    pub value_17: Text<3>,
}

/// T1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T1"))]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Items 21.
    #[field(group)]
    pub items_21: [Pair; 2],
    /// Part 22.
    pub part_22: Pair,
    /// Items 23.
    #[field(group, padded, max = 3)]
    pub items_23: Vec<T1Items23>,
    /// F 26.
    #[field(len = 1)]
    pub f_26: [u8; 1],
    /// Check 27.
    #[field(len = 1, computed = xor)]
    pub check_27: (),
}

/// T1Items23.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T1Items23 {
    /// Mark 24.
    #[field(literal = b"\xC5")]
    pub mark_24: (),
    /// Value 25.
    #[field(len = 3)]
    pub value_25: Text<3>,
}

/// T2.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T2"))]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// F 28.
    #[field(len = 14)]
    pub f_28: DateTime,
    /// Total 29.
    #[field(len = 9, scale = 2, computed = sum(items_30.amount_31))]
    pub total_29: (),
    /// Items 30.
    #[field(group)]
    pub items_30: [T2Items30; 3],
    /// Len 32.
    #[field(len = 2, computed = length(tail_33))]
    pub len_32: (),
    /// Tail 33.
    #[field(tail, max = 30)]
    pub tail_33: Digits<30>,
    /// Signed 35.
    #[field(len = 8)]
    pub signed_35: i32,
    /// Sign 34.
    #[field(len = 1, computed = sign(signed_35, b'N', b'`'))]
    pub sign_34: (),
    /// F 36.
    #[field(len = 4)]
    pub f_36: [u8; 4],
    /// Code 38.
    #[field(len = 2, charset = "ascii")]
    pub code_38: Text<2>,
    /// Body 37.
    #[field(choice = "code_38")]
    pub body_37: T2Body37,
    /// Check 42.
    #[field(len = 2, computed = xor)]
    pub check_42: (),
}

/// T2Items30.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T2Items30 {
    /// Amount 31.
    #[field(len = 7, scale = 2)]
    pub amount_31: u32,
}

/// T2Body37.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T2Body37 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case41.
    #[choice("B")]
    Case41(Case41),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case41.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case41 {
    /// A 39.
    #[field(len = 5)]
    pub a_39: u32,
    /// B 40.
    #[field(len = 9)]
    pub b_40: Text<9>,
}

/// T3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T3"))]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Signed 44.
    #[field(len = 8, none = "spaces")]
    pub signed_44: Option<i32>,
    /// Sign 43.
    #[field(len = 1, computed = sign(signed_44, b'N', b'`'))]
    pub sign_43: (),
    /// Signed 46.
    #[field(len = 8, none = "spaces")]
    pub signed_46: Option<i32>,
    /// Sign 45.
    #[field(len = 1, computed = sign(signed_46, b'N', b'`'))]
    pub sign_45: (),
    /// Total 47.
    #[field(len = 9, computed = sum(items_48.amount_49))]
    pub total_47: (),
    /// Items 48.
    #[field(group)]
    pub items_48: [T3Items48; 3],
    /// Length 50.
    #[field(len = 4, computed = length(all))]
    pub length_50: (),
    /// Items 51.
    #[field(group, rest, max = 4)]
    pub items_51: Vec<Pair>,
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
}

/// T3Items48.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T3Items48 {
    /// Amount 49.
    #[field(len = 7)]
    pub amount_49: u32,
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
