//! Length words: the bytes before a record or a block that state its length, as mainframes and line protocols write them.
//!
//! ```text
//! RDW:  00 0E 00 00  D9 D6 E6 …     14 bytes: two of the number, two zeros, ten of the record
//! BDW:  00 20 00 00  RDW record  RDW record
//! ```

use alloc::vec;
use alloc::vec::Vec;

use super::fault::{FileFault, Measured, WordFault};
use crate::error::{Culprit, Error};
use crate::kind::FieldValue as _;
use crate::layout::{Encoding, LengthScope, NumberRule};

/// A word before a record or a block that states its length in bytes.
///
/// ```text
/// 00 0E 00 00  ten bytes      RDW: two bytes of the number, which counts the word too, and two zeros
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthWord {
    /// The number of bytes of the number.
    pub len: usize,
    /// The encoding of the number.
    pub encoding: Encoding,
    /// Whether the number counts the whole word too ([`LengthScope::All`]), or only the bytes behind it.
    pub counts: LengthScope,
    /// The number of bytes `00` before the number.
    pub zeros_before: usize,
    /// The number of bytes `00` behind the number.
    pub zeros: usize,
}

/// Blocks of records, each of which begins with a word that states its length. No record goes beyond the end of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockWord {
    /// The word.
    pub word: LengthWord,
    /// The maximum length of a block with its word, in bytes. The writer fills each block as far as whole records fit.
    pub max_bytes: usize,
}

impl LengthWord {
    /// The record descriptor word of mainframes: a binary number of two bytes, the most significant first, and two zeros. It counts
    /// itself.
    pub const RDW: Self =
        Self { len: 2, encoding: Encoding::Binary, counts: LengthScope::All, zeros_before: 0, zeros: 2 };

    /// The number of bytes of the word: its number with the zeros.
    #[must_use]
    pub const fn word_len(&self) -> usize {
        self.zeros_before.saturating_add(self.len).saturating_add(self.zeros)
    }

    /// The number of bytes behind the word that these bytes begin with.
    ///
    /// # Errors
    /// If the word is cut off, or is not such a word.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<usize, WordFault> {
        let word_len = self.word_len();
        let Some((word, _)) = bytes.split_at_checked(word_len) else {
            return Err(WordFault::CutOff { left: bytes.len(), needed: word_len });
        };
        let number = self.zeros_before..self.zeros_before.saturating_add(self.len);
        if let Some((at, byte)) = word.iter().enumerate().find(|(at, byte)| **byte != 0 && !number.contains(at)) {
            return Err(WordFault::NotZero { at, segment: Some(*byte).filter(|byte| *byte <= LAST_SEGMENT_CODE) });
        }
        let found = word.get(number.clone()).unwrap_or_default();
        let stated = u64::get(&self.rule(), found)
            .map_err(|fault| WordFault::NoNumber { error: Error::new(Culprit::Peer, fault).at_bytes(number, None) })?;
        let stated = usize::try_from(stated).unwrap_or(usize::MAX);
        match self.counts {
            LengthScope::Rest => Ok(stated),
            LengthScope::All => stated.checked_sub(word_len).ok_or(WordFault::TooSmall { stated, word_len }),
        }
    }

    /// The word before this number of bytes.
    ///
    /// # Errors
    /// If the number does not fit.
    pub(super) fn write(&self, len: usize) -> Result<Vec<u8>, WordFault> {
        let stated = match self.counts {
            LengthScope::Rest => len,
            LengthScope::All => len.saturating_add(self.word_len()),
        };
        let mut word = vec![0; self.word_len()];
        let number = self.zeros_before..self.zeros_before.saturating_add(self.len);
        let place = word.get_mut(number.clone()).unwrap_or_default();
        match (stated as u64).put(&self.rule(), place) {
            Ok(()) => Ok(word),
            Err(fault) => Err(WordFault::NoNumber { error: Error::new(Culprit::Caller, fault).at_bytes(number, None) }),
        }
    }

    const fn rule(&self) -> NumberRule {
        NumberRule { encoding: self.encoding, ..NumberRule::UNSIGNED }
    }
}

impl BlockWord {
    /// The block descriptor word of mainframes: as [`LengthWord::RDW`], before a block. The writer makes blocks of at most 32,760
    /// bytes, the most that z/OS allows.
    pub const BDW: Self = Self { word: LengthWord::RDW, max_bytes: 32_760 };
}

impl Measured {
    /// A fault of the word before it.
    #[cold]
    pub(super) const fn fault(self, what: WordFault) -> FileFault {
        FileFault::LengthWord { of: self, what }
    }
}

/// The largest code of a segment of a spanned record, in the third byte of an RDW: first, last, middle.
const LAST_SEGMENT_CODE: u8 = 3;
