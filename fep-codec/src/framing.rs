//! Framing: finds the frames in a byte stream, the telegram in each frame, and makes a frame of a telegram.
//!
//! A **frame** is what is sent on the line. The **telegram** is its content, as it is decoded and encoded. Often both are the same
//! bytes, because the length or the end is a field of the telegram.
//!
//! ```text
//!  LengthPrefix, kept       ┌────┬──────────────────────────┐
//!                           │0296│ 296 bytes                │      the frame is the telegram
//!                           └────┴──────────────────────────┘
//!  LengthPrefix, stripped   ┌────┬──────────────────────────┐
//!                           │0296│ telegram of 296 bytes    │
//!                           └────┴──────────────────────────┘
//!  StxEtx                   ┌──┬──────────────────────┬──┬──┐
//!                           │02│ telegram             │03│5A│      STX, ETX and a check byte
//!                           └──┴──────────────────────┴──┴──┘
//!  Terminated               ┌────────────────────────────┬──┐
//!                           │ telegram                   │FF│
//!                           └────────────────────────────┴──┘
//! ```
//!
//! | the end of a frame is found by | framing |
//! |---|---|
//! | its length, in digits, BCD or binary, at its start or inside its header | [`LengthPrefix`] |
//! | STX before and ETX behind, with or without a check byte | [`StxEtx`] |
//! | the bytes at its end: CR, LF, CR and LF, `FF` | [`Terminated`] |
//! | its first bytes, which identify the telegram and so decide its length | [`CodeTable`] |
//! | nothing: all frames have the same length | [`FixedLength`] |
//!
//! This module only inspects bytes and does no I/O. `fep_codec::stream` (feature `tokio`) turns a framing into a codec for `Framed`.
//! [`Layout::telegram_len`](crate::Layout::telegram_len) finds the length of a telegram in a file of concatenated telegrams.
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use fep_codec::layout::LengthScope;
//! use fep_codec::{CodeTable, Framing, LengthPrefix, Telegram};
//!
//! let prefix = LengthPrefix::new(4, LengthScope::Rest, 4096).ok_or("1 to 9 digits")?;
//! assert_eq!(prefix.frame_len(b"00"), Ok(None)); // more bytes are needed
//! assert_eq!(prefix.frame_len(b"0005hel"), Ok(Some(9))); // the frame has 9 bytes, these four digits included
//! assert_eq!(prefix.next(b"0005hel"), Ok(None)); // and is not complete yet
//! assert_eq!(prefix.next(b"0005hello0003"), Ok(Some(9)));
//! assert!(prefix.frame_len(b"9999").is_err() && prefix.frame_len(b"00x").is_err());
//!
//! #[derive(Telegram)]
//! struct Quote {
//!     #[field(literal = "A3")]
//!     code: (),
//!     #[field(len = 6)]
//!     price: u32,
//!     #[field(literal = b"\xFF")]
//!     _end: (),
//! }
//!
//! #[derive(Telegram)]
//! struct Clock {
//!     #[field(literal = "I2")]
//!     code: (),
//!     #[field(literal = b"\xFF")]
//!     _end: (),
//! }
//!
//! let table = CodeTable::of(&[Quote::LAYOUT, Clock::LAYOUT]).expect("two codes, one end");
//! assert_eq!(table.frame_len(b"A3"), Ok(Some(9)));
//! assert_eq!(table.frame_len(b"I2\xFFA3"), Ok(Some(3)));
//! assert_eq!(table.frame_len(b"X").unwrap_err().to_string(), "no telegram starts with 58");
//! # }
//! # Ok::<(), &str>(())
//! ```

mod edges;
mod length_code;
mod error;
mod length;
mod stx_etx;
mod terminated;
mod fixed;
mod codes;
mod glued;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

pub use self::codes::{CodeRow, CodeTable};
pub use self::edges::{Edge, Edges};
pub use self::error::{EncloseError, FrameError};
pub use self::fixed::FixedLength;
pub use self::length::LengthPrefix;
pub use self::length_code::LengthCode;
pub use self::stx_etx::{BlockCheck, CheckRule, StxEtx};
pub use self::terminated::Terminated;

/// A way to cut a byte stream into frames, and to make frames of telegrams.
///
/// A framing may search for an end only if no telegram can contain it. Binary, packed and BCD numbers and fields of bytes can contain
/// any byte. EBCDIC text can contain control characters too. If the layouts have such fields, use a length or a [`CodeTable`].
pub trait Framing {
    /// The length in bytes of the frame at the start of the buffer, or `None` if more bytes are needed to determine it.
    ///
    /// The length may be larger than the buffer. If it is larger than the longest frame that the framing accepts, return
    /// [`FrameError::TooLong`]. A framing that searches for an end must return [`FrameError::Endless`] when the buffer holds that many
    /// bytes and no end, because the callers have no limit of their own for the buffer. No frame has 0 bytes.
    ///
    /// # Errors
    /// If no frame can start with these bytes. A wrong byte is reported as soon as it is in the buffer.
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError>;

