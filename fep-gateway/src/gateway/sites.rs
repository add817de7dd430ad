//! What percentage of the requests each of the two sites gets, and how a person changes that while the gateways run. Which site a key belongs to
//! is `fep_protocol::sites`; how a request gets there is `http::handing_over`.
//!
//! ```text
//! a person, at any gateway ─► a fact of the shared journal ─► the index of every gateway ─► what holds there
//! ```
//!
//! The last decision in the order of the journal holds, at all gateways and after restarts. While the database is away, each gateway goes on with
//! the last one that it knows. Two gateways may know different ones for a moment. That is no danger: a key is sent once wherever it goes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, Weak};
use std::time::Duration;

use fep_protocol::fact::{Fact, What};
use fep_protocol::note::PersonNote;
use fep_protocol::sites::{NoSplit, SitesDecision, Split};
use fep_protocol::standing::Standing;
use metrics::gauge;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::sleep;
use tracing::warn;

use super::{Gateway, Inner, JournalError};
use crate::config::{Config, SitesConfig};
use crate::journal::{Journal, Lane};

/// The topic of the decisions in the journal.
const TOPIC: &str = "sites";

/// The pause between two looks for decisions of other gateways.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// How long a change waits for the journal before its person is told that it is not known whether it will hold.
const DURABLE_MAX: Duration = Duration::from_secs(2);

/// The sites, seen by one gateway.
#[derive(Debug)]
pub(super) struct Sites {
    instance: String,
    config: SitesConfig,
    held: RwLock<Held>,
    lane: Lane,
    /// One change at a time.
    deciding: tokio::sync::Mutex<()>,
}

/// The decision that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Held {
    /// The number of its fact. 0 if there is none.
    revision: u64,
    decision: Option<SitesDecision>,
}

/// A change that a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesChange {
    /// The percentage of each site. `None`: what the configuration file says.
    pub percents: Option<BTreeMap<String, u8>>,
    /// The revision that the person saw. If another one holds now, nothing is changed. `None`: any.
    pub revision: Option<u64>,
    /// Who decides it.
    pub person: String,
    /// Why.
    pub note: String,
}

/// The reason why a change is not made, or not for sure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotMoved {
    /// The configuration has no sites.
    NoSites,
    /// The change names other sites than the configuration.
    OtherSites {
        /// The sites of the configuration.
        known: Vec<String>,
    },
    /// The percentages do not add up to 100.
    Split(NoSplit),
    /// Another change was made since.
    Changed {
        /// The revision that holds.
        revision: u64,
    },
    /// The journal takes no writes. Nothing was changed.
    Journal(JournalError),
    /// The journal does not have the change yet. It holds as soon as the journal takes it.
    NotDurable(JournalError),
}

/// The sites, and what percentage of the requests each gets.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct SitesStatus {
    /// The gateway that says this. `null` without sites.
    pub instance: Option<String>,
    /// Its site. `null` without sites.
    pub site: Option<String>,
    /// Grows with each change. 0 before the first one.
    pub revision: u64,
    /// The sites, by name. Empty if all gateways are at one.
    pub sites: BTreeMap<String, SiteStatus>,
    /// Who changed the percentages, why and since when. `null`: nobody did, so what the file says holds.
    pub changed: Option<SitesChanged>,
}

/// One site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SiteStatus {
    /// What holds: how many of a hundred keys belong to the site.
    pub percent: u8,
    /// What the configuration file says.
    pub file: u8,
    /// The gateways of the site.
    pub gateways: Vec<String>,
}

/// Who changed the percentages.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SitesChanged {
    /// Who.
    pub person: String,
    /// Why and since when.
    #[serde(flatten)]
    pub by: PersonNote,
    /// What the file said then, if it says something else now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_then: Option<Split>,
}

