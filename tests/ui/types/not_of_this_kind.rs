use fep_codec::{Telegram, Text};

struct Amount(u64);

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, number)]
    amount: Amount,
    #[field(len = 13, number)]
    fee: Text<13>,
}

fn main() {}
