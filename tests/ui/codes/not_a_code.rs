use fep_codec::Telegram;

enum NotACode {}

#[derive(Telegram)]
struct Transfer {
    #[field(code, len = 3)]
    kind: NotACode,
}

fn main() {}
