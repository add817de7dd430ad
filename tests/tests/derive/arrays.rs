//! Arrays: groups whose entries are plain values. The bytes were written by hand.

use fep_codec::view::{find, patch};
use fep_codec::{Code, Date, Decode, Digits, Error, Record, Telegram, Text, Value};

#[derive(Code, Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    #[code("20")]
    Paid,
    #[code("30")]
    Refused,
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(charset = "ascii", view)]
struct Lists {
    #[field(len = 1, computed = count(rates))]
    rate_count: (),
    #[field(len = 5, scale = 2, sign = "leading-minus", computed = sum(rates))]
    rate_sum: (),
    #[field(group, count = rate_count, max = 9, len = 4, scale = 2, sign = "leading-minus", label = "이율")]
    rates: Vec<i32>,
    #[field(group, len = 8, none = "zeros")]
    days: [Option<Date>; 2],
    #[field(group, yes = '1', no = '0')]
    flags: [bool; 3],
    #[field(group, code, len = 2)]
    states: [Status; 2],
    #[field(group, padded, max = 3)]
    names: Vec<Text<4>>,
    #[field(group, len = 2)]
    small: [u8; 2],
    #[field(group, rest, max = 4, full, secret)]
    pins: Vec<Digits<2>>,
}

fn lists() -> Result<Lists, Error> {
    let day = |text: &str| text.parse::<Date>().ok();
    Ok(Lists {
        rate_count: (),
        rate_sum: (),
        rates: vec![125, -50],
        days: [day("2026-11-21"), None],
        flags: [true, false, true],
        states: [Status::Refused, Status::Paid],
        names: vec!["Kim".parse().unwrap()],
        small: [7, 99],
        pins: vec!["12".parse().unwrap(), "34".parse().unwrap()],
    })
}

const BYTES: &[u8] = b"2\
00075\
0125-050\
2026112100000000\
101\
3020\
Kim         \
0799\
1234";

#[test]
fn arrays_of_each_form_are_written_and_read() -> Result<(), Error> {
    let lists = lists()?;
    assert_eq!(lists.encode_to_vec()?, BYTES);
    assert_eq!(lists.encoded_len(), BYTES.len());
    assert_eq!(Lists::decode(BYTES)?, lists);
    let empty = Lists { rates: vec![], names: vec![], pins: vec![], ..lists };
    let bytes = b"00000020261121000000001013020            0799";
    assert_eq!(empty.encode_to_vec()?, bytes);
    assert_eq!(Lists::decode(bytes)?, empty);
    Ok(())
}

#[test]
fn a_record_has_the_same_bytes() -> Result<(), Error> {
    let mut record = Record::decode(Lists::LAYOUT, BYTES)?;
    assert_eq!(record.get("rates[1]"), Some(&Value::Number(-50)));
    assert_eq!(record.get("days[1]"), Some(&Value::None));
    assert_eq!(record.get("rates[2]"), None);
    assert_eq!(record.encode()?, BYTES);
    record.set("names[0]", "Lee")?;
    record.set("small", Value::array([1_u8, 2]))?;
    record.push_entry("pins")?;
    record.set("pins[2]", "56")?;
    let bytes = record.encode()?;
    assert!(bytes.ends_with(b"Lee         0102123456"), "{}", bytes.escape_ascii());
    let error = record.set("flags[1]", 3).expect_err("no number");
    assert_eq!(error.to_string(), "caller: flags[1]: expected true or false, found a number");
    let error = record.set("flags", Value::array([3, 4, 5])).expect_err("no numbers");
    assert_eq!(error.to_string(), "caller: flags: expected an array with a value for each entry, found a group");
    Ok(())
}

#[test]
fn an_error_names_the_entry_and_its_bytes() {
    let mut bytes = BYTES.to_vec();
    bytes[12] = b'x';
    let error = Lists::decode(&bytes).expect_err("a letter in a number").to_string();
    assert_eq!(
        error,
        "peer: rates[1] (이율), bytes 10..14: expected a digit, found 'x' (78) at byte 12, hex 2d 30 78 30"
    );
    let mut bytes = BYTES.to_vec();
    bytes[30] = b'2';
    let error = Lists::decode(&bytes).expect_err("no flag").to_string();
    assert!(error.starts_with("peer: flags[0], bytes 30..31: "), "{error}");
    let mut bytes = BYTES.to_vec();
    let last = bytes.len() - 1;
    bytes[last] = b'x';
    let error = Lists::decode(&bytes).expect_err("no digits");
    assert_eq!(error.path(), "pins[1]");
    assert!(error.is_secret() && error.found().is_none());
    assert_eq!(Record::decode(Lists::LAYOUT, &bytes).expect_err("no digits"), error);
    assert_eq!(Lists::LAYOUT.all_errors(&bytes), [error]);
    let error = Lists::decode(&BYTES[..BYTES.len() - 1]).expect_err("half an entry").to_string();
    assert!(error.starts_with("peer: pins, bytes 55..56: "), "{error}");
}

