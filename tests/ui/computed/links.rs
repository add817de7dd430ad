use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct Entry {
    #[field(len = 3)]
    no: u16,
    #[field(len = 3, scale = 2)]
    amount: u16,
}

#[derive(Telegram)]
struct Lengths {
    #[field(len = 2, computed = length(fixed))]
    fixed_len: (),
    fixed: Text<3>,
    #[field(tail, max = 9)]
    text: String,
    #[field(len = 2, computed = length(text))]
    text_len: (),
    #[field(len = 2, computed = length(nothing))]
    nothing_len: (),
}

#[derive(Telegram)]
struct Signs {
    #[field(len = 1, computed = sign(balance, '+', '-'))]
    balance_sign: (),
    #[field(len = 5, sign = "leading-minus")]
    balance: i32,
    #[field(len = 1, computed = sign(name, '+', '-'))]
    name_sign: (),
    name: Text<3>,
    #[field(len = 2, computed = sign(rate, '+', '+'))]
    rate_sign: (),
    #[field(len = 1)]
    rate: i8,
}

#[derive(Telegram)]
struct Sums {
    #[field(len = 5, computed = sum(entries.no))]
    no: (),
    #[field(len = 5, computed = sum(name.no))]
    name_no: (),
    name: Text<3>,
    #[field(group)]
    entries: [Entry; 2],
}

#[derive(Telegram)]
struct Scale {
    #[field(len = 5, computed = sum(entries.amount))]
    total: (),
    #[field(group)]
    entries: [Entry; 2],
}

#[derive(Telegram)]
struct Checks {
    #[field(len = 1, computed = xor(end))]
    bcc: (),
    end: Text<3>,
    #[field(len = 65, computed = xor)]
    long: (),
}

fn main() {}
