use fep_codec::{Choice, Telegram, Text};

/// A mistake in a body is said there; its enum, and who uses that, are quiet.
#[derive(Telegram)]
struct Body {
    #[field(len = 3, decimals = 2)]
    no: u16,
}

#[derive(Choice)]
enum Bodies {
    #[choice("1")]
    Body(Body),
}

#[derive(Telegram)]
struct Request {
    code: Text<1>,
    #[field(choice = "code")]
    body: Bodies,
}

#[derive(Telegram)]
struct Other {
    code: Text<1>,
    #[field(choice = "code")]
    body: Text<3>,
}

fn main() {}
