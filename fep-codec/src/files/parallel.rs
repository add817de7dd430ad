//! Reads whole files in memory with all processors at once.
//!
//! This needs files whose records all have the same length. There the offset of each record is known by arithmetic, so a piece can
//! be read without the pieces before it.
//!
//! ```text
//! bytes ──┬── piece 0 ──► values, sums ──┐
//!         ├── piece 1 ──► values, sums ──┼──► in the file's order
//!         └── piece 2 ──► values, sums ──┘
//! ```
//!
//! The caller provides the bytes: it reads the file into memory or maps it. This crate does not map files. Mapping takes `unsafe`,
//! because a mapped file can change while it is read, and reading a file costs little compared with decoding it.

use alloc::vec::Vec;

use rayon::iter::{IndexedParallelIterator as _, ParallelIterator};
use rayon::slice::ParallelSlice as _;

use super::fault::FileError;
use super::intake::Progress;
use super::slice::records_from;
use super::totals::Totals;
use super::walk::FileWalk;
use super::{FileLayout, LineEnd};
use crate::layout::Layout;
use crate::telegram::TelegramSet;

/// The number of records that one processor reads at a time. It is large enough that the cost of distributing the work is
/// negligible.
const PIECE_RECORDS: usize = 4096;

/// The records in these bytes, one directly after the other, decoded by all processors.
///
/// Collecting keeps the order of the file, and an error names its record and byte as in [`records`](super::records). If there are
/// several errors, it is unspecified which of them a collected `Result` has. It is checked at compile time that all records have
/// the same length. [`verify`] checks the order and the totals.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::Telegram;
/// use fep_codec::files::{LineEnd, par_records};
/// use rayon::iter::ParallelIterator as _;
///
/// #[derive(Telegram, Debug, PartialEq)]
/// #[telegram(len = 8, charset = "ascii")]
/// struct Row<'a> {
///     #[field(len = 4)]
///     name: &'a str,
///     #[field(len = 4)]
///     amount: u32,
/// }
///
/// let rows: Vec<Row<'_>> = par_records(b"kim 0042\nlee 0007\n", LineEnd::Lf).collect::<Result<_, _>>()?;
/// assert_eq!(rows[1], Row { name: "lee", amount: 7 });
/// # }
/// # Ok::<(), fep_codec::files::FileError>(())
/// ```
pub fn par_records<'a, T: TelegramSet<'a> + Send>(
    bytes: &'a [u8],
    line_end: LineEnd,
) -> impl ParallelIterator<Item = Result<T, FileError>> + use<'a, T> {
    let record_len = const { one_len(T::LAYOUTS) };
    let piece_len = (record_len + line_end.bytes().len()) * PIECE_RECORDS;
    bytes.par_chunks(piece_len).enumerate().flat_map_iter(move |(number, piece)| {
        let record = number * PIECE_RECORDS;
        let offset = number * piece_len;
        records_from(piece, line_end, record as u64, offset as u64)
    })
}

/// The length in bytes that all records have.
#[allow(clippy::panic, reason = "evaluated at compile time, where a panic is the error message")]
const fn one_len(layouts: &[&Layout]) -> usize {
    let mut one = None;
    let mut rest = layouts;
    while let [layout, tail @ ..] = rest {
        one = match (one, layout.fixed_len()) {
            (_, None | Some(0)) => panic!("records that are read in parallel have a fixed length"),
            (None, len) => len,
            (Some(one), Some(len)) if one == len => Some(one),
            _ => panic!("records that are read in parallel have one length"),
        };
        rest = tail;
    }
    match one {
        Some(len) => len,
        None => panic!("a choice of records has at least one"),
    }
}

/// Checks everything that a [`FileReader`](super::FileReader) checks in a file, except the fields of the records: line ends, order,
/// blocks and totals.
///
/// Uses only one processor if the records have several lengths or length words, if their position tells them apart, if the last record
/// must have no line end, or if deviations are forgiven in a file with line ends.
///
/// # Errors
/// The first error in the file.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::Telegram;
/// use fep_codec::files::{FileLayout, LineEnd, Step, verify};
///
/// #[derive(Telegram)]
/// #[telegram(len = 2, charset = "ascii")]
/// struct Row {
///     #[field(len = 2)]
///     no: u8,
/// }
///
/// const STEPS: &[Step] = &[Step::any_number(Row::LAYOUT)];
/// static FILE: FileLayout = FileLayout::new("Rows", &[LineEnd::Lf], STEPS, &[]);
/// assert_eq!(verify(&FILE, b"01\n02\n").map(|file| file.records), Ok(2));
/// assert_eq!(verify(&FILE, b"01\n0").expect_err("cut off").to_string(),
///     "record 2 at byte 3: the file ends inside the record: 1 byte is left, a record has 3");
/// # }
/// ```
pub fn verify(file: &FileLayout, bytes: &[u8]) -> Result<Progress, FileError> {
    let mut walk = FileWalk::new(file)?;
    let (_, totals, _) = walk.start();
    // The first record shows which line end the file has.
    walk_to(&mut walk, bytes, bytes.len().min(1))?;
    if let Some(stride) = walk.stride() {
        let start = usize::try_from(walk.offset).unwrap_or(usize::MAX);
        let rest = bytes.get(start..).unwrap_or_default();
        let sums: Vec<_> =
            rest.par_chunks(stride * PIECE_RECORDS).map(|piece| Sums::of(&walk, &totals, stride, piece)).collect();
        let mut end = start;
        for (piece, sums) in rest.chunks(stride * PIECE_RECORDS).zip(sums) {
            end += piece.len();
            if !sums.is_some_and(|sums| walk.leap(sums.layout, sums.records, piece.len(), &sums.totals)) {
                walk_to(&mut walk, bytes, end)?;
            }
        }
    }
    walk_to(&mut walk, bytes, bytes.len())?;
    let progress = Progress { records: walk.number, bytes: walk.offset };
    if let Some(wrong) = walk.wrong_at_end().into_iter().next() {
        return Err(wrong);
    }
    walk.end().map_err(|what| FileError { record: walk.number + 1, offset: walk.offset, what })?;
    Ok(progress)
}

/// Steps over one record after the other, up to the offset `end`.
fn walk_to(walk: &mut FileWalk<'_>, bytes: &[u8], end: usize) -> Result<(), FileError> {
    while let Some(start) = usize::try_from(walk.offset).ok().filter(|start| *start < end) {
        let record = walk.number + 1;
        let offset = walk.offset;
        let window = bytes.get(start..bytes.len().min(start + walk.window_len())).unwrap_or_default();
        walk.forgiven.clear();
        let framed = walk.step(window).map_err(|what| what.at(record, offset))?;
        if let Some(wrong) = framed.wrong.into_iter().next() {
            return Err(wrong);
        }
    }
    Ok(())
}

/// The totals of a piece whose records all have the same layout, one without totals in it.
struct Sums<'f> {
    layout: &'f Layout,
    records: u64,
    totals: Totals<'f>,
}

impl<'f> Sums<'f> {
    /// The sums of a piece, or `None` if its records must be stepped over one by one.
    fn of(walk: &FileWalk<'f>, totals: &Totals<'f>, stride: usize, piece: &[u8]) -> Option<Self> {
        let layout = walk.recognise(piece)?;
        if walk.is_numbered(layout) || !piece.len().is_multiple_of(stride) {
            return None;
        }
        let mut totals = totals.clone();
        for line in piece.chunks(stride) {
            let record = walk.plain_record(line, layout)?;
            totals.add(layout, record);
        }
        Some(Self { layout, records: (piece.len() / stride) as u64, totals })
    }
}
