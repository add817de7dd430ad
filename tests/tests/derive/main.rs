//! Every kind of field through the derive, against bytes written out by hand.

#![allow(clippy::unwrap_used, reason = "the whole file is a test; clippy sees only the functions with the attribute")]

use std::borrow::Cow;
use std::fmt::Debug;

use fep_codec::kind::CodeSet as _;
use fep_codec::layout::{CodeRule, Counts, Item, Kind, NoneAs, NumberRule, Repeat, Sign};
use fep_codec::{
    Charset, Code, Date, DateTime, Decode, Digits, FieldValue, Layout, MonthDay, Telegram, TelegramSet, Text, Time,
};

/// The value is these bytes, and the bytes are this value.
fn check<'a, T: Decode<'a> + Debug + PartialEq>(value: &T, bytes: &'a [u8]) {
    let written = value.encode_to_vec().unwrap();
    assert_eq!(written, bytes, "{} is not {}", written.escape_ascii(), bytes.escape_ascii());
    assert_eq!(value.encoded_len(), bytes.len());
    assert_eq!(T::decode(bytes).unwrap(), *value);
}

/// What the telegram says about bytes or a value that it refuses.
fn refusal<T: Debug>(result: Result<T, fep_codec::Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn text() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 41, charset = "euc-kr")]
    struct Texts<'a> {
        name: Text<8>,
        #[field(len = 6, justify = "right")]
        right: String,
        #[field(len = 5, pad = '*')]
        stars: Cow<'a, str>,
        #[field(len = 5, overflow = "cut")]
        memo: String,
        #[field(len = 4, charset = "ascii")]
        borrowed: &'a str,
        #[field(len = 4, charset = "cp949", pad = b'\x00')]
        more: Text<4>,
        #[field(len = 9, charset = "utf-8")]
        utf8: &'a str,
    }
    let texts = Texts {
        name: "홍길동".parse().unwrap(),
        right: "가".into(),
        stars: "a*b".into(),
        memo: "가나".into(),
        borrowed: "AB",
        more: "똠".parse().unwrap(),
        utf8: "가나",
    };
    let bytes =
        b"\xC8\xAB\xB1\xE6\xB5\xBF      \xB0\xA1a*b**\xB0\xA1\xB3\xAA AB  \x8C\x63\0\0\xEA\xB0\x80\xEB\x82\x98   ";
    check(&texts, bytes);

    let cut = Texts { memo: "가나다".into(), ..texts };
    assert_eq!(cut.encode_to_vec().unwrap(), bytes);
    let long = Texts { right: "가나다라".into(), ..cut };
    assert!(refusal(long.encode_to_vec()).contains("right"));
}

#[test]
fn digits() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 18)]
    struct Accounts<'a> {
        account: Digits<6>,
        #[field(full)]
        code: Digits<4>,
        #[field(len = 5, digits, justify = "right", pad = '0')]
        right: &'a str,
        #[field(len = 3, digits)]
        owned: String,
    }
    let accounts =
        Accounts { account: "0012".parse().unwrap(), code: "0100".parse().unwrap(), right: "12", owned: String::new() };
    check(&accounts, b"0012  010000012   ");
    assert!(refusal(Accounts::decode(b"0012  010 00012   ")).contains("code"));
}

#[test]
fn numbers() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 36)]
    struct Numbers {
        #[field(len = 3)]
        small: u8,
        #[field(len = 6, sign = "leading-minus", scale = 2)]
        minus: i32,
        #[field(len = 5, sign(leading))]
        leading: i16,
        #[field(len = 4, sign(trailing, plus = '0', minus = '1'))]
        trailing: i8,
        #[field(len = 4, none = "spaces")]
        spaces: Option<u16>,
        #[field(len = 4, none = "zeros")]
        zeros: Option<u16>,
        #[field(len = 3, none = "nines")]
        nines: Option<u16>,
        #[field(len = 7, number)]
        stated: u128,
    }
    let none = Numbers {
        small: 7,
        minus: -1205,
        leading: 42,
        trailing: -9,
        spaces: None,
        zeros: None,
        nines: None,
        stated: 1_000_000,
    };
    check(&none, b"007-01205+00420091    00009991000000");
    let some = Numbers { minus: 5, spaces: Some(0), zeros: Some(1), nines: Some(998), ..none };
    check(&some, b"007000005+00420091000000019981000000");
    assert!(refusal(Numbers { nines: Some(999), ..some }.encode_to_vec()).contains("nines"));
}

