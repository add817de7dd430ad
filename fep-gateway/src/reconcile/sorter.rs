//! Sorts rows by their keys in bounded memory: what does not fit goes to temporary files, sorted piece by piece, and is merged when it is read.
//!
//! ```text
//! push ──► piece in memory ──full──► sorted ──► run on disk ──┐
//!                                               run on disk ──┼──► merged, in the order of the keys
//!          last piece, sorted ────────────────────────────────┘
//! ```
//!
//! Rows with the same key keep the order in which they were pushed. The files have no name: they are gone with the process, however it ends.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Read, Seek, Write};
use std::marker::PhantomData;

use super::row::{Row, Sortable};

/// The bytes of a piece in memory.
pub(super) const PIECE_BYTES: usize = 32 * 1024 * 1024;

/// How many runs are read at the same time. If there are more, they are merged into one first.
const RUNS_MAX: usize = 64;

/// The buffer of a run that is read or written, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Takes rows in any order.
#[derive(Debug)]
pub(super) struct Sorter<R = Row> {
    piece: Vec<u8>,
    /// For each row of the piece: the first bytes of its key, which decide most comparisons, and its place.
    index: Vec<(u64, u32)>,
    piece_max: usize,
    runs: Vec<File>,
    rows: PhantomData<R>,
}

impl<R: Sortable> Sorter<R> {
    /// A sorter that has at most this many bytes of rows in memory.
    pub(super) fn new(piece_max: usize) -> Self {
        let piece_max = piece_max.min(u32::MAX as usize / 2);
        Self { piece: Vec::new(), index: Vec::new(), piece_max, runs: Vec::new(), rows: PhantomData }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If a temporary file cannot be written.
    pub(super) fn push(&mut self, row: &R) -> io::Result<()> {
        if self.piece.len() >= self.piece_max {
            self.spill()?;
        }
        let place = u32::try_from(self.piece.len()).unwrap_or(u32::MAX);
        self.index.push((prefix(row.key().bytes()), place));
        row.put(&mut self.piece);
        Ok(())
    }

    /// All rows in the order of their keys.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub(super) fn finish(mut self) -> io::Result<Sorted<R>> {
        self.order();
        let piece = self.copy_piece();
        let mut sources = self.runs.into_iter().map(Source::of_file).collect::<io::Result<Vec<_>>>()?;
        sources.push(Source::Memory(Cursor::new(piece)));
        Sorted::new(sources)
    }

    fn order(&mut self) {
        let piece = &self.piece;
        let key = |place: u32| R::stored(piece.get(place as usize..).unwrap_or_default()).map(|(key, _)| key);
        self.index.sort_unstable_by(|(prefix, place), (other, at)| {
            let by_key = prefix.cmp(other).then_with(|| key(*place).cmp(&key(*at)));
            by_key.then_with(|| place.cmp(at))
        });
    }

    /// The rows of the piece in the order of the index.
    fn copy_piece(&mut self) -> Vec<u8> {
        let mut sorted = Vec::with_capacity(self.piece.len());
        for row in self.index.drain(..).filter_map(|(_, place)| stored_at::<R>(&self.piece, place)) {
            sorted.extend_from_slice(row);
        }
        self.piece.clear();
        sorted
    }

    fn spill(&mut self) -> io::Result<()> {
        self.order();
        let mut run = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile()?);
        for (_, place) in self.index.drain(..) {
            run.write_all(stored_at::<R>(&self.piece, place).unwrap_or_default())?;
        }
        self.piece.clear();
        self.runs.push(rewound(run)?);
        if self.runs.len() >= RUNS_MAX {
            self.join_runs()?;
        }
        Ok(())
    }

    fn join_runs(&mut self) -> io::Result<()> {
        let sources = self.runs.drain(..).map(Source::of_file).collect::<io::Result<Vec<_>>>()?;
        let mut sorted = Sorted::<R>::new(sources)?;
        let mut joined = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile()?);
        let mut bytes = Vec::new();
        while let Some(row) = sorted.next()? {
            bytes.clear();
            row.put(&mut bytes);
            joined.write_all(&bytes)?;
        }
        self.runs.push(rewound(joined)?);
        Ok(())
    }
}

/// The stored row at a place of a piece.
fn stored_at<R: Sortable>(piece: &[u8], place: u32) -> Option<&[u8]> {
    let bytes = piece.get(place as usize..)?;
    let (_, len) = R::stored(bytes)?;
    bytes.get(..len)
}

/// The first bytes of a key as a number that is ordered as they are.
fn prefix(key: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(key) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}

fn rewound(run: BufWriter<File>) -> io::Result<File> {
    let mut file = run.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

/// Rows in the order of their keys.
#[derive(Debug)]
pub(super) struct Sorted<R = Row> {
    sources: Vec<Source>,
    heads: BinaryHeap<Reverse<Head<R>>>,
}

/// Where sorted rows come from.
#[derive(Debug)]
enum Source {
    Memory(Cursor<Vec<u8>>),
    File(BufReader<File>),
}

/// The next row of a source.
#[derive(Debug)]
struct Head<R> {
    row: R,
    source: usize,
}

impl<R: Sortable> Ord for Head<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.row.key().cmp(other.row.key()).then(self.source.cmp(&other.source))
    }
}

impl<R: Sortable> PartialEq for Head<R> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<R: Sortable> Eq for Head<R> {}

impl<R: Sortable> PartialOrd for Head<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Source {
    fn of_file(mut file: File) -> io::Result<Self> {
        file.rewind()?;
        Ok(Self::File(BufReader::with_capacity(BUFFER_BYTES, file)))
    }
}

impl Read for Source {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => bytes.read(to),
            Self::File(file) => file.read(to),
        }
    }
}

impl<R: Sortable> Sorted<R> {
    fn new(sources: Vec<Source>) -> io::Result<Self> {
        let mut sorted = Self { sources, heads: BinaryHeap::new() };
        for source in 0..sorted.sources.len() {
            sorted.advance(source)?;
        }
        Ok(sorted)
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Option<R>> {
        let Some(Reverse(Head { row, source })) = self.heads.pop() else { return Ok(None) };
        self.advance(source)?;
        Ok(Some(row))
    }

    fn advance(&mut self, source: usize) -> io::Result<()> {
        let next = self.sources.get_mut(source).map_or(Ok(None), R::take)?;
        self.heads.extend(next.map(|row| Reverse(Head { row, source })));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
