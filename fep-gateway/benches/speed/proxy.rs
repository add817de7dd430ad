//! The bare correlating proxy, with which the embedded API is compared.
//!
//! It does what no gateway can leave out: it numbers the telegram, remembers who waits for the number, writes all waiting telegrams at
//! once, reads frames, finds the waiting caller, restores the caller's number, and gives up after a time. It has no journal, no sessions,
//! no JSON, no quarantine and no second link.
//!
//! There are two forms. With `--serve` it is a server, which reads the callers' telegrams from a connection each; the callers are
//! another process. Otherwise the callers are tasks in the same process, as those of the embedded API.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::arguments::Arguments;
use crate::measure::Plan;
use crate::telegrams::{self, TRACE_NO, TRACES, first, put, trace};

/// The number of telegrams that may wait to be written.
const QUEUE_MAX: usize = 1024;
/// The size of one write, in bytes, above which it takes no more telegrams.
const WRITE_MAX_BYTES: usize = 64 * 1024;
/// The buffer space for one read, in bytes.
const READ_BYTES: usize = 64 * 1024;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

type Waiting = Arc<Mutex<HashMap<u32, oneshot::Sender<Vec<u8>>>>>;

struct Proxy {
    waiting: Waiting,
    queue: mpsc::Sender<Vec<u8>>,
    next: AtomicU32,
}

#[tokio::main]
pub(crate) async fn run(arguments: &Arguments) {
    let proxy = Arc::new(Proxy::connect(arguments.port("--peer")).await);
    if arguments.has("--serve") {
        return serve(&proxy).await;
    }
    let request: Arc<[u8]> = telegrams::bytes("bank-a-transfer").into();
    let peer = arguments.number("--peer-process", 0);
    let exchange = move |_| {
        let proxy = Arc::clone(&proxy);
        let request = Arc::clone(&request);
        async move { proxy.exchange(&request).await.is_some() }
    };
    Plan::of(arguments).run(std::process::id(), u32::try_from(peer).ok(), exchange).await.print();
}

/// Prints the port and serves until the process is ended.
async fn serve(proxy: &Arc<Proxy>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    loop {
        let (stream, _) = listener.accept().await.expect("a caller");
        let proxy = Arc::clone(proxy);
        tokio::spawn(async move { proxy.attend(stream).await });
    }
}

impl Proxy {
    /// Serves one caller, who sends one telegram after the other. Ends with the caller.
    async fn attend(&self, mut stream: TcpStream) {
        stream.set_nodelay(true).expect("no delay");
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        while let Ok(1..) = stream.read_buf(&mut buffer).await {
            while let Some(len) = first(&buffer) {
                let request = buffer.split_to(len);
                let Some(answer) = self.exchange(&request).await else { return };
                if stream.write_all(&answer).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the bank listens");
        stream.set_nodelay(true).expect("no delay");
        let (read, write) = stream.into_split();
        let (queue, telegrams) = mpsc::channel(QUEUE_MAX);
        let waiting = Waiting::default();
        tokio::spawn(write_all(write, telegrams));
        tokio::spawn(read_all(read, Arc::clone(&waiting)));
        Self { waiting, queue, next: AtomicU32::new(0) }
    }

    async fn exchange(&self, request: &[u8]) -> Option<Vec<u8>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % TRACES;
        let mut telegram = request.to_vec();
        put(&mut telegram[TRACE_NO], number);
        let (reply, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(number, reply);
        self.queue.send(telegram).await.ok()?;
        match timeout(ANSWER_TIMEOUT, answer).await {
            Ok(Ok(mut answer)) => {
                answer[TRACE_NO].copy_from_slice(&request[TRACE_NO]);
                Some(answer)
            }
            _ => {
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
                None
            }
        }
    }
}

async fn write_all(mut write: OwnedWriteHalf, mut telegrams: mpsc::Receiver<Vec<u8>>) {
    let mut buffer = Vec::with_capacity(WRITE_MAX_BYTES);
    while let Some(telegram) = telegrams.recv().await {
        buffer.extend(telegram);
        while buffer.len() < WRITE_MAX_BYTES {
            let Ok(telegram) = telegrams.try_recv() else { break };
            buffer.extend(telegram);
        }
        write.write_all(&buffer).await.expect("the bank reads");
        buffer.clear();
    }
}

async fn read_all(mut read: OwnedReadHalf, waiting: Waiting) {
    let mut buffer = BytesMut::with_capacity(READ_BYTES);
    loop {
        buffer.reserve(READ_BYTES);
        // Without the bank, the callers reach their time-out and count as failed.
        let Ok(1..) = read.read_buf(&mut buffer).await else { return };
        while let Some(len) = first(&buffer) {
            let telegram = &buffer[..len];
            let reply = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&trace(telegram));
            if let Some(reply) = reply {
                // The caller may have given up.
                let _ = reply.send(telegram.to_vec());
            }
            buffer.advance(len);
        }
    }
}
