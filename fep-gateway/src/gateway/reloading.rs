//! Lets another configuration hold while the gateway runs.
//!
//! ```text
//! compare ─► prepare ─► would something be lost? ─► record ─► stop removed and changed ones ─► start changed and new ones
//! └───────────── everything that can be refused ──────────┘   └──────────── nothing is refused any more ─────────────┘
//! ```
//!
//! An institution that is not in the difference is not touched: its task, its links and its entrance stay as they are. One in which only limits,
//! timeouts and the like differ goes on with the new ones (`config::in_place`). Any other one that changed stops and starts as with a restart of the process, with the same journal: its keys, trace numbers, settlements and what persons decided
//! go on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fep_protocol::audit::{Act, AuditEnd, AuditFact};
use fep_protocol::fact::{Fact, What};
use futures_util::future::join_all;
use tokio::sync::OwnedMutexGuard;
use tracing::{error, info, warn};

use super::losing::{Changes, removed};
use super::prepared::Prepared;
use super::reload::{FileState, Holding, ReloadBy, ReloadError};
use super::routing;
use super::{Attempt, AuditEntry, AuditError, Gateway};
use crate::config::{Config, Difference, InstitutionChange, InstitutionConfig, Role};
use crate::ground::Ground;
use crate::net::institution::{Closed, Handle};

/// What is ready to be carried out. Nothing has changed yet.
struct Plan {
    config: Config,
    difference: Difference,
    by: ReloadBy,
    /// The institutions to start, by name.
    starts: BTreeMap<String, Prepared>,
    /// The institutions that change in place, by name.
    retunes: BTreeMap<String, Prepared>,
}

impl Gateway {
    /// Lets another configuration hold. Institutions that do not differ are not touched. New ones start. Removed ones sign off and stop,
    /// unless they have something that would be lost. Changed ones go on with their lines if everything that differs can be changed in place
    /// ([`InstitutionChange::is_in_place`]). Otherwise they stop and start again, with what the journal has of them: exchanges in
    /// flight get `drain_max_ms` to end, and requests that come meanwhile are not sent. Dropping the future does not break it off.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use fep_gateway::{Config, Gateway};
    ///
    /// async fn add_a_bank(gateway: &Gateway) -> Result<(), Box<dyn std::error::Error>> {
    ///     let config = Config::load(Path::new("gateway.toml"))?;
    ///     let difference = gateway.reload(config).await?;
    ///     println!("changed: {:?}", difference.institutions.keys());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// If the configuration does not fit, keys of the process differ, something would be lost, or another reload runs. Nothing has changed
    /// then, unless the error is [`ReloadError::Partly`].
    pub async fn reload(&self, config: Config) -> Result<Difference, ReloadError> {
        self.reload_by(config, ReloadBy { person: "the program".to_owned(), ..ReloadBy::default() }).await
    }

    /// Reloads as [`Gateway::reload`] does. The audit trail has who wanted it.
    ///
    /// # Errors
    /// The same as those of [`Gateway::reload`].
    pub async fn reload_by(&self, config: Config, by: ReloadBy) -> Result<Difference, ReloadError> {
        let turn = self.turn()?;
        let gateway = self.clone();
        let reload = tokio::spawn(async move { Box::pin(gateway.reload_in_turn(config, by, turn)).await });
        reload.await.unwrap_or_else(|error| {
            error!(%error, "a reload failed");
            Err(ReloadError::Unfit(vec![format!("the reload failed: {error}; look at GET /v1/reload for what holds")]))
        })
    }

    /// What [`Gateway::reload`] would do. Nothing changes.
    ///
    /// # Errors
    /// The same as those of [`Gateway::reload`].
    pub async fn try_reload(&self, config: Config) -> Result<Difference, ReloadError> {
        let _turn = self.turn()?;
        let plan = self.plan(config, ReloadBy::default()).await?;
        let blockers = self.blockers(plan.changes()).await?;
        if blockers.is_empty() { Ok(plan.difference) } else { Err(ReloadError::WouldLose(blockers)) }
    }

    /// Reads the configuration file again and reloads, or with `is_dry` only says what that would do.
    ///
    /// # Errors
    /// The same as those of [`Gateway::reload`], or if the file has mistakes.
    pub async fn reload_file(&self, by: ReloadBy, is_dry: bool) -> Result<Difference, ReloadError> {
        let path = self.inner.reloads.path().ok_or(ReloadError::NoFile)?;
        let config = load(path).await.map_err(ReloadError::Mistakes)?;
        if is_dry { self.try_reload(config).await } else { self.reload_by(config, by).await }
    }

    /// The configuration that holds.
    #[must_use]
    pub fn holding(&self) -> Holding {
        self.inner.reloads.holding()
    }

