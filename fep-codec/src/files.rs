//! Record files: a header, any number of data records, trailers with totals.
//!
//! A [`FileLayout`] defines the order of the records, the line end after each of them, and the fields of a trailer that are totals
//! of the records before it. [`FileReader`] and [`FileWriter`] enforce all of that while they stream, in memory that does not grow
//! with the file. [`records`] only reads values, as fast as possible, from bytes that are already in memory.
//!
//! ```text
//! EB13:  H………  R………  R………  R………  T………        record 1 at byte 0, record 2 at byte 120, …
//!        once  ──── any number ────  once        T: how many R there were
//! ```
//!
//! A record is recognised by its literals and its `when`. An error in the fields or the totals of one record does not stop the
//! reader. A file that is cut off or out of order stops it, because nothing after that place can be trusted.
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use fep_codec::files::{FileLayout, FileReader, FileWriter, LineEnd, Step, Tally, Total};
//! use fep_codec::Telegram;
//!
//! #[derive(Telegram, Debug, PartialEq)]
//! #[telegram(len = 10, charset = "ascii")]
//! struct Data {
//!     #[field(literal = "R")]
//!     record_type: (),
//!     #[field(len = 9)]
//!     amount: u64,
//! }
//!
//! #[derive(Telegram, Debug, PartialEq)]
//! #[telegram(len = 10, charset = "ascii")]
//! struct Trailer {
//!     #[field(literal = "T")]
//!     record_type: (),
//!     #[field(len = 9)]
//!     total: u64,
//! }
//!
//! /// A variant without a `when` is recognised by its literals.
//! #[derive(Telegram, Debug, PartialEq)]
//! enum Any {
//!     Data(Data),
//!     Trailer(Trailer),
//! }
//!
//! const STEPS: &[Step] = &[Step::any_number(Data::LAYOUT), Step::once(Trailer::LAYOUT)];
//! const TOTALS: &[Total] = &[Total::new("Trailer", "total", Tally::sum("Data", "amount"))];
//! static FILE: FileLayout = FileLayout::new("Transfers", &[LineEnd::Lf], STEPS, TOTALS);
//!
//! let mut writer = FileWriter::new(&FILE, Vec::new())?;
//! writer.write_any(&Any::Data(Data { record_type: (), amount: 30 }))?;
//! writer.write_any(&Any::Data(Data { record_type: (), amount: 12 }))?;
//! writer.write_any(&Any::Trailer(Trailer { record_type: (), total: 0 }))?; // 0: the writer fills it in
//! let bytes = writer.finish()?;
//! assert_eq!(bytes, b"R000000030\nR000000012\nT000000042\n");
//!
//! let records: Vec<Any> = FileReader::new(&FILE, &*bytes)?.typed().collect::<Result<_, _>>()?;
//! assert_eq!(records.last(), Some(&Any::Trailer(Trailer { record_type: (), total: 42 })));
//!
//! let wrong = b"R000000030\nT000000031\n";
//! let error = FileReader::new(&FILE, &wrong[..])?.typed::<Any>().find_map(Result::err).expect("a wrong total");
//! assert_eq!(error.to_string(), "record 2 at byte 11: `total` of `Trailer` says 31, the records before it make 30");
//! # }
//! # Ok::<(), fep_codec::files::FileError>(())
//! ```

mod tally;
mod line_end;
mod fault;
mod words;
mod order;
mod states;
mod ending;
mod ends;
mod numbers;
mod serials;
mod totals;
mod plan;
mod walk;
mod forgive;
mod slice;
mod intake;
mod casing;
mod outlet;
mod reader;
mod writer;
#[cfg(feature = "tokio")]
mod asynchronous;
#[cfg(feature = "rayon")]
mod parallel;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::mem::{forget, replace};

#[cfg(feature = "tokio")]
pub use self::asynchronous::{AsyncFileReader, AsyncFileWriter};
pub use self::fault::{FileError, FileFault, Measured, WordFault};
pub use self::intake::Progress;
pub use self::line_end::{LastLineEnd, LineEnd};
#[cfg(feature = "rayon")]
pub use self::parallel::{par_records, verify};
pub use self::reader::FileReader;
pub use self::slice::{Records, records};
pub use self::tally::{Counted, FieldOf, Minus, Only, Serial, Side, Summed, Tally, Total};
pub use self::walk::RawRecord;
pub use self::words::{BlockWord, LengthWord};
pub use self::writer::FileWriter;
use crate::layout::Layout;
pub use crate::lenient::Lenient;

/// The maximum length of a record of a file, in bytes. The reader's buffer has room for at most two such records with line ends.
pub const RECORD_MAX_BYTES: usize = 1 << 20;

/// The plan of a record file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLayout {
    /// The name in spec and code: `EB13`.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// The line ends that may follow each record. A file uses only one of them. The writer uses the first.
    pub line_ends: Cow<'static, [LineEnd]>,
    /// Whether the last record has a line end.
    pub last_line_end: LastLineEnd,
    /// The word before each record that states its length, or `None` if there is none.
    pub record_word: Option<LengthWord>,
    /// The word before each block of records that states its length, or `None` if there are no such blocks.
    pub block_word: Option<BlockWord>,
    /// The records in their order.
    pub steps: Cow<'static, [Step]>,
    /// The blocks that the records come in, or `None` if there are no blocks. The last block is filled up.
    pub blocks: Option<Blocks>,
    /// The fields that are totals of other records.
    pub totals: Cow<'static, [Total]>,
    /// The fields that number the records.
    pub serials: Cow<'static, [Serial]>,
    /// The deviations that every reader of this file forgives, unless the reader sets its own.
    pub lenient: Lenient,
}

