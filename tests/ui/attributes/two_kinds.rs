use fep_codec::{Telegram};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, digits, number)]
    amount: u64,
    #[field(filler, literal = "H")]
    kind: (),
}

fn main() {}
