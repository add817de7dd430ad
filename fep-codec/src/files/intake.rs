//! The state of a file reader between two reads of its input: the buffered bytes and the records in them. This module does no
//! I/O. The blocking reader and the asynchronous one are loops around it and make the same checks.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use std::io;

use super::FileLayout;
use super::fault::{FileError, FileFault};
use super::walk::{FileWalk, Framed, RawRecord};
use crate::layout::Layout;
use crate::lenient::{Forgiven, Lenient};

/// The size of the buffer in bytes, unless long records need a larger one.
const PIECE_BYTES: usize = 1 << 16;

/// The progress of a reader or a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of records so far, filling records included.
    pub records: u64,
    /// The number of bytes so far.
    pub bytes: u64,
}

/// A progress callback, and the number of records between two calls.
struct Report<'f> {
    every: u64,
    call: Box<dyn FnMut(Progress) + Send + 'f>,
}

/// The result of a step.
pub(super) enum IntakeStep {
    /// More bytes are needed: [`Intake::room`] takes them.
    Input,
    /// A record: [`Intake::record`] returns it.
    Record,
    /// An error.
    Wrong(FileError),
    /// The end: nothing more comes.
    End,
}

/// The record that was found last, with its place in the buffer.
struct Found<'f> {
    number: u64,
    offset: u64,
    layout: &'f Layout,
    padded: bool,
    at: usize,
    len: usize,
}

/// A file that is being read.
pub(super) struct Intake<'f> {
    walk: FileWalk<'f>,
    buffer: Vec<u8>,
    /// The bytes of the buffer from `start` to `end` are read and not yet used.
    start: usize,
    end: usize,
    input_ended: bool,
    /// Nothing more comes: the file ended, or nothing after its error can be trusted.
    ended: bool,
    found: Option<Found<'f>>,
    /// The errors that the next steps return: those in totals and serial numbers up to the last record, or one that ended the file.
    pending: VecDeque<FileError>,
    report: Option<Report<'f>>,
}

impl<'f> Intake<'f> {
    /// # Errors
    /// If no file can satisfy the plan.
    pub(super) fn new(file: &'f FileLayout) -> Result<Self, FileError> {
        let walk = FileWalk::new(file)?;
        // `FileWalk::new` has checked the lengths of the records.
        let buffer = vec![0; PIECE_BYTES.max(walk.window_len() * 2)];
        let start = 0;
        let end = 0;
        let input_ended = false;
        let ended = false;
        Ok(Self { walk, buffer, start, end, input_ended, ended, found: None, pending: VecDeque::new(), report: None })
    }

    pub(super) fn forgive(&mut self, lenient: Lenient) {
        self.walk.lenient = lenient;
        self.buffer.resize(self.buffer.len().max(self.walk.window_len() * 2), 0);
    }

    pub(super) fn report_to(&mut self, every: u64, call: impl FnMut(Progress) + Send + 'f) {
        self.report = Some(Report { every: every.max(1), call: Box::new(call) });
    }

    /// Advances to the next record, error or end.
    pub(super) fn step(&mut self) -> IntakeStep {
        if self.found.take().is_some() {
            self.walk.forgiven.clear();
        }
        if let Some(error) = self.pending.pop_front() {
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
            if let Some(error) = self.pending.pop_front() {
                return IntakeStep::Wrong(error);
            }
        }
        IntakeStep::End
    }

    /// The record that the last [`IntakeStep::Record`] announced.
    pub(super) fn record(&self) -> Option<RawRecord<'f, '_>> {
        let Found { number, offset, layout, padded, at, len } = *self.found.as_ref()?;
        let bytes = if padded { self.walk.padded() } else { self.buffer.get(at..at + len).unwrap_or_default() };
        let plan = self.walk.plan_of(layout);
        Some(RawRecord {
            number,
            offset,
            layout,
            plan,
            bytes,
            lenient: self.walk.lenient,
            forgiven: &self.walk.forgiven,
        })
    }

    /// The deviations that were forgiven since the last record.
    pub(super) fn forgiven(&self) -> &[Forgiven] {
        &self.walk.forgiven
    }

    /// The space for the next bytes of the input.
    pub(super) fn room(&mut self) -> &mut [u8] {
        // Moving bytes is expensive, so move them only if a window does not fit behind `start`.
        if self.buffer.len() - self.start < self.walk.window_len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Notes that `len` bytes were read into [`Intake::room`]. 0 means that the input has ended.
    pub(super) fn took(&mut self, len: usize) {
        self.input_ended |= len == 0;
        self.end = self.buffer.len().min(self.end + len);
    }

    /// Ends the file because the input could not be read.
    #[cold]
    pub(super) fn broke(&mut self, error: io::Error) -> FileError {
        self.ended = true;
        FileError { record: self.walk.number + 1, offset: self.walk.offset, what: error.into() }
    }

    /// Takes the record at the start of the window and returns whether there is one to hand out. An error is left in `pending`.
    fn framed(&mut self) -> bool {
        let number = self.walk.number + 1;
        let offset = self.walk.offset;
        let at_place = |what: FileFault| FileError { record: number, offset, what };
        let window = self.buffer.get(self.start..self.end).unwrap_or_default();
        let framed = if window.is_empty() {
            self.ended = true;
            self.pending.extend(self.walk.wrong_at_end());
            match self.walk.end() {
                Ok(()) => return false,
                Err(what) => Err(what),
            }
        } else {
            let len = window.len().min(self.walk.window_len());
            self.walk.step(window.get(..len).unwrap_or_default())
        };
        let Framed { layout, padded, start, len, consumed, count, wrong } = match framed {
            Ok(framed) => framed,
            Err(what) => {
                self.ended = true;
                self.pending.push_back(at_place(what));
                return false;
            }
        };
        let at = self.start + start;
        self.start += consumed;
        if count > 0 {
            self.tell();
        }
        let Some(layout) = layout else { return false };
        self.pending.extend(wrong);
        let offset = offset + start as u64;
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
