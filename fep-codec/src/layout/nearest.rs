//! A description of bytes that none of several layouts recognises: their first bytes, and the layouts that they come nearest to.
//!
//! ```text
//! begin with hex 30 39 39 39 54; nearest is `Transfer`, which has "0100" at byte 0 (code), found "0999"
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::marks::Mark;
use super::{Item, Layout};

/// The first bytes that a description shows.
const SHOWN_MAX_BYTES: usize = 16;

/// The layouts that a description names.
const NAMED_MAX: usize = 4;

/// A layout and its first mark that the bytes lack.
struct Miss<'l> {
    layout: &'l Layout,
    mark: Mark<'l>,
    /// The number of marks that the bytes have, and the number of right bytes at the missing one.
    score: (usize, usize),
}

impl Layout {
    /// Describes bytes that none of these layouts recognises, as the end of a message about "the bytes". It shows no byte that is part of a secret
    /// field in one of the layouts.
    #[cold]
    #[must_use]
    pub fn nearest(layouts: &[&Self], bytes: &[u8]) -> String {
        Self::near(layouts, bytes, begin(layouts, bytes), true)
    }

    /// The same without any of the bytes: for those of which it is not known where they begin, such as a record of a file that may be shifted, so
    /// that each byte can belong to a secret field.
    #[cfg(feature = "std")]
    #[cold]
    pub(crate) fn nearest_unshown(layouts: &[&Self], bytes: &[u8]) -> String {
        if bytes.is_empty() {
            return Self::nearest(layouts, bytes);
        }
        Self::near(layouts, bytes, "are not shown, because they can be secret".into(), false)
    }

    fn near(layouts: &[&Self], bytes: &[u8], begin: String, shows: bool) -> String {
        let mut text = begin;
        let misses: Vec<Miss<'_>> = layouts.iter().filter_map(|layout| Miss::of(layout, bytes)).collect();
        let Some(best) = misses.iter().map(|miss| miss.score).max() else { return text };
        let all: Vec<&Miss<'_>> = misses.iter().filter(|miss| miss.score == best).collect();
        text.push_str(if best == (0, 0) { "; none is near: " } else { "; nearest is " });
        for (number, miss) in all.iter().take(NAMED_MAX).enumerate() {
            text.push_str(if number > 0 { ", " } else { "" });
            text.push_str(&miss.describe(bytes, shows));
        }
        if all.len() > NAMED_MAX {
            text.push_str(&format!(", and {} more", all.len() - NAMED_MAX));
        }
        text
    }

    /// Whether the byte at this offset can be part of a secret field.
    fn is_secret_at(&self, at: usize) -> bool {
        let mut offset = 0_usize;
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            let Some(len) = item.fixed_len() else { return rest.iter().any(Item::has_secret) };
            if at < offset.saturating_add(len) {
                return match item {
                    Item::Part(part) => part.layout.is_secret_at(at - offset),
                    _ => item.has_secret(),
                };
            }
            offset = offset.saturating_add(len);
            rest = tail;
        }
        false
    }
}

impl<'l> Miss<'l> {
    /// `None` for a layout without marks, and for one that recognises the bytes.
    fn of(layout: &'l Layout, bytes: &[u8]) -> Option<Self> {
        let mut marks = layout.all_marks();
        marks.sort_by_key(Mark::offset);
        let held = marks.iter().filter(|mark| mark.holds(bytes)).count();
        let mark = marks.into_iter().find(|mark| !mark.holds(bytes))?;
        let found = bytes.get(mark.offset()..).unwrap_or_default();
        let expected = mark.bytes().unwrap_or_default();
        let same = expected.iter().zip(found).take_while(|(expected, found)| expected == found).count();
        Some(Self { layout, mark, score: (held, same) })
    }

    fn describe(&self, bytes: &[u8], shows: bool) -> String {
        let name = &self.layout.name;
        let (at, len, place) = match self.mark {
            Mark::Field { path, field, offset, .. } => (offset, field.len, format!(" ({path})")),
            Mark::Literal { name: "", offset, bytes } => (offset, bytes.len(), String::new()),
            Mark::Literal { name, offset, bytes } => (offset, bytes.len(), format!(" ({name})")),
            Mark::Never { path } => return format!("`{name}`, which has no field `{path}`"),
        };
        let wire = self.mark.bytes().unwrap_or_default();
        let expected = match self.mark {
            Mark::Field { value, .. } if wire.starts_with(value.as_bytes()) => format!("{value:?}"),
            Mark::Field { value, .. } => format!("{value:?} ({})", hex(&wire)),
            _ => shown(&wire),
        };
        let found = match bytes.get(at..at.saturating_add(len)) {
            Some(_) if !shows || matches!(self.mark, Mark::Field { field, .. } if field.secret) => {
                "another value".into()
            }
            Some(found) => shown(found),
            None => format!("only {} in all", counted(bytes.len())),
        };
        format!("`{name}`, which has {expected} at byte {at}{place}, found {found}")
    }
}

/// The first bytes in hex. A byte that can be secret is shown as `**`.
fn begin(layouts: &[&Layout], bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "are empty".into();
    }
    let mut text = String::from("begin with hex");
    for (at, byte) in bytes.iter().enumerate().take(SHOWN_MAX_BYTES) {
        if layouts.iter().any(|layout| layout.is_secret_at(at)) {
            text.push_str(" **");
        } else {
            text.push_str(&format!(" {byte:02x}"));
        }
    }
    text
}

/// Bytes as text if they are printable ASCII, and otherwise in hex.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') => format!("{text:?}"),
        _ => hex(bytes),
    }
}

/// `1 byte`, `12 bytes`
fn counted(bytes: usize) -> String {
    if bytes == 1 { "1 byte".into() } else { format!("{bytes} bytes") }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(SHOWN_MAX_BYTES).fold(String::from("hex"), |text, byte| format!("{text} {byte:02x}"))
}
