//! seed 4: the telegrams of the spec `random-4`, version 1.
//!
//! Written by `fep gen` from random-4.toml (fnv1a-64 770ce9ba5490fabc). A change belongs there.

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
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
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
    #[field(group, rest, max = 4)]
    pub items_17: Vec<Pair>,
    /// Literal 2.
    #[field(literal = b"\xD3\xC9\xE3")]
    pub _literal_2: (),
}

/// T1.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T1"), debug)]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// F 18.
    #[field(len = 11, secret, justify = "right")]
    pub f_18: Text<11>,
    /// F 19.
    #[field(len = 16, full)]
    pub f_19: Digits<16>,
    /// F 20.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_20: Text<2>,
    /// Part 21.
    pub part_21: Plain,
    /// Check 22.
    #[field(len = 1, computed = xor)]
    pub check_22: (),
}

/// T2.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T2"), debug)]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Len 23.
    #[field(len = 2, computed = length(tail_24))]
    pub len_23: (),
    /// Tail 24.
    #[field(tail, max = 30)]
    pub tail_24: Text<30>,
    /// F 25.
    #[field(len = 4)]
    pub f_25: Digits<4>,
    /// Length 26.
    #[field(len = 4, computed = length(rest))]
    pub length_26: (),
    /// Items 27.
    #[field(group, padded, max = 3)]
    pub items_27: Vec<T2Items27>,
    /// Code 31.
    #[field(len = 2, charset = "ascii")]
    pub code_31: Text<2>,
    /// Body 30.
    #[field(choice = "code_31")]
    pub body_30: T2Body30,
    /// F 35.
    #[field(len = 8)]
    pub f_35: Date,
    /// Len 36.
    #[field(len = 2, computed = length(tail_37))]
    pub len_36: (),
    /// Tail 37.
    #[field(tail, max = 30)]
    pub tail_37: Digits<30>,
    /// Total 38.
    #[field(len = 9, scale = 2, computed = sum(items_39.amount_40))]
    pub total_38: (),
    /// Items 39.
    #[field(group)]
    pub items_39: [T2Items39; 3],
    /// F 41.
    #[field(len = 13, secret, overflow = "cut")]
    pub f_41: Text<13>,
}

/// T2Items27.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T2Items27 {
    /// Mark 28.
    #[field(literal = b"\xC5")]
    pub mark_28: (),
    /// Value 29.
    #[field(len = 3)]
    pub value_29: Text<3>,
}

/// T2Body30.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T2Body30 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case34.
    #[choice("B")]
    Case34(Case34),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case34.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Case34 {
    /// A 32.
    #[field(len = 5)]
    pub a_32: u32,
    /// B 33.
    #[field(len = 9)]
    pub b_33: Text<9>,
}

/// T2Items39.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct T2Items39 {
    /// Amount 40.
    #[field(len = 7, scale = 2)]
    pub amount_40: u32,
}

/// T3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933", when("tag" = "T3"))]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Count 43.
    #[field(len = 2, computed = count(items_42))]
    pub count_43: (),
    /// Items 42.
    #[field(group, count = count_43, max = 4)]
    pub items_42: Vec<Plain>,
    /// Part 44.
    pub part_44: Pair,
    /// Len 45.
    #[field(len = 2, computed = length(tail_46))]
    pub len_45: (),
    /// Tail 46.
    #[field(tail, max = 30)]
    pub tail_46: Digits<30>,
    /// F 47.
    #[field(len = 12)]
    pub f_47: Text<12>,
    /// Sign 48.
    #[field(len = 1, computed = sign(signed_49, b'N', b'`', b'@'))]
    pub sign_48: (),
    /// Signed 49.
    #[field(len = 8)]
    pub signed_49: i32,
    /// Signed 51.
    #[field(len = 8)]
    pub signed_51: i32,
    /// Sign 50.
    #[field(len = 1, computed = sign(signed_51, b'N', b'`', b'@'))]
    pub sign_50: (),
    /// F 52.
    #[field(len = 9, encoding = "packed", sign = "signed", scale = 2)]
    pub f_52: i64,
    /// Length 53.
    #[field(len = 4, computed = length(rest))]
    pub length_53: (),
    /// F 54.
    #[field(len = 1, overflow = "cut")]
    pub f_54: Text<1>,
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
    #[field(len = 8, none = "zeros")]
    pub f_4: Option<Date>,
    /// F 5.
    #[field(len = 30, pad = b'\\')]
    pub f_5: Text<30>,
}
