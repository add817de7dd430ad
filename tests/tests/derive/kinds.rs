//! Each kind of field, and items without a value: literals and fillers.

use std::borrow::Cow;

use fep_codec::kind::CodeSet as _;
use fep_codec::layout::{CodeRule, Item, Kind};
use fep_codec::{Charset, Code, Date, DateTime, Decode, Digits, MonthDay, Telegram, Text, Time};

use super::{check, refusal};

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
fn one_character() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "cp949")]
    struct Discriminator {
        #[field(len = 1)]
        sign: char,
        #[field(len = 2)]
        mark: char,
    }
    check(&Discriminator { sign: ' ', mark: '가' }, b" \xB0\xA1");
    check(&Discriminator { sign: '-', mark: 'A' }, b"-A ");
    assert_eq!(refusal(Discriminator::decode(b"-AB")), "peer: mark, bytes 1..3: expected one character, hex 41 42");
    assert_eq!(
        refusal(Discriminator { sign: '가', mark: 'A' }.encode_to_vec()),
        "caller: sign, bytes 0..1: needs 2 bytes, the field has 1: it overflows at character 1 ('가')"
    );
}

#[test]
fn digits() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 18)]
    struct Accounts<'a> {
        account: Digits<6>,
        #[field(full)]
        code: Digits<4>,
        #[field(len = 5, digits, justify = "right", pad = '*')]
        right: &'a str,
        #[field(len = 3, digits)]
        owned: String,
    }
    let accounts = Accounts {
        account: "0012".parse().unwrap(),
        code: "0100".parse().unwrap(),
        right: "012",
        owned: String::new(),
    };
    check(&accounts, b"0012  0100**012   ");
    assert!(refusal(Accounts::decode(b"0012  010 **012   ")).contains("code"));
}

#[test]
fn numbers() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 36)]
    struct Numbers {
        #[field(len = 3, narrow)]
        small: u8,
        #[field(len = 6, sign = "leading-minus", scale = 2)]
        minus: i32,
        #[field(len = 5, sign(leading))]
        leading: i16,
        #[field(len = 4, sign(trailing, plus = '0', minus = '1'))]
        trailing: i16,
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
    assert_eq!(
        refusal(Numbers::decode(b"256-01205+00420091    00009991000000")),
        "peer: small, bytes 0..3: the number does not fit into u8, which holds 0 to 255, hex 32 35 36"
    );
}

#[test]
fn a_type_holds_every_number_of_its_field_or_says_that_it_is_narrow() {
    // The widest field that each type holds. One digit, or one byte, more does not compile: tests/ui/numbers/types.rs.
    #[derive(Telegram, Debug, PartialEq)]
    struct Widest {
        #[field(len = 2)]
        u8: u8,
        #[field(len = 9, scale = 2)]
        u32: u32,
        #[field(len = 19, none = "zeros")]
        u64: Option<u64>,
        #[field(len = 4, sign = "leading-minus")]
        i16: i16,
        #[field(len = 19, sign(leading))]
        i64: i64,
        #[field(len = 5, encoding = "packed")]
        packed: u32,
        #[field(len = 4, encoding = "binary")]
        binary: u32,
        #[field(len = 4, encoding = "binary", sign = "signed")]
        signed: i32,
        #[field(len = 8, encoding = "binary", digits_max = 9)]
        few: u32,
        /// The sheet has no sign, and the service computes with signed numbers.
        #[field(len = 3, sign = "unsigned")]
        meant: i16,
    }
    let bytes = [
        b"99999999999".as_slice(),
        b"9999999999999999999",
        b"9999",
        b"-999999999999999999",
        &[0x99, 0x99, 0x99, 0x99, 0x9F],
        &[0xFF; 4],
        &[0x80, 0, 0, 0],
        &[0, 0, 0, 0, 0x3B, 0x9A, 0xC9, 0xFF],
        b"999",
    ]
    .concat();
    let all = Widest::decode(&bytes).unwrap();
    assert_eq!((all.u8, all.u32, all.u64, all.i16), (99, 999_999_999, Some(9_999_999_999_999_999_999), 9999));
    assert_eq!((all.i64, all.packed, all.binary), (-999_999_999_999_999_999, 999_999_999, u32::MAX));
    assert_eq!((all.signed, all.few, all.meant), (i32::MIN, 999_999_999, 999));
    assert_eq!(all.encode_to_vec().unwrap(), bytes);
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
    let Kind::Code(CodeRule { codes, open, .. }) = &Codes::LAYOUT.field_at(0).unwrap().kind else { panic!("no code") };
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
    let label = |index: usize| match &Raw::LAYOUT.items[index] {
        Item::Filler(filler) => filler.label.as_ref(),
        other => panic!("no filler: {other:?}"),
    };
    assert_eq!((label(5), label(6)), ("예비", ""));
}

/// The derive and the runtime must have the same list of charset labels.
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
    check!(
        "ascii" "us-ascii" "euc-kr" "euckr" "완성형" "cp949" "ms949" "uhc" "windows-949" "johab" "조합형" "ibm933" "EBCDIC-KR"
        "ibm1364" "ibm833" "ibm834" "cp037" "IBM-037" "cp500" "cp1047" "cp1140" "cp932" "MS932" "jisx0201" "JIS X 0201" "ibm930"
        "ibm939" "ibm1390" "IBM-1390" "ibm1399" "CP1399" "iso-8859-1" "latin1" "iso-8859-15" "latin9" "windows-1252" "cp1252" "utf-8" "utf8" "EUC-KR"
    );
}
