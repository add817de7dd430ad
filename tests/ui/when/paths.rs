use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct Header {
    telegram_code: Text<4>,
}

#[derive(Telegram)]
#[telegram(when("header..code" = "0100", "haeder.code" = "0100", "header" = "0100", "kind.code" = "1"))]
struct Transfer {
    header: Header,
    kind: Text<2>,
}

#[derive(Telegram)]
#[telegram(when("kind" = "01", "kind" = "02", "amount" = "0", "long" = "123"))]
struct Other {
    kind: Text<2>,
    #[field(len = 13)]
    amount: u64,
    long: Text<2>,
}

#[derive(Telegram)]
#[telegram(when())]
struct Empty {
    kind: Text<2>,
}

fn main() {}
