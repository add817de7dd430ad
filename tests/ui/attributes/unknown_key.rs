use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(length = 13, lable = "금액", wobble)]
    amount: u64,
}

fn main() {}
