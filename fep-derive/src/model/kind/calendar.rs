//! The rule of a date, a time or both. The length or the Rust type can determine the pattern.

use fep_core::blanks::BlankValue;
use fep_core::calendar::{DateForm, DatePattern, DateTimePattern, Pattern, Pieces, TimePattern};
use fep_core::encoding::Encoding;
use fep_core::kinds::KindName;

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
            let message = format!(
                "no {} has {} without a `pattern`; {instead}; other parts are stated: `pattern = \"DDMMYYYY\"`",
                noun(kind),
                bytes(len.value)
            );
            self.cx.error_at(len.span, message);
        }
        pattern
    }

    fn stated_pattern<P>(
        &self,
        given: &Given<Pattern>,
        kind: KindName,
        is_kind: impl Fn(Pattern) -> Option<P>,
    ) -> Option<P> {
        let label = given.value;
        let Some(pattern) = is_kind(given.value) else {
            self.cx.error_at(
                given.span,
                format_args!("\"{label}\" is no {}; {}", noun(kind), lengths(kind, self.encoding())),
            );
            return None;
        };
        if given.value.pieces().has_separators() && !self.encoding().is_zoned() {
            let message = "packed and bcd digits have no separators between them; leave them out of the pattern";
            self.cx.error_at(given.span, message);
            return None;
        }
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

    /// Reports blanks that are a date or time, too.
    fn check_blank_parts(&self, kind: KindName, pattern: &Pieces) {
        let Some(none) = &self.attrs.none else { return };
        if let Some(value) = BlankValue::of_pattern(none.value, self.encoding(), pattern, noun(kind)) {
            self.cx.error_at(none.span, format_args!("{value}; choose nines"));
        }
    }

    fn pivot(&self, two_digit_year: bool) -> Option<usize> {
        if let Some(at) = self.attrs.key("pivot").filter(|_| !two_digit_year) {
            self.cx.error_at(at, "a pivot is for two-digit years, and this pattern has none");
        }
        self.attrs.pivot.as_ref().map(|pivot| pivot.value)
    }

    /// The pattern of a type without a year or without a day, if no other one is stated.
    pub(super) fn pattern_of_type(&self) -> Option<Pattern> {
        match self.inner() {
            Shape::YearMonth => Some(Pattern::Date(DatePattern::YYYYMM)),
            Shape::MonthDay => Some(Pattern::Date(DatePattern::MMDD)),
            Shape::MonthDayTime => Some(Pattern::DateTime(DateTimePattern::MMDDHHMMSS)),
            _ => None,
        }
    }

    /// The pattern of a date or a timestamp: as written, of the type, or of the length.
    fn dated<P>(&self, kind: KindName, is_kind: impl Fn(Pattern) -> Option<P>) -> Option<P> {
        let Some(own) = self.pattern_of_type().filter(|_| !self.attrs.has("pattern")) else {
            return self.pattern(kind, is_kind);
        };
        self.decimal()?;
        let own_len = own.len(self.encoding());
        if let Some(len) = self.attrs.len.as_ref().filter(|len| len.value != own_len) {
            let message = format!("this type has {}, \"{own}\"; for other parts write the `pattern`", bytes(own_len));
            self.cx.error_at(len.span, message);
            return None;
        }
        is_kind(own)
    }

    pub(super) fn date(&self) -> Option<Kind> {
        let of_date = |pattern| if let Pattern::Date(pattern) = pattern { Some(pattern) } else { None };
        let pattern = self.dated(KindName::Date, of_date)?;
        let fits = match self.inner() {
            Shape::Date => pattern.form() == DateForm::Day,
            Shape::YearMonth => pattern.form() == DateForm::YearMonth,
            Shape::MonthDay => pattern.form() == DateForm::MonthDay,
            _ => true,
        };
        if !fits {
            let instead = match pattern.form() {
                DateForm::Day => "a date with year, month and day is a `Date`",
                DateForm::YearMonth => "a date without a day is a `YearMonth`",
                DateForm::MonthDay => "a date without a year is a `MonthDay`",
            };
            self.cx.error(self.ty, instead);
            return None;
        }
        let pivot = self.pivot(Pattern::Date(pattern).has_short_year());
        self.check_blank_parts(KindName::Date, pattern.pieces());
        Some(Kind::Date { pattern, encoding: self.encoding(), none: self.none(), pivot })
    }

    pub(super) fn time(&self) -> Option<Kind> {
        let of_time = |pattern| if let Pattern::Time(pattern) = pattern { Some(pattern) } else { None };
        if let Some(none) =
            self.attrs.none.as_ref().filter(|none| none.value.iter().any(|none| none.is_zeros(self.encoding())))
        {
            self.cx
                .error_at(none.span, "zeros are midnight; a missing time is `none = \"spaces\"` or `none = \"nines\"`");
        }
        let pattern: TimePattern = self.pattern(KindName::Time, of_time)?;
        self.check_blank_parts(KindName::Time, pattern.pieces());
        Some(Kind::Time { pattern, encoding: self.encoding(), none: self.none() })
    }

    pub(super) fn datetime(&self) -> Option<Kind> {
        let of_both = |pattern| if let Pattern::DateTime(pattern) = pattern { Some(pattern) } else { None };
        let pattern = self.dated(KindName::DateTime, of_both)?;
        match self.inner() {
            Shape::MonthDayTime if pattern.has_year() => {
                self.cx.error(self.ty, "a timestamp with a year is a `DateTime`");
                return None;
            }
            Shape::DateTime if !pattern.has_year() => {
                self.cx.error(self.ty, "a timestamp without a year is a `MonthDayTime`");
                return None;
            }
            _ => {}
        }
        let pivot = self.pivot(Pattern::DateTime(pattern).has_short_year());
        self.check_blank_parts(KindName::DateTime, pattern.pieces());
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
