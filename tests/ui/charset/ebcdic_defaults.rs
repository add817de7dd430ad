use fep_codec::{Digits, Telegram, Text};

#[derive(Telegram)]
#[telegram(charset = "ibm933")]
struct Host<'a> {
    #[field(len = 4, digits)]
    borrowed: &'a str,
    #[field(len = 5, sign(leading, plus = '+', minus = '!'))]
    minus: i32,
    #[field(pad = '#')]
    padded: Digits<6>,
    #[field(literal = "가")]
    mark: (),
    #[field(len = 4, sign(trailing, overpunch = "strict-ascii"))]
    zoned: i32,
    #[field(len = 4, encoding = "ascii", sign(trailing, overpunch = "strict-ascii"))]
    fine: i32,
    name: Text<8>,
}

fn main() {}
