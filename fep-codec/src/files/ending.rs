//! Where a record ends, as far as its layout and its bytes say.

use alloc::format;
use alloc::string::String;

use super::fault::FileFault;
use crate::error::Fault;
use crate::layout::{Encoding, Group, Item, Kind, Layout, Limit};
use crate::view::{end_of, least_end_of};

/// A record of a file, with the rule for its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'f> {
    pub(super) layout: &'f Layout,
    pub(super) ending: Ending,
    /// Its minimum and maximum length in bytes.
    pub(super) min: usize,
    pub(super) max: usize,
    /// Whether literals or a `when` tell it apart from other records.
    pub(super) is_marked: bool,
}

/// The rule for the end of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It always has this many bytes.
    Fixed(usize),
    /// A field at a fixed offset states its length.
    Stated,
    /// Its counts, lengths and codes decide its length.
    Counted,
    /// It takes all bytes up to its line end, or as many as its length word says.
    Open,
}

impl<'f> Known<'f> {
    pub(super) fn new(layout: &'f Layout) -> Self {
        // Without bytes, a length field is cut off; without a length field, the spec is at fault.
        let states_length = || match layout.telegram_len(&[]) {
            Ok(_) => false,
            Err(error) => matches!(error.fault(), Fault::Truncated { .. }),
        };
        let ending = match layout.fixed_len() {
            Some(len) => Ending::Fixed(len),
            None if states_length() => Ending::Stated,
            None if layout.has_rest() => Ending::Open,
            None => Ending::Counted,
        };
        let is_marked = layout.is_recognisable();
        Self { layout, ending, min: layout.min_len(), max: layout.max_len(), is_marked }
    }

    /// Whether these bytes can be the record. A record without marks can have any bytes.
    #[inline]
    pub(super) fn recognises(&self, bytes: &[u8]) -> bool {
        !self.is_marked || self.layout.recognises(bytes)
    }

    /// The length in bytes of the record at the start of these bytes. `None` if the record does not say where it ends. These bytes
    /// are all that the file has left if `ended`, otherwise at least as many as the record can have.
    #[inline]
    pub(super) fn len(&self, bytes: &[u8], ended: bool) -> Result<Option<usize>, FileFault> {
        let len = match self.ending {
            Ending::Fixed(len) => return Ok(Some(len)),
            Ending::Open => return Ok(None),
            Ending::Stated => self.layout.telegram_len(bytes),
            Ending::Counted => end_of(self.layout, bytes),
        };
        match len {
            Ok(len) if len > self.max => Err(FileFault::TooLong { record: self.name(), stated: len, max: self.max }),
            Ok(len) => Ok(Some(len)),
            Err(error) => match error.fault() {
                Fault::Truncated { needed, left } if ended => {
                    let missing = needed.saturating_sub(*left);
                    Err(FileFault::CutOff { left: bytes.len(), needed: bytes.len().saturating_add(missing) })
                }
                _ => Err(FileFault::Record { name: self.name(), error }),
            },
        }
    }

    /// The offset at which an open record ends at the earliest. A line end before it is part of a field.
    pub(super) fn least_len(&self, bytes: &[u8]) -> usize {
        least_end_of(self.layout, bytes).unwrap_or(self.min).max(self.min)
    }

    pub(super) fn name(&self) -> String {
        self.layout.name.clone().into_owned()
    }
}

/// The name of the item that takes what is left of a record, or of one behind it, in which the bytes of a line end can occur. `None`
/// if a line end ends the record reliably.
pub(super) fn binary_rest(layout: &Layout) -> Option<String> {
    let takes_rest = |index: &usize| layout.needs_length(*index) && !matches!(layout.limit(*index), Limit::Stated(_));
    let from = (0..layout.items().len()).find(takes_rest)?;
    let (open, behind) = layout.items().get(from..)?.split_first()?;
    let within = |name: &str, layout: &Layout| binary_rest(layout).map(|inner| format!("{name}.{inner}"));
    let found = match open {
        Item::Part(part) => within(&part.name, &part.layout),
        Item::Choice(choice) => choice.cases().iter().find_map(|case| within(&choice.name, &case.layout)),
        other => binary_item(other),
    };
    found.or_else(|| behind.iter().find_map(binary_item))
}

fn binary_item(item: &Item) -> Option<String> {
    let within = |name: &str, layout: &Layout| {
        let inner = layout.items().iter().find_map(binary_item)?;
        Some(if layout.array_field().is_some() { name.into() } else { format!("{name}.{inner}") })
    };
    match item {
        Item::Field(field) | Item::Tail(field) => is_binary(&field.kind).then(|| field.name.clone().into_owned()),
        Item::Literal(literal) => {
            let has_control = literal.bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0x15 | 0x25));
            has_control.then(|| literal.name.clone().into_owned())
        }
        Item::Filler(_) => None,
        Item::Part(part) => within(&part.name, &part.layout),
        Item::Group(Group { name, layout, .. }) => within(name, layout),
        Item::Choice(choice) => choice.cases().iter().find_map(|case| within(&choice.name, &case.layout)),
    }
}

/// Whether any byte can occur in a field of this kind.
pub(super) const fn is_binary(kind: &Kind) -> bool {
    let encoding = match kind {
        Kind::Bytes(_) => return true,
        Kind::Text(_) | Kind::Code(_) | Kind::Flag(_) => return false,
        Kind::Digits(rule) => rule.encoding,
        Kind::Number(rule) => rule.encoding,
        Kind::Date(rule) => rule.encoding,
        Kind::Time(rule) => rule.encoding,
        Kind::DateTime(rule) => rule.encoding,
    };
    match encoding {
        Encoding::Ascii | Encoding::Ebcdic => false,
        Encoding::Packed | Encoding::Bcd | Encoding::Binary | Encoding::BinaryLittle => true,
    }
}
