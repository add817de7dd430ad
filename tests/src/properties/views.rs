//! Views compared with decoding. One telegram has a fixed length, the other has every item of variable length.
//!
//! The properties read and patch fields through the generated accessors. A layout alone cannot test those.

#![allow(missing_docs, reason = "telegrams of a test")]

use fep_codec::{Choice, Code, Decode, Digits, Error, Telegram, Text};

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
pub struct Head {
    #[field(literal = "H")]
    _mark: (),
    #[field(len = 4, computed = length(rest))]
    length: (),
    #[field(full)]
    code: Digits<2>,
}

#[derive(Code, Debug, PartialEq)]
pub enum Side {
    #[code("+")]
    Plus,
    #[code("-")]
    Minus,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
pub struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "cp949", view)]
pub struct Fixed {
    head: Head,
    #[field(len = 6, secret)]
    account: Digits<6>,
    #[field(len = 9)]
    amount: u64,
    #[field(code, len = 1)]
    side: Side,
    name: Text<10>,
    #[field(group)]
    pair: [Entry; 2],
    #[field(len = 2, none = "spaces")]
    fee: Option<u8>,
    #[field(filler, len = 2)]
    _reserved: (),
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
pub struct Row {
    #[field(len = 1, computed = count(cells))]
    cell_count: (),
    #[field(group, count = cell_count, max = 9)]
    cells: Vec<Entry>,
    mark: Text<1>,
}

#[derive(Telegram, Debug, PartialEq)]
pub struct Amount {
    #[field(len = 5)]
    amount: u32,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "cp949")]
pub struct Memo {
    #[field(tail, max = 12)]
    memo: Text<12>,
}

#[derive(Choice, Debug, PartialEq)]
pub enum Body {
    #[choice("A")]
    Amount(Amount),
    #[choice(other)]
    Memo(Memo),
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "cp949", view)]
pub struct Varying {
    kind: Text<1>,
    #[field(len = 2, computed = count(rows))]
    row_count: (),
    #[field(group, count = row_count, max = 12)]
    rows: Vec<Row>,
    #[field(len = 2, computed = length(note))]
    note_len: (),
    #[field(tail, max = 20)]
    note: Text<20>,
    #[field(len = 2, computed = length(body))]
    body_len: (),
    #[field(choice = "kind")]
    body: Body,
    #[field(group, rest, max = 5)]
    more: Vec<Entry>,
    #[field(len = 2)]
    last: u8,
}

/// Checks that the accessors return the decoded values. If the telegram does not decode, they may return anything, but must return.
macro_rules! same {
    ($view:expr, $decoded:expr; $($field:ident)*) => {
        $(match ($view.$field(), $decoded) {
            (read, Some(decoded)) => assert_eq!(read.as_ref(), Ok(&decoded.$field), stringify!($field)),
            (read, None) => drop(read),
        })*
    };
}

/// Patches fields with their own values, which must not fail.
macro_rules! patched {
    ($view:expr, $decoded:expr; $($set:ident $field:ident)*) => {
        $(assert_eq!($view.$set(&$decoded.$field), Ok(()), stringify!($field));)*
    };
}

/// Reads any bytes through a view of fixed length.
pub fn any_fixed(bytes: &[u8]) {
    let decoded = Fixed::decode(bytes);
    let Some(view) = made(FixedView::new(bytes), &decoded) else { return };
    assert_eq!(view.decode(), decoded);
    assert_eq!(view.as_bytes(), bytes);
    let telegram = decoded.as_ref().ok();
    same!(view, telegram; account amount side name fee);
    same!(view.head(), telegram.map(|telegram| &telegram.head); code);
    assert_eq!(view.pair().len(), 2);
    for (number, entry) in view.pair().enumerate() {
        same!(entry, telegram.and_then(|telegram| telegram.pair.get(number)); no);
    }
    let shown = format!("{view:?}");
    assert!(shown.contains("<secret>"), "{shown}");
    let Ok(telegram) = decoded else { return };
    let mut copy = bytes.to_vec();
    let mut view = FixedViewMut::new(&mut copy).expect("the same bytes");
    patched!(view, telegram; set_account account set_amount amount set_side side set_name name set_fee fee);
    patched!(view.head_mut(), telegram.head; set_code code);
    for (number, entry) in telegram.pair.iter().enumerate() {
        patched!(view.pair_mut(number).expect("an entry"), entry; set_no no);
    }
    view.refresh().expect("a length that fits");
    assert_eq!(copy, bytes);
}

/// Reads any bytes through a view of variable length.
pub fn any_varying(bytes: &[u8]) {
    let decoded = Varying::decode(bytes);
    let Some(view) = made(VaryingView::new(bytes), &decoded) else { return };
    assert_eq!(view.decode(), decoded);
    let telegram = decoded.as_ref().ok();
    same!(view, telegram; kind note body last);
    for (number, row) in view.rows().enumerate() {
        let read = telegram.and_then(|telegram| telegram.rows.get(number));
        same!(row, read; mark);
        for (number, cell) in row.cells().enumerate() {
            same!(cell, read.and_then(|row| row.cells.get(number)); no);
        }
    }
    for (number, entry) in view.more().enumerate() {
        same!(entry, telegram.and_then(|telegram| telegram.more.get(number)); no);
    }
    drop(format!("{view:?}"));
    let Ok(telegram) = decoded else { return };
    assert_eq!((view.rows().len(), view.more().len()), (telegram.rows.len(), telegram.more.len()));
    let mut copy = bytes.to_vec();
    let mut view = VaryingViewMut::new(&mut copy).expect("the same bytes");
    patched!(view, telegram; set_kind kind set_last last);
    for (number, row) in telegram.rows.iter().enumerate() {
        patched!(view.rows_mut(number).expect("a row"), row; set_mark mark);
    }
    for (number, entry) in telegram.more.iter().enumerate() {
        patched!(view.more_mut(number).expect("an entry"), entry; set_no no);
    }
    assert_eq!(copy, bytes);
}

/// Checks that bytes that decode have a view, and returns the view.
fn made<V, T>(view: Result<V, Error>, decoded: &Result<T, Error>) -> Option<V> {
    match (view, decoded) {
        (Ok(view), _) => Some(view),
        (Err(_), Err(_)) => None,
        (Err(error), Ok(_)) => panic!("it decodes and has no view: {error}"),
    }
}
