//! Values that are given for computed fields. They may be omitted. A value that is given must equal the computed value.

use alloc::string::{String, ToString as _};
use alloc::{format, vec};

use super::Value;
use super::write::item_len;
use super::{by_kind, text};
use crate::cursor::{Reader, Writer};
use crate::error::{Culprit, Decimal, Error, Fault};
use crate::layout::{Check, Computed, Field, FieldSlot, Item, Kind, Layout, LengthScope};

/// Checks a number that was given.
pub(super) fn number(field: &Field, value: &Value, computed: i128) -> Result<(), Error> {
    match value {
        Value::Absent => Ok(()),
        Value::Number(given) if *given == computed => Ok(()),
        _ => {
            let scale = if let Kind::Number(rule) = &field.kind { rule.decimals() } else { 0 };
            Err(wrong(field, Decimal { units: computed, scale }.to_string()))
        }
    }
}

/// Checks a sign that was given.
pub(super) fn sign(field: &Field, value: &Value, computed: u8) -> Result<(), Error> {
    if *value == Value::Absent {
        return Ok(());
    }
    let computed = text::sign_text(field, computed);
    match value {
        Value::Text(given) if *given == computed || (given == " " && computed.is_empty()) => Ok(()),
        _ => Err(wrong(field, format!("{:?}", computed.chars().next().unwrap_or(' ')))),
    }
}

#[cold]
fn wrong(field: &Field, computed: String) -> Error {
    let fault = Fault::NotTheComputed { computed: Some(computed.into()) };
    Error::in_field(Culprit::Caller, fault, field)
}

/// Whether [`check`] may look at a value of this field. Signs and sequences are compared when they are written.
pub(super) const fn is_compared(field: &Field) -> bool {
    matches!(
        field.computed,
        Some(Computed::Length(_) | Computed::LengthOf(_) | Computed::Count(_) | Computed::Sum(_) | Computed::Check(_))
    )
}

/// A value that was given for a computed field, and is compared at the end of the telegram.
pub(super) struct Given<'r> {
    pub(super) layout: &'r Layout,
    pub(super) siblings: &'r [Value],
    pub(super) field: &'r Field,
    pub(super) value: &'r Value,
    /// The offset of the field.
    pub(super) at: usize,
}

/// Compares the lengths and checks that were given with the bytes of the whole telegram, because they are known only at its end. Only if one
/// differs, a walk through the layout finds the first one and its path.
pub(super) fn check(given: &[Given<'_>], layout: &Layout, values: &[Value], telegram: &[u8]) -> Result<(), Error> {
    let is_right = |given: &Given<'_>| {
        let Given { layout, siblings, field, value, at } = *given;
        Pass { telegram, at }.field(layout, siblings, field, value).is_ok()
    };
    if given.iter().all(is_right) { Ok(()) } else { Pass { telegram, at: 0 }.items(layout, values) }
}

struct Pass<'t> {
    telegram: &'t [u8],
    at: usize,
}

impl Pass<'_> {
    fn items(&mut self, layout: &Layout, values: &[Value]) -> Result<(), Error> {
        for (item, value) in layout.items().iter().zip(values) {
            let start = self.at;
            match (item, value) {
                (Item::Part(part), Value::Part(values)) => {
                    self.items(&part.layout, values).map_err(|error| error.within(&part.name))?;
                    continue;
                }
                (Item::Group(group), Value::Group(entries)) => {
                    for (index, entry) in entries.iter().enumerate() {
                        self.items(&group.layout, entry).map_err(|error| error.at_entry(index).within(&group.name))?;
                    }
                }
                (Item::Choice(choice), Value::Choice(case, values)) => {
                    if let Some(case) = choice.cases().get(*case) {
                        self.items(&case.layout, values).map_err(|error| error.within(&choice.name))?;
                    }
                }
                (Item::Field(field), value) => self.field(layout, values, field, value)?,
                _ => {}
            }
            self.at = start.saturating_add(item_len(item, value));
        }
        Ok(())
    }

    fn field(&self, layout: &Layout, siblings: &[Value], field: &Field, value: &Value) -> Result<(), Error> {
        let start = self.at;
        let total = self.telegram.len();
        let end = start.saturating_add(field.len);
        match &field.computed {
            Some(Computed::Length(LengthScope::Rest)) => number(field, value, total.saturating_sub(end) as i128),
            Some(Computed::Length(LengthScope::All)) => number(field, value, total as i128),
            Some(Computed::LengthOf(_) | Computed::Count(_) | Computed::Sum(_)) if layout.is_link(field) => {
                self.link(field, value)
            }
            Some(Computed::LengthOf(of)) => {
                let of = layout.item(of).and_then(|(index, item)| Some((item, siblings.get(index)?)));
                number(field, value, of.map_or(0, |(item, value)| item_len(item, value)) as i128)
            }
            Some(Computed::Check(Check { run: Some(_), .. })) if *value != Value::Absent => {
                let mut given = vec![0; field.len];
                by_kind::write(field, &field.kind, value, &mut Writer::new(&mut given))?;
                let computed = self.telegram.get(start..end).unwrap_or_default();
                if given == computed {
                    return Ok(());
                }
                Err(wrong(field, String::from_utf8_lossy(computed).into_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Compares a link that was given with the number that was written for it.
    fn link(&self, field: &Field, value: &Value) -> Result<(), Error> {
        let Kind::Number(rule) = &field.kind else { return Ok(()) };
        if *value == Value::Absent {
            return Ok(());
        }
        let written: i128 = Reader::starting_at(self.telegram, self.at).field(FieldSlot { field, rule })?;
        number(field, value, written)
    }
}
