use fep_codec::Telegram;

#[derive(Telegram)]
struct Grammar {
    #[field(len = 1, computed = length)]
    length: (),
    #[field(len = 1, computed = sum(items))]
    sum: (),
    #[field(len = 1, computed = sign(balance, '+'))]
    sign: (),
    #[field(len = 1, computed = check("xor"))]
    check: (),
    #[field(len = 1, computed = crc(items))]
    crc: (),
    #[field(len = 2, computed = sequence, scale = 2)]
    sequence: (),
}

fn main() {}
