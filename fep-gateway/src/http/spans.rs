//! The span of a request that came over HTTP, by the semantic conventions for HTTP servers. Without a tracer it is nothing.

use std::time::SystemTime;

use axum::http::StatusCode;
use fep_protocol::exchange::{Exchange, TraceParent};

use crate::spans::{Span, SpanKind, SpanPlace, Tracer, unix_ns};

/// A request that is being served. If it is dropped before its end, its client has gone.
#[derive(Debug)]
pub(super) struct Served<'t> {
    tracer: &'t Tracer,
    /// What the exchange gets as its parent.
    place: Option<TraceParent>,
    span: Option<Box<Span>>,
}

impl<'t> Served<'t> {
    /// Begins with the place in a trace that the client says.
    pub(super) fn new(tracer: &'t Tracer) -> Self {
        Self { tracer, place: None, span: None }
    }

    /// Takes the place in the trace of the client, and returns what the exchange gets as its parent.
    pub(super) fn enters(&mut self, client: Option<TraceParent>, route: &'static str) -> Option<TraceParent> {
        let place = self.tracer.entered(client);
        self.place = place;
        self.span = place.filter(TraceParent::is_sampled).map(|place| {
            let parent_id = client.map_or(0, |client| client.parent_id());
            let mut span = Span::new(SpanPlace::of(place), parent_id, format!("POST {route}"), SpanKind::Server);
            span.start_ns = unix_ns(SystemTime::now());
            span.set("http.request.method", Some("POST"));
            span.set("http.route", Some(route));
            Box::new(span)
        });
        place.or(client)
    }

    /// Notes the exchange that the reply is about. A replay shows an earlier exchange, which is in another trace.
    pub(super) fn shows(&mut self, exchange: &Exchange) {
        let Some(span) = &mut self.span else { return };
        span.describe(exchange);
        // The status of the response says it by the conventions.
        span.error = None;
        span.attributes.retain(|(name, _)| *name != "error.type");
        let caller = exchange.caller.as_deref();
        let is_own = caller.and_then(|caller| caller.traceparent) == self.place;
        span.set("fep.idempotent_replay", (!is_own).then_some(true));
        if !is_own {
            span.links.extend(self.tracer.exchange(&exchange.id, caller).map(|trace| trace.exchange));
        }
    }

    /// The response has this status.
    pub(super) fn ends(mut self, status: StatusCode) {
        if let Some(span) = &mut self.span {
            span.set("http.response.status_code", Some(i64::from(status.as_u16())));
            if status.is_server_error() {
                span.fails(status.as_str().to_owned());
            }
        }
        self.record();
    }

    fn record(&mut self) {
        let Some(span) = self.span.take() else { return };
        let start_ns = span.start_ns;
        self.tracer.record(span.lasting(start_ns, unix_ns(SystemTime::now())));
    }
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        if let Some(span) = &mut self.span {
            span.fails("client_gone");
        }
        self.record();
    }
}
