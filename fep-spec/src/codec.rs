//! Telegrams between bytes and the JSON of the contract: `{"telegram": "Transfer", "fields": {…}}`.
//!
//! The fields themselves are `fep_codec`'s business; here stands the envelope that says which telegram they are.

use std::fmt;

use fep_codec::lenient::Lenient;
use fep_codec::{Error, Fault, Record, json};
use serde_json::Value as Json;

use crate::model::{SpecSet, TelegramSpec};

/// An envelope that cannot be used, or a telegram that cannot be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// The fields or bytes of a telegram.
    Telegram {
        /// Its name; empty if it is not known.
        name: String,
        /// What is wrong.
        error: Error,
    },
    /// The JSON around the fields, in one line.
    Envelope(String),
}

/// The telegram in these bytes as one line of JSON, or everything that is wrong with it. What may be forgiven is.
///
/// # Errors
/// All errors, [`fep_codec::survey::ERRORS_MAX`] at most.
pub fn decode(telegram: &TelegramSpec, bytes: &[u8], lenient: Lenient) -> Result<String, Vec<CodecError>> {
    let layout = &telegram.layout;
    Record::decode_lenient(layout, bytes, lenient).map(|record| line(&record)).map_err(|first| {
        let forgiven = |error: &Error| lenient.unknown_codes && *error.fault() == Fault::UnknownCode;
        let mut errors = layout.all_errors(&lenient.mend(layout, bytes));
        errors.retain(|error| !forgiven(error));
        if errors.is_empty() {
            errors.push(first);
        }
        errors.into_iter().map(|error| CodecError::of(telegram.name(), error)).collect()
    })
}

/// A telegram's fields in their envelope, as one line of JSON.
#[must_use]
pub fn line(record: &Record<'_>) -> String {
    // A record has string keys and finite numbers only, which is all that can go wrong in JSON.
    let fields = serde_json::to_string(record).unwrap_or_default();
    format!("{{\"telegram\":{},\"fields\":{fields}}}", Json::from(&*record.layout().name))
}

/// The bytes of a telegram with these fields.
///
/// # Errors
/// If a field is missing, unknown, or does not fit.
pub fn encode_fields(telegram: &TelegramSpec, fields: &Json) -> Result<Vec<u8>, CodecError> {
    Record::from_json_value(&telegram.layout, fields)
        .and_then(|record| record.encode())
        .map_err(|error| CodecError::of(telegram.name(), error))
}

/// Takes an envelope apart: the telegram's name, and its fields.
///
/// # Errors
/// If it is not exactly that.
pub fn open(envelope: &Json) -> Result<(&str, &Json), CodecError> {
    let wrong = |what: &str| CodecError::Envelope(format!("{what}; write {{\"telegram\": …, \"fields\": {{…}}}}"));
    let object = envelope.as_object().ok_or_else(|| wrong("not an object"))?;
    if let Some(key) = object.keys().find(|key| !["telegram", "fields"].contains(&key.as_str())) {
        return Err(wrong(&format!("unknown key `{key}`")));
    }
    let name = object.get("telegram").ok_or_else(|| wrong("`telegram` is missing"))?;
    let name = name.as_str().ok_or_else(|| wrong("`telegram` must be a string"))?;
    Ok((name, object.get("fields").ok_or_else(|| wrong("`fields` is missing"))?))
}

/// The bytes of the telegram in an envelope.
///
/// # Errors
/// If the specs have no such telegram, or its fields cannot be encoded.
pub fn encode(specs: &SpecSet, envelope: &Json) -> Result<Vec<u8>, CodecError> {
    let (name, fields) = open(envelope)?;
    encode_fields(specs.telegram(name).map_err(CodecError::Envelope)?, fields)
}

/// Cuts a text into its JSON values: one object a line as a rule, but any white space will do.
///
/// # Errors
/// At the first place that is not JSON. The values before it were handed out.
pub fn values(text: &str) -> impl Iterator<Item = Result<Json, CodecError>> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let mut start = 0;
    std::iter::from_fn(move || {
        let read = stream.next()?;
        let end = stream.byte_offset();
        let value = text.get(start..end).unwrap_or_default();
        start = end;
        // Read again with the codec's reader, which does not let the same key pass twice.
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

impl std::error::Error for CodecError {}
