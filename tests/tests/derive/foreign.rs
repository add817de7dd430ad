//! The types of `rust_decimal`, `jiff` and `chrono` as fields.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use fep_codec::{Decode, Record, Telegram};
use jiff::civil;
use rust_decimal::Decimal;

use super::{check, refusal};

#[test]
fn a_decimal_is_a_number_with_the_spec_s_decimals() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 23)]
    struct Money {
        #[field(len = 8, sign = "leading-minus", scale = 2)]
        balance: Decimal,
        #[field(len = 3, encoding = "packed", scale = 3)]
        rate: Decimal,
        #[field(len = 5, scale = 1, none = "spaces")]
        fee: Option<Decimal>,
        #[field(len = 7)]
        units: Decimal,
    }
    let [balance, rate, units] = ["-12.05", "4.875", "42"].map(|text| text.parse().unwrap());
    let money = Money { balance, rate, fee: None, units };
    check(&money, b"-0001205\x04\x87\x5F     0000042");
    let record = Record::decode(Money::LAYOUT, b"-0001205\x04\x87\x5F     0000042").unwrap();
    assert_eq!(record.encode().unwrap(), money.encode_to_vec().unwrap());
    let precise = Money { balance: "0.001".parse().unwrap(), ..money };
    let message = "caller: balance, bytes 0..8: expected a number without more decimals than the field has";
    assert_eq!(refusal(precise.encode_to_vec()), message);
}

#[test]
fn decimals_are_summed_and_signed_elsewhere() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Item {
        #[field(len = 5, scale = 2, sign = "leading-minus")]
        amount: Decimal,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        #[field(len = 6, scale = 2, sign = "leading-minus", computed = sum(items.amount))]
        total: (),
        #[field(len = 1, computed = sign(balance, '+', '-'))]
        balance_sign: (),
        #[field(len = 5, scale = 2)]
        balance: Decimal,
        #[field(group, rest, max = 3)]
        items: Vec<Item>,
    }
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    let items = ["12.05", "-13.5"].map(|text| Item { amount: decimal(text) });
    check(
        &List { total: (), balance_sign: (), balance: decimal("-7.25"), items: items.into() },
        b"-00145-0072501205-1350",
    );
    let precise =
        List { total: (), balance_sign: (), balance: decimal("0"), items: vec![Item { amount: decimal("0.001") }] };
    let message = "caller: items[0].amount, bytes 12..17: expected a number without more decimals than the field has";
    assert_eq!(refusal(precise.encode_to_vec()), message);
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(len = 47)]
struct ByJiff {
    #[field(len = 8)]
    traded_on: civil::Date,
    #[field(pattern = "YYMMDD", none = "zeros")]
    cancelled_on: Option<civil::Date>,
    #[field(pattern = "YYYYDDD")]
    due: civil::Date,
    #[field(len = 6)]
    at: civil::Time,
    #[field(len = 4, none = "spaces")]
    until: Option<civil::Time>,
    #[field(len = 12)]
    stamp: civil::DateTime,
    #[field(pattern = "HHMMSS", encoding = "packed")]
    packed: civil::Time,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(len = 47)]
struct ByChrono {
    #[field(len = 8)]
    traded_on: NaiveDate,
    #[field(pattern = "YYMMDD", none = "zeros")]
    cancelled_on: Option<NaiveDate>,
    #[field(pattern = "YYYYDDD")]
    due: NaiveDate,
    #[field(len = 6)]
    at: NaiveTime,
    #[field(len = 4, none = "spaces")]
    until: Option<NaiveTime>,
    #[field(len = 12)]
    stamp: NaiveDateTime,
    #[field(pattern = "HHMMSS", encoding = "packed")]
    packed: NaiveTime,
}

const BYTES: &[u8] = b"202611210000002024366093015    261121093015\x00\x93\x01\x5F";

fn by_jiff() -> ByJiff {
    ByJiff {
        traded_on: civil::date(2026, 11, 21),
        cancelled_on: None,
        due: civil::date(2024, 12, 31),
        at: civil::time(9, 30, 15, 0),
        until: None,
        stamp: civil::date(2026, 11, 21).at(9, 30, 15, 0),
        packed: civil::time(9, 30, 15, 0),
    }
}

fn by_chrono() -> ByChrono {
    let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    let at = NaiveTime::from_hms_opt(9, 30, 15).unwrap();
    let due = NaiveDate::from_yo_opt(2024, 366).unwrap();
    ByChrono { traded_on: day, cancelled_on: None, due, at, until: None, stamp: day.and_time(at), packed: at }
}

#[test]
fn dates_and_times_of_other_crates_are_the_same_bytes() {
    check(&by_jiff(), BYTES);
    check(&by_chrono(), BYTES);
    assert_eq!(ByJiff::LAYOUT.items, ByChrono::LAYOUT.items);
}

#[test]
fn what_the_field_does_not_send_is_refused() {
    let half = ByJiff { at: civil::time(9, 30, 15, 500_000_000), ..by_jiff() };
    let message = "caller: at, bytes 21..27: no such date or time: the field sends whole seconds";
    assert_eq!(refusal(half.encode_to_vec()), message);
    let second = ByJiff { until: Some(civil::time(9, 30, 1, 0)), ..by_jiff() };
    assert_eq!(
        refusal(second.encode_to_vec()),
        "caller: until, bytes 27..31: no such date or time: the field sends no seconds"
    );
    let early = ByJiff { traded_on: civil::date(-1, 1, 1), ..by_jiff() };
    let message = "caller: traded_on, bytes 0..8: no such date or time: a year has four digits";
    assert_eq!(refusal(early.encode_to_vec()), message);

    let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_000_000_000).unwrap();
    let leap = ByChrono { at: leap, ..by_chrono() };
    let message = "caller: at, bytes 21..27: no such date or time: a leap second has no digits";
    assert_eq!(refusal(leap.encode_to_vec()), message);
    let late = ByChrono { traded_on: NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap(), ..by_chrono() };
    assert!(late.encode_to_vec().is_err());
    for impossible in [b"20260229", b"20261301"] {
        let bytes = [impossible, BYTES.get(8..).unwrap()].concat();
        assert_eq!(refusal(ByJiff::decode(&bytes)), refusal(ByChrono::decode(&bytes)));
    }
}
