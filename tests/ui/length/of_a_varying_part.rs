use fep_codec::Telegram;

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct List {
    #[field(len = 2, computed = count(items))]
    count: (),
    #[field(group, count = count, max = 10)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
#[telegram(len = 100)]
struct Outer {
    list: List,
    #[field(len = 3, at = 97)]
    total: u16,
}

fn main() {}
