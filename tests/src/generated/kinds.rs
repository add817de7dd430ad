//! All kinds \[of\] \`fields\` \<once\>: the telegrams of the spec `kinds`, version 1.
//!
//! Written by `fep gen` from kinds.toml (fnv1a-64 bfcf1df9e7bd68c5). A change belongs there.

use fep_codec::{Code, Date, DateTime, Digits, MonthDay, MonthDayTime, Telegram, Text, Time, YearMonth};

/// Any telegram of All kinds \[of\] \`fields\` \<once\>.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum Kinds {
    /// Texts (문자).
    Texts(Texts),
    /// Numbers.
    Numbers(Numbers),
    /// Overpunched.
    Overpunched(Overpunched),
    /// Encoded.
    Encoded(Encoded),
    /// Edited.
    Edited(Edited),
    /// Accepting.
    Accepting(Accepting),
    /// Dates.
    Dates(Dates),
    /// Composed.
    Composed(Composed),
    /// Codes.
    Codes(Codes),
    /// Groups.
    Groups(Groups),
    /// Groups answer (반복 응답).
    GroupsAnswer(GroupsAnswer),
}

/// Texts (문자).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", label = "문자", when("kind" = "T"))]
pub struct Texts {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// Plain (한글 "따옴표").
    ///
    /// 줄 바꿈 \[링크\]
    #[field(len = 20, label = "한글 \"따옴표\"")]
    pub plain: Text<20>,
    /// Right.
    #[field(len = 8, charset = "utf-8", overflow = "cut", justify = "right", pad = b'0')]
    pub right: Text<8>,
    /// Long.
    #[field(len = 300)]
    pub long: String,
    /// Long digits.
    #[field(len = 300, digits)]
    pub long_digits: String,
    /// Digits right.
    #[field(len = 8, justify = "right", pad = '*')]
    pub digits_right: Digits<8>,
    /// Type.
    #[field(len = 3)]
    pub r#type: [u8; 3],
    /// Yes no.
    #[field(len = 1)]
    pub yes_no: bool,
    /// On off.
    #[field(len = 1, yes = b'1', no = b'0')]
    pub on_off: bool,
}

/// Numbers.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 157, charset = "cp949", when("kind" = "N"))]
pub struct Numbers {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// N2.
    #[field(len = 2)]
    pub n2: u8,
    /// N4.
    #[field(len = 4, none = "spaces")]
    pub n4: Option<u16>,
    /// N9.
    #[field(len = 9, scale = 2)]
    pub n9: u32,
    /// N19.
    #[field(len = 19, none = "zeros")]
    pub n19: Option<u64>,
    /// N38.
    #[field(len = 38, none = "nines")]
    pub n38: Option<u128>,
    /// S2.
    #[field(len = 2, sign = "leading-minus")]
    pub s2: i8,
    /// S5.
    #[field(len = 5, sign(leading))]
    pub s5: i16,
    /// S10.
    #[field(len = 10, sign(trailing, plus = '0', minus = '-'), scale = 3)]
    pub s10: i32,
    /// S19.
    #[field(len = 19, sign(trailing), none = "spaces")]
    pub s19: Option<i64>,
    /// S39.
    #[field(len = 39, sign(leading, plus = ' ', minus = '\''))]
    pub s39: i128,
    /// Reserved (예비).
    #[field(filler, len = 9, pad = b'0', any, label = "예비")]
    pub _reserved: (),
}

/// Overpunched.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", when("kind" = "O"))]
pub struct Overpunched {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// One.
    #[field(len = 1, sign = "overpunch")]
    pub one: i8,
    /// Last.
    #[field(len = 15, sign = "overpunch", scale = 2)]
    pub last: i64,
    /// First.
    #[field(len = 4, sign(leading, overpunch = "ebcdic"), none = "spaces")]
    pub first: Option<i16>,
    /// Plain plus.
    #[field(len = 9, sign(trailing, overpunch = "ebcdic-minus"), none = "nines")]
    pub plain_plus: Option<i32>,
    /// Strict.
    #[field(len = 25, sign(leading, overpunch = "strict-ascii"))]
    pub strict: i128,
}