#[test]
fn dates_and_times() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 62)]
    struct Times {
        #[field(len = 8)]
        date: Date,
        #[field(len = 6, pivot = 30)]
        short: Date,
        #[field(pattern = "YYMMDD", none = "zeros")]
        none: Option<Date>,
        day: MonthDay,
        #[field(len = 6)]
        time: Time,
        #[field(len = 4, none = "spaces")]
        minute: Option<Time>,
        #[field(len = 14)]
        stamp: DateTime,
        #[field(pattern = "YYMMDDHHMMSS", none = "nines")]
        short_stamp: Option<DateTime>,
        #[field(len = 2)]
        tail: u8,
    }
    let times = Times {
        date: "2026-11-21".parse().unwrap(),
        short: "1930-01-02".parse().unwrap(),
        none: None,
        day: "0229".parse().unwrap(),
        time: "09:30:15".parse().unwrap(),
        minute: None,
        stamp: "2026-11-21T23:59:59".parse().unwrap(),
        short_stamp: None,
        tail: 1,
    };
    check(&times, b"202611213001020000000229093015    2026112123595999999999999901");
    let some = Times {
        none: Some("2026-11-21".parse().unwrap()),
        minute: Some("00:00:00".parse().unwrap()),
        short_stamp: Some("2026-11-21T00:00:01".parse().unwrap()),
        ..times
    };
    check(&some, b"20261121300102261121022909301500002026112123595926112100000101");
    assert!(refusal(Times::decode(b"20261321300102261121022909301500002026112123595926112100000101")).contains("date"));
}

#[derive(Code, Clone, Debug, PartialEq)]
enum Trade {
    #[code("20", label = "입금")]
    Deposit,
    #[code("", label = "없음")]
    Absent,
    #[code(other)]
    Other(Text<2>),
}

#[derive(Code, Clone, Copy, Debug, PartialEq)]
enum Closed {
    #[code("A")]
    A,
    #[code("B")]
    B,
}

#[test]
fn codes_and_flags() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 9)]
    struct Codes<'a> {
        #[field(code, len = 2)]
        trade: Trade,
        #[field(code, len = 1)]
        closed: Closed,
        #[field(len = 2, codes("1" = "하나", "2" = "둘"), closed)]
        listed: &'a str,
        #[field(code)]
        open: Text<2>,
        flag: bool,
        #[field(yes = '1', no = '0')]
        digit: bool,
    }
    let codes = Codes {
        trade: Trade::Deposit,
        closed: Closed::B,
        listed: "2",
        open: "X".parse().unwrap(),
        flag: true,
        digit: false,
    };
    check(&codes, b"20B2 X Y0");
    let other = Codes { trade: Trade::Other("99".parse().unwrap()), ..codes };
    check(&other, b"99B2 X Y0");
    check(&Codes { trade: Trade::Absent, ..other }, b"  B2 X Y0");
    assert!(refusal(Codes::decode(b"20C2 X Y0")).contains("closed"));
    assert!(refusal(Codes::decode(b"20B3 X Y0")).contains("listed"));

    assert_eq!(Trade::from_code("20"), Some(Trade::Deposit));
    assert_eq!(Closed::from_code("C"), None);
    let Kind::Code(CodeRule { codes, open, .. }) = &Codes::LAYOUT.field(0).kind else { panic!("no code") };
    assert!(*open);
    assert_eq!((&*codes[0].code, &*codes[0].label), ("20", "입금"));
}

