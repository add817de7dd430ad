//! [`Digits`]: a digit string that is not a number, stored inline.

use core::fmt;

use crate::swar::all_digits;

/// Up to `N` ASCII digits, stored without a heap: an account, a card, or a code whose zeros matter.
///
/// `N` is the field's length in bytes.
#[derive(Clone, Copy)]
pub struct Digits<const N: usize> {
    /// The bytes behind the digits can be anything.
    digits: [u8; N],
    len: u16,
}

/// The error for a text that is not a digit string or has too many digits.
///
/// It does not hold the text, which may be secret. Its `Debug` is the message too, because `unwrap` shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DigitsError {
    /// The largest number of digits allowed.
    pub max: usize,
    /// The number of characters in the text.
    pub chars: usize,
    /// The position of the first character that is no digit, in characters from 0. `None` if all are digits and they are too many.
    pub no_digit: Option<usize>,
}

impl<const N: usize> Digits<N> {
    /// Makes the value from a string of digits.
    ///
    /// # Errors
    /// If there are more than `N` digits, or a character that is not a digit.
    #[inline]
    pub fn new(digits: &str) -> Result<Self, DigitsError> {
        Self::from_bytes(digits.as_bytes()).ok_or_else(|| DigitsError {
            max: N,
            chars: digits.chars().count(),
            no_digit: digits.chars().position(|character| !character.is_ascii_digit()),
        })
    }

    /// Makes the value from bytes. `None` if there are more than `N`, or one is not a digit.
    #[inline]
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut digits = [0; N];
        all_digits(bytes).then_some(())?;
        digits.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self { digits, len: u16::try_from(bytes.len()).ok()? })
    }

    /// Makes the value from the first `len` bytes of a field, if they are digits: [`Digits::from_bytes`] without a loop of unknown
    /// length.
    #[inline(always)]
    pub(crate) fn at_the_start_of(field: &[u8; N], len: usize) -> Option<Self> {
        all_digits(field.get(..len)?).then_some(())?;
        Some(Self { digits: *field, len: u16::try_from(len).ok()? })
    }

    /// The digits as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes are always digits, so this is never the default.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The digits as ASCII bytes.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.digits.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl<const N: usize> Default for Digits<N> {
    fn default() -> Self {
        Self { digits: [0; N], len: 0 }
    }
}

impl<const N: usize> PartialEq for Digits<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for Digits<N> {}

impl<const N: usize> PartialOrd for Digits<N> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for Digits<N> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl<const N: usize> fmt::Display for Digits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Digits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for DigitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.no_digit {
            Some(at) => write!(f, "character {} of {} is no digit; ", at + 1, self.chars)?,
            None => write!(f, "{} digits are too many; ", self.chars)?,
        }
        write!(f, "expected at most {} digits and nothing else", self.max)
    }
}

impl fmt::Debug for DigitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigitsError({self})")
    }
}

impl core::error::Error for DigitsError {}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn an_error_says_which_character_and_never_the_text() {
        let error = |text: &str| format!("{:?}", Digits::<4>::new(text).unwrap_err());
        let expected = "DigitsError(character 3 of 3 is no digit; expected at most 4 digits and nothing else)";
        assert_eq!(error("12a"), expected);
        assert_eq!(error("1２3"), expected.replace("character 3", "character 2"));
        assert_eq!(error("12345"), "DigitsError(5 digits are too many; expected at most 4 digits and nothing else)");
    }
}
