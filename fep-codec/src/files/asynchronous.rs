//! Record files over tokio: the same reader and writer, with `await` in place of blocking calls.

use std::io::ErrorKind;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::FileLayout;
use super::fault::FileError;
use super::intake::{Intake, IntakeStep, Progress};
use super::outlet::Outlet;
use super::walk::RawRecord;
use crate::lenient::{Forgiven, Lenient};
use crate::record::Record;
use crate::telegram::TelegramSet;

/// [`FileReader`](super::FileReader) over tokio, with the same checks and the same memory.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::Telegram;
/// use fep_codec::files::{AsyncFileReader, AsyncFileWriter, FileLayout, LineEnd, Step};
///
/// /// It borrows from the reader.
/// #[derive(Telegram)]
/// #[telegram(len = 8, charset = "ascii")]
/// struct Row<'a> {
///     #[field(len = 4)]
///     name: &'a str,
///     #[field(len = 4)]
///     amount: u32,
/// }
///
/// const STEPS: &[Step] = &[Step::any_number(Row::LAYOUT)];
/// static FILE: FileLayout = FileLayout::new("Rows", &[LineEnd::CrLf], STEPS, &[]);
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
/// # runtime.block_on(async {
/// let mut writer = AsyncFileWriter::new(&FILE, Vec::new())?;
/// writer.write_any(&Row { name: "kim", amount: 42 }).await?;
/// writer.write_any(&Row { name: "lee", amount: 7 }).await?;
/// let bytes = writer.finish().await?;
///
/// let mut reader = AsyncFileReader::new(&FILE, &*bytes)?;
/// let mut total = 0;
/// while let Some(record) = reader.next().await {
///     total += record?.typed::<Row<'_>>()?.amount;
/// }
/// assert_eq!(total, 49);
/// # Ok::<(), fep_codec::files::FileError>(())
/// # }).expect("it goes both ways");
/// # }
/// ```
#[derive(Debug)]
pub struct AsyncFileReader<'f, R> {
    intake: Intake<'f>,
    input: R,
}

/// [`FileWriter`](super::FileWriter) over tokio. It writes record by record, so the output should be wrapped in a `BufWriter`.
/// It does not return to a record: a total of records that come later must be given.
#[derive(Debug)]
pub struct AsyncFileWriter<'f, W> {
    outlet: Outlet<'f>,
    output: W,
}

impl<'f, R: AsyncRead + Unpin> AsyncFileReader<'f, R> {
    /// A reader of a file with this plan.
    ///
    /// # Errors
    /// If no file can satisfy the plan.
    pub fn new(file: &'f FileLayout, input: R) -> Result<Self, FileError> {
        Ok(Self { intake: Intake::new(file)?, input })
    }

    /// Sets the deviations that are forgiven. They replace those of the plan.
    #[must_use]
    pub fn lenient(mut self, lenient: Lenient) -> Self {
        self.intake.forgive(lenient);
        self
    }

    /// Calls `call` each time that `every` more records have been read.
    #[must_use]
    pub fn on_progress(mut self, every: u64, call: impl FnMut(Progress) + Send + 'f) -> Self {
        self.intake.report_to(every, call);
        self
    }

    /// The deviations that were forgiven since the record that [`AsyncFileReader::next`] returned last. After `None`, these are the deviations at
    /// the end of the file.
    #[must_use]
    pub fn forgiven(&self) -> &[Forgiven] {
        self.intake.forgiven()
    }

    /// The next record, as [`FileReader::next`](super::FileReader::next) returns it. If the future is dropped, no data is lost.
    pub async fn next(&mut self) -> Option<Result<RawRecord<'f, '_>, FileError>> {
        loop {
            match self.intake.step() {
                IntakeStep::Record => return self.intake.record().map(Ok),
                IntakeStep::Wrong(error) => return Some(Err(error)),
                IntakeStep::End => return None,
                IntakeStep::Input => {}
            }
            match self.input.read(self.intake.room()).await {
                Ok(read) => self.intake.took(read),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(self.intake.broke(error))),
            }
        }
    }
}

impl<'f, W: AsyncWrite + Unpin> AsyncFileWriter<'f, W> {
    /// A writer of a file with this plan.
    ///
    /// # Errors
    /// If no file can satisfy the plan.
    pub fn new(file: &'f FileLayout, output: W) -> Result<Self, FileError> {
        Ok(Self { outlet: Outlet::new(file)?, output })
    }

    /// Writes a record. Totals that it leaves out are filled in. Totals that it gives must be right. If the future is dropped before
    /// it completes, the output may end in an incomplete record, and the file cannot be used.
    ///
    /// # Errors
    /// If the record cannot be encoded, is out of order, or has a wrong total: then nothing of it is written. Also if the output fails,
    /// which may leave part of the record written.
    pub async fn write(&mut self, record: Record<'_>) -> Result<(), FileError> {
        self.outlet.put(record)?;
        self.write_out().await
    }

    /// Writes a record of a derived type. A total that is zero is filled in. Any other total must be right.
    ///
    /// # Errors
    /// Those of [`AsyncFileWriter::write`].
    pub async fn write_any<'a, T: TelegramSet<'a>>(&mut self, record: &T) -> Result<(), FileError> {
        self.outlet.put_typed(record)?;
        self.write_out().await
    }

    /// Ends the file: fills up its last block, and checks that no record is missing.
    ///
    /// # Errors
    /// If a record is missing, or the last bytes cannot be written.
    pub async fn finish(mut self) -> Result<W, FileError> {
        while self.outlet.fill()? {
            self.write_out().await?;
        }
        self.outlet.end()?;
        match self.output.flush().await {
            Ok(()) => Ok(self.output),
            Err(error) => Err(self.outlet.error(error.into())),
        }
    }

    /// The number of records and bytes written so far.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.outlet.progress()
    }

    async fn write_out(&mut self) -> Result<(), FileError> {
        if let Err(error) = self.output.write_all(self.outlet.bytes()).await {
            return Err(self.outlet.error(error.into()));
        }
        self.outlet.written();
        Ok(())
    }
}
