use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    amount: u64,
    #[field(label = "성명")]
    name: String,
    #[field(filler)]
    reserved: (),
    #[field(computed = length(rest))]
    length: (),
}

fn main() {}
