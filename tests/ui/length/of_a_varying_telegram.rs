use fep_codec::Telegram;

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
#[telegram(len = 100)]
struct List {
    #[field(len = 2, computed = count(items))]
    count: (),
    #[field(group, count = count, max = 10)]
    items: Vec<Entry>,
    #[field(len = 3, at = 32)]
    total: u16,
}

fn main() {}
