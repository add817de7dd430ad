//! Totals and serial numbers as plain data: which field of which record, and what it counts. `totals.rs` and `serials.rs` carry
//! them out.

use alloc::borrow::Cow;
use core::mem::{forget, replace};

/// A field that is a total over other records of the file. The writer fills it in, the reader checks it.
///
/// A total covers the records that stand with it in the smallest sequence of the file's order that holds them all: the total of a
/// batch covers its batch, and the total of a file covers the file.
///
/// ```text
/// FileHead  ┌ BatchHead  Entry  Entry  BatchEnd ┐  FileEnd         BatchEnd counts Entry: one batch
///           └──────────── repeats ──────────────┘                  FileEnd counts Entry: the whole file
/// ```
///
/// If all of these records stand before the record with the total, it is a total of the records before it, back to the previous
/// record with the same layout. If they stand after it, as for a total in a header, it is a total of the records up to the next one.
/// A writer fills in such a total only if it can return to it: [`FileWriter::seeking`](super::FileWriter::seeking).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The name of the record that has the field.
    pub record: Cow<'static, str>,
    /// The path of the field, which is a number, or digits.
    pub field: Cow<'static, str>,
    /// The quantity that is added up.
    pub tally: Tally,
    /// The condition on the records that count, or `None` if all of them count.
    pub only: Option<Only>,
    /// What is subtracted, or `None` if everything is added.
    pub minus: Option<Cow<'static, Minus>>,
    /// A difference is stated without its sign.
    pub absolute: bool,
    /// The number of low decimal digits of the sum that are kept, or `None` to keep all of them. NACHA's hash needs this.
    pub last_digits: Option<u32>,
}

/// The quantity that a [`Total`] adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tally {
    /// The number of records.
    Count {
        /// The records.
        of: Counted,
    },
    /// The sum of a field of one kind of record, or of fields of several. A field is a number, or digits that are read as a number.
    Sum {
        /// The fields.
        of: Summed,
    },
    /// The number of blocks, including the block of the record that holds the total. In a record that the file's own sequence has
    /// before others, all blocks of the file.
    Blocks,
}

/// The records that a count counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The records with this name.
    Record(Cow<'static, str>),
    /// The records with one of these names. The record with the total may be one of them.
    Records(Cow<'static, [Cow<'static, str>]>),
    /// All records of the sequence that the record with the total belongs to, that record included.
    All {
        /// The names of records that do not count.
        except: Cow<'static, [Cow<'static, str>]>,
    },
}

/// The fields that are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Summed {
    /// One field.
    Field(FieldOf),
    /// Several fields, which may be in different records.
    Fields(Cow<'static, [FieldOf]>),
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldOf {
    /// The name of the record.
    pub record: Cow<'static, str>,
    /// The path of the field, at a fixed offset.
    pub field: Cow<'static, str>,
}

/// What a [`Total`] subtracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Minus {
    /// Of the records that are added up, these are subtracted: the debits of a net total.
    Records(Only),
    /// Fields of the same or of other records.
    Fields(Summed),
}

/// A condition on the records that a [`Total`] counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// The path of a field at a fixed offset, in each of the records.
    pub field: Cow<'static, str>,
    /// The values, without padding. A record counts if its field has one of them.
    pub values: Cow<'static, [Cow<'static, str>]>,
}

/// Fields that number the records: each number is one more than the number before it. The writer fills them in, the reader checks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial {
    /// The fields that share the numbering, at most one for each kind of record. A field is a number, or digits.
    pub fields: Cow<'static, [FieldOf]>,
    /// The first number, or `None` if the numbering may begin with any number.
    pub from: Option<u64>,
    /// The last number, after which `from` comes again. `None` if the numbering does not wrap: then a number that does not fit into
    /// its field is an error.
    pub to: Option<u64>,
    /// The names of the records that begin the numbering again.
    pub restart: Cow<'static, [Cow<'static, str>]>,
    /// Numbers may be left out: each number is only greater than the number before it.
    pub gaps: bool,
}

/// Which records a [`Total`] covers, seen from the record that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those before it.
    Before,
    /// Those after it.
    After,
    /// All records of its sequence.
    Around,
}

impl FieldOf {
    /// The field at this path of the record with this name.
    #[must_use]
    pub const fn new(record: &'static str, field: &'static str) -> Self {
        Self { record: Cow::Borrowed(record), field: Cow::Borrowed(field) }
    }
}

impl Tally {
    /// The number of records with this name.
    #[must_use]
    pub const fn count(of: &'static str) -> Self {
        Self::Count { of: Counted::Record(Cow::Borrowed(of)) }
    }

