//! The bytes of an input with telegrams that follow each other. Only a part of the input is in memory.

use std::io::Read;

use crate::end::Stop;

/// The maximum length of a telegram whose end is only the end of the input, in bytes.
pub(crate) const TELEGRAM_MAX_BYTES: usize = 1 << 26;

/// The number of bytes that are in memory before a telegram is looked at. Telegrams of a known length are not longer.
pub(crate) const WINDOW_BYTES: usize = 1 << 20;

/// The number of bytes that are read at once. Each time, at most a window is moved to the start of the buffer.
const READ_BYTES: u64 = 1 << 22;

/// An input that is used from its start.
pub(crate) struct Glued {
    input: Box<dyn Read>,
    buffer: Vec<u8>,
    /// The bytes of the buffer before this one are used.
    start: usize,
    ended: bool,
    used: usize,
}

impl Glued {
    pub(crate) const fn new(input: Box<dyn Read>) -> Self {
        Self { input, buffer: Vec::new(), start: 0, ended: false, used: 0 }
    }

    /// Reads until this number of bytes is in memory, or all that are left.
    pub(crate) fn fill(&mut self, len: usize) -> Result<(), Stop> {
        while !self.ended && self.buffer.len() - self.start < len {
            self.buffer.drain(..self.start);
            self.start = 0;
            let read = self.input.by_ref().take(READ_BYTES).read_to_end(&mut self.buffer);
            let read = read.map_err(|error| Stop::Message(format!("cannot read the input: {error}")))?;
            self.ended = (read as u64) < READ_BYTES;
        }
        Ok(())
    }

    /// The bytes in memory that are not used yet.
    pub(crate) fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Whether all bytes of the input are in memory.
    pub(crate) const fn is_whole(&self) -> bool {
        self.ended
    }

    /// The offset in the input of the first byte that is not used yet.
    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    pub(crate) fn skip(&mut self, len: usize) {
        self.start += len;
        self.used += len;
    }
}
