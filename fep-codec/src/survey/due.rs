//! The values that computed fields must have, given the other bytes of a telegram. Refreshing a telegram fills them in.
//!
//! The telegram is read as in every survey, except that the survey does not believe most computed fields. It believes only the
//! counts and lengths that are needed to divide the bytes into items. So the computed values follow the rules of writing, and all
//! other values are read from the bytes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::level::Level;
use super::{Survey, SurveyItem, SurveyStep};
use crate::cursor::{Covered, blank_of, length_value};
use crate::error::{Culprit, Error, Fault};
use crate::kind::FieldValue as _;
use crate::layout::{Check, Computed, Field, Group, Item, Kind, Layout, SignOf, UsedEntry};
use crate::links::LinkDue;
use crate::record::{Value, can_sum, count, no_check_start, no_number, number_of, sum};

/// The value that a computed field must have.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    /// This number.
    Number(i128),
    /// This sign.
    Sign(u8),
    /// The result of its function over these bytes.
    Check(Covered),
}

/// What a telegram must become when it is refreshed.
pub(crate) struct Dues<'l> {
    /// The computed fields with the values that they must have, in the order of the bytes.
    pub(crate) fields: Vec<(SurveyStep<'l>, Due)>,
    /// The entries that must stay used, with their paths.
    pub(crate) used: Vec<(UsedEntry, String)>,
}

/// Looks which computed fields a telegram has, and which values they must have.
///
/// # Errors
/// If the telegram cannot be read to its end, or if a field that a computed field depends on cannot be read.
pub(crate) fn dues<'l>(layout: &'l Layout, telegram: &[u8]) -> Result<Dues<'l>, Error> {
    let mut survey = Survey::new(telegram);
    survey.dues = Some(Vec::new());
    let (complete, _) = survey.items(layout);
    if let Some(error) = survey.undue.take() {
        return Err(error);
    }
    let left = telegram.len().saturating_sub(survey.at);
    let is_unknown = |step: &SurveyStep<'_>| {
        !matches!(step.what, SurveyItem::Field(_) | SurveyItem::Literal(_) | SurveyItem::Filler(_))
    };
    let unknown = survey.steps.iter().filter(|step| is_unknown(step)).find_map(|step| step.value.as_ref().err());
    if let Some(error) = unknown {
        return Err(error.clone());
    }
    if !complete {
        let last = survey.steps.iter().rev().find_map(|step| step.value.as_ref().err());
        let fault = Fault::Truncated { needed: survey.at, left: telegram.len() };
        return Err(last.cloned().unwrap_or_else(|| Error::new(Culprit::Peer, fault)));
    }
    if left > 0 {
        let error = Error::new(Culprit::Peer, Fault::LeftOver { bytes: left });
        return Err(error.at_bytes(survey.at..telegram.len(), None));
    }
    let mut due = survey.dues.take().unwrap_or_default();
    due.sort_by_key(|(step, _)| *step);
    let mut steps: Vec<_> = survey.steps.into_iter().map(Some).collect();
    let taken = due.into_iter().filter_map(|(step, due)| Some((steps.get_mut(step)?.take()?, due)));
    Ok(Dues { fields: taken.collect(), used: survey.used })
}

