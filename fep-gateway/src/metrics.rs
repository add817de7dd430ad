//! What Prometheus reads at `/metrics`: exchanges counted as they end, lines as they are when asked.
//!
//! | name | labels | is |
//! |---|---|---|
//! | `fep_exchanges_total` | institution, telegram, outcome | exchanges that reached their outcome |
//! | `fep_exchange_seconds` | institution, telegram | from acceptance to the outcome |
//! | `fep_settled_total` | institution, by | unknown exchanges that became certain |
//! | `fep_links` | institution, line, state | links in each state |
//! | `fep_inflight`, `fep_inflight_max` | institution, line | exchanges that wait, and how many may |
//! | `fep_reconnects_total` | institution, line | links lost since the start |
//! | `fep_events_missed_total` | | events that this page's own observer was too slow for: the counts above lack them |
//!
//! No field of a telegram is a label.

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tokio::sync::broadcast::error::RecvError;

use crate::exchange::{Event, Exchange, LineStatus, LinkState, Outcome};
use crate::gateway::Gateway;

/// From half a millisecond to half a minute.
const BUCKETS_SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The counters of one gateway.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Counters at zero.
    #[must_use]
    pub fn new() -> Self {
        // The builder refuses an empty list of buckets only; without ours it would make summaries, which are readable too.
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets(BUCKETS_SECONDS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        with_local_recorder(&recorder, describe);
        Self { recorder, handle }
    }

    /// Counts what happens until the gateway is gone.
    pub async fn observe(&self, gateway: &Gateway) {
        let mut events = gateway.subscribe();
        loop {
            match events.recv().await {
                Ok(Event::Exchange(exchange)) => self.count(&exchange),
                Ok(Event::Line(_)) => {}
                Err(RecvError::Lagged(missed)) => {
                    with_local_recorder(&self.recorder, || counter!("fep_events_missed_total").increment(missed));
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// The page.
    #[must_use]
    pub fn render(&self, lines: &[LineStatus]) -> String {
        with_local_recorder(&self.recorder, || lines.iter().for_each(show_line));
        self.handle.run_upkeep();
        self.handle.render()
    }

    fn count(&self, exchange: &Exchange) {
        let Some(outcome) = exchange.outcome else { return };
        let institution = || exchange.institution.clone();
        with_local_recorder(&self.recorder, || {
            if let Some(by) = &exchange.settled_by {
                // It was counted as unknown before; that stays true of the reply that the service got.
                counter!("fep_settled_total", "institution" => institution(), "by" => by.clone()).increment(1);
                return;
            }
            let telegram = || exchange.telegram.clone();
            let outcome = match outcome {
                Outcome::Answered => "answered",
                Outcome::NotSent => "not_sent",
                Outcome::Unknown => "unknown",
            };
            counter!("fep_exchanges_total",
                "institution" => institution(), "telegram" => telegram(), "outcome" => outcome)
            .increment(1);
            let took_ms =
                exchange.ended_at_ms.unwrap_or(exchange.accepted_at_ms).saturating_sub(exchange.accepted_at_ms);
            let took_ms = u32::try_from(took_ms.max(0)).unwrap_or(u32::MAX);
            histogram!("fep_exchange_seconds", "institution" => institution(), "telegram" => telegram())
                .record(f64::from(took_ms) / 1000.0);
        });
    }
}

fn describe() {
    describe_counter!("fep_exchanges_total", "exchanges that reached their outcome");
    describe_histogram!("fep_exchange_seconds", Unit::Seconds, "from acceptance to the outcome");
    describe_counter!("fep_settled_total", "unknown exchanges that became certain");
    describe_gauge!("fep_links", "links in each state");
    describe_gauge!("fep_inflight", "exchanges that wait for their answer");
    describe_gauge!("fep_inflight_max", "exchanges that may wait for their answer");
    describe_counter!("fep_reconnects_total", "links lost since the start");
    describe_counter!("fep_events_missed_total", "events that the counters lack because they came too fast");
    counter!("fep_events_missed_total").absolute(0);
}

fn show_line(line: &LineStatus) {
    let labels = || [("institution", line.institution.clone()), ("line", line.line.clone())];
    let states = [
        (LinkState::Down, "down"),
        (LinkState::Connecting, "connecting"),
        (LinkState::SigningOn, "signing_on"),
        (LinkState::Up, "up"),
        (LinkState::SigningOff, "signing_off"),
    ];
    for (state, name) in states {
        let [institution, own] = labels();
        let count = line.links.iter().filter(|link| link.state == state).count();
        gauge!("fep_links", &[institution, own, ("state", name.to_owned())]).set(number(count));
    }
    gauge!("fep_inflight", &labels()).set(number(line.inflight));
    gauge!("fep_inflight_max", &labels()).set(number(line.inflight_max));
    counter!("fep_reconnects_total", &labels()).absolute(line.reconnects);
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
