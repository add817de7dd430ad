//! [`Lenient`]: the deviations that a reader forgives on request. [`Forgiven`]: the report of each of them.
//!
//! A deviation is forgiven only if it is named. Each forgiven deviation is reported. The static and the dynamic codec stay strict: the
//! bytes are first repaired by the layout and then read like any others. So both codecs forgive the same deviations, and strict
//! reading has no extra cost. A telegram that was repaired encodes to other bytes than it was read from.
//!
//! A field can also forgive by its own options, which apply to every reader: an open list of codes keeps unknown codes,
//! `none = "spaces"` reads a blank number as `None`, `half = "replace"` or `"drop"` reads a text that was cut in the middle of a
//! character, and a filler may be `any`. Stripped blanks and surplus bytes belong to no field, so there is no field option for
//! them. They are forgiven by a call, or by the plan of a record file.

mod table;
mod forgiven;
mod complete;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use self::complete::{Completed, begins_another, completed};
pub use self::forgiven::Forgiven;
pub use self::forgiven::is_separator;
use self::forgiven::range;
pub use self::table::{Deviation, DeviationPlace, Lenient};

use crate::charset::{DecodeError, Reason};
use crate::error::{Error, Fault};
use crate::kind::FieldValue as _;
use crate::layout::{Case, Choice, CodeRule, Field, Group, Item, Justify, Kind, Layout, NumberRule, Part, TextRule};
use crate::record::{Plan, Record};
use crate::survey::{SurveyItem, SurveyStep, survey, survey_with_used};
use crate::telegram::DecodeOwned;
use crate::view::end_of;

impl Lenient {
    /// Whether fields inside a telegram are repaired, and not only its end.
    pub(crate) const fn repairs_fields(self) -> bool {
        self.blank_numbers || self.minus_zero || self.half_characters
    }

