//! [`Reader`] and [`Writer`]: cursors over a telegram. Both codecs read and write its bytes only through them.
//!
//! Derived code and the dynamic codec both call a cursor once for each item of the layout. A cursor turns a field's [`Fault`]
//! into an [`Error`] by adding the name, the byte range and the culprit. Walks, surveys and views do not decode front to back,
//! so they keep their own offsets. They too read each field with a cursor or by its kind. They get the extent of an item from
//! the layout ([`crate::layout::ExtentRule`], [`crate::layout::Limit`]).

mod reader;
mod covered;
pub(crate) mod writer;
pub(crate) mod computed;
mod entries;
mod choice;

pub(crate) use self::computed::check_page;
pub(crate) use self::computed::{FieldSum, Stated, blank_of};
pub(crate) use self::covered::{Covered, fill_check, next_check};
pub(crate) use self::entries::{check_max, no_count, overrun};
pub use self::reader::Reader;
pub use self::writer::Writer;
pub(crate) use self::writer::check_count;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, LengthScope};

/// The value that a length field at `start..start + len` must have in a telegram of `total` bytes.
pub(crate) const fn length_value(counts: LengthScope, start: usize, len: usize, total: usize) -> usize {
    match counts {
        LengthScope::Rest => total.saturating_sub(start.saturating_add(len)),
        LengthScope::All => total,
    }
}

#[cold]
fn fail(culprit: Culprit, fault: Fault, field: &Field, start: usize, bytes: Option<&[u8]>) -> Error {
    // A tail may have fewer bytes than its field says.
    let len = bytes.map_or(field.len, <[u8]>::len);
    Error::in_field(culprit, fault, field).at_bytes(start..start.saturating_add(len), bytes)
}

fn culprit_on_encode(fault: &Fault) -> Culprit {
    if matches!(fault, Fault::BadSpec { .. }) { Culprit::Spec } else { Culprit::Caller }
}
