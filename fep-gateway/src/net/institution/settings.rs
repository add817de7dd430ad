//! What the configuration of an institution means for its machine.

use std::time::Duration;

use fep_protocol::business::Business;
use fep_protocol::institution::{BreakerPolicy, LineSettings, Settings};
use fep_protocol::session::SessionPolicy;
use fep_protocol::terms::Now;
use fep_protocol::trace::TraceRange;

use crate::config::{InstitutionConfig, LineConfig, Role};
use crate::coordinator::Coordinator;
use crate::telegrams::TelegramCatalogue;

/// The largest number of trace numbers in a block. A start of the gateway loses the rest of a block, so a block is at most one
/// hundredth of the numbers of a day.
const TRACE_BLOCK_MAX: u64 = 1000;
const TRACE_BLOCKS_MIN: u64 = 100;

/// The settings of the machine.
pub(super) fn settings(
    config: &InstitutionConfig,
    catalogue: &TelegramCatalogue,
    coordinator: &dyn Coordinator,
    now: Now,
) -> Settings {
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
    let max = catalogue.trace_max();
    let answer_timeouts = config.telegrams.values().map(|limits| limits.answer_timeout);
    let answer_timeout = answer_timeouts.fold(config.answer_timeout, Duration::max);
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
        policy: policy(config),
        lines: config.lines.iter().map(line).collect(),
        traces: TraceRange { max, block: TRACE_BLOCK_MAX.min(max / TRACE_BLOCKS_MIN), wraps: config.trace_wraps },
        terms: coordinator.terms(),
        was_fenced: coordinator.was_fenced(),
        // The request may be written as late as its answer may come.
        occupied_max: answer_timeout * 2 + config.quarantine,
        switchover: config.switchover,
        start: now,
    }
}

/// The policy of the institution's sessions.
fn policy(config: &InstitutionConfig) -> SessionPolicy {
    config.session.as_ref().map_or_else(SessionPolicy::default, |session| SessionPolicy {
        sign_on: session.sign_on.is_some(),
        sign_off: session.sign_off.is_some(),
        echo_test: session.tests_links(),
        echo_interval: session.echo_interval,
        echo_idle: session.echo_idle,
        polled_within: session.polled_within,
        closes_unpolled: session.closes_unpolled,
        polls_prove_nothing: session.poll.as_ref().is_some_and(|poll| !poll.proves),
        alive: Some(session.alive),
    })
}
