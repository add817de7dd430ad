//! The wait for the disk: how long an append takes until it is durable.
//!
//! The wait of a shared disk changes by a factor of ten within a minute. So it is measured between the exchanges of one caller, and the
//! medians of both belong to the same seconds.

use std::fs::File;
use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::measure::median;

/// The length of one append, in bytes: one page of a journal.
const PIECE_BYTES: usize = 4096;

/// The medians of one window, in microseconds.
pub(crate) struct Alternated {
    pub(crate) exchanges: u64,
    pub(crate) exchange_us: f64,
    pub(crate) disk_us: f64,
}

/// Lets one caller alternate between an exchange and an append to a file of its own in `place`.
pub(crate) async fn alternate<Fut>(place: &Path, window: Duration, exchange: impl Fn() -> Fut) -> Alternated
where
    Fut: Future<Output = bool>,
{
    let mut file: File = tempfile::tempfile_in(place).expect("a file");
    let piece = [7; PIECE_BYTES];
    let mut exchanges = Vec::new();
    let mut waits = Vec::new();
    let start = Instant::now();
    while start.elapsed() < window {
        let begun = Instant::now();
        assert!(exchange().await, "an exchange of one caller was not answered");
        exchanges.push(micros(begun));
        let begun = Instant::now();
        file.write_all(&piece).expect("writes");
        file.sync_data().expect("syncs");
        waits.push(micros(begun));
    }
    Alternated {
        exchanges: u64::try_from(exchanges.len()).unwrap_or(u64::MAX),
        exchange_us: median(exchanges).expect("an exchange"),
        disk_us: median(waits).expect("a wait"),
    }
}

fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}
