use fep_codec::{Date, DateTime, MonthDay, Telegram, Time};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 9)]
    date: Date,
    #[field(len = 5)]
    time: Time,
    #[field(len = 10)]
    both: DateTime,
    #[field(len = 8)]
    day: MonthDay,
    #[field(len = 4)]
    no_year: Date,
    later: Date,
}

fn main() {}
