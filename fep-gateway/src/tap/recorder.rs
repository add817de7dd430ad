//! The recorder: a thread that takes events from the queue, makes lines of them and writes these. It may wait for the disk; the connections do
//! not wait for it.
//!
//! While the disk takes nothing, it keeps one portion of lines and tries again, so the queue becomes full and counts what it loses. When the
//! disk takes lines again, each line is whole, and the next `lost` line says what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::cutting::{Cutter, Piece};
use super::file::Store;
use super::lines::{Line, Reader};
use super::queue::{Direction, Event, Losses, Popped, Queue, Timed, now_ms};

/// The length of a portion of lines that is written at once even if more events wait, in bytes.
const PORTION_BYTES: usize = 64 * 1024;
/// How long it waits before it tries to write again.
const RETRY: Duration = Duration::from_millis(250);
/// How long the end waits for a disk that takes nothing.
const GIVE_UP: Duration = Duration::from_secs(2);
/// How long the end waits for the thread: the disk may hang.
const FINISH_MAX: Duration = Duration::from_secs(5);

const CLOSE_UNSEEN: &str = "the tap had no room for this line when the connection closed, so the time is too late";

/// How a record ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordEnd {
    /// The number of lines in the file.
    pub lines: u64,
    /// The number of bytes that passed and are not in the file.
    pub lost_bytes: u64,
    /// The number of openings and ends of connections that are not in the file, or have a wrong time in it.
    pub lost_events: u64,
    /// Why the file could not be ended in order.
    pub failure: Option<String>,
}

/// A recorder that works in its thread.
#[derive(Debug)]
pub(super) struct Running {
    queue: Arc<Queue>,
    thread: JoinHandle<RecordEnd>,
}

pub(super) struct Recorder {
    store: Box<dyn Store>,
    reader: Reader,
    queue: Arc<Queue>,
    /// The connections whose opening was seen and whose end was not.
    open: BTreeSet<u64>,
    /// One for each direction of each connection that is open.
    cutters: BTreeMap<(u64, Direction), Cutter>,
    number: u64,
    portion: Vec<u8>,
    /// Where each line of the portion ends, and how many bytes that passed it shows.
    ends: Vec<(usize, u64)>,
}

impl Running {
    pub(super) fn queue(&self) -> Arc<Queue> {
        Arc::clone(&self.queue)
    }

    /// Waits until everything is in the file, or until the disk has not taken it for some seconds.
    pub(super) async fn finish(self) -> RecordEnd {
        self.queue.close();
        let until = Instant::now() + FINISH_MAX;
        while !self.thread.is_finished() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (lost_bytes, lost_events) = self.queue.lost();
        let end = match self.thread.is_finished() {
            true => self.thread.join().unwrap_or_else(|_| failed("the recorder broke; please report this")),
            false => failed("the disk hangs, so it is not known which of the last lines are in the file"),
        };
        RecordEnd { lost_bytes: end.lost_bytes.saturating_add(lost_bytes), lost_events, ..end }
    }
}

fn failed(why: &str) -> RecordEnd {
    RecordEnd { failure: Some(why.to_owned()), ..RecordEnd::default() }
}

impl Recorder {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(
        store: Box<dyn Store>,
        reader: Reader,
        queue: Queue,
        listen: SocketAddr,
        connect: &str,
    ) -> io::Result<Running> {
        let queue = Arc::new(queue);
        let mut recorder = Self {
            store,
            reader,
            queue: Arc::clone(&queue),
            open: BTreeSet::new(),
            cutters: BTreeMap::new(),
            number: 0,
            portion: Vec::new(),
            ends: Vec::new(),
        };
        let line = Line { kind: "start", listen: Some(listen.to_string()), connect: Some(connect), ..Line::default() };
        recorder.line(now_ms(), 0, |_| line);
        let thread = Builder::new().name("tap recorder".to_owned()).spawn(move || recorder.run())?;
        Ok(Running { queue, thread })
    }

    fn run(mut self) -> RecordEnd {
        loop {
            match self.queue.pop(self.portion.is_empty()) {
                Popped::Event(timed) => self.take(timed),
                Popped::Nothing => {}
                Popped::End => break,
            }
            let is_full = self.portion.len() >= PORTION_BYTES;
            if (is_full || self.queue.is_empty())
                && let Err(error) = self.write()
            {
                return self.give_up(&error);
            }
        }
        for (connection, direction) in self.cutters.keys().copied().collect::<Vec<_>>() {
            self.end(now_ms(), connection, direction);
        }
        self.line(now_ms(), 0, |_| Line { kind: "end", ..Line::default() });
        if let Err(error) = self.write() {
            return self.give_up(&error);
        }
        let failure = self.store.sync().err().map(|error| format!("the disk may not have all of it: {error}"));
        RecordEnd { lines: self.number, failure, ..RecordEnd::default() }
    }

    fn take(&mut self, Timed { at_ms, event }: Timed) {
        match event {
            Event::Opened { connection, peer } => {
                self.open.insert(connection);
                let peer = Some(peer.to_string());
                self.line(at_ms, 0, |_| Line { kind: "open", peer, ..Line::of(connection, None) });
            }
            Event::Bytes { connection, direction, bytes } => {
                let cutter = self.cutters.entry((connection, direction)).or_default();
                let pieces = cutter.take(&bytes, &self.reader);
                self.pieces(at_ms, connection, direction, pieces);
            }
            Event::EndOfData { connection, direction } => {
                self.end(at_ms, connection, direction);
                self.line(at_ms, 0, |_| Line { kind: "end_of_data", ..Line::of(connection, Some(direction)) });
            }
            Event::Closed { connection, reason } => self.close(at_ms, connection, reason.as_deref()),
            Event::Lost(losses) => self.lost(at_ms, losses),
        }
    }

