//! Who decides what is recorded, and what follows from a name.

use super::*;

#[derive(Debug)]
struct Nowhere;

impl SpanSink for Nowhere {
    fn take(&self, _: Span) {}
}

fn parent(flags: u8) -> TraceParent {
    TraceParent::new(7, 9, flags).unwrap()
}

fn caller(traceparent: TraceParent) -> Caller {
    Caller { traceparent: Some(traceparent), ..Caller::default() }
}

#[test]
fn without_a_sink_nothing_has_a_place() {
    let off = Tracer::default();
    let id = ExchangeId::new(1, 2, 3);
    assert_eq!((off.entered(Some(parent(1))), off.exchange(&id, None), off.notice(&id)), (None, None, None));
}

#[test]
fn a_caller_decides_whether_its_trace_is_recorded() {
    let id = ExchangeId::new(1, 2, 3);
    for sampled in [0, 1000] {
        let tracer = Tracer::new(Nowhere, sampled);
        let ours = tracer.entered(Some(parent(1))).unwrap();
        assert_eq!((ours.trace_id(), ours.is_sampled()), (7, true));
        assert_ne!(ours.parent_id(), 9, "what comes behind has our span as its parent");
        let trace = tracer.exchange(&id, Some(&caller(parent(1)))).unwrap();
        assert_eq!((trace.exchange.trace_id, trace.parent_id), (7, 9));
        // The flag of random IDs is no decision.
        for unsampled in [0, 2] {
            assert_eq!(tracer.entered(Some(parent(unsampled))), Some(parent(unsampled)));
            assert_eq!(tracer.exchange(&id, Some(&caller(parent(unsampled)))), None);
        }
    }
}

#[test]
fn of_traces_that_begin_here_the_share_is_recorded() {
    for (sampled, range) in [(0, 0..=0), (100, 800..=1200), (1000, 10_000..=10_000)] {
        let tracer = Tracer::new(Nowhere, sampled);
        let entered = (0..10_000).filter(|_| tracer.entered(None).unwrap().is_sampled()).count();
        assert!(range.contains(&entered), "{entered} of 10000 at {sampled} of 1000");
        let named = (0..10_000).filter(|serial| tracer.exchange(&ExchangeId::new(1, *serial, 3), None).is_some());
        let named = named.count();
        assert!(range.contains(&named), "{named} of 10000 at {sampled} of 1000");
    }
}

#[test]
fn the_spans_of_an_exchange_follow_from_its_name() {
    let id = ExchangeId::new(1, 2, 3);
    let [one, other] = [Tracer::new(Nowhere, 1000), Tracer::new(Nowhere, 1000)];
    assert_eq!(one.exchange(&id, None), other.exchange(&id, None), "also in another process");
    let trace = one.exchange(&id, None).unwrap();
    let places = [trace.exchange, Tracer::aside(&id, "settlement"), SpanPlace::of(one.notice(&id).unwrap())];
    let ids: std::collections::BTreeSet<u64> =
        places.iter().map(|place| place.span_id).chain([trace.wire_id]).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    assert_ne!(one.exchange(&ExchangeId::new(1, 3, 3), None), Some(trace));
}

#[test]
fn a_span_does_not_end_before_it_began() {
    let span = Span::new(Tracer::aside(&ExchangeId::new(1, 2, 3), "notice"), 0, "queue", SpanKind::Internal);
    assert_eq!(span.lasting(20, 10).end_ns, 20);
}
