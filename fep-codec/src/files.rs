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

mod line_end;
mod fault;
mod words;
mod order;
mod states;
mod ending;
mod ends;
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

#[cfg(feature = "tokio")]
pub use self::asynchronous::{AsyncFileReader, AsyncFileWriter};
pub use self::fault::{FileError, FileFault, Measured, WordFault};
pub use self::intake::Progress;
pub use self::line_end::{LastLineEnd, LineEnd};
#[cfg(feature = "rayon")]
pub use self::parallel::{par_records, verify};
pub use self::reader::FileReader;
pub use self::slice::{Records, records};
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
    /// The fields that are totals of the records before them.
    pub totals: Cow<'static, [Total]>,
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

/// A field that is a total of the records before it, back to the previous record with the same layout.
///
/// So the total of a batch counts its batch, and the total of a file counts the file. The writer fills it in, the reader checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The name of the record that has the field.
    pub record: Cow<'static, str>,
    /// The path of the field, which must be a number.
    pub field: Cow<'static, str>,
    /// The quantity that is added up.
    pub tally: Tally,
    /// The condition on the records that count, or `None` if all of them count.
    pub only: Option<Only>,
    /// The number of low decimal digits of the sum that are kept, or `None` to keep all of them. NACHA's hash needs this.
    pub last_digits: Option<u32>,
}

/// The quantity that a [`Total`] adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tally {
    /// The number of records with this name.
    Count {
        /// The name of the records.
        of: Cow<'static, str>,
    },
    /// The sum of a field of the records with this name. The field is a number, or digits that are read as a number.
    Sum {
        /// The name of the records.
        of: Cow<'static, str>,
        /// The field's path.
        field: Cow<'static, str>,
    },
    /// The number of blocks, including the block of the record that holds the total.
    Blocks,
}

/// A condition on the records that a [`Total`] counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// The path of a field at a fixed offset.
    pub field: Cow<'static, str>,
    /// The values, without padding. A record counts if its field has one of them.
    pub values: Cow<'static, [Cow<'static, str>]>,
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
            lenient: Lenient::STRICT,
        }
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

impl Tally {
    /// The number of records with this name.
    #[must_use]
    pub const fn count(of: &'static str) -> Self {
        Self::Count { of: Cow::Borrowed(of) }
    }

    /// The sum of a field of the records with this name.
    #[must_use]
    pub const fn sum(of: &'static str, field: &'static str) -> Self {
        Self::Sum { of: Cow::Borrowed(of), field: Cow::Borrowed(field) }
    }
}

impl Total {
    /// A total of all records that the tally names.
    #[must_use]
    pub const fn new(record: &'static str, field: &'static str, tally: Tally) -> Self {
        Self { record: Cow::Borrowed(record), field: Cow::Borrowed(field), tally, only: None, last_digits: None }
    }

    /// Keeps only this number of low decimal digits of the sum.
    #[must_use]
    pub const fn last_digits(mut self, digits: u32) -> Self {
        self.last_digits = Some(digits);
        self
    }

    /// A total of only the records whose field at the path `by` has one of these values, without padding.
    ///
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use std::borrow::Cow;
    ///
    /// use fep_codec::files::{FileLayout, FileWriter, LineEnd, Step, Tally, Total};
    /// use fep_codec::{Telegram, Text};
    ///
    /// #[derive(Telegram)]
    /// #[telegram(len = 5)]
    /// struct Entry {
    ///     #[field(literal = "E")]
    ///     record_type: (),
    ///     #[field(code)]
    ///     kind: Text<1>,
    ///     #[field(len = 3)]
    ///     amount: u16,
    /// }
    ///
    /// #[derive(Telegram)]
    /// #[telegram(len = 5)]
    /// struct Control {
    ///     #[field(literal = "C")]
    ///     record_type: (),
    ///     #[field(len = 1)]
    ///     new: u8,
    ///     #[field(len = 2)]
    ///     hash: u8,
    ///     #[field(len = 1)]
    ///     blocks: u8,
    /// }
    ///
    /// #[derive(Telegram)]
    /// enum Any {
    ///     Entry(Entry),
    ///     Control(Control),
    /// }
    ///
    /// const STEPS: &[Step] = &[Step::once(Entry::LAYOUT).times(1, None), Step::once(Control::LAYOUT)];
    /// const NEW: &[Cow<'static, str>] = &[Cow::Borrowed("N")];
    /// const TOTALS: &[Total] = &[
    ///     Total::only("Control", "new", Tally::count("Entry"), "kind", NEW),
    ///     Total::new("Control", "hash", Tally::sum("Entry", "amount")).last_digits(2),
    ///     Total::new("Control", "blocks", Tally::Blocks),
    /// ];
    /// static FILE: FileLayout = FileLayout::new("Batch", &[LineEnd::Lf], STEPS, TOTALS).blocks(2, b'9');
    ///
    /// let mut writer = FileWriter::new(&FILE, Vec::new())?;
    /// writer.write_any(&Any::Entry(Entry { record_type: (), kind: "N".parse().expect("short"), amount: 999 }))?;
    /// writer.write_any(&Any::Entry(Entry { record_type: (), kind: "D".parse().expect("short"), amount: 2 }))?;
    /// writer.write_any(&Any::Control(Control { record_type: (), new: 0, hash: 0, blocks: 0 }))?;
    /// assert_eq!(writer.finish()?, b"EN999\nED002\nC1012\n99999\n"); // 1 new one, 1001 modulo 100, 2 blocks
    /// # }
    /// # Ok::<(), fep_codec::files::FileError>(())
    /// ```
    #[must_use]
    pub const fn only(
        record: &'static str,
        field: &'static str,
        tally: Tally,
        by: &'static str,
        values: &'static [Cow<'static, str>],
    ) -> Self {
        let only = Some(Only { field: Cow::Borrowed(by), values: Cow::Borrowed(values) });
        Self { record: Cow::Borrowed(record), field: Cow::Borrowed(field), tally, only, last_digits: None }
    }
}
