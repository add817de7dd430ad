//! Spans: what a trace of OpenTelemetry shows of the gateway. This module says what a span is, which place of a trace an exchange has, and who
//! decides whether it is recorded. What becomes a span is said by those who do the work: `http`, the tasks of `net`, `callback`.
//!
//! ```text
//! POST /v1/institutions/{institution}/exchanges/{telegram}    SERVER     the caller's span is its parent
//! └─ exchange Transfer                                        INTERNAL   from the acceptance until the outcome is durable and told
//!    ├─ queue                                                 INTERNAL   the stages are those of `fep_stage_seconds`
//!    ├─ journal                                               INTERNAL
//!    ├─ institution                                           CLIENT     a system over HTTP gets it as its parent
//!    └─ reply                                                 INTERNAL
//! ```
//!
//! A span is made when its work has ended, from times that the tasks have anyway. Only its ID is needed before, and that of an exchange follows from the
//! name of the exchange. So nothing is carried along, and a settlement after a restart still knows the span that it is linked to.
//!
//! Without a table `[opentelemetry]` the [`Tracer`] is an empty `Option`: each place looks at it, and makes nothing.
//!
//! An attribute is never the value of a field, except the response code. [`SpanSink`] is the seam to a collector. With the feature `opentelemetry`,
//! [`start_configured`] makes one for OTLP.

#[cfg(feature = "opentelemetry")]
mod otlp;

#[cfg(feature = "opentelemetry")]
mod settings;

#[cfg(feature = "opentelemetry")]
mod collector;

#[cfg(feature = "opentelemetry")]
mod exporter;

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fep_protocol::exchange::{Caller, Exchange, ExchangeId, Outcome, TraceParent};
use ring::digest::{SHA256, digest};

#[cfg(feature = "opentelemetry")]
pub use self::exporter::Exporting;
use crate::config::OpenTelemetryConfig;

/// The longest time that the daemon waits at its end for a collector to take the last spans.
pub const FINISH_MAX: Duration = Duration::from_secs(3);

/// A piece of work that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The trace, and its own ID in it.
    pub place: SpanPlace,
    /// The ID of the span that asked for it, or 0.
    pub parent_id: u64,
    /// What it is: few different texts.
    pub name: Cow<'static, str>,
    /// The role of the gateway in it.
    pub kind: SpanKind,
    /// When it began, in nanoseconds since 1970.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// Spans of other traces that it belongs to.
    pub links: Vec<SpanPlace>,
    /// Why it is an error: a code.
    pub error: Option<Cow<'static, str>>,
}

/// Where a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanPlace {
    /// The ID of the trace.
    pub trace_id: u128,
    /// The ID of the span.
    pub span_id: u64,
}

/// The role of the gateway in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// It works for itself.
    Internal,
    /// It was asked, and the other side waits.
    Server,
    /// It asks, and waits.
    Client,
    /// It got something for which nobody waits.
    Consumer,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A text.
    Text(Cow<'static, str>),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

/// Where spans go.
pub trait SpanSink: Send + Sync + 'static {
    /// Takes a span. It must not wait: a task that serves an institution calls it.
    fn take(&self, span: Span);
}

/// Says what is recorded, and passes spans on. The default records nothing. Clones are the same tracer.
#[derive(Clone, Default)]
pub struct Tracer(Option<Arc<Recorder>>);

struct Recorder {
    sink: Box<dyn SpanSink>,
    /// A trace that begins here is recorded if the lower 63 bits of its ID are less.
    below: u64,
    /// The next ID, before it is mixed.
    ids: [AtomicU64; 2],
}

/// The place of an exchange that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExchangeTrace {
    /// The span of the exchange.
    pub(crate) exchange: SpanPlace,
    /// Its parent, or 0.
    pub(crate) parent_id: u64,
    /// The ID of the span of the request to the institution.
    pub(crate) wire_id: u64,
}

