//! The metrics for Prometheus at `/metrics`.
//!
//! Other modules count events when they happen. This module keeps the counts for the whole process and writes the page.
//!
#![doc = include_str!("metrics.md")]

mod present;
mod process;
mod streams;

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use self::present::{Present, There};
pub(crate) use self::streams::show_streams;
use crate::gateway::{ExceptionCount, NoticeCounts, StoredVerification};
use crate::net::admission::InstitutionStatus;
use fep_protocol::breaker::BreakerState;
use fep_protocol::exchange::{LineStatus, PlaceState};

/// Bucket limits from half a millisecond to half a minute.
const BUCKETS_SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const BUCKETS_ENTRIES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The documentation of this module, whose table names all metrics.
const TABLE: &str = include_str!("metrics.md");

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
            gauge!("fep_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            process::started();
            handle
        }
        // The builder refuses only an empty list of buckets, and these are not empty.
        Err(_) => PrometheusBuilder::new().build_recorder().handle(),
    });
}

/// Writes the page, with the current numbers of the lines and of the process. Gauges of institutions that are not among these, and of lines that
/// are not, and of other streams and topics than `streams` has, are left out: a reload has taken them away. So are those of verifications without a run
/// among `verifications`; `None`: the journal could not be read, and all stay. `stopped` has the institutions that should run and do not, whose last
/// numbers stay.
#[must_use]
pub fn page<'s>(
    lines: &'s [LineStatus],
    institutions: &'s [InstitutionStatus],
    stopped: impl IntoIterator<Item = &'s str>,
    streams: impl IntoIterator<Item = (&'s str, BTreeSet<&'s str>)>,
    verifications: Option<&'s [StoredVerification]>,
) -> String {
    for line in lines {
        let labels = [("institution", line.institution.clone()), ("line", line.line.clone())];
        gauge!("fep_inflight", &labels).set(number(line.inflight));
        gauge!("fep_inflight_max", &labels).set(number(line.inflight_max));
        line.place.iter().for_each(|place| show_place(&labels, place.state));
    }
    institutions.iter().for_each(show);
    process::show();
    let mut present: Present<'_> = institutions.iter().map(|one| (&*one.institution, Some(BTreeSet::new()))).collect();
    for line in lines {
        if let Some(lines) = present.entry(&line.institution).or_insert_with(|| Some(BTreeSet::new())) {
            lines.insert(&line.line);
        }
    }
    present.extend(stopped.into_iter().map(|name| (name, None)));
    let told = |one: &'s StoredVerification| [&*one.institution, &*one.fact.name, one.fact.counts.kind.name()];
    let verifications = verifications.map(|all| all.iter().map(told).collect());
    let there = There { institutions: present, streams: streams.into_iter().collect(), verifications };
    PAGE.get().map_or_else(String::new, |page| present::only(&page.render(), &there))
}

/// One of the states has the value 1, so that a rule can count the gateways in a state.
fn show_place(line: &[(&'static str, String); 2], now: PlaceState) {
    for state in PlaceState::ALL {
        let labels = line.iter().cloned().chain([("state", state.name().to_owned())]).collect::<Vec<_>>();
        gauge!("fep_line_place", &labels).set(f64::from(u8::from(state == now)));
    }
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
    gauge!("fep_case_oldest_seconds", std::slice::from_ref(&institution)).set(age_seconds(status.unsettled_since_ms));
    gauge!("fep_business_open", &[institution]).set(if status.closed.is_empty() { 1.0 } else { 0.0 });
}

/// Sets whether the gateway is ready, and whether its journal takes writes.
pub fn show_readiness(is_ready: bool, journal_works: bool) {
    gauge!("fep_ready").set(f64::from(u8::from(is_ready)));
    gauge!("fep_journal_works").set(f64::from(u8::from(journal_works)));
}

/// Sets whether Redis works, for a gateway that shares by way of it.
pub fn show_redis(works: bool) {
    gauge!("fep_redis_works").set(f64::from(u8::from(works)));
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

/// Sets the numbers of open exceptions.
pub fn show_exceptions(counts: &[ExceptionCount]) {
    for count in counts {
        let labels = [("institution", count.institution.clone()), ("kind", count.class.clone())];
        gauge!("fep_reconciliation_exceptions", &labels).set(number_of(count.open));
    }
}

/// Sets the numbers of the last run of each verification.
pub fn show_verifications(all: &[StoredVerification]) {
    for last in all {
        let counts = &last.fact.counts;
        let kind = ("kind", counts.kind.name().to_owned());
        let labels = [("institution", last.institution.clone()), ("verification", last.fact.name.clone()), kind];
        let set = |name, value: f64| gauge!(name, &labels).set(value);
        set("fep_verification_passed", f64::from(u8::from(counts.passed)));
        let told = Duration::from_millis(u64::try_from(last.at_ms).unwrap_or_default());
        set("fep_verification_told_timestamp_seconds", told.as_secs_f64());
        set("fep_verification_compared", number_of(counts.compared));
        set("fep_verification_unexplained", number_of(counts.unexplained));
        set("fep_verification_failed", number_of(counts.failed));
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

/// Gives each metric of the table its help text.
fn describe() {
    for (name, kind, meaning) in rows() {
        match kind {
            "counter" => describe_counter!(name, meaning),
            "histogram" => describe_histogram!(name, meaning),
            _ => describe_gauge!(name, meaning),
        }
    }
}

/// The rows of the table: name, kind and meaning.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let rows = TABLE.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.filter_map(|row| {
        let mut cells = row.splitn(4, '|').map(str::trim);
        let name = cells.next()?.strip_suffix('`')?;
        let kind = cells.next()?;
        Some((name, kind, cells.nth(1)?))
    })
}

/// How long something is ago, or 0 if there is nothing.
fn age_seconds(since_ms: Option<i64>) -> f64 {
    let since = since_ms.and_then(|since| u64::try_from(since).ok()).map(Duration::from_millis);
    let age = since.and_then(|since| (SystemTime::UNIX_EPOCH + since).elapsed().ok());
    age.unwrap_or_default().as_secs_f64()
}

fn number_of(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
