//! The fields that identify a telegram ([`Layout::when`]): filled in when they are left out, compared when they are given.

use super::path::in_item;
use super::{Record, Value};
use crate::error::{Error, Fault};
use crate::layout::{Field, Item, Layout};

impl Record<'_> {
    /// Fills in the fields that [`Layout::when`] names, so that the record is recognised as this telegram. A caller that names the
    /// telegram does not need to give them. Computed fields stay as they are.
    ///
    /// [`Record::encode`] fills them in too. It does not compare given values, because received bytes with other codes encode to the
    /// same bytes again.
    ///
    /// # Errors
    /// If a field has another value. The error says both values.
    pub fn identify(&mut self) -> Result<(), Error> {
        let layout = self.layout();
        for when in layout.when.iter() {
            let Some((item @ Item::Field(field), value)) = self.find_mut(&when.path) else { continue };
            if field.computed.is_some() {
                continue;
            }
            let own = field.code_value(&when.value);
            if *value == Value::Absent {
                *value = own;
            } else if *value != own {
                let found = Some(value.to_text(field).into());
                let expected = (*when.value).into();
                let fault = Fault::OtherCode { expected, found, telegram: (*layout.name).into() };
                return Err(in_item(fault, item, &when.path));
            }
        }
        Ok(())
    }

    /// A copy with the fields that identify the telegram, or `None` if none of them is left out.
    pub(super) fn identified(&self) -> Option<Self> {
        let layout: &Layout = self.layout();
        let is_left_out = |path: &str| {
            self.field(path).is_some_and(|(field, value)| field.computed.is_none() && *value == Value::Absent)
        };
        if !layout.when.iter().any(|when| is_left_out(&when.path)) {
            return None;
        }
        let mut copy = self.clone();
        for when in layout.when.iter().filter(|when| is_left_out(&when.path)) {
            if let Some((Item::Field(field), value)) = copy.find_mut(&when.path) {
                *value = field.code_value(&when.value);
            }
        }
        Some(copy)
    }
}

impl Field {
    /// The value that a code in `when` stands for.
    #[must_use]
    pub fn code_value(&self, code: &str) -> Value {
        let read = self.kind.code_bytes(code, self.len).and_then(|bytes| self.read(&bytes).ok());
        read.unwrap_or_else(|| Value::Text(code.into()))
    }
}
