use fep_codec::{Date, DateTime, Telegram, Time};

#[derive(Telegram)]
struct Blanks {
    #[field(pattern = "HHMM", encoding = "bcd", none = "spaces")]
    from: Option<Time>,
    #[field(len = 3, encoding = "bcd", none("nines", "spaces"))]
    until: Option<Time>,
    #[field(pattern = "CYYDDD", encoding = "bcd", none = "ebcdic-spaces")]
    on: Option<Date>,
    #[field(pattern = "YYYYDDDHHMMSSmmm", encoding = "bcd", none = "spaces")]
    at: Option<DateTime>,
    #[field(len = 2, encoding = "bcd", none = "spaces")]
    fee: Option<u16>,
    #[field(len = 4, encoding = "binary", none = "ebcdic-spaces")]
    amount: Option<u32>,
    #[field(len = 4, encoding = "binary-little", digits_max = 9, none = "ebcdic-spaces")]
    fine: Option<u32>,
    #[field(len = 4, encoding = "packed", none = "spaces")]
    packed: Option<u32>,
    #[field(pattern = "YYMMDD", encoding = "bcd", none = "spaces")]
    date: Option<Date>,
}

fn main() {}
