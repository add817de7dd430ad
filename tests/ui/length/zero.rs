use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(len = 0)]
struct Transfer {
    #[field(len = 0)]
    amount: u64,
    name: Text<0>,
}

fn main() {}
