//! Conversion of telegrams between bytes and the JSON of the contract: `{"telegram": "Transfer", "fields": {…}}`.
//!
//! `fep_codec` converts the fields. This module adds the envelope, which names the telegram.

use std::fmt;

use fep_codec::lenient::{Forgiven, Lenient};
use fep_codec::{Error, Fault, Plan, Record, json};
use serde_json::Value as Json;

use crate::model::{SpecSet, TelegramSpec};

/// An envelope that cannot be used, or a telegram that cannot be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// A mistake in the fields or bytes of a telegram.
    Telegram {
        /// Its name; empty if it is not known.
        name: String,
        /// What is wrong.
        error: Error,
    },
    /// A mistake in the JSON around the fields, described in one line.
    Envelope(String),
}

/// Decodes a telegram to one line of JSON, by the plan of its layout. `lenient` names the deviations that are forgiven. Returns the line and what
/// was forgiven.
///
/// # Errors
/// All errors of the telegram, at most [`fep_codec::survey::ERRORS_MAX`].
pub fn decode(plan: &Plan<'_>, bytes: &[u8], lenient: Lenient) -> Result<(String, Vec<Forgiven>), Vec<CodecError>> {
    let layout = plan.layout();
    plan.decode_lenient(bytes, lenient).map(|(record, forgiven)| (line(&record), forgiven)).map_err(|first| {
        let forgiven = |error: &Error| lenient.unknown_codes && *error.fault() == Fault::UnknownCode;
        let mut errors = layout.all_errors(&lenient.mend(layout, bytes).0);
        errors.retain(|error| !forgiven(error));
        // What is not completed is no error of the bytes that are there.
        if errors.is_empty() || matches!(first.fault(), Fault::NotCompleted { .. }) {
            errors.push(first);
        }
        errors.into_iter().map(|error| CodecError::of(&layout.name, error)).collect()
    })
}

/// A telegram's fields in their envelope, as one line of JSON.
#[must_use]
pub fn line(record: &Record<'_>) -> String {
    // This cannot fail, because a record has only string keys and finite numbers.
    let fields = serde_json::to_string(record).unwrap_or_default();
    format!("{{\"telegram\":{},\"fields\":{fields}}}", Json::from(&*record.layout().name))
}

/// The bytes of a telegram with these fields. Those that its `when` names can be left out.
///
/// # Errors
/// If a field is missing, unknown, or does not fit, or if a field that `when` names has another value.
pub fn encode_fields(telegram: &TelegramSpec, fields: &Json) -> Result<Vec<u8>, CodecError> {
    Record::from_json_value(&telegram.layout, fields)
        .and_then(|mut record| {
            record.identify()?;
            record.encode()
        })
        .map_err(|error| CodecError::of(telegram.name(), error))
}

/// The keys that an envelope may have. What a sample shows, and the packet of a captured telegram and the side that sent it, are for
/// people and other programs.
const KEYS: [&str; 6] = ["telegram", "fields", "sample", "bytes", "packet", "from"];

/// Splits an envelope into the telegram's name and its fields. `bytes` may say what it encodes to: see
/// [`stated_bytes`]. `sample`, `packet` and `from` may say what the telegram shows, or where it was captured.
///
/// # Errors
/// If one of the two is missing, or if there is another key.
pub fn open(envelope: &Json) -> Result<(&str, &Json), CodecError> {
    let wrong = |what: &str| CodecError::Envelope(format!("{what}; write {{\"telegram\": …, \"fields\": {{…}}}}"));
    let object = envelope.as_object().ok_or_else(|| wrong("not an object"))?;
    if let Some(key) = object.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(wrong(&format!("unknown key `{key}`")));
    }
    if object.get("sample").is_some_and(|sample| !sample.is_string()) {
        return Err(wrong("`sample` must be a string"));
    }
    let name = object.get("telegram").ok_or_else(|| wrong("`telegram` is missing"))?;
    let name = name.as_str().ok_or_else(|| wrong("`telegram` must be a string"))?;
    Ok((name, object.get("fields").ok_or_else(|| wrong("`fields` is missing"))?))
}

