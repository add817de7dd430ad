use fep_codec::{Digits, Telegram};

#[derive(Telegram)]
struct Points {
    #[field(len = 5, point)]
    no_scale: u32,
    #[field(len = 3, scale = 3, point)]
    no_room: u32,
    #[field(len = 4, encoding = "packed", scale = 2, point)]
    packed: u32,
    #[field(len = 6, scale = 2, point = '5')]
    digit: u32,
    #[field(len = 6, scale = -2, point)]
    thousands: u32,
}

#[derive(Telegram)]
struct Padding {
    #[field(len = 4, justify = "left")]
    left: u32,
    #[field(len = 4, pad = '9')]
    digit: u32,
    #[field(len = 4, pad = ' ', sign(leading, plus = ' ', minus = '-'))]
    sign: i32,
    #[field(len = 4, encoding = "binary", pad = ' ')]
    binary: u32,
    #[field(len = 9, pad = ' ', sign = "overpunch")]
    overpunch: i64,
    #[field(pad = '0', justify = "right")]
    digits: Digits<9>,
    #[field(pad = b'\xF0', encoding = "ebcdic")]
    host_digits: Digits<9>,
}

#[derive(Telegram)]
struct Scales {
    #[field(len = 4, scale = -39)]
    least: u32,
    #[field(len = 4, scale = 3.5)]
    decimals: u32,
    #[field(len = 4, scale = "2")]
    text: u32,
    #[field(len = 6, scale = -6)]
    wide: u32,
    #[field(len = 30, scale = -9)]
    too_wide: u128,
}

fn main() {}