    /// Repairs the forgiven deviations: puts blanks back, cuts off surplus bytes, replaces blank numbers and zeros with a minus
    /// by zero, and drops half characters. Returns the repaired bytes and what was forgiven. Bytes that need no repair are returned
    /// unchanged. So are bytes that cannot be repaired: reading them reports the error. Where the repairs of an entry
    /// would make it look unused, the last of them is left out.
    #[must_use]
    pub fn mend<'b>(self, layout: &Layout, telegram: &'b [u8]) -> (Cow<'b, [u8]>, Vec<Forgiven>) {
        self.repaired(layout, telegram).unwrap_or((Cow::Borrowed(telegram), Vec::new()))
    }

    /// As [`Lenient::mend`].
    ///
    /// # Errors
    /// If the end of the telegram is missing and must not be completed: the error names the field.
    fn repaired<'b>(self, layout: &Layout, telegram: &'b [u8]) -> Result<(Cow<'b, [u8]>, Vec<Forgiven>), Error> {
        let (repaired, mut forgiven) = self.repair_length(layout, telegram)?;
        if !self.repairs_fields() {
            return Ok((repaired, forgiven));
        }
        let (steps, used) = survey_with_used(layout, &repaired);
        let mut repairs: Vec<_> =
            steps.into_iter().filter_map(|step| self.repair(&step, step.bytes(&repaired))).collect();
        if repairs.is_empty() {
            return Ok((repaired, forgiven));
        }
        let mut bytes = repaired.to_vec();
        for repair in &repairs {
            copy(&mut bytes, repair.offset, &repair.field);
        }
        // An entry that looks unused now would be lost, and all behind it. Without its last repair, reading names the field. The entries that are in
        // another one come behind it.
        for entry in used.iter().rev() {
            if entry.is_blank(&bytes) {
                undo_last(&mut repairs, &entry.range(), &repaired, &mut bytes);
            }
        }
        if used.iter().any(|entry| entry.is_blank(&bytes)) {
            return Ok((repaired, forgiven));
        }
        forgiven.extend(repairs.into_iter().filter(|repair| !repair.is_undone).map(|repair| repair.report));
        Ok((Cow::Owned(bytes), forgiven))
    }

    /// The repair of a field, or `None` if it needs no repair or cannot be repaired.
    fn repair(self, step: &SurveyStep<'_>, bytes: &[u8]) -> Option<FieldRepair> {
        let (SurveyItem::Field(field), Err(error)) = (step.what, &step.value) else { return None };
        let mut repaired = bytes.to_vec();
        let end = step.offset.saturating_add(bytes.len());
        let report = match (&field.kind, error.fault()) {
            (Kind::Number(rule), _) if self.blank_numbers && field.computed.is_none() && is_blank(bytes, rule) => {
                put_zero(rule, &mut repaired)?;
                Forgiven::new(Deviation::BlankNumbers, range(step.offset..end), "the number is zero")
            }
            (Kind::Number(rule), Fault::NegativeZero) if self.minus_zero && field.computed.is_none() => {
                put_zero(rule, &mut repaired)?;
                Forgiven::new(Deviation::MinusZero, range(step.offset..end), "the number is zero")
            }
            (Kind::Text(rule), Fault::Malformed { at: DecodeError { offset, reason: Reason::Half }, .. })
                if self.half_characters =>
            {
                drop_half(rule, &mut repaired, *offset);
                // A repair counts only if the field can then be read.
                String::get(rule, &repaired).ok()?;
                let half = step.offset.saturating_add(*offset)..step.offset.saturating_add(*offset).saturating_add(1);
                Forgiven::new(Deviation::HalfCharacters, range(half), "the half character is left out")
            }
            _ => return None,
        };
        let report = report.in_field(step.path.as_str());
        Some(FieldRepair { offset: step.offset, field: repaired, report, is_undone: false })
    }

    /// Puts stripped blanks back, or cuts off surplus bytes.
    fn repair_length<'b>(self, layout: &Layout, telegram: &'b [u8]) -> Result<(Cow<'b, [u8]>, Vec<Forgiven>), Error> {
        let whole = if self.stripped && !telegram.is_empty() { completed(layout, telegram, self)? } else { None };
        if let Some(Completed { bytes, forgiven }) = whole {
            return Ok((Cow::Owned(bytes), forgiven));
        }
        let end = if self.trailing { end_of(layout, telegram).ok() } else { None };
        match end.and_then(|end| telegram.split_at_checked(end)) {
            Some((own, surplus)) if !surplus.is_empty() && !begins_another(layout, surplus) => {
                Ok((Cow::Borrowed(own), Vec::from([Forgiven::surplus(own.len(), surplus)])))
            }
            _ => Ok((Cow::Borrowed(telegram), Vec::new())),
        }
    }
}

/// The repaired bytes of a field.
struct FieldRepair {
    offset: usize,
    field: Vec<u8>,
    report: Forgiven,
    is_undone: bool,
}

/// Undoes the last of the repairs, which are in the order of the bytes, within a range.
fn undo_last(repairs: &mut [FieldRepair], within: &Range<usize>, before: &[u8], bytes: &mut [u8]) {
    let first = repairs.partition_point(|repair| repair.offset < within.start);
    let end = repairs.partition_point(|repair| repair.offset < within.end);
    let within = repairs.get_mut(first..end).unwrap_or_default();
    let Some(last) = within.iter_mut().rev().find(|repair| !repair.is_undone) else { return };
    last.is_undone = true;
    let field = before.get(last.offset..).and_then(|rest| rest.get(..last.field.len()));
    copy(bytes, last.offset, field.unwrap_or_default());
}

/// Copies bytes to this offset.
fn copy(bytes: &mut [u8], offset: usize, field: &[u8]) {
    if let Some(out) = bytes.get_mut(offset..).and_then(|rest| rest.get_mut(..field.len())) {
        out.copy_from_slice(field);
    }
}

/// Writes zero, or returns `None` if the field would then have no value.
fn put_zero(rule: &NumberRule, field: &mut [u8]) -> Option<()> {
    0_i128.put(rule, field).ok()?;
    (Option::<i128>::get(rule, field) == Ok(Some(0))).then_some(())
}

