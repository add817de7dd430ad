//! Asks a side of the plan: an embedded gateway with its institution alone, and a journal that is thrown away. Only what it speaks with is
//! used of its configuration: it publishes nothing, takes nothing from topics, brings notices to nobody and passes nothing on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::{Exchange, LinkState, Outcome};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::VerifyError;
use super::plan::Side;
use crate::config::{Config, JournalFile};
use crate::gateway::{Gateway, RequestOptions, StandInOnly};
use crate::telegrams::TelegramCatalogue;

/// How long a side may take until business is open on one of its links.
const OPEN_MAX: Duration = Duration::from_secs(15);

/// A side that can be asked.
pub(super) struct Asked {
    gateway: Gateway,
    name: String,
    catalogue: TelegramCatalogue,
    /// Deletes the journal at the end.
    _folder: TempDir,
}

/// An answer, or why there is none.
pub(super) type Answered = Result<(String, Vec<u8>), String>;

impl Asked {
    /// Connects the lines of a side and waits until one of them is open for business.
    ///
    /// # Errors
    /// If the gateway does not start, or no link is open after 15 s.
    pub(super) async fn connect(side: &Side) -> Result<Self, VerifyError> {
        let Side { config, institution: name } = side;
        let folder = tempfile::tempdir().map_err(|error| VerifyError::Side(name.clone(), error.to_string()))?;
        let mut institution = config.institutions.get(name).cloned().ok_or(VerifyError::NoInstitution)?;
        institution.routing.clear();
        institution.notices.clear();
        institution.breaker = None;
        let catalogue = TelegramCatalogue::new(&institution).map_err(VerifyError::Unfit)?;
        let journal =
            JournalFile { path: folder.path().join("asked.sqlite"), archive: None, key_file: None, postgres: None };
        let config = Config {
            journal,
            instances: None,
            events: None,
            requests: None,
            opentelemetry: None,
            institutions: [(name.clone(), institution)].into(),
            ..config.clone()
        };
        let gateway = Gateway::start(config, Arc::new(StandInOnly)).await;
        let gateway = gateway.map_err(|error| VerifyError::Side(name.clone(), error.to_string()))?;
        let asked = Self { gateway, name: name.clone(), catalogue, _folder: folder };
        asked.wait_until_open().await?;
        Ok(asked)
    }

    async fn wait_until_open(&self) -> Result<(), VerifyError> {
        let end = Instant::now() + OPEN_MAX;
        // An idle link is connected when it is needed.
        let carries = |state: &LinkState| matches!(state, LinkState::Up | LinkState::Idle);
        let is_open = || self.gateway.lines().iter().flat_map(|line| &line.links).any(|link| carries(&link.state));
        while !is_open() {
            if Instant::now() >= end {
                self.gateway.stop().await;
                let why = "no link was open for business after 15 s: the log says why".to_owned();
                return Err(VerifyError::Side(self.name.clone(), why));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// What a service would say to have a recorded request sent here.
    ///
    /// # Errors
    /// If the spec does not read it.
    pub(super) fn body(&self, telegram: &str, frame: &[u8]) -> Result<Json, String> {
        self.catalogue.said_by_service(telegram, frame).map_err(|error| error.to_string())
    }

    /// Sends a request and waits for the answer: the name of its telegram, and the telegram.
    pub(super) async fn ask(&self, telegram: &str, body: &Json) -> Answered {
        let options = RequestOptions { batch: true, ..RequestOptions::default() };
        let exchange = self.gateway.exchange(&self.name, telegram, body, options).await;
        let Exchange { outcome, answer, reason, .. } = exchange.map_err(|refusal| refusal.to_string())?;
        match (outcome, answer) {
            (Some(Outcome::Answered), Some(answer)) => {
                Ok((answer.telegram.to_string(), self.catalogue.telegram(&answer.bytes).to_vec()))
            }
            (outcome, _) => {
                let outcome = outcome.map_or("no outcome", Outcome::name);
                Err(format!("{outcome}: {}", reason.unwrap_or_else(|| "it does not say why".to_owned())))
            }
        }
    }

    /// The fields of a request that each sending fills anew.
    pub(super) fn filled_anew(&self, telegram: &str) -> BTreeSet<String> {
        self.catalogue.filled_anew(telegram)
    }

    /// Signs off and closes the lines.
    pub(super) async fn stop(&self) {
        self.gateway.stop().await;
    }
}
