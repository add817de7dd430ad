//! Writing a file: the mirror of `reader.rs`.

use std::io::Write;

use super::FileLayout;
use super::fault::FileError;
use super::intake::Progress;
use super::outlet::Outlet;
use crate::record::Record;
use crate::telegram::TelegramSet;

/// Writes the records of a file, one after the other, and fills in their totals.
#[derive(Debug)]
pub struct FileWriter<'f, W> {
    outlet: Outlet<'f>,
    output: W,
}

impl<'f, W: Write> FileWriter<'f, W> {
    /// A writer of a file with this plan.
    ///
    /// # Errors
    /// If no file can satisfy the plan.
    pub fn new(file: &'f FileLayout, output: W) -> Result<Self, FileError> {
        Ok(Self { outlet: Outlet::new(file)?, output })
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
        Ok(())
    }
}
