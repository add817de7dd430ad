use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, lable = "금액")]
    amount: u64,
    fee: u64,
}

fn use_it(transfer: &Transfer) {
    // Nothing is said here: the derive's mistakes are the only ones.
    let _ = transfer.encode_to_vec();
}

fn main() {}
