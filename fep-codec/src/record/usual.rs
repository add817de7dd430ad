//! Usual items, read and written by their [`Steps`].
//!
//! Nothing is refused here. What is not as its step expects is left to `decode.rs` and `encode.rs`, which look at its rule and say what is
//! wrong.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use smol_str::SmolStr;

use super::Value;
use super::steps::{BLANK, How, Steps};
use crate::cursor::{Reader, Writer};
use crate::kind::{FieldValue, ascii, trim_end};
use crate::layout::{Field, Item, Kind, Layout, TextRule};
use crate::swar::{all_are, all_digits, copy_ascii, copy_digits, parse_u64, write_u64};
use crate::value::Date;

/// The length in bytes of the longest text that [`SmolStr`] holds without the heap.
const SHORT: usize = 23;

/// Reads items as far as they are usual, from the one behind `values` on. Without `KEEPS`, texts are checked and dropped.
#[inline(never)]
pub(super) fn read<const KEEPS: bool>(
    steps: &Steps,
    layout: &Layout,
    reader: &mut Reader<'_>,
    values: &mut Vec<Value>,
) {
    let mut at = reader.position();
    let mut rest = reader.telegram().get(at..).unwrap_or_default();
    let (mut ascii, mut ascii_start) = reader.known_ascii_run();
    for step in steps.from(values.len()) {
        if step.ascii_run > 0 {
            (ascii, ascii_start) = reader.expect_ascii_at(at, step.ascii_run as usize);
        }
        let len = step.len as usize;
        let Some((bytes, behind)) = rest.split_at_checked(len) else { break };
        let text = |trimmed: &[u8]| ascii.get(at - ascii_start..)?.get(..trimmed.len());
        let value = match step.how {
            How::Other => None,
            How::Text => text(trim_end(bytes, step.pad)).map(keep::<KEEPS>),
            How::Digits => digits(trim_end(bytes, step.pad), text).map(keep::<KEEPS>),
            How::FullDigits => digits(bytes, text).map(keep::<KEEPS>),
            How::Number => number(bytes).map(|number| Value::Number(number.into())),
            How::Length => number(bytes)
                .filter(|number| *number == reader.total_behind(at + len))
                .map(|number| Value::Number(number.into())),
            // The lengths of the patterns, as constants.
            How::Date => bytes.first_chunk::<8>().and_then(|bytes| ascii::date(bytes)).map(Value::Date),
            How::ShortDate => short_date(bytes, step.pivot),
            How::Time => bytes.first_chunk::<6>().and_then(|bytes| ascii::time(bytes)).map(Value::Time),
            How::DateTime => ascii::both(bytes).map(Value::DateTime),
            How::Filler => is_blank(bytes, step.pad).then_some(Value::Absent),
            How::Converted => converted::<KEEPS>(layout, values.len(), bytes),
            How::Part => {
                reader.pass_to(at);
                part::<KEEPS>(steps, layout, values.len(), reader)
            }
        };
        let Some(value) = value else { break };
        values.push(value);
        rest = behind;
        at += len;
    }
    reader.pass_to(at);
}

/// The value of an ASCII text.
#[inline(always)]
fn keep<const KEEPS: bool>(text: &str) -> Value {
    if !KEEPS {
        return Value::Absent;
    }
    // A short text is copied here, and not in a call.
    Value::Text(if text.len() <= SHORT { SmolStr::new_inline(text) } else { SmolStr::new(text) })
}

#[inline(always)]
fn digits<'t>(digits: &[u8], text: impl FnOnce(&[u8]) -> Option<&'t str>) -> Option<&'t str> {
    text(digits).filter(|_| all_digits(digits))
}

// What follows is kept out of the loops, whose state is then in registers.

#[inline(never)]
fn number(digits: &[u8]) -> Option<u64> {
    parse_u64(digits)
}

#[inline(never)]
fn short_date(bytes: &[u8], pivot: u8) -> Option<Value> {
    let bytes = bytes.first_chunk::<6>()?;
    ascii::short_date(bytes, pivot).map(Value::Date)
}

#[inline(never)]
fn is_blank(bytes: &[u8], pad: u8) -> bool {
    all_are(bytes, pad)
}

#[inline(never)]
fn converted<const KEEPS: bool>(layout: &Layout, index: usize, bytes: &[u8]) -> Option<Value> {
    let rule = text_rule(layout, index)?;
    if KEEPS {
        return SmolStr::get(rule, bytes).ok().map(Value::Text);
    }
    <Cow<'_, str>>::get(rule, bytes).ok().map(|_| Value::Absent)
}

fn text_rule(layout: &Layout, index: usize) -> Option<&TextRule> {
    match layout.items().get(index) {
        Some(Item::Field(Field { kind: Kind::Text(rule), .. })) => Some(rule),
        _ => None,
    }
}

#[inline(never)]
fn part<const KEEPS: bool>(steps: &Steps, layout: &Layout, index: usize, reader: &mut Reader<'_>) -> Option<Value> {
    let Some(Item::Part(part)) = layout.items().get(index) else { return None };
    let count = part.layout.items().len();
    let mut values = Vec::with_capacity(count);
    read::<KEEPS>(steps.inner(index, 0), &part.layout, reader, &mut values);
    (values.len() == count).then_some(Value::Part(values))
}

