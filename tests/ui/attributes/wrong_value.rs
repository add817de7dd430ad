use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(name = Transfer, when("code"), debug = true)]
struct Transfer {
    #[field(len = "13", secret = true, label = 출금금액)]
    amount: u64,
    #[field(len = 5, pad = "0", justify = "rihgt")]
    name: Text<5>,
    #[field(len = 5, pad = '가', overflow = "clip")]
    memo: Text<5>,
}

fn main() {}
