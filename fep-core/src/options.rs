//! [`OptionName`]: the options of fields, and the kinds that have them.
//!
//! The derive and the spec library both read their keys from this table. Both also use it to report an option that does not
//! belong to the kind of its field.

use alloc::string::String;
use alloc::vec::Vec;

use crate::kinds::KindName;
use crate::kinds::KindName::{Code, Date, DateTime, Digits, Flag, Number, Text, Time};
use crate::words::{Word, words};

words! {
    /// An option that fields of some kinds have.
    pub enum OptionName {
        /// The charset on the wire.
        Charset = "charset",
        /// No padding: the value fills the field.
        Full = "full",
        /// The side of the field at which the value is.
        Justify = "justify",
        /// The byte that fills the field.
        Pad = "pad",
        /// What happens to a text that does not fit.
        Overflow = "overflow",
        /// Full-width letters (전각).
        Width = "width",
        /// A character that the charset lacks is written as one that looks alike.
        Compat = "compat",
        /// What happens to half a character at the end of a received field.
        Half = "half",
        /// The last SI of a received field may be missing.
        OpenShift = "open_shift",
        /// EBCDIC: the byte of a new line.
        Newline = "newline",
        /// How digits are stored in bytes.
        Encoding = "encoding",
        /// Where a number carries its sign.
        Sign = "sign",
        /// Implied decimals.
        Scale = "scale",
        /// The decimal point has a byte.
        Point = "point",
        /// Further forms that are read.
        Accepts = "accepts",
        /// The contents that mean "no value".
        None = "none",
        /// The most digits of a value.
        DigitsMax = "digits_max",
        /// The digits of a date or time.
        Pattern = "pattern",
        /// Where two-digit years change the century.
        Pivot = "pivot",
        /// The list of codes.
        Codes = "codes",
        /// Codes that are not on the list are refused.
        Closed = "closed",
        /// The byte for yes.
        Yes = "yes",
        /// The byte for no.
        No = "no",
    }
}

impl OptionName {
    /// The kinds that have the option.
    #[must_use]
    pub const fn kinds(self) -> &'static [KindName] {
        match self {
            Self::Charset => &[Text, Code],
            Self::Full => &[Text, Digits],
            Self::Justify | Self::Pad => &[Text, Digits, Number],
            Self::Overflow | Self::Width | Self::Compat | Self::Half | Self::OpenShift | Self::Newline => &[Text],
            Self::Encoding => &[Number, Digits, Date, Time, DateTime],
            Self::DigitsMax | Self::Accepts => &[Number, Digits],
            Self::Sign | Self::Scale | Self::Point => &[Number],
            Self::None => &[Number, Date, Time, DateTime],
            Self::Pattern => &[Date, Time, DateTime],
            Self::Pivot => &[Date, DateTime],
            Self::Codes | Self::Closed => &[Code],
            Self::Yes | Self::No => &[Flag],
        }
    }

    /// Whether fields of this kind have the option.
    #[must_use]
    pub fn is_of(self, kind: KindName) -> bool {
        self.kinds().contains(&kind)
    }

    /// The options of a kind.
    pub fn of(kind: KindName) -> impl Iterator<Item = Self> {
        Self::WORDS.iter().map(|(_, option)| *option).filter(move |option| option.is_of(kind))
    }

    /// The kinds that have the option, for messages: `numbers, dates and times`.
    #[must_use]
    pub fn kinds_listed(self) -> String {
        and_listed(&self.kinds().iter().map(|kind| kind.plural()).collect::<Vec<_>>())
    }
}

/// Lists the words: `a, b and c`.
#[must_use]
pub fn and_listed(words: &[&str]) -> String {
    let mut list = String::new();
    for (at, word) in words.iter().enumerate() {
        list.push_str(match words.len() - at {
            _ if at == 0 => "",
            1 => " and ",
            _ => ", ",
        });
        list.push_str(word);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_options_name_each_other() {
        assert_eq!(OptionName::of(Flag).collect::<Vec<_>>(), [OptionName::Yes, OptionName::No]);
        assert_eq!(OptionName::of(KindName::Bytes).count(), 0);
        assert_eq!(OptionName::None.kinds_listed(), "numbers, dates, times and timestamps");
        assert_eq!(OptionName::Sign.kinds_listed(), "numbers");
        assert_eq!(OptionName::of_word("digits_max"), Some(OptionName::DigitsMax));
        assert_eq!(OptionName::of_word("digit_max"), None);
    }
}
