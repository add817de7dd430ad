use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[field(len = 2)]
struct Transfer {
    #[telegram(len = 2)]
    kind: Text<2>,
}

#[derive(Telegram)]
enum Bank {
    #[telegram(when("kind" = "01"))]
    Transfer(Transfer),
    #[field(len = 2)]
    Other(Text<2>),
}

fn main() {}
