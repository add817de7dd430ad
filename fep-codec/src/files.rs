//! Record files: a header, any number of data records, trailers with totals.
//!
//! A [`FileLayout`] says which records stand in which order, what follows each of them, and which fields of a trailer are
//! totals of the records before it. [`FileReader`] and [`FileWriter`] hold all of that while they stream: they keep one
//! record, whatever the file's length. [`records`] is for those who have the bytes and want the values, as fast as can be.
//!
//! ```text
//! EB13:  H………  R………  R………  R………  T………        record 1 at byte 0, record 2 at byte 120, …
//!        once  ──── any number ────  once        T: how many R there were
//! ```
//!
//! A record is known by its literals and its `when`. What is wrong in one record's fields, or in its totals, does not stop the
//! reader; a file that is cut off, or whose order is broken, does, for nothing after that place can be trusted.
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
//! /// A variant without a `when` is known by its literals.
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

mod fault;
mod order;
mod totals;
mod walk;
mod slice;
mod intake;
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
pub use self::fault::{FileError, FileFault};
pub use self::intake::Progress;
#[cfg(feature = "rayon")]
pub use self::parallel::{par_records, verify};
pub use self::reader::FileReader;
pub use self::slice::{Records, records};
pub use self::walk::RawRecord;
pub use self::writer::FileWriter;
use crate::layout::Layout;
pub use crate::lenient::Lenient;

/// The longest record of a file, in bytes; the reader's memory is this and a line end at most.
pub const RECORD_MAX_BYTES: usize = 1 << 20;

/// The plan of a record file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLayout {
    /// The name in spec and code: `EB13`.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// What may stand after each record; one file keeps to one of them, and the first is written.
    pub line_ends: Cow<'static, [LineEnd]>,
    /// The records in their order.
    pub steps: Cow<'static, [Step]>,
    /// Records come in blocks of this many, and the last block is filled up.
    pub blocks: Option<Blocks>,
    /// The fields that are totals of the records before them.
    pub totals: Cow<'static, [Total]>,
    /// What every reader of this file forgives.
    pub lenient: Lenient,
}

/// What stands at one place of a file, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// A record, or records that repeat together.
    pub stands: Stands,
    /// The fewest that must stand here.
    pub min: usize,
    /// The most that may stand here; none: as many as there are.
    pub max: Option<usize>,
}

/// What a [`Step`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// One kind of record.
    Record(Cow<'static, Layout>),
    /// Records in an order of their own, which repeat together: a batch.
    Group(Cow<'static, [Step]>),
}

/// What stands after each record of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// The next record.
    None,
    /// A carriage return.
    Cr,
    /// A line feed.
    Lf,
    /// Carriage return and line feed.
    CrLf,
}

/// How a file is filled up to whole blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Records in a block.
    pub records: usize,
    /// The byte that all of a filling record consists of.
    pub fill: u8,
}

/// A field that is a total of the records before it, back to the record of its own kind before this one.
///
/// So a batch's total counts its batch, and a file's total counts the file. The writer fills it in, the reader checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The name of the record that has the field.
    pub record: Cow<'static, str>,
    /// The field's path; it must be a number.
    pub field: Cow<'static, str>,
    /// What is added up.
    pub tally: Tally,
    /// Only of records that have one of these values in a field.
    pub only: Option<Only>,
    /// The lowest so many decimal digits of the sum, where it may have more: NACHA's hash.
    pub last_digits: Option<u32>,
}

/// What a [`Total`] adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tally {
    /// Records of this name.
    Count {
        /// Their name.
        of: Cow<'static, str>,
    },
    /// A field of the records of this name: a number, or digits read as one.
    Sum {
        /// Their name.
        of: Cow<'static, str>,
        /// The field's path.
        field: Cow<'static, str>,
    },
    /// Blocks, the one that the record itself stands in included.
    Blocks,
}

/// A condition on the records that a [`Total`] counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// The path of a field at a fixed offset.
    pub field: Cow<'static, str>,
    /// Its values, without padding; one of them must stand there.
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
            steps: Cow::Borrowed(steps),
            blocks: None,
            totals: Cow::Borrowed(totals),
            lenient: Lenient::STRICT,
        }
    }

    /// Records come in blocks of so many; the last block is filled up with records that consist of one byte.
    #[must_use]
    pub const fn blocks(mut self, records: usize, fill: u8) -> Self {
        self.blocks = Some(Blocks { records, fill });
        self
    }

    /// Checks that there can be such files.
    ///
    /// # Errors
    /// If a record has no fixed length or is known by nothing, or a total is of what is not there.
    pub fn check(&self) -> Result<(), FileError> {
        walk::FileWalk::new(self).map(drop)
    }

    /// The layouts of all records, in the order of the steps.
    #[must_use]
    pub fn layouts(&self) -> Vec<&Layout> {
        fn add<'f>(steps: &'f [Step], layouts: &mut Vec<&'f Layout>) {
            for step in steps {
                match &step.stands {
                    Stands::Record(layout) if layouts.iter().any(|known| known.name == layout.name) => {}
                    Stands::Record(layout) => layouts.push(layout),
                    Stands::Group(steps) => add(steps, layouts),
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

    /// Any number of records, none included.
    #[must_use]
    pub const fn any_number(layout: &'static Layout) -> Self {
        Self { stands: Stands::Record(Cow::Borrowed(layout)), min: 0, max: None }
    }

    /// Another number of them; no `max`: as many as there are.
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

impl LineEnd {
    /// Its bytes.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Cr => b"\r",
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
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

    /// The lowest so many decimal digits of the sum.
    #[must_use]
    pub const fn last_digits(mut self, digits: u32) -> Self {
        self.last_digits = Some(digits);
        self
    }

    /// A total of those records only that have one of these values, without padding, in their field at the path `by`.
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
