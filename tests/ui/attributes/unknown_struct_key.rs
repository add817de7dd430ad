use fep_codec::Telegram;

#[derive(Telegram)]
#[telegram(length = 13, chraset = "euc-kr")]
struct Transfer {
    #[field(len = 13)]
    amount: u64,
}

fn main() {}