impl Sites {
    /// The sites of a configuration, with what holds from before. `None` if it has none.
    pub(super) fn begin(config: &Config, journal: &Journal) -> Option<Self> {
        let sites = config.instances.as_ref()?.sites.clone()?;
        let instance = config.journal.postgres.as_ref()?.instance.clone();
        let held = RwLock::default();
        let lane = journal.add_lane();
        Some(Self { instance, config: sites, held, lane, deciding: tokio::sync::Mutex::default() })
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        // A change is one assignment, so it is complete even after a panic elsewhere.
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What holds of the percentages.
    fn split<'s>(&'s self, held: &'s Held) -> &'s Split {
        let decided = held.decision.as_ref().and_then(|decision| decision.percents.as_ref());
        decided.filter(|decided| decided.has_sites_of(&self.config.split)).unwrap_or(&self.config.split)
    }

    /// Lets the newest decision of the journal hold.
    fn hold(&self, newest: Option<(u64, Standing)>) {
        let Some((revision, Standing::Sites(decision))) = newest else { return };
        if revision <= self.held().revision {
            return;
        }
        let SitesDecision { percents, person, by: PersonNote { note, .. }, .. } = &decision;
        match percents.as_ref().filter(|percents| !percents.has_sites_of(&self.config.split)) {
            Some(percents) => {
                warn!(%percents, person, note, "the file has other sites than a person divided, so what the file says holds");
            }
            None => {
                warn!(percents = ?percents.as_ref().map(Split::to_string), person, note, "a person divided the requests between the sites")
            }
        }
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held { revision, decision: Some(decision) };
        self.show();
    }

    fn show(&self) {
        let held = self.held();
        let split = self.split(&held);
        for site in split.sites() {
            gauge!("fep_site_percent", "site" => site.to_owned()).set(f64::from(split.percent(site)));
        }
    }

    fn status(&self) -> SitesStatus {
        let held = self.held();
        let split = self.split(&held);
        let site = |(name, site): (&String, &crate::config::SiteConfig)| {
            let gateways = site.gateways.keys().cloned().collect();
            (name.clone(), SiteStatus { percent: split.percent(name), file: site.percent, gateways })
        };
        let changed = held.decision.as_ref().map(|decision| SitesChanged {
            person: decision.person.clone(),
            by: decision.by.clone(),
            file_then: (decision.file != self.config.split).then(|| decision.file.clone()),
        });
        SitesStatus {
            instance: Some(self.instance.clone()),
            site: Some(self.config.own.clone()),
            revision: held.revision,
            sites: self.config.sites.iter().map(site).collect(),
            changed,
        }
    }

    /// What a person should know: a decision that holds although the file says something new.
    fn note(&self) -> Option<String> {
        let held = self.held();
        let decision = held.decision.as_ref().filter(|decision| decision.file != self.config.split)?;
        let SitesDecision { person, .. } = decision;
        let file = &self.config.split;
        let holds = self.split(&held);
        Some(format!("sites: {holds} holds, as {person} decided, although the file says {file} now"))
    }

    /// The decision of a change, if it can be made.
    fn decided(&self, change: SitesChange, now_ms: i64) -> Result<SitesDecision, NotMoved> {
        let SitesChange { percents, revision, person, note } = change;
        let holds = self.held().revision;
        if revision.is_some_and(|revision| revision != holds) {
            return Err(NotMoved::Changed { revision: holds });
        }
        let file = &self.config.split;
        let split = |percents: BTreeMap<String, u8>| {
            let known: Vec<String> = file.sites().map(str::to_owned).collect();
            if !percents.keys().eq(known.iter()) {
                return Err(NotMoved::OtherSites { known });
            }
            Split::new(percents).map_err(NotMoved::Split)
        };
        let percents = percents.map(split).transpose()?;
        Ok(SitesDecision { percents, file: file.clone(), person, by: PersonNote { note, since_ms: now_ms } })
    }
}

impl Gateway {
    /// The sites, and what percentage of the requests each gets. `None` if the configuration has none.
    #[must_use]
    pub fn sites(&self) -> Option<SitesStatus> {
        self.inner.sites.as_ref().map(Sites::status)
    }

    /// The sites of the configuration, with the name of this gateway.
    pub(crate) fn sites_config(&self) -> Option<(&str, &SitesConfig)> {
        self.inner.sites.as_ref().map(|sites| (sites.instance.as_str(), &sites.config))
    }

    /// The site to which a key belongs by the percentages that hold. `None` without sites.
    pub(crate) fn site_of(&self, key: &str) -> Option<String> {
        let sites = self.inner.sites.as_ref()?;
        let held = sites.held();
        sites.split(&held).site_of(key).map(str::to_owned)
    }