#[test]
fn a_value_that_does_not_fit_is_named() -> Result<(), Error> {
    let wide = Lists { rates: vec![1, 10_000], ..lists()? };
    let error = wide.encode_to_vec().expect_err("5 digits").to_string();
    assert!(error.starts_with("caller: rates[1] (이율), bytes 10..14: "), "{error}");
    let many = Lists { rates: vec![0; 10], ..lists()? };
    let error = many.encode_to_vec().expect_err("10 entries").to_string();
    assert!(error.starts_with("caller: rate"), "{error}");
    Ok(())
}

#[test]
fn a_view_reads_and_sets_one_value() -> Result<(), Error> {
    let mut bytes = BYTES.to_vec();
    let view = ListsView::new(&bytes)?;
    assert_eq!(view.rates().len(), 2);
    assert_eq!(view.rates().get(1).transpose()?, Some(-50));
    assert!(view.rates().get(2).is_none());
    assert_eq!(view.states().collect::<Result<Vec<_>, _>>()?, [Status::Refused, Status::Paid]);
    assert_eq!(view.days().map(|day| day.map(|day| day.is_some())).collect::<Result<Vec<_>, _>>()?, [true, false]);
    assert_eq!(view.names().len(), 1);
    assert_eq!(view.flags_bytes(), b"101");
    let mut patched = ListsViewMut::new(&mut bytes)?;
    patched.set_rates(1, &-7)?;
    patched.set_days(1, &"2026-12-01".parse().ok())?;
    patched.refresh()?;
    let error = patched.set_rates(2, &1).expect_err("two entries").to_string();
    assert!(error.starts_with("caller: rates[2]: "), "{error}");
    let error = patched.set_rates(0, &10_000).expect_err("5 digits").to_string();
    assert!(error.starts_with("caller: rates[0] (이율), bytes 6..10: "), "{error}");
    assert_eq!(&bytes[..30], b"2001180125-0072026112120261201");
    let mut wrong = bytes.clone();
    wrong[7] = b'x';
    let error = ListsView::new(&wrong)?.rates().get(0).expect("an entry").expect_err("a letter").to_string();
    assert!(error.starts_with("peer: rates[0] (이율), bytes 6..10: "), "{error}");
    Ok(())
}

#[test]
fn a_path_finds_and_patches_one_value() -> Result<(), Error> {
    let mut bytes = BYTES.to_vec();
    assert_eq!(find(Lists::LAYOUT, &bytes, "states[1]")?.1, 35..37);
    patch(Lists::LAYOUT, &mut bytes, "states[1]", &Value::from("30"))?;
    assert_eq!(&bytes[33..37], b"3030");
    let error = patch(Lists::LAYOUT, &mut bytes, "states[1]", &Value::from("40")).expect_err("no code").to_string();
    assert!(error.starts_with("caller: states[1], bytes 35..37: "), "{error}");
    let error = find(Lists::LAYOUT, &bytes, "states[2]").expect_err("two entries").to_string();
    assert!(error.starts_with("caller: states[2]: "), "{error}");
    Ok(())
}

#[derive(Telegram)]
#[telegram(debug)]
struct Secrets {
    #[field(group, secret)]
    pins: [Digits<2>; 2],
}

#[test]
fn a_secret_array_is_hidden() {
    let secrets = Secrets::decode(b"1234").expect("digits");
    assert_eq!(format!("{secrets:?}"), "Secrets { pins: <secret> }");
    assert_eq!(secrets.pins[1].as_str(), "34");
}

/// Packed numbers of an EBCDIC telegram, counted by its header.
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(charset = "ibm933")]
struct Header {
    #[field(full)]
    code: Digits<4>,
    #[field(len = 2, computed = count(super::rates))]
    rate_count: (),
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(charset = "ibm933")]
struct Host {
    header: Header,
    #[field(group, count = header.rate_count, max = 9, len = 3, encoding = "packed", sign = "signed", scale = 2)]
    rates: Vec<i32>,
}

#[test]
fn packed_values_are_counted_by_the_header() -> Result<(), Error> {
    let header = Header { code: "0100".parse().unwrap(), rate_count: () };
    let host = Host { header, rates: vec![125, -300] };
    let bytes = [0xF0, 0xF1, 0xF0, 0xF0, 0xF0, 0xF2, 0x00, 0x12, 0x5C, 0x00, 0x30, 0x0D];
    assert_eq!(host.encode_to_vec()?, bytes);
    assert_eq!(Host::decode(&bytes)?, host);
    let empty = Host { rates: vec![], ..host };
    assert_eq!(empty.encode_to_vec()?, [0xF0, 0xF1, 0xF0, 0xF0, 0xF0, 0xF0]);
    Ok(())
}
