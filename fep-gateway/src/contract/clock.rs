//! What the business clock shows, and what a test sets it to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the business clock of the gateway shows. The clock of a simulator says the same, so a program can follow either.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ClockView {
    /// `production`, where it shows the real time, or `test`.
    pub(crate) environment: &'static str,
    /// The time that it shows, by RFC 3339.
    pub(crate) now: String,
    /// The same in milliseconds since 1970.
    pub(crate) now_ms: i64,
    /// The time to which it was set; `null` if it shows the real time.
    pub(crate) base: Option<String>,
    /// How many seconds it goes on in one second.
    pub(crate) speed: u32,
    /// How often it was set.
    pub(crate) number: u64,
}

/// What a test sets the business clock to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockBody {
    /// The time that it shows from now on, by RFC 3339: `2026-12-31T23:59:30+09:00`. `null`: the real time.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(required)]
    pub(crate) base: Option<String>,
    /// How many seconds it goes on in one second. Default: 1.
    #[serde(default)]
    pub(crate) speed: Option<u32>,
}
