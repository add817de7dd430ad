use fep_codec::Telegram;

struct Amount(u64);

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13)]
    amount: Amount,
    #[field(len = 1)]
    initial: f64,
    #[field(len = 2)]
    pair: (u8, u8),
    nothing: (),
}

fn main() {}
