//! The name of an exchange. Notices have such names, too.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The permanent, unique name of one exchange: 22 hexadecimal digits. Names sort by time of acceptance.
///
/// ```text
///  0193a1b2c3d4  00002a  9f3e
///  └─ ms ─────┘  └ no ┘  └ origin: which process
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId([u8; ExchangeId::LEN]);

impl ExchangeId {
    /// The length of the binary form, in bytes.
    pub const LEN: usize = 11;

    /// Creates a name from the time of acceptance in milliseconds since 1970, a serial number of which 24 bits count, and
    /// a number that differs between processes.
    #[must_use]
    pub fn new(accepted_at_ms: i64, serial: u32, origin: u16) -> Self {
        let [_, _, ms @ ..] = accepted_at_ms.max(0).to_be_bytes();
        let [_, serial @ ..] = serial.to_be_bytes();
        let mut bytes = [0; Self::LEN];
        let parts = ms.iter().chain(&serial).chain(&origin.to_be_bytes()).copied().collect::<Vec<u8>>();
        bytes.copy_from_slice(&parts);
        Self(bytes)
    }

    /// The time of acceptance, in milliseconds since 1970.
    #[must_use]
    pub fn accepted_at_ms(&self) -> i64 {
        self.0.iter().take(6).fold(0, |ms, byte| ms << 8 | i64::from(*byte))
    }

    /// The binary form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The name with this binary form, or `None` if the length is wrong.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// Short names for tests: the text itself is the binary form, filled with zeros.
#[cfg(test)]
impl ExchangeId {
    pub(crate) fn named(text: &str) -> Self {
        let mut bytes = [0; Self::LEN];
        bytes.iter_mut().zip(text.bytes()).for_each(|(byte, letter)| *byte = letter);
        Self(bytes)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).trim_end_matches('\0').to_owned()
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each reply, log line and callback has a name. Formatting eleven numbers takes ten times as long.
        let mut digits = [0; 2 * Self::LEN];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
        }
        f.write_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

/// The hexadecimal digit of a number below 16.
fn digit(number: u8) -> u8 {
    number + if number < 10 { b'0' } else { b'a' - 10 }
}

impl fmt::Debug for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExchangeId({self})")
    }
}

/// The text is not the name of an exchange: it does not have 22 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnExchangeId;

impl fmt::Display for NotAnExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of an exchange has {} hexadecimal digits", 2 * ExchangeId::LEN)
    }
}

impl std::error::Error for NotAnExchangeId {}

impl FromStr for ExchangeId {
    type Err = NotAnExchangeId;

    fn from_str(text: &str) -> Result<Self, NotAnExchangeId> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotAnExchangeId),
        };
        let mut bytes = [0; Self::LEN];
        if text.len() != 2 * Self::LEN {
            return Err(NotAnExchangeId);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else { return Err(NotAnExchangeId) };
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for ExchangeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ExchangeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: NotAnExchangeId| serde::de::Error::custom(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_text_and_sorts_by_time() {
        let id = ExchangeId::new(0x0193_a1b2_c3d4, 0x0100_002a, 0x9f3e);
        assert_eq!(id.to_string(), "0193a1b2c3d400002a9f3e");
        assert_eq!((id.to_string().parse(), ExchangeId::from_bytes(id.as_bytes())), (Ok(id), Some(id)));
        assert_eq!(id.accepted_at_ms(), 0x0193_a1b2_c3d4);
        assert!(id < ExchangeId::new(0x0193_a1b2_c3d5, 0, 0));
        for wrong in
            ["", "0193a1b2c3d400002a9f3", "0193A1B2C3D400002A9F3E", "0193a1b2c3d400002a9f3g", "0193a1b2c3d400002a9f3e0"]
        {
            assert_eq!(wrong.parse::<ExchangeId>(), Err(NotAnExchangeId), "{wrong}");
        }
    }
}
