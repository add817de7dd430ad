//! Telegrams and frames that are wrong on purpose. Each is made from the right one.

use fep_codec::layout::Kind;
use fep_codec::view::patch;
use fep_codec::{Field, Layout, Value};
use fep_spec::framing::Framing;
use tracing::warn;

/// The content of a frame that is not a telegram: its length is right, but no telegram has these codes.
const GARBAGE: &[u8] = b"??? this is no telegram ???";

/// A complete frame that is not a telegram.
pub(super) fn garbage(framing: &Framing) -> Vec<u8> {
    framing.rubbish(GARBAGE)
}

/// A complete frame with the telegram, `more` bytes longer, or shorter if that is negative.
pub(super) fn of_other_length(framing: &Framing, mut telegram: Vec<u8>, more: i16) -> Vec<u8> {
    // A length that is part of the telegram is made again.
    if let Framing::Length(prefix) = framing
        && !prefix.is_stripped()
    {
        let end = prefix.offset().saturating_add(usize::from(prefix.digits())).min(telegram.len());
        telegram.drain(prefix.offset().min(end)..end);
    }
    let len = telegram.len();
    let by = usize::from(more.unsigned_abs());
    telegram.resize(if more < 0 { len.saturating_sub(by) } else { len.saturating_add(by) }, b'?');
    framing.rubbish(&telegram)
}

/// Adds five to the first digit of the trace number at this path. No request has the new number, as long as few are in flight.
pub(super) fn with_wrong_trace(layout: &Layout, path: Option<&str>, mut telegram: Vec<u8>) -> Vec<u8> {
    let trace = path.and_then(|path| Some((path, layout.span(path)?)));
    if let Some((path, span)) = trace
        && let Some(wrong) = telegram.get(span.range).and_then(|trace| wrong_trace(span.field, trace))
        && let Err(error) = patch(layout, &mut telegram, path, &wrong)
    {
        warn!(%error, "the trace number cannot be falsified");
    }
    telegram
}

/// The trace number with five added to its first digit, or `None` if the field is neither a number nor digits.
fn wrong_trace(field: &Field, bytes: &[u8]) -> Option<Value> {
    match (field.read(bytes).ok()?, &field.kind) {
        (Value::Number(number), Kind::Number(rule)) => {
            let digits = rule.digits(field.len).clamp(1, 18);
            let end = 10_i128.pow(u32::try_from(digits).unwrap_or(18));
            Some(Value::Number((number + end / 2) % end))
        }
        (Value::Text(text), Kind::Digits(_)) => {
            let first = text.chars().next()?.to_digit(10)?;
            Some(Value::from(format!("{}{}", (first + 5) % 10, text.get(1..)?)))
        }
        _ => None,
    }
}
