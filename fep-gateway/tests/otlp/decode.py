"""Reads what a collector got, with the official protobufs of OpenTelemetry. stdin: one request of OTLP in each line, as hexadecimal
digits. stdout: a JSON list of spans, each with the attributes of its resource."""
import json
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


def attributes(pairs):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def unknown(message):
    """Whether a message has bytes that the schema does not know."""
    again = type(message)()
    again.CopyFrom(message)
    again.DiscardUnknownFields()
    return again.ByteSize() != message.ByteSize()


spans = []
for line in sys.stdin:
    request = ExportTraceServiceRequest.FromString(bytes.fromhex(line))
    assert not unknown(request), request
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                assert (len(span.trace_id), len(span.span_id)) == (16, 8), span
                assert len(span.parent_span_id) in (0, 8), span
                spans.append({
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "name": span.name,
                    "kind": Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano,
                    "attributes": attributes(span.attributes),
                    "links": [[link.trace_id.hex(), link.span_id.hex()] for link in span.links],
                    "status": Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_"),
                    "why": span.status.message,
                    "flags": span.flags,
                    "scope": scope.scope.name,
                    "resource": attributes(resource.resource.attributes),
                })
json.dump(spans, sys.stdout)
