//! [`Gateway`]: the embedded API. HTTP offers the same functions and nothing more.
//!
//! A started gateway owns the journal and the tasks of its institutions. If the future of [`Gateway::exchange`] is dropped,
//! the exchange continues, and its outcome is recorded in the journal.

mod alarms;
mod auditing;
mod exceptions;
mod verifications;
mod comparing;
mod digest;
mod error;
mod feed;
mod open_work;
mod options;
mod past;
mod prepared;
mod progress;
mod routing;
mod running;
mod sites;
mod specs;
mod streams;
mod typed;

pub mod reload;
mod test_time;
mod legacy;
mod inheriting;
mod placing;
mod starting;
mod losing;
mod reloading;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tokio::sync::{broadcast, oneshot, watch};

pub(crate) use self::alarms::{AlarmPart, SilenceOrder};
pub use self::alarms::{AlarmSilence, NotSilenced};
pub use self::auditing::{Attempt, AuditEntry, AuditError, AuditFilter, AuditPage, AuditRecord};
pub use self::comparing::{GivenFile, NotCompared};
pub use self::error::{DeliverError, Refusal, SettleError, StartError, Undecided};
use self::exceptions::Comparing;
pub use self::exceptions::{
    ComparedDate, ComparingTurn, ExceptionCount, NotKept, ReconciliationFilter, StoredDate, Unresolved,
};
#[cfg(feature = "kafka")]
pub(crate) use self::feed::Part;
use self::feed::Slot;
pub(crate) use self::feed::{Feed, Taken};
pub use self::open_work::{
    InstanceRecord, InstanceState, LetterFilter, OpenCount, OpenKind, Overview, Owner, ROUND_TRIP_BOUNDS_MS, Scope,
    TrafficCounts, TrafficOf,
};
pub use self::options::{RequestOptions, StartOptions};
use self::reload::Reloads;
use self::routing::Routed;
pub use self::routing::{NotRouted, RoutingDecision, RoutingStatus, RuleChanged, RuleStatus, SideStatus};
use self::running::AskedKey;
pub use self::running::{Begun, Running};
use self::sites::Sites;
pub use self::sites::{NotMoved, SiteStatus, SitesChange, SitesChanged, SitesStatus};
use self::test_time::TestTime;
pub use self::test_time::{NotSet, TestTimeStatus};
pub use self::typed::{TypedExchange, TypedOutcome};
pub use self::verifications::{StoredVerification, Untold, VerificationRun};
use crate::config::Config;
use crate::coordinator::StoreStatus;
use crate::ground::Ground;
pub use crate::journal::filter::{ExchangeFilter, ExchangePage};
pub use crate::journal::notice::{NoticeCounts, NoticeFilter, NoticePage, StoredNotice};
use crate::journal::{KeyState, Lane};
use crate::net::institution::{AcceptedRequest, Handle, Shared, count_refused};
use crate::spans::Tracer;
use crate::streams::Streams;
use crate::telegrams::Draft;
use fep_protocol::delivery::DeliveryDecision;
use fep_protocol::exchange::{Caller, Event, Exchange, ExchangeId, LineStatus, Outcome};
use fep_protocol::fact::Fact;
use fep_protocol::reason::{NotSent, Unknown};
use fep_protocol::settlement::PersonDecision;

pub use crate::journal::JournalError;
pub use crate::net::admission::{
    AlternativeStatus, BreakerStatus, CannotDecide, Decision, InstitutionStatus, LimitStatus, LinkTested, SharingStatus,
};
pub use crate::net::indicators::{IndicatorValues, IndicatorsStatus, InstanceIndicators};
pub use crate::notice::{
    AnsweredBy, GivenAnswer, NotTaken, Notice, NoticeFuture, NoticeHandler, NoticeReply, StandInOnly, TypedNotices,
};
pub use crate::telegrams::{DraftError, LineSpec};

/// A running gateway. Clones are handles to the same gateway.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    /// Changes with a reload. Whoever reads it takes a copy of a handle and goes on.
    institutions: watch::Sender<Institutions>,
    reloads: Reloads,
    shared: Shared,
    stopping: AtomicBool,
    /// The lane of what belongs to no institution. It begins with the first such fact.
    own_lane: OnceLock<Lane>,
    publisher: Slot,
    alarms: Slot<dyn AlarmPart>,
    /// The part that takes requests from topics.
    intake: Slot,
    /// The streams of market data.
    streams: Streams,
    /// The two sites, if the gateways work at two.
    sites: Option<Sites>,
    comparing: Comparing,
    /// The business clock, if the gateway is for tests.
    test_time: Option<Arc<TestTime>>,
}

/// The institutions that run, by name.
pub(crate) type Institutions = Arc<BTreeMap<String, Arc<Handle>>>;

