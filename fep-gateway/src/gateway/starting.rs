//! The start of a gateway, and of one institution while it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fep_protocol::fact::Fact;
use fep_protocol::settlement::SettlementFact;
use tokio::sync::{broadcast, watch};
use tracing::info;

use super::feed::Slot;
use super::inheriting;
use super::prepared::Prepared;
use super::reload::Reloads;
use super::routing;
use super::running::Left;
use super::test_time::TestTime;
use super::{EVENTS_MAX, Gateway, Inner, JournalError, NoticeHandler, StartError, StartOptions};
use crate::config::{Config, Environment, InstitutionConfig};
use crate::coordinator::{Coordinator, SharedCoordinator};
use crate::ground::Ground;
use crate::journal::{self, CaseOpener, Journal, Lane, OpenOptions, Opened, Whose};
use crate::net::clock::Clock;
use crate::net::institution::{Handle, Legacy, Neighbours, Shared};
use crate::net::routing::Routings;
use crate::telegrams::TelegramCatalogue;

/// How long an institution that starts waits for the journal to take its facts.
pub(super) const JOURNAL_PATIENCE: Duration = Duration::from_secs(10);

impl Gateway {
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
        let test_time = TestTime::begin(config.environment, config.test_clock, options.business_clock).await;
        let test_time = test_time.map_err(StartError::TestClock)?;
        let clock = Arc::new(Clock::on(&ground).with_business(test_time.as_ref().map(|time| time.clock())));
        let open = OpenOptions {
            path: config.journal.path,
            is_test: config.environment == Environment::Test,
            begin_anew: options.new_journal,
            key_file: config.journal.key_file,
            archive: config.journal.archive,
            postgres: config.journal.postgres,
            instances_max: config.instances.as_ref().map_or(1, |instances| instances.max),
            ..options_of(&prepared, clock.now().wall_ms)
        };
        let opened = open_journal(open, ground.clone()).await.map_err(StartError::Journal)?;
        let coordinator: Arc<dyn Coordinator> = match (config.instances, opened.instances) {
            (Some(instances), Some(known)) => Arc::new(SharedCoordinator::new(known, instances.terms())),
            _ => options.coordinator,
        };
        let (events, _) = broadcast::channel(EVENTS_MAX);
        let reloads = Reloads::new(holds, clock.now().wall_ms);
        let shared = Shared {
            journal: opened.journal,
            events,
            notices,
            clock,
            ground,
            coordinator,
            neighbours: Neighbours::default(),
            routings: Routings::default(),
            tracer: options.tracer,
        };
        let mut recalled = opened.recalled;
        let mut cases = opened.cases;
        let mut sent = opened.sent;
        let mut lanes: BTreeMap<_, _> = opened.lanes.into_iter().collect();
        let mut institutions = BTreeMap::new();
        for (name, Prepared { config, catalogue }) in prepared {
            let Some(lane) = lanes.remove(&name) else { continue };
            let used = opened.high_waters.iter().filter(|(marked, _)| *marked == name);
            let used = used.map(|(_, high_water)| *high_water).collect();
            let recalled = recalled.extract_if(.., |earlier| *earlier.institution == *name).collect();
            let cases = cases.extract_if(.., |case| *case.institution == *name).collect();
            let sent = sent.extract_if(.., |fact| *fact.institution == *name).collect();
            let standing = opened.standing.iter().filter(|(owner, _)| *owner == name);
            let standing: Vec<_> = standing.map(|(_, standing)| standing.clone()).collect();
            shared.routings.begin(&name, &config, &standing, shared.clock.now().wall_ms);
            let legacy = Legacy { used, recalled, sent, cases, standing };
            let handle = Handle::start(&name, config, catalogue, legacy, lane, shared.clone());
            institutions.insert(name, Arc::new(handle));
        }
        shared.neighbours.set(&institutions);
        let institutions = watch::Sender::new(Arc::new(institutions));
        let stopping = AtomicBool::new(false);
        let left = Left::default();
        let publisher = Slot::default();
        let own_lane = OnceLock::new();
        let inner = Arc::new(Inner { institutions, reloads, shared, stopping, own_lane, left, publisher, test_time });
        inheriting::watch(&inner);
        if let Some(time) = &inner.test_time {
            time.run(&inner);
        }
        Ok(Self { inner })
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
        let journal::Left { high_waters, recalled, sent, cases, standing } = left;
        let stopped = || JournalError::Failed("the gateway is stopping".to_owned());
        let Some(Prepared { config, catalogue }) = one.into_values().next() else { return Err(stopped()) };
        if self.inner.stopping.load(Ordering::SeqCst) {
            return Err(stopped());
        }
        shared.routings.begin(name, &config, &standing, shared.clock.now().wall_ms);
        let legacy = Legacy { used: high_waters, recalled, sent, cases, standing };
        Ok(Handle::start(name, config, catalogue, legacy, lane, shared.clone()))
    }
}

/// How the journal reads what these institutions left. It says nothing about the journal's files.
pub(super) fn options_of(prepared: &BTreeMap<String, Prepared>, now_ms: i64) -> OpenOptions {
    let configs = || prepared.values().map(|prepared| &prepared.config);
    let ms = |longest: Option<Duration>| i64::try_from(longest.unwrap_or_default().as_millis()).unwrap_or(i64::MAX);
    let catalogues = prepared.iter().map(|(name, prepared)| (name.clone(), Arc::clone(&prepared.catalogue)));
    OpenOptions {
        path: PathBuf::new(),
        institutions: prepared.keys().cloned().collect(),
        now_ms,
        quarantine_max_ms: ms(configs().map(quarantine_max).max()),
        closed_keep_max_ms: ms(configs().map(|config| config.settlement.closed_keep).max()),
        rate_span_max_ms: ms(configs().filter_map(InstitutionConfig::rate_span).max()),
        opener: case_opener(catalogues.collect()),
        begin_anew: false,
        key_file: None,
        is_test: false,
        archive: None,
        postgres: None,
        instances_max: 1,
        whose: Whose::default(),
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

/// Opens the settlements of exchanges that an earlier run left open.
fn case_opener(catalogues: BTreeMap<String, Arc<TelegramCatalogue>>) -> CaseOpener {
    CaseOpener(Arc::new(move |request: &Fact| {
        let catalogue = catalogues.get(&*request.institution)?;
        let telegram = request.telegram.as_deref().filter(|telegram| catalogue.is_monetary(telegram))?;
        // The fact precedes the write, at most by the answer timeout. The horizon must not end too early.
        let latest = i64::try_from(catalogue.answer_timeout(telegram).as_millis()).unwrap_or(i64::MAX);
        Some(SettlementFact::Opened {
            telegram: telegram.to_owned(),
            account: catalogue.account_key(telegram, &request.bytes),
            written_at_ms: request.at_ms.saturating_add(latest),
        })
    }))
}

/// The longest time from the acceptance of an exchange until the quarantine of its key ends. The request may reach the wire
/// late, and its answer may be late too.
fn quarantine_max(institution: &InstitutionConfig) -> Duration {
    let limits = institution.telegrams.values().map(|limits| limits.answer_timeout);
    let answer_timeout = limits.max().unwrap_or_default().max(institution.answer_timeout);
    answer_timeout * 2 + institution.quarantine * 2
}
