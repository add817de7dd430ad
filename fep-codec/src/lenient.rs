//! [`Lenient`]: the deviations that a reader forgives on request.
//!
//! A deviation is forgiven only if it is named. The static and the dynamic codec stay strict: the bytes are first repaired by the
//! layout and then read like any others. So both codecs forgive the same deviations, and strict reading has no extra cost. A
//! telegram that was repaired encodes to other bytes than it was read from.
//!
//! A field can also forgive by its own options, which apply to every reader: an open list of codes keeps unknown codes,
//! `none = "spaces"` reads a blank number as `None`, `half = "replace"` or `"drop"` reads a text that was cut in the middle of a
//! character, and a filler may be `any`. Stripped blanks and surplus bytes belong to no field, so there is no field option for
//! them. They are forgiven by a call, or by the plan of a record file.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::charset::{DecodeError, Reason};
use crate::error::{Error, Fault};
use crate::kind::FieldValue as _;
use crate::layout::{Case, Choice, CodeRule, Field, Group, Item, Justify, Kind, Layout, NumberRule, Part, TextRule};
use crate::record::Record;
use crate::survey::{SurveyItem, SurveyStep, survey};
use crate::telegram::DecodeOwned;
use crate::view::{end_of, whole_end_of};

/// The deviations that a reader forgives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lenient {
    /// Blanks at the end of a telegram may be missing because an editor or the peer stripped them. The length must be known
    /// without them: it is fixed, or the counts, lengths and codes that are present decide it. A layout with an item that takes
    /// all bytes that are left has no such length. In a record file this applies only if records have line ends, and the last
    /// line end may be missing too.
    pub stripped: bool,
    /// Bytes behind the last item are ignored.
    pub trailing: bool,
    /// A blank number is read as zero, unless blanks mean `None` in its field. This does not apply to computed fields.
    pub blank_numbers: bool,
    /// A [`Record`] keeps codes that a closed list lacks. A derived type can hold only the codes of its type.
    pub unknown_codes: bool,
    /// Half a character at the end of a text, where the text was cut inside the character, is dropped. Blanks or padding take its
    /// place. In a text between SO and SI, the SI takes its place.
    pub half_characters: bool,
    /// The last block of a record file may be left unfilled.
    pub unfilled: bool,
}

impl Lenient {
    /// Forgives nothing.
    pub const STRICT: Self = Self {
        stripped: false,
        trailing: false,
        blank_numbers: false,
        unknown_codes: false,
        half_characters: false,
        unfilled: false,
    };
    /// Forgives everything that can be forgiven.
    pub const ALL: Self = Self {
        stripped: true,
        trailing: true,
        blank_numbers: true,
        unknown_codes: true,
        half_characters: true,
        unfilled: true,
    };

    /// Whether fields inside a telegram are repaired, and not only its end.
    pub(crate) const fn repairs_fields(self) -> bool {
        self.blank_numbers || self.half_characters
    }

