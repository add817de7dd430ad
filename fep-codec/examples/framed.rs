//! Derived telegrams over `Framed<TcpStream, …>`: one side asks for a balance, the other answers, on loopback.
//!
//! `cargo run -p fep-codec --example framed --features tokio`

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::error::Error;

use fep_codec::{Digits, LengthPrefix, Telegram, TelegramCodec, Text};
use futures_util::{SinkExt, TryStreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Framed;

/// 공통부
#[derive(Telegram, Clone, Debug)]
struct Header {
    #[field(len = 4, computed = length(rest), label = "전문길이")]
    length: (),
    #[field(full, label = "전문종별코드")]
    telegram_code: Digits<4>,
    #[field(len = 6, label = "전문추적번호")]
    trace_no: u32,
}

/// 잔액조회 요구
#[derive(Telegram, Clone)]
#[telegram(len = 30, when("header.telegram_code" = "0600"), debug)]
struct BalanceInquiry {
    header: Header,
    #[field(secret, label = "계좌번호")]
    account: Digits<16>,
}

/// 잔액조회 응답
#[derive(Telegram, Clone)]
#[telegram(len = 64, charset = "euc-kr", when("header.telegram_code" = "0610"), debug)]
struct BalanceAnswer {
    header: Header,
    #[field(secret, label = "계좌번호")]
    account: Digits<16>,
    #[field(len = 14, sign = "leading-minus", label = "잔액")]
    balance: i64,
    #[field(secret, label = "예금주명")]
    holder: Text<20>,
}

/// The telegrams that can arrive on this line.
#[derive(Telegram, Clone, Debug)]
enum Line {
    Inquiry(BalanceInquiry),
    Answer(BalanceAnswer),
}

const PREFIX: LengthPrefix = LengthPrefix::FOUR_DIGITS;

async fn bank(listener: TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (socket, _) = listener.accept().await?;
    let mut line = Framed::new(socket, TelegramCodec::<Line>::new(PREFIX));
    while let Some(received) = line.try_next().await? {
        match received {
            Ok(Line::Inquiry(inquiry)) => {
                let header = Header { telegram_code: "0610".parse()?, ..inquiry.header };
                let answer =
                    BalanceAnswer { header, account: inquiry.account, balance: -5_000, holder: "홍길동".parse()? };
                line.send(&Line::Answer(answer)).await?;
            }
            Ok(Line::Answer(_)) => println!("bank: an answer that nobody asked for"),
            Err(undecodable) => println!("bank: {undecodable}"), // the line stays up
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let bank = tokio::spawn(bank(listener));

    let mut line = Framed::new(TcpStream::connect(address).await?, TelegramCodec::<Line>::new(PREFIX));
    let header = Header { length: (), telegram_code: "0600".parse()?, trace_no: 17 };
    line.send(&Line::Inquiry(BalanceInquiry { header, account: "0012345678901".parse()? })).await?;
    println!("{:?}", line.try_next().await?);

    drop(line);
    bank.await?
}
