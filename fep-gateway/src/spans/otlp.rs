//! Spans as bytes: the request `ExportTraceServiceRequest` of OTLP 1, in protobuf. Only what the gateway has is written.
//!
//! ```text
//! request ─ resource_spans 1 ─ resource 1 ─ attributes 1
//!                            └ scope_spans 2 ─ scope 1
//!                                            └ spans 2 ─ …       numbers are those of the fields in opentelemetry/proto/trace/v1
//! ```

use super::{Attribute, Span, SpanKind, SpanPlace};

/// The wire types of protobuf.
const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const BYTES: u8 = 2;
const FIXED32: u8 = 5;

/// The flag of a span that is recorded, as in `traceparent`.
const SAMPLED: u32 = 1;

/// `STATUS_CODE_ERROR`
const ERROR: u64 = 2;

/// What all spans of a process have: `service.name` and the like.
pub(super) type Resource = [(String, String)];

/// A message that is written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn tag(&mut self, field: u8, kind: u8) {
        self.varint(u64::from(field) << 3 | u64::from(kind));
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
            number >>= 7;
        }
        self.0.push(u8::try_from(number).unwrap_or_default());
    }

    fn number(&mut self, field: u8, number: u64) {
        self.tag(field, VARINT);
        self.varint(number);
    }

    fn fixed64(&mut self, field: u8, number: u64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn fixed32(&mut self, field: u8, number: u32) {
        self.tag(field, FIXED32);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, field: u8, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.tag(field, BYTES);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn attribute(&mut self, field: u8, name: &str, value: &Attribute) {
        let mut any = Self::default();
        match value {
            Attribute::Text(text) => any.bytes(1, text.as_bytes()),
            Attribute::Flag(flag) => any.number(2, u64::from(*flag)),
            Attribute::Number(number) => any.number(3, number.cast_unsigned()),
        }
        let mut pair = Self::default();
        pair.bytes(1, name);
        pair.bytes(2, any.0);
        self.bytes(field, pair.0);
    }

    fn place(&mut self, place: SpanPlace) {
        self.bytes(1, place.trace_id.to_be_bytes());
        self.bytes(2, place.span_id.to_be_bytes());
    }
}

/// The request that exports these spans.
pub(super) fn request(resource: &Resource, spans: &[Span]) -> Vec<u8> {
    let mut attributes = Message::default();
    for (name, value) in resource {
        attributes.attribute(1, name, &Attribute::Text(value.clone().into()));
    }
    let mut scope = Message::default();
    scope.bytes(1, env!("CARGO_PKG_NAME"));
    scope.bytes(2, env!("CARGO_PKG_VERSION"));
    let mut of_scope = Message::default();
    of_scope.bytes(1, scope.0);
    spans.iter().for_each(|span| of_scope.bytes(2, message(span).0));
    let mut of_resource = Message::default();
    of_resource.bytes(1, attributes.0);
    of_resource.bytes(2, of_scope.0);
    let mut request = Message::default();
    request.bytes(1, of_resource.0);
    request.0
}

fn message(span: &Span) -> Message {
    let mut message = Message::default();
    message.place(span.place);
    if span.parent_id != 0 {
        message.bytes(4, span.parent_id.to_be_bytes());
    }
    message.bytes(5, span.name.as_bytes());
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Consumer => 5,
    };
    message.number(6, kind);
    message.fixed64(7, span.start_ns);
    message.fixed64(8, span.end_ns);
    for (name, value) in &span.attributes {
        message.attribute(9, name, value);
    }
    for link in &span.links {
        let mut linked = Message::default();
        linked.place(*link);
        linked.fixed32(6, SAMPLED);
        message.bytes(13, linked.0);
    }
    if let Some(why) = &span.error {
        let mut status = Message::default();
        status.bytes(2, why.as_bytes());
        status.number(3, ERROR);
        message.bytes(15, status.0);
    }
    message.fixed32(16, SAMPLED);
    message
}

/// How many spans a collector refused, by the reply to a request that it took: `partial_success` 1 ─ `rejected_spans` 1. A reply that cannot be
/// read says nothing.
pub(super) fn rejected(reply: &[u8]) -> u64 {
    let count = || {
        let (partial, _) = field(reply, 1)?;
        let Found::Bytes(partial) = partial else { return None };
        match field(partial, 1)?.0 {
            Found::Number(count) => Some(count),
            Found::Bytes(_) => None,
        }
    };
    count().unwrap_or_default()
}

enum Found<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

/// The first field with this number, and what follows it.
fn field(mut rest: &[u8], wanted: u64) -> Option<(Found<'_>, &[u8])> {
    loop {
        let (tag, behind) = varint(rest)?;
        let (found, behind) = match u8::try_from(tag & 7).ok()? {
            VARINT => varint(behind).map(|(number, behind)| (Found::Number(number), behind))?,
            BYTES => {
                let (len, behind) = varint(behind)?;
                let (bytes, behind) = behind.split_at_checked(usize::try_from(len).ok()?)?;
                (Found::Bytes(bytes), behind)
            }
            _ => return None,
        };
        if tag >> 3 == wanted {
            return Some((found, behind));
        }
        rest = behind;
    }
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(u32::try_from(7 * at).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of the official Python protobufs: `ExportTraceServiceResponse(partial_success={"rejected_spans": 300, "error_message": "no"})`.
    #[test]
    fn a_collector_says_how_many_spans_it_refused() {
        assert_eq!(rejected(&[0x0a, 0x07, 0x08, 0xac, 0x02, 0x12, 0x02, 0x6e, 0x6f]), 300);
        for reply in [&[][..], &[0x0a], &[0x0a, 0x07, 0x08], &[0x0a, 0x00], &[0xff; 12], b"{}"] {
            assert_eq!(rejected(reply), 0, "{reply:?}");
        }
    }
}
