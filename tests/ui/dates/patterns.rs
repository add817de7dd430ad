use fep_codec::{Date, DateTime, MonthDay, Telegram, Time, YearMonth};

#[derive(Telegram)]
struct Words {
    #[field(pattern = "yyyymmdd")]
    java: Date,
    #[field(pattern = "YYYYMMD")]
    short: Date,
    #[field(pattern = "DDMMDD")]
    twice: Date,
    #[field(pattern = "YYYYDD")]
    no_month: Date,
    #[field(pattern = "YYYY")]
    year: Date,
    #[field(pattern = "HHMMSS")]
    time: Date,
    #[field(pattern = "DD/MM/YYYY", encoding = "packed")]
    packed: Date,
    #[field(pattern = "DD/MM/YYYY", len = 8)]
    other_len: Date,
    #[field(pattern = "CYYMMDD", pivot = 50)]
    pivot: Date,
    #[field(pattern = "HHMMSSmm")]
    fraction: Time,
}

#[derive(Telegram)]
struct Types {
    #[field(pattern = "MMYY")]
    month: Date,
    #[field(pattern = "DDMM")]
    day: YearMonth,
    #[field(pattern = "DDMMYY")]
    no_year: MonthDay,
    #[field(pattern = "DDMMHHMM")]
    stamp: DateTime,
}

fn main() {}
