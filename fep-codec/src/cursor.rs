//! [`Reader`] and [`Writer`]: the only code that knows where in a telegram it stands.
//!
//! Derived code and the dynamic codec are both a row of calls to these, one for each item of the layout. A cursor adds to a
//! field's [`Fault`] the name, the byte range and the culprit, and makes an [`Error`] of it.

mod reader;
mod writer;

pub use self::reader::Reader;
pub use self::writer::Writer;
pub(crate) use self::writer::check_count;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Counts, Field};

/// What a length field at `start..start + len` must say in a telegram of `total` bytes.
pub(crate) const fn length_value(counts: Counts, start: usize, len: usize, total: usize) -> usize {
    match counts {
        Counts::Rest => total.saturating_sub(start.saturating_add(len)),
        Counts::All => total,
    }
}

#[cold]
fn fail(culprit: Culprit, fault: Fault, field: &Field, start: usize, bytes: Option<&[u8]>) -> Error {
    Error::in_field(culprit, fault, field).at_bytes(start..start.saturating_add(field.len), bytes)
}
