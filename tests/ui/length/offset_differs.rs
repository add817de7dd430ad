use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, at = 0)]
    amount: u64,
    #[field(at = 12)]
    name: Text<20>,
}

fn main() {}
