//! `telegrams`, `settlement`, `notices` and `delivery`: what is done about one telegram, in both directions.

use std::time::Duration;

use super::keys::{keys, pairs, table};
use super::line::TlsBuilder;
use super::page::{Node, Page};
use crate::config::{ConditionValue, StepValue};

/// `telegrams.NAME`: what differs for one request telegram.
#[derive(Clone, Debug, Default)]
pub struct TelegramBuilder(pub(super) Page);

/// `telegrams.NAME.settlement`: the telegram moves money, and this is how an unknown outcome is settled.
#[derive(Clone, Debug)]
pub struct SettlementBuilder(pub(super) Page);

/// `settlement.inquiry`: how the institution is asked what became of a request.
#[derive(Clone, Debug)]
pub struct InquiryBuilder(pub(super) Page);

/// `settlement.reversal`: how a request is undone.
#[derive(Clone, Debug)]
pub struct ReversalBuilder(pub(super) Page);

/// `settlement` of an institution: the limits of all its settlements.
#[derive(Clone, Debug, Default)]
pub struct SettlementLimitsBuilder(pub(super) Page);

/// `notices.NAME`: how a telegram of the institution is answered and brought to a service.
#[derive(Clone, Debug, Default)]
pub struct NoticeBuilder(pub(super) Page);

/// `delivery`: the limits of the delivery of notices.
#[derive(Clone, Debug, Default)]
pub struct DeliveryBuilder(pub(super) Page);

/// A table of conditions: fields of an answer, each with the values of which it must have one.
fn conditions<V: Into<Vec<ConditionValue>>>(conditions: impl IntoIterator<Item = (impl Into<String>, V)>) -> Page {
    table(conditions.into_iter().map(|(path, values)| (path, Node::from(values.into()))))
}

impl From<&str> for ConditionValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<ConditionValue> for Vec<ConditionValue> {
    fn from(value: ConditionValue) -> Self {
        vec![value]
    }
}

impl TelegramBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl SettlementBuilder {
    /// The values of the telegram's own answer that mean that the money was moved (`accepted`), and the time after which the institution
    /// knows the request at the latest (`horizon_ms`).
    #[must_use]
    pub fn new<V: Into<Vec<ConditionValue>>>(
        accepted: impl IntoIterator<Item = (impl Into<String>, V)>,
        horizon: Duration,
    ) -> Self {
        let mut page = Page::default();
        page.set("accepted", conditions(accepted));
        page.set("horizon_ms", horizon);
        Self(page)
    }

    /// `declined`: the values that mean that the money was not moved and never will be.
    #[must_use]
    pub fn declined<V: Into<Vec<ConditionValue>>>(
        mut self,
        declined: impl IntoIterator<Item = (impl Into<String>, V)>,
    ) -> Self {
        self.0.set("declined", conditions(declined));
        self
    }
}

/// A page with the keys `telegram` and `fields`.
fn step(telegram: impl Into<String>, fields: impl IntoIterator<Item = (impl Into<String>, StepValue)>) -> Page {
    let mut page = Page::default();
    page.set("telegram", telegram.into());
    page.set("fields", table(fields));
    page
}

impl InquiryBuilder {
    /// The telegram that asks, its fields, and the values of its answer that mean that the money was moved (`processed`).
    #[must_use]
    pub fn new<V: Into<Vec<ConditionValue>>>(
        telegram: impl Into<String>,
        fields: impl IntoIterator<Item = (impl Into<String>, StepValue)>,
        processed: impl IntoIterator<Item = (impl Into<String>, V)>,
    ) -> Self {
        let mut page = step(telegram, fields);
        page.set("processed", conditions(processed));
        Self(page)
    }

    /// `declined`: the values that mean that the institution declined the request.
    #[must_use]
    pub fn declined<V: Into<Vec<ConditionValue>>>(
        mut self,
        declined: impl IntoIterator<Item = (impl Into<String>, V)>,
    ) -> Self {
        self.0.set("declined", conditions(declined));
        self
    }

    /// `not_processed`: the values that mean that the institution does not know the request.
    #[must_use]
    pub fn not_processed<V: Into<Vec<ConditionValue>>>(
        mut self,
        not_processed: impl IntoIterator<Item = (impl Into<String>, V)>,
    ) -> Self {
        self.0.set("not_processed", conditions(not_processed));
        self
    }
}

