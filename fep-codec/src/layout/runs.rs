//! Runs of fields that are ASCII by their layout. A reader validates such a run once, and not each of its texts.

use super::walk::borrowed;
use super::{Encoding, Field, Item, Kind, Layout};
use crate::charset::Charset;

impl Layout {
    /// The number of bytes from the start of the item at this index that hold only fields which are ASCII, up to the end of the last
    /// one that is text. 0 if the run began before, or there is none.
    #[must_use]
    pub const fn ascii_run(&self, index: usize) -> usize {
        let none = Run { len: 0, text_len: 0 };
        let Some((before, items)) = self.items().split_at_checked(index) else { return 0 };
        match before {
            [.., last] if none.and(core::slice::from_ref(last)).1 => 0,
            _ => none.and(items).0.text_len,
        }
    }
}

/// What is known of a run so far.
#[derive(Clone, Copy)]
struct Run {
    /// Its length in bytes.
    len: usize,
    /// Its length up to the end of its last text.
    text_len: usize,
}

impl Run {
    /// The run with these items behind it, and whether all of them belong to it.
    const fn and(mut self, items: &[Item]) -> (Self, bool) {
        let mut rest = items;
        while let [item, tail @ ..] = rest {
            match item {
                Item::Field(field) if is_ascii(field) => {
                    self.len = self.len.saturating_add(field.len);
                    if matches!(field.kind, Kind::Text(_) | Kind::Digits(_) | Kind::Code(_)) {
                        self.text_len = self.len;
                    }
                }
                Item::Filler(filler) if !filler.any && filler.pad.is_ascii() => {
                    self.len = self.len.saturating_add(filler.len);
                }
                Item::Part(part) => {
                    let (run, is_whole) = self.and(borrowed(&part.layout).items());
                    self = run;
                    if !is_whole {
                        return (self, false);
                    }
                }
                _ => return (self, false),
            }
            rest = tail;
        }
        (self, true)
    }
}

/// Whether the bytes of a field are ASCII if they are valid.
const fn is_ascii(field: &Field) -> bool {
    match &field.kind {
        Kind::Text(rule) => matches!(rule.charset, Charset::Ascii),
        Kind::Code(rule) => matches!(rule.charset, Charset::Ascii),
        Kind::Digits(rule) => matches!(rule.encoding, Encoding::Ascii),
        Kind::Number(rule) => matches!(rule.encoding, Encoding::Ascii),
        Kind::Date(rule) => matches!(rule.encoding, Encoding::Ascii),
        Kind::Time(rule) => matches!(rule.encoding, Encoding::Ascii),
        Kind::DateTime(rule) => matches!(rule.encoding, Encoding::Ascii),
        Kind::Flag(_) | Kind::Bytes(_) => false,
    }
}
