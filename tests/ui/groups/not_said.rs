use fep_codec::Telegram;

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct List {
    items: Vec<Entry>,
    three: [Entry; 3],
    #[field(group, max = 3)]
    array: [Entry; 3],
    #[field(group, count = count, max = 3)]
    one: Entry,
}

fn main() {}
