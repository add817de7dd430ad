//! A framing in a few words, for a command line: `ascii4`, `stx-etx,check=bcc-xor`.
//!
//! ```text
//! ascii4                        { kind = "length", length_digits = 4 }
//! binary2,stripped              { kind = "length", length_bytes = 2, stripped = true }
//! stx-etx,check=bcc-xor         { kind = "stx-etx", check = "bcc-xor" }
//! terminated,end=ff             { kind = "terminated", end = "ff" }
//! ```
//!
//! The words become the table that a configuration has, so that there is one reader of both.

use std::fmt::Write as _;

use super::Framing;
use crate::document::Document;
use crate::model::Spec;
use crate::report::Source;

/// The words, with what they stand for. `4` is any number.
pub const WORDS: [(&str, &str); 10] = [
    ("ascii4", "a length of 4 digits, which is part of the telegram; `ascii4,stripped` if it is not"),
    ("ebcdic4", "the same in EBCDIC"),
    ("bcd4", "a length of 4 digits in 2 bytes"),
    ("binary2", "a length of 2 bytes, the most significant byte first"),
    ("little2", "the same, the least significant byte first"),
    ("stx-etx", "STX before and ETX behind; `stx-etx,check=bcc-xor` with a check byte"),
    ("lf", "a line end behind each telegram; also cr and crlf"),
    ("terminated,end=ff", "other bytes behind each telegram"),
    ("fixed300", "telegrams of 300 bytes"),
    ("code-table", "the first bytes of a telegram decide its length, as the spec says"),
];

impl Framing {
    /// The framing that these words stand for: one of [`WORDS`], and any keys of the table `framing` of a configuration, with commas
    /// between them. A key without a value is true.
    ///
    /// # Errors
    /// If there is no such word or key, or if the framing does not fit the telegrams of the spec. The text says what to write instead.
    pub fn of_words(words: &str, spec: &Spec, frame_max_bytes: usize) -> Result<Self, String> {
        let mut parts = words.split(',').map(str::trim);
        let mut keys = first(parts.next().unwrap_or_default())?;
        for part in parts {
            let (key, value) = part.split_once('=').map_or((part, "true"), |(key, value)| (key.trim(), value.trim()));
            let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let is_value = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !is_key || !is_value {
                return Err(format!("{part:?} is no key of a framing; write key=value"));
            }
            // `end = "10"` is text, although it looks like a number.
            let is_bare = key != "end" && (value.parse::<i64>().is_ok() || ["true", "false"].contains(&value));
            let quote = if is_bare { "" } else { "\"" };
            // Writing to a String cannot fail.
            let _ = write!(keys, ", {key} = {quote}{value}{quote}");
        }
        let document = Document::new(Source::new("--frame", format!("framing = {{ {keys} }}\n")));
        let framing = document.walk(|root| {
            let framing = Self::read(root.table("framing"), spec, frame_max_bytes);
            root.finish();
            framing
        });
        let report = document.into_report();
        match framing.filter(|_| !report.has_errors()) {
            Some(framing) => Ok(framing),
            None => Err(report.findings.first().map_or_else(String::new, |finding| match &finding.hint {
                Some(hint) => format!("{}; {hint}", finding.message),
                None => finding.message.clone(),
            })),
        }
    }
}

/// The keys of the first word.
fn first(word: &str) -> Result<String, String> {
    let digits = word.find(|character: char| character.is_ascii_digit()).unwrap_or(word.len());
    let (name, number) = word.split_at(digits);
    let number = (!number.is_empty()).then(|| number.parse::<u32>()).transpose();
    Ok(match (name, number) {
        ("length", Ok(None)) => "kind = \"length\"".to_owned(),
        ("ascii", Ok(Some(digits))) => format!("length_digits = {digits}"),
        ("ebcdic" | "bcd", Ok(Some(digits))) => format!("length_digits = {digits}, length_as = \"{name}\""),
        ("binary", Ok(Some(bytes))) => format!("length_bytes = {bytes}"),
        ("little", Ok(Some(bytes))) => format!("length_bytes = {bytes}, length_as = \"little-endian\""),
        ("cr" | "lf" | "crlf", Ok(None)) => format!("kind = \"terminated\", end = \"{name}\""),
        ("fixed", Ok(Some(len))) => format!("kind = \"fixed\", frame_len = {len}"),
        ("fixed" | "stx-etx" | "terminated" | "code-table", Ok(None)) => format!("kind = \"{name}\""),
        _ => {
            let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
            return Err(format!("{word:?} is no framing; write one of {}", words.join(", ")));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        let text = "spec = \"s\"\ntitle = \"t\"\nversion = \"1\"\nsource = \"t\"\ncharset = \"ascii\"\n\
                    [telegrams.Ask]\nwhen = { code = \"A\" }\n\
                    items = [{ name = \"code\", kind = \"text\", len = 1 }, { name = \"rest\", kind = \"text\", len = 3 }]\n";
        Spec::parse("s.toml", text).unwrap_or_else(|report| panic!("{}", report.render(false)))
    }

    /// Checks that a telegram in this framing has these bytes.
    fn check(words: &str, telegram: &[u8], frame: &[u8]) {
        let framing = Framing::of_words(words, &spec(), 1000).unwrap_or_else(|error| panic!("{words}: {error}"));
        assert_eq!(framing.frame(telegram.to_vec()).expect("a frame"), frame, "{words}");
        assert_eq!(framing.telegram(frame), telegram, "{words}");
    }

    #[test]
    fn words_stand_for_the_keys_of_a_configuration() {
        check("ascii4", b"0003abc", b"0003abc");
        check("ascii4,stripped", b"Aabc", b"0004Aabc");
        check("ascii4, stripped = true, counts = all", b"Aabc", b"0008Aabc");
        check("ebcdic4,stripped", b"Aabc", b"\xF0\xF0\xF0\xF4Aabc");
        check("bcd4,stripped", b"Aabc", b"\0\x04Aabc");
        check("binary2,stripped", b"Aabc", b"\0\x04Aabc");
        check("little2,stripped", b"Aabc", b"\x04\0Aabc");
        check("stx-etx,check=bcc-xor,check_over=text", b"AB", b"\x02AB\x03\x03");
        check("lf", b"Aabc", b"Aabc\n");
        check("terminated,end=10", b"Aabc", b"Aabc\x10");
        check("fixed4", b"Aabc", b"Aabc");
        check("code-table", b"Aabc", b"Aabc");
    }

    #[test]
    fn other_words_are_refused_with_those_that_exist() {
        let refused = |words: &str, expected: &str| {
            let error = Framing::of_words(words, &spec(), 1000).expect_err(words);
            assert!(error.contains(expected), "{words}: {error}");
        };
        refused("", "is no framing; write one of ascii4");
        refused("ascii", "is no framing");
        refused("ascii99999999999999999999", "is no framing");
        refused("ascii4,", "is no key of a framing; write key=value");
        refused("ascii4,end=\"x\" }", "is no key of a framing");
        refused("ascii4,chek=1", "chek");
        refused("fixed5", "`frame_len` is 5, and Ask has 4 bytes");
        refused("terminated", "`end` is missing");
        refused("ascii12", "length_digits");
    }
}
