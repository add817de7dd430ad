//! The metrics of an institution's task. Each counter is looked up once and kept, because it counts for every exchange.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use fep_protocol::exchange::{Exchange, Outcome};
use fep_protocol::fact::Class;
use metrics::{Counter, Histogram, counter, histogram};

/// The counters of one institution.
pub(super) struct Meters {
    institution: Arc<str>,
    received: HashMap<Class, Counter>,
    outcomes: HashMap<EndKind, Counter>,
    round_trips: HashMap<Arc<str>, Histogram>,
}

/// Telegram, outcome and code of the reason.
type EndKind = (Arc<str>, Option<Outcome>, Cow<'static, str>);

impl Meters {
    pub(super) fn new(institution: Arc<str>) -> Self {
        Self { institution, received: HashMap::new(), outcomes: HashMap::new(), round_trips: HashMap::new() }
    }

    /// Counts a received telegram.
    pub(super) fn received(&mut self, class: Class) {
        let institution = &self.institution;
        let labels = || [("institution", institution.to_string()), ("class", class.name().to_owned())];
        self.received.entry(class).or_insert_with(|| counter!("fep_received_total", &labels())).increment(1);
    }

    /// Counts an exchange that reached its outcome. The code of the reason is a label, so that an operator can distinguish a
    /// full journal from a reached limit.
    pub(super) fn ended(&mut self, exchange: &Exchange, code: Option<&Cow<'static, str>>) {
        let key = (exchange.telegram.clone(), exchange.outcome, code.cloned().unwrap_or_default());
        self.outcomes.entry(key).or_insert_with(|| outcome_counter(exchange)).increment(1);
    }

    /// Records the time from a request to its answer, in seconds.
    pub(super) fn round_trip(&mut self, telegram: &Arc<str>, seconds: f64) {
        let institution = &self.institution;
        let labels = || [("institution", institution.to_string()), ("telegram", telegram.to_string())];
        let made = || histogram!("fep_round_trip_seconds", &labels());
        self.round_trips.entry(telegram.clone()).or_insert_with(made).record(seconds);
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
