//! What a message of a topic asks for. Everything that is wrong with it has a code and a sentence; nothing in a message can stop the gateway.
//!
//! | header | meaning |
//! |---|---|
//! | `fep-institution`, `fep-telegram` | required: to whom which request goes |
//! | `idempotency-key` | required: the name of the order, 1 to 255 visible ASCII characters, the same if the message is sent again |
//! | `x-request-id`, `traceparent`, `tracestate` | as of a request over HTTP |
//! | `fep-schema` | the version of this schema, 1; absent means 1 |
//!
//! The value is the body of `POST /v1/institutions/{institution}/exchanges/{telegram}`. A message in a retry topic also has `fep-try`,
//! `fep-not-before`, `fep-history`, `fep-source` and `fep-journal`, which only the gateway writes.

use std::fmt;

use fep_protocol::exchange::{Caller, TraceState};

/// The version of the schema of messages. It changes when a program that writes them would have to change.
pub const VERSION: u32 = 1;

/// The longest value of a message, in bytes: that of a request over HTTP.
pub const VALUE_MAX_BYTES: usize = crate::http::BODY_MAX_BYTES;

/// The maximum number of headers, and the longest value of one, in bytes.
const HEADERS_MAX: usize = 64;
const HEADER_MAX_BYTES: usize = 4096;

/// The longest key of an order, in bytes.
const KEY_MAX_BYTES: usize = 255;

pub(crate) const INSTITUTION: &str = "fep-institution";
pub(crate) const TELEGRAM: &str = "fep-telegram";
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";
pub(crate) const REQUEST_ID: &str = "x-request-id";
pub(crate) const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
const SCHEMA: &str = "fep-schema";
pub(crate) const TRY: &str = "fep-try";
pub(crate) const NOT_BEFORE: &str = "fep-not-before";
pub(crate) const HISTORY: &str = "fep-history";
pub(crate) const SOURCE: &str = "fep-source";
pub(crate) const JOURNAL: &str = "fep-journal";

/// What the names of the gateway's headers begin with, and those that say why a message is a dead letter.
const PREFIX: &str = "fep-";
const DEAD_PREFIX: &str = "fep-dead-";
#[cfg_attr(not(any(feature = "kafka", test)), expect(dead_code, reason = "only messages of a broker need it"))]
pub(crate) const DEAD_CODE: &str = "fep-dead-code";
#[cfg_attr(not(any(feature = "kafka", test)), expect(dead_code, reason = "only messages of a broker need it"))]
pub(crate) const DEAD_REASON: &str = "fep-dead-reason";

/// The headers that only the gateway writes.
const OWN: [&str; 5] = [TRY, NOT_BEFORE, HISTORY, SOURCE, JOURNAL];

/// Whether only the gateway writes this header.
#[cfg_attr(not(any(feature = "kafka", test)), expect(dead_code, reason = "only messages of a broker need it"))]
pub(crate) fn is_own(name: &str) -> bool {
    OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) || name.starts_with(DEAD_PREFIX)
}

/// Whether this header names a message, or says what became of it. A dead letter that is too large for its topic has only these.
#[cfg_attr(not(any(feature = "kafka", test)), expect(dead_code, reason = "only messages of a broker need it"))]
pub(crate) fn names_it(name: &str) -> bool {
    name.starts_with(PREFIX) || name == IDEMPOTENCY_KEY
}

/// A message, as a broker gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicMessage {
    /// Messages with the same key stay in their order.
    pub key: Option<Vec<u8>>,
    /// The headers in their order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The value. `None` if it is too long to be kept.
    pub value: Option<Vec<u8>>,
}

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The institution.
    pub institution: String,
    /// The telegram.
    pub telegram: String,
    /// The name of the order.
    pub idempotency_key: String,
    /// By what other systems know it. It has no client.
    pub caller: Caller,
}

/// What a retry topic knows about a message besides the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The number of attempts before this one.
    pub tries: u32,
    /// When it may be tried again, in milliseconds since 1970.
    pub not_before_ms: i64,
    /// The reasons of the former attempts.
    pub history: String,
    /// Where the message was first, as `TOPIC/PARTITION/OFFSET`.
    pub source: Option<String>,
    /// The name of the journal that has its former attempts.
    pub journal: Option<String>,
}

/// Why a message cannot become a request. It contains nothing of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The stable code.
    pub code: &'static str,
    /// One sentence.
    pub why: String,
}

impl TopicMessage {
    /// The value of a header that is there once. `None` if it is absent.
    fn only(&self, name: &str) -> Result<Option<&str>, Bad> {
        let mut given = self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        let Some((_, first)) = given.next() else { return Ok(None) };
        if given.next().is_some() {
            return Err(Bad::new("bad_header", format!("the header {name} is given twice")));
        }
        let text = std::str::from_utf8(first).ok().filter(|text| !text.chars().any(char::is_control));
        text.map(Some).ok_or_else(|| Bad::new("bad_header", format!("the header {name} is not a line of UTF-8")))
    }

    /// The same without the text of a mistake: what names a request for a log is not worth a dead letter.
    pub(crate) fn said(&self, name: &str) -> Option<&str> {
        self.only(name).ok().flatten()
    }

