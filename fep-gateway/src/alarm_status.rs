//! How alarms do: what `GET /v1/alarms`, webhooks and the console show. It measures nothing and tells nobody.

use fep_protocol::alarm::AlarmAction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The alarms of a gateway, or of the gateways that share its journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct AlarmsStatus {
    /// Whether this gateway judges. Of those that share a journal one does.
    pub judges: bool,
    /// The gateway that judges, if several share the journal and it is known; `null` otherwise.
    pub instance: Option<String>,
    /// One for each rule and institution, by name.
    pub alarms: Vec<AlarmStatus>,
    /// What was told last, newest first, at most 100.
    pub recent: Vec<AlarmChange>,
    /// Who is told.
    pub receivers: Vec<ReceiverStatus>,
}

/// One alarm.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AlarmStatus {
    /// The rule.
    pub rule: String,
    /// The institution.
    pub institution: String,
    /// Whether it is raised.
    pub state: AlarmWord,
    /// Its name, which no other raise has; `null` if it is not raised.
    pub id: Option<String>,
    /// Since when the value is high, in milliseconds since 1970; `null` if it is not.
    pub since_ms: Option<i64>,
    /// Until when a person silenced it; `null` if it is not silenced.
    pub silenced_until_ms: Option<i64>,
    /// Who silenced it, and why; `null` if it is not silenced.
    pub silenced_by: Option<SilencedBy>,
    /// What it says now, in one sentence; `null` unless the value is high.
    pub text: Option<String>,
    /// What was measured last; `null` before the first look, and while nothing can be said.
    pub measured: Option<MeasuredView>,
}

/// Where an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmWord {
    /// The value is not high.
    Quiet,
    /// It is high, and not for long enough, or nothing is told now.
    Pending,
    /// It was told.
    Raised,
}

/// Who silenced an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SilencedBy {
    /// The person.
    pub person: String,
    /// Why.
    pub note: String,
}

/// A value with its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeasuredView {
    /// The value.
    pub value: f64,
    /// Above this it is high.
    pub limit: f64,
    /// The unit of both.
    pub unit: AlarmUnit,
}

/// The unit of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmUnit {
    /// Milliseconds.
    Ms,
    /// Percent of the exchanges.
    Percent,
    /// Standard deviations.
    Deviations,
    /// A number of something.
    Count,
}

/// Something that was told, or is to be told. It has no field of a telegram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmChange {
    /// The name of the alarm. Its raise, its reminders and its end have the same one.
    pub id: String,
    /// `raise`, `remind` or `clear`.
    pub action: AlarmAction,
    /// The rule.
    pub rule: String,
    /// The institution.
    pub institution: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Since when the value was high, in milliseconds since 1970.
    pub since_ms: i64,
    /// What was measured.
    pub measured: MeasuredView,
    /// What happened, in one sentence.
    pub text: String,
    /// What to look at next.
    pub next: String,
}

/// How telling a receiver goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReceiverStatus {
    /// Its name. For a mail with one of its recipients: each is told alone.
    pub receiver: String,
    /// How many changes it has not taken yet.
    pub waiting: usize,
    /// When the oldest of them happened, in milliseconds since 1970; `null` if there is none.
    pub oldest_ms: Option<i64>,
    /// Why it did not take the last attempt; `null` if it did.
    pub trouble: Option<String>,
}
