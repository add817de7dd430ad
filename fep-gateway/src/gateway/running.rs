//! Exchanges that run: a caller can wait for the outcome, or leave and ask for it later.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::digest::digest;
use super::{Gateway, JournalError, KeyState, Refusal, RequestOptions, broken_off};
use fep_protocol::exchange::{Exchange, ExchangeId};
use fep_protocol::reason::NotSent;

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
    /// The key, if another gateway may have it.
    pub(super) asked: Option<AskedKey>,
    pub(super) end: oneshot::Receiver<Exchange>,
}

/// An idempotency key as a caller gave it.
#[derive(Clone, Debug)]
pub(super) struct AskedKey {
    institution: Arc<str>,
    key: Box<str>,
    digest: [u8; 16],
}

/// The pause between two looks for the outcome of an exchange of another gateway.
const LOOK_PAUSE: Duration = Duration::from_millis(50);

impl Begun {
    /// Waits for the outcome.
    ///
    /// # Errors
    /// If another gateway had a request with the same key first: see [`Running::end`].
    pub async fn end(self) -> Result<Exchange, Refusal> {
        match self {
            Self::Running(running) => running.end().await,
            Self::Ended(exchange) => Ok(*exchange),
        }
    }
}

impl Running {
    /// The name of the exchange, by which [`Gateway::find`] finds it.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.exchange.id
    }

    /// Waits for the outcome. If another gateway had a request with the same key first, this one is not sent, and the exchange of the other one is
    /// returned. Who is told about it must have a right to see it: another client may have sent it.
    ///
    /// # Errors
    /// If the exchange of the other gateway still runs after twice the time that an answer may take, has another body, or cannot be looked up.
    pub async fn end(self) -> Result<Exchange, Refusal> {
        let Self { gateway, exchange, asked, end } = self;
        // If the institution's task failed, the outcome is reported as unknown. At the next start the journal determines what it was.
        let ended = end.await.unwrap_or_else(|_| broken_off(exchange, gateway.inner.shared.clock.now().wall_ms));
        match asked.filter(|_| ended.reason_code.as_deref() == Some(NotSent::Journal(JournalError::KeyTaken).code())) {
            Some(asked) => gateway.of_another(ended, &asked).await,
            None => Ok(ended),
        }
    }

    /// Waits for the outcome for some time. If there is none by then, the exchange is returned as it is now: without an outcome.
    ///
    /// # Errors
    /// As [`Running::end`].
    pub async fn end_within(self, patience: Duration) -> Result<Exchange, Refusal> {
        let running = self.exchange.clone();
        // The exchange goes on when nobody waits for it any more.
        tokio::time::timeout(patience, self.end()).await.unwrap_or(Ok(running))
    }
}

impl AskedKey {
    pub(super) fn new(institution: Arc<str>, key: &str, digest: [u8; 16]) -> Self {
        Self { institution, key: key.into(), digest }
    }
}

impl Gateway {
    /// The exchange with this name, or `None` if there is no such exchange. One that waits for its turn is found too.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn find(&self, id: &ExchangeId) -> Result<Option<Exchange>, JournalError> {
        let journal = &self.inner.shared.journal;
        if let Some(found) = journal.find(id).await? {
            return Ok(Some(found));
        }
        // The journal does not have one that waits for its turn. Its institution does.
        match self.find_running(id).await {
            Some(found) => Ok(Some(found)),
            // It may have gone from its institution to the journal meanwhile.
            None => journal.find(id).await,
        }
    }

    async fn find_running(&self, id: &ExchangeId) -> Option<Exchange> {
        for handle in self.running().values() {
            if let Some(found) = handle.find(*id).await {
                return Some(found);
            }
        }
        None
    }

    /// The exchange of another gateway that has the key of this one, which was not sent. It is waited for as long as its answer may take.
    /// Only if there is none any more, this one is returned: the other one was not sent either.
    async fn of_another(&self, ended: Exchange, asked: &AskedKey) -> Result<Exchange, Refusal> {
        let journal = &self.inner.shared.journal;
        let AskedKey { institution, key, digest } = asked;
        let until = Instant::now() + self.patience(institution, &ended.telegram);
        loop {
            match journal.known_by_all(institution, key, *digest).await {
                Err(error) => return Err(Refusal::KeyUnchecked(NotSent::Journal(error))),
                Ok(None) => return Ok(ended),
                Ok(Some((other, false))) => return Err(Refusal::OtherBody(other.id)),
                Ok(Some((other, true))) if other.outcome.is_some() => return Ok(other),
                Ok(Some((other, true))) if Instant::now() >= until => return Err(Refusal::StillRunning(other.id)),
                Ok(Some(_)) => sleep(LOOK_PAUSE).await,
            }
        }
    }

    /// How long it is worth to wait for the outcome of an exchange that another gateway has.
    pub(crate) fn patience(&self, institution: &str, telegram: &str) -> Duration {
        let handle = self.find_handle(institution);
        handle.map_or(Duration::ZERO, |handle| handle.catalogue.answer_timeout(telegram) * 2)
    }

    /// Sends a request that another gateway may be sending. If that has its idempotency key, its exchange is waited for, at most this long.
    ///
    /// # Errors
    /// If the request is not accepted, or the exchange has no outcome by then.
    pub(crate) async fn begin_or_join(
        &self,
        institution: &str,
        telegram: &str,
        body: &Value,
        options: RequestOptions<'_>,
        patience: Duration,
    ) -> Result<Begun, Refusal> {
        let until = Instant::now() + patience;
        loop {
            match self.begin(institution, telegram, body, options.clone()).await {
                Err(Refusal::StillRunning(_)) if Instant::now() < until => sleep(LOOK_PAUSE).await,
                begun => return begun,
            }
        }
    }

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
        let idempotency = options.idempotency_key.map(|key| (key, digest(telegram, body)));
        let drafted = self.handle(institution).and_then(|handle| {
            let draft = handle.catalogue.draft(telegram, body, self.inner.shared.clock.now())?;
            Ok((handle, draft))
        });
        let (handle, draft) = match drafted {
            Ok(drafted) => drafted,
            Err(refusal) => return self.refused(institution, idempotency, refusal).await,
        };
        let draft = draft.waited_for_by_nobody(options.batch);
        self.begin_draft(&handle, telegram, draft, options.caller(), idempotency).await
    }

    /// What is told of a request that is not a request today. It may have been one when it was sent: under another spec or configuration, which
    /// its repeat knows nothing of. So its idempotency key comes first, and its exchange is the reply.
    pub(super) async fn refused(
        &self,
        institution: &str,
        idempotency: Option<(&str, [u8; 16])>,
        refusal: Refusal,
    ) -> Result<Begun, Refusal> {
        let Some((key, digest)) = idempotency else { return Err(refusal) };
        let state = self.inner.shared.journal.key_state(institution, key, digest).await;
        match state.map_err(|error| Refusal::KeyUnchecked(NotSent::Journal(error)))? {
            None | Some(KeyState::Reserved(_)) => Err(refusal),
            Some(KeyState::Running(id)) => Err(Refusal::StillRunning(id)),
            Some(KeyState::Ended(exchange)) => Ok(Begun::Ended(exchange)),
            Some(KeyState::OtherBody(id)) => Err(Refusal::OtherBody(id)),
        }
    }
}
