//! [`Text`]: the text of one field, stored inline.

use core::fmt;

use crate::charset::{Charset, DecodeOptions, Stop};

/// The text of a field of `N` bytes on the wire, without a heap.
///
/// The value is stored as UTF-8. One byte on the wire becomes at most three bytes of UTF-8 in every charset of this library, so
/// `3 * N` bytes have room for any text that the field can hold. A text that fits here can still be too long for the wire. Then the
/// encoder returns an error.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    utf8: [[u8; 3]; N],
    len: u16,
}

/// The error for a text that no field of this length can hold.
///
/// Its `Debug` is the message too, because `unwrap` shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextLenError {
    /// The length of the text in bytes of UTF-8.
    pub needed: usize,
    /// The number of bytes of UTF-8 that the value has room for.
    pub len: usize,
}

impl<const N: usize> Text<N> {
    /// Makes the value from a text.
    ///
    /// # Errors
    /// If the text has more than `3 * N` bytes in UTF-8.
    #[inline]
    pub fn new(text: &str) -> Result<Self, TextLenError> {
        let mut new = Self::default();
        let too_long = TextLenError { needed: text.len(), len: 3 * N };
        new.utf8.as_flattened_mut().get_mut(..text.len()).ok_or(too_long)?.copy_from_slice(text.as_bytes());
        new.len = u16::try_from(text.len()).map_err(|_| too_long)?;
        Ok(new)
    }

    /// Makes the value from ASCII bytes. `None` if there are more than `3 * N`.
    #[inline]
    pub(crate) fn from_ascii(text: &[u8]) -> Option<Self> {
        let mut new = Self::default();
        new.utf8.as_flattened_mut().get_mut(..text.len())?.copy_from_slice(text);
        new.len = u16::try_from(text.len()).ok()?;
        Some(new)
    }

    /// Makes the value from bytes in a charset.
    #[inline(always)]
    pub(crate) fn decode(charset: Charset, bytes: &[u8], how: DecodeOptions) -> Result<Self, Stop> {
        let mut new = Self::default();
        let len = charset.convert_into(bytes, how, new.utf8.as_flattened_mut())?;
        new.len = u16::try_from(len).map_err(|_| Stop::Full)?;
        Ok(new)
    }

    /// The text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        // The bytes are always whole characters, so this is never the default.
        core::str::from_utf8(self.as_utf8()).unwrap_or_default()
    }

    /// The bytes of the text in UTF-8, for callers that do not need a `&str`.
    #[inline]
    pub(crate) fn as_utf8(&self) -> &[u8] {
        self.utf8.as_flattened().get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl<const N: usize> Default for Text<N> {
    #[inline]
    fn default() -> Self {
        Self { utf8: [[0; 3]; N], len: 0 }
    }
}

impl<const N: usize> PartialEq for Text<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_utf8() == other.as_utf8()
    }
}

impl<const N: usize> Eq for Text<N> {}

impl<const N: usize> PartialOrd for Text<N> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for Text<N> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for TextLenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "needs {} bytes of UTF-8, the value has room for {}", self.needed, self.len)
    }
}

impl fmt::Debug for TextLenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextLenError({self})")
    }
}

impl core::error::Error for TextLenError {}