    /// The percentage of the requests that a site gets. 0 without sites.
    pub(crate) fn percent_of(&self, site: &str) -> u8 {
        self.inner.sites.as_ref().map_or(0, |sites| sites.split(&sites.held()).percent(site))
    }

    /// The present time, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.shared.clock.now().wall_ms
    }

    /// What a person should know about the sites.
    pub(super) fn note_of_sites(&self) -> Option<String> {
        self.inner.sites.as_ref()?.note()
    }

    /// Whether a request to this institution would not be sent here now: the gateway stops, the journal takes no writes, no line works, or another
    /// gateway has the line.
    pub(crate) fn cannot_send(&self, institution: &str) -> bool {
        let now = self.inner.shared.clock.now();
        let handle = self.find_handle(institution);
        self.inner.stopping.load(Ordering::SeqCst)
            || self.inner.shared.journal.trouble().is_some()
            || handle.is_some_and(|handle| handle.is_leaving() || handle.statuses.trouble(now).is_some())
            || self.holder(institution).is_some_and(|holder| *holder != *self.inner.shared.coordinator.instance())
    }

    /// Changes what percentage of the requests each site gets, at all gateways that share the journal, and waits until that is durable. What
    /// runs stays where it is. If two persons change it at the same moment at two gateways, the change holds that is later in the journal.
    ///
    /// # Errors
    /// If nothing was changed, or ([`NotMoved::NotDurable`]) the journal does not have it yet.
    pub async fn move_sites(&self, change: SitesChange) -> Result<SitesStatus, NotMoved> {
        let sites = self.inner.sites.as_ref().ok_or(NotMoved::NoSites)?;
        let shared = &self.inner.shared;
        let _one = sites.deciding.lock().await;
        sites.hold(shared.journal.of_all_now(TOPIC).await.map_err(NotMoved::Journal)?);
        let now_ms = shared.clock.now().wall_ms;
        let decision = sites.decided(change, now_ms)?;
        // A change that waits in memory for the database would be a surprise later.
        if let Some(error) = shared.journal.trouble() {
            return Err(NotMoved::Journal(error));
        }
        let standing = Some(Box::new(Standing::Sites(decision)));
        let fact = Fact { what: What::Standing, standing, ..Fact::new("".into(), now_ms) };
        let number = sites.lane.append(fact).map_err(NotMoved::Journal)?;
        sites.lane.has_stored(number, DURABLE_MAX).await.map_err(NotMoved::NotDurable)?;
        sites.hold(shared.journal.of_all_now(TOPIC).await.map_err(NotMoved::NotDurable)?);
        Ok(sites.status())
    }
}

/// Follows the decisions of all gateways, as long as this one runs.
pub(super) async fn watch(inner: &Arc<Inner>) {
    let Some(sites) = &inner.sites else { return };
    sites.show();
    look(inner).await;
    let inner: Weak<Inner> = Arc::downgrade(inner);
    tokio::spawn(async move {
        while let Some(inner) = inner.upgrade() {
            look(&inner).await;
            drop(inner);
            sleep(LOOK_PAUSE).await;
        }
    });
}

async fn look(inner: &Inner) {
    // What cannot be read now is read again. Until then the last known decision holds.
    if let (Some(sites), Ok(newest)) = (&inner.sites, inner.shared.journal.of_all(TOPIC).await) {
        sites.hold(newest);
    }
}

impl fmt::Display for NotMoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSites => f.write_str("the configuration has no sites: add [instances.sites] to the file"),
            Self::OtherSites { known } => write!(f, "name each site with its percentage: {}", known.join(", ")),
            Self::Split(why) => write!(f, "{why}; write such as 99 and 1"),
            Self::Changed { revision } => {
                write!(f, "somebody changed it meanwhile: revision {revision} holds; look at it and decide again")
            }
            Self::Journal(error) => write!(f, "nothing was changed: {error}"),
            Self::NotDurable(error) => write!(f, "it holds as soon as the journal takes it: {error}"),
        }
    }
}

impl std::error::Error for NotMoved {}