/// Encoded.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", when("kind" = "E", "code" = "0210"))]
pub struct Encoded {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// All.
    #[field(len = 2, encoding = "binary", computed = length(all))]
    pub all: (),
    /// Code.
    #[field(len = 4, encoding = "ebcdic", full)]
    pub code: Digits<4>,
    /// Branch.
    #[field(len = 6, encoding = "ebcdic")]
    pub branch: Digits<6>,
    /// Packed.
    #[field(len = 8, encoding = "packed", sign = "signed", scale = 2)]
    pub packed: i64,
    /// Even.
    #[field(len = 4, encoding = "packed", digits_max = 6, none = "ebcdic-spaces")]
    pub even: Option<u32>,
    /// Wide.
    #[field(len = 19, encoding = "packed", sign = "signed", none = "low-values")]
    pub wide: Option<i128>,
    /// Bcd.
    #[field(len = 3, encoding = "bcd", none = "nines")]
    pub bcd: Option<u32>,
    /// Short.
    #[field(len = 2, encoding = "binary", digits_max = 4)]
    pub short: u16,
    /// Medium.
    #[field(len = 3, encoding = "binary-little", sign = "signed")]
    pub medium: i32,
    /// Long.
    #[field(len = 8, encoding = "binary", sign = "signed", scale = 2, none = "zeros")]
    pub long: Option<i64>,
    /// Huge.
    #[field(len = 16, encoding = "binary-little", sign = "signed")]
    pub huge: i128,
    /// Zoned.
    #[field(len = 9, encoding = "ebcdic", sign = "overpunch")]
    pub zoned: i32,
    /// Zoned minus.
    #[field(len = 5, encoding = "ebcdic", sign(leading, overpunch = "ebcdic-minus"))]
    pub zoned_minus: i32,
    /// Zoned plain.
    #[field(len = 5, encoding = "ebcdic", none = "spaces")]
    pub zoned_plain: Option<u32>,
    /// Minus.
    #[field(len = 5, encoding = "ebcdic", sign = "leading-minus")]
    pub minus: i32,
    /// Beside.
    #[field(len = 5, encoding = "ebcdic", sign(trailing))]
    pub beside: i16,
    /// Day.
    #[field(len = 5, encoding = "packed")]
    pub day: Date,
    /// Short day.
    #[field(len = 3, none = "zeros", encoding = "bcd", pattern = "YYMMDD")]
    pub short_day: Option<Date>,
    /// No year.
    #[field(len = 3, encoding = "packed")]
    pub no_year: MonthDay,
    /// Julian.
    #[field(len = 4, none = "zeros", encoding = "packed", pattern = "YYYYDDD")]
    pub julian: Option<Date>,
    /// At.
    #[field(len = 4, none = "nines", encoding = "packed")]
    pub at: Option<Time>,
    /// Stamp.
    #[field(len = 14, none = "spaces", encoding = "ebcdic")]
    pub stamp: Option<DateTime>,
    /// Count.
    #[field(len = 1, encoding = "binary", computed = count(rest))]
    pub count: (),
    /// Rest.
    #[field(group, count = count, max = 200)]
    pub rest: Vec<Inner>,
}

/// Edited.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", when("kind" = "P"))]
pub struct Edited {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// Blanks.
    #[field(len = 8, sign = "leading-minus", pad = ' ')]
    pub blanks: i32,
    /// Left.
    #[field(len = 6, pad = ' ', justify = "left", none = "spaces")]
    pub left: Option<u32>,
    /// Rate.
    #[field(len = 10, scale = 2, point)]
    pub rate: u32,
    /// Comma.
    #[field(len = 9, sign(trailing), scale = 3, point = ',', pad = '*')]
    pub comma: i32,
    /// Host rate.
    #[field(len = 6, encoding = "ebcdic", scale = 1, point, pad = ' ')]
    pub host_rate: u32,
    /// Beyond.
    #[field(len = 3, encoding = "packed", sign = "signed", scale = 7)]
    pub beyond: i32,
    /// Thousands.
    #[field(len = 3, scale = -3)]
    pub thousands: u32,
    /// Mti.
    #[field(len = 2, encoding = "bcd", full)]
    pub mti: Digits<4>,
    /// Nii.
    #[field(len = 2, encoding = "bcd", full, digits_max = 3, justify = "right", pad = '0')]
    pub nii: Digits<3>,
    /// Pan.
    #[field(len = 10, encoding = "bcd", digits_max = 19)]
    pub pan: Digits<19>,
    /// Right.
    #[field(len = 3, encoding = "bcd", justify = "right", pad = 'E')]
    pub right: Digits<6>,
    /// Packed code.
    #[field(len = 3, encoding = "packed", full)]
    pub packed_code: Digits<5>,
}

