//! Who asked for an exchange, and by what other systems know the request. Nothing here decides anything.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::trace_state::TraceState;

/// Who asked for an exchange, and by what other systems know the request. Nothing of it is secret. What the caller says itself is not
/// trusted: it serves to find the exchange from another log or from a trace of many services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The caller's name for its request, as in the header `X-Request-Id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The trace that the request belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// What tracing systems say about the request. It goes on with `traceparent`, and is not kept: after a restart it is gone.
    #[serde(skip)]
    pub tracestate: Option<TraceState>,
    /// The client that asked, if clients have names: the gateway found out who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Box<str>>,
}

impl Caller {
    /// Whether the caller says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A caller's name for its request: 1 to 128 letters, digits and `-_.:+/=@`, which need no escaping in a log, a header or JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RequestId(Box<str>);

impl RequestId {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = NotARequestId;

    fn from_str(text: &str) -> Result<Self, NotARequestId> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(&byte);
        let is_name = (1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(is_plain);
        is_name.then(|| Self(text.into())).ok_or(NotARequestId)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a [`RequestId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARequestId;

impl fmt::Display for NotARequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a request ID has 1 to {} letters, digits and -_.:+/=@", RequestId::MAX_BYTES)
    }
}

impl std::error::Error for NotARequestId {}

/// A position in a trace, as in the header `traceparent` of W3C Trace Context:
/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
///
/// ```
/// use fep_protocol::exchange::TraceParent;
///
/// let given: TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse()?;
/// assert_eq!(format!("{:032x}", given.trace_id()), "4bf92f3577b34da6a3ce929d0e0e4736");
/// # Ok::<(), fep_protocol::exchange::NotATraceParent>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: u128,
    parent_id: u64,
    flags: u8,
}

impl TraceParent {
    /// A position in a trace, or `None` if an ID is zero, which the standard forbids.
    #[must_use]
    pub fn new(trace_id: u128, parent_id: u64, flags: u8) -> Option<Self> {
        (trace_id != 0 && parent_id != 0).then_some(Self { trace_id, parent_id, flags })
    }

    /// The ID of the whole trace.
    #[must_use]
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The ID of the step that asked.
    #[must_use]
    pub fn parent_id(&self) -> u64 {
        self.parent_id
    }

    /// Whether the caller records the trace: the lowest bit of the flags.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The same trace with another step that asks. `None` if its ID is zero.
    #[must_use]
    pub fn with_parent(self, parent_id: u64) -> Option<Self> {
        Self::new(self.trace_id, parent_id, self.flags)
    }
}

impl FromStr for TraceParent {
    type Err = NotATraceParent;

    /// Reads the version 00, and what later versions have in common with it.
    fn from_str(text: &str) -> Result<Self, NotATraceParent> {
        let mut parts = text.split('-');
        let mut part = |len: usize| {
            let part = parts.next().filter(|part| part.len() == len)?;
            part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(part)
        };
        let mut read = || {
            let version = part(2).filter(|version| *version != "ff")?;
            let trace_id = u128::from_str_radix(part(32)?, 16).ok()?;
            let parent_id = u64::from_str_radix(part(16)?, 16).ok()?;
            let flags = u8::from_str_radix(part(2)?, 16).ok()?;
            Some((version, Self::new(trace_id, parent_id, flags)?))
        };
        let (version, read) = read().ok_or(NotATraceParent)?;
        match parts.next() {
            Some(_) if version == "00" => Err(NotATraceParent),
            _ => Ok(read),
        }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, self.flags)
    }
}

/// The text is not a [`TraceParent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATraceParent;

impl fmt::Display for NotATraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not a traceparent of W3C Trace Context: 00-(32 hex digits)-(16 hex digits)-(2 hex digits)")
    }
}

impl std::error::Error for NotATraceParent {}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceParent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RequestId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RequestId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_.:+/=@-]{1,128}$" })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for TraceParent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TraceParent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of W3C Trace Context, section 3.2, and what it forbids.
    #[test]
    fn a_trace_parent_is_read_as_the_standard_says() {
        let own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(own.parse::<TraceParent>().unwrap().to_string(), own);
        // A later version may have more parts behind those that are known.
        let later: TraceParent = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what".parse().unwrap();
        assert_eq!(later.to_string(), own);
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b70-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(bad.parse::<TraceParent>(), Err(NotATraceParent), "{bad}");
        }
    }

    #[test]
    fn a_request_id_cannot_forge_a_line_of_a_log() {
        for good in ["a", "018f3c2a-6c1e-7e3a-9d5b-1f0c9b6a7d11", "order:2026/11/28+7=@x_y.z", &"x".repeat(128)] {
            assert_eq!(good.parse::<RequestId>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\nb", "a\"b", "홍길동", "a,b", &"x".repeat(129)] {
            assert_eq!(bad.parse::<RequestId>(), Err(NotARequestId), "{bad}");
        }
    }
}
