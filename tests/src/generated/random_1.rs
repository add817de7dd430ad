//! seed 1: the telegrams of the spec `random-1`, version 1.
//!
//! Written by `fep gen` from random-1.toml (fnv1a-64 49aed4edc9d6bcd1). A change belongs there.

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
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("tag" = "T0"), debug)]
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
    /// F 11.
    #[field(len = 27, secret)]
    pub f_11: Text<27>,
    /// Items 12.
    #[field(group, count = count_13, max = 5)]
    pub items_12: Vec<Plain>,
    /// Count 13.
    #[field(len = 2, computed = count(items_12))]
    pub count_13: (),
    /// F 14.
    #[field(len = 10)]
    pub f_14: u64,
}

/// T1.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("tag" = "T1"))]
pub struct T1 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Count 18.
    #[field(len = 1, computed = count(items_15))]
    pub count_18: (),
    /// Items 15.
    #[field(group, padded, max = 3, pad = b'0', count = count_18)]
    pub items_15: Vec<T1Items15>,
    /// Code 20.
    #[field(len = 2, charset = "ascii")]
    pub code_20: Text<2>,
    /// Body 19.
    #[field(choice = "code_20")]
    pub body_19: T1Body19,
    /// Total 24.
    #[field(len = 9, computed = sum(items_25.amount_26))]
    pub total_24: (),
    /// Items 25.
    #[field(group)]
    pub items_25: [T1Items25; 3],
    /// F 27.
    #[field(len = 1)]
    pub f_27: bool,
}

/// T1Items15.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct T1Items15 {
    /// Mark 16.
    #[field(literal = "E")]
    pub mark_16: (),
    /// Value 17.
    #[field(len = 3)]
    pub value_17: Text<3>,
}

/// T1Body19.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T1Body19 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case23.
    #[choice("B")]
    Case23(Case23),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case23.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Case23 {
    /// A 21.
    #[field(len = 5)]
    pub a_21: u32,
    /// B 22.
    #[field(len = 9)]
    pub b_22: Text<9>,
}

/// T1Items25.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct T1Items25 {
    /// Amount 26.
    #[field(len = 7)]
    pub amount_26: u32,
}

/// T2.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("tag" = "T2"))]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Code 29.
    #[field(len = 2, charset = "ascii")]
    pub code_29: Text<2>,
    /// Body 28.
    #[field(choice = "code_29")]
    pub body_28: T2Body28,
    /// Length 33.
    #[field(len = 4, computed = length(all))]
    pub length_33: (),
    /// Sign 34.
    #[field(len = 1, computed = sign(signed_35, '+', '-'))]
    pub sign_34: (),
    /// Signed 35.
    #[field(len = 8)]
    pub signed_35: i32,
    /// Items 36.
    #[field(group, padded, max = 3)]
    pub items_36: Vec<T2Items36>,
    /// F 39.
    #[field(len = 2, codes("1" = "하나", "22" = "둘"))]
    pub f_39: Text<2>,
    /// Check 40.
    #[field(len = 1, computed = xor)]
    pub check_40: (),
}

/// T2Body28.
#[derive(Choice, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
pub enum T2Body28 {
    /// Plain.
    #[choice("A", "AA")]
    Plain(Plain),
    /// Case32.
    #[choice("B")]
    Case32(Case32),
    /// Pair.
    #[choice(other)]
    Pair(Pair),
}

/// Case32.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Case32 {
    /// A 30.
    #[field(len = 5)]
    pub a_30: u32,
    /// B 31.
    #[field(len = 9)]
    pub b_31: Text<9>,
}

/// T2Items36.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
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
#[telegram(charset = "euc-kr", when("tag" = "T3"), debug)]
pub struct T3 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// F 41.
    #[field(len = 2, full)]
    pub f_41: Digits<2>,
    /// Items 42.
    #[field(group)]
    pub items_42: [Pair; 2],
    /// F 43.
    #[field(len = 9, encoding = "packed", sign = "signed")]
    pub f_43: i64,
    /// Count 47.
    #[field(len = 1, computed = count(items_44))]
    pub count_47: (),
    /// Items 44.
    #[field(group, padded, max = 3, pad = b'0', count = count_47)]
    pub items_44: Vec<T3Items44>,
    /// Len 48.
    #[field(len = 2, computed = length(tail_49))]
    pub len_48: (),
    /// Tail 49.
    #[field(tail, max = 30)]
    pub tail_49: Digits<30>,
    /// F 50.
    #[field(len = 1, secret)]
    pub f_50: bool,
    /// Tail 51.
    #[field(tail, max = 20)]
    pub tail_51: Text<20>,
    /// F 52.
    #[field(len = 1, secret)]
    pub f_52: bool,
}

/// T3Items44.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct T3Items44 {
    /// Mark 45.
    #[field(literal = "E")]
    pub mark_45: (),
    /// Value 46.
    #[field(len = 3)]
    pub value_46: Text<3>,
}

/// Plain.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr")]
pub struct Plain {
    /// F 1.
    #[field(len = 2, encoding = "binary", sign = "signed")]
    pub f_1: i16,
    /// F 2.
    #[field(len = 11, pad = b'*')]
    pub f_2: Text<11>,
    /// F 3.
    #[field(len = 11, encoding = "ebcdic")]
    pub f_3: Digits<11>,
}

/// Pair.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", debug)]
pub struct Pair {
    /// F 4.
    #[field(len = 12, overflow = "cut")]
    pub f_4: Text<12>,
    /// F 5.
    #[field(len = 25, secret, pad = b'*')]
    pub f_5: Text<25>,
}
