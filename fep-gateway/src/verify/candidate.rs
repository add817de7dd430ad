//! Asks a side of the plan: an embedded gateway with its institution alone. Only what it speaks with is used of its configuration: it publishes
//! nothing, takes nothing from topics, brings notices to nobody, passes nothing on and settles nothing. Its journal is in the folder of the plan, so
//! that the next run of a day goes on with the trace numbers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::{Answer, Exchange, LinkState, Outcome};
use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

use super::VerifyError;
use super::plan::Side;
use crate::business_clock::BusinessClock;
use crate::config::{ArchiveConfig, Config, JournalFile};
use crate::gateway::{Gateway, RequestOptions, StandInOnly, StartOptions};
use crate::telegrams::TelegramCatalogue;

/// How long a side may take until business is open on one of its links.
const OPEN_MAX: Duration = Duration::from_secs(15);

/// A side that can be asked.
pub(super) struct Asked {
    gateway: Gateway,
    name: String,
    catalogue: TelegramCatalogue,
}

/// Where the journal of a side is.
pub(super) struct Place<'p> {
    /// The folder of the plan.
    pub(super) folder: &'p Path,
    /// `candidate` or `old`.
    pub(super) name: &'static str,
    /// The keys of the gateway whose requests are asked again: its journal is encrypted, so this one is, too.
    pub(super) key_file: Option<&'p Path>,
}

/// The journals keep this many whole days: enough for the trace numbers of today.
const KEEP_DAYS: u32 = 1;

/// A request as it was sent, and its answer.
pub(super) struct Exchanged {
    /// The frame of the request.
    pub(super) request: Vec<u8>,
    /// The name of the answer's telegram.
    pub(super) telegram: String,
    /// The frame of the answer.
    pub(super) answer: Vec<u8>,
}

/// What came of a request, or why there is no answer.
pub(super) type Answered = Result<Exchanged, String>;

impl Asked {
    /// Connects the lines of a side and waits until one of them is open for business.
    /// `clock` is the business clock of a side for tests.
    ///
    /// # Errors
    /// If the gateway does not start, or no link is open after 15 s.
    pub(super) async fn connect(
        side: &Side,
        place: &Place<'_>,
        clock: Option<BusinessClock>,
    ) -> Result<Self, VerifyError> {
        let Side { config, institution: name } = side;
        let mut institution = side.institution().cloned().ok_or(VerifyError::NoInstitution)?;
        institution.routing.clear();
        institution.notices.clear();
        institution.breaker = None;
        // The plan has refused what moves money. This is the second lock on that door.
        institution.telegrams.values_mut().for_each(|limits| limits.settlement = None);
        let catalogue = TelegramCatalogue::new(&institution).map_err(VerifyError::Unfit)?;
        std::fs::create_dir_all(place.folder).map_err(VerifyError::Folder)?;
        let archive = ArchiveConfig {
            folder: place.folder.join(format!("{}-days", place.name)),
            after_days: KEEP_DAYS,
            utc_offset_minutes: institution.zone.standard_minutes(),
            keep_days: Some(KEEP_DAYS),
        };
        let journal = JournalFile {
            path: place.folder.join(format!("{}.sqlite", place.name)),
            archive: Some(archive),
            key_file: place.key_file.map(Path::to_owned),
            postgres: None,
        };
        let config = Config {
            journal,
            instances: None,
            events: None,
            requests: None,
            alarms: None,
            opentelemetry: None,
            institutions: [(name.clone(), institution)].into(),
            ..config.clone()
        };
        let options = StartOptions { business_clock: clock, ..StartOptions::default() };
        let gateway = Gateway::start_with(config, Arc::new(StandInOnly), options).await;
        let gateway = gateway.map_err(|error| VerifyError::Side(name.clone(), error.to_string()))?;
        let asked = Self { gateway, name: name.clone(), catalogue };
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
        let Exchange { outcome, request, answer, reason, .. } = exchange.map_err(|refusal| refusal.to_string())?;
        match (outcome, answer) {
            (Some(Outcome::Answered), Some(answer)) => {
                let Answer { telegram, bytes } = answer;
                Ok(Exchanged { request: request.to_vec(), telegram: telegram.to_string(), answer: bytes.to_vec() })
            }
            (outcome, _) => {
                let outcome = outcome.map_or("no outcome", Outcome::name);
                Err(format!("{outcome}: {}", reason.unwrap_or_else(|| "it does not say why".to_owned())))
            }
        }
    }

    /// The telegrams of the side.
    pub(super) fn catalogue(&self) -> &TelegramCatalogue {
        &self.catalogue
    }

    /// Signs off and closes the lines.
    pub(super) async fn stop(&self) {
        self.gateway.stop().await;
    }
}
