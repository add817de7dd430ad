use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(charset = "euckr8")]
struct Transfer {
    #[field(charset = "ansi")]
    by_code_page: Text<20>,
    #[field(charset = "ebcdic")]
    name: Text<20>,
}

fn main() {}