    /// The number of records with one of these names.
    #[must_use]
    pub const fn count_any(of: &'static [Cow<'static, str>]) -> Self {
        Self::Count { of: Counted::Records(Cow::Borrowed(of)) }
    }

    /// The number of all records in the sequence of the record with the total, that record included, except those with these names.
    #[must_use]
    pub const fn count_all(except: &'static [Cow<'static, str>]) -> Self {
        Self::Count { of: Counted::All { except: Cow::Borrowed(except) } }
    }

    /// The sum of a field of the records with this name.
    #[must_use]
    pub const fn sum(of: &'static str, field: &'static str) -> Self {
        Self::Sum { of: Summed::Field(FieldOf::new(of, field)) }
    }

    /// The sum of several fields.
    #[must_use]
    pub const fn sum_any(of: &'static [FieldOf]) -> Self {
        Self::Sum { of: Summed::Fields(Cow::Borrowed(of)) }
    }
}

impl Counted {
    /// The names, or `None` for all records.
    pub(super) fn names(&self) -> Option<&[Cow<'static, str>]> {
        match self {
            Self::Record(name) => Some(core::slice::from_ref(name)),
            Self::Records(names) => Some(names),
            Self::All { .. } => None,
        }
    }
}

impl Summed {
    /// The fields.
    #[must_use]
    pub fn fields(&self) -> &[FieldOf] {
        match self {
            Self::Field(field) => core::slice::from_ref(field),
            Self::Fields(fields) => fields,
        }
    }
}

impl Serial {
    /// A numbering from 1 of these fields.
    ///
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use fep_codec::Telegram;
    /// use fep_codec::files::{FieldOf, FileLayout, FileReader, FileWriter, LineEnd, Serial, Step};
    ///
    /// #[derive(Telegram)]
    /// #[telegram(len = 3)]
    /// struct Row {
    ///     #[field(len = 3)]
    ///     no: u16,
    /// }
    ///
    /// const STEPS: &[Step] = &[Step::any_number(Row::LAYOUT)];
    /// const NO: &[FieldOf] = &[FieldOf::new("Row", "no")];
    /// const SERIALS: &[Serial] = &[Serial::new(NO)];
    /// static FILE: FileLayout = FileLayout::new("Rows", &[LineEnd::Lf], STEPS, &[]).serials(SERIALS);
    ///
    /// let mut writer = FileWriter::new(&FILE, Vec::new())?;
    /// writer.write_any(&Row { no: 0 })?; // 0: the writer fills it in
    /// writer.write_any(&Row { no: 0 })?;
    /// assert_eq!(writer.finish()?, b"001\n002\n");
    ///
    /// let error = FileReader::new(&FILE, &b"001\n003\n"[..])?.records().find_map(Result::err).expect("a gap");
    /// assert_eq!(error.to_string(), "record 2 at byte 4: `no` of `Row` says 3, the next number is 2");
    /// # }
    /// # Ok::<(), fep_codec::files::FileError>(())
    /// ```
    #[must_use]
    pub const fn new(fields: &'static [FieldOf]) -> Self {
        Self { fields: Cow::Borrowed(fields), from: Some(1), to: None, restart: Cow::Borrowed(&[]), gaps: false }
    }

    /// Sets the first number, and the last number, after which the first comes again.
    #[must_use]
    pub const fn range(mut self, from: Option<u64>, to: Option<u64>) -> Self {
        self.from = from;
        self.to = to;
        self
    }

    /// Begins the numbering again at each record with one of these names.
    #[must_use]
    pub const fn restart(mut self, records: &'static [Cow<'static, str>]) -> Self {
        // A plain assignment would drop the old value, which a `const fn` cannot do.
        forget(replace(&mut self.restart, Cow::Borrowed(records)));
        self
    }

    /// Allows that numbers are left out.
    #[must_use]
    pub const fn gaps(mut self) -> Self {
        self.gaps = true;
        self
    }
}

impl Total {
    /// A total of all records that the tally names.
    #[must_use]
    pub const fn new(record: &'static str, field: &'static str, tally: Tally) -> Self {
        Self {
            record: Cow::Borrowed(record),
            field: Cow::Borrowed(field),
            tally,
            only: None,
            minus: None,
            absolute: false,
            last_digits: None,
        }
    }

    /// Subtracts what this names, instead of adding it.
    #[must_use]
    pub const fn minus(mut self, minus: &'static Minus) -> Self {
        forget(self.minus.replace(Cow::Borrowed(minus)));
        self
    }

    /// States a difference without its sign.
    #[must_use]
    pub const fn absolute(mut self) -> Self {
        self.absolute = true;
        self
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
        let mut total = Self::new(record, field, tally);
        let only = Only { field: Cow::Borrowed(by), values: Cow::Borrowed(values) };
        forget(total.only.replace(only));
        total
    }
}
