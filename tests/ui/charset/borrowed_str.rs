use fep_codec::Telegram;

#[derive(Telegram)]
#[telegram(charset = "euc-kr")]
struct Transfer<'a> {
    #[field(len = 20)]
    name: &'a str,
    #[field(len = 20, charset = "ascii")]
    fine: &'a str,
}

fn main() {}
