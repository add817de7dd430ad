use fep_codec::{Telegram};

#[derive(Telegram)]
#[telegram(len = 0)]
struct Transfer {
    #[field(len = 0)]
    amount: u64,
}

fn main() {}
