//! A record of ninety fields, like record 17 of nts-vat. `compile-time` uses it to measure how long the derive takes.

#![allow(clippy::print_stdout, reason = "an example says what it is")]

use fep_codec::{Date, Digits, Telegram, Text};

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(charset = "euc-kr")]
struct Ninety {
    #[field(full, label = "항목 1")]
    item_1: Digits<10>,
    #[field(label = "항목 2")]
    item_2: Text<30>,
    #[field(len = 13, label = "항목 3")]
    item_3: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 4")]
    item_4: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 5")]
    item_5: i64,
    #[field(len = 8, label = "항목 6")]
    item_6: Date,
    #[field(charset = "ascii", label = "항목 7")]
    item_7: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 8")]
    item_8: Option<u32>,
    #[field(label = "항목 9")]
    item_9: bool,
    #[field(full, label = "항목 10")]
    item_10: Digits<10>,
    #[field(label = "항목 11")]
    item_11: Text<30>,
    #[field(len = 13, label = "항목 12")]
    item_12: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 13")]
    item_13: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 14")]
    item_14: i64,
    #[field(len = 8, label = "항목 15")]
    item_15: Date,
    #[field(charset = "ascii", label = "항목 16")]
    item_16: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 17")]
    item_17: Option<u32>,
    #[field(label = "항목 18")]
    item_18: bool,
    #[field(full, label = "항목 19")]
    item_19: Digits<10>,
    #[field(label = "항목 20")]
    item_20: Text<30>,
    #[field(len = 13, label = "항목 21")]
    item_21: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 22")]
    item_22: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 23")]
    item_23: i64,
    #[field(len = 8, label = "항목 24")]
    item_24: Date,
    #[field(charset = "ascii", label = "항목 25")]
    item_25: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 26")]
    item_26: Option<u32>,
    #[field(label = "항목 27")]
    item_27: bool,
    #[field(full, label = "항목 28")]
    item_28: Digits<10>,
    #[field(label = "항목 29")]
    item_29: Text<30>,
    #[field(len = 13, label = "항목 30")]
    item_30: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 31")]
    item_31: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 32")]
    item_32: i64,
    #[field(len = 8, label = "항목 33")]
    item_33: Date,
    #[field(charset = "ascii", label = "항목 34")]
    item_34: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 35")]
    item_35: Option<u32>,
    #[field(label = "항목 36")]
    item_36: bool,
    #[field(full, label = "항목 37")]
    item_37: Digits<10>,
    #[field(label = "항목 38")]
    item_38: Text<30>,
    #[field(len = 13, label = "항목 39")]
    item_39: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 40")]
    item_40: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 41")]
    item_41: i64,
    #[field(len = 8, label = "항목 42")]
    item_42: Date,
    #[field(charset = "ascii", label = "항목 43")]
    item_43: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 44")]
    item_44: Option<u32>,
    #[field(label = "항목 45")]
    item_45: bool,
    #[field(full, label = "항목 46")]
    item_46: Digits<10>,
    #[field(label = "항목 47")]
    item_47: Text<30>,
    #[field(len = 13, label = "항목 48")]
    item_48: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 49")]
    item_49: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 50")]
    item_50: i64,
    #[field(len = 8, label = "항목 51")]
    item_51: Date,
    #[field(charset = "ascii", label = "항목 52")]
    item_52: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 53")]
    item_53: Option<u32>,
    #[field(label = "항목 54")]
    item_54: bool,
    #[field(full, label = "항목 55")]
    item_55: Digits<10>,
    #[field(label = "항목 56")]
    item_56: Text<30>,
    #[field(len = 13, label = "항목 57")]
    item_57: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 58")]
    item_58: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 59")]
    item_59: i64,
    #[field(len = 8, label = "항목 60")]
    item_60: Date,
    #[field(charset = "ascii", label = "항목 61")]
    item_61: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 62")]
    item_62: Option<u32>,
    #[field(label = "항목 63")]
    item_63: bool,
    #[field(full, label = "항목 64")]
    item_64: Digits<10>,
    #[field(label = "항목 65")]
    item_65: Text<30>,
    #[field(len = 13, label = "항목 66")]
    item_66: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 67")]
    item_67: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 68")]
    item_68: i64,
    #[field(len = 8, label = "항목 69")]
    item_69: Date,
    #[field(charset = "ascii", label = "항목 70")]
    item_70: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 71")]
    item_71: Option<u32>,
    #[field(label = "항목 72")]
    item_72: bool,
    #[field(full, label = "항목 73")]
    item_73: Digits<10>,
    #[field(label = "항목 74")]
    item_74: Text<30>,
    #[field(len = 13, label = "항목 75")]
    item_75: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 76")]
    item_76: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 77")]
    item_77: i64,
    #[field(len = 8, label = "항목 78")]
    item_78: Date,
    #[field(charset = "ascii", label = "항목 79")]
    item_79: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 80")]
    item_80: Option<u32>,
    #[field(label = "항목 81")]
    item_81: bool,
    #[field(full, label = "항목 82")]
    item_82: Digits<10>,
    #[field(label = "항목 83")]
    item_83: Text<30>,
    #[field(len = 13, label = "항목 84")]
    item_84: u64,
    #[field(len = 15, sign = "leading-minus", label = "항목 85")]
    item_85: i64,
    #[field(len = 14, sign = "overpunch", label = "항목 86")]
    item_86: i64,
    #[field(len = 8, label = "항목 87")]
    item_87: Date,
    #[field(charset = "ascii", label = "항목 88")]
    item_88: Text<20>,
    #[field(len = 7, none = "spaces", label = "항목 89")]
    item_89: Option<u32>,
    #[field(label = "항목 90")]
    item_90: bool,
}

fn main() {
    println!("{} fields, {} bytes", Ninety::LAYOUT.items.len(), Ninety::LAYOUT.min_len());
}
