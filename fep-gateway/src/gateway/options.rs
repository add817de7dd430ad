//! What a caller can say about its request besides the telegram.

use std::sync::Arc;

use fep_protocol::exchange::Caller;

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
