use fep_codec::{Digits, Telegram};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13)]
    account: Digits<16>,
    #[field(len = 2)]
    raw: [u8; 3],
}

fn main() {}
