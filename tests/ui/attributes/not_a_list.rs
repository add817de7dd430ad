use fep_codec::Telegram;

#[derive(Telegram)]
#[telegram = "Transfer"]
struct Transfer {
    #[field]
    amount: u64,
    #[field(13)]
    fee: u64,
    #[field(len =)]
    tax: u64,
    #[field(len = 1 secret)]
    rest: u64,
}

fn main() {}
