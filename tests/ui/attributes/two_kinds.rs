use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, digits, text)]
    amount: String,
    #[field(filler, literal = "H")]
    kind: (),
}

fn main() {}
