//! Cuts the bytes of one direction of a connection into frames. What cannot be cut is handed on raw, so that no byte is dropped.
//!
//! ```text
//!  framed ──bytes that are no frame──► raw, until the connection ends
//!    │ ▲
//!    │ └──a piece that is whole telegrams of the spec──┐
//!    └──bytes are missing──► behind a gap ─────────────┘
//! ```

use bytes::BytesMut;
use fep_codec::framing::{FrameError, FrameSearch};

use super::lines::Reader;

/// The maximum length of one raw piece, in bytes.
const RAW_MAX: usize = 16 * 1024;

const UNFINISHED: &str = "the connection ended inside this frame";
const BEFORE_A_GAP: &str = "the rest of this frame was not recorded";
const BEHIND_A_GAP: &str = "bytes before these were not recorded, and these are not whole telegrams of the spec";

/// A part of the bytes, ready for a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Frame(Vec<u8>),
    Raw { bytes: Vec<u8>, fault: String },
}

#[derive(Debug, Default)]
pub(super) struct Cutter {
    buffer: BytesMut,
    search: FrameSearch,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Framed,
    /// Until the end, because of this fault.
    Raw(String),
    BehindAGap,
}

impl Cutter {
    /// Takes bytes as they came, and returns what is complete.
    pub(super) fn take(&mut self, bytes: &[u8], reader: &Reader) -> Vec<Piece> {
        match &self.state {
            State::Raw(fault) => return raw(bytes, fault).collect(),
            State::BehindAGap if !is_whole_telegrams(bytes, reader) => return raw(bytes, BEHIND_A_GAP).collect(),
            State::BehindAGap => self.state = State::Framed,
            State::Framed => {}
        }
        self.buffer.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        loop {
            match reader.framing.next(&mut self.search, &self.buffer) {
                Ok(Some(len)) => pieces.push(Piece::Frame(self.buffer.split_to(len).to_vec())),
                Ok(None) => return pieces,
                Err(error) => {
                    let fault = fault(&error);
                    pieces.extend(self.rest(&fault));
                    self.state = State::Raw(fault);
                    return pieces;
                }
            }
        }
    }

    /// The bytes of a frame that will not be completed, because the side sends no more.
    pub(super) fn end(&mut self) -> Vec<Piece> {
        self.rest(UNFINISHED)
    }

    /// The bytes that come next are missing.
    pub(super) fn gap(&mut self) -> Vec<Piece> {
        if matches!(self.state, State::Framed) {
            self.state = State::BehindAGap;
        }
        self.rest(BEFORE_A_GAP)
    }

    /// The number of bytes that wait for the rest of their frame.
    pub(super) fn waiting(&self) -> usize {
        self.buffer.len()
    }

    fn rest(&mut self, fault: &str) -> Vec<Piece> {
        self.search = FrameSearch::default();
        let rest = self.buffer.split();
        raw(&rest, fault).collect()
    }
}

fn raw(bytes: &[u8], fault: &str) -> impl Iterator<Item = Piece> {
    bytes.chunks(RAW_MAX).map(move |bytes| Piece::Raw { bytes: bytes.to_vec(), fault: fault.to_owned() })
}

/// Whether the bytes are one or more frames with telegrams that the spec recognises, and nothing else.
fn is_whole_telegrams(bytes: &[u8], reader: &Reader) -> bool {
    let mut rest = bytes;
    while let Ok(Some(len)) = reader.framing.next(&mut FrameSearch::default(), rest) {
        let (frame, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        if reader.spec.choose(reader.framing.telegram(frame)).is_err() {
            return false;
        }
        rest = behind;
        if rest.is_empty() {
            return true;
        }
    }
    false
}

/// What is wrong, without the bytes that are wrong: `bytes` has them, unless it is masked.
fn fault(error: &FrameError) -> String {
    match error {
        FrameError::NotADigit { offset, .. } => format!("byte {offset} is no digit of a frame's length"),
        FrameError::UnknownCode { .. } => "no telegram starts with these bytes".to_owned(),
        FrameError::NoStart { .. } => "no frame starts with this byte".to_owned(),
        FrameError::NoEnd { offset, .. } => format!("byte {offset} is not the end of the frame"),
        FrameError::WrongCheck { offset, .. } => format!("byte {offset} is not the check byte of the frame"),
        FrameError::Endless { max, .. } => format!("no frame ends within {max} bytes, the most that are accepted"),
        // These two name only lengths.
        FrameError::TooLong { .. } | FrameError::TooShort { .. } => error.to_string(),
        _ => "these bytes begin no frame".to_owned(),
    }
}
