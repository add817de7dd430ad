//! The bytes around the records of a file that is being written: length words, line ends, and the blocks of bytes that records are
//! collected in.

use alloc::vec::Vec;
use core::mem::{replace, take};

use super::FileLayout;
use super::fault::{FileFault, Measured};
use super::line_end::{LastLineEnd, LineEnd};
use super::words::BlockWord;

/// The bytes around the records of a file.
#[derive(Debug)]
pub(super) struct Casing<'f> {
    file: &'f FileLayout,
    /// The records of a block that is not full, without its length word.
    block: Vec<u8>,
    /// Whether a record was put before.
    some: bool,
    /// The length of the last record in bytes, without the bytes around it.
    last_len: usize,
}

impl<'f> Casing<'f> {
    pub(super) const fn new(file: &'f FileLayout) -> Self {
        Self { file, block: Vec::new(), some: false, last_len: 0 }
    }

    /// Puts the bytes around a record. `record` becomes the bytes that are to be written next: none if the record waits until its block
    /// is full. Returns the offset of the record from the first byte that is not written yet.
    ///
    /// # Errors
    /// If the length of the record does not fit into its length word.
    pub(super) fn put(&mut self, record: &mut Vec<u8>) -> Result<usize, FileFault> {
        let len = record.len();
        let mut start = 0;
        if let Some(word) = self.file.record_word {
            let word = word.write(len).map_err(|what| Measured::Record.fault(what))?;
            start += word.len();
            record.splice(..0, word);
        }
        start += self.add_line_end(record);
        if let Some(block) = self.file.block_word {
            let word_len = block.word.word_len();
            start += word_len;
            let full = word_len.saturating_add(self.block.len()).saturating_add(record.len()) > block.max_bytes;
            if full && !self.block.is_empty() {
                let closed = replace(&mut self.block, take(record));
                *record = self.with_word(closed)?;
                start += record.len();
            } else {
                start += self.block.len();
                self.block.append(record);
            }
        }
        self.some = true;
        self.last_len = len;
        Ok(start)
    }

    /// The last block, if it is not written yet: `record` becomes its bytes.
    ///
    /// # Errors
    /// If its length does not fit into its length word.
    pub(super) fn close(&mut self, record: &mut Vec<u8>) -> Result<bool, FileFault> {
        if self.block.is_empty() {
            return Ok(false);
        }
        let closed = take(&mut self.block);
        *record = self.with_word(closed)?;
        Ok(true)
    }

    /// A record that fills a block: as long as the record before it, with its line end.
    pub(super) fn fill(&mut self, fill: u8, record: &mut Vec<u8>) {
        record.clear();
        record.resize(self.last_len, fill);
        self.add_line_end(record);
    }

    /// Adds the line end. If the last record has none, the line end of the record before comes first. Returns the number of bytes
    /// before the record.
    fn add_line_end(&self, record: &mut Vec<u8>) -> usize {
        let end = self.file.line_ends.first().copied().unwrap_or(LineEnd::None).bytes();
        match self.file.last_line_end {
            LastLineEnd::Required | LastLineEnd::Optional => {
                record.extend_from_slice(end);
                0
            }
            LastLineEnd::None if self.some => {
                record.splice(..0, end.iter().copied());
                end.len()
            }
            LastLineEnd::None => 0,
        }
    }

    fn with_word(&self, mut block: Vec<u8>) -> Result<Vec<u8>, FileFault> {
        if let Some(BlockWord { word, .. }) = self.file.block_word {
            let word = word.write(block.len()).map_err(|what| Measured::Block.fault(what))?;
            block.splice(..0, word);
        }
        Ok(block)
    }
}