/// Whether the field holds only blanks.
fn is_blank(bytes: &[u8], rule: &NumberRule) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| *byte == rule.encoding.space())
}

/// Removes the half character at this offset, at the end of the text.
fn drop_half(rule: &TextRule, field: &mut [u8], offset: usize) {
    const SO: u8 = 0x0E;
    const SI: u8 = 0x0F;
    let blank = if rule.exact { rule.charset.space() } else { rule.pad };
    let mut start = offset;
    if rule.charset.is_shifted() {
        if start.checked_sub(1).and_then(|before| field.get(before)) == Some(&SO) {
            // Only the half character was between SO and SI, so the SO goes too.
            start = start.saturating_sub(1);
        } else if let Some(half) = field.get_mut(start) {
            *half = SI;
            start = start.saturating_add(1);
        }
    }
    let Some(rest) = field.get_mut(start..) else { return };
    let len = rest.len();
    match rule.justify {
        // The bytes behind the text are already padding.
        Justify::Left => rest.fill(blank),
        Justify::Right => {
            rest.fill(blank);
            field.rotate_right(len);
        }
    }
}

impl<'l> Record<'l> {
    /// Reads a telegram and forgives the given deviations. Returns the record and what was forgiven. A telegram that can be read
    /// strictly is read strictly: then the list is empty.
    ///
    /// # Errors
    /// If the telegram has an error that is not forgiven.
    pub fn decode_lenient(
        layout: &'l Layout,
        telegram: &[u8],
        lenient: Lenient,
    ) -> Result<(Self, Vec<Forgiven>), Error> {
        let strict = Self::decode(layout, telegram);
        strict.map(|record| (record, Vec::new())).or_else(|error| Self::forgiving(layout, telegram, lenient, error))
    }

    /// [`Record::decode_lenient`] of a telegram that strict reading refused with this error.
    pub(crate) fn forgiving(
        layout: &'l Layout,
        telegram: &[u8],
        lenient: Lenient,
        strict: Error,
    ) -> Result<(Self, Vec<Forgiven>), Error> {
        if lenient == Lenient::STRICT {
            return Err(strict);
        }
        let (repaired, mut forgiven) = lenient.repaired(layout, telegram)?;
        match Self::decode(layout, &repaired) {
            Err(error) if lenient.unknown_codes && *error.fault() == Fault::UnknownCode => {
                forgiven.extend(unknown_codes(layout, &repaired));
                let opened = opened(layout);
                // The same items in the same order: only their lists of codes are open.
                let record = Record::decode(&opened, &repaired)?;
                Ok((Self::from_values(layout, record.into_values()), forgiven))
            }
            read => read.map(|record| (record, forgiven)),
        }
    }
}

impl Plan<'_> {
    /// Reads a telegram, and forgives the deviations that `lenient` names. Returns what was forgiven.
    ///
    /// # Errors
    /// Those of [`Record::decode_lenient`].
    pub fn decode_lenient(&self, bytes: &[u8], lenient: Lenient) -> Result<(Record<'_>, Vec<Forgiven>), Error> {
        match self.decode(bytes) {
            Ok(record) => Ok((record, Vec::new())),
            Err(error) => Record::forgiving(self.layout(), bytes, lenient, error),
        }
    }
}

/// A report for each code that its list lacks.
fn unknown_codes(layout: &Layout, telegram: &[u8]) -> Vec<Forgiven> {
    let unknown = survey(layout, telegram).into_iter().filter_map(|step| {
        let is_unknown = step.value.is_err_and(|error| *error.fault() == Fault::UnknownCode);
        let bytes = range(step.offset..step.offset.saturating_add(step.len));
        is_unknown.then(|| Forgiven::new(Deviation::UnknownCodes, bytes, "the code is kept").in_field(step.path))
    });
    unknown.collect()
}

