//! What a CSV file with balances may have, and what is said about a wrong one: the line and the column, and never an account.

use fep_codec::layout::{DigitsRule, NumberRule};
use proptest::prelude::*;

use super::*;
use crate::reconcile::sorter::PIECE_BYTES;

fn field(kind: Kind) -> Field {
    Field { name: "account".into(), label: "".into(), len: 16, kind, secret: true, computed: None }
}

fn read(account: Option<&Field>, text: &[u8]) -> Result<Vec<(Vec<String>, i128)>, String> {
    let mut rows = Sorter::new(PIECE_BYTES);
    Columns { account, decimals: 2 }.read(text, &mut rows).map_err(|why| why.to_string())?;
    let mut sorted = rows.finish().unwrap();
    let rows = std::iter::from_fn(|| sorted.next().unwrap());
    Ok(rows.map(|row| (row.key.texts(), row.amount.unwrap())).collect())
}

#[test]
fn a_csv_file_has_a_balance_for_each_account() {
    let digits = field(Kind::Digits(DigitsRule::LEFT));
    let expected = vec![(vec!["0012".to_owned()], 1_050), (vec!["0013".to_owned()], -7)];
    for text in [
        "account,balance\n0012,10.50\n0013,-0.07\n",
        "\u{feff}account,balance\r\n\"0012\",\"10.5\"\r\n 0013 , -0.070\r\n",
        "account,balance\n0013,-0.07\n0012,+10.500000",
    ] {
        assert_eq!(read(Some(&digits), text.as_bytes()).unwrap(), expected, "{text}");
    }
    let number = field(Kind::Number(NumberRule::UNSIGNED));
    assert_eq!(read(Some(&number), b"account,balance\n0012,1\n").unwrap(), [(vec!["12".to_owned()], 100)]);
    assert_eq!(read(None, b"balance\n5\n").unwrap(), [(Vec::new(), 500)]);
    assert_eq!(read(None, b"balance\n").unwrap(), []);
}

#[test]
fn a_wrong_csv_file_is_refused_with_its_line() {
    let digits = field(Kind::Digits(DigitsRule::LEFT));
    let long = format!("account,balance\n110998877,{}\n", "1".repeat(5000));
    for (text, expected) in [
        ("", "line 1: the first line is `account,balance`, the names of the columns"),
        ("110998877,5\n", "line 1: the first line is"),
        ("account,balance\n110998877,5\n110998877\n", "line 3: it has 1 values and not 2"),
        ("account,balance\n110998877,1,000\n", "line 2: it has 3 values and not 2"),
        ("account,balance\n110998877,x\n", "line 2: `balance` is not a number such as"),
        ("account,balance\n110998877,\n", "line 2: `balance` is not a number"),
        ("account,balance\n110998877,1.\n", "line 2: `balance` is not a number"),
        ("account,balance\n110998877,--1\n", "line 2: `balance` is not a number"),
        ("account,balance\n110998877,1e3\n", "line 2: `balance` is not a number"),
        (
            "account,balance\n110998877,0.001\n",
            "line 2: `balance` has more decimals than the amounts of the requests, which have 2",
        ),
        ("account,balance\n,5\n", "line 2: `account` is empty"),
        (&long, "line 2: it has more than 4096 bytes"),
    ] {
        let why = read(Some(&digits), text.as_bytes()).unwrap_err();
        assert!(why.contains(expected) && !why.contains("110998877"), "{text}: {why}");
    }
    assert!(read(Some(&digits), b"account,balance\n\xb0\xa1,5\n").unwrap_err().contains("line 2: it is not UTF-8"));
    let number = field(Kind::Number(NumberRule::UNSIGNED));
    assert!(read(Some(&number), b"account,balance\n1-2,5\n").unwrap_err().contains("`account` is not a whole number"));
    assert!(read(None, b"account,balance\n").is_err());
}

/// Each of these was another account than the one that a person meant, so no movement counted and its balance agreed.
#[test]
fn what_the_field_cannot_have_is_no_account() {
    let digits = field(Kind::Digits(DigitsRule::LEFT));
    let cells = [
        "1002-345678901",
        "\" 1002345678901 \"",
        "１００２３４５６７８９０１",
        "1002345678901\0",
        "\"1002345678901",
        "\"",
        "10023456789012345",
    ];
    for cell in cells {
        let why = read(Some(&digits), format!("account,balance\n5,1\n{cell},5\n").as_bytes()).unwrap_err();
        assert!(
            why.contains("line 3: `account`") && !why.contains("345678901") && !why.contains("１"),
            "{cell}: {why}"
        );
    }
    let short = Field { len: 4, ..field(Kind::Number(NumberRule::UNSIGNED)) };
    let why = read(Some(&short), b"account,balance\n12345,5\n").unwrap_err();
    assert!(
        why.contains("line 2: `account` cannot be in the field that requests have it in: number of 4 bytes"),
        "{why}"
    );
    // What a field would cut off is another account.
    let text = field(Kind::Text(TextRule { overflow: Overflow::Cut, ..TextRule::new(Charset::Ascii) }));
    assert!(read(Some(&text), b"account,balance\n10023456789012345,5\n").is_err());
    assert_eq!(read(Some(&text), b"account,balance\n10-2,5\n").unwrap(), [(vec!["10-2".to_owned()], 500)]);
}

proptest! {
    #[test]
    fn rubbish_is_refused_or_read_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), has_head: bool) {
        let digits = field(Kind::Digits(DigitsRule::LEFT));
        let head: &[u8] = if has_head { b"account,balance\n" } else { b"" };
        let _ = read(Some(&digits), &[head, &bytes].concat());
    }

    #[test]
    fn a_number_is_read_as_it_is_written(whole in 0_u64.., part in 0_u32..100, is_negative: bool) {
        let sign = if is_negative { "-" } else { "" };
        let expected = i128::from(whole) * 100 + i128::from(part);
        prop_assert_eq!(number_of(&format!("{sign}{whole}.{part:02}"), 2), Ok(if is_negative { -expected } else { expected }));
    }
}
