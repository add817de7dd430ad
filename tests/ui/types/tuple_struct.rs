use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer(u64, u64);

fn main() {}
