//! The error of a telegram with a flattened part.

use crate::cursor::Reader;
use crate::error::Error;
use crate::record::Record;
use crate::telegram::Decode;

/// Reads a telegram that has a flattened part.
///
/// Fields that belong together across the border of the part are compared when the whole struct was read. So of several mistakes,
/// another one can be found first than in one struct with the same layout. The record finds the one that is first in the layout.
///
/// # Errors
/// Those of [`Decode::decode`].
#[inline]
pub fn decode_flattened<'a, T: Decode<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    let read = || {
        let mut reader = Reader::of_len(bytes, const { T::LAYOUT.fixed_len() })?;
        let telegram = T::decode_items(&mut reader)?;
        reader.finish()?;
        Ok(telegram)
    };
    read().map_err(|error| first_error::<T>(error, bytes))
}

#[cold]
fn first_error<'a, T: Decode<'a>>(error: Error, bytes: &[u8]) -> Error {
    Record::decode(T::LAYOUT, bytes).err().unwrap_or(error)
}
