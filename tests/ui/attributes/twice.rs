use fep_codec::Telegram;

#[derive(Telegram)]
#[telegram(len = 13)]
#[telegram(len = 14)]
struct Transfer {
    #[field(len = 13, secret, len = 14)]
    amount: u64,
}

fn main() {}
