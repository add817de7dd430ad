use fep_codec::Telegram;

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct NoGroup {
    #[field(len = 2, computed = count(items))]
    item_count: (),
}

#[derive(Telegram)]
struct NotAGroup {
    #[field(len = 2, computed = count(items))]
    item_count: (),
    #[field(len = 2)]
    items: u8,
}

#[derive(Telegram)]
struct Array {
    #[field(len = 2, computed = count(items))]
    item_count: (),
    #[field(group)]
    items: [Entry; 3],
}

#[derive(Telegram)]
struct What {
    #[field(len = 2, computed = sum(items))]
    item_count: (),
    #[field(len = 2, computed = length(body))]
    length: (),
}

fn main() {}
