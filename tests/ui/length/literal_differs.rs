use fep_codec::Telegram;

#[derive(Telegram)]
struct Record {
    #[field(literal = "H", len = 2)]
    kind: (),
    #[field(literal = "한", len = 2)]
    korean: (),
    #[field(literal = "")]
    nothing: (),
    #[field(literal = 5)]
    number: (),
}

fn main() {}