/// One step in the order of a file: its records, and how often they occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// A record, or records that repeat together.
    pub stands: Stands,
    /// The minimum number of occurrences.
    pub min: usize,
    /// The maximum number of occurrences, or `None` if there is no limit.
    pub max: Option<usize>,
}

/// The records of a [`Step`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// One kind of record.
    Record(Cow<'static, Layout>),
    /// The record that the file ends with. Its position tells it apart from the records before it.
    Last(Cow<'static, Layout>),
    /// A sequence of records with its own order, which repeats as a whole: a batch.
    Group(Cow<'static, [Step]>),
}

/// How a file is filled up to whole blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The number of records in a block.
    pub records: usize,
    /// The byte that a filling record consists of.
    pub fill: u8,
}

impl FileLayout {
    /// A file of these records, without blocks.
    #[must_use]
    pub const fn new(
        name: &'static str,
        line_ends: &'static [LineEnd],
        steps: &'static [Step],
        totals: &'static [Total],
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            label: Cow::Borrowed(""),
            line_ends: Cow::Borrowed(line_ends),
            last_line_end: LastLineEnd::Required,
            record_word: None,
            block_word: None,
            steps: Cow::Borrowed(steps),
            blocks: None,
            totals: Cow::Borrowed(totals),
            serials: Cow::Borrowed(&[]),
            lenient: Lenient::STRICT,
        }
    }

    /// Sets the fields that number the records.
    #[must_use]
    pub const fn serials(mut self, serials: &'static [Serial]) -> Self {
        // A plain assignment would drop the old value, which a `const fn` cannot do.
        forget(replace(&mut self.serials, Cow::Borrowed(serials)));
        self
    }

    /// Sets the number of records in a block. The last block is filled up with records that consist of the byte `fill`.
    #[must_use]
    pub const fn blocks(mut self, records: usize, fill: u8) -> Self {
        self.blocks = Some(Blocks { records, fill });
        self
    }

    /// Sets whether the last record has a line end.
    #[must_use]
    pub const fn last_line_end(mut self, last: LastLineEnd) -> Self {
        self.last_line_end = last;
        self
    }

    /// Sets the word before each record that states its length.
    #[must_use]
    pub const fn record_word(mut self, word: LengthWord) -> Self {
        self.record_word = Some(word);
        self
    }

    /// Sets the word before each block of records that states its length.
    #[must_use]
    pub const fn block_word(mut self, word: BlockWord) -> Self {
        self.block_word = Some(word);
        self
    }

    /// Checks that a file with this layout is possible.
    ///
    /// # Errors
    /// If the end of a record cannot be found, if two records that can stand at one place cannot be told apart, or if a total refers
    /// to a record or a field that does not exist.
    pub fn check(&self) -> Result<(), FileError> {
        walk::FileWalk::new(self).map(drop)
    }

    /// Whether a total covers records after it. A writer that fills it in must return to it: [`FileWriter::seeking`].
    ///
    /// # Errors
    /// Those of [`FileLayout::check`].
    pub fn has_later_totals(&self) -> Result<bool, FileError> {
        walk::FileWalk::new(self).map(|walk| walk.start().1.any_later())
    }

    /// The pairs of records that can stand at the same place of the file, so that their literals and conditions must tell them apart.
    /// The earlier one in the order of the steps is the first of a pair.
    #[must_use]
    pub fn alternatives(&self) -> Vec<[&Layout; 2]> {
        let layouts = self.layouts();
        let place = |name: &str| layouts.iter().position(|layout| layout.name == name);
        let pairs = states::Pairs::of(&self.steps).into_iter().filter(|(one, other)| !one.1 && !other.1);
        let places = pairs.filter_map(|(one, other)| Some((place(one.0)?, place(other.0)?)));
        let mut ordered: Vec<(usize, usize)> = places.map(|(one, other)| (one.min(other), one.max(other))).collect();
        ordered.sort_unstable();
        ordered.dedup();
        ordered.into_iter().filter_map(|(one, other)| Some([*layouts.get(one)?, *layouts.get(other)?])).collect()
    }

    /// The layouts of all records, in the order of the steps.
    #[must_use]
    pub fn layouts(&self) -> Vec<&Layout> {
        fn add<'f>(steps: &'f [Step], layouts: &mut Vec<&'f Layout>) {
            for step in steps {
                match &step.stands {
                    Stands::Group(steps) => add(steps, layouts),
                    Stands::Record(layout) | Stands::Last(layout) => {
                        if !layouts.iter().any(|known| known.name == layout.name) {
                            layouts.push(layout);
                        }
                    }
                }
            }
        }
        let mut layouts = Vec::new();
        add(&self.steps, &mut layouts);
        layouts
    }
}

impl Step {
    /// Exactly one record.
    #[must_use]
    pub const fn once(layout: &'static Layout) -> Self {
        Self { stands: Stands::Record(Cow::Borrowed(layout)), min: 1, max: Some(1) }
    }

    /// Exactly one record, with which the file ends.
    #[must_use]
    pub const fn last(layout: &'static Layout) -> Self {
        Self { stands: Stands::Last(Cow::Borrowed(layout)), min: 1, max: Some(1) }
    }

    /// Any number of records, including zero.
    #[must_use]
    pub const fn any_number(layout: &'static Layout) -> Self {
        Self { stands: Stands::Record(Cow::Borrowed(layout)), min: 0, max: None }
    }

    /// Changes the number of occurrences. `None` for `max` means no limit.
    #[must_use]
    pub const fn times(mut self, min: usize, max: Option<usize>) -> Self {
        self.min = min;
        self.max = max;
        self
    }

    /// Records that repeat together, at least once.
    #[must_use]
    pub const fn groups(steps: &'static [Self]) -> Self {
        Self { stands: Stands::Group(Cow::Borrowed(steps)), min: 1, max: None }
    }
}
