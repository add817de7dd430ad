//! The metrics for Prometheus at `/metrics`.
//!
//! Other modules count events when they happen. This module keeps the counts for the whole process and writes the page.
//!
//! | name | labels | meaning |
//! |---|---|---|
//! | `fep_exchanges_total` | institution, telegram, outcome, reason | exchanges that reached their outcome; `reason` is a code of [`fep_protocol::reason`], empty for answered exchanges |
//! | `fep_round_trip_seconds` | institution, telegram | time from the request to its answer |
//! | `fep_settled_total` | institution | unknown exchanges that were settled |
//! | `fep_received_total` | institution, class | telegrams received, by class: answers, late and unmatched answers, notices |
//! | `fep_notices_total` | institution, telegram, answered_by | answers to notices, by who gave them: `service`, `stand_in`, or a refusal: `closed`, `conflict`, `busy` |
//! | `fep_stand_ins_total` | institution | notices that the stand-in answered because the service did not |
//! | `fep_notice_attempts_total` | institution, result | attempts to deliver a notice: `taken`, `failed`, `unwanted` |
//! | `fep_notices_repeated_total`, `fep_notice_conflicts_total` | institution | notices that came again, and other telegrams under the key of a notice |
//! | `fep_notices_left_total` | institution | notices that got no answer because too many waited; they are delivered later |
//! | `fep_notices_undelivered`, `fep_notice_oldest_seconds` | institution | notices that no service has taken yet, and the age of the oldest |
//! | `fep_notice_dead_letters`, `fep_notice_dead_letters_total` | institution | notices that need a person now, and how many became so |
//! | `fep_links_up` | institution, line | links that are signed on |
//! | `fep_line_carries` | institution, line | 1 if the line carries business, 0 if it stands by |
//! | `fep_switchovers_total` | institution, cause | how often other lines began to carry business: `down`, `good` or `person` |
//! | `fep_links_lost_total` | institution, line, reason | links that were lost, with the code of the reason |
//! | `fep_waiting` | institution, priority | requests that wait for their turn |
//! | `fep_limit`, `fep_unanswered` | institution, business | the present adaptive limit, and requests without an answer that still occupy a place |
//! | `fep_rate_used`, `fep_rate_max` | institution, business | telegrams in the present window of the rate, and their maximum |
//! | `fep_alternatives_total` | institution, alternative | requests that a breaker stopped and that had an alternative: `closed`, `stand_in`, `institution` |
//! | `fep_breaker_tripped` | institution, business | 1 while a breaker does not let all requests pass |
//! | `fep_business_open` | institution | 1 while business is open |
//! | `fep_breaker_trips_total` | institution, cause | trips of breakers, with the cause |
//! | `fep_inflight`, `fep_inflight_max` | institution, line | exchanges that wait for their answer, and the maximum number |
//! | `fep_echo_seconds` | institution | round trips of echo tests |
//! | `fep_http_connections` | | open connections of HTTP clients |
//! | `fep_http_connections_cut_total` | why | connections that did not end by themselves: `too_slow`, `place_needed`, `not_http`, or `client` if it went away |
//! | `fep_journal_commit_seconds`, `fep_journal_batch_size` | | the duration of a commit, and its number of entries |
//!
//! No field of a telegram is a label.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::gateway::NoticeCounts;
use crate::net::admission::InstitutionStatus;
use fep_protocol::breaker::BreakerState;
use fep_protocol::exchange::LineStatus;

/// Bucket limits from half a millisecond to half a minute.
const BUCKETS_SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const BUCKETS_ENTRIES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// How often samples are folded into their buckets. Otherwise they would accumulate as long as no client reads the page.
const UPKEEP_PAUSE: Duration = Duration::from_secs(5);

/// The recorder of this process, once installed.
static PAGE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts counting. Call it before a gateway starts, because earlier events are not counted. A second call does nothing.
///
/// If a program that embeds the gateway has its own recorder, that recorder stays in use and this page stays empty.
pub fn install() {
    PAGE.get_or_init(|| match builder() {
        Ok(builder) => {
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("this process has another metrics recorder: /metrics stays empty");
            }
            describe();
            handle
        }
        // The builder refuses only an empty list of buckets, and these are not empty.
        Err(_) => PrometheusBuilder::new().build_recorder().handle(),
    });
}

/// Writes the page, with the current numbers of the lines.
#[must_use]
pub fn page(lines: &[LineStatus], institutions: &[InstitutionStatus]) -> String {
    for line in lines {
        let labels = [("institution", line.institution.clone()), ("line", line.line.clone())];
        gauge!("fep_inflight", &labels).set(number(line.inflight));
        gauge!("fep_inflight_max", &labels).set(number(line.inflight_max));
    }
    institutions.iter().for_each(show);
    PAGE.get().map_or_else(String::new, PrometheusHandle::render)
}