/// Writes a telegram of which all items are usual, and returns its length in bytes. `None` if the buffer is too short or a value is not as its step
/// expects: then the content of the buffer is unspecified. `total` is the length of the whole telegram in bytes, if it is known before.
pub(super) fn write_all(
    steps: &Steps,
    layout: &Layout,
    values: &[Value],
    out: &mut [u8],
    total: Option<usize>,
) -> Option<usize> {
    blank(out, 0, run_from(steps, 0));
    let (index, end) = write_to(out, 0, steps, layout, values, 0, total);
    (index == layout.items().len()).then_some(end)
}

/// Writes items as far as they are usual, from the one at `first` on, and returns the index behind them. `total` is as for [`write_all`]. The buffer
/// is blank already up to the offset `blank_to`, which is moved.
pub(super) fn write(
    steps: &Steps,
    layout: &Layout,
    values: &[Value],
    first: usize,
    writer: &mut Writer<'_>,
    total: Option<usize>,
    blank_to: &mut usize,
) -> usize {
    let start = writer.position();
    let run = run_from(steps, first);
    blank(writer.rest(), blank_to.saturating_sub(start), run);
    *blank_to = start.saturating_add(run).max(*blank_to);
    let (index, end) = write_to(writer.rest(), start, steps, layout, values, first, total);
    writer.pass_to(end);
    index
}

/// The number of bytes of usual items from this one on.
fn run_from(steps: &Steps, first: usize) -> usize {
    steps.from(first).first().map_or(0, |step| step.usual_run)
}

/// Fills this range of bytes, as far as the buffer has it. Most padding is the same byte, so it is written once for many items.
fn blank(out: &mut [u8], from: usize, to: usize) {
    let to = to.min(out.len());
    if let Some(bytes) = out.get_mut(from..to) {
        bytes.fill(BLANK);
    }
}

/// Writes usual items to the start of a buffer that is blank. `at` is the offset of the buffer in the telegram. Returns the index and the offset behind
/// the items.
#[inline(never)]
fn write_to(
    out: &mut [u8],
    mut at: usize,
    steps: &Steps,
    layout: &Layout,
    values: &[Value],
    first: usize,
    total: Option<usize>,
) -> (usize, usize) {
    let mut index = first;
    let steps_left = steps.from(first);
    let values = values.get(first..).unwrap_or_default();
    let mut rest = out;
    for (step, value) in steps_left.iter().zip(values) {
        let len = step.len as usize;
        let Some((out, behind)) = rest.split_at_mut_checked(len) else { break };
        if step.pad != BLANK {
            out.fill(step.pad);
        }
        let length = || total.map(|total| total.saturating_sub(at + len));
        let is_written = match (step.how, value) {
            (How::Text, Value::Text(text)) => {
                text.as_bytes().last() != Some(&step.pad) && copy_ascii(text.as_bytes(), out)
            }
            (How::Digits, Value::Text(text)) => copy_digits(text.as_bytes(), out),
            (How::FullDigits, Value::Text(text)) => text.len() == len && copy_digits(text.as_bytes(), out),
            (How::Number, Value::Number(number)) => u64::try_from(*number).is_ok_and(|number| put_number(number, out)),
            (How::Length, Value::Absent) => length().is_some_and(|length| put_number(length as u64, out)),
            (How::Length, Value::Number(given)) => {
                length().is_some_and(|length| *given == length as i128 && put_number(length as u64, out))
            }
            (How::Date, Value::Date(date)) => out.first_chunk_mut::<8>().is_some_and(|out| ascii::put_date(*date, out)),
            (How::ShortDate, Value::Date(date)) => put_short_date(*date, step.pivot, out),
            (How::Time, Value::Time(time)) => out.first_chunk_mut::<6>().is_some_and(|out| ascii::put_time(*time, out)),
            (How::DateTime, Value::DateTime(both)) => ascii::put_both(*both, out),
            (How::Filler, _) => true,
            (How::Converted, Value::Text(text)) => convert(layout, index, text, out),
            (How::Part, Value::Part(values)) => put_part(out, at, steps, layout, index, values, total),
            _ => false,
        };
        if !is_written {
            break;
        }
        rest = behind;
        at += len;
        index += 1;
    }
    (index, at)
}

#[inline(never)]
fn put_number(number: u64, out: &mut [u8]) -> bool {
    write_u64(number, out)
}

#[inline(never)]
fn put_short_date(date: Date, pivot: u8, out: &mut [u8]) -> bool {
    out.first_chunk_mut::<6>().is_some_and(|out| ascii::put_short_date(date, pivot, out))
}

#[inline(never)]
fn convert(layout: &Layout, index: usize, text: &SmolStr, out: &mut [u8]) -> bool {
    let Some(rule) = text_rule(layout, index) else { return false };
    // Most texts that are not ASCII do not begin or end with it. The buffer is filled with padding already.
    let is_usual = matches!(text.as_bytes(), [0x80..=0xFF, .., 0x80..=0xFF]) && rule.pad.is_ascii();
    is_usual && rule.charset.convert_from(text.as_bytes(), out).is_some() || text.put(rule, out).is_ok()
}

#[inline(never)]
fn put_part(
    out: &mut [u8],
    at: usize,
    steps: &Steps,
    layout: &Layout,
    index: usize,
    values: &[Value],
    total: Option<usize>,
) -> bool {
    let Some(Item::Part(part)) = layout.items().get(index) else { return false };
    let (behind, _) = write_to(out, at, steps.inner(index, 0), &part.layout, values, 0, total);
    behind == part.layout.items().len()
}
