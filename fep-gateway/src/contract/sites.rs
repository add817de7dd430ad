//! What persons see of the two sites, and what they send to divide the requests between them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decisions::nobody;
use crate::gateway::SitesStatus;

/// The body of `PUT /v1/sites`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SitesBody {
    /// The percentage of each site, which add up to 100. All sites are named. `null`: what the configuration file says.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) percents: Option<BTreeMap<String, u8>>,
    pub(crate) note: String,
    #[serde(default = "nobody")]
    pub(crate) person: String,
}

/// The sites, and what the gateway that says this measured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SitesView {
    #[serde(flatten)]
    pub(crate) status: SitesStatus,
    /// What became of the requests of this gateway that belong to the other site. `null` without sites.
    pub(crate) handed_over: Option<HandingView>,
}

/// What became of the requests that belong to the other site. Each is in one of the counts.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HandingView {
    /// Since when they are counted, in milliseconds since 1970: the start of the gateway.
    pub(crate) counted_since_ms: i64,
    /// A gateway there replied.
    pub(crate) served: u64,
    /// No gateway there could be reached, so they were served here.
    pub(crate) unreachable: u64,
    /// A gateway there could not send them, so they were served here.
    pub(crate) refused: u64,
    /// No reply came, so they were served here: the key of each was sent once.
    pub(crate) failed: u64,
    /// `inflight_max` others were on their way, so they were served here.
    pub(crate) full: u64,
    /// They have no idempotency key, so they were served here. All of them are counted while the other site gets requests.
    pub(crate) no_key: u64,
    /// Their callers proved who they are by a certificate or a session, so they were served here.
    pub(crate) own_caller: u64,
    /// The requests of the other site that this gateway served.
    pub(crate) served_for_others: u64,
    /// The gateways of the other site.
    pub(crate) gateways: Vec<PeerView>,
}

/// A gateway of the other site.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PeerView {
    /// Its name.
    pub(crate) gateway: String,
    /// Why it gets no requests for a moment. `null`: it gets some.
    pub(crate) trouble: Option<String>,
}
