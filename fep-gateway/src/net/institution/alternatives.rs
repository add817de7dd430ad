//! What happens to requests that a tripped breaker stops: a stand-in answer, a closed entrance, or another institution.
//!
//! A request with an alternative was not sent, and its outcome says so. A stand-in answer is never the answer of the exchange. How a
//! request goes on to another institution is `passing_on`.

use fep_codec::json;
use fep_protocol::breaker::{Alternative, BreakerScope, BreakerSnapshot, BreakerState};
use fep_protocol::reason::NotSent;
use fep_protocol::terms::Now;
use serde_json::Value;

use super::{Running, Task};
use crate::net::admission::AlternativeStatus;
use crate::telegrams::TelegramCatalogue;

impl Task {
    /// The fields of the stand-in answer to a telegram, if it has one.
    pub(super) fn stand_in_fields(&self, telegram: &str) -> Option<&[(String, String)]> {
        self.config.breaker.as_ref()?.stand_ins.get(telegram).map(Vec::as_slice)
    }

    /// Whether a breaker may want the request again that it stops.
    pub(super) fn needs_spare(&self, telegram: &str) -> bool {
        let alternatives = self.config.breaker.as_ref().map(|breaker| &breaker.alternatives);
        let alternative = alternatives.and_then(|alternatives| alternatives.get(telegram));
        matches!(alternative, Some(Alternative::StandIn | Alternative::Institution(_)))
    }

    /// Does what is configured for a request that a breaker stopped. Returns the reason why it was not sent.
    pub(super) fn alternative(&self, running: &mut Running, why: NotSent, now: Now) -> NotSent {
        let NotSent::Breaker(blocked) = &why else { return why };
        if let Alternative::Institution(to) = &blocked.alternative {
            let Some(other) = self.goes_on(running, to, now) else { return why };
            self.count_alternative("institution");
            return NotSent::PassedOn(blocked.clone(), Box::new(other));
        }
        let alternative = blocked.alternative.name();
        let telegram = &running.exchange.telegram;
        if blocked.alternative == Alternative::StandIn {
            let Some((draft, fields)) = running.spare.as_ref().zip(self.stand_in_fields(telegram)) else { return why };
            match self.catalogue.stand_in(draft, &TelegramCatalogue::nested(fields), now) {
                Ok(answer) => running.exchange.stand_in = Some(answer),
                Err(error) => {
                    tracing::error!(institution = &*self.name, %error, "the stand-in makes no answer");
                    return why;
                }
            }
        }
        if matches!(blocked.alternative, Alternative::StandIn | Alternative::Closed(_)) {
            self.count_alternative(alternative);
        }
        match why {
            NotSent::Breaker(blocked) if blocked.alternative == Alternative::StandIn => NotSent::StoodIn(blocked),
            other => other,
        }
    }

    fn count_alternative(&self, alternative: &'static str) {
        let labels = [("institution", self.name.to_string()), ("alternative", alternative.to_owned())];
        metrics::counter!("fep_alternatives_total", &labels).increment(1);
    }

    /// The configured alternatives, and which of them act now.
    pub(super) fn alternatives(&self, breakers: &[BreakerSnapshot]) -> Vec<AlternativeStatus> {
        let configured = self.config.breaker.iter().flat_map(|breaker| &breaker.alternatives);
        let alternatives = configured.map(|(telegram, alternative)| {
            let stops = |one: &&BreakerSnapshot| {
                let is_its = self.concerns(telegram, &one.scope);
                is_its && !matches!(one.state, BreakerState::Passing | BreakerState::Trial)
            };
            let stopped_by = breakers.iter().find(stops);
            AlternativeStatus {
                telegram: telegram.clone(),
                alternative: alternative.name(),
                note: match alternative {
                    Alternative::Closed(note) => Some(note.clone()),
                    _ => None,
                },
                to: match alternative {
                    Alternative::Institution(name) => Some(name.clone()),
                    _ => None,
                },
                acts: stopped_by.is_some(),
                since_ms: stopped_by.map(|one| one.since_ms),
                why: stopped_by.and_then(|one| one.cause.as_ref()).map(ToString::to_string),
            }
        });
        alternatives.collect()
    }

    /// Whether a breaker is for this telegram.
    fn concerns(&self, telegram: &str, scope: &BreakerScope) -> bool {
        let code = match scope {
            BreakerScope::Institution => return true,
            BreakerScope::Business(code) => code,
        };
        let Some(path) = &self.config.flow.business else { return code == telegram };
        let Some(spec) = self.config.spec.telegram(telegram) else { return false };
        json::get(&spec.layout.codes(), path).and_then(Value::as_str) == Some(code)
    }
}
