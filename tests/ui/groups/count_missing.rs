use fep_codec::Telegram;

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct NoCount {
    #[field(group, max = 10)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct NoField {
    #[field(group, count = item_count, max = 10)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct NotComputed {
    #[field(len = 2)]
    item_count: u8,
    #[field(group, count = item_count, max = 10)]
    items: Vec<Entry>,
}

fn main() {}
