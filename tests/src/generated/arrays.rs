//! arrays of plain values: the telegrams of the spec `arrays`, version 1.
//!
//! Written by `fep gen` from arrays.toml (fnv1a-64 4b2b66a23ff60cd9). A change belongs there.

use fep_codec::{Code, Date, DateTime, Digits, Telegram, Text, Time, YearMonth};

/// Any telegram of arrays of plain values.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Arrays {
    /// Kinds.
    Kinds(Kinds),
    /// Counted.
    Counted(Counted),
    /// Behind.
    Behind(Behind),
}

/// Kinds.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("tag" = "AK"), debug, view)]
pub struct Kinds {
    /// Tag.
    #[field(len = 2)]
    pub tag: Text<2>,
    /// Numbers (수).
    ///
    /// twelve months
    #[field(group, label = "수", len = 5)]
    pub numbers: [u32; 12],
    /// Bytes of number.
    #[field(group, len = 2)]
    pub bytes_of_number: [u8; 3],
    /// Amounts.
    #[field(group, len = 4, encoding = "packed", sign = "signed", scale = 2, none = "spaces")]
    pub amounts: [Option<i32>; 2],
    /// Overpunched.
    #[field(group, len = 3, sign = "overpunch")]
    pub overpunched: [i16; 2],
    /// Filled.
    #[field(group, len = 4, pad = ' ')]
    pub filled: [u16; 2],
    /// Texts.
    #[field(group, len = 10, justify = "right", pad = b'*')]
    pub texts: [Text<10>; 2],
    /// Long texts.
    #[field(group, len = 300)]
    pub long_texts: [String; 2],
    /// Digits.
    #[field(group, len = 6, secret)]
    pub digits: [Digits<6>; 2],
    /// Dates.
    #[field(group, len = 8, none("zeros", "spaces"))]
    pub dates: [Option<Date>; 2],
    /// Months.
    #[field(group, len = 6)]
    pub months: [YearMonth; 2],
    /// Times.
    #[field(group, len = 4, none = "nines", pattern = "HHMM")]
    pub times: [Option<Time>; 2],
    /// Moments.
    #[field(group, len = 14)]
    pub moments: [DateTime; 2],
    /// States.
    #[field(group, len = 2, code)]
    pub states: [Status; 2],
    /// Weekdays.
    #[field(group, len = 1, codes("1" = "월", "2" = "화"), closed)]
    pub weekdays: [Text<1>; 2],
    /// Own codes.
    #[field(group, len = 1, codes("A" = "가", "B" = "나"))]
    pub own_codes: [Text<1>; 2],
    /// Flags.
    #[field(group, len = 1, yes = b'1', no = b'0')]
    pub flags: [bool; 3],
    /// Macs.
    #[field(group, len = 4)]
    pub macs: [[u8; 4]; 2],
}

/// Counted.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("header.tag" = "AC"), view)]
pub struct Counted {
    /// Header.
    pub header: Header,
    /// Rates (이율).
    #[field(group, count = header.rate_count, max = 20, label = "이율", len = 6, sign(leading), scale = 2)]
    pub rates: Vec<i32>,
    /// Day count.
    #[field(len = 1, computed = count(days))]
    pub day_count: (),
    /// Days.
    #[field(group, count = day_count, max = 9, len = 8, none = "zeros")]
    pub days: Vec<Option<Date>>,
    /// Names len.
    #[field(len = 3, computed = length(names))]
    pub names_len: (),
    /// Names.
    #[field(group, rest, max = 9, len = 8)]
    pub names: Vec<Text<8>>,
    /// Blanks.
    #[field(group, padded, max = 3, len = 2, code)]
    pub blanks: Vec<Status>,
    /// Used.
    #[field(len = 1, computed = count(zeros))]
    pub used: (),
    /// Zeros.
    #[field(group, padded, max = 3, pad = b'0', count = used, len = 3)]
    pub zeros: Vec<u16>,
}

/// Behind.
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", when("tag" = "AB"), debug)]
pub struct Behind {
    /// Tag.
    #[field(len = 2)]
    pub tag: Text<2>,
    /// Total count.
    #[field(len = 3)]
    pub total_count: u16,
    /// Start no.
    #[field(len = 3)]
    pub start_no: u16,
    /// Accounts (계좌번호).
    #[field(
        group,
        count = account_count,
        max = 9,
        page(total = total_count, start = start_no),
        label = "계좌번호",
        len = 4,
        secret,
        full
    )]
    pub accounts: Vec<Digits<4>>,
    /// Account count.
    #[field(len = 1, computed = count(accounts))]
    pub account_count: (),
    /// Amount sum.
    #[field(len = 9, computed = sum(amounts))]
    pub amount_sum: (),
    /// Amounts.
    #[field(group, len = 7)]
    pub amounts: [u32; 2],
}

/// Header.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", view)]
pub struct Header {
    /// Tag.
    #[field(len = 2)]
    pub tag: Text<2>,
    /// Rate count.
    #[field(len = 2, computed = count(super::rates))]
    pub rate_count: (),
    /// Rate sum.
    #[field(len = 9, sign(leading), scale = 2, computed = sum(super::rates))]
    pub rate_sum: (),
}

/// Status (상태).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// 지급.
    #[code("20", label = "지급")]
    Paid,
    /// 거절.
    #[code("30", label = "거절")]
    Refused,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<2>),
}
