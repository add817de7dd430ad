//! How a line encloses its telegrams. Only this module knows which framings can be configured: for the gateway, its simulator and `fep`.
//!
//! A **frame** is what is on the line and in the journal. Its **telegram** is what the spec describes. A new framing needs an
//! implementation of [`fep_codec::framing::Framing`] in fep-codec. Here it needs a variant, a value of `kind` with its keys in
//! `framing/read.rs`, an arm in each of `cutter`, [`Framing::rubbish`] and [`Framing::no_frame`], and a
//! word in `framing/words.rs`. Links, the simulator and the commands use only this type.

mod fits;
mod read;
mod words;
mod obvious;

use std::ops::Range;

use fep_codec::framing::{
    CodeTable, Edges, EncloseError, FixedLength, FrameError, FrameSearch, Framing as Cutter, LengthPrefix, StxEtx,
    Terminated,
};

pub use self::words::WORDS;

/// `framing`: how the end of a frame is found, and what encloses the telegram in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// `kind = "length"`, the default: a frame states its length, as digits or as a binary number.
    Length(LengthPrefix),
    /// `kind = "stx-etx"`: a frame begins with STX and ends with ETX, and a check byte may follow.
    StxEtx(StxEtx),
    /// `kind = "terminated"`: a frame ends with certain bytes.
    Terminated(Terminated),
    /// `kind = "fixed"`: all frames have the same length.
    Fixed(FixedLength),
    /// `kind = "code-table"`: the first bytes of a telegram identify it among the telegrams of the spec. This gives its length.
    CodeTable(CodeTable),
}

impl Framing {
    /// The length in bytes of the frame at the start of the buffer, or `None` if the frame is not complete yet. `search` belongs to
    /// the buffer.
    ///
    /// # Errors
    /// If no frame can begin with these bytes, the frame does not end as it must, or its check byte is wrong.
    pub fn next(&self, search: &mut FrameSearch, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        search.next(self.cutter(), buffer)
    }

    /// The telegram in a frame. It is empty if the frame has none, as a poll may.
    #[must_use]
    pub fn telegram<'f>(&self, frame: &'f [u8]) -> &'f [u8] {
        frame.get(self.cutter().content(frame)).unwrap_or_default()
    }

    /// Where the telegram is in a frame.
    #[must_use]
    pub fn content(&self, frame: &[u8]) -> Range<usize> {
        self.cutter().content(frame)
    }

    /// The frame of a telegram.
    ///
    /// # Errors
    /// If the other side would cut the frame at another place or refuse it.
    pub fn frame(&self, telegram: Vec<u8>) -> Result<Vec<u8>, EncloseError> {
        let edges = self.cutter().edges(&telegram)?;
        if edges == Edges::NONE {
            return Ok(telegram);
        }
        Ok([edges.before.as_bytes(), &telegram, edges.after.as_bytes()].concat())
    }

    /// Checks that a telegram can be sent as one frame.
    ///
    /// # Errors
    /// As [`Framing::frame`].
    pub fn check(&self, telegram: &[u8]) -> Result<(), EncloseError> {
        self.cutter().edges(telegram).map(drop)
    }

    /// A complete frame with a content that is no telegram. It is `text`, with what encloses it, as far as the framing allows.
    #[must_use]
    pub fn rubbish(&self, text: &[u8]) -> Vec<u8> {
        const FILL: u8 = b'?';
        let filled = |start: &[u8], len: usize| {
            let mut frame = start.to_vec();
            frame.resize(len, FILL);
            frame
        };
        match self {
            Self::Length(prefix) if !prefix.is_stripped() => {
                let text = filled(text, text.len().max(prefix.offset()));
                let (before, behind) = text.split_at(prefix.offset());
                let length = prefix.length_of(text.len().saturating_add(usize::from(prefix.digits())));
                [before, length.unwrap_or_default().as_bytes(), behind].concat()
            }
            Self::Fixed(fixed) => filled(text, fixed.len()),
            Self::CodeTable(table) => {
                let Some(row) = table.rows.first() else { return text.to_vec() };
                let mut frame = filled(&[&row.starts_with, text].concat(), row.frame_len);
                if let (Some(end), Some(last)) = (table.end, frame.last_mut()) {
                    *last = end;
                }
                frame
            }
            Self::Length(_) | Self::StxEtx(_) | Self::Terminated(_) => {
                self.frame(text.to_vec()).unwrap_or_else(|_| text.to_vec())
            }
        }
    }

    /// Bytes that do not begin a frame, as far as the framing refuses any bytes: a length of one byte and a fixed length refuse none.
    #[must_use]
    pub fn no_frame(&self) -> Vec<u8> {
        const NO_LENGTH: &[u8] = b"\xFF\xFE!!no length at all";
        match self {
            Self::Length(prefix) => [&vec![b'?'; prefix.offset()], NO_LENGTH].concat(),
            // Bytes without an end, one more than the maximum.
            Self::Terminated(lines) => vec![b'?'; lines.frame_max_bytes().saturating_add(1)],
            Self::StxEtx(_) | Self::Fixed(_) | Self::CodeTable(_) => NO_LENGTH.to_vec(),
        }
    }

    fn cutter(&self) -> &dyn Cutter {
        match self {
            Self::Length(prefix) => prefix,
            Self::StxEtx(framing) => framing,
            Self::Terminated(framing) => framing,
            Self::Fixed(framing) => framing,
            Self::CodeTable(table) => table,
        }
    }
}

#[cfg(test)]
mod tests;
