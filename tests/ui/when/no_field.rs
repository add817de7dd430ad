use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct Header {
    code: Text<4>,
    #[field(len = 4)]
    amount: u16,
}

#[derive(Telegram)]
struct Entry {
    name: Text<4>,
}

#[derive(Telegram)]
#[telegram(when("header.code" = "0100", "header.kind" = "01", "header.amount" = "1", "header.code.x" = "1", "behind" = "1"))]
struct Transfer {
    header: Header,
    #[field(len = 2, computed = count(items))]
    count: (),
    #[field(group, count = count, max = 3)]
    items: Vec<Entry>,
    behind: Text<1>,
}

fn main() {}
