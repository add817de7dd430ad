use fep_codec::{Date, Telegram, Text};

#[derive(Telegram)]
struct Transfer<'a> {
    #[field(len = 4, encoding = "packed", sign = "leading-minus")]
    packed: i64,
    #[field(len = 4, encoding = "bcd", sign = "signed")]
    bcd: i64,
    #[field(len = 4, sign = "signed")]
    ascii: i64,
    #[field(len = 4, encoding = "ebcdic", sign(trailing, overpunch = "strict-ascii"))]
    zoned: i64,
    #[field(len = 17, encoding = "binary")]
    wide: u128,
    #[field(len = 2, encoding = "binary", none = "nines")]
    nines: Option<u16>,
    #[field(len = 2, encoding = "packed", digits_max = 4)]
    narrow: u16,
    #[field(len = 2, digits_max = 1)]
    plain: u16,
    #[field(len = 2, encoding = "comp-3")]
    unknown: u16,
    #[field(len = 4, encoding = "binary")]
    date: Date,
    #[field(len = 8, encoding = "packed")]
    long_date: Date,
    #[field(digits, len = 4, encoding = "bcd")]
    digits: String,
    #[field(digits, len = 4, encoding = "ebcdic")]
    borrowed: &'a str,
    #[field(encoding = "ebcdic")]
    text: Text<4>,
}

#[derive(Telegram)]
struct List {
    #[field(len = 1, encoding = "binary", computed = count(items))]
    item_count: (),
    #[field(group, count = item_count, max = 256)]
    items: Vec<Item>,
}

#[derive(Telegram)]
struct Item {
    #[field(len = 1)]
    one: u8,
}

fn main() {}