    /// Whether a reload runs now.
    #[must_use]
    pub fn is_reloading(&self) -> bool {
        self.inner.reloads.running.try_lock().is_err()
    }

    /// How the file of the configuration compares with what holds.
    pub async fn file_state(&self) -> FileState {
        let _one = self.inner.reloads.comparing.lock().await;
        let Some(path) = self.inner.reloads.path() else { return FileState::None };
        match load(path).await {
            Err(error) => FileState::Unusable(error),
            Ok(config) => {
                let difference = self.between(&self.inner.reloads.config(), &config);
                if difference.is_empty() { FileState::Same } else { FileState::Differs(difference) }
            }
        }
    }

    /// The longest time that exchanges in flight get to end when the gateway stops.
    #[must_use]
    pub fn drain_max(&self) -> Duration {
        let config = self.inner.reloads.config();
        config.institutions.values().map(|institution| institution.drain_max).max().unwrap_or_default()
    }

    fn turn(&self) -> Result<OwnedMutexGuard<()>, ReloadError> {
        Arc::clone(&self.inner.reloads.running).try_lock_owned().map_err(|_| ReloadError::Running)
    }

    async fn reload_in_turn(
        &self,
        config: Config,
        by: ReloadBy,
        _turn: OwnedMutexGuard<()>,
    ) -> Result<Difference, ReloadError> {
        let plan = self.plan(config, by).await?;
        let closed = self.close_losing(plan.changes()).await?;
        let attempts = self.record(&plan).await?;
        let done = Box::pin(self.carry_out(plan, closed)).await;
        for (name, attempt) in attempts {
            let is_as_it_was = matches!(&done, Err(ReloadError::Partly { failed, .. }) if failed.contains_key(&name));
            attempt.end(if is_as_it_was { AuditEnd::refused("reload_partly") } else { AuditEnd::done() });
        }
        done
    }

    /// Tries everything that can fail.
    async fn plan(&self, config: Config, by: ReloadBy) -> Result<Plan, ReloadError> {
        if self.inner.stopping.load(Ordering::SeqCst) {
            return Err(ReloadError::Stopping);
        }
        let holds = self.inner.reloads.config();
        let difference = self.between(&holds, &config);
        if !difference.process.is_empty() {
            return Err(ReloadError::NeedsRestart(difference.process));
        }
        let mut starts = BTreeMap::new();
        let mut retunes = BTreeMap::new();
        let mut unfit = Vec::new();
        for (name, change) in &difference.institutions {
            let (InstitutionChange::Added(to) | InstitutionChange::Changed { to, .. }) = change else { continue };
            match Prepared::new(name, (**to).clone(), &*self.inner.shared.notices) {
                Ok(prepared) if change.is_in_place() => drop(retunes.insert(name.clone(), prepared)),
                Ok(prepared) => drop(starts.insert(name.clone(), prepared)),
                Err(why) => unfit.push(why.to_string()),
            }
        }
        if unfit.is_empty() {
            let new: BTreeMap<_, _> = starts.iter().chain(&retunes).collect();
            let together = self.together(&config, &new);
            unfit.extend(routing::fits(&together).err().map(|why| why.to_string()));
        }
        unfit.extend(self.unusable_addresses(&holds, &starts).await);
        if !unfit.is_empty() {
            return Err(ReloadError::Unfit(unfit));
        }
        if let Some(error) = self.inner.shared.journal.trouble() {
            return Err(ReloadError::Journal(error));
        }
        Ok(Plan { config, difference, by, starts, retunes })
    }

    /// The difference between two configurations, as a reload carries it out.
    fn between(&self, holds: &Config, to: &Config) -> Difference {
        let mut difference = Difference::between(holds, to);
        // Other instances count by the contract with which an institution joined them.
        if !self.inner.shared.coordinator.terms().is_alone() {
            difference.without_places();
        }
        difference
    }

    /// All institutions as they will run.
    fn together(&self, config: &Config, new: &BTreeMap<&String, &Prepared>) -> BTreeMap<String, Prepared> {
        let running = self.running();
        let prepared = |(name, config): (&String, &InstitutionConfig)| {
            let unchanged = || {
                let catalogue = Arc::clone(&running.get(name)?.catalogue);
                Some(Prepared { config: config.clone(), catalogue })
            };
            Some((name.clone(), new.get(name).map(|new| (*new).clone()).or_else(unchanged)?))
        };
        config.institutions.iter().filter_map(prepared).collect()
    }

