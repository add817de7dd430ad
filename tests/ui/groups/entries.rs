use fep_codec::Telegram;

#[derive(Telegram)]
struct Long {
    #[field(len = 1, computed = count(items))]
    count: (),
    #[field(group, count = count, max = 3)]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct Nothing {}

#[derive(Telegram)]
struct Varying {
    #[field(group, padded, max = 3)]
    items: Vec<Long>,
}

#[derive(Telegram)]
struct Endless {
    #[field(group, rest, max = 3)]
    items: Vec<Nothing>,
}

fn main() {}
