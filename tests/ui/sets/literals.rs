use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct Head {
    #[field(literal = "H")]
    mark: (),
    name: Text<4>,
}

#[derive(Telegram)]
struct Twin {
    #[field(literal = "H")]
    mark: (),
    #[field(len = 4)]
    amount: u32,
}

#[derive(Telegram)]
#[telegram(when("name" = "X"))]
struct Special {
    #[field(literal = "H")]
    mark: (),
    name: Text<4>,
}

#[derive(Telegram)]
struct Unmarked {
    name: Text<5>,
}

#[derive(Telegram)]
enum Line {
    Head(Head),
    Twin(Twin),
    Special(Special),
    Unmarked(Unmarked),
}

fn main() {}
