//! Opens the journal, and ends what an earlier run left open.
//!
//! A request that is in the journal may have been written to its line, so its outcome becomes unknown. A request that is not
//! in the journal was not written. The unknown outcome of a monetary request opens its settlement in the same commit.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fep_protocol::exchange::{Caller, ExchangeId, Outcome, TelegramBytes};
use fep_protocol::fact::{Fact, Reason, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::{JournalError, Unknown};
use fep_protocol::settlement::{CaseFact, SettlementFact};
use fep_protocol::standing::Standing;
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceHighWater;
use tokio::time::Instant;

use super::archive::{self, ArchiveStop, Archiver, Archives};
#[cfg(feature = "simulation")]
use super::by_hand::{self, DiskStore};
use super::connections::Connections;
use super::guard::{FileGuard, Guarded};
use super::health::Health;
use super::home::{Home, Reading};
use super::indexer::{self, IndexQueue, catch_up};
use super::keys::Keys;
use super::lane::{Bell, Lane};
use super::lost::Suspect;
use super::mark::Mark;
use super::projection::Projected;
use super::routed::{StoredAnswer, routed_since};
use super::seal::{KeyRing, Veil};
use super::sealing::Access;
use super::sqlite::environment;
use super::sqlite::facts::{FactReader, Facts};
use super::sqlite::index::IndexFile;
use super::sqlite::removals;
use super::store::{FactNumber, FactReads, FactSource, FactStore, Index, JournalId, Lately};
use super::whose::Whose;
use super::writer::{Newcomers, Writer, WriterParts};
use super::{Inner, Journal, Opened, Reader, Worker, index_path};
use crate::config::{ArchiveConfig, PostgresConfig};
use crate::fault::{FaultPoint, point};
use crate::ground::Ground;

/// How to open a journal.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The file.
    pub path: PathBuf,
    /// The institutions. Each gets a lane.
    pub institutions: Vec<String>,
    /// The present time, in milliseconds since 1970.
    pub now_ms: i64,
    /// The longest time from the acceptance of an exchange until the quarantine of its key ends, in milliseconds.
    pub quarantine_max_ms: i64,
    /// The longest time that a finished settlement is remembered, in milliseconds.
    pub closed_keep_max_ms: i64,
    /// The longest time that a telegram counts in a rate, from its fact on, in milliseconds. 0 if there are no rates.
    pub rate_span_max_ms: i64,
    /// Opens the settlements of monetary exchanges.
    pub opener: CaseOpener,
    /// Whether to begin a new journal although there was one, or to go on with one that has lost facts.
    pub begin_anew: bool,
    /// The file of the keys with which bodies are encrypted, or `None` if they are not.
    pub key_file: Option<PathBuf>,
    /// Whether the journal is one of tests. A journal of production is not opened then, and one of tests is not opened otherwise.
    pub is_test: bool,
    /// Where old facts go, or `None` to keep all facts in the journal.
    pub archive: Option<ArchiveConfig>,
    /// The database that has the facts in place of the file. The index is beside the path nevertheless.
    pub postgres: Option<PostgresConfig>,
    /// How many gateways may write the journal at the same time.
    pub instances_max: usize,
    /// Whose exchanges are ended and settled. The journal knows its own instance.
    pub whose: Whose,
}

/// Makes the fact that opens the settlement of an exchange whose outcome is unknown, from the fact of its request. Returns
/// `None` if the exchange moves no money.
#[derive(Clone)]
pub struct CaseOpener(pub Arc<OpenCase>);

/// A function from the fact of a request to the fact that opens its settlement.
pub type OpenCase = dyn Fn(&Fact) -> Option<SettlementFact> + Send + Sync;

impl Default for CaseOpener {
    /// Opens none.
    fn default() -> Self {
        Self(Arc::new(|_| None))
    }
}

impl fmt::Debug for CaseOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseOpener").finish_non_exhaustive()
    }
}

/// The settlement of an exchange of an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierCase {
    /// The name of the exchange.
    pub id: ExchangeId,
    /// The name of the institution.
    pub institution: Arc<str>,
    /// The bytes of the request.
    pub request: TelegramBytes,
    /// Who asked for it.
    pub caller: Option<Arc<Caller>>,
    /// The facts so far.
    pub facts: Vec<CaseFact>,
}

