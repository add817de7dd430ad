//! Reads what passed on a line from JSON lines: the record of `fep-gateway tap`, that of the simulator, or an export of the journal. What the
//! frames mean is not decided here.
//!
//! ```text
//! {"at":"2026-11-28T01:02:03.004Z","direction":"out","bytes":"30323936…"}
//! ```

use std::fmt;
use std::io::{BufRead, Read as _};

use serde::Deserialize;

use crate::time;

/// The maximum length of a line, in bytes.
const LINE_MAX_BYTES: u64 = 1 << 20;

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the institution.
    Out,
    /// From the institution.
    In,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Bytes that passed. They need not be a frame.
    Bytes(Direction, Vec<u8>),
    /// This number of bytes was not recorded.
    Lost(u64),
}

/// One line that says something about bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The number of the line, from 1.
    pub(crate) line: usize,
    /// When it was recorded, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// The institution, if the line says it.
    pub(crate) institution: Option<String>,
    /// The connection or the line of the institution, whichever the line says.
    pub(crate) connection: Option<String>,
    /// What it says.
    pub(crate) what: What,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PassedError {
    /// The number of the line, from 1.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) why: String,
}

impl fmt::Display for PassedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// The lines of a record, in their order. Lines without bytes are left out.
#[derive(Debug)]
pub(crate) struct PassedLines<R> {
    input: R,
    line: usize,
}

/// A line of the file. Other keys do not matter.
#[derive(Deserialize)]
struct Line {
    at: Option<String>,
    direction: Option<String>,
    bytes: Option<String>,
    institution: Option<String>,
    connection: Option<u64>,
    line: Option<String>,
    lost: Option<u64>,
}

impl<R: BufRead> PassedLines<R> {
    pub(crate) const fn new(input: R) -> Self {
        Self { input, line: 0 }
    }

    /// The next line. `None`: there is none.
    fn read(&mut self) -> Result<Option<Passed>, String> {
        loop {
            self.line += 1;
            let mut text = String::new();
            let read = self.input.by_ref().take(LINE_MAX_BYTES).read_line(&mut text).map_err(|why| why.to_string())?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 == LINE_MAX_BYTES && !text.ends_with('\n') {
                return Err(format!("it is longer than {LINE_MAX_BYTES} bytes"));
            }
            if text.trim().is_empty() {
                continue;
            }
            // The text of the error could show what the line says.
            let read: Result<Line, _> = serde_json::from_str(&text);
            let Line { at, direction, bytes, institution, connection, line, lost } = read.map_err(|error| {
                format!(
                    "no JSON object with `at`, `direction` and `bytes` as they are recorded, at column {}",
                    error.column()
                )
            })?;
            let at_ms = time::parse(&at.ok_or("`at` is missing")?)?;
            let what = match (direction.as_deref(), bytes, lost) {
                (_, _, Some(lost)) => What::Lost(lost),
                (Some("out"), Some(digits), None) => What::Bytes(Direction::Out, unhex(&digits)?),
                (Some("in"), Some(digits), None) => What::Bytes(Direction::In, unhex(&digits)?),
                (Some(_), Some(_), None) => return Err("`direction` is neither `out` nor `in`".to_owned()),
                _ => continue,
            };
            let connection = connection.map(|number| number.to_string()).or(line);
            return Ok(Some(Passed { line: self.line, at_ms, institution, connection, what }));
        }
    }
}

impl<R: BufRead> Iterator for PassedLines<R> {
    type Item = Result<Passed, PassedError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        read.map_err(|why| PassedError { line: self.line, why }).transpose()
    }
}

/// The bytes of hexadecimal digits.
fn unhex(digits: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect::<Option<_>>().ok_or_else(|| "`bytes` is no hexadecimal text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_tap_and_of_an_export() {
        let text = concat!(
            "{\"number\":1,\"at\":\"2026-11-28T01:02:03.004Z\",\"kind\":\"start\"}\n",
            "\n",
            "{\"at\":\"2026-11-28T01:02:03.005Z\",\"connection\":7,\"direction\":\"out\",\"bytes\":\"30ff\"}\n",
            "{\"at\":\"2026-11-28T01:02:04Z\",\"direction\":\"in\",\"bytes\":\"\"}\n",
            "{\"at\":\"2026-11-28T01:02:04Z\",\"kind\":\"lost\",\"direction\":\"in\",\"lost\":12}\n",
        );
        let lines: Vec<_> = PassedLines::new(text.as_bytes()).map(|line| line.unwrap()).collect();
        // 2026-11-28T01:02:03Z is 1795827723 seconds after 1970, by `date -d`.
        let at_ms = 1_795_827_723_005;
        let what = What::Bytes(Direction::Out, vec![0x30, 0xff]);
        let first = Passed { line: 3, at_ms, institution: None, connection: Some("7".to_owned()), what };
        let rest = [(4, What::Bytes(Direction::In, Vec::new())), (5, What::Lost(12))];
        let rest =
            rest.map(|(line, what)| Passed { line, at_ms: at_ms + 995, institution: None, connection: None, what });
        assert_eq!(lines, [vec![first], rest.to_vec()].concat());
    }

    #[test]
    fn a_line_has_a_limit() {
        let line = format!("{{\"at\":\"2026-11-28T01:02:04Z\",\"bytes\":\"{}", "30".repeat(1 << 19));
        let error = PassedLines::new(line.as_bytes()).next().unwrap().unwrap_err();
        assert_eq!(error.why, "it is longer than 1048576 bytes");
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (line, why) in [
            ("x", "no JSON object with `at`, `direction` and `bytes` as they are recorded, at column 1"),
            ("{\"at\":\"2026-11-28T01:02:04Z\",\"direction\":\"OUT\",\"bytes\":\"30\"}", "neither `out` nor `in`"),
            ("{\"at\":\"2026-11-28T01:02:04Z\",\"connection\":\"1002345678901\"}", "at column"),
            ("{\"at\":\"yesterday\"}", "a time is written"),
            ("{\"at\":\"2026-11-28T01:02:04Z\",\"direction\":\"in\",\"bytes\":\"3\"}", "no hexadecimal text"),
            ("{\"at\":\"2026-11-28T01:02:04Z\",\"direction\":\"in\",\"bytes\":\"3é\"}", "no hexadecimal text"),
        ] {
            let error = PassedLines::new(line.as_bytes()).next().unwrap().unwrap_err();
            assert!(error.line == 1 && error.why.contains(why) && !error.why.contains("1002345678901"), "{error}");
        }
    }
}
