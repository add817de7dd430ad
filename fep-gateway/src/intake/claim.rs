//! A claim: which journal may have begun messages that are not committed yet, and how far.
//!
//! ```text
//! offset   100   101   102   103   104   105
//!          ▲                       ▲
//!          committed               begun up to: the messages 100 … 103 may have been sent by the journal of the claim
//! ```
//!
//! It stands in the metadata of the committed offset, so it is written in one step with the offset, and a member that lost its partition cannot
//! write it: the broker refuses a commit of an old generation. Who takes the partition over reads it first.

use std::fmt;

/// A claim on a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The name of the journal, in hexadecimal digits.
    pub journal: String,
    /// The first offset that nobody began.
    pub begun_up_to: i64,
}

/// The version in the text.
const PREFIX: &str = "fep1 ";

/// The longest name of a journal.
const JOURNAL_MAX_BYTES: usize = 64;

impl Claim {
    /// Reads the metadata of a committed offset. Another program's text is no claim.
    #[must_use]
    pub fn read(metadata: &str) -> Option<Self> {
        let (journal, begun_up_to) = metadata.strip_prefix(PREFIX)?.split_once(' ')?;
        let is_name =
            (1..=JOURNAL_MAX_BYTES).contains(&journal.len()) && journal.bytes().all(|byte| byte.is_ascii_hexdigit());
        let begun_up_to = begun_up_to.parse().ok().filter(|offset| *offset >= 0)?;
        is_name.then(|| Self { journal: journal.to_owned(), begun_up_to })
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{} {}", self.journal, self.begun_up_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_as_it_is_written_and_nothing_else_is_one() {
        let claim = Claim { journal: "00ff".to_owned(), begun_up_to: 104 };
        assert_eq!(claim.to_string(), "fep1 00ff 104");
        assert_eq!(Claim::read(&claim.to_string()), Some(claim));
        for other in ["", "fep1", "fep1 00ff", "fep1 00ff -1", "fep1 00ff x", "fep1  5", "fep2 00ff 5", "fep1 zz 5"] {
            assert_eq!(Claim::read(other), None, "{other:?}");
        }
    }
}