#[test]
fn bytes_literals_and_fillers() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 17)]
    struct Raw<'a> {
        #[field(literal = "H")]
        record_type: (),
        #[field(literal = b"\xFF\x00")]
        _mark: (),
        mac: [u8; 4],
        #[field(len = 2)]
        owned: Vec<u8>,
        #[field(len = 3)]
        borrowed: &'a [u8],
        #[field(filler, len = 2, label = "예비")]
        spaces: (),
        #[field(filler, len = 3, pad = '0', any)]
        zeros: (),
    }
    let raw = Raw {
        record_type: (),
        _mark: (),
        mac: [1, 2, 3, 4],
        owned: vec![0xAA, 0xBB],
        borrowed: b"xyz",
        spaces: (),
        zeros: (),
    };
    check(&raw, b"H\xFF\0\x01\x02\x03\x04\xAA\xBBxyz  000");
    assert_eq!(Raw::decode(b"H\xFF\0\x01\x02\x03\x04\xAA\xBBxyz  abc").unwrap(), raw);
    assert!(Raw::decode(b"H\xFF\0\x01\x02\x03\x04\xAA\xBBxyzab000").is_err());
    assert!(refusal(Raw::decode(b"T\xFF\0\x01\x02\x03\x04\xAA\xBBxyz  000")).contains("record_type"));
    let names: Vec<Option<&str>> = Raw::LAYOUT.items.iter().map(Item::name).collect();
    assert_eq!(names[..3], [Some("record_type"), None, Some("mac")]);
    assert_eq!(names[5..], [None, None]);
    assert_eq!((&*Raw::LAYOUT.filler(5).label, &*Raw::LAYOUT.filler(6).label), ("예비", ""));
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 3)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram, Debug, PartialEq)]
struct Grouped {
    #[field(len = 4, computed = length(all))]
    total: (),
    #[field(len = 2, computed = count(first))]
    first_count: (),
    #[field(len = 1, computed = count(second))]
    second_count: (),
    #[field(group, count = first_count, max = 10)]
    first: Vec<Entry>,
    part: Entry,
    #[field(group)]
    fixed: [Entry; 2],
    #[field(group, count = second_count, max = 2, label = "둘째")]
    second: Vec<Entry>,
    #[field(len = 3, computed = length(rest))]
    rest: (),
    #[field(literal = ".")]
    end: (),
}

fn entries(numbers: &[u16]) -> Vec<Entry> {
    numbers.iter().map(|no| Entry { no: *no }).collect()
}

#[test]
fn groups_counts_and_lengths() {
    let mut grouped = Grouped {
        total: (),
        first_count: (),
        second_count: (),
        first: entries(&[1, 2]),
        part: Entry { no: 3 },
        fixed: [Entry { no: 4 }, Entry { no: 5 }],
        second: entries(&[6]),
        rest: (),
        end: (),
    };
    check(&grouped, b"0029021001002003004005006001.");
    grouped.first.clear();
    grouped.second.clear();
    check(&grouped, b"0020000003004005001.");

    assert!(refusal(Grouped::decode(b"0020000003004005002.")).contains("rest"));
    assert!(refusal(Grouped::decode(b"0020003003004005001.")).contains("second"));
    assert!(refusal(Grouped::decode(b"0023010a0a003004005001.")).contains("first[0].no"));
    grouped.second = entries(&[1, 2, 3]);
    assert!(refusal(grouped.encode_to_vec()).contains("second"));

    let Item::Group(group) = Grouped::LAYOUT.at(6) else { panic!("no group") };
    assert_eq!(group.repeat, Repeat::Counted { by: "second_count".into(), max: 2 });
    assert_eq!(group.label, "둘째");
    assert_eq!(Grouped::LAYOUT.group(5).repeat, Repeat::Fixed(2));
    assert_eq!(Grouped::LAYOUT.field(7).counts(), Counts::Rest);
    assert_eq!((Grouped::LAYOUT.min_len(), Grouped::LAYOUT.max_len()), (20, 56));
}

#[test]
fn wire_order_is_not_the_order_of_the_struct() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Shuffled {
        #[field(group, count = count, max = 3, order = 4)]
        entries: Vec<Entry>,
        #[field(len = 1, order = 3, at = 4)]
        third: u8,
        #[field(len = 2, order = 1)]
        first: u8,
        #[field(len = 2, computed = count(entries), order = 2)]
        count: (),
    }
    check(&Shuffled { entries: entries(&[7, 8]), third: 3, first: 1, count: () }, b"01023007008");
}

#[test]
fn the_layout_is_what_the_attributes_say() {
    #[derive(Telegram)]
    #[telegram(len = 13, name = "Transfer", label = "이체", charset = "euc-kr", when("kind" = "T"))]
    struct Sent {
        kind: Text<1>,
        #[field(len = 12, name = "total", label = "금액", secret, sign = "leading-minus", scale = 2, none = "spaces")]
        amount: Option<i64>,
    }
    let layout: &Layout = Sent::LAYOUT;
    assert_eq!((&*layout.name, &*layout.label, layout.charset), ("Transfer", "이체", Charset::EucKr));
    assert_eq!((layout.stated_len, layout.fixed_len()), (Some(13), Some(13)));
    assert_eq!((&*layout.when[0].path, &*layout.when[0].value), ("kind", "T"));
    let field = layout.field(1);
    assert_eq!((&*field.name, &*field.label, field.len, field.secret), ("total", "금액", 12, true));
    let rule = NumberRule { sign: Sign::LeadingMinus, scale: 2, none: NoneAs::Spaces };
    assert_eq!(field.kind, Kind::Number(rule));
}

