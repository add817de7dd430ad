//! [`LengthPrefix`]: frames that state their length, at their start or inside their header.
//!
//! ```text
//!  kept: the telegram is the frame               stripped: the length is not part of the telegram
//!  ┌────┬──────────────────────────┐             ┌────┬──────────────────────────┐
//!  │0296│ 296 bytes                │             │0296│ telegram of 296 bytes    │
//!  └────┴──────────────────────────┘             └────┴──────────────────────────┘
//!  at = 8: the length stands behind 8 bytes of the telegram's header
//!  ┌────────┬────┬─────────────────┐
//!  │TRANCODE│0288│ 288 bytes       │
//!  └────────┴────┴─────────────────┘
//! ```

use core::ops::Range;

use super::{Edge, Edges, EncloseError, FrameError, Framing, LengthCode, whole};
use crate::layout::LengthScope;

/// Frames that state their length, at their start or inside their header.
///
/// [`LengthPrefix::new`] and [`LengthPrefix::coded`] make the usual form: the length is the first field of the telegram. The other
/// methods change it.
///
/// ```
/// use fep_codec::framing::{Framing, LengthCode, LengthPrefix};
/// use fep_codec::layout::LengthScope;
///
/// let mainframe = LengthPrefix::coded(LengthCode::BigEndian, 2, LengthScope::All, 4096).ok_or("1 to 4 bytes")?;
/// assert_eq!(mainframe.frame_len(&[0x00]), Ok(None)); // more bytes are needed
/// assert_eq!(mainframe.frame_len(&[0x00, 0x28, 0xE2]), Ok(Some(40)));
/// assert!(mainframe.frame_len(&[0xFF, 0xFF]).is_err()); // more than 4096
///
/// // The length is not part of the telegram: the line adds it and takes it off.
/// let stripped = LengthPrefix::new(4, LengthScope::Rest, 4096).and_then(LengthPrefix::stripped).ok_or("at byte 0")?;
/// let mut frame = Vec::new();
/// stripped.enclose(b"hello", &mut frame)?;
/// assert_eq!(frame, b"0005hello");
/// assert_eq!(stripped.content(&frame), 4..9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthPrefix {
    code: LengthCode,
    len: u8,
    at: u16,
    counted: Counted,
    is_stripped: bool,
    frame_max_bytes: usize,
}

/// Which bytes the value of a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Scope(LengthScope),
    /// All bytes of the frame but this many.
    AllBut(i32),
}

impl LengthPrefix {
    /// The maximum number of digits of a length.
    pub const DIGITS_MAX: u8 = 9;

    /// Four digits that count the bytes after them, with frames as long as four digits can express: the most common form.
    pub const FOUR_DIGITS: Self = Self {
        code: LengthCode::Ascii,
        len: 4,
        at: 0,
        counted: Counted::Scope(LengthScope::Rest),
        is_stripped: false,
        frame_max_bytes: 10_003,
    };

    /// A length of this many ASCII digits, 1 to [`LengthPrefix::DIGITS_MAX`]. `counts` says which bytes its value counts.
    /// `frame_max_bytes` is the longest frame that is accepted, length field included. It is checked before anything is allocated
    /// for a frame. Returns `None` if `digits` is out of range.
    #[must_use]
    pub const fn new(digits: u8, counts: LengthScope, frame_max_bytes: usize) -> Option<Self> {
        Self::coded(LengthCode::Ascii, digits, counts, frame_max_bytes)
    }

    /// A length of `len` bytes in this form. `counts` says which bytes its value counts. `frame_max_bytes` is the longest frame that
    /// is accepted, length field included. Returns `None` if a length in this form cannot have `len` bytes.
    #[must_use]
    pub const fn coded(code: LengthCode, len: u8, counts: LengthScope, frame_max_bytes: usize) -> Option<Self> {
        match code.can_have(len) {
            true => {
                let counted = Counted::Scope(counts);
                Some(Self { code, len, at: 0, counted, is_stripped: false, frame_max_bytes })
            }
            false => None,
        }
    }

    /// The same, with the length behind this many bytes of the frame. They belong to the telegram. `counts = rest` still means the
    /// bytes behind the length.
    #[must_use]
    pub const fn at(self, offset: u16) -> Self {
        Self { at: offset, is_stripped: self.is_stripped && offset == 0, ..self }
    }

    /// The same, with a value that counts all bytes of the frame but this many. With a negative number the value is larger than the
    /// frame.
    #[must_use]
    pub const fn all_but(self, bytes: i32) -> Self {
        Self { counted: Counted::AllBut(bytes), ..self }
    }

