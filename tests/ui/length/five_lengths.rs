use fep_codec::Telegram;

#[derive(Telegram)]
struct Header {
    #[field(len = 4, computed = length(rest))]
    a: (),
    #[field(len = 4, computed = length(rest))]
    b: (),
}

#[derive(Telegram)]
struct Transfer {
    header: Header,
    #[field(len = 4, computed = length(rest))]
    c: (),
    #[field(len = 4, computed = length(rest))]
    d: (),
    #[field(len = 4, computed = length(all))]
    e: (),
}

#[derive(Telegram)]
struct List {
    #[field(group)]
    items: [Header; 3],
}

fn main() {}
