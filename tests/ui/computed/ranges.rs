use fep_codec::{Telegram, Text};

#[derive(Telegram)]
struct Checks {
    code: Text<4>,
    body: Text<8>,
    #[field(len = 1, computed = xor(cod..=body))]
    first: (),
    #[field(len = 1, computed = xor(code..=bod))]
    last: (),
    #[field(len = 1, computed = xor(code..body))]
    half_open: (),
}

#[derive(Telegram)]
struct Ends {
    code: Text<4>,
    #[field(len = 1, computed = xor(code..))]
    no_end: (),
    #[field(len = 1, number, computed = xor(code..=code))]
    number: (),
    #[field(len = 1, computed = check("mod10", code..=code))]
    function: (),
}

#[derive(Telegram)]
struct Reversed {
    code: Text<4>,
    body: Text<8>,
    #[field(len = 1, computed = xor(body..=code))]
    bcc: (),
}

#[derive(Telegram)]
struct Lengths {
    code: Text<4>,
    #[field(len = 3, digits, computed = xor(code..=code))]
    digits: (),
    #[field(len = 65, bytes, computed = xor(..=code))]
    long: (),
}

fn main() {}