    /// Tries to listen on the addresses that are new.
    async fn unusable_addresses(&self, holds: &Config, starts: &BTreeMap<String, Prepared>) -> Vec<String> {
        if !matches!(self.inner.shared.ground, Ground::Machine) {
            return Vec::new();
        }
        let used: BTreeSet<SocketAddr> = holds.institutions.values().flat_map(listens).map(|(_, at)| at).collect();
        let mut unusable = Vec::new();
        for (name, prepared) in starts {
            for (line, at) in listens(&prepared.config).filter(|(_, at)| !used.contains(at)) {
                if let Err(error) = tokio::net::TcpListener::bind(at).await {
                    unusable.push(format!("institutions.{name}: line {line}: cannot listen on {at}: {error}"));
                }
            }
        }
        unusable
    }

    /// Brings the reload to the audit trail of each institution that stops, before it does.
    async fn record(&self, plan: &Plan) -> Result<Vec<(String, Attempt)>, ReloadError> {
        let mut attempts = Vec::new();
        let recorded = self.record_each(plan, &mut attempts).await;
        match recorded {
            Ok(()) => Ok(attempts),
            Err(error) => {
                let code = if matches!(error, ReloadError::Journal(_)) { "journal" } else { "config_mistakes" };
                attempts.into_iter().for_each(|(_, attempt)| attempt.end(AuditEnd::refused(code)));
                Err(error)
            }
        }
    }

    async fn record_each(&self, plan: &Plan, attempts: &mut Vec<(String, Attempt)>) -> Result<(), ReloadError> {
        for (name, change) in &plan.difference.institutions {
            let (Some(handle), Some(about)) = (self.find_handle(name), about(change)) else { continue };
            if handle.is_leaving() && !matches!(change, InstitutionChange::Removed) {
                continue;
            }
            let fact = plan.fact(about);
            let entry = AuditEntry { fact, exchange: None, caller: plan.by.caller.clone() };
            let attempt = self.audit(name, entry).await.map_err(|error| match error {
                AuditError::Journal(error) => ReloadError::Journal(error),
                other => {
                    ReloadError::Unfit(vec![format!("institutions.{name}: {other}: nothing has changed; reload again")])
                }
            })?;
            attempts.push((name.clone(), attempt));
        }
        Ok(())
    }

    async fn carry_out(&self, plan: Plan, closed: Vec<Closed>) -> Result<Difference, ReloadError> {
        let by = &plan.by.person;
        for (name, change) in &plan.difference.institutions {
            let change_word = about(change).unwrap_or("added");
            info!(by, institution = name, change = change_word, because = because(change), "the reload begins");
        }
        let mut now = plan.config.clone();
        let mut failed = BTreeMap::new();
        closed.into_iter().for_each(|entrance| drop(entrance.for_ever()));
        for (name, prepared) in &plan.retunes {
            self.retune_one(name, prepared, &mut now, &mut failed).await;
        }
        let ends =
            |change: &InstitutionChange| !(change.is_in_place() || matches!(change, InstitutionChange::Added(_)));
        let stops = plan.difference.institutions.iter().filter(|(_, change)| ends(change));
        let stopped: Vec<_> = stops.filter_map(|(name, _)| self.find_handle(name)).collect();
        join_all(stopped.iter().map(|handle| handle.stop())).await;
        for handle in &stopped {
            self.inner.reloads.keep_lane(&handle.name, handle.lane.clone());
        }
        for name in removed(&plan.difference) {
            self.remove(name, &plan, &mut now, &mut failed).await;
        }
        self.apply_streams(&plan, &mut now, &mut failed).await;
        for (name, prepared) in &plan.starts {
            if let Err(why) = self.begin_one(name, prepared.clone(), &plan).await {
                now.institutions.remove(name);
                failed.insert(name.clone(), format!("it does not run: {why}; reload again when that is over"));
            }
        }
        self.end(plan, now, failed)
    }

    /// Lets other settings of an institution hold, whose lines and exchanges stay as they are.
    async fn retune_one(&self, name: &str, to: &Prepared, now: &mut Config, failed: &mut BTreeMap<String, String>) {
        let Prepared { config, catalogue } = to.clone();
        let retuned = match self.find_handle(name) {
            Some(handle) => handle.retune(config, catalogue).await,
            None => None,
        };
        match retuned {
            Some(handle) => self.change(|institutions| drop(institutions.insert(name.to_owned(), Arc::new(handle)))),
            None => {
                now.institutions.remove(name);
                failed.insert(name.to_owned(), "its task has ended: reload again, which starts it".to_owned());
            }
        }
    }

