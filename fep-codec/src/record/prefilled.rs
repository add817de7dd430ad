//! A record that is filled in part, from which many records begin. It is not a record itself: it owns its layout, a record borrows one.

use alloc::vec::Vec;

use super::{Record, Value};
use crate::layout::Layout;

/// Values that many records of one layout have in common.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::record::Prefilled;
/// use fep_codec::{Record, Telegram};
///
/// #[derive(Telegram)]
/// struct Pair {
///     #[field(len = 3)]
///     first: u16,
///     #[field(len = 3)]
///     second: u16,
/// }
///
/// let mut record = Record::new(Pair::LAYOUT);
/// record.set("first", 7)?;
/// let prefilled = Prefilled::new(&record);
/// let mut record = prefilled.record();
/// record.set("second", 8)?;
/// assert_eq!(record.encode()?, b"007008");
/// # }
/// # Ok::<(), fep_codec::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Prefilled {
    layout: Layout,
    values: Vec<Value>,
}

impl Prefilled {
    /// The values of a record. It has a copy of the layout.
    #[must_use]
    pub fn new(record: &Record<'_>) -> Self {
        Self { layout: record.layout.clone(), values: record.values().to_vec() }
    }

    /// A new record with these values.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record::from_values(&self.layout, self.values.clone())
    }
}
