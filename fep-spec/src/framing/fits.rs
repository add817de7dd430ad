//! Whether a framing fits the telegrams of a spec. What cannot fit is found before a line is opened.

use std::ops::ControlFlow;

use super::Framing;
use crate::model::Spec;
use fep_codec::framing::{LengthCode, LengthPrefix};
use fep_codec::layout::{Computed, Encoding, Field, Item, Kind, Layout, LengthScope};

/// A contradiction between a framing and a spec.
pub(super) struct Misfit {
    /// The key of the framing that it is about.
    pub(super) key: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Misfit {
    /// The first contradiction between the framing and the telegrams of the spec.
    pub(super) fn find(framing: &Framing, spec: &Spec) -> Option<Self> {
        on_lines(spec).find_map(|layout| {
            too_long(framing, layout).or_else(|| holds_the_end(framing, layout)).or_else(|| match framing {
                Framing::Length(prefix) if !prefix.is_stripped() => other_length(prefix, layout),
                _ => None,
            })
        })
    }
}

/// The layouts of the telegrams that can arrive on a line: not those of a file's records without a `when`.
pub(super) fn on_lines(spec: &Spec) -> impl Iterator<Item = &Layout> {
    let layouts = spec.telegrams.iter().map(|telegram| &telegram.layout);
    layouts.filter(|layout| !layout.when.is_empty() || !spec.is_record(&layout.name))
}

/// The shortest telegram of the layout does not fit the longest frame.
fn too_long(framing: &Framing, layout: &Layout) -> Option<Misfit> {
    let (max, around) = match framing {
        Framing::Length(prefix) => {
            (prefix.frame_max_bytes(), if prefix.is_stripped() { usize::from(prefix.digits()) } else { 0 })
        }
        Framing::StxEtx(block) => (block.frame_max_bytes(), block.around()),
        Framing::Terminated(lines) => (lines.frame_max_bytes(), lines.around()),
        Framing::Fixed(_) | Framing::CodeTable(_) => return None,
    };
    let frame = layout.min_len().saturating_add(around);
    (frame > max).then(|| Misfit {
        key: "frame_max_bytes",
        message: format!("the longest frame has {max} bytes, and one with {} has at least {frame}", layout.name),
        hint: "write the length of the longest frame as `frame_max_bytes`".to_owned(),
    })
}

/// A field of the layout can contain the byte at which the search for the end of a frame stops.
fn holds_the_end(framing: &Framing, layout: &Layout) -> Option<Misfit> {
    let (key, end, last_is_check) = match framing {
        Framing::StxEtx(block) => ("kind", 0x03, block.is_kept()),
        Framing::Terminated(lines) => ("end", *lines.end().first()?, false),
        Framing::Length(_) | Framing::Fixed(_) | Framing::CodeTable(_) => return None,
    };
    // The check byte of a frame that is kept is the last item. It may have any value.
    let items = match layout.items() {
        [items @ .., Item::Field(_)] if last_is_check => items,
        items => items,
    };
    let found = each_field(items, Some(0), &mut |_, field| match can_hold(&field.kind, end) {
        true => ControlFlow::Break(field.name.to_string()),
        false => ControlFlow::Continue(()),
    });
    let name = found.break_value()?;
    Some(Misfit {
        key,
        message: format!("byte {end:02x} ends a frame, and the field {name} of {} can contain it", layout.name),
        hint: "such a line has a length in front of its telegrams, or a table of codes".to_owned(),
    })
}

/// The spec computes the length in another way than the framing reads it.
fn other_length(prefix: &LengthPrefix, layout: &Layout) -> Option<Misfit> {
    let found = each_field(layout.items(), Some(0), &mut |start, field| match &field.computed {
        Some(Computed::Length(scope)) if start == Some(prefix.offset()) => ControlFlow::Break((field.clone(), *scope)),
        _ => ControlFlow::Continue(()),
    });
    let (field, scope) = found.break_value()?;
    let name = format!("{} of {}", field.name, layout.name);
    let misfit = |key, message, hint: &str| Some(Misfit { key, message, hint: hint.to_owned() });
    if field.len != usize::from(prefix.digits()) {
        let message = format!("the length has {} bytes, and the field {name} has {}", prefix.digits(), field.len);
        return misfit("length_digits", message, "the length of a frame is this field of the telegram");
    }
    if let Some(encoding) = encoding(&field.kind).filter(|encoding| !is_same(*encoding, prefix.code())) {
        let message = format!("the field {name} is {encoding:?}, and the framing reads {:?}", prefix.code());
        return misfit("length_as", message, "write in `length_as` how the field is encoded");
    }
    match prefix.counts() {
        Some(counts) if counts != scope => {
            let word = if scope == LengthScope::All { "all" } else { "rest" };
            let message = format!("the framing counts other bytes than the field {name}, which counts {word:?}");
            misfit("counts", message, "write the same in `counts` as in the spec")
        }
        _ => None,
    }
}

/// Visits all fields, each with its offset if that is fixed.
fn each_field<T>(
    items: &[Item],
    start: Option<usize>,
    visit: &mut impl FnMut(Option<usize>, &Field) -> ControlFlow<T>,
) -> ControlFlow<T> {
    let mut start = start;
    for item in items {
        match item {
            Item::Field(field) | Item::Tail(field) => visit(start, field)?,
            Item::Part(part) => each_field(part.layout.items(), start, visit)?,
            Item::Group(group) => each_field(group.layout.items(), None, visit)?,
            Item::Choice(choice) => {
                choice.cases().iter().try_for_each(|case| each_field(case.layout.items(), None, visit))?;
            }
            Item::Literal(_) | Item::Filler(_) => {}
        }
        start = start.and_then(|start| start.checked_add(item.fixed_len()?));
    }
    ControlFlow::Continue(())
}

/// Whether a field of the kind can contain the byte. A control byte in a text is not expected.
fn can_hold(kind: &Kind, byte: u8) -> bool {
    match (kind, encoding(kind)) {
        (Kind::Bytes(_), _) | (_, Some(Encoding::Binary | Encoding::BinaryLittle)) => true,
        (_, Some(Encoding::Packed)) => byte >> 4 < 10,
        (_, Some(Encoding::Bcd)) => byte >> 4 < 10 && byte & 0x0F < 10,
        _ => false,
    }
}

const fn encoding(kind: &Kind) -> Option<Encoding> {
    match kind {
        Kind::Number(rule) => Some(rule.encoding),
        Kind::Digits(rule) => Some(rule.encoding),
        Kind::Date(rule) => Some(rule.encoding),
        Kind::Time(rule) => Some(rule.encoding),
        Kind::DateTime(rule) => Some(rule.encoding),
        _ => None,
    }
}

/// Whether a length in this code is such a number. A spec has no numbers with swapped halves.
const fn is_same(encoding: Encoding, code: LengthCode) -> bool {
    match encoding {
        Encoding::Ascii => matches!(code, LengthCode::Ascii),
        Encoding::Ebcdic => matches!(code, LengthCode::Ebcdic),
        Encoding::Packed => false,
        Encoding::Bcd => matches!(code, LengthCode::Bcd),
        Encoding::Binary => matches!(code, LengthCode::BigEndian),
        Encoding::BinaryLittle => matches!(code, LengthCode::LittleEndian),
    }
}
