//! Fields that are computed from other fields: sums, sequences, signs, checks.

use fep_codec::{Digits, Telegram, Text};

use super::{check, refused, unwritable};

#[test]
fn a_sum_is_that_of_the_entries() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Money {
        #[field(len = 4, scale = 2, sign = "leading-minus", none = "spaces")]
        amount: Option<i32>,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Item {
        money: Money,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        #[field(len = 5, computed = sum(items.money.amount), scale = 2)]
        total: (),
        #[field(group, rest, max = 3)]
        items: Vec<Item>,
    }
    let list = |amounts: &[Option<i32>]| List {
        total: (),
        items: amounts.iter().map(|amount| Item { money: Money { amount: *amount } }).collect(),
    };
    check(&list(&[Some(1205), Some(-5), None]), b"012001205-005    ");
    check(&list(&[]), b"00000");
    refused::<List>(
        b"000011205-005",
        "peer: total, bytes 0..5: the sum says 0.01, the entries have 12.00, hex 30 30 30 30 31",
    );
    unwritable(
        &list(&[Some(-5)]),
        r#"{"items":[{"money":{"amount":"-0.05"}}]}"#,
        "caller: total, bytes 0..5: the field has no sign, the number is negative",
    );
}

#[test]
fn a_sum_may_have_a_sign() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Item {
        #[field(len = 4, sign = "leading-minus")]
        amount: i32,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        #[field(len = 5, computed = sum(items.amount), sign = "overpunch")]
        total: (),
        #[field(group, rest, max = 3)]
        items: Vec<Item>,
    }
    let list =
        |amounts: &[i32]| List { total: (), items: amounts.iter().map(|amount| Item { amount: *amount }).collect() };
    check(&list(&[-12, 5]), b"0000P-0120005");
    check(&list(&[12]), b"0001B0012");
}

#[test]
fn entries_are_numbered() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Sub {
        #[field(len = 1, computed = sequence)]
        number: (),
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Item {
        #[field(group)]
        subs: [Sub; 2],
        #[field(len = 2, computed = sequence(8))]
        number: (),
        code: Text<1>,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        #[field(group, rest, max = 3)]
        items: Vec<Item>,
    }
    let item =
        |code: &str| Item { subs: [Sub { number: () }, Sub { number: () }], number: (), code: code.parse().unwrap() };
    check(&List { items: vec![item("A"), item("B"), item("C")] }, b"1208A1209B1210C");
    refused::<List>(
        b"1208A1208B",
        "peer: items[1].number, bytes 7..9: the sequence says 8, this is number 9, hex 30 38",
    );
    refused::<List>(
        b"1108A",
        "peer: items[0].subs[1].number, bytes 1..2: the sequence says 1, this is number 2, hex 31",
    );
}

#[test]
fn a_sign_may_stand_in_another_field() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Balance {
        #[field(len = 1, computed = sign(balance, '+', '-', ' '))]
        balance_sign: (),
        #[field(len = 5)]
        balance: i32,
        #[field(len = 3, scale = 1, none = "spaces")]
        rate: Option<i16>,
        #[field(len = 1, computed = sign(rate, '0', '1'))]
        rate_sign: (),
    }
    let balance = |balance, rate| Balance { balance_sign: (), balance, rate, rate_sign: () };
    check(&balance(5047, Some(-12)), b"+050470121");
    check(&balance(-1, Some(0)), b"-000010000");
    check(&balance(0, None), b" 00000   0");
    refused::<Balance>(b"-00000   0", "peer: balance_sign, bytes 0..1: zero with a minus, hex 2d");
    refused::<Balance>(b"+00000   0", "peer: balance_sign, bytes 0..1: expected a sign, found '+' (2b), hex 2b");
    refused::<Balance>(b"*00001   0", "peer: balance_sign, bytes 0..1: expected a sign, found '*' (2a), hex 2a");
    refused::<Balance>(b"-00001   1", "peer: rate_sign, bytes 9..10: zero with a minus, hex 31");
    unwritable(
        &balance(123_456, None),
        r#"{"balance":123456,"rate":null}"#,
        "caller: balance, bytes 1..6: needs 6 bytes, the field has 5",
    );
}

#[test]
fn a_type_without_a_sign_takes_no_minus() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Balance {
        #[field(len = 1, computed = sign(balance, '+', '-'))]
        balance_sign: (),
        #[field(len = 2, narrow)]
        balance: u8,
    }
    let error = fep_codec::Decode::decode(b"-01").map(|_: Balance| ()).unwrap_err().to_string();
    assert_eq!(
        error,
        "peer: balance_sign, bytes 0..1: the number does not fit into a type with a sign for the number that this sign belongs \
         to, hex 2d"
    );
}

/// Adds the digits without carry.
fn mod10(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
    if !covered.iter().all(u8::is_ascii_digit) {
        return Err("only digits can be added");
    }
    let sum: u32 = covered.iter().map(|digit| u32::from(digit - b'0')).sum();
    out.fill(b'0' + u8::try_from(sum % 10).unwrap());
    Ok(())
}

#[test]
fn a_check_covers_the_encoded_bytes_before_it() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Framed {
        #[field(literal = b"\x02")]
        _stx: (),
        #[field(len = 3, computed = length(rest))]
        length: (),
        account: Digits<4>,
        #[field(len = 2, computed = xor(length))]
        hex: (),
        #[field(len = 1, computed = xor)]
        bcc: (),
    }
    // 30 30 37 31 32 33 34: 37 ^ 31 ^ 32 ^ 33 ^ 34 = 33; then with 02, '3' and '3': 33 ^ 02 = 31.
    check(&Framed { _stx: (), length: (), account: "1234".parse().unwrap(), hex: (), bcc: () }, b"\x02007123433\x31");
    refused::<Framed>(b"\x02007123434\x31", "peer: hex, bytes 8..10: the check `xor` gives hex 33 33, hex 33 34");
    refused::<Framed>(b"\x02007123433\x00", "peer: bcc, bytes 10..11: the check `xor` gives hex 31, hex 00");
}

#[test]
fn a_check_may_be_any_function() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Body {
        part: Text<2>,
        account: Digits<4>,
        #[field(len = 1, computed = check(mod10, account), label = "복기부호", secret)]
        check_digit: (),
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Whole {
        head: Text<1>,
        body: Body,
    }
    let whole = |account: &str| Whole {
        head: "H".parse().unwrap(),
        body: Body { part: "P".parse().unwrap(), account: account.parse().unwrap(), check_digit: () },
    };
    check(&whole("1237"), b"HP 12373");
    refused::<Whole>(
        b"HP 12374",
        "peer: body.check_digit (복기부호), bytes 7..8: the check `mod10` gives something else",
    );
    refused::<Whole>(
        b"HP 12  4",
        "peer: body.check_digit (복기부호), bytes 7..8: the check cannot be computed: only digits can be added",
    );
    unwritable(
        &whole("12"),
        r#"{"head":"H","body":{"part":"P","account":"12"}}"#,
        "caller: bytes 7..8: the check cannot be computed: only digits can be added",
    );
}
