//! The rule of a date, a time or both. The length or the Rust type can determine the pattern.

use fep_core::calendar::{DatePattern, DateTimePattern, Pattern, TimePattern};
use fep_core::encoding::Encoding;
use fep_core::kinds::KindName;
use fep_core::rules::NoneAs;

use super::Kind;
use crate::attr::{Given, bytes};
use crate::model::field::Source;
use crate::shape::Shape;

impl Source<'_> {
    /// The pattern as written, or the pattern with this length. Reports a pattern and a length that disagree.
    fn pattern<P>(&self, kind: KindName, is_kind: impl Fn(Pattern) -> Option<P>) -> Option<P> {
        self.decimal()?;
        if let Some(given) = &self.attrs.pattern {
            return self.stated_pattern(given, kind, is_kind);
        }
        let len = match &self.attrs.len {
            // A mistake in the length or the pattern was reported, or will be reported as a missing length.
            _ if self.attrs.has("pattern") => return None,
            None => return None,
            Some(len) => len,
        };
        let pattern = Pattern::of_len(kind, len.value, self.encoding()).and_then(is_kind);
        if pattern.is_none() {
            let instead = lengths(kind, self.encoding());
            self.cx.error_at(len.span, format_args!("no {} has {}; {instead}", noun(kind), bytes(len.value)));
        }
        pattern
    }

    fn stated_pattern<P>(
        &self,
        given: &Given<Pattern>,
        kind: KindName,
        is_kind: impl Fn(Pattern) -> Option<P>,
    ) -> Option<P> {
        let label = given.value.word();
        let Some(pattern) = is_kind(given.value) else {
            self.cx.error_at(
                given.span,
                format_args!("\"{label}\" is no {}; {}", noun(kind), lengths(kind, self.encoding())),
            );
            return None;
        };
        let pattern_len = given.value.len(self.encoding());
        if let Some(len) = self.attrs.len.as_ref().filter(|len| len.value != pattern_len) {
            let message = format!("`len` is {}, but \"{label}\" has {}", len.value, bytes(pattern_len));
            self.cx.error_at(len.span, message);
            return None;
        }
        Some(pattern)
    }

    /// Reports a binary encoding: a date or time has decimal digits.
    fn decimal(&self) -> Option<()> {
        match &self.attrs.encoding {
            Some(given) if given.value.is_binary() => {
                let message = "dates and times have decimal digits; a binary number is a `number`";
                self.cx.error_at(given.span, message);
                None
            }
            _ => Some(()),
        }
    }

    fn pivot(&self, two_digit_year: bool) -> Option<usize> {
        if let Some(at) = self.attrs.key("pivot").filter(|_| !two_digit_year) {
            self.cx.error_at(at, "a pivot is for two-digit years, and this pattern has none");
        }
        self.attrs.pivot.as_ref().map(|pivot| pivot.value)
    }

    pub(super) fn date(&self) -> Option<Kind> {
        if let Shape::MonthDay = self.inner() {
            return self.month_day();
        }
        let of_date = |pattern| if let Pattern::Date(pattern) = pattern { Some(pattern) } else { None };
        let pattern = self.pattern(KindName::Date, of_date)?;
        if pattern == DatePattern::MmDd && matches!(self.inner(), Shape::Date) {
            self.cx.error(self.ty, "a date without a year is a `MonthDay`");
            return None;
        }
        let pivot = self.pivot(pattern.has_short_year());
        Some(Kind::Date { pattern, encoding: self.encoding(), none: self.none(), pivot })
    }

    fn month_day(&self) -> Option<Kind> {
        self.decimal()?;
        let own_len = Pattern::Date(DatePattern::MmDd).len(self.encoding());
        if let Some(len) = self.attrs.len.as_ref().filter(|len| len.value != own_len) {
            let message = format!("a `MonthDay` has {own_len} bytes, MMDD; a date with a year is a `Date`");
            self.cx.error_at(len.span, message);
            return None;
        }
        if let Some(pattern) =
            self.attrs.pattern.as_ref().filter(|given| given.value != Pattern::Date(DatePattern::MmDd))
        {
            self.cx.error_at(pattern.span, "a `MonthDay` is \"MMDD\"; a date with a year is a `Date`");
            return None;
        }
        let pivot = self.pivot(false);
        Some(Kind::Date { pattern: DatePattern::MmDd, encoding: self.encoding(), none: self.none(), pivot })
    }

    pub(super) fn time(&self) -> Option<Kind> {
        let of_time = |pattern| if let Pattern::Time(pattern) = pattern { Some(pattern) } else { None };
        if let Some(none) = self.attrs.none.as_ref().filter(|none| none.value == NoneAs::Zeros) {
            self.cx
                .error_at(none.span, "zeros are midnight; a missing time is `none = \"spaces\"` or `none = \"nines\"`");
        }
        let pattern: TimePattern = self.pattern(KindName::Time, of_time)?;
        Some(Kind::Time { pattern, encoding: self.encoding(), none: self.none() })
    }

    pub(super) fn datetime(&self) -> Option<Kind> {
        let of_both = |pattern| if let Pattern::DateTime(pattern) = pattern { Some(pattern) } else { None };
        let yearless = matches!(self.inner(), Shape::MonthDayTime);
        let pattern = match (&self.attrs.len, &self.attrs.pattern) {
            (None, None) if yearless => {
                self.decimal()?;
                DateTimePattern::MmDdHhMmSs
            }
            _ => self.pattern(KindName::DateTime, of_both)?,
        };
        let without_year = pattern == DateTimePattern::MmDdHhMmSs;
        if yearless && !without_year {
            self.cx.error(self.ty, "a `MonthDayTime` is \"MMDDHHMMSS\"; a timestamp with a year is a `DateTime`");
            return None;
        }
        if without_year && matches!(self.inner(), Shape::DateTime) {
            self.cx.error(self.ty, "a timestamp without a year is a `MonthDayTime`");
            return None;
        }
        let pivot = self.pivot(pattern.has_short_year());
        Some(Kind::DateTime { pattern, encoding: self.encoding(), none: self.none(), pivot })
    }
}

/// The noun in messages: `date`, `time` or `timestamp`.
fn noun(kind: KindName) -> &'static str {
    kind.singular().trim_start_matches("a ")
}

/// The patterns and lengths of this kind, for messages.
fn lengths(kind: KindName, encoding: Encoding) -> String {
    let listed = match kind {
        KindName::Date => "dates are \"YYYYMMDD\" (8), \"YYMMDD\" (6), \"YYYYDDD\" (7) and \"MMDD\" (4, a `MonthDay`)",
        KindName::Time => "times are \"HHMMSS\" (6) and \"HHMM\" (4)",
        _ => "timestamps are \"YYYYMMDDHHMMSS\" (14), \"YYMMDDHHMMSS\" (12) and \"MMDDHHMMSS\" (10, a `MonthDayTime`)",
    };
    match encoding {
        Encoding::Packed => format!("{listed} before they are packed, two in a byte with the sign's half"),
        Encoding::Bcd => format!("{listed} before they are packed, two in a byte"),
        _ => listed.to_owned(),
    }
}
