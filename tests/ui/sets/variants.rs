use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(when("kind" = "01"))]
struct Transfer {
    kind: Text<2>,
}

#[derive(Telegram)]
#[telegram(len = 2)]
enum Bank {
    Transfer(Transfer),
    Again(Transfer),
    Nothing,
    Two(Transfer, Transfer),
    Named { transfer: Transfer },
}

#[derive(Telegram)]
enum Generic<'a, T> {
    Text(&'a T),
}

#[derive(Telegram)]
enum Empty {}

fn main() {}
