use fep_codec::Telegram;

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct Twice {
    #[field(len = 2, computed = count(items))]
    item_count: (),
    #[field(len = 3, computed = count(items))]
    again: (),
    #[field(group, count = item_count, max = 10)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct Crossed {
    #[field(len = 2, computed = count(a))]
    a_count: (),
    #[field(len = 2, computed = count(b))]
    b_count: (),
    #[field(group, count = b_count, max = 10)]
    a: Vec<Entry>,
    #[field(group, count = a_count, max = 10)]
    b: Vec<Entry>,
}

fn main() {}
