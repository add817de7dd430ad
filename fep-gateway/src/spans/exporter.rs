//! Brings spans to a collector, in batches. Nobody waits for it: spans that the queue does not take are dropped, and counted.
//!
//! ```text
//! tasks ── try_send ──► queue (queue_max) ──► batch (batch_max, batch_delay) ──► collector
//!              │ full                                    │ refused, or away for a minute
//!              └─────────── fep_spans_dropped_total ◄────┘
//! ```

use std::env;
use std::time::Duration;

use axum::body::Bytes;
use metrics::{Counter, counter};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{info, warn};

use super::collector::{Collector, Exported};
use super::otlp;
use super::settings::{Settings, settings, shown, unread};
use super::{Span, SpanSink, Tracer};
use crate::config::OpenTelemetryConfig;

/// How long a batch is offered to a collector that does not take it now.
const OFFERED_MAX: Duration = Duration::from_secs(60);

/// The waits between two offers: they double.
const RETRY_MIN: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// While a collector takes nothing, this is said so often.
const WARNING_PAUSE: Duration = Duration::from_secs(300);

/// Spans on their way to a collector.
#[derive(Debug)]
pub struct Exporting {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporting {
    /// Brings the spans that wait to the collector, at most for this time. What is not there by then is lost.
    pub async fn finish(self, max: Duration) {
        let Self { stop, mut task } = self;
        // An error means that the task has ended.
        let _ = stop.send(());
        if timeout(max, &mut task).await.is_err() {
            task.abort();
            warn!("the collector of spans did not take the last ones in time; they are lost");
        }
    }
}

/// The way into the queue.
struct Queue {
    spans: mpsc::Sender<Span>,
    dropped: Counter,
}

impl SpanSink for Queue {
    fn take(&self, span: Span) {
        if self.spans.try_send(span).is_err() {
            self.dropped.increment(1);
        }
    }
}

pub(super) fn start_configured(config: Option<&OpenTelemetryConfig>) -> Result<(Tracer, Option<Exporting>), String> {
    let Some(config) = config else { return Ok((Tracer::default(), None)) };
    let Some(settings) = settings(config, |name| env::var(name).ok())? else {
        info!("no spans are made: OTEL_SDK_DISABLED is set");
        return Ok((Tracer::default(), None));
    };
    let Settings { endpoint, resource } = settings;
    info!(collector = shown(&endpoint), sampled_per_1000 = config.sampled_per_1000, "spans go to a collector");
    // A variable that is not UTF-8 is none of OpenTelemetry.
    let texts = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let unread = unread(texts).join(", ");
    if !unread.is_empty() {
        warn!(
            unread,
            "these variables of OpenTelemetry are set and not read: the table [opentelemetry] has keys for what they say"
        );
    }
    let (spans, queue) = mpsc::channel(config.queue_max);
    let (stop, stopped) = oneshot::channel();
    let exporter = Exporter {
        queue,
        collector: Collector::new(config, endpoint),
        resource,
        batch_max: config.batch_max,
        batch_delay: config.batch_delay,
        meters: Meters::new(),
        trouble: None,
    };
    let task = tokio::spawn(exporter.run(stopped));
    let sink = Queue { spans, dropped: dropped("queue") };
    Ok((Tracer::new(sink, config.sampled_per_1000), Some(Exporting { stop, task })))
}

struct Meters {
    exported: Counter,
    refused: Counter,
    away: Counter,
}

impl Meters {
    fn new() -> Self {
        Self { exported: counter!("fep_spans_exported_total"), refused: dropped("refused"), away: dropped("away") }
    }
}

/// The counter of spans that were dropped for a reason. It begins with 0, so that the first drop is an increase.
fn dropped(reason: &'static str) -> Counter {
    let counter = counter!("fep_spans_dropped_total", "reason" => reason);
    counter.increment(0);
    counter
}

struct Exporter {
    queue: mpsc::Receiver<Span>,
    collector: Collector,
    resource: Vec<(String, String)>,
    batch_max: usize,
    batch_delay: Duration,
    meters: Meters,
    /// When it was last said that the collector takes nothing.
    trouble: Option<Instant>,
}

impl Exporter {
    async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let mut is_stopped = false;
        while !is_stopped {
            let mut batch = Vec::new();
            is_stopped = self.gather(&mut batch, &mut stop).await;
            self.export(&batch, &mut stop, &mut is_stopped).await;
        }
        // What came before the end. Nothing is asked for twice any more.
        while let Ok(first) = self.queue.try_recv() {
            let mut batch = vec![first];
            while let Some(span) = self.queue.try_recv().ok().filter(|_| batch.len() < self.batch_max) {
                batch.push(span);
            }
            self.export(&batch, &mut stop, &mut is_stopped).await;
        }
    }

    /// Waits for a batch. Returns whether the export shall end.
    async fn gather(&mut self, batch: &mut Vec<Span>, stop: &mut oneshot::Receiver<()>) -> bool {
        tokio::select! {
            biased;
            _ = &mut *stop => return true,
            count = self.queue.recv_many(batch, self.batch_max) => if count == 0 { return true },
        }
        let full_at = Instant::now() + self.batch_delay;
        while batch.len() < self.batch_max {
            let room = self.batch_max - batch.len();
            tokio::select! {
                biased;
                _ = &mut *stop => return true,
                count = self.queue.recv_many(batch, room) => if count == 0 { return true },
                () = sleep_until(full_at) => return false,
            }
        }
        false
    }

    /// Offers a batch until the collector takes or refuses it. When the export shall end, it is offered once more.
    async fn export(&mut self, batch: &[Span], stop: &mut oneshot::Receiver<()>, is_stopped: &mut bool) {
        if batch.is_empty() {
            return;
        }
        let count = batch.len() as u64;
        let request = Bytes::from(otlp::request(&self.resource, batch));
        let give_up_at = Instant::now() + OFFERED_MAX;
        let mut wait = RETRY_MIN;
        loop {
            match self.collector.export(&request).await {
                Exported::Taken { rejected } => return self.taken(count, rejected.min(count)),
                Exported::Refused(why) => {
                    self.complain(&why);
                    return self.meters.refused.increment(count);
                }
                Exported::NotNow(why, asked) => {
                    self.complain(&why);
                    if *is_stopped || Instant::now() + wait > give_up_at {
                        return self.meters.away.increment(count);
                    }
                    tokio::select! {
                        _ = &mut *stop => *is_stopped = true,
                        () = sleep(asked.unwrap_or(wait)) => {}
                    }
                    wait = (wait * 2).min(RETRY_MAX);
                }
            }
        }
    }

    fn taken(&mut self, count: u64, rejected: u64) {
        self.meters.exported.increment(count - rejected);
        if rejected > 0 {
            self.meters.refused.increment(rejected);
            self.complain("it refused a part of the spans");
        } else if self.trouble.take().is_some() {
            info!("the collector takes spans again");
        }
    }

    /// Says that the collector takes nothing, now and then.
    fn complain(&mut self, why: &str) {
        let now = Instant::now();
        if self.trouble.is_none_or(|said| now >= said + WARNING_PAUSE) {
            warn!(
                why,
                "the collector of spans does not take them; exchanges go on, and spans that do not fit are dropped"
            );
            self.trouble = Some(now);
        }
    }
}
