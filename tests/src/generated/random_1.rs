//! seed 1: the telegrams of the spec `random-1`, version 1.
//!
//! Written by `fep gen` from random-1.toml (fnv1a-64 ef76110f7fc1397d). A change belongs there.

use fep_codec::{Digits, Telegram, Text};

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
    /// Items 8.
    #[field(group)]
    pub items_8: [Pair; 2],
    /// Total 9.
    #[field(len = 9, scale = 2, computed = sum(items_10.amount_11))]
    pub total_9: (),
    /// Items 10.
    #[field(group)]
    pub items_10: [T0Items10; 3],
    /// Part 12.
    pub part_12: Plain,
    /// Check 13.
    #[field(len = 2, computed = xor(tag..= behind_14))]
    pub check_13: (),
    /// Behind 14.
    #[field(len = 5, overflow = "cut")]
    pub behind_14: Text<5>,
}

/// T0Items10.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T0Items10 {
    /// Amount 11.
    #[field(len = 7, scale = 2)]
    pub amount_11: u32,
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
    /// Items 16.
    #[field(group)]
    pub items_16: [Plain; 3],
    /// Items 17.
    #[field(group, padded, max = 3)]
    pub items_17: Vec<T1Items17>,
    /// Len 20.
    #[field(len = 2, computed = length(tail_21))]
    pub len_20: (),
    /// Tail 21.
    #[field(tail, max = 30)]
    pub tail_21: Digits<30>,
    /// Length 22.
    #[field(len = 4, computed = length(all))]
    pub length_22: (),
    /// Sign 23.
    #[field(len = 1, computed = sign(signed_24, b'N', b'`'))]
    pub sign_23: (),
    /// Signed 24.
    #[field(len = 8)]
    pub signed_24: i32,
    /// Items 25.
    #[field(group, padded, max = 3)]
    pub items_25: Vec<T1Items25>,
    /// Behind 29.
    #[field(len = 19, justify = "right")]
    pub behind_29: Text<19>,
}

/// T1Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T1Rows {
    /// Amount.
    #[field(len = 4)]
    pub amount: u16,
    /// Value 15.
    #[field(len = 10)]
    pub value_15: Text<10>,
}

/// T1Items17.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T1Items17 {
    /// Mark 18.
    #[field(literal = "E")]
    pub mark_18: (),
    /// Value 19.
    #[field(len = 3)]
    pub value_19: Text<3>,
}

/// T1Items25.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T1Items25 {
    /// Mark 26.
    #[field(literal = "E")]
    pub mark_26: (),
    /// Value 27.
    #[field(len = 3)]
    pub value_27: Text<3>,
}

/// T2.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037", when("tag" = "T2"))]
pub struct T2 {
    /// Tag.
    #[field(len = 2, charset = "ascii")]
    pub tag: Text<2>,
    /// Step.
    #[field(literal = "A")]
    pub step: (),
    /// F 30.
    #[field(len = 2, full)]
    pub f_30: Digits<2>,
    /// Count 32.
    #[field(len = 2, computed = count(items_31))]
    pub count_32: (),
    /// Items 31.
    #[field(group, count = count_32, max = 3)]
    pub items_31: Vec<T2Items31>,
    /// Part 37.
    pub part_37: Plain,
    /// Len 38.
    #[field(len = 2, computed = length(tail_39))]
    pub len_38: (),
    /// Tail 39.
    #[field(tail, max = 30, bytes)]
    pub tail_39: Vec<u8>,
    /// Items 40.
    #[field(group)]
    pub items_40: [Plain; 3],
    /// Total 41.
    #[field(len = 9, computed = sum(items_42))]
    pub total_41: (),
    /// Items 42.
    #[field(group, len = 7)]
    pub items_42: [u32; 3],
    /// F 44.
    #[field(len = 15, overflow = "cut")]
    pub f_44: Text<15>,
}

/// T2Items31.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T2Items31 {
    /// Inner count 34.
    #[field(len = 1, computed = count(inner_33))]
    pub inner_count_34: (),
    /// Number 36.
    #[field(len = 2, computed = sequence)]
    pub number_36: (),
    /// Inner 33.
    #[field(group, count = inner_count_34, max = 2)]
    pub inner_33: Vec<T2Items31Inner33>,
}

/// T2Items31Inner33.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T2Items31Inner33 {
    /// Cell 35.
    #[field(len = 3)]
    pub cell_35: Text<3>,
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
    /// F 45.
    #[field(len = 3)]
    pub f_45: Digits<3>,
    /// Part 46.
    pub part_46: Pair,
    /// F 47.
    #[field(len = 1, secret)]
    pub f_47: [u8; 1],
    /// Items 48.
    #[field(group, padded, max = 3)]
    pub items_48: Vec<T3Items48>,
    /// Total 51.
    #[field(len = 9, scale = 2, computed = sum(items_52))]
    pub total_51: (),
    /// Items 52.
    #[field(group, len = 7, scale = 2)]
    pub items_52: [u32; 3],
    /// F 54.
    #[field(len = 10, sign = "overpunch", scale = 1, none = "spaces")]
    pub f_54: Option<i64>,
    /// Tail 55.
    #[field(tail, max = 20, bytes)]
    pub tail_55: Vec<u8>,
    /// F 56.
    #[field(len = 1)]
    pub f_56: bool,
}

/// T3Items48.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp037")]
pub struct T3Items48 {
    /// Mark 49.
    #[field(literal = "E")]
    pub mark_49: (),
    /// Value 50.
    #[field(len = 3)]
    pub value_50: Text<3>,
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
