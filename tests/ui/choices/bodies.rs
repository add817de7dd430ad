use fep_codec::Choice;

#[derive(Choice)]
enum Bodies {
    #[choice("1")]
    None,
    #[choice("2")]
    Two(u8, u8),
}

#[derive(Choice)]
struct Struct {
    body: u8,
}

#[derive(Choice)]
enum Empty {}

fn main() {}
