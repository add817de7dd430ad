//! Records of a derived type, read directly from a slice without a copy or an allocation. Their order is not checked.

use alloc::string::String;
use core::marker::PhantomData;

use super::ending::Known;
use super::ends::Ends;
use super::fault::{FileError, FileFault};
use super::line_end::{LastLineEnd, LineEnd};
use crate::error::Error;
use crate::layout::Layout;
use crate::telegram::TelegramSet;

/// The iterator that [`records`] returns.
#[derive(Clone, Debug)]
pub struct Records<'a, T> {
    rest: &'a [u8],
    line_end: LineEnd,
    last: LastLineEnd,
    number: u64,
    offset: u64,
    records: PhantomData<fn() -> T>,
}

/// The records in these bytes, one directly after the other.
///
/// A record may vary in length, if its length field, its counts and lengths, or the line end say where it ends. Finding that end takes
/// longer than reading a record of a fixed length.
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
    records_from(bytes, LineEnd::None, 0, 0)
}

/// The records of a piece of a file. `number` records and `offset` bytes come before the piece.
pub(super) const fn records_from<T>(bytes: &[u8], line_end: LineEnd, number: u64, offset: u64) -> Records<'_, T> {
    Records { rest: bytes, line_end, last: LastLineEnd::Required, number, offset, records: PhantomData }
}

impl<T> Records<'_, T> {
    /// Sets the line end that follows each record.
    #[must_use]
    pub const fn line_end(mut self, line_end: LineEnd) -> Self {
        self.line_end = line_end;
        self
    }

    /// Sets whether the last record has a line end.
    #[must_use]
    pub const fn last_line_end(mut self, last: LastLineEnd) -> Self {
        self.last = last;
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
            _ => match self.varying_len(bytes) {
                Ok(len) => len,
                Err(fault) => return Some(Err(self.stop(fault))),
            },
        };
        let line_end = self.line_end.bytes();
        let Some((record, behind)) = bytes.split_at_checked(len) else {
            return Some(Err(self.stop(FileFault::CutOff { left: bytes.len(), needed: len + line_end.len() })));
        };
        let mut needed = len;
        // An empty comparison would still be a call.
        if !line_end.is_empty() {
            match self.ends().behind(len, behind, true) {
                Ok(end) => needed += end.map_or(0, |end| end.bytes().len()),
                Err(fault) => return Some(Err(self.stop(fault))),
            }
        }
        let read = T::decode_any(record).map_err(|error| self.in_record(record, error));
        self.rest = bytes.get(needed..).unwrap_or_default();
        self.offset += needed as u64;
        Some(read)
    }
}

impl<'a, T: TelegramSet<'a>> Records<'a, T> {
    const fn ends(&self) -> Ends<'_> {
        Ends::new(core::slice::from_ref(&self.line_end), self.last)
    }

    /// The length of a record that varies in length.
    #[cold]
    fn varying_len(&self, bytes: &[u8]) -> Result<usize, FileFault> {
        let layout = match T::LAYOUTS {
            [only] => Some(only),
            several => Layout::choose(several, bytes).and_then(|index| several.get(index)),
        };
        let unknown = || FileFault::unknown(T::LAYOUTS, bytes, T::LAYOUTS.iter().any(|layout| layout.has_secret()));
        let known = Known::new(layout.ok_or_else(unknown)?);
        let len = match known.len(bytes, true)? {
            Some(len) => len,
            None => self.ends().open_len(&known, bytes, true)?,
        };
        if len == 0 && self.line_end == LineEnd::None { Err(unknown()) } else { Ok(len) }
    }

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
