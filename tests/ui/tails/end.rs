use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct TwoTails {
    #[field(tail, max = 9)]
    first: String,
    #[field(tail, max = 9)]
    second: String,
}

#[derive(Telegram)]
struct Entry {
    #[field(tail, max = 9)]
    text: String,
}

#[derive(Telegram)]
struct TailInEntry {
    #[field(group, rest, max = 9)]
    entries: Vec<Entry>,
}

#[derive(Telegram)]
struct Offset {
    #[field(tail, max = 9)]
    text: String,
    #[field(at = 9)]
    end: Text<1>,
}

#[derive(Telegram)]
#[telegram(len = 10)]
struct Length {
    #[field(tail, max = 10)]
    text: String,
}

fn main() {}