fn show(status: &InstitutionStatus) {
    let institution = ("institution", status.institution.clone());
    for (priority, count) in &status.waiting {
        gauge!("fep_waiting", &[institution.clone(), ("priority", (*priority).to_owned())]).set(number(*count));
    }
    let own = [(String::new(), &status.limit)];
    let codes = status.businesses.iter().map(|(code, limit)| (code.clone(), limit));
    for (code, limit) in own.into_iter().chain(codes) {
        let labels = [institution.clone(), ("business", code)];
        gauge!("fep_limit", &labels).set(number(limit.limit));
        gauge!("fep_unanswered", &labels).set(number(limit.unanswered));
        gauge!("fep_rate_used", &labels).set(number(limit.rate_used));
        if let Some(max) = limit.rate_max {
            gauge!("fep_rate_max", &labels).set(number(max));
        }
    }
    for breaker in &status.breakers {
        let labels = [institution.clone(), ("business", breaker.business.clone().unwrap_or_default())];
        let is_stopped = breaker.state != BreakerState::Passing;
        gauge!("fep_breaker_tripped", &labels).set(if is_stopped { 1.0 } else { 0.0 });
    }
    gauge!("fep_business_open", &[institution]).set(if status.closed.is_empty() { 1.0 } else { 0.0 });
}

/// Sets the numbers of undelivered notices.
pub fn show_notices(counts: &[NoticeCounts]) {
    for count in counts {
        let gauge = |name| gauge!(name, "institution" => count.institution.clone());
        gauge("fep_notices_undelivered").set(number_of(count.undelivered));
        gauge("fep_notice_dead_letters").set(number_of(count.dead_letters));
        let age = Duration::from_millis(u64::try_from(count.oldest_age_ms).unwrap_or_default());
        gauge("fep_notice_oldest_seconds").set(age.as_secs_f64());
    }
}

/// Folds samples into their buckets again and again. Never returns.
pub async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP_PAUSE).await;
        if let Some(page) = PAGE.get() {
            page.run_upkeep();
        }
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS_SECONDS)?
        .set_buckets_for_metric(Matcher::Full("fep_journal_batch_size".to_owned()), BUCKETS_ENTRIES)
}

fn describe() {
    describe_counter!("fep_exchanges_total", "exchanges that reached their outcome");
    describe_histogram!("fep_round_trip_seconds", Unit::Seconds, "from the request to its answer");
    describe_counter!("fep_alternatives_total", "requests that a breaker stopped, with an alternative");
    describe_counter!("fep_settled_total", "unknown exchanges that were settled");
    describe_counter!("fep_received_total", "telegrams received");
    describe_counter!("fep_stand_ins_total", "notices that the stand-in answered");
    describe_counter!("fep_notices_total", "answers to notices");
    describe_counter!("fep_notice_attempts_total", "attempts to deliver a notice");
    describe_counter!("fep_notices_repeated_total", "notices that came again");
    describe_counter!("fep_notice_conflicts_total", "other telegrams under the key of a notice");
    describe_counter!("fep_notices_left_total", "notices that got no answer because too many waited");
    describe_gauge!("fep_notices_undelivered", "notices that no service has taken yet");
    describe_gauge!("fep_notice_oldest_seconds", "the age of the oldest undelivered notice");
    describe_gauge!("fep_notice_dead_letters", "notices that need a person");
    describe_counter!("fep_notice_dead_letters_total", "notices that became dead letters");
    describe_gauge!("fep_links_up", "links that are signed on");
    describe_gauge!("fep_line_carries", "1 if the line carries business, 0 if it stands by");
    describe_counter!("fep_switchovers_total", "how often other lines began to carry business");
    describe_counter!("fep_links_lost_total", "links that were lost");
    describe_gauge!("fep_inflight", "exchanges that wait for their answer");
    describe_gauge!("fep_inflight_max", "exchanges that may wait for their answer");
    describe_gauge!("fep_waiting", "requests that wait for their turn");
    describe_gauge!("fep_limit", "the present adaptive limit of requests in flight");
    describe_gauge!("fep_unanswered", "requests without an answer that still occupy a place");
    describe_gauge!("fep_rate_used", "telegrams in the present window of the rate");
    describe_gauge!("fep_rate_max", "telegrams that a window of the rate may have");
    describe_gauge!("fep_breaker_tripped", "1 while a breaker does not let all requests pass");
    describe_gauge!("fep_business_open", "1 while business is open");
    describe_counter!("fep_breaker_trips_total", "trips of breakers");
    describe_histogram!("fep_echo_seconds", Unit::Seconds, "round trips of echo tests");
    describe_gauge!("fep_http_connections", "open connections of HTTP clients");
    describe_counter!("fep_http_connections_cut_total", "connections of HTTP clients that did not end by themselves");
    describe_histogram!("fep_journal_commit_seconds", Unit::Seconds, "how long a commit takes");
    describe_histogram!("fep_journal_batch_size", "entries in one commit");
}

fn number_of(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
