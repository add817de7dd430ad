//! JSON values in a stream, one after the other. Usually there is one object per line, but any white space may separate them.
//!
//! A value is cut out of the stream by its brackets and quotes alone, so that memory does not grow with the input. The codec's own
//! reader then reads it.

use std::fmt;
use std::io::{self, ErrorKind, Read};

use fep_codec::json;
use serde_json::Value as Json;

/// The maximum length of one JSON value, in bytes.
pub const VALUE_MAX_BYTES: usize = 1 << 26;

/// The number of bytes that are read at once.
const PIECE_BYTES: usize = 1 << 16;

/// An iterator over the values of a stream, each with the number of the line on which it begins. After an error nothing more comes.
#[derive(Debug)]
pub struct Values<R> {
    input: R,
    buffer: Vec<u8>,
    /// The bytes of the buffer before this one are used.
    start: usize,
    input_ended: bool,
    ended: bool,
    /// The line of the byte at `start`, from 1.
    line: u64,
    /// The offset in the input of the byte at `start`.
    offset: u64,
}

/// The reason why a stream has no further value.
#[derive(Debug)]
pub enum ValueError {
    /// The input cannot be read.
    Io(io::Error),
    /// The input is not UTF-8.
    NotUtf8 {
        /// The offset in the input of the first byte that is wrong.
        offset: u64,
    },
    /// The input is not JSON, or an object has a key twice.
    NotJson {
        /// The line of the mistake, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// A value has more than [`VALUE_MAX_BYTES`].
    TooLong {
        /// The line on which the value begins, from 1.
        line: u64,
    },
}

/// The position of a scan in a value.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    /// The number of bytes that were looked at.
    len: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl<R: Read> Values<R> {
    /// The values of this input.
    pub const fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), start: 0, input_ended: false, ended: false, line: 1, offset: 0 }
    }

    fn value(&mut self) -> Result<Option<(u64, Json)>, ValueError> {
        if !self.skip_blanks()? {
            return Ok(None);
        }
        let mut scan = Scan::default();
        while !scan.finds_end(self.buffer.get(self.start..).unwrap_or_default()) {
            if self.input_ended {
                break;
            }
            if scan.len > VALUE_MAX_BYTES {
                return Err(ValueError::TooLong { line: self.line });
            }
            self.read_more().map_err(ValueError::Io)?;
        }
        let line = self.line;
        let bytes = self.buffer.get(self.start..self.start + scan.len).unwrap_or_default();
        let text = std::str::from_utf8(bytes)
            .map_err(|error| ValueError::NotUtf8 { offset: self.offset + error.valid_up_to() as u64 })?;
        let value = json::parse(text).map_err(|error| not_json(line, &error.to_string()))?;
        self.skip(scan.len);
        Ok(Some((line, value)))
    }

    /// Skips white space. Returns `false` at the end of the input.
    fn skip_blanks(&mut self) -> Result<bool, ValueError> {
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
            let at_value = blanks < rest.len();
            self.skip(blanks);
            if at_value || self.input_ended {
                return Ok(at_value);
            }
            self.read_more().map_err(ValueError::Io)?;
        }
    }

    fn skip(&mut self, len: usize) {
        let skipped = self.buffer.get(self.start..self.start + len).unwrap_or_default();
        self.line += skipped.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.offset += len as u64;
        self.start += len;
    }

    fn read_more(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let end = self.buffer.len();
        self.buffer.resize(end + PIECE_BYTES, 0);
        let read = loop {
            match self.input.read(self.buffer.get_mut(end..).unwrap_or_default()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(end + *read.as_ref().unwrap_or(&0));
        self.input_ended = read? == 0;
        Ok(())
    }
}

impl<R: Read> Iterator for Values<R> {
    type Item = Result<(u64, Json), ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let value = self.value().transpose();
        self.ended = !matches!(value, Some(Ok(_)));
        value
    }
}

impl Scan {
    /// Looks at the bytes after those that were looked at before. Returns whether the value ends within them; then `len` is its length.
    fn finds_end(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes.iter().skip(self.len) {
            if self.depth == 0
                && !self.in_string
                && self.len > 0
                && matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'{' | b'[')
            {
                return true;
            }
            self.len += 1;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }
}

/// An error in a value that begins on this line. serde counts lines within the value.
fn not_json(line: u64, message: &str) -> ValueError {
    let message = message.trim_start_matches("caller: ");
    if let (Some(at), Some(column)) = (message.rfind(" at line "), message.rfind(" column "))
        && let Some(Ok(below)) = message.get(at + " at line ".len()..column).map(str::parse::<u64>)
        && let (Some(what), Some(column)) = (message.get(..at), message.get(column..))
    {
        return ValueError::NotJson { line: line + below.saturating_sub(1), what: format!("{what} at{column}") };
    }
    ValueError::NotJson { line, what: message.to_owned() }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot read the input: {error}"),
            Self::NotUtf8 { offset } => write!(f, "the input is not UTF-8 text, see byte {offset}"),
            Self::NotJson { line, what } => write!(f, "line {line}: {what}"),
            Self::TooLong { line } => write!(f, "line {line}: a JSON value has more than {VALUE_MAX_BYTES} bytes"),
        }
    }
}

impl std::error::Error for ValueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns one byte at a time.
    struct Drops<'b>(&'b [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let len = self.0.len().min(1).min(out.len());
            let (read, rest) = self.0.split_at(len);
            if let Some(out) = out.get_mut(..len) {
                out.copy_from_slice(read);
            }
            self.0 = rest;
            Ok(len)
        }
    }

    /// Each value with its line, and the error, in one line of text. The cuts of the input do not matter.
    fn check(input: &[u8], expected: &str) {
        let text = |values: Vec<Result<(u64, Json), ValueError>>| {
            let texts = values.into_iter().map(|value| match value {
                Ok((line, value)) => format!("{line} {value}"),
                Err(error) => error.to_string(),
            });
            texts.collect::<Vec<_>>().join(" | ")
        };
        assert_eq!(text(Values::new(input).collect()), expected);
        assert_eq!(text(Values::new(Drops(input)).collect()), expected);
    }

    #[test]
    fn a_value_knows_its_line() {
        check(b"", "");
        check(b" \n \r\n", "");
        check(b"{\"a\":1}\n\n{\"b\":\n2}\n3", "1 {\"a\":1} | 3 {\"b\":2} | 5 3");
        check(b"{}{}[1] 2 \"x\" {\"a\":\"}\\\"{\"}", "1 {} | 1 {} | 1 [1] | 1 2 | 1 \"x\" | 1 {\"a\":\"}\\\"{\"}");
        check("{\"이름\":\"김\"}".as_bytes(), "1 {\"이름\":\"김\"}");
    }

    #[test]
    fn an_error_ends_the_values() {
        check(b"{}\n}\n{}", "1 {} | line 2: not JSON: expected value at column 1");
        check(b"{\"a\": [1, 2", "line 1: not JSON: EOF while parsing a list at column 11");
        check(b"{\"a\":1,\n\"a\":2}", "line 2: not JSON: the key \"a\" stands twice in one object at column 3");
        check(b"{}\n\"\xff\"", "1 {} | the input is not UTF-8 text, see byte 4");
    }

    #[test]
    fn a_value_has_a_maximum_length() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                out.fill(b'[');
                Ok(out.len())
            }
        }
        let error = Values::new(Endless).next().expect("an error").expect_err("an endless value");
        assert_eq!(error.to_string(), "line 1: a JSON value has more than 67108864 bytes");
    }
}
