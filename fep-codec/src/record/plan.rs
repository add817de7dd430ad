//! [`Plan`]: a layout looked at once, to read and write many telegrams of it. It does what [`Record`] does without a plan, and only faster.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::Record;
use super::decode::telegram;
use super::steps::Steps;
use crate::error::Error;
use crate::layout::{LATE_MAX, Layout};

/// A layout that was looked at once, to read and write many telegrams faster than by the layout alone.
///
/// The results and the errors are those of [`Record::decode`], [`Layout::verify`] and [`Record::encode`]. Making a plan takes a few walks through the
/// layout, so a program makes one for each layout when it starts.
///
/// These items are faster. All others are read and written as without a plan.
///
/// | item | if |
/// |---|---|
/// | text | it is on the left, and ASCII has the same bytes in its charset |
/// | digits | they are ASCII, on the left or in every byte |
/// | number | it is at most 19 ASCII digits without a sign, and always has a value |
/// | date, time | it is `YYYYMMDD`, `YYMMDD`, `HHMMSS` or `YYYYMMDDHHMMSS` in ASCII, and always has a value |
/// | filler | it must be blank |
/// | length of the rest | it is such a number outside of groups; to write, the telegram also has a fixed length |
/// | part | all its items are such items |
///
/// A record borrows the layout of the plan, and so the plan. What matters for [`Plan::encode`] is the address of the layout: a record of
/// [`Plan::decode`], [`Plan::record`] or the layout that the plan was made from is written faster. A record of an equal layout at another address is
/// written as without a plan.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::{Plan, Telegram, Value};
///
/// #[derive(Telegram)]
/// struct Payment {
///     #[field(len = 6)]
///     trace_no: u32,
///     #[field(len = 10)]
///     amount: u64,
/// }
///
/// let plan = Plan::new(Payment::LAYOUT);
/// for telegram in [b"0000010000050000", b"0000020000001200"] {
///     let mut record = plan.decode(telegram)?;
///     assert_eq!(plan.encode(&record)?, telegram);
///     record.set("amount", 7)?;
///     assert!(plan.encode(&record)?.ends_with(b"0000000007"));
/// }
/// let error = plan.decode(b"00000300000012x0").unwrap_err();
/// assert_eq!(error.path(), "amount");
/// # }
/// # Ok::<(), fep_codec::Error>(())
/// ```
#[derive(Clone)]
pub struct Plan<'l> {
    layout: Cow<'l, Layout>,
    steps: Steps,
    /// The length of every telegram in bytes, if it is always the same and its lengths can be written at once.
    len: Option<usize>,
}

impl core::fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Plan").field("layout", &self.layout.name).finish_non_exhaustive()
    }
}

impl<'l> Plan<'l> {
    /// The plan of a layout.
    #[must_use]
    pub fn new(layout: &'l Layout) -> Self {
        Self::of(Cow::Borrowed(layout))
    }

    /// The plan of a layout that it owns.
    #[must_use]
    pub fn owned(layout: Layout) -> Self {
        Self::of(Cow::Owned(layout))
    }

    fn of(layout: Cow<'l, Layout>) -> Self {
        let steps = Steps::of(&layout);
        // Too many lengths and checks are an error of the writer, which counts those that it fills in at the end.
        let len = layout.fixed_len().filter(|_| layout.late_fields() <= LATE_MAX);
        Self { layout, steps, len }
    }

    /// The layout.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// A record without any value.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record::new(&self.layout)
    }

    /// Reads a telegram from exactly these bytes.
    ///
    /// # Errors
    /// Those of [`Record::decode`].
    pub fn decode(&self, bytes: &[u8]) -> Result<Record<'_>, Error> {
        self.decode_of(&self.layout, bytes)
    }

    /// [`Plan::decode`], for a record that borrows the layout from elsewhere. It must be the layout of the plan.
    pub(crate) fn decode_of<'o>(&self, layout: &'o Layout, bytes: &[u8]) -> Result<Record<'o>, Error> {
        let values = telegram::<true>(layout, &self.steps, bytes)?;
        Ok(Record::from_values(layout, values))
    }

    /// Checks that these bytes are exactly such a telegram. It keeps no texts.
    ///
    /// # Errors
    /// Those of [`Record::decode`].
    pub fn verify(&self, bytes: &[u8]) -> Result<(), Error> {
        telegram::<false>(&self.layout, &self.steps, bytes).map(drop)
    }

    /// The telegram's bytes. A record of another layout is written by its own layout.
    ///
    /// # Errors
    /// Those of [`Record::encode`].
    pub fn encode(&self, record: &Record<'_>) -> Result<Vec<u8>, Error> {
        let (steps, len) = self.for_record(record);
        record.encode_by(steps, len)
    }

    /// Writes the telegram to the start of `out` and returns its length in bytes. A record of another layout is written by its own layout.
    ///
    /// # Errors
    /// Those of [`Record::encode_into`].
    pub fn encode_into(&self, record: &Record<'_>, out: &mut [u8]) -> Result<usize, Error> {
        let (steps, len) = self.for_record(record);
        record.encode_into_by(steps, len, out)
    }

    /// The steps and the length for a record: those of the plan, if it has the layout of the plan.
    fn for_record(&self, record: &Record<'_>) -> (&Steps, Option<usize>) {
        if core::ptr::eq(record.layout(), self.layout()) { (&self.steps, self.len) } else { (Steps::NONE, None) }
    }
}
