//! One gateway of the other site, and the pause after it could not be reached. Its connections are those of `crate::client`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::client::{Client, Failed, Replied};
use crate::config::{GatewayAt, SitesConfig};
use crate::tls::Party;

/// A gateway of the other site.
pub(super) struct Peer {
    instance: String,
    client: Client,
    pause: Duration,
    trouble: Mutex<Option<Trouble>>,
}

/// Why a gateway gets no requests, until when.
struct Trouble {
    why: String,
    until: Instant,
}

impl Peer {
    pub(super) fn new(instance: &str, at: &GatewayAt, config: &SitesConfig) -> Self {
        Self {
            instance: instance.to_owned(),
            client: Client::new(at, Party::OtherSite, config.connect_timeout),
            pause: config.pause,
            trouble: Mutex::default(),
        }
    }

    /// The name of the gateway.
    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    fn trouble_now(&self) -> MutexGuard<'_, Option<Trouble>> {
        // A change is one assignment, so it is complete even after a panic elsewhere.
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it gets no requests now.
    pub(super) fn is_paused(&self) -> bool {
        self.trouble_now().as_ref().is_some_and(|trouble| Instant::now() < trouble.until)
    }

    /// Why it was last not reached. `None` if it was.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble_now().as_ref().map(|trouble| trouble.why.clone())
    }

    /// Gives it no requests for a while.
    pub(super) fn pause(&self, why: &str) {
        let trouble = Trouble { why: why.to_owned(), until: Instant::now() + self.pause };
        if self.trouble_now().replace(trouble).is_none() {
            warn!(
                gateway = self.instance,
                why, "a gateway of the other site gets no requests for a while; they are served here"
            );
        }
    }

    /// It replied.
    pub(super) fn works(&self) {
        if self.trouble_now().take().is_some() {
            info!(gateway = self.instance, "a gateway of the other site gets requests again");
        }
    }

    /// Posts a body, and waits for the reply at most this long.
    pub(super) async fn post(
        &self,
        path: &str,
        headers: &HeaderMap,
        body: &Bytes,
        limit: Duration,
    ) -> Result<Replied, Failed> {
        self.client.ask((Method::POST, path), headers, body, limit).await
    }
}
