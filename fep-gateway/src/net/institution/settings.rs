//! What the configuration of an institution means for its machine.

use fep_protocol::business::Business;
use fep_protocol::institution::{BreakerPolicy, LineSettings, Settings};
use fep_protocol::terms::Now;
use fep_protocol::trace::TraceRange;

use crate::config::{InstitutionConfig, LineConfig, Role};
use crate::telegrams::TelegramCatalogue;

/// The number of trace numbers that one high-water mark in the journal covers.
const TRACE_BLOCK: u64 = 1000;

/// The settings of the machine.
pub(super) fn settings(config: &InstitutionConfig, catalogue: &TelegramCatalogue, now: Now) -> Settings {
    let line = |line: &LineConfig| LineSettings {
        links: line.links,
        duty: line.duty,
        listens: matches!(line.role, Role::Listen { .. }),
        reconnect_min: line.reconnect_min,
        reconnect_max: line.reconnect_max,
        rank: line.carry.rank,
        window: line.carry.window.unwrap_or(usize::MAX),
        holds_overdue: line.carry.holds_overdue,
        at_need: line.carry.one_shot || line.carry.is_cold,
        one_shot: line.carry.one_shot,
    };
    Settings {
        flow: config.flow.settings.clone(),
        breaker: config.breaker.as_ref().map(|breaker| BreakerPolicy {
            settings: breaker.settings,
            alternatives: breaker.alternatives.clone(),
            start: now,
        }),
        business: Business::new(config.hours.calendar.clone(), config.hours.allowed_outside.clone()),
        quarantine: config.quarantine,
        drain_max: config.drain_max,
        policy: catalogue.policy(config),
        lines: config.lines.iter().map(line).collect(),
        traces: TraceRange { max: catalogue.trace_max(), block: TRACE_BLOCK, wraps: config.trace_wraps },
        switchover: config.switchover,
        start: now,
    }
}