/// The layout with all its lists of codes open.
fn opened(layout: &Layout) -> Layout {
    let item = |item: &Item| match item {
        Item::Field(Field { kind: Kind::Code(rule), .. }) => {
            let Item::Field(field) = item else { return item.clone() };
            Item::Field(Field { kind: Kind::Code(CodeRule { open: true, ..rule.clone() }), ..field.clone() })
        }
        Item::Part(part) => Item::Part(Part { layout: Cow::Owned(opened(&part.layout)), ..part.clone() }),
        Item::Group(group) => Item::Group(Group { layout: Cow::Owned(opened(&group.layout)), ..group.clone() }),
        Item::Choice(choice) => {
            let case = |case: &Case| Case { layout: Cow::Owned(opened(&case.layout)), ..case.clone() };
            Item::Choice(Choice { cases: choice.cases().iter().map(case).collect(), ..choice.clone() })
        }
        Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => item.clone(),
    };
    Layout { items: layout.items().iter().map(item).collect(), ..layout.clone() }
}

/// Reads a derived telegram and forgives the given deviations. Returns the telegram and what was forgiven. The telegram owns its
/// values, because the repaired bytes do not outlive the call.
///
/// # Errors
/// If the telegram has an error that is not forgiven.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::lenient::{Lenient, decode_lenient};
/// use fep_codec::{Decode, Telegram, Text};
///
/// #[derive(Telegram, Debug, PartialEq)]
/// #[telegram(len = 10)]
/// struct Row {
///     #[field(len = 4)]
///     amount: u32,
///     name: Text<6>,
/// }
///
/// assert!(Row::decode(b"    Kim").is_err());
/// let lenient = Lenient { stripped: true, blank_numbers: true, ..Lenient::STRICT };
/// let (row, forgiven) = decode_lenient::<Row>(b"    Kim", lenient)?;
/// assert_eq!(row, Row { amount: 0, name: "Kim".parse()? });
/// let said: Vec<String> = forgiven.iter().map(ToString::to_string).collect();
/// assert_eq!(said, [
///     "name, bytes 4..7: stripped: 3 blanks are missing here",
///     "amount, bytes 0..4: blank-numbers: the number is zero",
/// ]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_lenient<T: DecodeOwned>(telegram: &[u8], lenient: Lenient) -> Result<(T, Vec<Forgiven>), Error> {
    match T::decode(telegram) {
        Err(_) if lenient != Lenient::STRICT => {
            let (repaired, forgiven) = lenient.repaired(T::LAYOUT, telegram)?;
            T::decode(&repaired).map(|read| (read, forgiven))
        }
        strict => strict.map(|read| (read, Vec::new())),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use super::*;
    use crate::charset::Charset;
    use crate::layout::{CodeMeaning, NoneAs, Sign, TextRule};
    use crate::record::Value;

    fn field(name: &'static str, len: usize, kind: Kind) -> Item {
        let name = Cow::Borrowed(name);
        let label = Cow::Borrowed("");
        Item::Field(Field { name, label, len, kind, secret: false, computed: None })
    }

    fn layout() -> Layout {
        let code = CodeMeaning { code: Cow::Borrowed("20"), label: Cow::Borrowed("") };
        let codes = CodeRule { charset: Charset::Ascii, codes: Cow::Owned(vec![code]), open: false };
        let signed = NumberRule { sign: Sign::Leading { plus: b'+', minus: b'-' }, ..NumberRule::UNSIGNED };
        let none = NumberRule { none: NoneAs::Spaces, ..NumberRule::UNSIGNED };
        Layout {
            name: Cow::Borrowed("Row"),
            label: Cow::Borrowed(""),
            charset: Charset::Ascii,
            stated_len: None,
            when: Cow::Borrowed(&[]),
            items: Cow::Owned(vec![
                field("kind", 2, Kind::Code(codes)),
                field("amount", 4, Kind::Number(NumberRule::UNSIGNED)),
                field("change", 3, Kind::Number(signed)),
                field("fee", 2, Kind::Number(none)),
                field("name", 4, Kind::Text(TextRule::new(Charset::Ascii))),
            ]),
        }
    }

    /// The value of one field after lenient reading, or the text of the error.
    fn read(bytes: &[u8], path: &str, lenient: Lenient) -> Result<Value, String> {
        let layout = layout();
        let (record, _) = Record::decode_lenient(&layout, bytes, lenient).map_err(|error| error.to_string())?;
        Ok(record.get(path).cloned().unwrap_or(Value::Absent))
    }

    #[test]
    fn each_leniency_forgives_one_thing_and_no_other() {
        let text = |text: &str| Ok(Value::from(text));
        let each = [
            (b"200001+0201na".as_slice(), "name", text("na"), Lenient { stripped: true, ..Lenient::STRICT }),
            (b"200001+0201name??", "name", text("name"), Lenient { trailing: true, ..Lenient::STRICT }),
            (b"20    +0201name", "amount", Ok(Value::Number(0)), Lenient { blank_numbers: true, ..Lenient::STRICT }),
            (b"200001   01name", "change", Ok(Value::Number(0)), Lenient { blank_numbers: true, ..Lenient::STRICT }),
            (b"200001-0001name", "change", Ok(Value::Number(0)), Lenient { minus_zero: true, ..Lenient::STRICT }),
            (b"300001+0201name", "kind", text("30"), Lenient { unknown_codes: true, ..Lenient::STRICT }),
        ];
        for (bytes, path, value, lenient) in &each {
            assert_eq!(read(bytes, path, *lenient), *value);
            assert_eq!(read(bytes, path, Lenient::ALL), *value);
            for (_, _, _, other) in each.iter().filter(|(_, _, _, other)| other != lenient) {
                assert!(read(bytes, path, *other).is_err(), "{other:?} does not forgive {}", bytes.escape_ascii());
            }
            assert!(read(bytes, path, Lenient::STRICT).is_err());
        }
    }

    #[test]
    fn what_cannot_be_forgiven_is_an_error_as_ever() {
        assert!(read(b"20000x+0201name", "amount", Lenient::ALL).unwrap_err().contains("expected a digit"));
        assert!(read(b"", "amount", Lenient::ALL).unwrap_err().contains("found 0"));
        assert_eq!(read(b"200001+02  name", "fee", Lenient::ALL), Ok(Value::None), "blanks that mean none");
        assert_eq!(read(b"200001+0201name", "fee", Lenient::ALL), Ok(Value::Number(1)));
    }

    #[test]
    fn a_zero_that_means_no_value_is_not_made_of_a_minus() {
        let none = NumberRule { sign: Sign::LeadingMinus, none: NoneAs::Zeros, ..NumberRule::UNSIGNED };
        let layout = Layout { items: Cow::Owned(vec![field("n", 3, Kind::Number(none))]), ..layout() };
        let (record, _) = Record::decode_lenient(&layout, b"000", Lenient::ALL).unwrap();
        assert_eq!(record.get("n"), Some(&Value::None));
        assert!(Record::decode_lenient(&layout, b"-00", Lenient::ALL).is_err());
        assert_eq!(Lenient::ALL.mend(&layout, b"-00"), (Cow::Borrowed(b"-00".as_slice()), Vec::new()));
    }

    #[test]
    fn a_repair_that_does_not_help_is_none() {
        // The pairs of IBM-834 never fill three bytes.
        let rule = TextRule { charset: Charset::Ibm834, pad: 0x40, ..TextRule::new(Charset::Ibm834) };
        let layout = Layout { items: Cow::Owned(vec![field("t", 3, Kind::Text(rule))]), ..layout() };
        let bytes = b"\xD1\xB7\x88".as_slice();
        assert!(Record::decode_lenient(&layout, bytes, Lenient::ALL).is_err());
        assert_eq!(Lenient::ALL.mend(&layout, bytes), (Cow::Borrowed(bytes), Vec::new()));
    }

    #[test]
    fn a_code_that_was_kept_is_not_written() {
        let layout = layout();
        let (record, _) = Record::decode_lenient(&layout, b"300001+0201name", Lenient::ALL).unwrap();
        assert!(record.encode().unwrap_err().to_string().starts_with("caller: kind"));
    }
}