    fn lost(&mut self, at_ms: i64, losses: Losses) {
        for ((connection, direction), lost) in losses.bytes {
            let pieces = self.cutters.entry((connection, direction)).or_default().gap();
            self.pieces(at_ms, connection, direction, pieces);
            let lost = Some(lost);
            self.line(at_ms, 0, |_| Line { kind: "lost", lost, ..Line::of(connection, Some(direction)) });
        }
        if losses.others > 0 {
            // Each of the others can be one that is still open.
            for (connection, direction) in self.cutters.keys().copied().collect::<Vec<_>>() {
                let pieces = self.cutters.entry((connection, direction)).or_default().gap();
                self.pieces(at_ms, connection, direction, pieces);
            }
            self.line(at_ms, 0, |_| Line { kind: "lost", lost: Some(losses.others), ..Line::default() });
        }
        let known = self.cutters.keys().map(|(connection, _)| connection).chain(&self.open);
        let gone = known.copied().filter(|connection| !losses.open.contains(connection));
        let gone: BTreeSet<u64> = gone.collect();
        gone.into_iter().for_each(|connection| self.close(at_ms, connection, Some(CLOSE_UNSEEN)));
    }

    fn close(&mut self, at_ms: i64, connection: u64, reason: Option<&str>) {
        self.open.remove(&connection);
        for direction in [Direction::Out, Direction::In] {
            self.end(at_ms, connection, direction);
        }
        self.line(at_ms, 0, |_| Line { kind: "close", reason, ..Line::of(connection, None) });
    }

    /// Nothing comes any more in this direction.
    fn end(&mut self, at_ms: i64, connection: u64, direction: Direction) {
        let pieces = self.cutters.remove(&(connection, direction)).map(|mut cutter| cutter.end());
        self.pieces(at_ms, connection, direction, pieces.unwrap_or_default());
    }

    fn pieces(&mut self, at_ms: i64, connection: u64, direction: Direction, pieces: Vec<Piece>) {
        for piece in pieces {
            match &piece {
                Piece::Frame(frame) => {
                    self.line(at_ms, frame.len(), |reader| reader.frame(connection, direction, frame));
                }
                Piece::Raw { bytes, fault } => {
                    self.line(at_ms, bytes.len(), |reader| reader.raw(connection, direction, bytes, fault));
                }
            }
        }
    }

    /// Adds a line that shows this number of bytes.
    fn line<'l>(&'l mut self, at_ms: i64, shown: usize, make: impl FnOnce(&'l Reader) -> Line<'l>) {
        self.number += 1;
        make(&self.reader).append_to(self.number, at_ms, &mut self.portion);
        self.ends.push((self.portion.len(), u64::try_from(shown).unwrap_or(u64::MAX)));
    }

    /// Writes the portion. Tries again while the disk takes nothing. An error means that it was given up.
    fn write(&mut self) -> Result<(), String> {
        let mut written = 0;
        let mut failing = None;
        let mut closed_since = None;
        while let Some(rest) = self.portion.get(written..).filter(|rest| !rest.is_empty()) {
            let error = match self.store.write(rest) {
                Ok(0) => "it takes no more bytes".to_owned(),
                Ok(count) => {
                    written += count;
                    if failing.take().is_some() {
                        info!("the record is written again");
                    }
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error.to_string(),
            };
            if failing.is_none() {
                warn!(
                    error,
                    "the record cannot be written. Traffic goes on; what the tap has no room for is lost from the record. Make room on its disk"
                );
            }
            if self.queue.pause(RETRY) {
                let since = *closed_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= GIVE_UP {
                    self.unwritten(written);
                    return Err(error);
                }
                std::thread::sleep(RETRY);
            }
            failing = Some(error);
        }
        self.portion.clear();
        self.ends.clear();
        Ok(())
    }

    /// Keeps of the portion only the ends of lines that are not in the file, and takes half a line back.
    fn unwritten(&mut self, written: usize) {
        let whole = self.ends.iter().map(|(end, _)| *end).take_while(|end| *end <= written).last().unwrap_or(0);
        self.store.take_back(u64::try_from(written - whole).unwrap_or_default());
        self.ends.retain(|(end, _)| *end > written);
    }

    /// The end of a record whose disk takes nothing.
    fn give_up(&self, error: &str) -> RecordEnd {
        error!(error, "the record is given up");
        let in_lines = self.ends.iter().map(|(_, shown)| *shown);
        let in_cutters = self.cutters.values().map(|cutter| u64::try_from(cutter.waiting()).unwrap_or(u64::MAX));
        let missing = u64::try_from(self.ends.len()).unwrap_or(u64::MAX);
        RecordEnd {
            lines: self.number.saturating_sub(missing),
            lost_bytes: in_lines.chain(in_cutters).fold(0, u64::saturating_add),
            lost_events: 0,
            failure: Some(error.to_owned()),
        }
    }
}
