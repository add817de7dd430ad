use fep_codec::{Digits, Telegram, Text};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 5, sign(trailing), accepts("blanksign"))]
    misspelt: i32,
    #[field(len = 5, accepts("host-signs"))]
    ascii: u32,
    #[field(len = 5, accepts("leading-zeros"))]
    filled: u32,
    #[field(len = 5, pad = ' ', accepts("leading-blanks"))]
    padded: u32,
    #[field(len = 5, sign(trailing, plus = ' ', minus = '-'), accepts("blank-sign"))]
    own_plus: i32,
    #[field(len = 5, sign = "leading", accepts("plain-digits", "overpunched-plus"))]
    separate: i32,
    #[field(len = 5, accepts("minus-zero"))]
    unsigned: u32,
    #[field(len = 5, sign = "overpunch", accepts("plain-digits", "plain-digits"))]
    twice: i32,
    #[field(len = 5, sign = "overpunch", accepts())]
    empty: i32,
    #[field(full, accepts("host-signs"))]
    digits: Digits<5>,
    #[field(accepts("minus-zero"))]
    text: Text<5>,
    #[field(len = 1, computed = sign(balance, '+', '-'), accepts("plus-zero"))]
    sign: (),
    #[field(len = 5)]
    balance: i32,
}

fn main() {}
