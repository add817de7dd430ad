//! Callers, each on its own kept connection, as a process of its own with one thread. They speak HTTP, or send bare telegrams.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::arguments::Arguments;
use crate::measure::Plan;
use crate::telegrams;

/// The maximum length of a response, in bytes.
const RESPONSE_MAX_BYTES: usize = 64 * 1024;

/// Arguments: `--port`, `--institution`, `--observe` (the process whose processor time counts), `--pause-ms` after each exchange,
/// `--telegrams` for bare telegrams,
/// `--keys` for an idempotency key with each request.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(arguments: &Arguments) {
    let port = arguments.port("--port");
    let plan = Plan::of(arguments);
    let bare = arguments.has("--telegrams");
    let keys = arguments.has("--keys");
    let next = Arc::new(AtomicU64::new(1));
    let request = if bare {
        telegrams::bytes("bank-a-transfer")
    } else {
        request(port, arguments.text("--institution").unwrap_or("bank-a"))
    };
    let request: Arc<[u8]> = request.into();
    let pause = arguments.ms("--pause-ms", 0);
    let mut connections = Vec::new();
    for _ in 0..plan.callers {
        connections.push(Mutex::new(connect(port).await));
    }
    let connections = Arc::new(connections);
    let exchange = move |caller: usize| {
        let connections = Arc::clone(&connections);
        let request =
            if keys { with_key(&request, next.fetch_add(1, Ordering::Relaxed)) } else { Arc::clone(&request) };
        async move {
            let mut stream = connections[caller].lock().await;
            let status = if bare { tell(&mut stream, &request).await } else { ask(&mut stream, &request).await };
            if status.is_none() {
                *stream = connect(port).await;
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            status == Some(200)
        }
    };
    let process = |name| u32::try_from(arguments.number(name, 0)).ok();
    let observed = process("--observe").unwrap_or_default();
    plan.run(observed, process("--peer-process"), exchange).await.print();
}

async fn connect(port: u16) -> TcpStream {
    loop {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await {
            stream.set_nodelay(true).expect("no delay");
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn request(port: u16, institution: &str) -> Vec<u8> {
    let body = telegrams::transfer().to_string();
    let head = format!(
        "POST /v1/institutions/{institution}/exchanges/Transfer HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// The same request with an idempotency key of this process, as long as those that services make.
fn with_key(request: &[u8], number: u64) -> Arc<[u8]> {
    let end = request.windows(2).position(|end| end == b"\r\n").expect("a head") + 2;
    let key = format!("idempotency-key: order-{:010}-{number:016}\r\n", std::process::id());
    [&request[..end], key.as_bytes(), &request[end..]].concat().into()
}

/// Sends the request and reads the whole response. Returns the status, or `None` if the connection is of no more use.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> Option<u16> {
    stream.write_all(request).await.ok()?;
    let mut buffer = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut buffer).await.ok()? == 0 || buffer.len() > RESPONSE_MAX_BYTES {
            return None;
        }
        let Some(head) = buffer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).ok()?;
        let is_length = |line: &&str| line.get(..15).is_some_and(|name| name.eq_ignore_ascii_case("content-length:"));
        let len: usize = text.lines().find(is_length)?.get(15..)?.trim().parse().ok()?;
        if buffer.len() >= head + 4 + len {
            return text.get(9..12)?.parse().ok();
        }
    }
}

/// Sends the telegram and reads the whole answer. Returns 200 if it is an answer to this telegram.
async fn tell(stream: &mut TcpStream, request: &[u8]) -> Option<u16> {
    stream.write_all(request).await.ok()?;
    let mut buffer = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut buffer).await.ok()? == 0 {
            return None;
        }
        if telegrams::first(&buffer).is_some() {
            return (telegrams::trace(&buffer) == telegrams::trace(request)).then_some(200);
        }
    }
}
