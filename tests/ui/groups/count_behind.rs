use fep_codec::Telegram;

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct Behind {
    #[field(group, padded, count = item_count, max = 10)]
    items: Vec<Entry>,
    #[field(len = 2, computed = count(items))]
    item_count: (),
}

fn main() {}