/// The number of events that a subscriber may fall behind.
const EVENTS_MAX: usize = 1024;

impl Gateway {
    /// Opens the journal, ends the exchanges that an earlier run left open, and starts to connect every line.
    ///
    /// # Errors
    /// If the journal cannot be opened, or an institution's configuration does not fit its spec. An institution that cannot
    /// be reached is not an error.
    pub async fn start(config: Config, notices: Arc<dyn NoticeHandler>) -> Result<Self, StartError> {
        Self::start_with(config, notices, StartOptions::default()).await
    }

    /// Starts as [`Gateway::start`] does, with options.
    ///
    /// # Errors
    /// The same as those of [`Gateway::start`].
    pub async fn start_with(
        config: Config,
        notices: Arc<dyn NoticeHandler>,
        options: StartOptions,
    ) -> Result<Self, StartError> {
        // A program that starts a gateway keeps the future in its own.
        Box::pin(Self::start_on(Ground::Machine, config, notices, options)).await
    }

    /// Sends a request and waits for its outcome. `body` contains the fields of the telegram as JSON. If a breaker sends the request to
    /// another institution, the exchange is one with that institution, and its [`passage`](Exchange::passage) names the first one.
    ///
    /// # Errors
    /// If the request is not accepted. If an accepted request cannot be sent, that is an outcome and not an error.
    pub async fn exchange(
        &self,
        institution: &str,
        telegram: &str,
        body: &Value,
        options: impl Into<RequestOptions<'_>>,
    ) -> Result<Exchange, Refusal> {
        self.begin(institution, telegram, body, options).await?.end().await
    }

    /// What makes spans.
    pub(crate) fn tracer(&self) -> &Tracer {
        &self.inner.shared.tracer
    }

    fn handle(&self, institution: &str) -> Result<Arc<Handle>, Refusal> {
        let institutions = self.inner.institutions.borrow();
        let handle = institutions.get(institution).cloned();
        handle.ok_or_else(|| Refusal::UnknownInstitution { known: institutions.keys().cloned().collect() })
    }

    /// The institutions that run now.
    fn running(&self) -> Institutions {
        Arc::clone(&self.inner.institutions.borrow())
    }

    fn find_handle(&self, institution: &str) -> Option<Arc<Handle>> {
        self.inner.institutions.borrow().get(institution).cloned()
    }

    /// Begins an exchange for a draft from any source.
    async fn begin_draft(
        &self,
        handle: &Arc<Handle>,
        telegram: &str,
        draft: Draft,
        caller: Option<Arc<Caller>>,
        idempotency: Option<(&str, [u8; 16])>,
    ) -> Result<Begun, Refusal> {
        let shared = &self.inner.shared;
        let now = shared.clock.now();
        let id = shared.clock.name(now);
        let exchange = Exchange::accepted(id, handle.name.clone(), telegram.into(), now.wall_ms);
        let exchange = Exchange { caller, ..exchange };
        let key = match idempotency {
            None => None,
            Some((key, digest)) => {
                // The key comes first: an exchange with it may have been sent before.
                let state = shared.journal.reserve_key(&handle.name, key, digest, exchange.id).await;
                match state.map_err(|error| Refusal::KeyUnchecked(NotSent::Journal(error)))? {
                    KeyState::Reserved(ticket) => Some(ticket),
                    KeyState::Running(id) => return Err(Refusal::StillRunning(id)),
                    KeyState::Ended(exchange) => return Ok(Begun::Ended(exchange)),
                    KeyState::OtherBody(id) => return Err(Refusal::OtherBody(id)),
                }
            }
        };
        let asked = idempotency.filter(|_| shared.journal.is_shared());
        let asked = asked.map(|(key, digest)| AskedKey::new(handle.name.clone(), key, digest));
        let refuse = |why: &NotSent, exchange: &Exchange| {
            let exchange = Exchange { journaled: false, ..not_sent(exchange.clone(), why, shared.clock.now().wall_ms) };
            count_refused(&exchange);
            let asked = self.find_handle(&exchange.institution);
            asked.iter().for_each(|handle| handle.statuses.traffic().refused(&exchange));
            shared.routings.count(&exchange);
            Begun::Ended(Box::new(exchange))
        };
        let routed = self.routed(handle, draft, exchange, idempotency.map(|(key, _)| key));
        let Routed { handle, draft, exchange } = match routed {
            Ok(routed) => routed,
            Err(unfit) => return Ok(refuse(&unfit.0, &unfit.1)),
        };
        if self.inner.stopping.load(Ordering::SeqCst) {
            return Ok(refuse(&NotSent::Stopping, &exchange));
        }
        let Some(place) = handle.admit() else {
            let why = if handle.is_leaving() { NotSent::Stopping } else { NotSent::TooManyWaiting };
            return Ok(refuse(&why, &exchange));
        };
        let (reply, end) = oneshot::channel();
        let request = AcceptedRequest { draft, exchange: exchange.clone(), key, since: now.steady, place, reply };
        if let Err(why) = handle.request(request) {
            return Ok(refuse(&why, &exchange));
        }
        // From here on the exchange runs to its end, also if the caller's future is dropped.
        Ok(Begun::Running(Box::new(Running { gateway: self.clone(), exchange, asked, end })))
    }

