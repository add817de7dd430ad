//! [`Lenient`]: what a reader forgives, if it is told to.
//!
//! Nothing is forgiven unless it is named. The static and the dynamic codec stay strict: bytes are mended first, by the
//! layout, and then read like any others. So both forgive alike, and strict reading pays nothing. What was mended is written
//! otherwise than it was read.
//!
//! A single field forgives by its own options, for every reader: an open list of codes keeps unknown ones, `none = "spaces"`
//! makes a blank number none, `half = "replace"` or `"drop"` reads a text that was cut in the middle of a character, a filler may be
//! `any`. Stripped blanks and bytes left over are no field's: they are forgiven by call, and for record files by their plan.

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

/// What a reader forgives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lenient {
    /// Blanks at the end of a telegram may be missing: an editor, or the peer, stripped them. Its length must be known without
    /// them: it is fixed, or said by counts, lengths and codes that are there. What takes all that is left has no such length.
    /// In a record file the last line end too, and only where records have one length and line ends.
    pub stripped: bool,
    /// Bytes behind the last item are passed over.
    pub trailing: bool,
    /// A blank number is read as zero, if its field does not say that blanks mean "none". Computed fields excepted.
    pub blank_numbers: bool,
    /// A [`Record`] keeps codes that a closed list lacks. A derived type can hold only what its type has.
    pub unknown_codes: bool,
    /// Half a character at the end of a text is dropped: somebody cut the text at a byte. Blanks stand in its place, or padding;
    /// in a text between SO and SI, the SI.
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

    /// Whether bytes inside of a telegram are mended, and not only its end.
    pub(crate) const fn mends_fields(self) -> bool {
        self.blank_numbers || self.half_characters
    }

    /// The bytes with what is forgiven mended: blanks put back, left-over bytes cut off, blank numbers zero, half characters
    /// dropped. Bytes that need no mending are handed through, and so are those that cannot be mended: reading them says what is wrong.
    #[must_use]
    pub fn mend<'b>(self, layout: &Layout, telegram: &'b [u8]) -> Cow<'b, [u8]> {
        let mut mended = self.mend_length(layout, telegram);
        if !self.mends_fields() {
            return mended;
        }
        let all = survey(layout, &mended);
        let repairs: Vec<_> = all.into_iter().filter_map(|step| self.repair(&step, step.bytes(&mended))).collect();
        for (offset, field) in repairs {
            if let Some(out) = mended.to_mut().get_mut(offset..).and_then(|rest| rest.get_mut(..field.len())) {
                out.copy_from_slice(&field);
            }
        }
        mended
    }

    /// A field's offset and mended bytes, if it can be mended and has to be.
    fn repair(self, step: &SurveyStep<'_>, bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
        let (SurveyItem::Field(field), Err(error)) = (step.what, &step.value) else { return None };
        let mut mended = bytes.to_vec();
        match (&field.kind, error.fault()) {
            (Kind::Number(rule), _) if self.blank_numbers && field.computed.is_none() && is_blank(bytes, rule) => {
                0_i128.put(rule, &mut mended).ok()?;
            }
            (Kind::Text(rule), Fault::Malformed { at: DecodeError { offset, reason: Reason::Half }, .. })
                if self.half_characters =>
            {
                drop_half(rule, &mut mended, *offset);
            }
            _ => return None,
        }
        Some((step.offset, mended))
    }

    fn mend_length<'b>(self, layout: &Layout, telegram: &'b [u8]) -> Cow<'b, [u8]> {
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

/// Whether the field holds nothing but blanks.
fn is_blank(bytes: &[u8], rule: &NumberRule) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| *byte == rule.encoding.space())
}

/// Takes the half character away that stands at this place, at the end of the text.
fn drop_half(rule: &TextRule, field: &mut [u8], offset: usize) {
    const SO: u8 = 0x0E;
    const SI: u8 = 0x0F;
    let blank = if rule.exact { rule.charset.space() } else { rule.pad };
    let mut start = offset;
    if rule.charset.is_shifted() {
        if start.checked_sub(1).and_then(|before| field.get(before)) == Some(&SO) {
            // Nothing stood between SO and SI but the half.
            start = start.saturating_sub(1);
        } else if let Some(half) = field.get_mut(start) {
            *half = SI;
            start = start.saturating_add(1);
        }
    }
    let Some(rest) = field.get_mut(start..) else { return };
    let len = rest.len();
    match rule.justify {
        // What follows the text is padding already.
        Justify::Left => rest.fill(blank),
        Justify::Right => {
            rest.fill(blank);
            field.rotate_right(len);
        }
    }
}

impl<'l> Record<'l> {
    /// Reads a telegram, forgiving what may be forgiven. What reads strictly is read strictly.
    ///
    /// # Errors
    /// What cannot be forgiven.
    pub fn decode_lenient(layout: &'l Layout, telegram: &[u8], lenient: Lenient) -> Result<Self, Error> {
        let strict = Self::decode(layout, telegram);
        if strict.is_ok() || lenient == Lenient::STRICT {
            return strict;
        }
        let mended = lenient.mend(layout, telegram);
        match Self::decode(layout, &mended) {
            Err(error) if lenient.unknown_codes && *error.fault() == Fault::UnknownCode => {
                let opened = opened(layout);
                // The same items in the same order: only their lists of codes are open.
                Record::decode(&opened, &mended).map(|record| Self::from_values(layout, record.into_values()))
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

/// Reads a derived telegram, forgiving what may be forgiven. It owns what it holds, for the mended bytes do not last.
///
/// # Errors
/// What cannot be forgiven.
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

    /// What a reader that forgives says to bytes, with the value of one field.
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
