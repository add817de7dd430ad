//! Codes come from the type, the length from the field.

use fep_codec::{Code, Telegram};

#[derive(Code)]
enum Kind {
    #[code("1")]
    Short,
    #[code("200")]
    Long,
}

#[derive(Telegram)]
#[telegram(len = 2)]
struct Transfer {
    #[field(code, len = 2)]
    kind: Kind,
}

fn main() {}
