use fep_codec::Telegram;

enum Status {
    Paid,
}

#[derive(Telegram)]
struct NoLength {
    #[field(group)]
    rates: [u32; 3],
}

#[derive(Telegram)]
struct TwoEntries {
    #[field(group, part, len = 5)]
    rates: [u32; 3],
}

#[derive(Telegram)]
struct OtherKind {
    #[field(group, len = 5, yes = 'Y')]
    rates: [u32; 3],
}

#[derive(Telegram)]
struct NoKind {
    #[field(group, len = 2)]
    states: [Status; 3],
}

#[derive(Telegram)]
struct Nested {
    #[field(group, len = 2)]
    rates: [[u16; 2]; 3],
}

#[derive(Telegram)]
struct Tail {
    #[field(group, rest, max = 3, tail)]
    texts: Vec<String>,
}

#[derive(Telegram)]
struct Narrow {
    #[field(group, len = 5)]
    rates: [u16; 3],
}

#[derive(Telegram)]
#[telegram(when("kinds" = "01"))]
struct Condition {
    #[field(group, len = 2, digits)]
    kinds: [String; 3],
}

#[derive(Telegram)]
struct Sums {
    #[field(len = 5, computed = sum(texts))]
    of_texts: (),
    #[field(len = 5, computed = sum(rates.amount))]
    of_parts: (),
    #[field(group, len = 5)]
    texts: [String; 2],
    #[field(group, len = 4)]
    rates: [u16; 2],
}

fn main() {}