/// A number of the user's own.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Won(u64);

impl<'a> FieldValue<'a, NumberRule> for Won {
    fn put(&self, rule: &NumberRule, out: &mut [u8]) -> Result<(), fep_codec::Fault> {
        self.0.put(rule, out)
    }

    fn get(rule: &NumberRule, bytes: &'a [u8]) -> Result<Self, fep_codec::Fault> {
        u64::get(rule, bytes).map(Self)
    }
}

type Account = Digits<5>;

#[test]
fn types_of_ones_own() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 17)]
    struct Own {
        #[field(number, len = 6)]
        amount: Won,
        #[field(number, len = 6, none = "spaces")]
        maybe: Option<Won>,
        #[field(digits, len = 5)]
        account: Account,
    }
    check(&Own { amount: Won(1), maybe: None, account: "12".parse().unwrap() }, b"000001      12   ");
}

#[test]
fn type_parameters_lifetimes_and_const_parameters() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Envelope<'a, 'b, T, V, const N: usize>
    where
        T: Debug,
    {
        #[field(len = 2, charset = "ascii")]
        first: &'a str,
        #[field(len = 2, charset = "ascii")]
        second: &'b str,
        #[field(len = 3, number)]
        value: V,
        name: Text<N>,
        body: T,
        #[field(len = 1, computed = count(more))]
        count: (),
        #[field(group, count = count, max = 9)]
        more: Vec<T>,
        #[field(group)]
        all: [T; N],
    }
    let envelope = Envelope::<'_, '_, Entry, u16, 2> {
        first: "A",
        second: "B",
        value: 7,
        name: "n".parse().unwrap(),
        body: Entry { no: 1 },
        count: (),
        more: entries(&[2]),
        all: [Entry { no: 3 }, Entry { no: 4 }],
    };
    check(&envelope, b"A B 007n 0011002003004");

    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 6)]
    struct Stated<T> {
        #[field(len = 3)]
        no: u16,
        #[field(at = 3)]
        body: T,
    }
    check(&Stated { no: 1, body: Entry { no: 2 } }, b"001002");
}

mod elsewhere {
    pub(crate) mod runtime {
        pub(crate) use fep_codec as codec;
    }

    // Names that the output must not fall over.
    pub(crate) struct Result;
    pub(crate) struct Option;
    pub(crate) struct Item;
    pub(crate) struct Layout;

    #[derive(fep_codec::Telegram, Debug, PartialEq)]
    #[telegram(crate = crate::elsewhere::runtime::codec)]
    #[telegram(when("type" = "A"))]
    struct Private {
        r#type: fep_codec::Text<1>,
        #[field(len = 2)]
        reader: u8,
        #[field(len = 2)]
        writer: u8,
        #[cfg(any())]
        gone: Nothing,
        #[field(len = 2, computed = count(r#loop))]
        count: (),
        #[field(len = 2)]
        count_count: u8,
        #[cfg(not(any(unix, windows)))]
        gone_too: Nothing,
        #[field(group, count = count, max = 9)]
        r#loop: Vec<super::Entry>,
    }

    #[derive(fep_codec::Code, Debug, PartialEq)]
    #[telegram(crate = self::runtime::codec)]
    enum Kind {
        #[code("1")]
        Some,
        #[code("2")]
        None,
    }

    #[test]
    fn renamed_crates_raw_names_and_names_of_the_prelude() {
        use runtime::codec::{CodeSet as _, Telegram as _};

        let text = "A".parse().unwrap();
        let private = Private { r#type: text, reader: 1, writer: 2, count: (), count_count: 3, r#loop: Vec::new() };
        super::check(&private, b"A01020003");
        let names: Vec<_> = Private::LAYOUT.items.iter().filter_map(fep_codec::Item::name).collect();
        assert_eq!(names, ["type", "reader", "writer", "count", "count_count", "loop"]);
        assert_eq!(Kind::Some.code(), "1");
        let _ = (Result, Option, Item, Layout);
    }
}

#[test]
fn a_debug_text_hides_what_is_secret() {
    #[derive(Telegram)]
    #[telegram(debug)]
    struct Transfer {
        #[field(len = 4, computed = length(rest))]
        length: (),
        #[field(secret)]
        account: Digits<16>,
        #[field(len = 13)]
        amount: u64,
        #[field(filler, len = 3)]
        reserved: (),
    }
    let transfer = Transfer { length: (), account: "1234".parse().unwrap(), amount: 5, reserved: () };
    assert_eq!(format!("{transfer:?}"), "Transfer { account: <secret>, amount: 5 }");
}

#[test]
fn a_struct_without_fields_is_an_empty_telegram() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Nothing;

