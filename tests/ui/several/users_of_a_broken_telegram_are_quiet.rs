use fep_codec::{Code, Decode, Telegram, TelegramSet, Text};

#[derive(Code)]
enum Kind {
    #[code("20", 30)]
    Deposit,
}

#[derive(Telegram)]
#[telegram(len = 13)]
struct Header {
    kind: Text<2>,
    #[field(len = 13, secret, secret)]
    amount: u64,
}

#[derive(Telegram)]
#[telegram(len = 15, when("header.kind" = "20"))]
struct Transfer {
    header: Header,
    #[field(code, len = 2)]
    kind: Kind,
}

#[derive(Telegram)]
enum Bank {
    Transfer(Transfer),
    Header(Header),
    Broken(Text<2>, Text<2>),
}

fn use_them(bytes: &[u8]) -> Option<Bank> {
    let transfer = Transfer::decode(bytes).ok()?;
    let _ = Header::decode(bytes).ok()?.encode_to_vec();
    let _ = Bank::decode_any(bytes);
    Some(transfer.into())
}

fn main() {}