impl Tracer {
    /// A tracer that passes spans to a sink. Of 1000 traces that begin here, so many are recorded.
    #[must_use]
    pub fn new(sink: impl SpanSink, sampled_per_1000: u16) -> Self {
        let below = (u64::MAX >> 1) / 1000 * u64::from(sampled_per_1000.min(1000));
        let below = if sampled_per_1000 >= 1000 { u64::MAX } else { below };
        let random = || AtomicU64::new(RandomState::new().hash_one(SystemTime::now()));
        Self(Some(Arc::new(Recorder { sink: Box::new(sink), below, ids: [random(), random()] })))
    }

    /// Whether spans are made at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Passes a span on.
    pub fn record(&self, span: Span) {
        if let Some(recorder) = &self.0 {
            recorder.sink.take(span);
        }
    }

    /// An ID for a span that nobody needs to know beforehand.
    pub(crate) fn new_id(&self) -> u64 {
        self.0.as_ref().map_or(1, |recorder| recorder.new_id(0))
    }

    /// The place of a request that came: in the trace of its caller, or in a new one. `None` if no spans are made. Whether it is recorded is said by
    /// its flags.
    pub(crate) fn entered(&self, caller: Option<TraceParent>) -> Option<TraceParent> {
        let recorder = self.0.as_ref()?;
        let span_id = recorder.new_id(0);
        match caller {
            Some(caller) if caller.is_sampled() => caller.with_parent(span_id),
            // Nothing of ours is in the trace: who asked is the parent of what comes behind.
            Some(caller) => Some(caller),
            None => {
                let trace_id = u128::from(recorder.new_id(1)) << 64 | u128::from(recorder.new_id(0));
                TraceParent::new(trace_id, span_id, u8::from(recorder.begins(trace_id)))
            }
        }
    }

    /// The place of an exchange, or `None` if it is not recorded. It is always the same one.
    pub(crate) fn exchange(&self, id: &ExchangeId, caller: Option<&Caller>) -> Option<ExchangeTrace> {
        let recorder = self.0.as_ref()?;
        let parent = caller.and_then(|caller| caller.traceparent);
        if parent.is_some_and(|parent| !parent.is_sampled()) {
            return None;
        }
        let [trace, spans] = halves(id, "exchange");
        let is_recorded = parent.is_some() || recorder.begins(trace);
        let exchange = SpanPlace { trace_id: parent.map_or(trace, |parent| parent.trace_id()), span_id: upper(spans) };
        let parent_id = parent.map_or(0, |parent| parent.parent_id());
        is_recorded.then_some(ExchangeTrace { exchange, parent_id, wire_id: lower(spans) })
    }

    /// The trace of what happens to an exchange or a notice apart from it, and the span that is its root.
    pub(crate) fn aside(id: &ExchangeId, what: &str) -> SpanPlace {
        let [trace_id, spans] = halves(id, what);
        SpanPlace { trace_id, span_id: upper(spans) }
    }

    /// The span of a notice, which begins a trace. `None` if no spans are made. Whether it is recorded is said by its flags.
    pub(crate) fn notice(&self, id: &ExchangeId) -> Option<TraceParent> {
        let recorder = self.0.as_ref()?;
        let SpanPlace { trace_id, span_id } = Self::aside(id, "notice");
        TraceParent::new(trace_id, span_id, u8::from(recorder.begins(trace_id)))
    }
}

impl Recorder {
    /// Whether a trace is recorded that begins here: the rule of `TraceIdRatioBased`, so that all who use it agree.
    fn begins(&self, trace_id: u128) -> bool {
        lower(trace_id) >> 1 < self.below
    }