/// The maximum number of finished settlements that a new run remembers.
const FINISHED_MAX: usize = 10_000;

/// The maximum number of facts among which a new run looks for telegrams that a rate still counts.
const SENT_MAX: u32 = 100_000;

/// An exchange of an earlier run whose key may still be in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// The name of the exchange.
    pub id: ExchangeId,
    /// The name of the institution.
    pub institution: Arc<str>,
    /// The name of the request's telegram.
    pub telegram: Arc<str>,
    /// The key that its answer must carry.
    pub key: Key,
    /// The number of the request's fact.
    pub number: FactNumber,
    /// The bytes of the request.
    pub request: TelegramBytes,
    /// The answer, or `None` if the exchange is unknown.
    pub answered: Option<TelegramBytes>,
    /// Whether an unknown exchange was settled.
    pub is_settled: bool,
    /// The time when the exchange ended, in milliseconds since 1970.
    pub ended_at_ms: i64,
}

/// A journal that is at hand, before its recovery.
pub(super) struct Begun {
    pub(super) home: Arc<Home>,
    pub(super) reading: Reading,
    /// The random name of the journal.
    pub(super) journal: JournalId,
}

/// What earlier runs left, with the connections that read it.
pub(super) struct Earlier {
    connections: Connections,
    high_waters: Vec<(String, TraceHighWater)>,
    recalled: Vec<Recalled>,
    routed: Vec<StoredAnswer>,
    sent: Vec<Fact>,
    cases: Vec<EarlierCase>,
    standing: Vec<(String, Standing)>,
}

/// What the threads of a journal share.
pub(super) struct Running {
    lanes: Vec<(String, Lane)>,
    pub(super) parts: WriterParts,
    mark: Arc<Mark>,
    pub(super) archive_stop: Arc<ArchiveStop>,
}

/// Opens or creates a journal in a file, on a certain ground.
///
/// # Errors
/// If the journal cannot be opened, has a newer version, is in use by another process, or is missing where one was.
pub(super) fn open_file(options: &OpenOptions, ground: Ground) -> Result<Opened, JournalError> {
    let path = &options.path;
    let keys = options.key_file.as_deref().map(KeyRing::read).transpose()?;
    let access = Access::strict(keys.as_ref());
    let index_file = index_path(path);
    let (guard, mut ends) = lock(options, &index_file)?;
    let mut facts = Facts::open(path, keys.as_ref())?;
    let mut source = FactReader::open(path, &access)?;
    let earlier_ms = source.newest_ms()?;
    let mut index = index_of(&index_file, &source)?;
    let archives = options.archive.as_ref().map(|archive| Archives::new(path, archive, &access)).transpose()?;
    archive::catch_up(&mut index, &source, path, archives.as_ref())?;
    catch_up(&mut index, &mut source)?;
    let veil = keys.map(|keys| keys.veil().clone()).unwrap_or_default();
    let reading = Reading { access: access.clone(), veil };
    let home = Arc::new(Home::File { guard: Arc::clone(&guard), archive: options.archive.clone() });
    let begun = Begun { home, reading, journal: source.journal_id()? };
    let reader = begun.home.reader(&begun.reading)?;
    ends.extend(endings(&reader, options)?);
    begin_to_write(&mut facts, ends, options, &ground)?;
    catch_up(&mut index, &mut source)?;
    let earlier = Earlier::read(&begun, reader, options)?;
    let running = Running::new(&begun, &index, options)?;
    let archiver = || archiver(options, &running, &access, (&ground, earlier_ms));
    guard.watch_log();
    let queue = Arc::clone(&running.parts.index);
    let workers = match &ground {
        Ground::Machine => {
            let store = Guarded::new(facts, begun.journal, Arc::clone(&guard), queue);
            threads(Writer::new(store, running.parts.clone()), index, source, archiver()?)?
        }
        #[cfg(feature = "simulation")]
        Ground::Simulated(simulated) => {
            queue.set_by_hand(indexer::by_hand(index, source));
            let store = DiskStore::new(facts, Arc::clone(&simulated.disk));
            let store = Guarded::new(store, begun.journal, Arc::clone(&guard), queue);
            let writer = Writer::new(store, running.parts.clone());
            Archiver::start_simulated(archiver()?, &simulated.disk);
            let bell = Arc::clone(&running.parts.bell);
            vec![Worker::Task(tokio::spawn(by_hand::run(writer, bell, Arc::clone(&simulated.disk))))]
        }
    };
    Ok(running.opened(begun, earlier, workers, ground))
}

