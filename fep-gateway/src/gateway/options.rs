//! How a gateway is started, and what a caller can say about its request besides the telegram.

use std::sync::Arc;

use fep_protocol::exchange::Caller;

use crate::business_clock::BusinessClock;
use crate::coordinator::{Coordinator, LocalCoordinator};
use crate::spans::Tracer;

/// What a caller says about its request besides the telegram. An idempotency key alone can be given as `Some("order-17")`, and nothing
/// as `None`.
///
/// ```
/// use fep_gateway::gateway::RequestOptions;
///
/// let options = RequestOptions::from(Some("order-17"));
/// assert_eq!(options, RequestOptions { idempotency_key: Some("order-17"), ..RequestOptions::default() });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions<'k> {
    /// A second request with the same key and the same content gets the exchange of the first one, unless that certainly was not sent.
    pub idempotency_key: Option<&'k str>,
    /// By what other systems know the request. The journal and the log have it.
    pub caller: Caller,
    /// Nobody waits for the request: it starts after those that somebody waits for, unless `flow.priorities` says something else of its telegram.
    pub batch: bool,
}

impl RequestOptions<'_> {
    /// What the exchange keeps of the caller.
    pub(super) fn caller(&self) -> Option<Arc<Caller>> {
        (!self.caller.is_empty()).then(|| Arc::new(self.caller.clone()))
    }
}

impl<'k> From<Option<&'k str>> for RequestOptions<'k> {
    fn from(idempotency_key: Option<&'k str>) -> Self {
        Self { idempotency_key, ..Self::default() }
    }
}

/// How to start a gateway.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// Begin a new journal although the index of the journal shows that there was one, or go on with one that has lost facts.
    /// Requests that the lost facts knew can then be sent again.
    pub new_journal: bool,
    /// What the gateway shares with other instances. Default: it is alone.
    pub coordinator: Arc<dyn Coordinator>,
    /// A business clock that the gateway shares with the program, such as that of a simulator. Only in the environment `test`, where it is used
    /// instead of `[test_clock]`. Default: the clock of the configuration.
    pub business_clock: Option<BusinessClock>,
    /// What makes spans of exchanges. Default: nothing does.
    pub tracer: Tracer,
    /// In a simulation of several gateways: what makes the coordinator.
    #[cfg(feature = "simulation")]
    pub among: Option<crate::coordinator::MakeCoordinator>,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            new_journal: false,
            coordinator: Arc::new(LocalCoordinator),
            business_clock: None,
            tracer: Tracer::default(),
            #[cfg(feature = "simulation")]
            among: None,
        }
    }
}
