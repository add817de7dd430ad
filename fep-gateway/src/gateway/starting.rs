//! The start of a gateway, and of one institution while it runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use fep_protocol::fact::Fact;
use fep_protocol::standing::Standing;
use fep_protocol::trace::TraceHighWater;
use tokio::sync::{broadcast, watch};
use tracing::info;

use super::exceptions::Comparing;
use super::feed::Slot;
use super::inheriting;
use super::legacy::{JOURNAL_PATIENCE, options_of};
use super::placing;
use super::prepared::Prepared;
use super::reload::Reloads;
use super::routing;
use super::sites::{self, Sites};
use super::test_time::TestTime;
use super::{EVENTS_MAX, Gateway, Inner, JournalError, NoticeHandler, StartError, StartOptions};
use crate::config::{Config, Environment, InstancesConfig, InstitutionConfig, JournalFile, StreamConfig};
use crate::coordinator::{Coordinator, Instances, SharedCoordinator};
use crate::ground::Ground;
use crate::journal::{self, Journal, Lane, OpenOptions, Opened};
use crate::net::clock::Clock;
use crate::net::institution::{Handle, Legacy, Neighbours, Shared};
use crate::net::routing::Routings;
use crate::streams::Streams;

impl Gateway {
    /// Starts a gateway on simulated clocks, network and disk.
    ///
    /// # Errors
    /// The same as those of [`Gateway::start`].
    #[cfg(feature = "simulation")]
    pub async fn start_simulated(
        ground: crate::ground::SimulatedGround,
        config: Config,
        notices: Arc<dyn NoticeHandler>,
    ) -> Result<Self, StartError> {
        Self::start_on(Ground::Simulated(ground), config, notices, StartOptions::default()).await
    }

    /// Starts a gateway as [`Gateway::start_simulated`] does, among others that share its journal. `make` makes what carries words between
    /// them.
    ///
    /// # Errors
    /// The same as those of [`Gateway::start`].
    #[cfg(feature = "simulation")]
    pub async fn start_simulated_among(
        ground: crate::ground::SimulatedGround,
        config: Config,
        notices: Arc<dyn NoticeHandler>,
        make: crate::coordinator::MakeCoordinator,
    ) -> Result<Self, StartError> {
        let options = StartOptions { among: Some(make), ..StartOptions::default() };
        Self::start_on(Ground::Simulated(ground), config, notices, options).await
    }

    /// Starts a gateway on this ground.
    pub(super) async fn start_on(
        ground: Ground,
        config: Config,
        notices: Arc<dyn NoticeHandler>,
        options: StartOptions,
    ) -> Result<Self, StartError> {
        config.notes.findings.iter().for_each(|note| info!("{note}"));
        let holds = config.clone();
        let prepare = |(name, institution): (String, InstitutionConfig)| {
            Ok((name.clone(), Prepared::new(&name, institution, &*notices)?))
        };
        let prepared = config.institutions.into_iter().map(prepare).collect::<Result<BTreeMap<_, _>, StartError>>()?;
        routing::fits(&prepared)?;
        let test_time = TestTime::begin(config.environment, config.test_clock, options.business_clock.clone()).await;
        let test_time = test_time.map_err(StartError::TestClock)?;
        let clock = Arc::new(Clock::on(&ground).with_business(test_time.as_ref().map(|time| time.clock())));
        let instances_max = config.instances.as_ref().map_or(1, |instances| instances.max);
        let open = OpenOptions {
            is_test: config.environment == Environment::Test,
            begin_anew: options.new_journal,
            instances_max,
            ..at(config.journal, options_of(&prepared, clock.now().wall_ms))
        };
        let mut opened = open_journal(open, ground.clone()).await.map_err(StartError::Journal)?;
        let coordinator = coordinator(config.instances, opened.instances, &options, &clock).await?;
        let reloads = Reloads::new(holds, clock.now().wall_ms);
        let shared = Shared {
            journal: opened.journal,
            events: broadcast::Sender::new(EVENTS_MAX),
            notices,
            clock,
            ground,
            coordinator,
            neighbours: Neighbours::default(),
            routings: Routings::default(),
            tracer: options.tracer,
        };
        let streams = begun_streams(&config.streams).await?; // before an institution is called: it can fail
        let mut lanes: BTreeMap<_, _> = opened.lanes.into_iter().collect();
        let mut institutions = BTreeMap::new();
        for (name, Prepared { config, catalogue }) in prepared {
            let Some(lane) = lanes.remove(&name) else { continue };
            let used = used_of(&name, &opened.high_waters);
            let recalled = opened.recalled.extract_if(.., |earlier| *earlier.institution == *name).collect();
            let routed = opened.routed.extract_if(.., |stored| *stored.institution == *name).collect();
            let cases = opened.cases.extract_if(.., |case| *case.institution == *name).collect();
            let sent = opened.sent.extract_if(.., |fact| *fact.institution == *name).collect();
            let standing = standing_of(&name, &opened.standing);
            shared.routings.begin(&name, &config, &standing, shared.clock.now().wall_ms);
            let legacy = Legacy { used, recalled, routed, sent, cases, standing };
            let handle = Handle::start(&name, config, catalogue, legacy, lane, shared.clone());
            institutions.insert(name, Arc::new(handle));
        }
        shared.neighbours.set(&institutions);
        let inner = Inner {
            sites: Sites::begin(&reloads.config(), &shared.journal),
            comparing: Comparing::default(),
            institutions: watch::Sender::new(Arc::new(institutions)),
            reloads,
            shared,
            stopping: AtomicBool::new(false),
            own_lane: OnceLock::new(),
            publisher: Slot::default(),
            alarms: Slot::default(),
            intake: Slot::default(),
            streams,
            test_time,
        };
        Ok(Self { inner: Arc::new(inner).begun().await })
    }

