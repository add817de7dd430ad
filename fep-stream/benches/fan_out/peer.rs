//! The peer: the same socket, the same frames, and `tokio::sync::broadcast` for the fan-out. It has no order, no last telegrams, and no policies.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use fep_codec::framing::Framing as _;
use fep_codec::{CodeTable, Telegram};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinSet;

use crate::load::{Load, send};
use crate::measure::{Run, Seen, thread_time};
use crate::quote::{Trade, use_up};
use crate::{CONSUMERS, Failure, own_runtime};

pub fn run(load: Load, buffer_max: usize) -> Result<Run, Failure> {
    let (address, sender) = send(load)?;
    let (broadcast, first) = broadcast::channel::<Bytes>(buffer_max);
    let receivers: Vec<_> = (0..CONSUMERS).map(|_| broadcast.subscribe()).collect();
    drop(first);
    let table = CodeTable::of(&[Trade::LAYOUT])?;
    let begun = Instant::now();
    let before = thread_time();
    let receiving = std::thread::spawn(move || {
        let runtime = own_runtime()?;
        let task = async move {
            let mut line = TcpStream::connect(address).await?;
            let mut buffer = BytesMut::with_capacity(64 * 1024);
            while line.read_buf(&mut buffer).await? > 0 {
                while let Some(len) = table.next(&buffer)? {
                    let _ = broadcast.send(buffer.split_to(len).freeze());
                }
                buffer.reserve(64 * 1024);
            }
            Ok::<_, Failure>(())
        };
        // In a task of its own, as that of the receiver is.
        runtime.block_on(async { tokio::spawn(task).await })??;
        Ok::<_, Failure>(thread_time())
    });
    let runtime = own_runtime()?;
    let seen = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        receivers.into_iter().for_each(|receiver| drop(tasks.spawn(consume(receiver, load))));
        tasks.join_all().await
    });
    let elapsed = begun.elapsed();
    let consumers = thread_time().saturating_sub(before);
    let receiver = receiving.join().map_err(|_| "the receiver's thread")??;
    let sent_rate = sender.join().map_err(|_| "the sender's thread")??;
    Ok(Run { name: "tokio broadcast", seen, elapsed, receiver, consumers, sent_rate })
}

async fn consume(mut receiver: broadcast::Receiver<Bytes>, load: Load) -> Seen {
    let mut seen = Seen::new(load.rate.is_some());
    loop {
        match receiver.recv().await {
            Ok(telegram) => {
                let sent = use_up(&telegram);
                seen.done(sent, None);
            }
            Err(RecvError::Lagged(missed)) => seen.missed += missed,
            Err(RecvError::Closed) => return seen,
        }
    }
}
