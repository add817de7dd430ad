use fep_codec::{Date, MonthDay, Telegram, Time};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 8, pattern = "YYMMDD")]
    date: Date,
    #[field(pattern = "HHMM")]
    wrong_kind: Date,
    #[field(pattern = "HHMISS")]
    unknown: Time,
    #[field(pattern = "YYMMDD")]
    day: MonthDay,
}

fn main() {}
