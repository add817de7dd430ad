use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct RestAndCount {
    #[field(len = 2, computed = count(items))]
    item_count: (),
    #[field(group, rest, count = item_count, max = 3)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct PadOfNothing {
    #[field(group, rest, pad = '0')]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct Array {
    #[field(group, padded)]
    items: [Entry; 3],
}

#[derive(Telegram)]
struct NotSaid {
    #[field(len = 2, computed = count(items))]
    item_count: (),
    #[field(group, padded, max = 3)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct Pages {
    total: Text<3>,
    #[field(group, rest, max = 3, page(total = total, start = begin))]
    items: Vec<Entry>,
    #[field(group, page(start = total))]
    others: [Entry; 2],
}

fn main() {}