impl ReversalBuilder {
    /// The telegram that undoes the request, its fields, and the values of its answer that mean that the request is undone (`confirmed`).
    #[must_use]
    pub fn new<V: Into<Vec<ConditionValue>>>(
        telegram: impl Into<String>,
        fields: impl IntoIterator<Item = (impl Into<String>, StepValue)>,
        confirmed: impl IntoIterator<Item = (impl Into<String>, V)>,
    ) -> Self {
        let mut page = step(telegram, fields);
        page.set("confirmed", conditions(confirmed));
        Self(page)
    }

    /// `refused`: the values that mean that the request never will be undone.
    #[must_use]
    pub fn refused<V: Into<Vec<ConditionValue>>>(
        mut self,
        refused: impl IntoIterator<Item = (impl Into<String>, V)>,
    ) -> Self {
        self.0.set("refused", conditions(refused));
        self
    }

    /// `repeat`: the mark of a reversal that may have been sent before.
    #[must_use]
    pub fn repeat(mut self, fields: impl IntoIterator<Item = (impl Into<String>, StepValue)>) -> Self {
        self.0.set("repeat", table(fields));
        self
    }
}

impl SettlementLimitsBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl NoticeBuilder {
    /// A notice that the stand-in answers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `refuse.closed`: the answer's fields while business is closed.
    #[must_use]
    pub fn closed(self, fields: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.refuse("closed", pairs(fields))
    }

    /// `refuse.conflict`: the answer's fields if another telegram had the key before.
    #[must_use]
    pub fn conflict(self, fields: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.refuse("conflict", pairs(fields))
    }

    /// `refuse.busy`: the answer's fields if too many notices are being handled.
    #[must_use]
    pub fn busy(self, fields: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.refuse("busy", pairs(fields))
    }

    fn refuse(mut self, why: &str, fields: Page) -> Self {
        self.0.entry("refuse").set(why, fields);
        self
    }
}

impl DeliveryBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

keys! { TelegramBuilder {
    key(list) = "key", "the paths of the fields by which its answer is known.";
    answer_key(list) = "answer_key", "the paths of the same values in its answer.";
    repeats(list) = "repeats", "the paths of the fields whose values an answer must repeat.";
    answer_timeout(Duration) = "answer_timeout_ms", "how long an exchange may take.";
    monetary(bool) = "monetary", "whether it moves money.";
    settlement(table SettlementBuilder) = "settlement", "how an unknown outcome is settled.";
} }

keys! { SettlementBuilder {
    account_key(list) = "account_key", "the paths of the request's fields that identify the account.";
    first_wait(Duration) = "first_wait_ms", "the wait before the first inquiry.";
    backoff_min(Duration) = "backoff_min_ms", "the shortest wait after a step that decided nothing.";
    backoff_max(Duration) = "backoff_max_ms", "the longest such wait.";
    step_wait_max(Duration) = "step_wait_max_ms", "a step counts as unanswered after this time.";
    inquiry(table InquiryBuilder) = "inquiry", "how the institution is asked.";
    reversal(table ReversalBuilder) = "reversal", "how the request is undone.";
} }

keys! { InquiryBuilder { tries_max(u32) = "tries_max", "the number of inquiries."; } }

keys! { ReversalBuilder { tries_max(u32) = "tries_max", "how often the reversal is sent."; } }

keys! { SettlementLimitsBuilder {
    cases_max(usize) = "cases_max", "the number of unsettled exchanges.";
    lane_max(usize) = "lane_max", "the number of inquiries and reversals on the line at once.";
    closed_keep(Duration) = "closed_keep_ms", "how long a settled exchange is remembered.";
    closed_max(usize) = "closed_max", "the number of settled exchanges that are remembered.";
} }

keys! { NoticeBuilder {
    callback(text) = "callback", "the URL of the service.";
    callback_secrets(&Path) = "callback_secrets", "the file with the secrets by which each post is signed.";
    callback_tls(table TlsBuilder) = "callback_tls", "TLS, required with https.";
    callback_timeout(Duration) = "callback_timeout_ms", "how long after the receipt the institution is answered.";
    stand_in(values) = "stand_in", "the fields of the stand-in's answer that differ from the notice.";
    may_differ(list) = "may_differ", "the paths of the fields in which a repetition may differ.";
    backoff_min(Duration) = "backoff_min_ms", "the shortest wait before another attempt.";
    backoff_max(Duration) = "backoff_max_ms", "the longest such wait.";
    attempts_max(u32) = "attempts_max", "after this many attempts a person must look at it.";
    horizon(Duration) = "horizon_ms", "after this time, too.";
} }

keys! { DeliveryBuilder {
    undelivered_max(usize) = "undelivered_max", "how many undelivered notices are in memory.";
    answering_max(usize) = "answering_max", "how many notices services have while the institution waits.";
    retrying_max(usize) = "retrying_max", "how many later attempts are made at once.";
} }
