//! The telegrams of a sender, written by hand from the table of `file-a`, and what an answer says.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A text behind its length of four digits.
pub(super) fn telegram(text: &str) -> Vec<u8> {
    format!("{:04}{text}", text.len()).into_bytes()
}

fn head(code: &str) -> String {
    format!("FTE20260001{code}{:16}000", "")
}

pub(super) fn work(management: &str, password: &str) -> Vec<u8> {
    telegram(&format!("{}{management}{:20}{password:16}1130090507", head("0600"), "KIM"))
}

pub(super) fn offer(name: &str, size: u64, piece: u32) -> Vec<u8> {
    telegram(&format!("{}{name:16}{size:012}{piece:04}", head("0630")))
}

pub(super) fn data(block: u32, sequence: u32, bytes: &[u8]) -> Vec<u8> {
    let head = format!("{}{block:04}{sequence:03}{:04}", head("0320"), bytes.len());
    let mut telegram = format!("{:04}{head}", head.len() + bytes.len()).into_bytes();
    telegram.extend_from_slice(bytes);
    telegram
}

pub(super) fn check(block: u32, last: u32) -> Vec<u8> {
    telegram(&format!("{}{block:04}{last:03}", head("0620")))
}

/// Reads one frame. `None`: the other side has closed.
pub(super) async fn frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await.ok()?;
    let len: usize = std::str::from_utf8(&length).unwrap().parse().unwrap();
    let mut frame = length.to_vec();
    frame.resize(4 + len, 0);
    stream.read_exact(&mut frame[4..]).await.ok()?;
    Some(frame)
}

pub(super) struct Peer(TcpStream);

pub(super) struct Answer(String);

impl Peer {
    pub(super) async fn connect(address: &str) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(super) async fn sends(&mut self, telegram: &[u8]) {
        self.0.write_all(telegram).await.unwrap();
    }

    pub(super) async fn asks(&mut self, telegram: &[u8]) -> Answer {
        self.sends(telegram).await;
        let frame = frame(&mut self.0).await.unwrap();
        Answer(String::from_utf8(frame).unwrap())
    }

    pub(super) async fn is_closed(&mut self) -> bool {
        frame(&mut self.0).await.is_none()
    }
}

impl Answer {
    /// The code of the telegram, and that of the answer.
    #[track_caller]
    pub(super) fn says(&self, telegram: &str, code: &str) {
        assert_eq!((&self.0[15..19], &self.0[35..38]), (telegram, code), "{}", self.0);
    }

    /// What is behind the common part.
    pub(super) fn body(&self) -> &str {
        &self.0[38..]
    }
}
