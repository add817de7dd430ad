use fep_codec::{Code, Telegram, Text};

#[derive(Code)]
enum Kind {
    #[code("20")]
    Deposit,
    #[code(other)]
    Other(Text<2>),
}

enum NotACode {}

#[derive(Telegram)]
struct Transfer {
    #[field(code, len = 3)]
    kind: Kind,
    #[field(code, len = 2, none = "spaces")]
    optional: Option<Kind>,
    #[field(code, closed)]
    closed: Text<2>,
    #[field(codes("1" = "one", "1" = "uno", "100" = "hundred"), len = 2)]
    listed: Text<2>,
    #[field(len = 1, yes = 'Y', no = 'Y')]
    flag: bool,
}

fn main() {}
