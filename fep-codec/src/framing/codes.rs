//! [`CodeTable`]: frames without a length, recognised by their first bytes.
//!
//! ```text
//!  A3 01 1 …  160 bytes … FF│D2 01 1 …  46 bytes … FF│I2 01 1 HHMM FF│
//! ```

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{FrameError, Framing};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Item, Layout};

/// A table of the first bytes of each frame and the frame's length.
///
/// No frame is longer than the longest in the table, so a peer cannot make a buffer grow beyond that length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeTable {
    /// The rows, tried in this order.
    pub rows: Cow<'static, [CodeRow]>,
    /// The byte that ends every frame, or `None` if there is no such byte.
    pub end: Option<u8>,
}

/// The frames that begin with one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The frame's first bytes.
    pub starts_with: Cow<'static, [u8]>,
    /// The frame's length in bytes, the first bytes included.
    pub frame_len: usize,
}

impl CodeTable {
    /// The table for telegrams of fixed lengths. The first bytes of each come from its literals and its `when`. If all telegrams end
    /// with the same literal byte, it is the `end` of the table.
    ///
    /// # Errors
    /// If a telegram has no fixed length, if no literal and no `when` decides its first byte, or if two telegrams of different lengths
    /// start in the same way.
    pub fn of(layouts: &[&Layout]) -> Result<Self, Error> {
        let mut rows: Vec<CodeRow> = Vec::new();
        for layout in layouts {
            let starts_with = first_bytes(layout);
            let Some(frame_len) = layout.fixed_len().filter(|len| *len > 0) else {
                return Err(unfit(layout, "a frame of a code table has a fixed length"));
            };
            if starts_with.is_empty() {
                return Err(unfit(layout, "no literal and no `when` says how the telegram begins"));
            }
            let alike =
                |row: &&CodeRow| row.starts_with.starts_with(&starts_with) || starts_with.starts_with(&row.starts_with);
            match rows.iter().find(alike) {
                Some(row) if row.frame_len != frame_len => {
                    return Err(unfit(layout, "a telegram of another length begins in the same way"));
                }
                Some(row) if row.starts_with.len() <= starts_with.len() => {}
                _ => rows.push(CodeRow { starts_with: starts_with.into(), frame_len }),
            }
        }
        let ends: Vec<Option<u8>> = layouts.iter().map(|layout| last_byte(layout)).collect();
        let end = ends.first().copied().flatten().filter(|end| ends.iter().all(|other| *other == Some(*end)));
        Ok(Self { rows: rows.into(), end })
    }
}

impl Framing for CodeTable {
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        for row in self.rows.iter() {
            if buffer.starts_with(&row.starts_with) {
                return Ok(Some(row.frame_len));
            }
            if row.starts_with.starts_with(buffer) {
                return Ok(None);
            }
        }
        let longest = self.rows.iter().map(|row| row.starts_with.len()).max().unwrap_or(0);
        Err(FrameError::UnknownCode { found: buffer.get(..longest).unwrap_or(buffer).to_vec() })
    }

    fn check(&self, frame: &[u8]) -> Result<(), FrameError> {
        match (self.end, frame.split_last()) {
            (Some(expected), Some((found, before))) if *found != expected => {
                Err(FrameError::NoEnd { offset: before.len(), found: *found, expected })
            }
            _ => Ok(()),
        }
    }
}

#[cold]
fn unfit(layout: &Layout, reason: &'static str) -> Error {
    Error::new(Culprit::Spec, Fault::BadSpec { reason }).within(&layout.name)
}

/// The bytes that every telegram of the layout begins with.
fn first_bytes(layout: &Layout) -> Vec<u8> {
    let known = layout.known_bytes();
    (0..).map_while(|offset| known.get(&offset).copied()).collect()
}

/// The literal byte that every telegram of the layout ends with.
fn last_byte(layout: &Layout) -> Option<u8> {
    match layout.items().last()? {
        Item::Literal(literal) => literal.bytes.last().copied(),
        Item::Part(part) => last_byte(&part.layout),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};

    use super::*;

    const TABLE: CodeTable = CodeTable {
        rows: Cow::Borrowed(&[
            CodeRow { starts_with: Cow::Borrowed(b"A3"), frame_len: 5 },
            CodeRow { starts_with: Cow::Borrowed(b"B"), frame_len: 3 },
        ]),
        end: Some(0xFF),
    };

    fn check(buffer: &[u8], expected: Result<Option<usize>, FrameError>) {
        assert_eq!(TABLE.frame_len(buffer), expected, "{}", String::from_utf8_lossy(buffer));
    }

    #[test]
    fn the_first_bytes_say_how_long_the_frame_is() {
        check(b"", Ok(None));
        check(b"A", Ok(None));
        check(b"A3", Ok(Some(5)));
        check(b"B", Ok(Some(3)));
        check(b"B3xA3", Ok(Some(3)));
    }

    #[test]
    fn an_unknown_code_is_seen_at_its_first_byte_and_a_wrong_end_when_the_frame_is_whole() {
        check(b"X", Err(FrameError::UnknownCode { found: b"X".to_vec() }));
        check(b"A4rest", Err(FrameError::UnknownCode { found: b"A4".to_vec() }));
        assert_eq!(TABLE.check(b"A301\xFF"), Ok(()));
        let error = TABLE.check(b"A3012").unwrap_err();
        assert_eq!(error.to_string(), "the frame must end in ff, byte 4 is 32");
    }
}
