//! Refreshing computed fields after a patch. The result must be the bytes that encoding the changed value gives.

use fep_codec::view::{patch, refresh};
use fep_codec::{Decode, Digits, Telegram, Text, Value};

use super::refusal;

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Row {
    #[field(len = 1, computed = sequence)]
    no: (),
    #[field(len = 4, sign = "leading-minus")]
    amount: i32,
    #[field(len = 3)]
    fee: u16,
    #[field(len = 1, computed = sign(fee_back, '+', '-', ' '))]
    fee_sign: (),
    #[field(len = 2)]
    fee_back: i8,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Note {
    text: Text<2>,
}

/// A negative sum, lengths of both sorts, a count behind its group, and two checks. The second check covers the first.
#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Batch {
    #[field(len = 3, computed = length(all))]
    length: (),
    #[field(len = 5, computed = sum(rows.amount), sign = "leading-minus")]
    total: (),
    #[field(len = 1, computed = count(rows))]
    row_count: (),
    #[field(group, count = row_count, max = 3)]
    rows: Vec<Row>,
    #[field(len = 2, computed = length(note))]
    note_len: (),
    note: Note,
    #[field(group, count = note_count, max = 2)]
    notes: Vec<Note>,
    #[field(len = 1, computed = count(notes))]
    note_count: (),
    #[field(len = 2, computed = xor(total))]
    hex: (),
    #[field(len = 1, computed = check(mod10))]
    check: (),
}

/// The last digit of the sum of all digits.
fn mod10(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
    let sum: u32 = covered.iter().filter(|byte| byte.is_ascii_digit()).map(|digit| u32::from(digit - b'0')).sum();
    out.fill(b'0' + u8::try_from(sum % 10).unwrap());
    Ok(())
}

const BYTES: &[u8; 41] = b"041-0688210012005-032-700000 0002abc 17B0";

/// The bytes after the amount of the first row became -100, its fee back became 9, and the note became zz.
const CHANGED: &[u8; 41] = b"041-080021-100005+092-700000 0002zzc 1654";

#[test]
fn all_that_is_computed_is_filled_in_and_nothing_else() {
    let batch = Batch::decode(BYTES).unwrap();
    assert_eq!(batch.encode_to_vec().unwrap(), BYTES);
    // Lengths, the sum, sequences, the count behind its group and the checks are overwritten, with numbers or with other bytes.
    let mut bytes = *b"xxx???\x00?210012005-03?-700000 0077abc 9999";
    bytes[8] = b'2';
    bytes[9] = b'?';
    let mut view = BatchViewMut::new(&mut bytes).unwrap();
    view.refresh().unwrap();
    assert_eq!(bytes.escape_ascii().to_string(), BYTES.escape_ascii().to_string());
    refresh(Batch::LAYOUT, &mut bytes).unwrap();
    assert_eq!(&bytes, BYTES, "what is right stays as it is");
}

#[test]
fn a_patched_telegram_is_what_encoding_its_values_gives() {
    let mut batch = Batch::decode(BYTES).unwrap();
    batch.rows[0].amount = -100;
    batch.rows[0].fee_back = 9;
    batch.note.text = "zz".parse().unwrap();
    assert_eq!(batch.encode_to_vec().unwrap(), CHANGED);

    let mut bytes = *BYTES;
    let mut view = BatchViewMut::new(&mut bytes).unwrap();
    view.rows_mut(0).unwrap().set_amount(&-100).unwrap();
    view.rows_mut(0).unwrap().set_fee_back(&9).unwrap();
    view.note_mut().set_text(&"zz".parse().unwrap()).unwrap();
    view.rows_mut(0).unwrap().refresh().unwrap();
    assert_eq!(&bytes, CHANGED);

    let mut bytes = *BYTES;
    for (path, value) in [
        ("rows[0].amount", Value::Number(-100)),
        ("rows[0].fee_back", Value::Number(9)),
        ("note.text", Value::from("zz")),
    ] {
        patch(Batch::LAYOUT, &mut bytes, path, &value).unwrap();
    }
    refresh(Batch::LAYOUT, &mut bytes).unwrap();
    assert_eq!(&bytes, CHANGED);
}

#[test]
fn a_number_has_the_sign_that_stands_beside_it() {
    let view = BatchView::new(BYTES).unwrap();
    let fees: Vec<i8> = view.rows().map(|row| row.fee_back().unwrap()).collect();
    assert_eq!(fees, [-3, 0]);
    assert_eq!((view.total().unwrap(), view.length().unwrap()), (-688, 41));

    let mut bytes = *BYTES;
    let mut view = BatchViewMut::new(&mut bytes).unwrap();
    view.rows_mut(1).unwrap().set_fee_back(&-45).unwrap();
    assert_eq!(view.view().rows().get(1).unwrap().fee_back_bytes(), b"45");
    assert_eq!(view.view().rows().get(1).unwrap().fee_sign(), b"-");
    view.rows_mut(0).unwrap().set_fee_back(&0).unwrap();
    let said = refusal(view.rows_mut(0).unwrap().set_fee_back(&100));
    assert_eq!(said, "caller: rows[0].fee_back, bytes 18..20: needs 3 bytes, the field has 2");
    assert_eq!(&bytes[9..31], b"10012005 002-700000-45");
    bytes[17] = b'*';
    let row = BatchView::new(&bytes).unwrap().rows().get(0).unwrap();
    assert_eq!(
        refusal(row.fee_back()),
        "peer: rows[0].fee_sign, bytes 17..18: expected a sign, found '*' (2a), hex 2a"
    );
}

