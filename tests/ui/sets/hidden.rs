use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(when("kind" = "01"))]
struct Transfer {
    kind: Text<2>,
    business: Text<3>,
}

#[derive(Telegram)]
#[telegram(when("kind" = "01"))]
struct Same {
    kind: Text<2>,
}

#[derive(Telegram)]
#[telegram(when("business" = "100", "kind" = "01"))]
struct Narrower {
    kind: Text<2>,
    business: Text<3>,
}

#[derive(Telegram)]
#[telegram(when("kind" = "02"))]
struct Other {
    kind: Text<2>,
}

#[derive(Telegram)]
enum Bank {
    Transfer(Transfer),
    Same(Same),
    Narrower(Narrower),
    Other(Other),
}

fn main() {}
