//! What the program that runs a batch says about it, and what others see of that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a batch is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchReport {
    pub(crate) institution: String,
    pub(crate) telegram: String,
    pub(crate) state: BatchWord,
    /// All requests of its file.
    pub(crate) requests: u64,
    /// Those that were carried out.
    pub(crate) done: u64,
    /// Those that were not carried out, reversed or refused.
    pub(crate) failed: u64,
    /// Those whose outcome nobody knows.
    pub(crate) unknown: u64,
    /// Those that are on their way.
    pub(crate) in_flight: u64,
    /// Why it waits. Absent if it does not. At most 300 characters in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// Whether a batch goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BatchWord {
    /// It runs.
    Running,
    /// It was stopped, and can go on.
    Stopped,
    /// It has ended.
    Ended,
}

/// A batch of which a program has told something since the gateway started, in the last 24 hours.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct BatchView {
    pub(crate) batch: String,
    /// Its date: `2026-11-30`.
    pub(crate) date: String,
    /// The client that told it, if clients have names.
    pub(crate) client: Option<String>,
    /// When it was told last, in milliseconds since 1970.
    pub(crate) told_at_ms: i64,
    #[serde(flatten)]
    pub(crate) report: BatchReport,
}
