//! A small institution. It accepts connections, passes on received telegrams, and sends given bytes. It interprets nothing.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A received telegram: the index of its connection, counted from 0, and its bytes.
pub(crate) type Frame = (usize, Vec<u8>);

pub(crate) struct Peer {
    pub(crate) port: u16,
    frames: mpsc::UnboundedReceiver<Frame>,
    accepted: mpsc::UnboundedReceiver<OwnedWriteHalf>,
    connections: Vec<Option<OwnedWriteHalf>>,
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

impl Peer {
    /// A peer whose telegrams begin with four digits that count the rest.
    pub(crate) async fn start() -> Self {
        Self::framed(4, |digits| 4 + std::str::from_utf8(digits).unwrap().parse::<usize>().unwrap()).await
    }

    /// A peer whose telegrams begin with `prefix_len` bytes. `total_len` computes the length of the whole telegram from them.
    pub(crate) async fn framed(prefix_len: usize, total_len: fn(&[u8]) -> usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (frame, frames) = mpsc::unbounded_channel();
        let (accept, accepted) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                stream.set_nodelay(true).unwrap();
                let (read, write) = stream.into_split();
                if accept.send(write).is_err() {
                    return;
                }
                let frame = frame.clone();
                tokio::spawn(async move {
                    let mut read = read;
                    let mut length = vec![0; prefix_len];
                    while read.read_exact(&mut length).await.is_ok() {
                        let mut bytes = length.clone();
                        bytes.resize(total_len(&length), 0);
                        if read.read_exact(&mut bytes[prefix_len..]).await.is_err()
                            || frame.send((number, bytes)).is_err()
                        {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, frames, accepted, connections: Vec::new() }
    }

    /// The next telegram.
    pub(crate) async fn receive(&mut self) -> Frame {
        timeout(PATIENCE, self.frames.recv()).await.expect("no telegram came").expect("the institution runs")
    }

    /// The next telegram, however long it takes. `None` if no more can come.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        self.frames.recv().await
    }

    /// Whether no telegram comes for a while.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        timeout(Duration::from_millis(200), self.frames.recv()).await.is_err()
    }

    /// Whether no telegram has come that was not received yet.
    pub(crate) fn is_quiet_now(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) async fn send(&mut self, connection: usize, bytes: &[u8]) {
        while self.connections.len() <= connection {
            let write = timeout(PATIENCE, self.accepted.recv()).await.expect("no connection came").unwrap();
            self.connections.push(Some(write));
        }
        self.connections[connection].as_mut().expect("it is closed").write_all(bytes).await.unwrap();
    }

    /// Closes the peer's half of the connection. The gateway reads the end of the stream.
    pub(crate) async fn close(&mut self, connection: usize) {
        self.send(connection, b"").await;
        self.connections[connection] = None;
    }

    /// Answers `links` sign-ons with this response code, and the echo test that follows each accepted one.
    pub(crate) async fn sign_on(&mut self, links: usize, response_code: &[u8; 4]) {
        for _ in 0..links {
            self.answer_duty(b"100", response_code).await;
        }
        let accepted = if response_code == b"0000" { links } else { 0 };
        for _ in 0..accepted {
            self.answer_duty(b"300", b"0000").await;
        }
    }

    /// Answers the next telegram, which is a sign-on, sign-off or echo test.
    pub(crate) async fn answer_duty(&mut self, business_code: &[u8; 3], response_code: &[u8; 4]) {
        let (connection, request) = self.receive().await;
        assert_eq!((&request[24..28], &request[28..31]), (&b"0800"[..], &business_code[..]));
        self.send(connection, &answer_to(&request, response_code)).await;
    }
}

/// The answer to a telegram by the bank's rule: the same layout, telegram code + 10, a response code.
pub(crate) fn answer_to(request: &[u8], response_code: &[u8; 4]) -> Vec<u8> {
    let mut answer = request.to_vec();
    answer[26] = b'1';
    answer[52..56].copy_from_slice(response_code);
    answer
}

/// The golden transfer answer, for this request.
pub(crate) fn transfer_answer(request: &[u8]) -> Vec<u8> {
    assert_eq!(&request[24..31], b"0100100");
    let mut answer = crate::harness::golden("bank-a-transfer-answer.json");
    answer[32..46].copy_from_slice(&request[32..46]);
    answer
}
