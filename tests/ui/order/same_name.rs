use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13)]
    amount: u64,
    #[field(len = 13, name = "amount")]
    fee: u64,
    #[field(len = 13, name = "header.amount")]
    tax: u64,
}

fn main() {}