impl Earlier {
    /// Reads what earlier runs left, after the exchanges that they left open have ended.
    pub(super) fn read(begun: &Begun, reader: Reader, options: &OpenOptions) -> Result<Self, JournalError> {
        let standing = reader.index.standing(&reader.whose)?.into_iter();
        let standing = standing.map(|stood| (stood.institution, stood.standing));
        Ok(Self {
            recalled: resting(&reader, options)?,
            routed: routed_since(&reader, options.now_ms.saturating_sub(options.quarantine_max_ms))?,
            sent: sent(&reader, options)?,
            cases: earlier_cases(&reader, options)?,
            high_waters: reader.index.traces()?,
            standing: standing.collect(),
            connections: Connections::new(reader, begun.home.reader(&begun.reading)?),
        })
    }
}

impl Running {
    /// The parts of a journal whose index has everything.
    pub(super) fn new(begun: &Begun, index: &IndexFile, options: &OpenOptions) -> Result<Self, JournalError> {
        let bell = Arc::new(Bell::default());
        let lanes = lanes(options, &bell, &begun.reading.veil);
        let queue = Arc::new(IndexQueue::new(index.applied()));
        let parts = parts(&lanes, &bell, &queue);
        let mark = Arc::new(begun.home.mark(begun.journal)?);
        Ok(Self { lanes, parts, mark, archive_stop: Arc::default() })
    }

    /// The journal, with those who do its work.
    pub(super) fn opened(self, begun: Begun, earlier: Earlier, workers: Vec<Worker>, ground: Ground) -> Opened {
        let Self { lanes, parts, mark, archive_stop } = self;
        let WriterParts { newcomers, bell, health, index, .. } = parts;
        let Begun { home, reading, .. } = begun;
        let Earlier { connections, high_waters, recalled, routed, sent, cases, standing } = earlier;
        let keys = Keys::new(Arc::clone(&index));
        let workers = tokio::sync::Mutex::new(workers);
        let inner = Inner { health, newcomers, bell, keys, index, home, reading, archive_stop, mark, workers, ground };
        let journal = Journal { inner: Arc::new(inner), connections };
        Opened { journal, lanes, high_waters, recalled, routed, sent, cases, standing, instances: None }
    }
}

/// A lane for each institution.
fn lanes(options: &OpenOptions, bell: &Arc<Bell>, veil: &Veil) -> Vec<(String, Lane)> {
    let lane = |name: &String| (name.clone(), Lane::new(Arc::clone(bell), veil.clone()));
    options.institutions.iter().map(lane).collect()
}

/// What the writer shares with the rest of the journal.
fn parts(lanes: &[(String, Lane)], bell: &Arc<Bell>, queue: &Arc<IndexQueue>) -> WriterParts {
    WriterParts {
        lanes: lanes.iter().map(|(_, lane)| lane.clone()).collect(),
        newcomers: Arc::new(Newcomers::default()),
        bell: Arc::clone(bell),
        health: Arc::new(Health::new()),
        index: Arc::clone(queue),
        archived: Arc::default(),
    }
}

/// Locks a journal that has lost nothing, or that is to go on nevertheless. Returns what is kept of the lost facts.
fn lock(options: &OpenOptions, index: &Path) -> Result<(Arc<FileGuard>, Vec<Fact>), JournalError> {
    let path = &options.path;
    let suspect = Suspect { path, index, goes_on: options.begin_anew, now_ms: options.now_ms };
    let missing = (!path.exists()).then(|| suspect.if_missing()).transpose()?;
    let guard = Arc::new(FileGuard::lock(path)?);
    let kept = missing.map_or_else(|| suspect.if_there(), Ok)?;
    // After the look at the write-ahead log, which reading the file can begin.
    environment::fits(path, options.is_test)?;
    Ok((guard, kept))
}

/// Begins to write, with the facts of the recovery. A start that is refused writes nothing.
fn begin_to_write(
    facts: &mut Facts,
    ends: Vec<Fact>,
    options: &OpenOptions,
    ground: &Ground,
) -> Result<(), JournalError> {
    if options.is_test {
        facts.mark_as_test(&options.path)?;
    }
    if matches!(ground, Ground::Machine) {
        facts.mark_open(&options.path)?;
    }
    if ends.is_empty() { Ok(()) } else { store(facts, ends, ground) }
}

