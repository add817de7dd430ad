use fep_codec::{Date, Telegram, Time};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 5, none("spaces", "spaces"))]
    twice: Option<u32>,
    #[field(len = 5, none())]
    empty: Option<u32>,
    #[field(len = 5, none("spaces", "blank"))]
    misspelt: Option<u32>,
    #[field(len = 6, none("spaces", "zeros"))]
    midnight: Option<Time>,
    #[field(len = 2, encoding = "binary", none("zeros", "nines"))]
    binary: Option<u16>,
    #[field(len = 8, none("zeros", "spaces"))]
    no_option: Date,
}

fn main() {}