/// Accepting.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", when("kind" = "Q"))]
pub struct Accepting {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// Host.
    #[field(len = 3, encoding = "packed", sign = "signed", accepts("host-signs", "minus-zero"))]
    pub host: i32,
    /// Column.
    #[field(len = 5, sign = "overpunch", accepts("plain-digits"))]
    pub column: i32,
    /// Other.
    #[field(len = 4, sign(leading, overpunch = "ebcdic-minus"), accepts("overpunched-plus"))]
    pub other: i16,
    /// Blank.
    #[field(len = 4, sign(trailing), accepts("blank-sign", "minus-zero"))]
    pub blank: i16,
    /// Plus.
    #[field(len = 5, sign = "leading-minus", accepts("plus-sign"))]
    pub plus: i32,
    /// Zeros.
    #[field(len = 5, pad = ' ', accepts("leading-zeros"))]
    pub zeros: u32,
    /// Filled.
    #[field(len = 5, accepts("leading-blanks"))]
    pub filled: u32,
    /// Code.
    #[field(len = 2, encoding = "packed", full, accepts("host-signs"))]
    pub code: Digits<3>,
    /// Sign.
    #[field(len = 1, accepts("blank-sign", "plus-zero", "minus-zero"), computed = sign(balance, '+', '-', '0'))]
    pub sign: (),
    /// Balance.
    #[field(len = 5)]
    pub balance: i32,
}

/// Dates.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 75, charset = "cp949", when("kind" = "D"))]
pub struct Dates {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// Day.
    #[field(len = 8, none = "nines")]
    pub day: Option<Date>,
    /// Short day.
    #[field(len = 6, pattern = "YYMMDD", pivot = 30)]
    pub short_day: Date,
    /// No year.
    #[field(len = 4, none = "spaces")]
    pub no_year: Option<MonthDay>,
    /// Ordinal.
    #[field(len = 7, pattern = "YYYYDDD")]
    pub ordinal: Date,
    /// At.
    #[field(len = 6)]
    pub at: Time,
    /// Minute.
    #[field(len = 4, none = "nines", pattern = "HHMM")]
    pub minute: Option<Time>,
    /// Stamp.
    #[field(len = 14)]
    pub stamp: DateTime,
    /// No year stamp.
    #[field(len = 10, none = "spaces")]
    pub no_year_stamp: Option<MonthDayTime>,
    /// Short stamp.
    #[field(len = 12, none = "zeros", pattern = "YYMMDDHHMMSS", pivot = 0)]
    pub short_stamp: Option<DateTime>,
    /// Reserved.
    #[field(filler, len = 1)]
    pub _reserved: (),
    /// Reserved.
    #[field(filler, len = 2)]
    pub _reserved_2: (),
}

/// Composed.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", when("kind" = "M"))]
pub struct Composed {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// Day first.
    #[field(len = 8, none("zeros", "spaces"), pattern = "DDMMYYYY")]
    pub day_first: Option<Date>,
    /// Separated.
    #[field(len = 8, none = "nines", pattern = "DD/MM/YY", pivot = 50)]
    pub separated: Option<Date>,
    /// Century.
    #[field(len = 4, none("zeros", "low-values"), encoding = "packed", pattern = "CYYMMDD")]
    pub century: Option<Date>,
    /// Ordinal.
    #[field(len = 5, pattern = "YYDDD")]
    pub ordinal: Date,
    /// Month.
    #[field(len = 6)]
    pub month: YearMonth,
    /// Expires.
    #[field(len = 4, none = "spaces", pattern = "MMYY")]
    pub expires: Option<YearMonth>,
    /// Day without year.
    #[field(len = 4, encoding = "ebcdic", pattern = "DDMM")]
    pub day_without_year: MonthDay,
    /// Millis.
    #[field(len = 9, pattern = "HHMMSSmmm")]
    pub millis: Time,
    /// Hundredths.
    #[field(len = 4, encoding = "bcd", pattern = "HHMMSScc")]
    pub hundredths: Time,
    /// Clock.
    #[field(len = 5, none("spaces", "nines"), encoding = "ebcdic", pattern = "HH:MM")]
    pub clock: Option<Time>,
    /// Stamp.
    #[field(len = 26, pattern = "YYYY-MM-DD-HH.MM.SS.uuuuuu")]
    pub stamp: DateTime,
    /// Stamp millis.
    #[field(len = 17, none("spaces", "zeros"), pattern = "YYYYMMDDHHMMSSmmm")]
    pub stamp_millis: Option<DateTime>,
    /// No year stamp.
    #[field(len = 8, pattern = "DDMMHHMM")]
    pub no_year_stamp: MonthDayTime,
    /// Amount.
    #[field(len = 5, none("spaces", "zeros", "low-values"))]
    pub amount: Option<u32>,
}