/// The exchanges whose keys may still be in quarantine.
pub(super) fn resting(reader: &Reader, options: &OpenOptions) -> Result<Vec<Recalled>, JournalError> {
    let since_ms = options.now_ms.saturating_sub(options.quarantine_max_ms);
    // If only one institution starts, those of the others are not looked at: they may be many.
    let starts = |row: &Projected| options.institutions.iter().any(|name| **name == *row.institution);
    let resting = reader.index.resting(since_ms, &options.whose)?.into_iter().filter(starts);
    resting.filter_map(|row| recalled(reader, row).transpose()).collect()
}

/// The telegrams that a rate may still count.
pub(super) fn sent(reader: &Reader, options: &OpenOptions) -> Result<Vec<Fact>, JournalError> {
    match options.rate_span_max_ms {
        0 => Ok(Vec::new()),
        span => {
            let facts = reader.facts.lately(Lately::Sent, options.now_ms.saturating_sub(span), SENT_MAX)?;
            Ok(facts.into_iter().map(|(_, fact)| fact).collect())
        }
    }
}

/// Opens the index of a journal, without what was removed from the journal on purpose.
pub(super) fn index_of(path: &Path, journal: &dyn FactReads) -> Result<IndexFile, JournalError> {
    let removal = journal.removal()?;
    let index = IndexFile::open(path, journal.journal_id()?, journal.last()?, removal.as_ref())?;
    removal.iter().try_for_each(|removal| removals::forget(path, removal))?;
    Ok(index)
}

/// Starts the threads of a journal.
pub(super) fn threads(
    writer: Writer<impl FactStore + 'static>,
    index: IndexFile,
    source: impl FactSource + 'static,
    archiver: Option<Archiver>,
) -> Result<Vec<Worker>, JournalError> {
    let queue = writer.index();
    let mut workers = vec![
        thread("journal", move || writer.run())?,
        thread("journal-index", move || indexer::run(&queue, index, source))?,
    ];
    if let Some(archiver) = archiver {
        workers.push(thread("journal-archive", move || archiver.run())?);
    }
    Ok(workers)
}

/// Starts a thread of a journal.
pub(super) fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<Worker, JournalError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map(Worker::Thread).map_err(|error| JournalError::Failed(format!("no thread: {error}")))
}

/// Makes archives, if they are configured.
fn archiver(
    options: &OpenOptions,
    running: &Running,
    access: &Access,
    (ground, earlier_ms): (&Ground, Option<i64>),
) -> Result<Option<Archiver>, JournalError> {
    let Running { parts, mark, archive_stop, .. } = running;
    let Some(archive) = &options.archive else { return Ok(None) };
    Ok(Some(Archiver {
        archives: Archives::new(&options.path, archive, access)?,
        options: archive.clone(),
        started: (Instant::now(), options.now_ms),
        earlier_ms,
        index: Arc::clone(&parts.index),
        archived: Arc::clone(&parts.archived),
        bell: Arc::clone(&parts.bell),
        stop: Arc::clone(archive_stop),
        ground: ground.clone(),
        mark: Arc::clone(mark),
    }))
}

/// Stores the facts of the recovery with one commit: the end of an exchange without its settlement would leave nobody to find out
/// what became of it.
fn store(facts: &mut Facts, mut ends: Vec<Fact>, ground: &Ground) -> Result<(), JournalError> {
    if is_on(Mutant::RecoversInTwoCommits) {
        let (opened, ended): (Vec<Fact>, _) = ends.into_iter().partition(|end| end.what == What::Settlement);
        commit(facts, &ended, ground)?;
        ends = opened;
    }
    commit(facts, &ends, ground)
}

fn commit(facts: &mut Facts, ends: &[Fact], ground: &Ground) -> Result<(), JournalError> {
    match ground {
        Ground::Machine => facts.append(ends)?,
        #[cfg(feature = "simulation")]
        Ground::Simulated(simulated) => DiskStore::new(facts, Arc::clone(&simulated.disk)).append(ends)?,
    };
    point(FaultPoint::Recovered);
    Ok(())
}

