use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(len = 4, computed = length(rest))]
    length: u32,
    #[field(literal = "H")]
    kind: char,
    #[field(filler, len = 89)]
    reserved: [u8; 89],
    #[field(number, len = 3)]
    no: (),
}

fn main() {}
