//! By what other systems know a request: the headers `X-Request-Id`, `traceparent` and `tracestate` (W3C Trace Context). The first two are taken
//! into the journal and the log, the last is only passed on, and every response repeats a request ID. No other header of a client reaches a log, the journal or another program.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use fep_protocol::exchange::{Caller, RequestId, TraceState};

use super::access::Who;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// What the headers say. A header that is given twice or cannot be read counts as absent: the standard says so for `traceparent`, and a
/// request that moves money does not fail because of a name for a log.
pub(super) fn caller(headers: &HeaderMap, who: &Who) -> Caller {
    let traceparent = only(headers, TRACEPARENT).and_then(|parent| parent.parse().ok());
    Caller {
        client: who.name().map(Box::from),
        request_id: only(headers, REQUEST_ID.as_str()).and_then(|id| id.parse().ok()),
        traceparent,
        // Without the first one it means nothing, by the standard.
        tracestate: traceparent.and_then(|_| trace_state(headers)),
    }
}

/// The trace state of a request. Its header may be given several times, as one list.
fn trace_state(headers: &HeaderMap) -> Option<TraceState> {
    let parts: Result<Vec<_>, _> = headers.get_all(TRACESTATE).iter().map(HeaderValue::to_str).collect();
    parts.ok()?.join(",").parse().ok()
}

fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut given = headers.get_all(name).iter();
    let first = given.next()?.to_str().ok()?;
    given.next().is_none().then_some(first)
}

/// The request ID of a request, which the response repeats. A client whose ID cannot be used sees it by its absence.
#[derive(Debug)]
pub(super) struct RequestIdHeader(Option<HeaderValue>);

impl RequestIdHeader {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let id = only(headers, REQUEST_ID.as_str()).and_then(|id| id.parse::<RequestId>().ok());
        Self(id.and_then(|_| headers.get(REQUEST_ID).cloned()))
    }

    /// The request ID, if it can be used.
    pub(super) fn id(&self) -> Option<RequestId> {
        self.0.as_ref()?.to_str().ok()?.parse().ok()
    }

    pub(super) fn repeat(self, headers: &mut HeaderMap) {
        self.0.into_iter().for_each(|id| drop(headers.insert(REQUEST_ID, id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_counts_as_absent() {
        let said = |given: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let Caller { request_id, traceparent, tracestate: _, client: _ } = caller(&headers, &Who::Anybody);
            (request_id.map(|id| id.to_string()), traceparent.map(|parent| parent.to_string()))
        };
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(
            said(&[("x-request-id", "call-7"), (TRACEPARENT, parent)]),
            (Some("call-7".to_owned()), Some(parent.to_owned()))
        );
        for unusable in [
            &[][..],
            &[("x-request-id", "two words"), (TRACEPARENT, "00-0-0-0")],
            &[("x-request-id", "one"), ("x-request-id", "two"), (TRACEPARENT, parent), (TRACEPARENT, parent)],
        ] {
            assert_eq!(said(unusable), (None, None), "{unusable:?}");
        }
    }

    #[test]
    fn a_trace_state_is_a_list_and_means_nothing_without_a_trace() {
        let said = |given: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.append(*name, HeaderValue::from_static(value));
            }
            caller(&headers, &Who::Anybody).tracestate.map(|state| state.to_string())
        };
        let parent = (TRACEPARENT, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert_eq!(said(&[parent, (TRACESTATE, "a=1"), (TRACESTATE, "b=2")]), Some("a=1,b=2".to_owned()));
        for unusable in [
            &[(TRACESTATE, "a=1")][..],
            &[(TRACEPARENT, "00-0-0-0"), (TRACESTATE, "a=1")],
            &[parent, (TRACESTATE, "a=1"), (TRACESTATE, "a=2")],
            &[parent],
        ] {
            assert_eq!(said(unusable), None, "{unusable:?}");
        }
    }
}
