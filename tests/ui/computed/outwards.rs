use fep_codec::Telegram;

#[derive(Telegram)]
struct Header {
    #[field(len = 3, computed = length(super::super::body))]
    two_up: (),
    #[field(len = 3, computed = length(body))]
    inside: (),
    #[field(len = 2, computed = count(super::))]
    nothing: (),
    #[field(len = 2, computed = sum(super::items))]
    no_number: (),
    #[field(len = 1, computed = sign(header.balance, '+', '-'))]
    sign: (),
    #[field(len = 2, computed = count(super::items))]
    item_count: (),
}

#[derive(Telegram)]
struct Item {
    #[field(len = 4)]
    amount: u16,
}

#[derive(Telegram)]
struct Order {
    header: Counted,
    #[field(group, count = header.items_count, max = 9)]
    items: Vec<Item>,
}

#[derive(Telegram)]
struct Counted {
    #[field(len = 2, computed = count(super::items))]
    item_count: (),
}

#[derive(Telegram)]
struct Plain {
    #[field(len = 2)]
    item_count: u8,
}

#[derive(Telegram)]
struct Uncounted {
    header: Plain,
    #[field(group, count = header.item_count, max = 9)]
    items: Vec<Item>,
}

fn main() {}
