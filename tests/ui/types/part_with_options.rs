use fep_codec::Telegram;

#[derive(Telegram)]
struct Header {
    #[field(len = 4)]
    code: u16,
}

#[derive(Telegram)]
struct Transfer {
    #[field(label = "공통부", secret)]
    header: Header,
    #[field(part, len = 4)]
    trailer: Header,
    #[field(part)]
    amount: u64,
}

fn main() {}
