//! `[institutions.NAME]`: one counterpart.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fep_spec::model::Spec;

use super::keys::{keys, texts};
use super::page::Page;
use super::{
    BreakerBuilder, DeliveryBuilder, FlowBuilder, FramingBuilder, HoursBuilder, LineBuilder, NoticeBuilder,
    ReconciliationBuilder, RoutingBuilder, SessionBuilder, SettlementLimitsBuilder, SwitchoverBuilder, TelegramBuilder,
};
use crate::config::Filling;

/// `[institutions.NAME]`: one counterpart.
#[derive(Clone, Debug)]
pub struct InstitutionBuilder(Page, Option<Arc<Spec>>);

impl InstitutionBuilder {
    /// An institution with this spec. `key` has the paths of the fields that pair an answer with its request; it is empty if an answer is told
    /// by its link.
    #[must_use]
    pub fn new(spec: Arc<Spec>, key: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut page = Page::default();
        page.set("spec", spec.name.clone());
        page.set("key", texts(key));
        Self(page, Some(spec))
    }

    /// An institution whose spec is in this file.
    #[must_use]
    pub fn from_file(spec: impl AsRef<Path>, key: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut page = Page::default();
        page.set("spec", spec.as_ref());
        page.set("key", texts(key));
        Self(page, None)
    }

    /// One entry of `fill`: the value of a field that a request leaves out.
    #[must_use]
    pub fn fill(mut self, path: &str, with: Filling) -> Self {
        self.0.entry("fill").set(path, with);
        self
    }

    /// `telegrams.NAME`: what differs for one request telegram.
    #[must_use]
    pub fn telegram(mut self, name: &str, telegram: TelegramBuilder) -> Self {
        self.0.entry("telegrams").set(name, telegram.0);
        self
    }

    /// `routing.TELEGRAM`: which requests of a telegram another institution gets.
    #[must_use]
    pub fn route(mut self, telegram: &str, rule: RoutingBuilder) -> Self {
        self.0.entry("routing").set(telegram, rule.0);
        self
    }

    /// `reconciliation.NAME`: how a file of the institution is compared with the journal.
    #[must_use]
    pub fn reconciliation(mut self, name: &str, reconciliation: ReconciliationBuilder) -> Self {
        self.0.entry("reconciliation").set(name, reconciliation.0);
        self
    }

    /// `notices.NAME`: a telegram that the institution sends without a request.
    #[must_use]
    pub fn notice(mut self, name: &str, notice: NoticeBuilder) -> Self {
        self.0.entry("notices").set(name, notice.0);
        self
    }

    /// Adds one of `lines`. There must be at least one.
    #[must_use]
    pub fn line(mut self, line: LineBuilder) -> Self {
        self.0.add("lines", line.0);
        self
    }

    /// The keys, and the spec if it was given as a value.
    pub(super) fn into_parts(self) -> (Page, Option<Arc<Spec>>) {
        (self.0, self.1)
    }
}

keys! { InstitutionBuilder {
    label(text) = "label", "the name to show to people.";
    contact(text) = "contact", "whom operators ask about the institution.";
    trace(text) = "trace", "the path of the trace number that the gateway allocates.";
    response_code(text) = "response_code", "the path of the field with the response code of answers.";
    accepted_codes(list) = "accepted_codes", "the response codes that mean acceptance.";
    trace_wraps(bool) = "trace_wraps", "whether trace numbers continue from 1 after the last one of a day.";
    control_characters(list) = "control_characters", "the paths of the fields that may have control characters.";
    answer_timeout(Duration) = "answer_timeout_ms", "how long an exchange may take.";
    inflight_max(usize) = "inflight_max", "the maximum number of exchanges without an answer.";
    unsolicited_max_per_s(u32) = "unsolicited_max_per_s", "how many telegrams a second are read that no request waits for.";
    quarantine(Duration) = "quarantine_ms", "how long a key is not used again.";
    drain_max(Duration) = "drain_max_ms", "how long the gateway waits for exchanges in flight when it stops.";
    write_timeout(Duration) = "write_timeout_ms", "how long the kernel may refuse the gateway's bytes.";
    frame_timeout(Duration) = "frame_timeout_ms", "how long a frame may take from its first byte to its last.";
    utc_offset_minutes(i32) = "utc_offset_minutes", "the offset of the institution's clock.";
    zone(text) = "zone", "the institution's clock with its daylight time, in place of `utc_offset_minutes`: `EST5EDT,M3.2.0,M11.1.0`.";
    framing(table FramingBuilder) = "framing", "how a frame encloses its telegram.";
    session(table SessionBuilder) = "session", "sign-on, echo test and sign-off.";
    flow(table FlowBuilder) = "flow", "rate, adaptive limit, priorities and queue.";
    breaker(table BreakerBuilder) = "breaker", "when business stops because the institution does not answer.";
    hours(table HoursBuilder) = "hours", "when the institution is open.";
    settlement(table SettlementLimitsBuilder) = "settlement", "the limits of settlement.";
    delivery(table DeliveryBuilder) = "delivery", "the limits of the delivery of notices.";
    switchover(table SwitchoverBuilder) = "switchover", "when business moves between main and backup lines.";
} }
