//! The metrics of an institution's task. Each counter is looked up once and kept, because it counts for every exchange.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::{Exchange, Outcome};
use fep_protocol::fact::Class;
use metrics::{Counter, Histogram, counter, histogram};

use crate::net::traffic::{TelegramTraffic, Traffic};

/// The counters of one institution.
pub(super) struct Meters {
    institution: Arc<str>,
    received: HashMap<Class, Counter>,
    outcomes: HashMap<EndKind, (Counter, Arc<TelegramTraffic>)>,
    round_trips: HashMap<Arc<str>, (Histogram, Arc<TelegramTraffic>)>,
    /// By telegram and response code.
    declines: HashMap<(Arc<str>, Box<str>), Counter>,
    stages: Stages,
    traffic: Arc<Traffic>,
}

/// The parts of the time of an answered exchange.
struct Stages {
    queue: Histogram,
    journal: Histogram,
    institution: Histogram,
    reply: Histogram,
}

/// The maximum number of response codes of an institution that are counted apart, for all of its telegrams together.
const CODES_MAX: usize = 500;

/// Telegram, outcome and code of the reason.
type EndKind = (Arc<str>, Option<Outcome>, Cow<'static, str>);

impl Meters {
    pub(super) fn new(institution: Arc<str>, traffic: Arc<Traffic>) -> Self {
        let stage = |stage: &str| histogram!("fep_stage_seconds", "institution" => institution.to_string(), "stage" => stage.to_owned());
        let stages = Stages {
            queue: stage("queue"),
            journal: stage("journal"),
            institution: stage("institution"),
            reply: stage("reply"),
        };
        begin_with_zero(&institution);
        Self {
            institution,
            received: HashMap::new(),
            outcomes: HashMap::new(),
            round_trips: HashMap::new(),
            declines: HashMap::new(),
            stages,
            traffic,
        }
    }

    /// Counts an answer that declines, by its response code.
    pub(super) fn declined(&mut self, telegram: &Arc<str>, code: &str) {
        // An institution that answers with anything must not fill the memory of whoever reads the page.
        let is_new = !self.declines.contains_key(&(telegram.clone(), code.into()));
        let code = if is_new && self.declines.len() >= CODES_MAX { "other" } else { code };
        let labels = || {
            let names = [("institution", &*self.institution), ("telegram", &**telegram), ("code", code)];
            names.map(|(name, value)| (name, value.to_owned()))
        };
        let counter = self.declines.entry((telegram.clone(), code.into()));
        counter.or_insert_with(|| counter!("fep_declines_total", &labels())).increment(1);
    }

    /// Records how the time until an answer is divided. These are points of the steady clock.
    pub(super) fn stages(
        &self,
        since: Duration,
        queued: Option<Duration>,
        written: Option<Duration>,
        answered: Duration,
    ) {
        // Without these two, it was not sent by this process.
        let Some((queued, written)) = queued.zip(written) else { return };
        self.stages.queue.record(queued.saturating_sub(since).as_secs_f64());
        self.stages.journal.record(written.saturating_sub(queued).as_secs_f64());
        self.stages.institution.record(answered.saturating_sub(written).as_secs_f64());
    }

    /// Records the time from an answer until it is durable and told.
    pub(super) fn told(&self, answered: Duration, now: Duration) {
        self.stages.reply.record(now.saturating_sub(answered).as_secs_f64());
    }

    /// Counts a received telegram.
    pub(super) fn received(&mut self, class: Class) {
        if class == Class::Late {
            self.traffic.late();
        }
        let institution = &self.institution;
        let labels = || [("institution", institution.to_string()), ("class", class.name().to_owned())];
        self.received.entry(class).or_insert_with(|| counter!("fep_received_total", &labels())).increment(1);
    }

    /// Counts an exchange that reached its outcome. The code of the reason is a label, so that an operator can distinguish a
    /// full journal from a reached limit.
    pub(super) fn ended(&mut self, exchange: &Exchange, code: Option<&Cow<'static, str>>) {
        let key = (exchange.telegram.clone(), exchange.outcome, code.cloned().unwrap_or_default());
        let made = || (outcome_counter(exchange), self.traffic.of(&exchange.telegram));
        let (counter, traffic) = self.outcomes.entry(key).or_insert_with(made);
        counter.increment(1);
        traffic.ended(exchange);
    }

    /// Records the time from a request to its answer, in seconds.
    pub(super) fn round_trip(&mut self, telegram: &Arc<str>, seconds: f64) {
        let institution = &self.institution;
        let labels = || [("institution", institution.to_string()), ("telegram", telegram.to_string())];
        let made = || (histogram!("fep_round_trip_seconds", &labels()), self.traffic.of(telegram));
        let (histogram, traffic) = self.round_trips.entry(telegram.clone()).or_insert_with(made);
        histogram.record(seconds);
        traffic.round_trip(seconds);
    }
}

/// Shows the counters that alerts use before they count. Otherwise the first event would not be an increase.
fn begin_with_zero(institution: &str) {
    for name in [
        "fep_traces_low_total",
        "fep_notice_conflicts_total",
        "fep_notice_dead_letters_total",
        "fep_notices_left_total",
        "fep_stand_ins_total",
    ] {
        counter!(name, "institution" => institution.to_owned()).increment(0);
    }
    for class in [Class::Answer, Class::Late, Class::Conflicting, Class::Unmatched, Class::Undecodable, Class::BadFrame]
    {
        let labels = [("institution", institution.to_owned()), ("class", class.name().to_owned())];
        counter!("fep_received_total", &labels).increment(0);
    }
}

/// Counts an exchange that was refused before it reached the task of its institution.
pub(crate) fn count_refused(exchange: &Exchange) {
    outcome_counter(exchange).increment(1);
}

fn outcome_counter(exchange: &Exchange) -> Counter {
    let labels = [
        ("institution", exchange.institution.to_string()),
        ("telegram", exchange.telegram.to_string()),
        ("outcome", exchange.outcome.map_or("", Outcome::name).to_owned()),
        ("reason", exchange.reason_code.clone().unwrap_or_default()),
    ];
    counter!("fep_exchanges_total", &labels)
}