    /// A number that does not come again, with all bits mixed (SplitMix64).
    fn new_id(&self, which: usize) -> u64 {
        let Some(next) = self.ids.get(which) else { return 1 };
        let mut id = next.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        id = (id ^ id >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        id = (id ^ id >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        // Zero is no ID.
        (id ^ id >> 31).max(1)
    }
}

impl ExchangeTrace {
    /// The span of the request to the institution, as another system gets it.
    pub(crate) fn wire(&self) -> Option<TraceParent> {
        TraceParent::new(self.exchange.trace_id, self.wire_id, 1)
    }
}

impl SpanPlace {
    /// The place in the trace that a parent is in.
    #[must_use]
    pub fn of(parent: TraceParent) -> Self {
        Self { trace_id: parent.trace_id(), span_id: parent.parent_id() }
    }
}

impl Span {
    /// A span without attributes.
    #[must_use]
    pub fn new(place: SpanPlace, parent_id: u64, name: impl Into<Cow<'static, str>>, kind: SpanKind) -> Self {
        let name = name.into();
        Self { place, parent_id, name, kind, start_ns: 0, end_ns: 0, attributes: vec![], links: vec![], error: None }
    }

    /// The same with these times. A clock that was set back does not make it end before it began.
    #[must_use]
    pub fn lasting(self, start_ns: u64, end_ns: u64) -> Self {
        Self { start_ns, end_ns: end_ns.max(start_ns), ..self }
    }

    /// Adds an attribute, if it has a value.
    pub fn set(&mut self, name: &'static str, value: Option<impl Into<Attribute>>) {
        self.attributes.extend(value.map(|value| (name, value.into())));
    }

    /// Adds what is known of an exchange: names and codes, and no field.
    pub(crate) fn describe(&mut self, exchange: &Exchange) {
        let caller = exchange.caller.as_deref();
        self.set("fep.institution", Some(exchange.institution.to_string()));
        self.set("fep.telegram", Some(exchange.telegram.to_string()));
        self.set("fep.exchange.id", Some(exchange.id.to_string()));
        self.set("fep.outcome", exchange.outcome.map(Outcome::name));
        self.set("fep.reason", exchange.reason_code.clone());
        self.set("fep.request.id", caller.and_then(|caller| caller.request_id.as_ref()).map(ToString::to_string));
        self.set("fep.client", caller.and_then(|caller| caller.client.as_deref()).map(str::to_owned));
        if matches!(exchange.outcome, Some(Outcome::Unknown | Outcome::NotSent)) {
            self.fails(exchange.reason_code.clone().unwrap_or_else(|| "unknown".to_owned()));
        }
    }

    /// Makes it an error.
    pub fn fails(&mut self, why: impl Into<Cow<'static, str>>) {
        let why = why.into();
        self.set("error.type", Some(why.clone()));
        self.error = Some(why);
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&'static str> for Attribute {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Cow<'static, str>> for Attribute {
    fn from(text: Cow<'static, str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Attribute {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Attribute {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_on() { "Tracer(on)" } else { "Tracer(off)" })
    }
}

/// Starts to export spans by the table `[opentelemetry]`, if there is one: a tracer, and what ends the export.
///
/// # Errors
/// If the table and the environment do not say where spans go.
#[cfg(feature = "opentelemetry")]
pub fn start_configured(config: Option<&OpenTelemetryConfig>) -> Result<(Tracer, Option<Exporting>), String> {
    exporter::start_configured(config)
}

/// Without the feature `opentelemetry`, no spans are exported.
///
/// # Errors
/// If there is a table `[opentelemetry]`.
#[cfg(not(feature = "opentelemetry"))]
pub fn start_configured(config: Option<&OpenTelemetryConfig>) -> Result<(Tracer, Option<Exporting>), String> {
    match config {
        None => Ok((Tracer::default(), None)),
        Some(_) => Err("this gateway was built without OpenTelemetry: build it with `--features opentelemetry`".into()),
    }
}

/// Spans on their way to a collector. There are none without the feature `opentelemetry`.
#[cfg(not(feature = "opentelemetry"))]
#[derive(Debug)]
pub enum Exporting {}

#[cfg(not(feature = "opentelemetry"))]
impl Exporting {
    /// Waits for nothing.
    #[expect(clippy::unused_async, reason = "with the feature it waits")]
    pub async fn finish(self, _: Duration) {
        match self {}
    }
}

/// A time in nanoseconds since 1970.
pub(crate) fn unix_ns(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

/// Two numbers that follow from a name and from what they are for. Neither has a zero half.
fn halves(id: &ExchangeId, what: &str) -> [u128; 2] {
    let digest = digest(&SHA256, &[id.as_bytes(), what.as_bytes()].concat());
    let mut halves = [0, 0];
    for (half, bytes) in halves.iter_mut().zip(digest.as_ref().chunks_exact(16)) {
        *half = bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte)) | 1 << 64 | 1;
    }
    halves
}

fn upper(number: u128) -> u64 {
    lower(number >> 64)
}

fn lower(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
