//! Exchanges that run: a caller can wait for the outcome, or leave and ask for it later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use super::digest::digest;
use super::{Gateway, Refusal, RequestOptions, broken_off};
use fep_protocol::exchange::{Exchange, ExchangeId};

/// An accepted request.
#[derive(Debug)]
pub enum Begun {
    /// It runs.
    Running(Box<Running>),
    /// It has its outcome already: it was not sent, or its idempotency key belongs to an exchange that has ended.
    Ended(Box<Exchange>),
}

/// An exchange that runs to its end, also if this value is dropped.
#[derive(Debug)]
pub struct Running {
    pub(super) gateway: Gateway,
    pub(super) exchange: Exchange,
    pub(super) end: oneshot::Receiver<Exchange>,
}

/// The exchanges whose callers left, until they end. There are no more of them than the institutions have places for requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Left(Arc<Mutex<HashMap<ExchangeId, Exchange>>>);

impl Left {
    fn exchanges(&self) -> MutexGuard<'_, HashMap<ExchangeId, Exchange>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, id: &ExchangeId) -> Option<Exchange> {
        self.exchanges().get(id).cloned()
    }
}

impl Begun {
    /// Waits for the outcome.
    pub async fn end(self) -> Exchange {
        match self {
            Self::Running(running) => running.end().await,
            Self::Ended(exchange) => *exchange,
        }
    }
}

impl Running {
    /// The name of the exchange. [`Gateway::find`] finds it once the journal has it, or after [`Running::end_within`].
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.exchange.id
    }

    /// Waits for the outcome.
    pub async fn end(self) -> Exchange {
        let Self { gateway, exchange, end } = self;
        // If the institution's task failed, the outcome is reported as unknown. At the next start the journal determines what it was.
        end.await.unwrap_or_else(|_| broken_off(exchange, gateway.inner.shared.clock.now().wall_ms))
    }

    /// Waits for the outcome for some time. If there is none by then, the exchange is returned as it is now: without an outcome.
    /// [`Gateway::find`] finds it also while it waits for its turn and the journal does not have it yet.
    pub async fn end_within(self, patience: Duration) -> Exchange {
        let running = self.exchange.clone();
        let left = self.gateway.inner.left.clone();
        let mut end = Box::pin(self.end());
        if let Ok(ended) = tokio::time::timeout(patience, &mut end).await {
            return ended;
        }
        let id = running.id;
        left.exchanges().insert(id, running.clone());
        tokio::spawn(async move {
            end.await;
            left.exchanges().remove(&id);
        });
        running
    }
}

impl Gateway {
    /// Sends a request as [`Gateway::exchange`] does, and returns before it has its outcome.
    ///
    /// # Errors
    /// If the request is not accepted.
    pub async fn begin(
        &self,
        institution: &str,
        telegram: &str,
        body: &Value,
        options: impl Into<RequestOptions<'_>>,
    ) -> Result<Begun, Refusal> {
        let options = options.into();
        let handle = self.handle(institution)?;
        let draft = handle.catalogue.draft(telegram, body, self.inner.shared.clock.now())?;
        let idempotency = options.idempotency_key.map(|key| (key, digest(telegram, body)));
        self.begin_draft(&handle, telegram, draft, options.caller(), idempotency).await
    }
}