/// Codes.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", when("kind" = "C"))]
pub struct Codes {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// Side.
    #[field(len = 1, code)]
    pub side: Side,
    /// Session.
    #[field(len = 2, code, charset = "ascii")]
    pub session: Session,
    /// Other session.
    #[field(len = 4, code)]
    pub other_session: Session,
    /// Plain.
    #[field(len = 3, codes("X" = "이름 없는 코드", "Y" = ""))]
    pub plain: Text<3>,
    /// Inline (안에).
    #[field(len = 1, label = "안에", codes("Z" = "끝"), closed)]
    pub inline: Text<1>,
    /// Named.
    #[field(len = 1, code)]
    pub named: CodesNamed,
}

/// Groups.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", when("kind" = "G", "top.kind" = "G"))]
pub struct Groups {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// Top.
    pub top: Top,
    /// All.
    #[field(len = 5, computed = length(all))]
    pub all: (),
    /// Rest.
    #[field(len = 5, computed = length(rest))]
    pub rest: (),
    /// Literal.
    #[field(literal = "H")]
    pub _literal: (),
    /// Mark (표시).
    #[field(literal = "AB", label = "표시")]
    pub mark: (),
    /// Raw mark.
    #[field(literal = b"\xFF\0")]
    pub raw_mark: (),
    /// Literal 2.
    #[field(literal = b"\xB0\xA1", text)]
    pub _literal_2: (),
    /// Outer (겉).
    pub outer: Outer,
    /// Fixed (고정).
    #[field(group, label = "고정")]
    pub fixed: [Outer; 3],
    /// Match.
    #[field(len = 2, computed = count(lines))]
    pub r#match: (),
    /// Lines.
    #[field(group, count = r#match, max = 5)]
    pub lines: Vec<GroupsLines>,
}

/// Groups lines.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949")]
pub struct GroupsLines {
    /// Begin.
    #[field(len = 1)]
    pub begin: Text<1>,
    /// Inner.
    pub inner: Inner,
    /// Memo.
    #[field(len = 4)]
    pub memo: Text<4>,
    /// N.
    #[field(len = 1, computed = count(cells))]
    pub n: (),
    /// Cells.
    #[field(group, count = n, max = 2)]
    pub cells: Vec<GroupsLinesCells>,
}

/// Groups lines cells.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949")]
pub struct GroupsLinesCells {
    /// Cell.
    #[field(len = 2, code)]
    pub cell: Session,
}

/// Groups answer (반복 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949", label = "반복 응답", when("kind" = "G", "top.kind" = "g"))]
pub struct GroupsAnswer {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
    /// Top.
    pub top: Top,
    /// All.
    #[field(len = 5, computed = length(all))]
    pub all: (),
    /// Rest.
    #[field(len = 5, computed = length(rest))]
    pub rest: (),
    /// Literal.
    #[field(literal = "H")]
    pub _literal: (),
    /// Mark (표시).
    #[field(literal = "AB", label = "표시")]
    pub mark: (),
    /// Raw mark.
    #[field(literal = b"\xFF\0")]
    pub raw_mark: (),
    /// Literal 2.
    #[field(literal = b"\xB0\xA1", text)]
    pub _literal_2: (),
    /// Outer (겉).
    pub outer: Outer,
    /// Fixed (고정).
    #[field(group, label = "고정")]
    pub fixed: [Outer; 3],
    /// Match.
    #[field(len = 2, computed = count(lines))]
    pub r#match: (),
    /// Lines.
    #[field(group, count = r#match, max = 5)]
    pub lines: Vec<GroupsLines>,
}

/// Inner.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949")]
pub struct Inner {
    /// Digit.
    #[field(len = 2, full)]
    pub digit: Digits<2>,
}

/// Top.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "cp949")]
pub struct Top {
    /// Kind.
    #[field(len = 1, charset = "ascii")]
    pub kind: Text<1>,
}

/// Outer (겉).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "cp949", label = "겉", debug)]
pub struct Outer {
    /// Inner.
    pub inner: Inner,
    /// Secret name (성명).
    #[field(len = 10, label = "성명", secret)]
    pub secret_name: Text<10>,
}

/// Side (매매구분).
#[derive(Code, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// 매도.
    #[code("1", label = "매도")]
    Sell,
    /// Code "2".
    #[code("2")]
    Buy,
}

/// Session.
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum Session {
    /// Code "".
    #[code("")]
    Unset,
    /// 정규장.
    #[code("A", label = "정규장")]
    Regular,
    /// A code that is not on the list.
    #[code(other)]
    Other(String),
}

/// Codes named.
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum CodesNamed {
    /// 조용.
    #[code("Q", label = "조용")]
    Quiet,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}
