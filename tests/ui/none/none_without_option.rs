use fep_codec::{Date, Telegram, Text, Time};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 13, none = "spaces")]
    amount: u64,
    #[field(len = 6, none = "zeros")]
    time: Option<Time>,
    #[field(len = 8, none = "blank")]
    date: Option<Date>,
    #[field(none = "spaces")]
    name: Text<20>,
}

fn main() {}
