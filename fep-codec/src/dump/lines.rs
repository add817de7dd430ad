//! The items of a telegram, one [`Line`] for each.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::layout::{Check, CodeRule, Computed, Field, Kind, Layout};
use crate::record::Value;
use crate::survey::{SurveyItem, SurveyStep, survey};

/// One item of a telegram, as a dump or a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The offset of the item, in bytes from the start of the telegram.
    pub offset: usize,
    /// The bytes of the item, or `None` if they are hidden. Fewer than `len` if the telegram ends inside the item.
    pub bytes: Option<Vec<u8>>,
    /// The length on the wire, in bytes.
    pub len: usize,
    /// The path: `items[3].amount`. Empty for fillers, unnamed literals and surplus bytes.
    pub path: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The value in readable form, or the reason why there is none.
    pub value: Result<String, String>,
}

/// Splits a telegram into its items by the layout. `reveal` shows secret fields.
#[must_use]
pub fn lines(layout: &Layout, telegram: &[u8], reveal: bool) -> Vec<Line> {
    survey(layout, telegram).into_iter().map(|step| line(step, telegram, reveal)).collect()
}

fn line(step: SurveyStep<'_>, telegram: &[u8], reveal: bool) -> Line {
    let hidden = step.is_secret() && !reveal;
    let bytes = (!hidden).then(|| step.bytes(telegram).to_vec());
    let label = step.label().to_owned();
    let SurveyStep { what, offset, len, path, value, .. } = step;
    let value = value.map_err(|error| error.message()).and_then(|value| shown(what, &value, hidden));
    Line { offset, bytes, len, path, label, value }
}

/// The text for an item whose bytes could be read, or the reason why it has no value.
pub(crate) fn shown(what: SurveyItem<'_>, value: &Value, hidden: bool) -> Result<String, String> {
    match what {
        SurveyItem::Field(_) if hidden => Ok("<secret>".to_owned()),
        SurveyItem::Field(field) if matches!(field.computed, Some(Computed::Check(Check { run: None, .. }))) => {
            Ok(format!("{} (not verified)", value.to_text(field)))
        }
        SurveyItem::Field(field) => Ok(with_meaning(field, value)),
        SurveyItem::Literal(literal) => Ok(literal.shown()),
        SurveyItem::Filler(_) => Ok("filler".to_owned()),
        SurveyItem::Unused(_, count) => Ok(format!("{count} unused")),
        SurveyItem::Unchosen(_) => Err("which body stands here is not known".to_owned()),
        SurveyItem::Unread(_) => Err("how many entries there are is not known".to_owned()),
        SurveyItem::LeftOver { .. } => Err("left over".to_owned()),
    }
}

/// The value as text. A code is followed by its meaning: `20 (입금)`.
fn with_meaning(field: &Field, value: &Value) -> String {
    let text = value.to_text(field);
    match (&field.kind, value) {
        (Kind::Code(CodeRule { codes, .. }), Value::Text(code)) => {
            match codes.iter().find(|known| known.code == code.as_str() && !known.label.is_empty()) {
                Some(known) if code.is_empty() => format!("({})", known.label),
                Some(known) => format!("{text} ({})", known.label),
                None => text,
            }
        }
        (_, Value::None) => "none".to_owned(),
        _ => text,
    }
}
