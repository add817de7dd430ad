//! Guarantees of the public API: every error is an `Error`, and strings, charsets and values convert as usual.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::error::Error;

use fep_codec::charset::{DecodeError, EncodeError, NoRoomError, UnknownLabelError};
use fep_codec::layout::LengthScope;
use fep_codec::value::{DateError, DigitsError, TextLenError};
use fep_codec::{
    Charset, CodeTable, Date, DateTime, Decode as _, Digits, Fault, FrameError, Framing as _, LengthPrefix, Record,
    Telegram, TelegramSet as _, Text, Time, Value,
};

#[derive(Telegram)]
#[telegram(len = 8, charset = "ascii", when("code" = "A1"))]
struct Row {
    #[field(len = 2)]
    code: Text<2>,
    #[field(len = 6)]
    amount: u32,
}

const fn is_error<E: Error + Send + Sync + 'static>() {}

#[test]
fn every_public_error_is_an_error_that_threads_can_share() {
    is_error::<fep_codec::Error>();
    is_error::<Fault>();
    is_error::<EncodeError>();
    is_error::<DecodeError>();
    is_error::<NoRoomError>();
    is_error::<UnknownLabelError>();
    is_error::<TextLenError>();
    is_error::<DigitsError>();
    is_error::<DateError>();
    is_error::<FrameError>();
    #[cfg(feature = "std")]
    is_error::<fep_codec::files::FileError>();
    #[cfg(feature = "tokio")]
    is_error::<fep_codec::stream::StreamError>();
    #[cfg(feature = "tokio")]
    is_error::<fep_codec::stream::UndecodableError>();
}

/// The text of the error that `?` returns.
fn said<T>(call: impl FnOnce() -> Result<T, Box<dyn Error>>) -> String {
    let said = call().map_or_else(|error| error.to_string(), |_| "No error".to_owned());
    assert!(!said.contains('\n') && !said.starts_with(char::is_uppercase), "{said}");
    said
}

#[test]
fn each_family_of_functions_works_with_the_question_mark() {
    assert_eq!(said(|| Ok(Charset::Ascii.encode("a가", &mut [0; 9])?)), "the charset lacks character 2, '가'");
    assert_eq!(
        said(|| Ok(Charset::Ascii.encode("abc", &mut [0; 2])?)),
        "the text needs 3 bytes; character 3, 'c', does not fit"
    );
    assert_eq!(said(|| Ok(Charset::Ascii.decode(b"ab\xFF")?)), "byte 2: there is no such character");
    assert!(said(|| Ok(Charset::from_label("no-such-set")?)).starts_with("no charset has this label: charsets are "));
    assert_eq!(said(|| Ok(Text::<1>::new("abcd")?)), "needs 4 bytes of UTF-8, the value has room for 3");
    let too_many = "3 digits are too many; expected at most 2 digits and nothing else";
    assert_eq!(said(|| Ok(Digits::<2>::new("123")?)), too_many);
    let _ = said(|| Ok("2026-02-30".parse::<Date>()?));
    let _ = said(|| Ok(Row::decode(b"A100000")?));
    let _ = said(|| Ok(Row::decode_any(b"A1")?));
    let _ = said(|| Ok(Row { code: "A1".parse()?, amount: 1_000_000 }.encode_to_vec()?));
    let _ = said(|| Ok(Record::decode(Row::LAYOUT, b"A1")?));
    let _ = said(|| Ok(LengthPrefix::FOUR_DIGITS.frame_len(b"x")?));
    let _ = said(|| Ok(CodeTable::of(Row::LAYOUTS)?.frame_len(b"Z")?));
    #[cfg(feature = "std")]
    let _ = said(|| fep_codec::files::records::<Row>(b"A1").next().map_or(Err("no record".into()), |row| Ok(row?)));
}

#[test]
fn a_length_prefix_has_one_to_nine_digits() {
    let with = |digits| LengthPrefix::new(digits, LengthScope::All, 100).map(|prefix| prefix.digits());
    assert_eq!([0, 1, 9, 10].map(with), [None, Some(1), Some(9), None]);
}

#[test]
fn text_and_digits_stand_for_the_str_that_they_are() -> Result<(), Box<dyn Error>> {
    let text: Text<6> = "홍길".try_into()?;
    let digits = Digits::<4>::try_from(String::from("0042"))?;
    let owned = (String::from("홍길"), String::from("0042"));
    assert_eq!([text == "홍길", "홍길" == text, *"홍길" == text, owned.0 == text], [true; 4]);
    assert_eq!([digits == "0042", "0042" == digits, *"0042" == digits, digits == owned.1], [true; 4]);
    assert!("42" != digits && text != "홍");
    assert_eq!((AsRef::<str>::as_ref(&text), Borrow::<str>::borrow(&digits)), ("홍길", "0042"));
    assert_eq!((String::from(text), String::from(digits)), ("홍길".to_owned(), "0042".to_owned()));
    // A map finds an entry by `&str` only if both types hash alike.
    let by_digits = HashMap::from([(digits, 1), (Digits::new("42")?, 2)]);
    assert_eq!((by_digits.get("0042"), by_digits.get("42"), by_digits.get("042")), (Some(&1), Some(&2), None));
    let by_text = HashMap::from([(text, 1)]);
    assert_eq!(by_text.get("홍길"), Some(&1));
    Ok(())
}

#[test]
fn a_charset_comes_from_its_label() {
    assert_eq!("ascii".parse(), Ok(Charset::Ascii));
    assert_eq!(Charset::try_from("utf-8"), Ok(Charset::Utf8));
    assert!("ks_c_5601-1987".parse::<Charset>().is_err());
}

#[test]
fn values_come_from_what_a_program_has_at_hand() -> Result<(), Box<dyn Error>> {
    let date: Date = "2026-11-21".parse()?;
    let time: Time = "09:30:15".parse()?;
    let pairs: [(Value, Value); 14] = [
        ("a".into(), Value::from("a")),
        (String::from("a").into(), Value::from("a")),
        (Text::<2>::new("ab")?.into(), Value::from("ab")),
        (Digits::<2>::new("01")?.into(), Value::from("01")),
        (u64::MAX.into(), Value::Number(18_446_744_073_709_551_615)),
        ((-5_i128).into(), Value::Number(-5)),
        (true.into(), Value::Flag(true)),
        (date.into(), Value::Date(date)),
        (time.into(), Value::Time(time)),
        (DateTime { date, time }.into(), Value::DateTime(DateTime { date, time })),
        (vec![1_u8, 2].into(), Value::Bytes(vec![1, 2])),
        (vec![Value::Number(1)].into(), Value::Part(vec![Value::Number(1)])),
        (vec![vec![Value::Number(1)]].into(), Value::Group(vec![vec![Value::Number(1)]])),
        (None::<Date>.into(), Value::None),
    ];
    for (made, expected) in pairs {
        assert_eq!(made, expected);
    }
    Ok(())
}
