//! What persons send to decide something.

use schemars::JsonSchema;
use serde::Deserialize;

/// A decision, which is one of the words `W`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "{W}Decision")]
pub(crate) struct DecisionBody<W> {
    pub(crate) decision: W,
    pub(crate) note: String,
    #[serde(default = "nobody")]
    pub(crate) person: String,
}

/// What a person can decide about an exchange.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SettlementWord {
    Done,
    NotDone,
    Reversed,
    Inquire,
    Reverse,
}

/// What a person can decide about a notice.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryWord {
    Deliver,
    Close,
}

/// The body of `POST /v1/alarms/{rule}/{institution}/silence`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SilenceBody {
    /// For how many minutes nothing is told, at most a week. 0 ends the silence.
    #[schemars(range(max = 10080))]
    pub(crate) minutes: u32,
    pub(crate) note: String,
    #[serde(default = "nobody")]
    pub(crate) person: String,
}

/// The body of `POST /v1/institutions/{institution}/breaker`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakerBody {
    pub(crate) decision: BreakerWord,
    pub(crate) business: Option<String>,
    #[serde(default)]
    pub(crate) note: String,
    #[serde(default = "nobody")]
    pub(crate) person: String,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BreakerWord {
    Trip,
    Reset,
}

/// The body of `POST /v1/institutions/{institution}/business`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BusinessBody {
    pub(crate) decision: BusinessWord,
    pub(crate) business: Option<String>,
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BusinessWord {
    Block,
    Unblock,
}

/// The body of `POST /v1/institutions/{institution}/lines/{line}`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    pub(crate) decision: LineWord,
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineWord {
    Stop,
    Start,
}

/// The body of `POST /v1/institutions/{institution}/lines/{line}/sign-off`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteBody {
    #[serde(default)]
    pub(crate) note: String,
}

/// The body of `POST /v1/institutions/{institution}/switchover`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SwitchoverBody {
    Switch { line: String, note: String },
    Return { note: String },
}

/// The person of a decision that names none.
pub(crate) const UNNAMED: &str = "operator";

pub(crate) fn nobody() -> String {
    UNNAMED.to_owned()
}
