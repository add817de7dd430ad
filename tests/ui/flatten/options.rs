use fep_codec::{Digits, Telegram, Text};

#[derive(Telegram)]
struct Header {
    #[field(full)]
    code: Digits<4>,
    #[field(len = 2)]
    item_count: u8,
}

#[derive(Telegram)]
struct Named {
    #[field(flatten, name = "head", label = "공통부", len = 6)]
    header: Header,
    #[field(flatten)]
    list: Vec<Header>,
    #[field(flatten, part)]
    twice: Header,
}

#[derive(Telegram)]
struct Generic<Head> {
    #[field(flatten)]
    header: Head,
}

#[derive(Telegram)]
struct Entry {
    no: Text<2>,
}

#[derive(Telegram)]
struct Reaching {
    #[field(flatten)]
    header: Header,
    #[field(len = 1, computed = sign(amount, '+', '-'))]
    amount_sign: (),
    #[field(len = 2, computed = count(rows))]
    row_count: (),
    #[field(len = 2)]
    start_no: u8,
    #[field(group, rest, max = 3, page(total = item_count, start = start_no))]
    items: Vec<Entry>,
}

#[derive(Telegram)]
struct Unsigned {
    #[field(len = 5, sign = "elsewhere")]
    balance: i32,
}

fn main() {}
