use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct Named<const N: usize> {
    #[field(len = N)]
    name: Text<N>,
}

fn main() {}
