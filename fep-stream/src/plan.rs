//! [`Plan`]: which telegrams a feed has, and where each has its instrument and its number.
//!
//! A feed is too fast to decode each telegram before it is ordered. So the instrument and the number are read at offsets that are the same
//! in every telegram of a layout. [`Plan::builder`] looks them up once and says what cannot be read like that.

mod error;
#[cfg(test)]
mod tests;

use std::ops::Range;

use fep_codec::layout::{Encoding, Item, Kind, Layout, Sign};
use fep_codec::view::find;

pub use self::error::PlanError;
use crate::numbering::Numbering;

/// The telegrams of a feed: all of those that have a number, also if nobody needs them. A number that no telegram of the plan has is a gap.
///
/// ```
/// use fep_codec::{Telegram, Text};
/// use fep_stream::Plan;
///
/// #[derive(Telegram)]
/// struct Quote {
///     #[field(literal = "Q1")]
///     code: (),
///     #[field(len = 8)]
///     sequence: u32,
///     #[field(len = 12)]
///     issue: Text<12>,
/// }
///
/// let plan = Plan::builder().numbered(Quote::LAYOUT, &["issue"], "sequence").build()?;
/// assert_eq!(plan.name(0), Some("Quote"));
/// let error = Plan::builder().numbered(Quote::LAYOUT, &["isue"], "sequence").build().unwrap_err();
/// assert_eq!(error.to_string(), "Quote: isue: there is no such field; did you mean issue?");
/// # Ok::<(), fep_stream::PlanError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    telegrams: Vec<Planned>,
    numbering: Option<Numbering>,
}

#[derive(Clone, Debug)]
struct Planned {
    layout: Layout,
    /// The bytes that identify the telegram, with their offsets, as they are usually written.
    marks: Vec<(usize, Vec<u8>)>,
    len: Option<usize>,
    key: Vec<Range<usize>>,
    number: Option<NumberField>,
}

#[derive(Clone, Debug)]
struct NumberField {
    range: Range<usize>,
    zero: u8,
    is_last_sent: bool,
}

/// What a telegram is, by its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planning {
    pub(crate) kind: usize,
    pub(crate) key: Key,
    pub(crate) number: NumberSaid,
}

/// What a telegram says about the numbers of its feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberSaid {
    /// Nothing: it has no number.
    Nothing,
    /// It is the telegram with this number.
    Own(u64),
    /// It is a heartbeat, and the feed has sent nothing yet. The telegram has no number itself.
    NothingSent,
    /// The feed has sent all numbers up to this one. The telegram has none itself.
    LastSent(u64),
}

/// The bytes that identify an instrument within the telegrams of one kind. Unused bytes are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; Plan::KEY_MAX_BYTES]);

/// Why a telegram of a feed has no place in its order. It was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unplanned {
    /// No telegram of the plan has these marks and this length.
    Unknown,
    /// Its number is not of digits, or the feed cannot have it.
    BadNumber,
}

/// Builds a [`Plan`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PlanBuilder {
    telegrams: Vec<Planned>,
    /// The digits of the numbers, and the telegram that said so.
    digits: Option<(u32, String)>,
    numbering_first: u64,
    error: Option<PlanError>,
}

impl Plan {
    /// The longest key in bytes: all fields of [`PlanBuilder::keyed`] together.
    pub const KEY_MAX_BYTES: usize = 32;

    /// A plan without telegrams. The number 1 follows the largest one.
    pub fn builder() -> PlanBuilder {
        PlanBuilder { numbering_first: 1, ..PlanBuilder::default() }
    }

    /// How the feed numbers its telegrams, or `None` if it does not.
    #[must_use]
    pub fn numbering(&self) -> Option<Numbering> {
        self.numbering
    }

    /// The name of the telegram with this index: the first one that was added has 0.
    #[must_use]
    pub fn name(&self, kind: usize) -> Option<&str> {
        self.telegrams.get(kind).map(|planned| &*planned.layout.name)
    }

