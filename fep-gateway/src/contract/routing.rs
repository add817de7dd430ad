//! What persons send to change where requests go.

use std::collections::BTreeMap;

use fep_protocol::routing::Share;
use schemars::JsonSchema;
use serde::Deserialize;

use super::decisions::nobody;

/// The body of `PUT /v1/institutions/{institution}/routing`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoutingBody {
    /// What holds from now on for each telegram that has a rule. All of them are named. `null`: what the configuration file says.
    pub(crate) rules: BTreeMap<String, Option<Share>>,
    pub(crate) note: String,
    #[serde(default = "nobody")]
    pub(crate) person: String,
}
