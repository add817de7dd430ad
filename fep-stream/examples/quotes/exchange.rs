//! The exchange of the example: it sends the same quotes and deals on two feeds, loses some on each, and sends them again when it is asked.

use fep_codec::{Decode, Telegram};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::Failure;
use super::feed_b7::{Best, Deal, Heartbeat, LastSide, Resend};

/// Opens both feeds. Returns their addresses.
pub async fn open(quotes: u32) -> Result<(String, String), Failure> {
    let mut addresses = Vec::new();
    // The first feed loses what 7 divides, the second what 3 divides. So both lose what 21 divides.
    for loses in [7, 3] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        addresses.push(listener.local_addr()?.to_string());
        tokio::spawn(async move {
            if let Err(error) = serve(&listener, quotes, loses).await {
                eprintln!("the exchange: {error}");
            }
        });
    }
    let mut addresses = addresses.into_iter();
    Ok((addresses.next().unwrap_or_default(), addresses.next().unwrap_or_default()))
}

async fn serve(listener: &TcpListener, quotes: u32, loses: u32) -> Result<(), Failure> {
    let (mut line, _) = listener.accept().await?;
    for sequence in (1..=quotes).filter(|sequence| *sequence == 1 || sequence % loses != 0) {
        line.write_all(&telegram(sequence)?).await?;
    }
    let heartbeat =
        Heartbeat { data_code: "B70HB".parse()?, last_sequence: quotes, time: "09:30:16".parse()?, _literal: () };
    line.write_all(&heartbeat.encode_to_vec()?).await?;
    let mut request = [0; 22];
    while line.read_exact(&mut request).await.is_ok() {
        let Resend { first, last, .. } = Resend::decode(&request)?;
        for sequence in first..=last.min(quotes) {
            line.write_all(&telegram(sequence)?).await?;
        }
    }
    Ok(())
}

/// Every tenth telegram is a deal.
fn telegram(sequence: u32) -> Result<Vec<u8>, Failure> {
    if sequence.is_multiple_of(10) { deal(sequence) } else { quote(sequence) }
}

fn quote(sequence: u32) -> Result<Vec<u8>, Failure> {
    let best = Best {
        data_code: "B701S".parse()?,
        sequence,
        issue: format!("KR7{:06}003", sequence % 40).parse()?,
        board: "G1".parse()?,
        session: "40".parse()?,
        quoted_at: "09:30:15".parse()?,
        ask: 71_300 + sequence % 9,
        ask_volume: 10,
        bid: 71_200,
        bid_volume: 20,
        _reserved: (),
        _literal: (),
    };
    Ok(best.encode_to_vec()?)
}

fn deal(sequence: u32) -> Result<Vec<u8>, Failure> {
    let deal = Deal {
        data_code: "B702S".parse()?,
        sequence,
        issue: format!("KR7{:06}003", sequence / 10 % 40).parse()?,
        board: "G1".parse()?,
        session: "40".parse()?,
        traded_at: "09:30:15".parse()?,
        price: 71_250 + sequence % 9,
        volume: 5,
        total_volume: 1_000,
        total_value: 71_250_000,
        last_side: LastSide::Buy,
        _reserved: (),
        _literal: (),
    };
    Ok(deal.encode_to_vec()?)
}
