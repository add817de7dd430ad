use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(len = 4, computed = length(rest))]
    a: (),
    #[field(len = 4, computed = length(rest))]
    b: (),
    #[field(len = 4, computed = length(rest))]
    c: (),
    #[field(len = 4, computed = length(rest))]
    d: (),
    #[field(len = 4, computed = length(all))]
    e: (),
}

fn main() {}
