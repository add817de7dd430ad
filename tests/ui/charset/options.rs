use fep_codec::{Telegram, Text};

#[derive(Telegram)]
#[telegram(charset = "cp949")]
struct Transfer {
    #[field(width = "full", pad = ' ')]
    padded: Text<20>,
    #[field(len = 21, width = "full")]
    odd: Text<21>,
    #[field(width = "full", charset = "utf-8")]
    wide: Text<20>,
    #[field(open_shift)]
    shift: Text<20>,
    #[field(newline = "15")]
    line: Text<20>,
    #[field(len = 7, charset = "ibm834")]
    pairs: Text<7>,
    #[field(charset = "IBM-949")]
    other: Text<20>,
    #[field(len = 4, width = "full", half = "drop", compat)]
    fine: Text<4>,
}

fn main() {}
