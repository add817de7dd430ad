use fep_codec::{Digits, Telegram, Text};

#[derive(Telegram)]
struct Header {
    #[field(full)]
    code: Digits<4>,
    #[field(len = 2, computed = count(super::items))]
    item_count: (),
    #[field(len = 1, computed = sign(super::balance, '+', '-'))]
    balance_sign: (),
}

#[derive(Telegram)]
struct Entry {
    no: Text<2>,
}

#[derive(Telegram)]
struct Rest {
    #[field(tail, max = 9)]
    memo: String,
}

/// `code` stands twice at one level.
#[derive(Telegram)]
struct Clash {
    #[field(flatten)]
    header: Header,
    code: Text<2>,
}

/// No field says how long the memo is, and what follows it varies, too.
#[derive(Telegram)]
struct Endless {
    #[field(flatten)]
    rest: Rest,
    #[field(tail, max = 9)]
    more: String,
}

/// The number of the sign stands beside the part, and not beside the sign.
#[derive(Telegram)]
struct Apart {
    header: Header,
    #[field(len = 5)]
    balance: u32,
    #[field(group, count = header.item_count, max = 3)]
    items: Vec<Entry>,
}

/// The group does not name its count.
#[derive(Telegram)]
struct Uncounted {
    #[field(flatten)]
    header: Header,
    #[field(len = 5, sign = "elsewhere")]
    balance: i32,
    #[field(group, rest, max = 3)]
    items: Vec<Entry>,
}

/// The header has no such fields.
#[derive(Telegram)]
#[telegram(when("cod" = "0100"))]
struct Missing {
    #[field(flatten)]
    header: Header,
    #[field(len = 5, sign = "elsewhere")]
    amount: i32,
    #[field(group, count = items_count, max = 3)]
    items: Vec<Entry>,
    #[field(len = 2, computed = length(entries))]
    entries_len: (),
}

fn main() {}
