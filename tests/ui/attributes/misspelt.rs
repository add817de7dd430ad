use fep_codec::{Choice, Code, Telegram};

#[derive(Telegram)]
#[telegram(lenght = 13, vew)]
struct Transfer {
    #[field(lenght = 13, offest = 0)]
    amount: u64,
    #[field(len = 4, computed = lenght(rest))]
    length: (),
    #[field(len = 4, computed = total)]
    total: (),
    #[field(len = 4, sign(leading, puls = '+'))]
    signed: i16,
    #[field(group, cuont = item_count, max = 3)]
    items: Vec<Transfer>,
}

#[derive(Code)]
enum Kind {
    #[code("1", lable = "입금")]
    Deposit,
    #[code(othr)]
    Other,
}

#[derive(Choice)]
enum Body {
    #[choice(othr)]
    Transfer(Transfer),
}

fn main() {}
