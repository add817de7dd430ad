//! The response code (응답코드) of an answer: where it is, and what it says.

use std::ops::Range;

use fep_codec::Field;
use fep_codec::layout::{Kind, Layout};

use crate::config::ResponseCodes;

/// The field with the response code of a telegram. No secret field is one.
#[derive(Clone, Debug)]
pub(crate) struct ResponseCode {
    field: Field,
    range: Range<usize>,
}

impl ResponseCode {
    /// The field of a layout, or `None` if it has none at a fixed place.
    pub(crate) fn of(layout: &Layout, codes: &ResponseCodes) -> Option<Self> {
        let span = layout.span(&codes.path_in(layout)?)?;
        (!span.field.secret).then(|| Self { field: span.field.clone(), range: span.range })
    }

    /// The code in the bytes of a telegram. `None` if they are too short, or the field cannot be read.
    pub(crate) fn read(&self, telegram: &[u8]) -> Option<String> {
        let value = self.field.read(telegram.get(self.range.clone())?).ok()?;
        Some(value.to_text(&self.field))
    }

    /// What a code means according to the spec.
    pub(crate) fn meaning(&self, code: &str) -> Option<String> {
        let Kind::Code(rule) = &self.field.kind else { return None };
        let known = rule.codes.iter().find(|known| known.code == code)?;
        (!known.label.is_empty()).then(|| known.label.to_string())
    }
}
