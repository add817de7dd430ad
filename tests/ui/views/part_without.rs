//! A part and an entry of a telegram with a view need one too.

use fep_codec::Telegram;

#[derive(Telegram)]
struct Header {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
#[telegram(view)]
struct Transfer {
    header: Header,
    #[field(group)]
    pair: [Header; 2],
}

fn main() {}