    fn required(&self, name: &str, max_bytes: usize) -> Result<String, Bad> {
        let text = self.only(name)?.filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Bad::new("missing_header", format!("the header {name} is missing")))?;
        if text.len() > max_bytes {
            return Err(Bad::new("bad_header", format!("the header {name} is longer than {max_bytes} bytes")));
        }
        Ok(text.to_owned())
    }

    /// What it asks for.
    ///
    /// # Errors
    /// If a header is missing or cannot be read, or the message is too large.
    pub fn request(&self) -> Result<Request, Bad> {
        if self.headers.len() > HEADERS_MAX {
            return Err(Bad::new("too_many_headers", format!("the message has more than {HEADERS_MAX} headers")));
        }
        if let Some((name, _)) = self.headers.iter().find(|(_, value)| value.len() > HEADER_MAX_BYTES) {
            let name: String = name.chars().filter(|letter| !letter.is_control()).take(64).collect();
            return Err(Bad::new("bad_header", format!("the header {name} is longer than {HEADER_MAX_BYTES} bytes")));
        }
        if self.value.is_none() {
            return Err(Bad::new("too_large", format!("the value is longer than {VALUE_MAX_BYTES} bytes")));
        }
        if let Some(version) = self.only(SCHEMA)?.filter(|version| *version != VERSION.to_string()) {
            let version: String = version.chars().take(20).collect();
            return Err(Bad::new("other_schema", format!("the schema {version} is not known, only {VERSION} is")));
        }
        let idempotency_key = self.required(IDEMPOTENCY_KEY, KEY_MAX_BYTES)?;
        if !idempotency_key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(Bad::new("bad_header", "the header idempotency-key has other than visible ASCII characters"));
        }
        let traceparent = self.said(TRACEPARENT).and_then(|parent| parent.parse().ok());
        let tracestate = traceparent.and_then(|_| self.said(TRACESTATE)?.parse::<TraceState>().ok());
        let request_id = self.said(REQUEST_ID).and_then(|id| id.parse().ok());
        Ok(Request {
            institution: self.required(INSTITUTION, 400)?,
            telegram: self.required(TELEGRAM, 400)?,
            idempotency_key,
            caller: Caller { client: None, request_id, traceparent, tracestate },
        })
    }

    /// What a retry topic knows about it. A message with such headers in the topic of requests has written them itself, so they count only
    /// where the gateway writes.
    ///
    /// # Errors
    /// If a header cannot be read.
    pub fn past(&self) -> Result<Past, Bad> {
        let number = |name: &str| {
            let text = self.required(name, 20)?;
            let read = text.parse::<i64>().ok().filter(|number| *number >= 0);
            read.ok_or_else(|| Bad::new("bad_header", format!("the header {name} is not a number")))
        };
        let tries = u32::try_from(number(TRY)?).unwrap_or(u32::MAX);
        Ok(Past {
            tries: tries.max(1),
            not_before_ms: number(NOT_BEFORE)?,
            history: self.only(HISTORY)?.unwrap_or_default().to_owned(),
            source: self.only(SOURCE)?.map(str::to_owned),
            journal: Some(self.required(JOURNAL, 64)?),
        })
    }
}

impl Bad {
    pub(crate) fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(headers: &[(&str, &str)]) -> TopicMessage {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        TopicMessage { key: None, headers, value: Some(Vec::new()) }
    }

    const WHOLE: [(&str, &str); 3] = [(INSTITUTION, "bank-a"), (TELEGRAM, "Transfer"), (IDEMPOTENCY_KEY, "order-1")];

    #[test]
    fn a_dead_letter_without_its_value_still_says_what_it_is() {
        let kept = [INSTITUTION, TELEGRAM, IDEMPOTENCY_KEY, DEAD_CODE, DEAD_REASON, SOURCE, TRY, HISTORY];
        assert!(kept.into_iter().all(names_it));
        assert!(![REQUEST_ID, TRACEPARENT, "x-other"].into_iter().any(names_it));
        assert!([TRY, NOT_BEFORE, HISTORY, SOURCE, JOURNAL, DEAD_CODE, DEAD_REASON, "Fep-Try"].into_iter().all(is_own));
        assert!(![INSTITUTION, TELEGRAM, SCHEMA, IDEMPOTENCY_KEY].into_iter().any(is_own));
    }

    fn refused(headers: &[(&str, &str)]) -> &'static str {
        message(headers).request().unwrap_err().code
    }

    #[test]
    fn a_message_needs_its_headers_once_and_each_mistake_has_a_code() {
        let read = message(&WHOLE).request().unwrap();
        assert_eq!((&*read.institution, &*read.telegram, &*read.idempotency_key), ("bank-a", "Transfer", "order-1"));
        for at in 0..3 {
            let without: Vec<_> =
                WHOLE.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, header)| *header).collect();
            assert_eq!(refused(&without), "missing_header");
            assert_eq!(refused(&[&WHOLE[..], &WHOLE[at..=at]].concat()), "bad_header");
        }
        assert_eq!(refused(&[&WHOLE[..], &[(SCHEMA, "2")]].concat()), "other_schema");
        assert_eq!(refused(&[&WHOLE[..2], &[(IDEMPOTENCY_KEY, &*"k".repeat(256))]].concat()), "bad_header");
        assert_eq!(refused(&[&WHOLE[..2], &[(IDEMPOTENCY_KEY, "주문")]].concat()), "bad_header");
        assert_eq!(refused(&[("x", ""); 65]), "too_many_headers");
        let large = TopicMessage { value: None, ..message(&WHOLE) };
        assert_eq!(large.request().unwrap_err().code, "too_large");
        // A name for a log is not worth a dead letter.
        assert!(
            message(&[&WHOLE[..], &[(TRACEPARENT, "00-0-0-0"), (REQUEST_ID, "two words")]].concat()).request().is_ok()
        );
    }

    proptest! {
        #[test]
        fn no_message_is_a_panic(
            headers in prop::collection::vec(("(fep_(try|not_before|history|source|journal|schema|institution))|[a-z-]{0,9}", prop::collection::vec(any::<u8>(), 0..40)), 0..9),
        ) {
            let message = TopicMessage { key: None, headers, value: Some(Vec::new()) };
            let _ = (message.request(), message.past());
        }
    }
}
