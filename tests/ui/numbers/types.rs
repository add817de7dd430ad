use fep_codec::Telegram;

#[derive(Telegram)]
struct TooSmall {
    #[field(len = 13)]
    amount: u32,
    #[field(len = 13, scale = 2)]
    decimals: u32,
    #[field(len = 5, none = "spaces")]
    optional: Option<u16>,
    #[field(len = 5, encoding = "packed")]
    packed: u16,
    #[field(len = 4, encoding = "binary")]
    binary: u16,
    #[field(len = 4, encoding = "binary", digits_max = 5)]
    few: u16,
    #[field(len = 20, sign = "leading-minus")]
    minus: i64,
    #[field(len = 4, encoding = "binary", sign = "signed")]
    signed: i16,
}

#[derive(Telegram)]
struct Signs {
    #[field(len = 13)]
    digits: i64,
    #[field(len = 5, none = "zeros")]
    optional: Option<i32>,
    #[field(len = 5, encoding = "packed")]
    packed: i64,
    #[field(len = 4, encoding = "binary")]
    binary: i32,
    #[field(len = 4, encoding = "bcd")]
    bcd: i32,
    #[field(len = 6, sign = "leading-minus")]
    lost: u32,
    #[field(len = 1, computed = sign(balance, '+', '-'))]
    balance_sign: (),
    #[field(len = 9)]
    balance: u32,
}

#[derive(Telegram)]
struct Meant {
    #[field(len = 13, narrow)]
    fine: u32,
    #[field(len = 9, narrow)]
    needless: u32,
    #[field(len = 9, narrow)]
    text: String,
    #[field(filler, len = 9, narrow)]
    filler: (),
}

#[derive(Telegram)]
struct OfNoField {
    #[field(len = 9)]
    price: f64,
    #[field(len = 9, scale = 2)]
    rate: f32,
    #[field(number, len = 9)]
    stated: Option<f64>,
    #[field(len = 4)]
    count: usize,
    offset: isize,
    #[field(text, len = 4)]
    text: f64,
}

fn main() {}
