use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(filler, len = 89, secret, label = "예비")]
    reserved: (),
    #[field(literal = "H", secret)]
    kind: (),
}

fn main() {}
