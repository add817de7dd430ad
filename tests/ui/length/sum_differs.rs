use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(len = 300)]
struct Transfer {
    #[field(len = 13)]
    amount: u64,
    name: Text<20>,
    #[field(filler, len = 266)]
    reserved: (),
}

fn main() {}