    check(&Nothing, b"");
}

#[test]
fn a_set_takes_the_first_telegram_whose_codes_are_there() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 5, when("header.code" = "A", "kind" = "1"))]
    struct First {
        header: Header,
        kind: Text<1>,
        #[field(len = 3)]
        no: u16,
    }

    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 1, when("header.code" = "A"))]
    struct Second {
        header: Header,
    }

    #[derive(Telegram, Debug, PartialEq)]
    struct Header {
        code: Text<1>,
    }

    #[derive(Telegram, Debug, PartialEq)]
    enum Bank {
        First(First),
        Second(Second),
    }

    let header = || Header { code: "A".parse().unwrap() };
    let first = First { header: header(), kind: "1".parse().unwrap(), no: 7 };
    assert_eq!(Bank::decode_any(b"A1007").unwrap(), Bank::from(first));
    assert_eq!(Bank::decode_any(b"A").unwrap(), Bank::Second(Second { header: header() }));
    assert!(refusal(Bank::decode_any(b"B1007")).contains("header.code"));
    assert_eq!(Bank::LAYOUTS.len(), 2);
}

/// The derive cannot ask the runtime which labels there are, so it has a list of its own.
#[test]
fn the_derive_knows_the_charsets_of_the_runtime() {
    macro_rules! check {
        ($($label:literal)*) => {
            $({
                #[derive(Telegram)]
                #[telegram(charset = $label)]
                struct Labelled;
                assert_eq!(Ok(Labelled::LAYOUT.charset), Charset::from_label($label), $label);
            })*
            for charset in Charset::ALL {
                assert!([$($label),*].contains(&charset.label()), "{charset}");
            }
        };
    }
    check!("ascii" "us-ascii" "euc-kr" "euckr" "cp949" "ms949" "uhc" "windows-949" "utf-8" "utf8" "EUC-KR");
}

#[test]
fn a_telegram_has_up_to_four_lengths() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 8)]
    struct Lengths {
        #[field(len = 2, computed = length(all))]
        all: (),
        #[field(len = 2, computed = length(rest))]
        first: (),
        #[field(len = 2, computed = length(rest))]
        second: (),
        #[field(len = 2, computed = length(rest))]
        third: (),
    }
    check(&Lengths { all: (), first: (), second: (), third: () }, b"08040200");
}

#[test]
fn telegrams_can_come_out_of_another_macro() {
    macro_rules! telegram {
        ($name:ident $set:ident $code:ident, $field:ident: $ty:ty = $len:literal, $byte:ty, $entry:ty, $kind:literal) => {
            #[derive(Code, Debug, PartialEq)]
            enum $code {
                #[code($kind)]
                Known,
                #[code(other)]
                Other($ty),
            }

            #[derive(Telegram, Debug, PartialEq)]
            #[telegram(when("kind" = $kind))]
            struct $name {
                #[field(code, len = $len)]
                kind: $code,
                #[field(len = $len, at = 1)]
                $field: $ty,
                raw: [$byte; $len],
                part: $entry,
                #[field(len = $len, computed = count(items))]
                count: (),
                #[field(group, count = count, max = 9)]
                items: Vec<$entry>,
            }

            #[derive(Telegram, Debug, PartialEq)]
            enum $set {
                $name($name),
            }
        };
    }
    telegram!(Made MadeSet MadeCode, name: Text<1> = 1, u8, Entry, "K");

    let made = || Made {
        kind: MadeCode::Known,
        name: "n".parse().unwrap(),
        raw: [7],
        part: Entry { no: 1 },
        count: (),
        items: entries(&[2]),
    };
    check(&made(), b"Kn\x070011002");
    assert_eq!(MadeSet::decode_any(b"Kn\x070011002").unwrap(), made().into());
}
