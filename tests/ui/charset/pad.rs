use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(charset = "euc-kr")]
struct Transfer {
    #[field(pad = 'X')]
    letter: Text<20>,
    #[field(pad = b'\xA1', charset = "utf-8")]
    high: Text<20>,
    #[field(pad = 'X', charset = "ascii")]
    fine: Text<20>,
}

fn main() {}
