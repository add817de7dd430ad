//! Where log lines go: through a bounded queue to a thread that writes them to stderr.
//!
//! The gateway never waits for its log, and never ends because of it. Its disk may be full, its reader may be gone or may not read. Lines
//! that find no room, or that cannot be written, are counted, and a later line says how many are missing. Which lines there are, and
//! their format, is not decided here.
//!
//! ```text
//! all threads ──► queue ──► thread ──► stderr
//!                   └─ full: counted
//! ```

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The maximum number of bytes that wait to be written.
const QUEUE_MAX_BYTES: usize = 1024 * 1024;

/// The longest wait for the last lines when the process ends.
const FLUSH_MAX: Duration = Duration::from_millis(500);

/// The queue of log lines.
#[derive(Debug, Default)]
pub(crate) struct Log {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The lines that are missing, and about which no line was written yet.
    lost: u64,
    is_writing: bool,
}

impl Log {
    /// Starts the thread that writes to stderr.
    pub(crate) fn start() -> io::Result<Arc<Self>> {
        let log = Arc::new(Self::default());
        let writer = Arc::clone(&log);
        // It ends with the process.
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            loop {
                let lost = writer.write_next(&mut io::stderr());
                if lost > 0 {
                    tracing::warn!(lost, "log lines are missing: stderr did not take them in time");
                }
            }
        })?;
        Ok(log)
    }

    /// Adds a line, or counts it as lost if there is no room.
    pub(crate) fn add(&self, line: &[u8]) {
        let mut state = self.state();
        if state.bytes + line.len() > QUEUE_MAX_BYTES {
            state.lost += 1;
            return;
        }
        state.bytes += line.len();
        state.lines.push_back(line.to_vec());
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until everything is written, for a limited time.
    pub(crate) fn flush(&self) {
        let waits = |state: &mut State| state.is_writing || !state.lines.is_empty();
        // What is not written by then is lost, as with every log whose reader does not read.
        drop(self.changed.wait_timeout_while(self.state(), FLUSH_MAX, waits));
    }

    /// Waits for a line, writes it, and returns how many lines are missing before the next one.
    fn write_next(&self, out: &mut impl Write) -> u64 {
        let is_written = out.write_all(&self.next()).is_ok();
        let mut state = self.state();
        state.is_writing = false;
        if !is_written {
            state.lost += 1;
        }
        let lost = if is_written { std::mem::take(&mut state.lost) } else { 0 };
        drop(state);
        self.changed.notify_all();
        lost
    }

    /// Waits for a line, and takes it.
    fn next(&self) -> Vec<u8> {
        let waits = |state: &mut State| state.lines.is_empty();
        let waited = self.changed.wait_while(self.state(), waits);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let line = state.lines.pop_front().unwrap_or_default();
        state.bytes -= line.len();
        state.is_writing = true;
        line
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is valid after every single change, so a panic elsewhere does not damage it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One write is one line. It never fails: the caller could do nothing about it.
impl Write for &Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stderr that takes lines or does not.
    struct Out(Option<Vec<u8>>);

    impl Write for Out {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let taken = self.0.as_mut().ok_or(io::ErrorKind::StorageFull)?;
            taken.extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let log = Log::default();
        ["a", "b", "c", "d"].iter().for_each(|line| log.add(line.as_bytes()));
        let mut out = Out(None);
        assert_eq!([log.write_next(&mut out), log.write_next(&mut out)], [0, 0]);
        out.0 = Some(Vec::new());
        assert_eq!([log.write_next(&mut out), log.write_next(&mut out)], [2, 0]);
        assert_eq!(out.0.unwrap(), b"cd");
    }

    #[test]
    fn lines_without_room_are_counted_and_the_queue_is_bounded() {
        let log = Log::default();
        let line = vec![b'x'; QUEUE_MAX_BYTES / 4];
        (0..7).for_each(|_| log.add(&line));
        let mut out = Out(Some(Vec::new()));
        assert_eq!([(); 4].map(|()| log.write_next(&mut out)), [3, 0, 0, 0]);
        assert_eq!(out.0.unwrap().len(), QUEUE_MAX_BYTES);
        log.add(b"there is room again");
        assert_eq!(log.write_next(&mut Out(Some(Vec::new()))), 0);
    }
}
