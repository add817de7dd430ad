use fep_codec::Telegram;

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct NoMax {
    #[field(len = 2, computed = count(items))]
    item_count: (),
    #[field(group, count = item_count)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct NoneAtAll {
    #[field(len = 2, computed = count(items))]
    item_count: (),
    #[field(group, count = item_count, max = 0)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct TooMany {
    #[field(len = 2, computed = count(items))]
    item_count: (),
    #[field(group, count = item_count, max = 100)]
    items: Vec<Entry>,
}

fn main() {}