    /// Forgets an institution that has stopped. If it left something meanwhile, it runs again as before.
    async fn remove(&self, name: &str, plan: &Plan, now: &mut Config, failed: &mut BTreeMap<String, String>) {
        let left = self.left_behind(name).await;
        let why = match left {
            Ok(blockers) if blockers.is_empty() => {
                self.inner.shared.routings.end(name);
                self.change(|institutions| drop(institutions.remove(name)));
                return;
            }
            Ok(blockers) => blockers.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            Err(error) => format!("nobody knows whether it has left something: {error}"),
        };
        let Some(before) = self.inner.reloads.config().institutions.get(name).cloned() else { return };
        let again = match Prepared::new(name, before.clone(), &*self.inner.shared.notices) {
            Ok(prepared) => self.begin_one(name, prepared, plan).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let what = match again {
            Ok(()) => {
                now.institutions.insert(name.to_owned(), before);
                "it runs again as before".to_owned()
            }
            Err(error) => format!("it does not run: {error}"),
        };
        failed.insert(name.to_owned(), format!("{what}: while it stopped, something came: {why}"));
    }

    /// Starts an institution that has stopped or is new, and lets requests reach it.
    async fn begin_one(&self, name: &str, prepared: Prepared, plan: &Plan) -> Result<(), super::JournalError> {
        let now_ms = self.inner.shared.clock.now().wall_ms;
        let lane = self.inner.reloads.lane(name).unwrap_or_else(|| {
            let lane = self.inner.shared.journal.add_lane();
            self.inner.reloads.keep_lane(name, lane.clone());
            lane
        });
        let first = Fact {
            what: What::Audit,
            caller: plan.by.caller.clone(),
            audit: Some(Box::new(plan.fact("started"))),
            ..Fact::new(name.into(), now_ms)
        };
        let handle = Arc::new(self.start_one(name, prepared, lane, first).await?);
        self.change(|institutions| drop(institutions.insert(name.to_owned(), handle)));
        Ok(())
    }

    /// Lets the streams run that the configuration has.
    async fn apply_streams(&self, plan: &Plan, now: &mut Config, failed: &mut BTreeMap<String, String>) {
        for (name, why) in self.inner.streams.apply(&plan.config.streams).await {
            now.streams.remove(&name);
            failed.insert(format!("streams.{name}"), format!("it does not run: {why}; reload again when that is over"));
        }
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Arc<Handle>>)) {
        let mut institutions = (*self.running()).clone();
        change(&mut institutions);
        self.inner.shared.neighbours.set(&institutions);
        self.inner.institutions.send_replace(Arc::new(institutions));
    }

    fn end(&self, plan: Plan, now: Config, failed: BTreeMap<String, String>) -> Result<Difference, ReloadError> {
        let file = plan.config.file.clone();
        let by = Some(plan.by.person);
        let since_ms = self.inner.shared.clock.now().wall_ms;
        self.inner.reloads.hold(now, Holding { file, since_ms, by, differs: failed.clone() });
        plan.config.notes.findings.iter().for_each(|note| info!("{note}"));
        if failed.is_empty() {
            info!(institutions = plan.difference.institutions.len(), "the reload is complete");
            return Ok(plan.difference);
        }
        failed.iter().for_each(|(institution, why)| warn!(institution, why, "the reload is not complete"));
        Err(ReloadError::Partly { failed, difference: Box::new(plan.difference) })
    }
}

impl Plan {
    fn changes(&self) -> Changes<'_> {
        Changes { difference: &self.difference, starts: &self.starts }
    }

    fn fact(&self, about: &str) -> AuditFact {
        let ReloadBy { person, note, .. } = &self.by;
        let about = Some(about.to_owned());
        AuditFact { note: note.clone(), about, ..AuditFact::new(Act::Reload, person.clone()) }
    }
}

/// What becomes of an institution that runs.
fn about(change: &InstitutionChange) -> Option<&'static str> {
    match change {
        InstitutionChange::Added(_) => None,
        InstitutionChange::Removed => Some("removed"),
        InstitutionChange::Changed { .. } if change.is_in_place() => Some("changed in place"),
        InstitutionChange::Changed { .. } => Some("changed"),
    }
}

/// Why an institution that changed starts anew.
fn because(change: &InstitutionChange) -> Option<String> {
    let InstitutionChange::Changed { anew, .. } = change else { return None };
    let keys: Vec<_> = anew.iter().map(|key| key.key.as_str()).collect();
    (!keys.is_empty()).then(|| format!("not in place: {}", keys.join(", ")))
}

/// The addresses on which an institution listens, with the names of their lines.
fn listens(config: &InstitutionConfig) -> impl Iterator<Item = (&str, SocketAddr)> {
    config.lines.iter().filter_map(|line| match &line.role {
        Role::Listen { address, .. } => Some((line.name.as_str(), *address)),
        Role::Connect { .. } => None,
    })
}

/// Reads a configuration and its specs, which takes time.
async fn load(path: std::path::PathBuf) -> Result<Config, crate::config::ConfigError> {
    let read = tokio::task::spawn_blocking(move || Config::load(&path)).await;
    read.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
