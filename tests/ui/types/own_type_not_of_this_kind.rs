use fep_codec::Telegram;

struct Amount(u64);

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, number)]
    amount: Amount,
}

fn main() {}
