use fep_codec::{Date, Digits, Telegram, Text};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, overflow = "cut", pad = '0')]
    amount: u64,
    #[field(full)]
    name: Text<5>,
    #[field(scale = 2)]
    account: Digits<16>,
    #[field(len = 8, charset = "euc-kr", pivot = 50)]
    date: Date,
    #[field(yes = 'O', codes("1" = "one"))]
    code: Text<1>,
}

fn main() {}
