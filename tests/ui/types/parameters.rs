use fep_codec::{Decode, Telegram, Text};

#[derive(Telegram)]
#[telegram(len = 12)]
struct Envelope<T> {
    #[field(len = 4)]
    code: Text<4>,
    body: T,
}

#[derive(Telegram)]
struct Body {
    #[field(len = 9)]
    amount: u64,
}

fn main() {
    let _ = Envelope::<Body>::decode(b"");
    let _ = Envelope::<u64>::decode(b"");
}
