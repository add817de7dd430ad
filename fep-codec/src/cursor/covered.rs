//! The bytes that a check covers, and the order in which checks are filled in.

use core::ops::Range;

use crate::error::{Culprit, Error, Fault};
use crate::layout::{Check, CheckFn};

/// The bytes that a check covers, from `from` to `to`, without the bytes of the check itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Covered {
    /// Whether the check covers any of these bytes.
    pub(crate) const fn overlaps(self, range: &Range<usize>) -> bool {
        range.start < self.to && self.from < range.end
    }

    /// Passes the covered bytes to a function. `own` are the bytes of the check.
    pub(crate) fn with<T>(self, telegram: &[u8], own: &Range<usize>, run: impl FnOnce(&[u8]) -> T) -> T {
        let Self { from, to } = self;
        if !self.overlaps(own) {
            return run(telegram.get(from..to).unwrap_or_default());
        }
        let before = telegram.get(from..own.start).unwrap_or_default();
        let behind = telegram.get(own.end..to).unwrap_or_default();
        match (before, behind) {
            (bytes, []) | ([], bytes) => run(bytes),
            _ => run(&[before, behind].concat()),
        }
    }
}

/// Takes the check to be filled in next: the first in wire order that does not cover another one that is still open. Of checks that
/// cover each other, the first in wire order.
pub(crate) fn next_check<C>(open: &mut [Option<C>], place: impl Fn(&C) -> (Covered, Range<usize>)) -> Option<C> {
    let waits = |check: &C| {
        let (covered, range) = place(check);
        open.iter().flatten().map(|other| place(other).1).any(|other| other != range && covered.overlaps(&other))
    };
    let start = |(_, check): &(usize, &C)| place(check).1.start;
    let open_ones = || open.iter().enumerate().filter_map(|(index, check)| Some((index, check.as_ref()?)));
    let ready = open_ones().filter(|(_, check)| !waits(check)).min_by_key(start);
    let (index, _) = ready.or_else(|| open_ones().min_by_key(start))?;
    open.get_mut(index)?.take()
}

/// Fills in a check over the covered bytes. The check itself is not covered.
pub(crate) fn fill_check(out: &mut [u8], covered: Covered, range: Range<usize>, run: CheckFn) -> Result<(), Error> {
    let mut room = [0; Check::LEN_MAX];
    let Some(value) = room.get_mut(..range.len()) else { return Ok(()) };
    covered
        .with(out, &range, |bytes| run(bytes, value))
        .map_err(|reason| Error::new(Culprit::Caller, Fault::NoCheck { reason }).at_bytes(range.clone(), None))?;
    if let Some(field) = out.get_mut(range) {
        field.copy_from_slice(value);
    }
    Ok(())
}
