use fep_codec::Telegram;

#[derive(Telegram)]
struct Twice {
    #[field(len = 1, order = 1)]
    a: u8,
    #[field(len = 1, order = 1)]
    b: u8,
}

#[derive(Telegram)]
struct Gap {
    #[field(len = 1, order = 1)]
    a: u8,
    #[field(len = 1, order = 3)]
    b: u8,
}

#[derive(Telegram)]
struct Some {
    #[field(len = 1, order = 1)]
    a: u8,
    #[field(len = 1)]
    b: u8,
}

fn main() {}