    /// Repairs the forgiven deviations: puts blanks back, cuts off surplus bytes, replaces blank numbers by zero and drops half
    /// characters. Bytes that need no repair are returned unchanged. So are bytes that cannot be repaired: reading them reports the
    /// error.
    #[must_use]
    pub fn mend<'b>(self, layout: &Layout, telegram: &'b [u8]) -> Cow<'b, [u8]> {
        let mut repaired = self.repair_length(layout, telegram);
        if !self.repairs_fields() {
            return repaired;
        }
        let all = survey(layout, &repaired);
        let repairs: Vec<_> = all.into_iter().filter_map(|step| self.repair(&step, step.bytes(&repaired))).collect();
        for (offset, field) in repairs {
            if let Some(out) = repaired.to_mut().get_mut(offset..).and_then(|rest| rest.get_mut(..field.len())) {
                out.copy_from_slice(&field);
            }
        }
        repaired
    }

    /// The offset and the repaired bytes of a field, or `None` if it needs no repair or cannot be repaired.
    fn repair(self, step: &SurveyStep<'_>, bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
        let (SurveyItem::Field(field), Err(error)) = (step.what, &step.value) else { return None };
        let mut repaired = bytes.to_vec();
        match (&field.kind, error.fault()) {
            (Kind::Number(rule), _) if self.blank_numbers && field.computed.is_none() && is_blank(bytes, rule) => {
                0_i128.put(rule, &mut repaired).ok()?;
            }
            (Kind::Text(rule), Fault::Malformed { at: DecodeError { offset, reason: Reason::Half }, .. })
                if self.half_characters =>
            {
                drop_half(rule, &mut repaired, *offset);
            }
            _ => return None,
        }
        Some((step.offset, repaired))
    }

    fn repair_length<'b>(self, layout: &Layout, telegram: &'b [u8]) -> Cow<'b, [u8]> {
        if self.stripped
            && !telegram.is_empty()
            && let Some(len) = whole_end_of(layout, telegram).filter(|len| telegram.len() < *len)
        {
            let mut whole = telegram.to_vec();
            whole.resize(len, layout.charset.space());
            return Cow::Owned(whole);
        }
        let end = if self.trailing { end_of(layout, telegram).ok() } else { None };
        Cow::Borrowed(end.and_then(|end| telegram.get(..end)).unwrap_or(telegram))
    }
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
    /// Reads a telegram and forgives the given deviations. A telegram that can be read strictly is read strictly.
    ///
    /// # Errors
    /// If the telegram has an error that is not forgiven.
    pub fn decode_lenient(layout: &'l Layout, telegram: &[u8], lenient: Lenient) -> Result<Self, Error> {
        let strict = Self::decode(layout, telegram);
        if strict.is_ok() || lenient == Lenient::STRICT {
            return strict;
        }
        let repaired = lenient.mend(layout, telegram);
        match Self::decode(layout, &repaired) {
            Err(error) if lenient.unknown_codes && *error.fault() == Fault::UnknownCode => {
                let opened = opened(layout);
                // The same items in the same order: only their lists of codes are open.
                Record::decode(&opened, &repaired).map(|record| Self::from_values(layout, record.into_values()))
            }
            read => read,
        }
    }
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

/// Reads a derived telegram and forgives the given deviations. The telegram owns its values, because the repaired bytes do not
/// outlive the call.
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
/// assert_eq!(decode_lenient::<Row>(b"    Kim", lenient)?, Row { amount: 0, name: "Kim".parse()? });
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_lenient<T: DecodeOwned>(telegram: &[u8], lenient: Lenient) -> Result<T, Error> {
    match T::decode(telegram) {
        Err(_) if lenient != Lenient::STRICT => T::decode(&lenient.mend(T::LAYOUT, telegram)),
        strict => strict,
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned as _;
    use alloc::string::{String, ToString as _};
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
        let record = Record::decode_lenient(&layout, bytes, lenient).map_err(|error| error.to_string())?;
        Ok(record.get(path).cloned().unwrap_or(Value::Absent))
    }

    #[test]
    fn each_leniency_forgives_one_thing_and_no_other() {
        let text = |text: &str| Ok(Value::Text(text.to_owned()));
        let each = [
            (b"200001+0201na".as_slice(), "name", text("na"), Lenient { stripped: true, ..Lenient::STRICT }),
            (b"200001+0201name??", "name", text("name"), Lenient { trailing: true, ..Lenient::STRICT }),
            (b"20    +0201name", "amount", Ok(Value::Number(0)), Lenient { blank_numbers: true, ..Lenient::STRICT }),
            (b"200001   01name", "change", Ok(Value::Number(0)), Lenient { blank_numbers: true, ..Lenient::STRICT }),
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
    fn a_code_that_was_kept_is_not_written() {
        let layout = layout();
        let record = Record::decode_lenient(&layout, b"300001+0201name", Lenient::ALL).unwrap();
        assert!(record.encode().unwrap_err().to_string().starts_with("caller: kind"));
    }
}
