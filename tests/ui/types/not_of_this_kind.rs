use fep_codec::Telegram;

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, number)]
    amount: String,
    #[field(len = 4, digits)]
    code: u16,
    #[field(len = 8, date, none = "zeros")]
    date: Option<u32>,
    #[field(len = 1, code)]
    kind: u8,
    #[field(len = 1, text)]
    flag: bool,
    #[field(len = 3, flag)]
    mac: [u8; 3],
    #[field(len = 3, bytes)]
    raw: u32,
}

fn main() {}
