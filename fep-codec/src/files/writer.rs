//! Writing a file: the mirror of `reader.rs`.

use std::io::{self, Seek, SeekFrom, Write};

use super::FileLayout;
use super::fault::FileError;
use super::intake::Progress;
use super::outlet::{Correction, Outlet};
use crate::record::Record;
use crate::telegram::TelegramSet;

/// Writes the records of a file, one after the other, and fills in their totals.
#[derive(Debug)]
pub struct FileWriter<'f, W> {
    outlet: Outlet<'f>,
    output: W,
    /// How to return to a record, if the output can do that.
    rewrite: Option<Rewrite<W>>,
}

/// Writes bytes at an offset of the output, and comes back to its end.
type Rewrite<W> = fn(&mut W, u64, &[u8]) -> io::Result<()>;

impl<'f, W: Write + Seek> FileWriter<'f, W> {
    /// A writer that returns to a record with a total of the records after it, and fills the total in. The file begins at the current
    /// position of the output, which must not be open for appending only.
    ///
    /// # Errors
    /// If no file can satisfy the plan, or if the output has no position.
    ///
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use std::io::Cursor;
    ///
    /// use fep_codec::Telegram;
    /// use fep_codec::files::{FileLayout, FileReader, FileWriter, LineEnd, Step, Tally, Total};
    ///
    /// #[derive(Telegram)]
    /// #[telegram(len = 3)]
    /// struct Head {
    ///     #[field(literal = "H")]
    ///     record_type: (),
    ///     #[field(len = 2)]
    ///     rows: u8,
    /// }
    ///
    /// #[derive(Telegram)]
    /// #[telegram(len = 3)]
    /// struct Row {
    ///     #[field(literal = "R")]
    ///     record_type: (),
    ///     #[field(len = 2)]
    ///     no: u8,
    /// }
    ///
    /// const STEPS: &[Step] = &[Step::once(Head::LAYOUT), Step::any_number(Row::LAYOUT)];
    /// const TOTALS: &[Total] = &[Total::new("Head", "rows", Tally::count("Row"))];
    /// static FILE: FileLayout = FileLayout::new("Rows", &[LineEnd::None], STEPS, TOTALS);
    ///
    /// let mut writer = FileWriter::seeking(&FILE, Cursor::new(Vec::new()))?;
    /// writer.write_any(&Head { record_type: (), rows: 0 })?; // 0: the writer fills it in
    /// writer.write_any(&Row { record_type: (), no: 7 })?;
    /// assert_eq!(writer.finish()?.into_inner(), b"H01R07");
    ///
    /// let error = FileReader::new(&FILE, &b"H02R07"[..])?.records().find_map(Result::err).expect("a wrong total");
    /// assert_eq!(error.to_string(), "record 1 at byte 0: `rows` of `Head` says 2, the records after it make 1");
    /// # }
    /// # Ok::<(), fep_codec::files::FileError>(())
    /// ```
    pub fn seeking(file: &'f FileLayout, mut output: W) -> Result<Self, FileError> {
        let mut outlet = Outlet::new(file)?;
        outlet.begin_at(output.stream_position().map_err(|error| outlet.error(error.into()))?);
        Ok(Self { outlet, output, rewrite: Some(rewrite) })
    }
}

/// [`Rewrite`] for an output that can seek.
fn rewrite<W: Write + Seek>(output: &mut W, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let end = output.stream_position()?;
    output.seek(SeekFrom::Start(offset))?;
    output.write_all(bytes)?;
    output.seek(SeekFrom::Start(end)).map(drop)
}

impl<'f, W: Write> FileWriter<'f, W> {
    /// A writer of a file with this plan. A total of records that come later must be given, because this writer does not return
    /// to a record: see [`FileWriter::seeking`].
    ///
    /// # Errors
    /// If no file can satisfy the plan.
    pub fn new(file: &'f FileLayout, output: W) -> Result<Self, FileError> {
        Ok(Self { outlet: Outlet::new(file)?, output, rewrite: None })
    }

    /// Writes a record. Totals that it leaves out are filled in. Totals that it gives must be right.
    ///
    /// # Errors
    /// If the record cannot be encoded, is out of order, or has a wrong total: then nothing of it is written. Also if the output fails,
    /// which may leave part of the record written.
    pub fn write(&mut self, record: Record<'_>) -> Result<(), FileError> {
        self.outlet.put(record)?;
        self.write_out()
    }

    /// Writes a record of a derived type. A total that is zero is filled in. Any other total must be right.
    ///
    /// # Errors
    /// Those of [`FileWriter::write`].
    pub fn write_any<'a, T: TelegramSet<'a>>(&mut self, record: &T) -> Result<(), FileError> {
        self.outlet.put_typed(record)?;
        self.write_out()
    }

    /// Ends the file: fills up its last block, and checks that no record is missing.
    ///
    /// # Errors
    /// If a record is missing, or the last bytes cannot be written.
    pub fn finish(mut self) -> Result<W, FileError> {
        while self.outlet.fill()? {
            self.write_out()?;
        }
        self.outlet.end()?;
        self.correct()?;
        match self.output.flush() {
            Ok(()) => Ok(self.output),
            Err(error) => Err(self.outlet.error(error.into())),
        }
    }

    /// The number of records and bytes written so far.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.outlet.progress()
    }

    fn write_out(&mut self) -> Result<(), FileError> {
        if let Err(error) = self.output.write_all(self.outlet.bytes()) {
            return Err(self.outlet.error(error.into()));
        }
        self.outlet.written();
        self.correct()
    }

    /// Fills in the totals of earlier records that are complete now.
    fn correct(&mut self) -> Result<(), FileError> {
        let Some(rewrite) = self.rewrite else { return Ok(()) };
        for Correction { offset, bytes } in self.outlet.corrections() {
            rewrite(&mut self.output, offset, &bytes).map_err(|error| self.outlet.error(error.into()))?;
        }
        Ok(())
    }
}
