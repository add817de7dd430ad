use fep_codec::Telegram;

#[derive(Telegram)]
union Transfer {
    amount: u64,
    fee: u64,
}

fn main() {}
