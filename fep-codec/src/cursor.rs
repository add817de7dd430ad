//! [`Reader`] and [`Writer`]: a position in a telegram, and the only way by which both codecs read and write its bytes.
//!
//! Derived code and the dynamic codec are both a list of calls to these, one for each item of the layout. A cursor adds to a
//! field's [`Fault`] the name, the byte range and the culprit, and makes an [`Error`] of it. Walks, surveys and views do not
//! decode front to back, so they keep offsets of their own. They too read each field with a cursor or by its kind, and how
//! far an item goes they ask the layout ([`crate::layout::ExtentRule`], [`crate::layout::Limit`]).

mod reader;
mod writer;
pub(crate) mod computed;
mod entries;
mod choice;

pub(crate) use self::computed::check_page;
pub(crate) use self::computed::{FieldSum, Stated};
pub(crate) use self::entries::{check_max, overrun};
pub use self::reader::Reader;
pub use self::writer::Writer;
pub(crate) use self::writer::{check_count, fill_check};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, LengthScope};

/// What a length field at `start..start + len` must say in a telegram of `total` bytes.
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
