use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(charset = "ks_c_5601-1987")]
struct Transfer {
    name: Text<20>,
}

fn main() {}
