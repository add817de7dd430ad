//! The lines of a record, as JSON. `tap` explains their keys. Other programs rely on them.

use fep_codec::{Record, json};
use fep_spec::framing::Framing;
use fep_spec::model::Spec;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::queue::Direction;
use crate::hex::hex;
use crate::time::Rfc3339;

/// How bytes are read, and what of them is shown.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) spec: Spec,
    pub(super) framing: Framing,
    /// The path of the trace number.
    pub(super) trace: Option<String>,
    /// Shows fields with hidden secrets in place of bytes.
    pub(super) masked: bool,
}

/// One line. A key that does not apply is absent.
#[derive(Debug, Default, Serialize)]
pub(super) struct Line<'l> {
    pub(super) number: u64,
    pub(super) at: String,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connection: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) direction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) listen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connect: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) telegram: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) len: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fields: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<String>,
}

impl Reader {
    /// The line of a frame.
    pub(super) fn frame(&self, connection: u64, direction: Direction, frame: &[u8]) -> Line<'_> {
        let bytes = self.framing.telegram(frame);
        let telegram = if bytes.is_empty() { None } else { self.spec.choose(bytes).ok() };
        let wanted = telegram.filter(|_| self.masked || self.trace.is_some());
        let record = wanted.and_then(|telegram| Record::decode(&telegram.layout, bytes).ok());
        let fields = record.map(|record| match self.masked {
            true => serde_json::to_value(record.masked()).unwrap_or_default(),
            false => record.to_json_value(),
        });
        let trace = fields.as_ref().and_then(Json::as_object).and_then(|fields| self.trace_of(fields));
        Line {
            kind: "frame",
            telegram: telegram.map(|telegram| telegram.name()),
            trace,
            fields: fields.filter(|_| self.masked),
            ..self.of_bytes(connection, direction, frame)
        }
    }

    /// The line of bytes that are no frame.
    pub(super) fn raw<'l>(&self, connection: u64, direction: Direction, bytes: &[u8], fault: &'l str) -> Line<'l> {
        Line { kind: "raw", fault: Some(fault), ..self.of_bytes(connection, direction, bytes) }
    }

    fn of_bytes<'l>(&self, connection: u64, direction: Direction, bytes: &[u8]) -> Line<'l> {
        Line {
            len: self.masked.then_some(bytes.len()),
            bytes: (!self.masked).then(|| hex(bytes)),
            ..Line::of(connection, Some(direction))
        }
    }

    fn trace_of(&self, fields: &Map<String, Json>) -> Option<String> {
        match json::get(fields, self.trace.as_deref()?)? {
            Json::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl Line<'_> {
    pub(super) fn of(connection: u64, direction: Option<Direction>) -> Self {
        Self { connection: Some(connection), direction: direction.map(Direction::word), ..Self::default() }
    }

    /// Appends the line to a text, with its number and its time in milliseconds since 1970.
    pub(super) fn append_to(mut self, number: u64, at_ms: i64, text: &mut Vec<u8>) {
        self.number = number;
        self.at = Rfc3339(at_ms).to_string();
        let start = text.len();
        match serde_json::to_writer(&mut *text, &self) {
            Ok(()) => text.push(b'\n'),
            // This cannot happen: the line has only string keys and finite numbers.
            Err(_) => text.truncate(start),
        }
    }
}
