//! seed 4: the telegrams of the spec `random-4`, version 1.
//!
//! Written by `fep gen` from random-4.toml (fnv1a-64 95d2fca5d079d821). A change belongs there.

use fep_codec::{Date, Digits, Telegram, Text};

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
#[telegram(charset = "cp949", when("tag" = "T0"))]
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
    #[field(len = 1, computed = sign(signed_14, '+', '-'))]
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
    #[field(literal = "LIT")]
    pub _literal_2: (),
}

/// T1.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "cp949", when("tag" = "T1"), debug)]
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
#[telegram(charset = "cp949", when("tag" = "T2"), debug)]
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
    /// F 30.
    #[field(len = 2, encoding = "binary", sign = "signed")]
    pub f_30: i16,
    /// Total 31.
    #[field(len = 9, scale = 2, computed = sum(items_32.amount_33))]
    pub total_31: (),
    /// Items 32.
    #[field(group)]
    pub items_32: [T2Items32; 3],
    /// F 34.
    #[field(len = 13, secret, overflow = "cut")]
    pub f_34: Text<13>,
    /// F 35.
    #[field(len = 10, justify = "right")]
    pub f_35: Text<10>,
    /// Items 36.
    #[field(group, count = count_37, max = 5)]
    pub items_36: Vec<Plain>,
    /// Count 37.
    #[field(len = 2, computed = count(items_36))]
    pub count_37: (),
    /// F 38.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_38: Text<2>,
}

/// T2Items27.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949")]
pub struct T2Items27 {
    /// Mark 28.
    #[field(literal = "E")]
    pub mark_28: (),
    /// Value 29.
    #[field(len = 3)]
    pub value_29: Text<3>,
}

/// T2Items32.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949")]
pub struct T2Items32 {
    /// Amount 33.
    #[field(len = 7, scale = 2)]
    pub amount_33: u32,
}

/// T3.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", when("tag" = "T3"))]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// F 39.
    #[field(len = 12)]
    pub f_39: Text<12>,
    /// Sign 40.
    #[field(len = 1, computed = sign(signed_41, '+', '-', ' '))]
    pub sign_40: (),
    /// Signed 41.
    #[field(len = 8)]
    pub signed_41: i32,
    /// Signed 43.
    #[field(len = 8)]
    pub signed_43: i32,
    /// Sign 42.
    #[field(len = 1, computed = sign(signed_43, '+', '-', ' '))]
    pub sign_42: (),
    /// F 44.
    #[field(len = 9, encoding = "packed", sign = "signed", scale = 2)]
    pub f_44: i64,
    /// Items 45.
    #[field(group, rest, max = 4)]
    pub items_45: Vec<Pair>,
    /// Literal.
    #[field(literal = b"\xFE\0")]
    pub _literal: (),
}

/// Plain.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949")]
pub struct Plain {
    /// F 1.
    #[field(len = 13, pad = b'*')]
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
#[telegram(charset = "cp949")]
pub struct Pair {
    /// F 4.
    #[field(len = 8, none = "zeros")]
    pub f_4: Option<Date>,
    /// F 5.
    #[field(len = 30, pad = b'*')]
    pub f_5: Text<30>,
}