    /// Starts an institution while the gateway runs. `first` is the first fact of its run.
    pub(super) async fn start_one(
        &self,
        name: &str,
        prepared: Prepared,
        lane: Lane,
        first: Fact,
    ) -> Result<Handle, JournalError> {
        let shared = &self.inner.shared;
        let one = BTreeMap::from([(name.to_owned(), prepared)]);
        let options = options_of(&one, shared.clock.now().wall_ms);
        let left = shared.journal.left_by(&lane, first, options, JOURNAL_PATIENCE).await?;
        let journal::Left { high_waters, recalled, routed, sent, cases, standing } = left;
        let stopped = || JournalError::Failed("the gateway is stopping".to_owned());
        let Some(Prepared { config, catalogue }) = one.into_values().next() else { return Err(stopped()) };
        if self.inner.stopping.load(Ordering::SeqCst) {
            return Err(stopped());
        }
        shared.routings.begin(name, &config, &standing, shared.clock.now().wall_ms);
        let legacy = Legacy { used: high_waters, recalled, routed, sent, cases, standing };
        Ok(Handle::start(name, config, catalogue, legacy, lane, shared.clone()))
    }
}

impl Inner {
    /// Begins what runs beside the institutions.
    async fn begun(self: Arc<Self>) -> Arc<Self> {
        placing::watch(&self);
        inheriting::watch(&self);
        sites::watch(&self).await;
        if let Some(time) = &self.test_time {
            time.run(&self);
        }
        self
    }
}

/// The used trace numbers of an institution, by day.
fn used_of(name: &str, marks: &[(String, TraceHighWater)]) -> Vec<TraceHighWater> {
    marks.iter().filter(|(owner, _)| owner == name).map(|(_, high_water)| *high_water).collect()
}

/// What holds for an institution.
fn standing_of(name: &str, standing: &[(String, Standing)]) -> Vec<Standing> {
    standing.iter().filter(|(owner, _)| owner == name).map(|(_, standing)| standing.clone()).collect()
}

/// How the journal is opened where its configuration says that it is.
fn at(journal: JournalFile, options: OpenOptions) -> OpenOptions {
    let JournalFile { path, archive, key_file, postgres } = journal;
    OpenOptions { path, archive, key_file, postgres, ..options }
}

/// What the gateways that share the journal ask. One that is alone asks the coordinator of its options.
async fn coordinator(
    config: Option<InstancesConfig>,
    instances: Option<Arc<dyn Instances>>,
    options: &StartOptions,
    clock: &Clock,
) -> Result<Arc<dyn Coordinator>, StartError> {
    instances.iter().filter_map(|instances| instances.run()).for_each(|run| clock.set_run(run));
    let (Some(config), Some(instances)) = (config, instances) else {
        return Ok(Arc::clone(&options.coordinator));
    };
    let terms = config.terms();
    #[cfg(feature = "simulation")]
    if let Some(make) = &options.among {
        return Ok((make.0)(instances, terms));
    }
    #[cfg(feature = "redis")]
    if let Some(redis) = config.redis {
        let shared = Box::pin(SharedCoordinator::with_redis(instances, terms, redis));
        return Ok(Arc::new(shared.await.map_err(StartError::Redis)?));
    }
    Ok(Arc::new(SharedCoordinator::new(instances, terms)))
}

/// Begins to receive market data. A feed that cannot be reached is not an error.
async fn begun_streams(configs: &BTreeMap<String, StreamConfig>) -> Result<Streams, StartError> {
    let streams = Streams::default();
    match streams.apply(configs).await.pop_first() {
        None => Ok(streams),
        Some((name, why)) => Err(StartError::Stream { name, why }),
    }
}

async fn open_journal(options: OpenOptions, ground: Ground) -> Result<Opened, JournalError> {
    match ground {
        Ground::Machine => {
            let opened = tokio::task::spawn_blocking(move || Journal::open(&options)).await;
            opened.map_err(|error| JournalError::Failed(error.to_string())).flatten()
        }
        #[cfg(feature = "simulation")]
        Ground::Simulated(_) => Journal::open_on(&options, ground),
    }
}
