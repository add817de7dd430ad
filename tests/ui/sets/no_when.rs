use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(when("kind" = "01"))]
struct Transfer {
    kind: Text<2>,
}

#[derive(Telegram)]
struct Inquiry {
    kind: Text<2>,
}

#[derive(Telegram)]
enum Bank {
    Transfer(Transfer),
    Inquiry(Inquiry),
}

fn main() {}
