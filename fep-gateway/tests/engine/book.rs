//! A bank that answers every transfer, on any connection, and keeps a record of what came. The amount names a transfer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::peer::transfer_answer;

/// How often each amount came to a bank that answers every transfer after a while.
#[derive(Clone, Default)]
pub(crate) struct Book {
    came: Arc<Mutex<BTreeMap<u64, u32>>>,
    order: Arc<Mutex<Vec<u64>>>,
}

impl Book {
    /// Opens, and answers each transfer after this time.
    pub(crate) async fn opens(&self, delay: Duration) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let book = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let book = book.clone();
                tokio::spawn(async move { book.answers(stream, delay).await });
            }
        });
        port
    }

    /// An error is the end of the connection.
    async fn answers(self, stream: TcpStream, delay: Duration) -> std::io::Result<()> {
        let (mut from, to) = stream.into_split();
        let to = Arc::new(tokio::sync::Mutex::new(to));
        loop {
            let mut length = [0; 4];
            from.read_exact(&mut length).await?;
            let rest = std::str::from_utf8(&length).unwrap().parse::<usize>().unwrap();
            let mut request = length.to_vec();
            request.resize(4 + rest, 0);
            from.read_exact(&mut request[4..]).await?;
            let amount = std::str::from_utf8(&request[116..129]).unwrap().parse().unwrap();
            *self.came.lock().unwrap().entry(amount).or_default() += 1;
            self.order.lock().unwrap().push(amount);
            let to = Arc::clone(&to);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                to.lock().await.write_all(&transfer_answer(&request)).await
            });
        }
    }

    /// How often each amount came.
    pub(crate) fn came(&self) -> BTreeMap<u64, u32> {
        self.came.lock().unwrap().clone()
    }

    /// The amounts in the order in which they came.
    #[allow(dead_code, reason = "not all programs of tests look at it")]
    pub(crate) fn order(&self) -> Vec<u64> {
        self.order.lock().unwrap().clone()
    }
}
