//! seed 1: the telegrams of the spec `random-1`, version 1.
//!
//! Written by `fep gen` from random-1.toml (fnv1a-64 2d8f1d716f20477d). A change belongs there.

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
    /// Part 8.
    pub part_8: Pair,
    /// Count 10.
    #[field(len = 2, computed = count(items_9))]
    pub count_10: (),
    /// Items 9.
    #[field(group, count = count_10, max = 4)]
    pub items_9: Vec<Pair>,
    /// Code 12.
    #[field(len = 2, charset = "ascii")]
    pub code_12: Text<2>,
    /// Body 11.
    #[field(choice = "code_12")]
    pub body_11: T0Body11,
    /// Tail 16.
    #[field(tail, max = 20)]
    pub tail_16: Digits<20>,
    /// F 17.
    #[field(len = 1)]
    pub f_17: bool,
}

/// T0Body11.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T0Body11 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case15.
    #[choice("B")]
    Case15(Case15),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case15.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct Case15 {
    /// A 13.
    #[field(len = 5)]
    pub a_13: u32,
    /// B 14.
    #[field(len = 9)]
    pub b_14: Text<9>,
}

/// T1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037", when("tag" = "T1"))]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Len 18.
    #[field(len = 2, computed = length(tail_19))]
    pub len_18: (),
    /// Tail 19.
    #[field(tail, max = 30)]
    pub tail_19: Text<30>,
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
    /// Count 23.
    #[field(len = 1, computed = count(items_20))]
    pub count_23: (),
    /// Items 20.
    #[field(group, padded, max = 3, pad = b'\xF0', count = count_23)]
    pub items_20: Vec<T1Items20>,
    /// Sign 24.
    #[field(len = 1, computed = sign(signed_25, b'\xF0', b'\xF1'))]
    pub sign_24: (),
    /// Signed 25.
    #[field(len = 8, none = "spaces")]
    pub signed_25: Option<i32>,
    /// Total 26.
    #[field(len = 9, computed = sum(items_27.amount_28))]
    pub total_26: (),
    /// Items 27.
    #[field(group)]
    pub items_27: [T1Items27; 3],
    /// F 29.
    #[field(len = 1)]
    pub f_29: bool,
    /// Len 30.
    #[field(len = 2, computed = length(tail_31))]
    pub len_30: (),
    /// Tail 31.
    #[field(tail, max = 30)]
    pub tail_31: Digits<30>,
    /// Check 32.
    #[field(len = 2, computed = xor)]
    pub check_32: (),
}

/// T1Items20.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T1Items20 {
    /// Mark 21.
    #[field(literal = b"\xC5")]
    pub mark_21: (),
    /// Value 22.
    #[field(len = 3)]
    pub value_22: Text<3>,
}

/// T1Items27.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T1Items27 {
    /// Amount 28.
    #[field(len = 7)]
    pub amount_28: u32,
}

/// T2.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "cp037", when("tag" = "T2"), debug)]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Part 33.
    pub part_33: Plain,
    /// F 34.
    #[field(len = 30, justify = "right")]
    pub f_34: Text<30>,
    /// F 35.
    #[field(len = 2, secret)]
    pub f_35: [u8; 2],
    /// F 36.
    #[field(len = 2, full)]
    pub f_36: Digits<2>,
    /// Items 37.
    #[field(group)]
    pub items_37: [Pair; 2],
    /// F 38.
    #[field(len = 9, encoding = "packed", sign = "signed")]
    pub f_38: i64,
    /// Count 42.
    #[field(len = 1, computed = count(items_39))]
    pub count_42: (),
    /// Items 39.
    #[field(group, padded, max = 3, pad = b'\xF0', count = count_42)]
    pub items_39: Vec<T2Items39>,
    /// Len 43.
    #[field(len = 2, computed = length(tail_44))]
    pub len_43: (),
    /// Tail 44.
    #[field(tail, max = 30)]
    pub tail_44: Digits<30>,
    /// Check 45.
    #[field(len = 1, computed = xor)]
    pub check_45: (),
}

/// T2Items39.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T2Items39 {
    /// Mark 40.
    #[field(literal = b"\xC5")]
    pub mark_40: (),
    /// Value 41.
    #[field(len = 3)]
    pub value_41: Text<3>,
}

/// T3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037", when("tag" = "T3"))]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Literal.
    #[field(literal = b"\xD3\xC9\xE3")]
    pub _literal: (),
    /// Total 46.
    #[field(len = 9, scale = 2, computed = sum(items_47.amount_48))]
    pub total_46: (),
    /// Items 47.
    #[field(group)]
    pub items_47: [T3Items47; 3],
    /// F 49.
    #[field(len = 15, overflow = "cut")]
    pub f_49: Text<15>,
    /// Len 50.
    #[field(len = 2, computed = length(tail_51))]
    pub len_50: (),
    /// Tail 51.
    #[field(tail, max = 30)]
    pub tail_51: Text<30>,
    /// F 52.
    #[field(len = 4, encoding = "binary-little", scale = 2)]
    pub f_52: u32,
}

/// T3Items47.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T3Items47 {
    /// Amount 48.
    #[field(len = 7, scale = 2)]
    pub amount_48: u32,
}

/// Plain.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct Plain {
    /// F 1.
    #[field(len = 2, encoding = "binary", sign = "signed")]
    pub f_1: i16,
    /// F 2.
    #[field(len = 11, pad = b'\\')]
    pub f_2: Text<11>,
    /// F 3.
    #[field(len = 11)]
    pub f_3: Digits<11>,
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
