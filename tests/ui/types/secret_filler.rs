use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(filler, len = 89, secret, name = "reserved", label = "예비")]
    reserved: (),
    #[field(literal = "H", secret)]
    kind: (),
}

fn main() {}
