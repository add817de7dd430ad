//! A view's methods are named after the fields.

use fep_codec::Telegram;

#[derive(Telegram)]
#[telegram(view)]
struct Clash {
    #[field(len = 3)]
    new: u16,
    #[field(len = 3)]
    amount: u16,
    #[field(len = 3)]
    amount_bytes: u16,
    #[field(filler, len = 3)]
    decode: (),
}

#[derive(Telegram)]
#[telegram(view = "OtherView")]
struct Quoted {
    #[field(len = 3)]
    amount: u16,
}

fn main() {}