/// The facts that end the exchanges of an earlier run, each behind the fact that opens its settlement.
pub(super) fn endings(reader: &Reader, options: &OpenOptions) -> Result<Vec<Fact>, JournalError> {
    let mut ends = Vec::new();
    let open = if is_on(Mutant::LeavesOpen) { Vec::new() } else { reader.index.open_ones(&options.whose)? };
    for exchange in open {
        ends.extend(opening(reader, &exchange, options)?);
        ends.push(ending(exchange, options.now_ms));
    }
    Ok(ends)
}

/// The fact that opens the settlement of an exchange of an earlier run, if it moves money and has none.
fn opening(reader: &Reader, exchange: &Projected, options: &OpenOptions) -> Result<Option<Fact>, JournalError> {
    let Some(number) = exchange.request.filter(|_| !exchange.has_case) else { return Ok(None) };
    let request = reader.facts.get(number)?;
    if reader.facts.is_encrypted() {
        request.iter().try_for_each(|request| has_body(number, request))?;
    }
    let opened = request.and_then(|request| (options.opener.0)(&request)).map(|mut opened| {
        reader.veil.old_settlement(&mut opened);
        opened
    });
    Ok(opened.map(|opened| Fact {
        what: What::Settlement,
        exchange: Some(exchange.id),
        settlement: Some(Box::new(opened)),
        ..Fact::new(exchange.institution.clone(), options.now_ms)
    }))
}

/// The settlements that go on.
pub(super) fn earlier_cases(reader: &Reader, options: &OpenOptions) -> Result<Vec<EarlierCase>, JournalError> {
    let since_ms = options.now_ms.saturating_sub(options.closed_keep_max_ms.max(options.quarantine_max_ms));
    if is_on(Mutant::ForgetsSettlements) {
        return Ok(Vec::new());
    }
    let all = Whose::default();
    let whose = if is_on(Mutant::SettlesForOthers) { &all } else { &options.whose };
    let cases = reader.index.cases(since_ms, FINISHED_MAX, whose)?;
    cases.into_iter().filter_map(|id| earlier_case(reader, id).transpose()).collect()
}

fn earlier_case(reader: &Reader, id: ExchangeId) -> Result<Option<EarlierCase>, JournalError> {
    // The request may be in an archive by now.
    let Some(exchange) = reader.find(&id)? else { return Ok(None) };
    let facts = reader.case_facts(&id)?;
    Ok(Some(EarlierCase {
        id,
        institution: exchange.institution,
        request: exchange.request,
        caller: exchange.caller,
        facts: facts.into_iter().map(|(at_ms, fact)| CaseFact { case: id, at_ms, fact }).collect(),
    }))
}

/// Refuses a request whose body was sealed with a forgotten key: what became of it cannot be found out without it.
fn has_body(number: FactNumber, request: &Fact) -> Result<(), JournalError> {
    if !request.bytes.is_empty() {
        return Ok(());
    }
    Err(JournalError::Failed(format!(
        "the request of fact {number} has no outcome yet, and the key of its body was forgotten: restore a copy of the key file"
    )))
}

/// The fact that ends an exchange of an earlier run.
fn ending(exchange: Projected, now_ms: i64) -> Fact {
    let why = Unknown::Stopped;
    Fact {
        what: What::Outcome,
        exchange: Some(exchange.id),
        telegram: Some(exchange.telegram),
        outcome: Some(if is_on(Mutant::CallsOpenNotSent) { Outcome::NotSent } else { Outcome::Unknown }),
        reason: Some(Reason::new(&why, why.code())),
        ..Fact::new(exchange.institution, now_ms)
    }
}

fn recalled(reader: &Reader, row: Projected) -> Result<Option<Recalled>, JournalError> {
    let fact = |number: Option<u64>| number.map(|number| reader.fact(number)).transpose().map(Option::flatten);
    let Some(request) = fact(row.request)? else { return Ok(None) };
    let answer = fact(row.answer)?;
    Ok(request.key.map(|key| Recalled {
        id: row.id,
        institution: row.institution,
        telegram: row.telegram,
        key,
        number: row.request.unwrap_or_default(),
        request: request.bytes,
        answered: answer.map(|answer| answer.bytes),
        is_settled: row.settled_by.is_some(),
        ended_at_ms: row.ended_at_ms.unwrap_or_default(),
    }))
}
