use fep_codec::{Choice, Telegram};

#[derive(Telegram)]
struct Body {
    #[field(len = 3)]
    no: u16,
}

#[derive(Choice)]
enum NoCode {
    Body(Body),
    #[choice("1", "1", "가", "2 ")]
    Again(Body),
    #[choice(other)]
    Other(Body),
    #[choice(other)]
    Others(Body),
    #[choice("3", other)]
    Both(Body),
    #[choice(4)]
    Number(Body),
    #[choice("5", otherwise)]
    Misspelt(Body),
}

fn main() {}
