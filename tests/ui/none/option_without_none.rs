use fep_codec::{Date, Telegram, Text};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13)]
    amount: Option<u64>,
    #[field(len = 8)]
    date: Option<Date>,
    #[field(len = 20)]
    name: Option<Text<20>>,
    #[field(len = 1)]
    flag: Option<bool>,
}

fn main() {}
