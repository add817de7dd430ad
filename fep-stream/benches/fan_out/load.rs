//! The exchange of the benchmark: a thread that sends trades over TCP, as fast as the receiver takes them or at a rate.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::quote::{TRADE_BYTES, stamp, trade};

/// The instruments of the stream.
const ISSUES: usize = 2_000;

/// The time between two chunks of a paced stream.
const TICK: Duration = Duration::from_micros(200);

/// How many trades to send, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub count: usize,
    /// Trades a second, or `None` for as many as the receiver takes.
    pub rate: Option<usize>,
}

/// Sends the load to the first that connects. Returns its address, and a handle that gives the rate that was reached.
pub fn send(load: Load) -> std::io::Result<(String, JoinHandle<std::io::Result<f64>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let sender = thread::spawn(move || {
        let (mut line, _) = listener.accept()?;
        line.set_nodelay(true)?;
        let chunk_len = load.rate.map_or(400, |rate| (rate / 5_000).clamp(1, ISSUES));
        // Twice, so that a chunk can begin at any instrument.
        let mut trades: Vec<u8> = (0..ISSUES).chain(0..ISSUES).flat_map(trade).collect();
        let begun = Instant::now();
        let mut sent = 0;
        while sent < load.count {
            let wanted = chunk_len.min(load.count - sent);
            let start = sent % ISSUES * TRADE_BYTES;
            let chunk = trades.get_mut(start..start + wanted * TRADE_BYTES).unwrap_or_default();
            if load.rate.is_some() {
                let due = begun + TICK.mul_f64(sent as f64 / chunk_len as f64);
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            stamp(chunk, now_ns(), sent + 1);
            line.write_all(chunk)?;
            sent += wanted;
        }
        Ok(sent as f64 / begun.elapsed().as_secs_f64())
    });
    Ok((address, sender))
}

pub fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The nanoseconds between two times, of which the first is known modulo 10^18.
pub fn after(sent: u64, now: u64) -> u64 {
    const ALL: u64 = 1_000_000_000_000_000_000;
    (now % ALL + ALL - sent % ALL) % ALL
}
