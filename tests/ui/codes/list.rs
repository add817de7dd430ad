use fep_codec::{Code, Text};

#[derive(Code)]
enum Kind {
    #[code("20", label = "입금")]
    Deposit,
    #[code("20")]
    Again,
    #[code("30 ")]
    Padded,
    #[code("입금")]
    Korean,
    #[code(40)]
    Number,
    #[code("50", lable = "이자")]
    Interest,
    Silent,
    #[code("60")]
    Holding(u8),
    #[code(other)]
    Other(Text<2>),
    #[code(other)]
    Rest(Text<2>),
}

#[derive(Code)]
struct NoEnum;

#[derive(Code)]
enum OtherAlone {
    #[code("1")]
    One,
    #[code(other)]
    Other,
}

fn main() {}