#[test]
fn zero_and_what_was_zero_get_their_sign_again() {
    // The digits were changed directly, without a patch.
    let mut bytes = *BYTES;
    bytes[18..20].copy_from_slice(b"00");
    bytes[29..31].copy_from_slice(b"07");
    refresh(Batch::LAYOUT, &mut bytes).unwrap();
    assert_eq!(&bytes[9..31], b"10012005 002-700000+07");
    Batch::decode(&bytes).unwrap();
}

#[test]
fn what_cannot_be_refreshed_is_named_and_nothing_is_changed() {
    let said = |change: &dyn Fn(&mut [u8])| {
        let mut bytes = *BYTES;
        change(&mut bytes);
        let before = bytes;
        let said = refusal(refresh(Batch::LAYOUT, &mut bytes));
        assert_eq!(bytes, before);
        said
    };
    assert_eq!(
        said(&|bytes| bytes[10] = b'x'),
        "peer: rows[0].amount, bytes 10..14: expected a digit, found 'x' (78) at byte 10, hex 78 30 31 32"
    );
    assert_eq!(
        said(&|bytes| bytes[17] = b'*'),
        "peer: rows[0].fee_sign, bytes 17..18: expected a sign, found '*' (2a), hex 2a"
    );
    // If the count is wrong, the bytes cannot be divided into items.
    assert_eq!(said(&|bytes| bytes[8] = b'9'), "peer: row_count, bytes 8..9: 9 entries, at most 3 are allowed, hex 39");
    assert!(said(&|bytes| bytes[8] = b'3').starts_with("peer: "));

    #[derive(Telegram, Debug)]
    struct Pair {
        #[field(len = 2, computed = sum(rows.no))]
        total: (),
        #[field(group)]
        rows: [Number; 2],
        #[field(len = 1, computed = check(refuses))]
        check: (),
    }
    #[derive(Telegram, Debug)]
    struct Number {
        #[field(len = 2)]
        no: u8,
    }
    let refused = |bytes: &mut [u8]| refusal(refresh(Pair::LAYOUT, bytes));
    assert_eq!(refused(&mut b"..9902?".to_vec()), "caller: total, bytes 0..2: needs 3 bytes, the field has 2");
    assert_eq!(refused(&mut b"..9800?".to_vec()), "caller: check, bytes 6..7: the check cannot be computed: never");
}

fn refuses(_: &[u8], _: &mut [u8]) -> Result<(), &'static str> {
    Err("never")
}

#[test]
fn what_the_bytes_are_divided_by_stays_as_it_is() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Memo {
        #[field(len = 2, computed = length(memo))]
        memo_len: (),
        #[field(tail, max = 9, charset = "ascii")]
        memo: String,
        #[field(filler, any, len = 2)]
        _any: (),
        account: Digits<3>,
        #[field(len = 2, computed = xor)]
        bcc: (),
    }
    // The check covers the actual bytes of a filler that may hold anything: 30 ^ 33 ^ 61 ^ 62 ^ 63 ^ 23 ^ 21 ^ 31 ^ 20 ^ 20 = 50.
    let mut bytes = *b"03abc#!1  ..";
    refresh(Memo::LAYOUT, &mut bytes).unwrap();
    assert_eq!(&bytes, b"03abc#!1  50");
    let mut longer = *b"04abc#!1  ..";
    let said = refusal(refresh(Memo::LAYOUT, &mut longer));
    assert!(said.starts_with("peer: "), "{said}");
    assert_eq!(&longer, b"04abc#!1  ..");
}

#[test]
fn a_form_that_the_field_accepts_stays_while_it_is_the_value() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Day {
        #[field(len = 4, computed = sum(rows.amount), sign(trailing), accepts("blank-sign"))]
        total: (),
        #[field(group)]
        rows: [Amount; 2],
        #[field(len = 1, computed = sign(balance, '+', '-', '0'), accepts("blank-sign", "plus-zero", "minus-zero"))]
        balance_sign: (),
        #[field(len = 2)]
        balance: i8,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Amount {
        #[field(len = 3, sign = "trailing")]
        amount: i16,
    }
    for same in [b"030 10+20+ 05", b"030+10+20++00", b"030+10+20+-00", b"030 10+20+ 00", b"030+10+20+-05"] {
        let mut bytes = *same;
        let read = Day::decode(&bytes).unwrap();
        refresh(Day::LAYOUT, &mut bytes).unwrap();
        assert_eq!(&bytes, same);
        // A stale value gets the form that is written.
        patch(Day::LAYOUT, &mut bytes, "rows[1].amount", &Value::Number(-20)).unwrap();
        refresh(Day::LAYOUT, &mut bytes).unwrap();
        assert_eq!((&bytes[..10], &bytes[10..]), (&b"010-10+20-"[..], &same[10..]));
        assert_eq!(Day::decode(&bytes).unwrap().balance, read.balance);
    }
}