    /// The name of a telegram that has no number of its own, unless it is a heartbeat.
    pub(crate) fn without_number(&self) -> Option<&str> {
        self.telegrams.iter().find(|planned| planned.number.is_none()).map(|planned| &*planned.layout.name)
    }

    pub(crate) fn of(&self, telegram: &[u8]) -> Result<Planning, Unplanned> {
        let kind = self.kind(telegram).ok_or(Unplanned::Unknown)?;
        let planned = self.telegrams.get(kind).ok_or(Unplanned::Unknown)?;
        let mut key = [0; Self::KEY_MAX_BYTES];
        let mut rest = key.as_mut_slice();
        for range in &planned.key {
            let found = telegram.get(range.clone()).ok_or(Unplanned::Unknown)?;
            let Some((place, behind)) = rest.split_at_mut_checked(found.len()) else { break };
            place.copy_from_slice(found);
            rest = behind;
        }
        let number = match &planned.number {
            None => NumberSaid::Nothing,
            Some(field) => {
                let number = field.read(telegram).ok_or(Unplanned::BadNumber)?;
                let is_known = self.numbering.is_some_and(|numbering| numbering.has(number));
                match field.is_last_sent {
                    // A feed that has sent nothing yet may say 0.
                    true if !is_known => NumberSaid::NothingSent,
                    true => NumberSaid::LastSent(number),
                    false if is_known => NumberSaid::Own(number),
                    false => return Err(Unplanned::BadNumber),
                }
            }
        };
        Ok(Planning { kind, key: Key(key), number })
    }

    /// The telegram that has the marks. The usual forms of the marks are tried first: finding a field by its path takes longer.
    fn kind(&self, telegram: &[u8]) -> Option<usize> {
        let has =
            |(offset, mark): &(usize, Vec<u8>)| telegram.get(*offset..).is_some_and(|rest| rest.starts_with(mark));
        let fits = |planned: &Planned| planned.len.is_none_or(|len| len == telegram.len());
        let usual = self.telegrams.iter().position(|planned| fits(planned) && planned.marks.iter().all(has));
        usual.or_else(|| self.telegrams.iter().position(|planned| fits(planned) && planned.layout.recognises(telegram)))
    }
}

impl NumberField {
    fn read(&self, telegram: &[u8]) -> Option<u64> {
        telegram.get(self.range.clone())?.iter().try_fold(0_u64, |number, byte| {
            let digit = byte.wrapping_sub(self.zero);
            (digit < 10).then(|| number * 10 + u64::from(digit))
        })
    }
}

impl PlanBuilder {
    /// The number that follows the largest one. It is 1 unless this says otherwise.
    pub fn numbers_begin_with(mut self, first: u64) -> Self {
        self.numbering_first = first;
        self
    }

    /// A telegram without instrument and number. The last one of its kind is what a late joiner gets. It is passed on when it comes, also before
    /// numbered ones that wait behind a gap. One source alone can bring it: of redundant feeds, it would come twice.
    pub fn telegram(self, layout: &Layout) -> Self {
        self.add(layout, &[], None, false)
    }

    /// A telegram about an instrument, which these fields identify: paths such as `issue`, or `header.issue`. It has no number: see
    /// [`PlanBuilder::telegram`].
    pub fn keyed(self, layout: &Layout, key: &[&str]) -> Self {
        self.add(layout, key, None, false)
    }

    /// A telegram about an instrument, with the field of its number in the feed.
    pub fn numbered(self, layout: &Layout, key: &[&str], number: &str) -> Self {
        self.add(layout, key, Some(number), false)
    }

    /// A telegram without a number of its own, which no consumer gets. The field says which number the feed sent last, so that a gap at the
    /// end is noticed.
    pub fn heartbeat(self, layout: &Layout, last_sent: &str) -> Self {
        self.add(layout, &[], Some(last_sent), true)
    }

