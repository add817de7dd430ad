use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, scale = 39)]
    amount: u64,
    #[field(len = 13, sign = "trailing-minus")]
    fee: i64,
    #[field(len = 13, sign(plus = '+', minus = '-'))]
    tax: i64,
    #[field(len = 13, sign(leading, plus = '-'))]
    rest: i64,
    #[field(len = 1, sign(trailing))]
    digit: i8,
    #[field(len = 5, sign(leading, trailing, zero = '0'))]
    both: i8,
    #[field(len = 5, sign(overpunch = "ebcdic"))]
    which_digit: i8,
    #[field(len = 5, sign(leading, overpunch = "gnucobol"))]
    which_form: i8,
    #[field(len = 5, sign(leading, overpunch = "ebcdic", plus = '+'))]
    two_signs: i8,
}

fn main() {}
