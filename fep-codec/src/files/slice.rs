//! Records of a derived type, read directly from a slice without a copy or an allocation. Their order is not checked.

use alloc::string::String;
use core::marker::PhantomData;

use super::LineEnd;
use super::fault::{FileError, FileFault};
use crate::error::Error;
use crate::layout::Layout;
use crate::telegram::TelegramSet;

/// The iterator that [`records`] returns.
#[derive(Clone, Debug)]
pub struct Records<'a, T> {
    rest: &'a [u8],
    line_end: &'static [u8],
    number: u64,
    offset: u64,
    records: PhantomData<fn() -> T>,
}

/// The records in these bytes, one directly after the other.
///
/// An error in the fields of one record does not end the iterator. A record that is cut off, unknown or without its line end ends
/// it. [`super::FileReader`] checks the order of the records and their totals. This function does not.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::Telegram;
/// use fep_codec::files::records;
///
/// /// It borrows from the file.
/// #[derive(Telegram)]
/// #[telegram(len = 8, charset = "ascii")]
/// struct Row<'a> {
///     #[field(len = 4)]
///     name: &'a str,
///     #[field(len = 4)]
///     amount: u32,
/// }
///
/// let rows = records::<Row<'_>>(b"kim 0042lee 0007");
/// let total: u32 = rows.map(|row| Ok(row?.amount)).sum::<Result<_, fep_codec::files::FileError>>()?;
/// assert_eq!(total, 49);
/// # }
/// # Ok::<(), fep_codec::files::FileError>(())
/// ```
#[must_use]
pub const fn records<'a, T: TelegramSet<'a>>(bytes: &'a [u8]) -> Records<'a, T> {
    Records { rest: bytes, line_end: b"", number: 0, offset: 0, records: PhantomData }
}

/// The records of a piece of a file. `number` records and `offset` bytes come before the piece.
#[cfg(feature = "rayon")]
pub(super) const fn records_from<T>(bytes: &[u8], line_end: LineEnd, number: u64, offset: u64) -> Records<'_, T> {
    Records { rest: bytes, line_end: line_end.bytes(), number, offset, records: PhantomData }
}

impl<T> Records<'_, T> {
    /// Sets the line end that follows each record.
    #[must_use]
    pub const fn line_end(mut self, line_end: LineEnd) -> Self {
        self.line_end = line_end.bytes();
        self
    }
}

impl<'a, T: TelegramSet<'a>> Iterator for Records<'a, T> {
    type Item = Result<T, FileError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let bytes = self.rest;
        let len = match T::any_fixed_len(bytes) {
            Some(len) if len > 0 => len,
            _ => return Some(Err(self.stop(FileFault::unknown(T::LAYOUTS, bytes)))),
        };
        let needed = len + self.line_end.len();
        let (Some(record), Some(end)) = (bytes.get(..len), bytes.get(len..needed)) else {
            return Some(Err(self.stop(FileFault::CutOff { left: bytes.len(), needed })));
        };
        // An empty comparison would still be a call.
        if !end.is_empty() && end != self.line_end {
            return Some(Err(self.stop(FileFault::LineEnd)));
        }
        let read = T::decode_any(record).map_err(|error| self.in_record(record, error));
        self.rest = bytes.get(needed..).unwrap_or_default();
        self.offset += needed as u64;
        Some(read)
    }
}

impl<'a, T: TelegramSet<'a>> Records<'a, T> {
    /// Ends the iterator with an error.
    #[cold]
    fn stop(&mut self, what: FileFault) -> FileError {
        self.rest = &[];
        FileError { record: self.number, offset: self.offset, what }
    }

    #[cold]
    fn in_record(&self, record: &[u8], error: Error) -> FileError {
        let named = match T::LAYOUTS {
            [only] => Some(only),
            several => Layout::choose(several, record).and_then(|index| several.get(index)),
        };
        let name = named.map_or_else(String::new, |layout| layout.name.clone().into_owned());
        FileError { record: self.number, offset: self.offset, what: FileFault::Record { name, error } }
    }
}
