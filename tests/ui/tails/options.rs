use fep_codec::Telegram;

#[derive(Telegram)]
struct Tails {
    #[field(tail, len = 9)]
    no_max: String,
}

#[derive(Telegram)]
struct Padded {
    #[field(tail, max = 9, pad = '0')]
    padded: String,
}

#[derive(Telegram)]
struct Number {
    #[field(tail, max = 9)]
    number: u32,
}

#[derive(Telegram)]
struct Array {
    #[field(tail, max = 9)]
    array: [u8; 4],
}

fn main() {}
