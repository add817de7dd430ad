//! What can be wrong with a telegram: whose fault, which field, which byte - never the secret.
//!
//! A field kind reports a [`Fault`], which knows only the field's own bytes. The cursor makes an [`Error`] of it, adding the
//! field, its byte range and the culprit, and every enclosing part or group adds its name on the way out. So the happy path
//! pays nothing for paths. The content of a secret field is taken out before the error exists.
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use fep_codec::{Culprit, Decode, Digits, Fault, Telegram};
//!
//! #[derive(Telegram)]
//! struct Item {
//!     #[field(len = 4, label = "금액")]
//!     amount: u32,
//! }
//!
//! #[derive(Telegram)]
//! struct Order {
//!     #[field(secret)]
//!     pin: Digits<2>,
//!     #[field(group)]
//!     items: [Item; 2],
//! }
//!
//! let error = Order::decode(b"1200010x02").err().expect("a letter in a number");
//! assert_eq!(error.to_string(), "peer: items[1].amount (금액), bytes 6..10: expected a digit, found 'x' (78) at byte 7, hex 30 78 30 32");
//! assert_eq!(error.culprit(), Culprit::Peer); // the caller, the peer, or the spec has to mend it
//! assert_eq!((error.path(), error.range(), error.found()), ("items[1].amount".into(), Some(6..10), Some(&b"0x02"[..])));
//! assert!(matches!(error.fault(), Fault::NotADigit { .. }));
//!
//! let error = Order::decode(b"x200010002").err().expect("a letter among digits");
//! assert_eq!(error.to_string(), "peer: pin, bytes 0..2: expected a digit, found another byte at byte 0");
//! assert!(error.is_secret() && error.found().is_none());
//! # }
//! ```

mod decimal;
mod fault;
mod found;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

pub(crate) use self::decimal::Decimal;
pub use self::fault::Fault;
use crate::layout::Field;

/// Who has to mend something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Culprit {
    /// The service that gave us the value.
    Caller,
    /// The institution that sent the bytes.
    Peer,
    /// The spec: no value and no bytes could be right.
    Spec,
}

/// Why a telegram could not be encoded or decoded, with the field path and the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    culprit: Culprit,
    fault: Fault,
    /// Innermost first.
    path: Vec<Segment>,
    label: String,
    range: Option<Range<usize>>,
    excerpt: Option<Vec<u8>>,
    secret: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Name(Box<str>),
    Index(usize),
}

impl Error {
    /// An error that concerns the telegram as a whole.
    #[cold]
    #[must_use]
    pub fn new(culprit: Culprit, fault: Fault) -> Self {
        Self(Box::new(Inner {
            culprit,
            fault,
            path: Vec::new(),
            label: String::new(),
            range: None,
            excerpt: None,
            secret: false,
        }))
    }

    /// An error in a field: its name begins the path, and what the fault says of a secret field's content is dropped.
    #[cold]
    #[must_use]
    pub fn in_field(culprit: Culprit, fault: Fault, field: &Field) -> Self {
        let mut error = Self::new(culprit, if field.secret { fault.without_content() } else { fault });
        error.0.label = field.label.clone().into_owned();
        error.0.secret = field.secret;
        error.within(&field.name)
    }

    /// Puts the name of the enclosing part, group or field in front of the path.
    #[cold]
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        self.0.path.push(Segment::Name(name.into()));
        self
    }

    /// Puts the number of a group's entry, from 0, in front of the path.
    #[cold]
    #[must_use]
    pub fn at_entry(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// Says which bytes of the telegram are meant, and shows them unless the field is secret.
    #[cold]
    #[must_use]
    pub fn at_bytes(mut self, range: Range<usize>, bytes: Option<&[u8]>) -> Self {
        if !self.0.secret {
            self.0.excerpt = bytes.map(<[u8]>::to_vec);
        }
        self.0.range = Some(range);
        self
    }

    /// Who has to mend it.
    #[must_use]
    pub fn culprit(&self) -> Culprit {
        self.0.culprit
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// The field's path, `body.items[3].amount`; empty if the telegram as a whole is meant.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Segment::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }

    /// The field's name on the sheet; empty if it has none.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// What is wrong, without the culprit, the path and the bytes: for places that show those themselves.
    #[must_use]
    pub fn message(&self) -> String {
        struct Message<'e>(&'e Error);
        impl fmt::Display for Message<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.0.fault.describe(f, self.0.start())
            }
        }
        Message(self).to_string()
    }

    fn start(&self) -> usize {
        self.0.range.as_ref().map_or(0, |range| range.start)
    }

    /// The bytes that are meant, counted from the start of the telegram.
    #[must_use]
    pub fn range(&self) -> Option<Range<usize>> {
        self.0.range.clone()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

/// One line, lower case: `peer: items[1].amount (거래금액), bytes 217..230: expected a digit, found 'x' (78) at byte 219`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.culprit {
            Culprit::Caller => "caller: ",
            Culprit::Peer => "peer: ",
            Culprit::Spec => "spec: ",
        })?;
        let path = self.path();
        if !path.is_empty() {
            f.write_str(&path)?;
            if !self.0.label.is_empty() {
                write!(f, " ({})", self.0.label)?;
            }
        }
        if let Some(range) = &self.0.range {
            let comma = if path.is_empty() { "" } else { ", " };
            write!(f, "{comma}bytes {}..{}", range.start, range.end)?;
        }
        if !path.is_empty() || self.0.range.is_some() {
            f.write_str(": ")?;
        }
        self.0.fault.describe(f, self.start())?;
        if let Some(bytes) = &self.0.excerpt {
            f.write_str(", hex")?;
            for byte in bytes.iter().take(EXCERPT_MAX_BYTES) {
                write!(f, " {byte:02x}")?;
            }
            if bytes.len() > EXCERPT_MAX_BYTES {
                write!(f, " … ({} bytes)", bytes.len())?;
            }
        }
        Ok(())
    }
}

impl core::error::Error for Error {}

/// How many bytes of a field an error shows.
const EXCERPT_MAX_BYTES: usize = 32;
