//! [`Replay`]: a recording as a source, at any speed.

use std::future::Future as _;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::io::poll_read_buf;

use super::{Filled, READ_BYTES, Source, reserve};
use crate::recording::{HEAD_BYTES, Head, MAGIC};

/// How fast a recording is replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as the receiver reads.
    Fastest,
    /// So many times as fast as it was recorded: 1 is the time of the recording, 10 is ten times as fast, 0.5 is half as fast.
    /// [`Replay::open`] refuses what is not from 0.000001 to 1,000,000.
    Times(f64),
}

/// The slowest and the fastest speed, in times of the recording.
const TIMES_MIN: f64 = 0.000_001;
const TIMES_MAX: f64 = 1_000_000.0;

/// The longest wait for an entry: a hundred years. A clock can add that.
const WAIT_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A recording as a source. It ends with the recording.
#[derive(Debug)]
pub struct Replay {
    name: String,
    file: File,
    speed: Speed,
    /// Bytes of the file that were not given away.
    read: BytesMut,
    is_at_end: bool,
    is_connected: bool,
    closed: Option<String>,
    /// The time of the first entry, and when it was given away.
    start: Option<(u64, Instant)>,
    wait: Option<Pin<Box<Sleep>>>,
    received_ns: u64,
}

impl Replay {
    /// Opens a recording.
    ///
    /// # Errors
    /// If the file cannot be read or is no recording, or if the speed is out of range ([`std::io::ErrorKind::InvalidInput`]).
    pub async fn open(path: impl AsRef<Path>, speed: Speed) -> std::io::Result<Self> {
        if let Speed::Times(times) = speed
            && !(TIMES_MIN..=TIMES_MAX).contains(&times)
        {
            let reason = format!("the speed of a replay is from {TIMES_MIN} to {TIMES_MAX}, and not {times}");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, reason));
        }
        let path = path.as_ref();
        let mut file = File::open(path).await?;
        let mut magic = [0; MAGIC.len()];
        if file.read_exact(&mut magic).await.is_err() || magic != MAGIC {
            let reason = "the file is no recording: it does not begin with FEPSTRM1";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason));
        }
        Ok(Self {
            name: path.display().to_string(),
            file,
            speed,
            read: BytesMut::new(),
            is_at_end: false,
            is_connected: false,
            closed: None,
            start: None,
            wait: None,
            received_ns: 0,
        })
    }

    /// The head of the entry at the start of what was read, if all of the entry is there.
    fn whole_entry(&self) -> Result<Option<Head>, String> {
        let Some(head) = self.read.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let head = Head::read(*head)
            .ok_or_else(|| "the recording is damaged: an entry has an impossible length".to_owned())?;
        match self.read.get(HEAD_BYTES..HEAD_BYTES + head.len) {
            None => Ok(None),
            Some(frame) if head.fits(frame) => Ok(Some(head)),
            Some(_) => Err("the recording is damaged: the check of an entry is wrong".to_owned()),
        }
    }

    /// When an entry of this time is due.
    fn due(&mut self, at_ns: u64) -> Option<Instant> {
        let Speed::Times(times) = self.speed else { return None };
        let (first_ns, started) = *self.start.get_or_insert_with(|| (at_ns, Instant::now()));
        let after = Duration::from_nanos(at_ns.saturating_sub(first_ns));
        // The times of a recording span centuries at most, if they are wrong.
        let after = Duration::try_from_secs_f64(after.as_secs_f64() / times).unwrap_or(WAIT_MAX).min(WAIT_MAX);
        started.checked_add(after)
    }

    /// Gives away the entries that are due, those of one time together. Returns how many bytes these are.
    fn give(&mut self, buffer: &mut BytesMut) -> Result<usize, String> {
        let mut given = 0;
        while given < READ_BYTES {
            let head = match self.whole_entry() {
                Ok(Some(head)) => head,
                // What was given away before a damage counts. The damage is found again.
                Err(reason) if given == 0 => return Err(reason),
                Ok(None) | Err(_) => break,
            };
            if given > 0 && head.at_ns != self.received_ns {
                break;
            }
            if let Some(due) = self.due(head.at_ns)
                && due > Instant::now()
            {
                self.wait = Some(Box::pin(sleep_until(due)));
                break;
            }
            self.received_ns = head.at_ns;
            self.read.advance(HEAD_BYTES);
            buffer.extend_from_slice(&self.read.split_to(head.len));
            given += head.len;
        }
        Ok(given)
    }
}

impl Source for Replay {
    fn poll_fill(&mut self, context: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<Filled> {
        if let Some(reason) = self.closed.take() {
            self.is_at_end = true;
            self.read.clear();
            return Poll::Ready(Filled::Ended(Some(reason)));
        }
        if !self.is_connected {
            self.is_connected = true;
            return Poll::Ready(Filled::Connected);
        }
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(context));
                self.wait = None;
            }
            match self.give(buffer) {
                Err(reason) => return Poll::Ready(Filled::Ended(Some(reason))),
                Ok(0) if self.wait.is_some() => continue,
                Ok(0) if self.is_at_end && self.read.is_empty() => return Poll::Ready(Filled::Ended(None)),
                Ok(0) if self.is_at_end => {
                    let reason = "the recording ends in the midst of an entry".to_owned();
                    return Poll::Ready(Filled::Ended(Some(reason)));
                }
                Ok(0) => {}
                Ok(given) => return Poll::Ready(Filled::Bytes(given)),
            }
            reserve(&mut self.read);
            match ready!(poll_read_buf(Pin::new(&mut self.file), context, &mut self.read)) {
                Ok(0) => self.is_at_end = true,
                Ok(_) => {}
                Err(error) => return Poll::Ready(Filled::Ended(Some(error.to_string()))),
            }
        }
    }

    fn close(&mut self, reason: &str) {
        self.closed = Some(reason.to_owned());
    }

    fn received_ns(&self) -> Option<u64> {
        Some(self.received_ns)
    }

    fn name(&self) -> &str {
        &self.name
    }
}
