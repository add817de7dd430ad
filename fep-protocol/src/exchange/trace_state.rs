//! What tracing systems say about a request besides its place in the trace: the header `tracestate` of W3C Trace Context. It is passed on, and
//! nothing here reads it.

use std::fmt;
use std::str::FromStr;

/// The members of `tracestate`, such as `rojo=00f067aa0ba902b7,congo=t61rcWkgMzE`. What is longer than [`TraceState::MAX_BYTES`] is shortened as
/// the standard says: by whole members, long ones first, then from the end.
///
/// ```
/// use fep_protocol::exchange::TraceState;
///
/// let given: TraceState = "rojo=00f067aa0ba902b7 ,, congo=t61rcWkgMzE".parse()?;
/// assert_eq!(given.as_str(), "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
/// # Ok::<(), fep_protocol::exchange::NotATraceState>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(Box<str>);

/// The maximum number of members, and the longest name and value of one, in bytes.
const MEMBERS_MAX: usize = 32;
const PART_MAX_BYTES: usize = 256;

/// Members that are longer are the first to go.
const SHORT_MAX_BYTES: usize = 128;

impl TraceState {
    /// The longest text that is passed on, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// The text for the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TraceState {
    type Err = NotATraceState;

    /// Reads the members. Empty ones count as absent. A text with one that cannot be read is no trace state at all, and neither is one
    /// without members.
    fn from_str(text: &str) -> Result<Self, NotATraceState> {
        let members = text.split(',').map(|member| member.trim_matches([' ', '\t']));
        let mut members: Vec<&str> = members.filter(|member| !member.is_empty()).take(MEMBERS_MAX + 1).collect();
        let mut names = Vec::new();
        for member in &members {
            let (name, value) = member.split_once('=').ok_or(NotATraceState)?;
            if !is_name(name) || !is_value(value) || names.contains(&name) {
                return Err(NotATraceState);
            }
            names.push(name);
        }
        if members.is_empty() || members.len() > MEMBERS_MAX {
            return Err(NotATraceState);
        }
        let len = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>() - 1;
        while members.len() > 1 && len(&members) > Self::MAX_BYTES {
            let long = members.iter().rposition(|member| member.len() > SHORT_MAX_BYTES);
            members.remove(long.unwrap_or(members.len() - 1));
        }
        // A single member can be too long, too.
        if len(&members) > Self::MAX_BYTES { Err(NotATraceState) } else { Ok(Self(members.join(",").into())) }
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= PART_MAX_BYTES
        && name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || b"_-*/@".contains(&byte))
}

fn is_value(value: &str) -> bool {
    (1..=PART_MAX_BYTES).contains(&value.len())
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=')
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a [`TraceState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATraceState;

impl fmt::Display for NotATraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not a tracestate of W3C Trace Context: at most {MEMBERS_MAX} members such as name=value")
    }
}

impl std::error::Error for NotATraceState {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        text.parse::<TraceState>().ok().map(|state| state.to_string())
    }

    /// The examples of W3C Trace Context, section 3.3, and what it forbids.
    #[test]
    fn a_trace_state_is_read_as_the_standard_says() {
        for (given, expected) in [
            ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
            ("fw529a3039@dt=FfAgh,0tenant@x/y*z_-=a b", "fw529a3039@dt=FfAgh,0tenant@x/y*z_-=a b"),
            (" a=1 ,\t,b=2,", "a=1,b=2"),
        ] {
            assert_eq!(read(given).as_deref(), Some(expected), "{given:?}");
        }
        for bad in [
            "",
            " , ",
            "a",
            "a=",
            "=1",
            "A=1",
            "-a=1",
            "a b=1",
            "a=1=2",
            "a=1;b=2\u{7f}",
            "a=\n",
            "a=가",
            "a=1,a=2",
            "a=1,b",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert!(read(&format!("{}=1", "a".repeat(256))).is_some() && read(&format!("{}=1", "a".repeat(257))).is_none());
        assert!(read(&format!("a={}", "1".repeat(256))).is_some() && read(&format!("a={}", "1".repeat(257))).is_none());
    }

    #[test]
    fn a_trace_state_has_at_most_32_members_and_512_bytes() {
        let members = |count: usize, len: usize| {
            let member = |number: usize| format!("k{number:02}={}", "v".repeat(len - 4));
            (0..count).map(member).collect::<Vec<_>>()
        };
        assert_eq!(read(&members(32, 10).join(",")), Some(members(32, 10).join(",")));
        assert_eq!(read(&members(33, 10).join(",")), None);
        // 32 × 15 + 31 bytes are 511, and 32 × 16 + 31 are 543: the last two go, 30 × 16 + 29 are 509.
        assert_eq!(read(&members(32, 15).join(",")).map(|text| text.len()), Some(511));
        assert_eq!(read(&members(32, 16).join(",")), Some(members(30, 16).join(",")));
        // A long member goes before short ones behind it: 5 × 100 + 4 are 504.
        let long = format!("long={}", "v".repeat(130));
        let mut all = members(5, 100);
        all.insert(1, long);
        assert_eq!(read(&all.join(",")), Some(members(5, 100).join(",")));
        // 256 + 1 + 256 bytes are 513.
        assert_eq!(read(&format!("{}={}", "a".repeat(256), "1".repeat(256))), None);
    }
}