    /// The plan.
    ///
    /// # Errors
    /// The first telegram that cannot be read at fixed offsets, with its field and what to do.
    pub fn build(self) -> Result<Plan, PlanError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.telegrams.is_empty() {
            return Err(PlanError::Empty);
        }
        let numbering = match self.digits {
            None => None,
            Some((digits, telegram)) => {
                Some(Numbering::new(digits, self.numbering_first).ok_or(PlanError::NoNumbers {
                    telegram,
                    digits,
                    first: self.numbering_first,
                })?)
            }
        };
        Ok(Plan { telegrams: self.telegrams, numbering })
    }

    fn add(mut self, layout: &Layout, key: &[&str], number: Option<&str>, is_last_sent: bool) -> Self {
        if self.error.is_none() {
            match self.planned(layout, key, number, is_last_sent) {
                Ok(planned) => self.telegrams.push(planned),
                Err(error) => self.error = Some(error),
            }
        }
        self
    }

    fn planned(
        &mut self,
        layout: &Layout,
        key: &[&str],
        number: Option<&str>,
        is_last_sent: bool,
    ) -> Result<Planned, PlanError> {
        let telegram = layout.name.to_string();
        let mut marks = Vec::new();
        for mark in layout.all_marks() {
            let bytes = mark.bytes().ok_or_else(|| PlanError::BadMark { telegram: telegram.clone() })?;
            marks.push((mark.offset(), bytes));
        }
        if marks.is_empty() {
            return Err(PlanError::NoMark { telegram });
        }
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for path in key {
            let range = span(layout, path)?.1;
            match ranges.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => ranges.push(range),
            }
        }
        let key_len: usize = ranges.iter().map(Range::len).sum();
        if key_len > Plan::KEY_MAX_BYTES {
            return Err(PlanError::LongKey { telegram, len: key_len });
        }
        let number = number.map(|path| self.number_field(layout, path, is_last_sent)).transpose()?;
        Ok(Planned { layout: layout.clone(), marks, len: layout.fixed_len(), key: ranges, number })
    }

    fn number_field(&mut self, layout: &Layout, path: &str, is_last_sent: bool) -> Result<NumberField, PlanError> {
        let (kind, range) = span(layout, path)?;
        let encoding = match kind {
            Kind::Number(rule) if rule.sign == Sign::Unsigned && rule.scale == 0 && rule.pad.is_none() => {
                Some(rule.encoding)
            }
            Kind::Digits(rule) => Some(rule.encoding),
            _ => None,
        };
        let zero = match encoding {
            Some(Encoding::Ascii) => b'0',
            Some(Encoding::Ebcdic) => 0xF0,
            _ => return Err(PlanError::NotDigits { telegram: layout.name.to_string(), path: path.to_owned() }),
        };
        let digits = u32::try_from(range.len()).unwrap_or(u32::MAX);
        match &self.digits {
            Some((others, other)) if *others != digits => {
                let telegram = layout.name.to_string();
                return Err(PlanError::OtherDigits { telegram, digits, other: other.clone(), others: *others });
            }
            Some(_) => {}
            None => self.digits = Some((digits, layout.name.to_string())),
        }
        Ok(NumberField { range, zero, is_last_sent })
    }
}

/// The kind and the bytes of a field at a fixed offset.
fn span<'l>(layout: &'l Layout, path: &str) -> Result<(&'l Kind, Range<usize>), PlanError> {
    let telegram = layout.name.to_string();
    match layout.span(path) {
        Some(span) => Ok((&span.field.kind, span.range)),
        None if matches!(layout.item_by_path(path), Some(Item::Field(_) | Item::Tail(_))) => {
            Err(PlanError::NoFixedOffset { telegram, path: path.to_owned() })
        }
        None => Err(PlanError::NoField { telegram, path: path.to_owned(), why: hint(layout, path) }),
    }
}

/// What the codec says about a path that leads to no field: it suggests the name that was probably meant.
fn hint(layout: &Layout, path: &str) -> String {
    find(layout, &[], path).err().map_or_else(String::new, |error| error.message())
}
