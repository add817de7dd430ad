use fep_codec::{Date, Telegram};

#[derive(Telegram)]
struct Transfer {
    #[field(len = 6, pivot = 101)]
    date: Date,
    #[field(len = 8, pivot = 50)]
    full: Date,
}

fn main() {}
