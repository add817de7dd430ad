//! [`KindName`]: the kinds of fields, by the words of attributes, spec files and documents.

use crate::words::words;

words! {
    /// The kind of a field with a value.
    pub enum KindName {
        /// Characters, padded.
        Text = "text",
        /// A string of digits that is not a number.
        Digits = "digits",
        /// A zero-filled number.
        Number = "number",
        /// A calendar date.
        Date = "date",
        /// A time of day.
        Time = "time",
        /// A date and a time of day.
        DateTime = "datetime",
        /// One of a list of codes.
        Code = "code",
        /// Yes or no.
        Flag = "flag",
        /// Raw bytes.
        Bytes = "bytes",
    }
}

impl KindName {
    /// The plural noun for fields of this kind in messages: `numbers`.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Digits => "digits",
            Self::Number => "numbers",
            Self::Date => "dates",
            Self::Time => "times",
            Self::DateTime => "timestamps",
            Self::Code => "codes",
            Self::Flag => "flags",
            Self::Bytes => "bytes",
        }
    }

    /// The noun for one field of this kind in messages: `a number`.
    #[must_use]
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Text => "a text field",
            Self::Digits => "a digits field",
            Self::Number => "a number",
            Self::Date => "a date",
            Self::Time => "a time",
            Self::DateTime => "a timestamp",
            Self::Code => "a code",
            Self::Flag => "a flag",
            Self::Bytes => "a bytes field",
        }
    }

    /// Whether the value can be missing, because some contents mean "no value".
    #[must_use]
    pub const fn can_be_none(self) -> bool {
        match self {
            Self::Number | Self::Date | Self::Time | Self::DateTime => true,
            Self::Text | Self::Digits | Self::Code | Self::Flag | Self::Bytes => false,
        }
    }

    /// Whether the field can be as long as its value. Values of the other kinds have one length.
    #[must_use]
    pub const fn can_be_tail(self) -> bool {
        match self {
            Self::Text | Self::Digits | Self::Bytes => true,
            Self::Number | Self::Date | Self::Time | Self::DateTime | Self::Code | Self::Flag => false,
        }
    }
}
