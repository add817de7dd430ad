use fep_codec::Telegram;

struct Header;

#[derive(Telegram)]
struct Transfer {
    header: Header,
    #[field(len = 13)]
    amount: u64,
}

fn main() {}
