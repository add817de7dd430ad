//! What reading a file is between two reads of its input: the bytes that are there, and the records in them. It reads nothing
//! itself, so the blocking reader and the asynchronous one are a loop around it, and check the same.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use std::io;

use super::FileLayout;
use super::fault::{FileError, FileFault};
use super::walk::{FileWalk, Framed, RawRecord};
use crate::layout::Layout;
use crate::lenient::Lenient;

/// How many bytes are read at once, as long as a record is not longer.
const PIECE_BYTES: usize = 1 << 16;

/// How far a reader or writer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records so far, those that only fill a block included.
    pub records: u64,
    /// Bytes so far.
    pub bytes: u64,
}

/// Who wants to hear of the progress, and after how many records each time.
struct Report<'f> {
    every: u64,
    call: Box<dyn FnMut(Progress) + Send + 'f>,
}

/// What comes next.
pub(super) enum IntakeStep {
    /// More bytes are needed: [`Intake::room`] takes them.
    Input,
    /// A record: [`Intake::record`] has it.
    Record,
    /// A mistake.
    Wrong(FileError),
    /// Nothing.
    End,
}

/// Where the record stands that was found last.
struct Found<'f> {
    number: u64,
    offset: u64,
    layout: &'f Layout,
    padded: bool,
    at: usize,
    len: usize,
}

/// A file while it is read.
pub(super) struct Intake<'f> {
    walk: FileWalk<'f>,
    buffer: Vec<u8>,
    /// What of the buffer is read and not yet used.
    start: usize,
    end: usize,
    input_ended: bool,
    /// Nothing more comes: the file ended, or nothing after its mistake can be trusted.
    ended: bool,
    found: Option<Found<'f>>,
    /// The mistake in the totals of the record that was handed out last.
    pending: Option<FileError>,
    report: Option<Report<'f>>,
}

impl<'f> Intake<'f> {
    /// # Errors
    /// If no file could be read by the plan.
    pub(super) fn new(file: &'f FileLayout) -> Result<Self, FileError> {
        let walk = FileWalk::new(file)?;
        // The records' length was checked.
        let buffer = vec![0; PIECE_BYTES.max(walk.window_len() * 2)];
        let start = 0;
        let end = 0;
        let input_ended = false;
        let ended = false;
        Ok(Self { walk, buffer, start, end, input_ended, ended, found: None, pending: None, report: None })
    }

    pub(super) fn forgive(&mut self, lenient: Lenient) {
        self.walk.lenient = lenient;
    }

    pub(super) fn report_to(&mut self, every: u64, call: impl FnMut(Progress) + Send + 'f) {
        self.report = Some(Report { every: every.max(1), call: Box::new(call) });
    }

    /// Goes on to the next record, mistake or end.
    pub(super) fn step(&mut self) -> IntakeStep {
        if let Some(error) = self.pending.take() {
            return IntakeStep::Wrong(error);
        }
        while !self.ended {
            let window = self.buffer.get(self.start..self.end).unwrap_or_default();
            if window.len() < self.walk.window_len() && !self.input_ended {
                return IntakeStep::Input;
            }
            if self.framed() {
                return IntakeStep::Record;
            }
            if let Some(error) = self.pending.take() {
                return IntakeStep::Wrong(error);
            }
        }
        IntakeStep::End
    }

    /// The record that [`IntakeStep::Record`] spoke of.
    pub(super) fn record(&self) -> Option<RawRecord<'f, '_>> {
        let Found { number, offset, layout, padded, at, len } = *self.found.as_ref()?;
        let bytes = if padded { self.walk.padded() } else { self.buffer.get(at..at + len).unwrap_or_default() };
        Some(RawRecord { number, offset, layout, bytes, lenient: self.walk.lenient })
    }

    /// Where the next bytes of the input go.
    pub(super) fn room(&mut self) -> &mut [u8] {
        // Only where a window does not fit behind: moving bytes costs.
        if self.buffer.len() - self.start < self.walk.window_len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// So many bytes are in [`Intake::room`]; 0: the input has ended.
    pub(super) fn took(&mut self, len: usize) {
        self.input_ended |= len == 0;
        self.end = self.buffer.len().min(self.end + len);
    }

    /// The input could not be read.
    #[cold]
    pub(super) fn broke(&mut self, error: io::Error) -> FileError {
        self.ended = true;
        FileError { record: self.walk.number + 1, offset: self.walk.offset, what: error.into() }
    }

    /// Takes what stands at the start of the window, and says whether it is a record. A mistake is pending then.
    fn framed(&mut self) -> bool {
        let number = self.walk.number + 1;
        let offset = self.walk.offset;
        let at_place = |what: FileFault| FileError { record: number, offset, what };
        let window = self.buffer.get(self.start..self.end).unwrap_or_default();
        let framed = if window.is_empty() {
            self.ended = true;
            match self.walk.end() {
                Ok(()) => return false,
                Err(what) => Err(what),
            }
        } else {
            let len = window.len().min(self.walk.window_len());
            self.walk.step(window.get(..len).unwrap_or_default())
        };
        let Framed { layout, padded, len, consumed, wrong } = match framed {
            Ok(framed) => framed,
            Err(what) => {
                self.ended = true;
                self.pending = Some(at_place(what));
                return false;
            }
        };
        let at = self.start;
        self.start += consumed;
        self.tell();
        let Some(layout) = layout else { return false };
        self.pending = wrong.map(at_place);
        self.found = Some(Found { number, offset, layout, padded, at, len });
        true
    }

    fn tell(&mut self) {
        let progress = Progress { records: self.walk.number, bytes: self.walk.offset };
        if let Some(report) = &mut self.report
            && progress.records.is_multiple_of(report.every)
        {
            (report.call)(progress);
        }
    }
}

impl fmt::Debug for Intake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = self.walk.number;
        let bytes = self.walk.offset;
        f.debug_struct("Intake").field("records", &records).field("bytes", &bytes).finish_non_exhaustive()
    }
}
