use fep_codec::{Digits, Telegram, Text};

type Account = Digits<16>;

const NAME_LEN: usize = 20;

#[derive(Telegram)]
struct Transfer {
    #[field(len = 14, digits)]
    other: Account,
    #[field(len = 10)]
    name: Text<NAME_LEN>,
}

fn main() {}
