use fep_codec::{Choice, Telegram, Text};

struct Plain;

#[derive(Telegram)]
struct Body {
    #[field(len = 3)]
    no: u16,
}

#[derive(Choice)]
enum Bodies {
    #[choice("3")]
    Plain(Plain),
}

#[derive(Telegram)]
struct NoChoice {
    code: Text<1>,
    #[field(choice = "code")]
    body: Body,
}

fn main() {}
