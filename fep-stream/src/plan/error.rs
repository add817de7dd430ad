//! [`PlanError`]: a telegram cannot be read at fixed offsets.

use std::fmt;

use super::Plan;

/// Why the telegrams of a feed make no plan. The mistake is in the program that makes the plan, or in the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// The plan has no telegram.
    Empty,
    /// No literal and no `when` says which bytes the telegram is.
    NoMark {
        /// The telegram.
        telegram: String,
    },
    /// No bytes can have the value that `when` asks for.
    BadMark {
        /// The telegram.
        telegram: String,
    },
    /// The telegram has no such field.
    NoField {
        /// The telegram.
        telegram: String,
        /// The path that leads to no field.
        path: String,
        /// What the codec says about the path, with the name that was probably meant.
        why: String,
    },
    /// The field is behind something of varying length, in a group, or in a choice.
    NoFixedOffset {
        /// The telegram.
        telegram: String,
        /// The field.
        path: String,
    },
    /// The field of the number is no unsigned number and no digit string, filled with zeros, of one byte for each digit.
    NotDigits {
        /// The telegram.
        telegram: String,
        /// The field.
        path: String,
    },
    /// The numbers of two telegrams have different lengths, so they are not one sequence.
    OtherDigits {
        /// The telegram that was added later.
        telegram: String,
        /// The digits of its number.
        digits: u32,
        /// The telegram that was added first.
        other: String,
        /// The digits of its number.
        others: u32,
    },
    /// No sequence has so many digits, or begins with that number.
    NoNumbers {
        /// The telegram.
        telegram: String,
        /// The digits of its number.
        digits: u32,
        /// The number that the sequence is to begin with.
        first: u64,
    },
    /// The fields of the key are longer than [`Plan::KEY_MAX_BYTES`] together.
    LongKey {
        /// The telegram.
        telegram: String,
        /// The length in bytes.
        len: usize,
    },
}

/// One line, lower case.
impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the plan has no telegram: add those that the feed sends"),
            Self::NoMark { telegram } => {
                write!(
                    f,
                    "{telegram}: no literal and no `when` says which bytes are this telegram; add `when` to its spec"
                )
            }
            Self::BadMark { telegram } => write!(f, "{telegram}: no bytes can have the value of its `when`"),
            Self::NoField { telegram, path, why } => write!(f, "{telegram}: {path}: {why}"),
            Self::NoFixedOffset { telegram, path } => write!(
                f,
                "{telegram}: `{path}` has no fixed offset, because it is in a group or a choice or behind something of varying \
                 length; name a field before that"
            ),
            Self::NotDigits { telegram, path } => write!(
                f,
                "{telegram}: `{path}` is no number of a feed: that is an unsigned number filled with zeros, or a digit string, with \
                 one byte for each digit"
            ),
            Self::OtherDigits { telegram, digits, other, others } => write!(
                f,
                "{telegram}: its number has {digits} digits and that of {other} has {others}; a feed has one sequence, so make a \
                 receiver for each"
            ),
            Self::NoNumbers { telegram, digits, first } => {
                write!(
                    f,
                    "{telegram}: numbers of {digits} digits cannot begin with {first}; 1 to 18 digits can be a number"
                )
            }
            Self::LongKey { telegram, len } => write!(
                f,
                "{telegram}: the key has {len} bytes, at most {} are compared; name fewer fields",
                Plan::KEY_MAX_BYTES
            ),
        }
    }
}

impl std::error::Error for PlanError {}
