//! `flow`, `breaker`, `routing` and `switchover`: how much an institution gets, when it gets nothing, what another one gets, and over which line.

use std::time::Duration;

use super::Priority;
use super::keys::{keys, pairs};
use super::page::Page;

/// `flow`: rate, adaptive limit, priorities and queue.
#[derive(Clone, Debug, Default)]
pub struct FlowBuilder(pub(super) Page);

/// `flow.businesses.CODE`: the limits of one business code.
#[derive(Clone, Debug, Default)]
pub struct BusinessBuilder(pub(super) Page);

/// `breaker`: when business stops because the institution does not answer.
#[derive(Clone, Debug, Default)]
pub struct BreakerBuilder(pub(super) Page);

/// `routing.TELEGRAM`: which of its requests another institution gets.
#[derive(Clone, Debug)]
pub struct RoutingBuilder(pub(super) Page);

/// `switchover`: when business moves between main and backup lines.
#[derive(Clone, Debug, Default)]
pub struct SwitchoverBuilder(pub(super) Page);

impl FlowBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `priorities`: the priority of one telegram.
    #[must_use]
    pub fn priority(mut self, telegram: &str, priority: Priority) -> Self {
        self.0.entry("priorities").set(telegram, priority);
        self
    }

    /// `businesses.CODE`: the limits of one business code.
    #[must_use]
    pub fn business_of(mut self, code: &str, limits: BusinessBuilder) -> Self {
        self.0.entry("businesses").set(code, limits.0);
        self
    }

    /// Adds one of `busy`: fields of an answer by which the institution says that it is busy.
    #[must_use]
    pub fn busy(mut self, fields: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.0.add("busy", pairs(fields));
        self
    }
}

impl BusinessBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl BreakerBuilder {
    /// A breaker with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `alternatives.TELEGRAM.closed`: services are told this note.
    #[must_use]
    pub fn closed(mut self, telegram: &str, note: impl Into<String>) -> Self {
        self.alternative(telegram).set("closed", note.into());
        self
    }

    /// `alternatives.TELEGRAM.stand_in`: the reply has the fields of the request, and these.
    #[must_use]
    pub fn stand_in(
        mut self,
        telegram: &str,
        fields: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        self.alternative(telegram).set("stand_in", pairs(fields));
        self
    }

    /// `alternatives.TELEGRAM.institution`: the telegram goes to this institution.
    #[must_use]
    pub fn pass_on(mut self, telegram: &str, institution: impl Into<String>) -> Self {
        self.alternative(telegram).set("institution", institution.into());
        self
    }

    /// The alternative of a telegram. The last one counts.
    fn alternative(&mut self, telegram: &str) -> &mut Page {
        self.0.entry("alternatives").set(telegram, Page::default());
        self.0.entry("alternatives").entry(telegram)
    }
}

impl RoutingBuilder {
    /// The institution that gets a part of the requests. Without [`percent`](Self::percent) and [`callers`](Self::callers) it gets none.
    #[must_use]
    pub fn new(to: impl Into<String>) -> Self {
        let mut page = Page::default();
        page.set("to", to.into());
        Self(page)
    }
}

impl SwitchoverBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `return`: whether business returns to the main line on its own. Otherwise only a person returns it.
    #[must_use]
    pub fn returns(mut self, automatically: bool) -> Self {
        self.0.set("return", if automatically { "automatic" } else { "manual" });
        self
    }
}

keys! { FlowBuilder {
    rate_max(u32) = "rate_max", "the maximum number of telegrams in any window.";
    rate_window(Duration) = "rate_window_ms", "the length of the window.";
    burst_max(u32) = "burst_max", "how many telegrams may follow each other at once.";
    adaptive(bool) = "adaptive", "whether the limit of requests in flight adapts to the institution.";
    reserved_percent(u32) = "reserved_percent", "the share of each limit that only inquiries and reversals may use.";
    queue_max(usize) = "queue_max", "how many requests may wait for their turn.";
    business(text) = "business", "the path of the field with the business code.";
} }

keys! { BusinessBuilder {
    rate_max(u32) = "rate_max", "the maximum number of telegrams in any window.";
    rate_window(Duration) = "rate_window_ms", "the length of the window.";
    burst_max(u32) = "burst_max", "how many telegrams may follow each other at once.";
    adaptive(bool) = "adaptive", "whether the limit of requests in flight adapts to the institution.";
    inflight_max(usize) = "inflight_max", "the maximum number of exchanges without an answer.";
} }

keys! { BreakerBuilder {
    failures_in_row(u32) = "failures_in_row", "this many time-outs or lost links in a row stop business.";
    window(Duration) = "window_ms", "the window in which the share of failures counts.";
    failure_percent(u32) = "failure_percent", "this share of failures stops business.";
    volume_min(u32) = "volume_min", "the share does not count with fewer results than this.";
    wait_min(Duration) = "wait_min_ms", "the wait before an echo test or a trial.";
    wait_max(Duration) = "wait_max_ms", "the longest such wait.";
    echo_first(bool) = "echo_first", "whether an echo test must be answered before requests pass.";
    probe_timeout(Duration) = "probe_timeout_ms", "how long an echo test or a trial may take.";
    trial_inflight_max(u32) = "trial_inflight_max", "how many requests pass at a time in a trial.";
    trial_answers(u32) = "trial_answers", "this many answers end the trial.";
    lane_inflight_max(u32) = "lane_inflight_max", "how many inquiries and reversals pass while business is stopped.";
} }

keys! { RoutingBuilder {
    percent(u32) = "percent", "of a hundred sticky values, these many go there.";
    callers(list) = "callers", "clients of the access file all of whose requests go there.";
    sticky(text) = "sticky", "the path of the field whose value decides. Default: the idempotency key.";
} }

keys! { SwitchoverBuilder {
    after(Duration) = "after_ms", "how long no line of a rank works before another one carries business.";
    return_after(Duration) = "return_after_ms", "how long the main line must have been good before business returns.";
} }