    /// The latest exchanges, newest first.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn recent(&self, limit: usize) -> Result<Vec<Exchange>, JournalError> {
        self.inner.shared.journal.recent(limit).await
    }

    /// The exchanges that the filter lets pass, newest first, at most `limit`: a page, and where the next one begins.
    ///
    /// A page is found at once if what passes the filter is new. One call looks at 100,000 exchanges at most, so with a filter that few
    /// pass, a page can be short or empty although another one follows. Only `next: None` ends the list. An exchange that waits for its
    /// turn is not in the list yet, only [`Gateway::find`] finds it.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn exchanges(&self, filter: ExchangeFilter, limit: usize) -> Result<ExchangePage, JournalError> {
        self.inner.shared.journal.search(filter, limit).await
    }

    /// Takes a person's decision about an unknown exchange that moves money. Returns the exchange as it is then.
    ///
    /// # Errors
    /// If there is no such exchange, the decision is not taken, or the journal cannot be read.
    pub async fn settle(&self, id: &ExchangeId, decision: PersonDecision) -> Result<Exchange, SettleError> {
        let exchange = self.find(id).await?.ok_or(SettleError::UnknownExchange)?;
        let handle = self.find_handle(&exchange.institution).ok_or(SettleError::Stopped)?;
        if let Some(instance) = self.inner.shared.journal.elsewhere(id).await? {
            return Err(SettleError::Elsewhere(instance));
        }
        handle.settle(*id, decision).await.ok_or(SettleError::Stopped)?.map_err(SettleError::NotDecided)?;
        Ok(self.find(id).await?.unwrap_or(exchange))
    }

    /// The notice with this name, or `None` if there is no such notice.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn find_notice(&self, id: &ExchangeId) -> Result<Option<StoredNotice>, JournalError> {
        self.inner.shared.journal.find_notice(id).await
    }

    /// The notices that the filter lets pass, newest first: a page, and where the next one begins, as [`Gateway::exchanges`] has them.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn notices(&self, filter: NoticeFilter, limit: usize) -> Result<NoticePage, JournalError> {
        self.inner.shared.journal.notices(filter, limit).await
    }

    /// The facts of a notice in their order, by their numbers.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn notice_timeline(&self, id: &ExchangeId) -> Result<Vec<(u64, Fact)>, JournalError> {
        self.inner.shared.journal.notice_timeline(id).await
    }

    /// Takes a person's decision about the delivery of a notice. Returns the notice as it is then.
    ///
    /// # Errors
    /// If there is no such notice, the decision is not taken, or the journal cannot be read.
    pub async fn deliver(&self, id: &ExchangeId, decision: DeliveryDecision) -> Result<StoredNotice, DeliverError> {
        let notice = self.find_notice(id).await?.ok_or(DeliverError::UnknownNotice)?;
        let handle = self.find_handle(&notice.institution).ok_or(DeliverError::Stopped)?;
        if let Some(instance) = self.inner.shared.journal.elsewhere(id).await? {
            return Err(DeliverError::Elsewhere(instance));
        }
        handle.deliver(*id, decision).await.ok_or(DeliverError::Stopped)?.map_err(DeliverError::NotDelivered)?;
        Ok(self.find_notice(id).await?.unwrap_or(notice))
    }

    /// The reasons why the gateway does not work as it should, or an empty list. It works if each institution has a link that
    /// is alive and the journal took a write lately.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let now = self.inner.shared.clock.now();
        let mut troubles = Vec::new();
        if self.inner.stopping.load(Ordering::SeqCst) {
            troubles.push("the gateway is stopping".to_owned());
        }
        let institutions = self.running();
        let trouble = |name: &String, handle: &Arc<Handle>| match handle.is_leaving() {
            true => Some(self.inner.reloads.trouble(name)),
            false => handle.statuses.trouble(now),
        };
        let of_one = |(name, handle)| trouble(name, handle).map(|why| format!("{name}: {why}"));
        troubles.extend(institutions.iter().filter_map(of_one));
        let journal = self.inner.shared.journal.trouble();
        troubles.extend(journal.map(|error| format!("the journal takes no writes: {error}")));
        troubles
    }

    /// What a person should know although the gateway works: lines that count as alive because they are connected, while nothing has
    /// to prove it and no answer did lately. Notes do not change whether the gateway is ready.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let now_ms = self.inner.shared.clock.now().wall_ms;
        let institutions = self.running();
        let noted = institutions.iter().map(|(name, handle)| (name, handle.statuses.notes(now_ms)));
        noted
            .flat_map(|(name, notes)| notes.into_iter().map(move |note| format!("{name}: {note}")))
            .chain(self.inner.shared.routings.notes())
            .chain(self.note_of_sites())
            .chain(self.inner.publisher.note(now_ms))
            .chain(self.inner.alarms.look(|part| part.note(now_ms)).flatten())
            .chain(self.store().and_then(|store| store.note()))
            .chain(self.inner.intake.note(now_ms))
            .chain(self.inner.streams.notes())
            .chain(self.test_time().map(|time| time.to_string()))
            .collect()
    }

    /// The store that carries words between gateways. `None` if there is none.
    #[must_use]
    pub fn store(&self) -> Option<StoreStatus> {
        self.inner.shared.coordinator.store()
    }

    /// What the business clock shows, if the gateway is for tests. `None` in production.
    #[must_use]
    pub fn test_time(&self) -> Option<TestTimeStatus> {
        self.inner.test_time.as_ref().map(|time| time.status(&self.inner.shared.clock))
    }

    /// The present status of every line and its links.
    #[must_use]
    pub fn lines(&self) -> Vec<LineStatus> {
        self.running().values().flat_map(|handle| handle.statuses.lines()).collect()
    }

    /// The present state of each institution: its limits, what waits, its breakers, and what closes business.
    pub async fn institutions(&self) -> Vec<InstitutionStatus> {
        let institutions = self.running();
        let asked = institutions.values().map(|handle| handle.status());
        futures_util::future::join_all(asked).await.into_iter().flatten().collect()
    }

    /// The present state of one institution. `None` if there is no such institution, or if the gateway has stopped.
    pub async fn institution(&self, name: &str) -> Option<InstitutionStatus> {
        self.find_handle(name)?.status().await
    }

    /// Carries out a decision of a person about an institution: trips or resets a breaker, blocks or unblocks business,
    /// stops, starts, signs on or signs off a line, or moves business to other lines.
    ///
    /// # Errors
    /// If there is no such institution, or if the decision cannot be carried out.
    pub async fn decide(&self, institution: &str, decision: Decision) -> Result<(), Undecided> {
        let handle = self.find_handle(institution).ok_or(Undecided::UnknownInstitution)?;
        handle.decide(decision).await.map_err(Undecided::Cannot)
    }

    /// Sends an echo test now on every link of a line that can take it, and returns what came of each.
    ///
    /// # Errors
    /// If there is no such institution or line, the line has no echo test, or none of its links can be tested now.
    pub async fn test_line(&self, institution: &str, line: &str) -> Result<Vec<LinkTested>, Undecided> {
        let handle = self.find_handle(institution).ok_or(Undecided::UnknownInstitution)?;
        handle.test_line(line).await.map_err(Undecided::Cannot)
    }

    /// Subscribes to all events from now on. A receiver that falls behind loses the oldest events.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.inner.shared.events.subscribe()
    }

    async fn stop_all(&self) {
        let institutions = self.running();
        futures_util::future::join_all(institutions.values().map(|handle| handle.stop())).await;
    }

    /// Stops the gateway. Refuses new requests, lets exchanges in flight end within a time limit, signs off, and closes the
    /// links and the journal.
    pub async fn stop(&self) {
        self.inner.stopping.store(true, Ordering::SeqCst);
        self.stop_all().await;
        // A reload begins nothing any more, and ends soon. What it has begun meanwhile stops, too.
        let reload = self.inner.reloads.running.lock().await;
        self.stop_all().await;
        drop(reload);
        self.inner.streams.stop().await;
        self.inner.shared.journal.close().await;
    }
}

fn not_sent(exchange: Exchange, why: &NotSent, at_ms: i64) -> Exchange {
    finished(exchange, Outcome::NotSent, why.to_string(), why.code(), at_ms)
}

fn broken_off(exchange: Exchange, at_ms: i64) -> Exchange {
    // The journal decides at the next start, so this outcome is not durable.
    let exchange = Exchange { journaled: false, ..exchange };
    finished(exchange, Outcome::Unknown, Unknown::BrokeOff.to_string(), Unknown::BrokeOff.code(), at_ms)
}

fn finished(exchange: Exchange, outcome: Outcome, reason: String, code: &str, at_ms: i64) -> Exchange {
    Exchange {
        outcome: Some(outcome),
        reason: Some(reason),
        reason_code: Some(code.to_owned()),
        ended_at_ms: Some(at_ms),
        ..exchange
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("institutions", &self.running().keys()).finish_non_exhaustive()
    }
}