/// Compares the bytes of a telegram with the hex digits that its envelope states, if it states any: a sample states them.
///
/// # Errors
/// If they differ. The error shows the first byte that does, and no content.
pub fn stated_bytes(envelope: &Json, encoded: &[u8]) -> Result<(), CodecError> {
    let Some(stated) = envelope.get("bytes") else { return Ok(()) };
    let digits =
        stated.as_str().ok_or_else(|| CodecError::Envelope("`bytes` must be a string of hex digits".to_owned()))?;
    let own: String = encoded.iter().map(|byte| format!("{byte:02x}")).collect();
    if own.eq_ignore_ascii_case(digits) {
        return Ok(());
    }
    let same = own.bytes().zip(digits.bytes()).take_while(|(own, stated)| own.eq_ignore_ascii_case(stated)).count();
    Err(CodecError::Envelope(format!(
        "`bytes` differ from the {} bytes that the fields make, from byte {} on; leave `bytes` out, or correct the fields",
        encoded.len(),
        same / 2
    )))
}

/// The fields in JSON that is given for this telegram: bare, or in an envelope that names the telegram.
///
/// An object with the key `telegram` or `fields` is an envelope, unless the telegram has an item of this name. If it has both items,
/// JSON that fits the telegram is taken as bare fields. `is_its_name` says whether a name other than the short one is the telegram's.
///
/// # Errors
/// If the envelope names another telegram, or lacks one of its two keys.
pub fn fields_of<'j>(
    telegram: &TelegramSpec,
    json: &'j Json,
    is_its_name: impl Fn(&str) -> bool,
) -> Result<&'j Json, CodecError> {
    let is_key = |name: &str| json.get(name).is_some() && telegram.layout.item(name).is_none();
    let fits = || Record::from_json_value(&telegram.layout, json).is_ok();
    let has_both = ["telegram", "fields"].into_iter().all(|name| telegram.layout.item(name).is_some());
    if !is_key("telegram") && !is_key("fields") && (!has_both || fits() || open(json).is_err()) {
        return Ok(json);
    }
    let (name, fields) = open(json)?;
    let own = telegram.name();
    if name == own || is_its_name(name) {
        return Ok(fields);
    }
    Err(CodecError::Envelope(format!(
        "the envelope names the telegram `{name}`, and `{own}` is asked for; leave one out"
    )))
}

/// The bytes of the telegram in an envelope.
///
/// # Errors
/// If the specs have no such telegram, or its fields cannot be encoded.
pub fn encode(specs: &SpecSet, envelope: &Json) -> Result<Vec<u8>, CodecError> {
    let (name, fields) = open(envelope)?;
    let encoded = encode_fields(specs.telegram(name).map_err(CodecError::Envelope)?, fields)?;
    stated_bytes(envelope, &encoded)?;
    Ok(encoded)
}

/// Splits a text into its JSON values. Usually there is one object per line, but any white space may separate them.
///
/// # Errors
/// At the first place that is not JSON. The values before it are returned first.
pub fn values(text: &str) -> impl Iterator<Item = Result<Json, CodecError>> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let mut start = 0;
    std::iter::from_fn(move || {
        let read = stream.next()?;
        let end = stream.byte_offset();
        let value = text.get(start..end).unwrap_or_default();
        start = end;
        // Read again with the codec's reader, which refuses duplicate keys.
        Some(match read {
            Ok(_) => json::parse(value).map_err(|error| CodecError::of("", error)),
            Err(error) => Err(CodecError::Envelope(format!("not JSON: {error}"))),
        })
    })
    .fuse()
}

impl CodecError {
    fn of(name: &str, error: Error) -> Self {
        Self::Telegram { name: name.to_owned(), error }
    }
}

/// One line: `Transfer: caller: amount (출금금액): is missing`.
impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Telegram { name, error } if name.is_empty() => write!(f, "{error}"),
            Self::Telegram { name, error } => write!(f, "{name}: {error}"),
            Self::Envelope(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for CodecError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Telegram { error, .. } => Some(error),
            Self::Envelope(_) => None,
        }
    }
}
