//! `[institutions.NAME.session.poll]`: frames that only show that the other side is alive. They need not be telegrams of the spec.

use fep_spec::document::{Located, Table};
use fep_spec::report::Code;

use super::Framing;

/// The polls of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollConfig {
    /// `request`, required: the content of a poll, as text, or as `hex:4842`. `""` is an empty frame.
    pub request: Vec<u8>,
    /// `answer`: the content of the answer to a poll. Default: polls are not answered.
    pub answer: Option<Vec<u8>>,
    /// `sends`, default false: whether the gateway polls, too, in place of an echo test. The institution always may.
    pub sends: bool,
    /// `proves`, default true: whether a poll of the institution shows that it is alive, as an answer does.
    pub proves: bool,
}

/// The maximum length of the content of a poll, in bytes.
const POLL_MAX_BYTES: usize = 64;

impl PollConfig {
    pub(super) fn read(table: Table<'_>, has_echo_test: bool) -> Self {
        let document = table.document();
        let request = table.required_string("request").map_or(Vec::new(), |text| content(&table, &text));
        let answer = table.string("answer").map(|text| content(&table, &text));
        let sends = table.boolean("sends");
        if let Some(sends) = sends.as_ref().filter(|sends| sends.value) {
            if answer.is_none() {
                let hint = "write `answer`: it proves that the institution is alive";
                document.error_hint(Code::MissingKey, sends.span.clone(), "a poll of ours needs an answer", hint);
            }
            if has_echo_test {
                let hint = "leave out `echo_test` or `sends`";
                let message = "a poll of ours stands in place of an echo test, and there is one";
                document.error_hint(Code::ConflictingKeys, sends.span.clone(), message, hint);
            }
        }
        let sends = sends.is_some_and(|sends| sends.value);
        let proves = table.boolean("proves").is_none_or(|proves| proves.value);
        table.finish();
        Self { request, answer, sends, proves }
    }

    /// The frames of the poll and of its answer.
    ///
    /// # Errors
    /// A text that says which of them the framing cannot carry.
    pub(crate) fn frames(&self, framing: &Framing) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
        let frame = |name: &str, content: &[u8]| {
            framing.frame(content.to_vec()).map_err(|error| format!("session.poll: `{name}` is no frame: {error}"))
        };
        let answer = self.answer.as_ref().map(|answer| frame("answer", answer)).transpose()?;
        Ok((frame("request", &self.request)?, answer))
    }
}

fn content(table: &Table<'_>, text: &Located<&str>) -> Vec<u8> {
    let bytes = match text.value.strip_prefix("hex:") {
        None => Some(text.value.as_bytes().to_vec()),
        Some(hex) => {
            let digits: Option<Vec<u8>> =
                hex.chars().filter(|digit| *digit != ' ').map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
            let pairs = digits.filter(|digits| digits.len().is_multiple_of(2));
            pairs.map(|digits| {
                digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit)).collect()
            })
        }
    };
    let bytes = bytes.filter(|bytes: &Vec<u8>| bytes.len() <= POLL_MAX_BYTES);
    if bytes.is_none() {
        let hint = "such as \"HB\", \"\" or \"hex:4842\"";
        let message = format!("a poll is a text or pairs of hexadecimal digits, at most {POLL_MAX_BYTES} bytes");
        table.document().error_hint(Code::BadValue, text.span.clone(), message, hint);
    }
    bytes.unwrap_or_default()
}