impl<'l> Survey<'l, '_> {
    /// Whether a stated length limits the bytes of the item at this index. It always does, except when lengths are being filled
    /// in. Then it does so only if the item has no other end.
    pub(super) fn believes_length(&self, layout: &Layout, index: usize) -> bool {
        self.dues.is_none() || layout.needs_length(index)
    }

    /// Notes the entries of a group that begins here, if only their bytes say that they are used.
    pub(super) fn note_used(&mut self, group: &Group, count: usize) {
        let len = group.layout.fixed_len().unwrap_or_default();
        let name = self.path_of(&group.name);
        let entry = |index: usize| {
            let entry = group.used_entry(self.at.saturating_add(index.saturating_mul(len)))?;
            Some((entry, if self.dues.is_some() { format!("{name}[{index}]") } else { String::new() }))
        };
        // The telegram may end in the group.
        let whole = self.telegram.len().saturating_sub(self.at).checked_div(len).unwrap_or_default();
        let entries: Vec<_> = (0..count.min(whole)).filter_map(entry).collect();
        self.used.extend(entries);
    }

    /// Notes the values that the computed fields of a layout must have, if all items of the layout were read.
    pub(super) fn note_dues(&mut self, level: &mut Level<'l>) {
        if self.dues.is_none() || level.values.len() < level.layout.items().len() {
            return;
        }
        for link in self.links(level) {
            let due = match link.due {
                LinkDue::Length(number) | LinkDue::Count(number) => Due::Number(number as i128),
                LinkDue::Sum(Some(sum)) => Due::Number(sum),
                LinkDue::Sum(None) => {
                    let too_much = Fault::Overflow { holder: "a sum of 38 digits" };
                    let error = Error::in_field(Culprit::Caller, too_much, link.field);
                    self.undue.get_or_insert(self.around(link.around(error)));
                    continue;
                }
                LinkDue::Check(_) if link.field.is_given() => continue,
                LinkDue::Check(covered) => Due::Check(covered),
            };
            if let (Some(step), Some(dues)) = (self.step_at(level, link.start), &mut self.dues) {
                dues.push((step, due));
            }
        }
        // Wire order is enough, because a sum adds up fields of entries. These were noted when the entries ended.
        for (index, item) in level.layout.items().iter().enumerate() {
            let Item::Field(field) = item else { continue };
            let Some(computed) = &field.computed else { continue };
            let Some(at) = level.starts.get(index).copied() else { continue };
            match self.due(level, index, field, computed) {
                Ok(Some(due)) => {
                    if let (Due::Number(due), Some(value)) = (&due, level.values.get_mut(index)) {
                        *value = Value::Number(*due);
                    }
                    if let (Some(step), Some(dues)) = (self.step_at(level, at), &mut self.dues) {
                        dues.push((step, due));
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    self.undue.get_or_insert(error);
                }
            }
        }
    }

    /// The value that a field must have. `None` if the field keeps its value, for example because it divides the bytes into items.
    fn due(
        &self,
        level: &mut Level<'l>,
        index: usize,
        field: &'l Field,
        computed: &'l Computed,
    ) -> Result<Option<Due>, Error> {
        let layout = level.layout;
        let at = level.starts.get(index).copied().unwrap_or_default();
        if layout.is_link(field) {
            return Ok(None);
        }
        let number = match computed {
            Computed::Length(counts) => length_value(*counts, at, field.len, self.telegram.len()) as i128,
            Computed::LengthOf(of) => match layout.item(of) {
                Some((item, _)) if !layout.needs_length(item) => {
                    let start = level.starts.get(item).copied().unwrap_or_default();
                    let end = level.starts.get(item.saturating_add(1)).copied().unwrap_or(self.at);
                    end.saturating_sub(start) as i128
                }
                _ => return Ok(None),
            },
            Computed::Count(of) if layout.item(of).is_some_and(|(group, _)| group < index) => {
                count(layout, &level.values, of) as i128
            }
            Computed::Count(_) => return Ok(None),
            Computed::Sum(path) => return self.due_sum(level, field, path).map(Some),
            Computed::Sequence(first) => i128::from(*first) + i128::from(self.entry),
            Computed::Sign(sign) => return self.due_sign(level, field, sign, at),
            Computed::Check(Check { run: None, .. }) => return Ok(None),
            Computed::Check(check) => {
                let from = layout.check_start(check, level.start).ok_or_else(|| no_check_start(field))?;
                return Ok(Some(Due::Check(Covered { from, to: at })));
            }
        };
        Ok(Some(Due::Number(number)))
    }

    fn due_sum(&self, level: &Level<'l>, field: &'l Field, path: &str) -> Result<Due, Error> {
        if !can_sum(level.layout, &level.values, path) {
            let steps = self.steps.get(level.first_step..).unwrap_or_default();
            let (group, summand) = path.split_once('.').unwrap_or((path, ""));
            let within = self.path_of(group);
            let is_summand = |step: &&SurveyStep<'_>| {
                let entry = step.path.strip_prefix(&within).and_then(|rest| rest.strip_prefix('['));
                // An entry of an array has nothing behind its index.
                let inner = entry.and_then(|entry| entry.split_once(']')).map(|(_, inner)| inner);
                inner.is_some_and(|inner| inner.strip_prefix('.').unwrap_or(inner) == summand)
            };
            let unread = steps.iter().filter(is_summand).find_map(|step| step.value.as_ref().err());
            let expected = "a group whose numbers can be read";
            let unknown = || self.around(Error::in_field(Culprit::Peer, Fault::Unreadable { expected }, field));
            return Err(unread.cloned().unwrap_or_else(unknown));
        }
        let sum = sum(level.layout, &level.values, path).units();
        let too_much = Fault::Overflow { holder: "a sum of 38 digits" };
        sum.map(Due::Number).ok_or_else(|| self.around(Error::in_field(Culprit::Caller, too_much, field)))
    }

    /// The sign that a sign field must have, or `None` if the field has a sign that is read for its number. Only this field holds the
    /// sign of the number, so a minus is kept. But zero needs the sign of zero, and any other number needs plus or minus.
    fn due_sign(
        &self,
        level: &mut Level<'l>,
        field: &'l Field,
        sign: &SignOf,
        at: usize,
    ) -> Result<Option<Due>, Error> {
        let Some((index, _)) = number_of(level.layout, sign) else { return Err(no_number(field)) };
        let byte = self.telegram.get(at).copied().unwrap_or_default();
        let units = match level.values.get_mut(index) {
            Some(Value::Number(number)) => {
                *number = if byte == sign.minus { number.saturating_neg() } else { *number };
                *number
            }
            Some(Value::None) => 0,
            _ => return Ok(None),
        };
        if sign.is_negative(byte, units == 0, blank_of(field)).is_ok() {
            return Ok(None);
        }
        if byte == sign.plus || byte == sign.minus || Some(byte) == sign.zero {
            return Ok(Some(Due::Sign(sign.byte_of(units))));
        }
        let error = Error::in_field(Culprit::Peer, Fault::BadSign { byte: Some(byte) }, field);
        Err(self.around(error.at_bytes(at..at.saturating_add(field.len), Some(&[byte]))))
    }
}

/// Writes the value that a field must have to its bytes. Bytes that are read as this value stay, also if they are written differently.
///
/// # Errors
/// If the value does not fit.
pub(crate) fn put_due(field: &Field, due: &Due, out: &mut [u8]) -> Result<(), Fault> {
    match (due, &field.kind) {
        (Due::Number(number), Kind::Number(rule)) if i128::get(rule, out) == Ok(*number) => Ok(()),
        (Due::Number(number), Kind::Number(rule)) => number.put(rule, out),
        (Due::Sign(sign), _) => {
            out.fill(*sign);
            Ok(())
        }
        (Due::Number(_) | Due::Check(_), _) => Err(Fault::BadSpec { reason: "a computed field must be a number" }),
    }
}