    /// The same, with a length that is not part of the telegram. Returns `None` if bytes of the telegram are before the length.
    #[must_use]
    pub const fn stripped(self) -> Option<Self> {
        match self.at {
            0 => Some(Self { is_stripped: true, ..self }),
            _ => None,
        }
    }

    /// The number of bytes of the length. In ASCII and EBCDIC it is the number of digits.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.len
    }

    /// How the bytes of the length give its value.
    #[must_use]
    pub const fn code(&self) -> LengthCode {
        self.code
    }

    /// Which bytes the value counts, or `None` if it counts all bytes but a constant.
    #[must_use]
    pub const fn counts(&self) -> Option<LengthScope> {
        match self.counted {
            Counted::Scope(scope) => Some(scope),
            Counted::AllBut(_) => None,
        }
    }

    /// The number of bytes before the length.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at as usize
    }

    /// Whether the length is not part of the telegram.
    #[must_use]
    pub const fn is_stripped(&self) -> bool {
        self.is_stripped
    }

    /// The longest frame that is accepted, in bytes, length field included.
    #[must_use]
    pub const fn frame_max_bytes(&self) -> usize {
        self.frame_max_bytes
    }

    /// The bytes of the length of a frame that has `frame` bytes.
    ///
    /// # Errors
    /// If there is no such frame: it is too long, too short, or the length has no room for its value.
    pub fn length_of(&self, frame: usize) -> Result<Edge, EncloseError> {
        if frame > self.frame_max_bytes {
            return Err(EncloseError::TooLong { frame, max: self.frame_max_bytes });
        }
        let min = self.head().max(self.not_counted());
        let value = i64::try_from(frame).unwrap_or(i64::MAX);
        if value < min {
            return Err(EncloseError::TooShort { frame, min: usize::try_from(min).unwrap_or(usize::MAX) });
        }
        let value = u64::try_from(value.saturating_sub(self.not_counted())).unwrap_or(0);
        let max = self.code.value_max(self.len);
        if value > max {
            return Err(EncloseError::LengthFull { value, max });
        }
        Ok(self.code.bytes(value, self.len))
    }

    /// The number of bytes up to the end of the length.
    fn head(&self) -> i64 {
        i64::from(self.at) + i64::from(self.len)
    }

    /// How many bytes more than its value the frame has.
    fn not_counted(&self) -> i64 {
        match self.counted {
            Counted::Scope(LengthScope::Rest) => self.head(),
            Counted::Scope(LengthScope::All) => 0,
            Counted::AllBut(bytes) => i64::from(bytes),
        }
    }
}

impl Framing for LengthPrefix {
    /// Returns the length as soon as the buffer holds all bytes of the length. A byte that is not a digit is reported as soon as it is
    /// in the buffer.
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        let at = usize::from(self.at);
        let len = usize::from(self.len);
        let behind = buffer.get(at..).unwrap_or_default();
        let field = behind.get(..len).unwrap_or(behind);
        if let Some((wrong, found)) = field.iter().enumerate().find(|(_, byte)| !self.code.has(**byte)) {
            return Err(FrameError::NotADigit { offset: at + wrong, found: *found, expected: self.code });
        }
        if field.len() < len {
            return Ok(None);
        }
        // No length has more than 9 digits or 4 binary bytes, so the sum cannot overflow.
        let value = self.code.value(field);
        let stated = i64::try_from(value).unwrap_or(i64::MAX).saturating_add(self.not_counted());
        if stated < self.head() {
            let min = u64::try_from(self.head() - self.not_counted()).unwrap_or(0);
            return Err(FrameError::TooShort { stated: value, min });
        }
        match usize::try_from(stated) {
            Ok(len) if len <= self.frame_max_bytes => Ok(Some(len)),
            _ => Err(FrameError::TooLong { stated: stated.unsigned_abs(), max: self.frame_max_bytes }),
        }
    }

    fn content(&self, frame: &[u8]) -> Range<usize> {
        let start = if self.is_stripped { usize::from(self.len) } else { 0 };
        start.min(frame.len())..frame.len()
    }

    fn edges(&self, telegram: &[u8]) -> Result<Edges, EncloseError> {
        if !self.is_stripped {
            return whole(self, telegram);
        }
        let before = self.length_of(telegram.len().saturating_add(usize::from(self.len)))?;
        Ok(Edges { before, after: Edge::NONE })
    }
}

#[cfg(test)]
mod tests;
