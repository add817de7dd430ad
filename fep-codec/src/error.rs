//! Errors of a telegram: the culprit, the field, the bytes and the reason, but never the content of a secret field.
//!
//! A field kind reports a [`Fault`], which knows only the bytes of its field. The cursor turns it into an [`Error`] and adds the
//! field, its byte range and the culprit. Every enclosing part or group adds its name as the error is returned, so decoding without
//! an error pays nothing for paths. The content of a secret field is removed before the error is created.
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
//! assert_eq!(error.culprit(), Culprit::Peer); // who must fix it: the caller, the peer, or the spec
//! assert_eq!((error.path(), error.range(), error.found()), ("items[1].amount".into(), Some(6..10), Some(&b"0x02"[..])));
//! assert!(matches!(error.fault(), Fault::NotADigit { .. }));
//!
//! let error = Order::decode(b"x200010002").err().expect("a letter among digits");
//! assert_eq!(error.to_string(), "peer: pin, bytes 0..2: expected a digit, found another byte at byte 0");
//! assert!(error.is_secret() && error.found().is_none());
//! # }
//! ```

mod decimal;
mod quote;
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

/// The party that must fix the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Culprit {
    /// The service that gave the value.
    Caller,
    /// The institution that sent the bytes.
    Peer,
    /// The spec: no value and no bytes can be correct.
    Spec,
}

/// The reason why a telegram could not be encoded or decoded, with the path of the field and the bytes.
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
    /// Makes an error that concerns the whole telegram.
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

    /// Makes an error in a field. The path begins with the name of the field, if it has one. If the field is secret, its content is
    /// removed from the fault.
    #[cold]
    #[must_use]
    pub fn in_field(culprit: Culprit, fault: Fault, field: &Field) -> Self {
        let mut error = Self::new(culprit, if field.secret { fault.without_content() } else { fault });
        error.0.label = field.label.clone().into_owned();
        error.0.secret = field.secret;
        error.within(&field.name)
    }

    /// Puts the name of the enclosing part, group or field in front of the path. An empty name adds nothing.
    #[cold]
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        if !name.is_empty() {
            self.0.path.push(Segment::Name(name.into()));
        }
        self
    }

    /// Puts the index of a group's entry, from 0, in front of the path.
    #[cold]
    #[must_use]
    pub fn at_entry(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// Adds the byte range in the telegram, and the bytes themselves unless the field is secret.
    #[cold]
    #[must_use]
    pub fn at_bytes(mut self, range: Range<usize>, bytes: Option<&[u8]>) -> Self {
        if !self.0.secret {
            self.0.excerpt = bytes.map(<[u8]>::to_vec);
        }
        self.0.range = Some(range);
        self
    }

    /// The same error without its byte range: the bytes before the field are not known.
    #[cold]
    pub(crate) fn without_range(mut self) -> Self {
        self.0.range = None;
        self.0.excerpt = None;
        self
    }

    /// The same error in an item whose length another field states. If a field does not fit, the item ends, not the telegram.
    #[cold]
    pub(crate) fn in_stated(mut self, item: &str, stated: usize) -> Self {
        match &mut self.0.fault {
            Fault::Truncated { needed, left } => {
                self.0.fault = Fault::StatedTooShort { needed: *needed, left: *left, item: item.into(), stated };
            }
            Fault::StatedBeyondEnd { within: within @ None, .. } => *within = Some((item.into(), stated)),
            _ => {}
        }
        self
    }

    /// The party that must fix the problem.
    #[must_use]
    pub fn culprit(&self) -> Culprit {
        self.0.culprit
    }

    /// The fault, without the place.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// The path of the field, for example `body.items[3].amount`. It is empty if the error concerns the whole telegram.
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

    /// The name of the field on the sheet, or an empty string if it has none.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// The message without the culprit, the path and the bytes, for callers that show these separately.
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

    /// The range of the bytes that the error concerns, counted from the start of the telegram. `None` if it concerns no bytes.
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

/// The largest number of bytes of a field that an error shows.
const EXCERPT_MAX_BYTES: usize = 32;
