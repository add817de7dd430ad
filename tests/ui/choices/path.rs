use fep_codec::{Choice, Telegram, Text};

#[derive(Telegram)]
struct Body {
    #[field(len = 3)]
    no: u16,
}

#[derive(Telegram)]
struct Long {
    #[field(tail, max = 9)]
    text: String,
}

#[derive(Choice)]
enum Bodies {
    #[choice("1")]
    Body(Body),
    #[choice("2")]
    Long(Long),
}

#[derive(Telegram)]
struct NoField {
    #[field(choice = "header.code")]
    body: Bodies,
}

#[derive(Telegram)]
struct Number {
    #[field(len = 2)]
    code: u8,
    #[field(choice = "code")]
    body: Bodies,
}

#[derive(Telegram)]
struct Behind {
    #[field(choice = "code")]
    body: Bodies,
    code: Text<1>,
}

#[derive(Telegram)]
struct NoChoice {
    code: Text<1>,
    #[field(choice = "code", len = 3)]
    body: Vec<Body>,
}

fn main() {}