    /// [`Framing::frame_len`] for a caller that has asked before: when the buffer held only its first `seen` bytes, the answer was
    /// `None`.
    ///
    /// A framing that searches for an end begins where the last search ended. Otherwise the search would take quadratic time if the
    /// bytes arrive in small pieces. [`FrameSearch`] keeps `seen`.
    ///
    /// # Errors
    /// As [`Framing::frame_len`].
    fn frame_len_after(&self, seen: usize, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        let _ = seen;
        self.frame_len(buffer)
    }

    /// Checks a complete frame.
    ///
    /// # Errors
    /// If it does not begin or end with the bytes that it must have there, or its check byte is wrong.
    fn check(&self, frame: &[u8]) -> Result<(), FrameError> {
        let _ = frame;
        Ok(())
    }

    /// Where the telegram is in a complete frame. The range is inside the frame for any bytes. It is empty if the frame has
    /// no telegram, as a poll may have none.
    fn content(&self, frame: &[u8]) -> Range<usize> {
        0..frame.len()
    }

    /// The bytes that must stand around a telegram on the line.
    ///
    /// # Errors
    /// If the other side would cut the frame at another place or refuse it.
    fn edges(&self, telegram: &[u8]) -> Result<Edges, EncloseError> {
        whole(self, telegram)
    }

    /// Appends a telegram to `out` as a frame.
    ///
    /// # Errors
    /// As [`Framing::edges`]. Then `out` is unchanged.
    fn enclose(&self, telegram: &[u8], out: &mut Vec<u8>) -> Result<(), EncloseError> {
        let edges = self.edges(telegram)?;
        out.extend_from_slice(edges.before.as_bytes());
        out.extend_from_slice(telegram);
        out.extend_from_slice(edges.after.as_bytes());
        Ok(())
    }

    /// The length in bytes of the frame at the start of the buffer, or `None` if the buffer does not hold all of it. The frame is
    /// checked. For a buffer that grows, [`FrameSearch::next`] does the same in linear time.
    ///
    /// # Errors
    /// As [`Framing::frame_len`] and [`Framing::check`].
    fn next(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        FrameSearch::default().next(self, buffer)
    }
}

/// The search for the end of the first frame in a buffer that grows: how much of the buffer was looked at.
///
/// One value belongs to one buffer. When a frame is complete, the caller takes it out of the buffer and searches for the next one.
///
/// ```
/// use fep_codec::framing::{FrameSearch, Framing, Terminated};
///
/// let lines = Terminated::new(b"\n", 1024).ok_or("1 to 4 bytes")?;
/// let mut search = FrameSearch::default();
/// assert_eq!(search.next(&lines, b"ab"), Ok(None));
/// assert_eq!(search.next(&lines, b"abc\nd"), Ok(Some(4))); // looks only at the bytes behind `ab`
/// assert_eq!(search.next(&lines, b"d"), Ok(None));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameSearch {
    seen: usize,
}

impl FrameSearch {
    /// The length in bytes of the complete and checked frame at the start of the buffer, or `None` if it is not complete.
    ///
    /// # Errors
    /// As [`Framing::frame_len`] and [`Framing::check`].
    pub fn next<F: Framing + ?Sized>(&mut self, framing: &F, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        match self.frame_len(framing, buffer)?.and_then(|len| buffer.get(..len)) {
            Some(frame) => framing.check(frame).map(|()| Some(frame.len())),
            None => Ok(None),
        }
    }

    /// The length in bytes of the frame at the start of the buffer, or `None` if it is not known yet. The length may be larger than the
    /// buffer. A complete frame is not checked.
    ///
    /// # Errors
    /// As [`Framing::frame_len`].
    pub fn frame_len<F: Framing + ?Sized>(&mut self, framing: &F, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        let seen = core::mem::take(&mut self.seen).min(buffer.len());
        let len = framing.frame_len_after(seen, buffer)?;
        self.seen = match len {
            None => buffer.len(),
            Some(len) if len > buffer.len() => seen,
            Some(_) => 0,
        };
        Ok(len)
    }
}

/// Nothing stands around a telegram that is itself one frame.
fn whole(framing: &(impl Framing + ?Sized), telegram: &[u8]) -> Result<Edges, EncloseError> {
    let no_frame = |error| EncloseError::NotAFrame(Box::new(error));
    let stated = framing.frame_len(telegram).map_err(no_frame)?;
    if stated != Some(telegram.len()) {
        return Err(EncloseError::OtherLength { stated, actual: telegram.len() });
    }
    framing.check(telegram).map_err(no_frame)?;
    Ok(Edges::NONE)
}
