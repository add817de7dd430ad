//! Notices: journals them, recognises repetitions and conflicts, and hands new ones to their delivery.
//!
//! A notice is known by its key. The same telegram again under the same key gets the same answer, or waits for it. Another telegram
//! under the key of an earlier notice is a conflict: it never gets the answer to the first one, because that would confirm something
//! that no service has seen.
//!
//! ```text
//! received ──fact is durable──► looked up in the index ──new──────────► delivery (`delivering`)
//!     │                                  ├──same telegram──► the answer, or a place among those who wait for it
//!     └─known here────────────────────────┴──other telegram─► conflict
//! ```

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::delivery::{
    AnsweredBy, Attempt, Delivery, DeliveryCase, DeliveryDecision, DeliveryFact, DeliveryFactNumber, Gate,
    NotDelivered, NoticeRef, Repetition,
};
use fep_protocol::exchange::{ExchangeId, TelegramBytes};
use fep_protocol::fact::{Fact, Reason, What};
use fep_protocol::reason::JournalError;
use fep_protocol::terms::{Incarnation, TicketMap};
use tokio::sync::oneshot;

use super::Task;
use super::known::{Known, KnownNotice, NoticeKey};
use crate::config::InstitutionConfig;
use crate::journal::notice::{FirstNotice, StoredNotice};
use crate::journal::{FirstQuestion, LaneNumber};
use crate::notice::{NotTaken, NoticeReply};
use crate::telegrams::delivery_policy;

/// The notices of an institution.
pub(super) struct Notices {
    pub(super) delivery: Delivery,
    /// The fact of the notice that the machine reports next.
    received: Option<Fact>,
    /// Notices whose fact is on its way to the journal.
    waiting: VecDeque<Receipt>,
    /// Notices that are durable and wait for their turn to be looked up.
    unresolved: VecDeque<ExchangeId>,
    is_looking_up: bool,
    pub(super) known: Known,
    /// The notices that are being handled.
    pub(super) entries: HashMap<ExchangeId, NoticeEntry>,
    /// Notices that are being fetched from the journal, and who waits for them.
    pub(super) loading: HashMap<ExchangeId, Vec<Then>>,
    /// The notices that our answers on their way belong to.
    pub(super) replies: TicketMap<NoticeAnswer>,
    /// Facts of the delivery on their way to the journal, in their order.
    pub(super) recorded: VecDeque<(LaneNumber, DeliveryFactNumber)>,
    /// Answers that were decided and cannot be sent now, on their way to the journal.
    pub(super) unsent: VecDeque<(LaneNumber, ExchangeId)>,
    /// People who are told once their decision is durable.
    pub(super) decisions: VecDeque<(LaneNumber, DeliveryReply)>,
    /// Notices that changed, with the fact of the change.
    pub(super) changes: VecDeque<(LaneNumber, ExchangeId)>,
    pub(super) fetching: Option<Fetching>,
    /// The earliest time of the next fetch, on the steady clock.
    pub(super) fetch_at: Duration,
}

/// Undelivered notices are being fetched from the journal.
#[derive(Default)]
pub(super) struct Fetching {
    /// Those that were forgotten meanwhile.
    pub(super) ended: BTreeSet<ExchangeId>,
    /// Those that were fetched and are not looked up yet.
    pub(super) unresolved: BTreeSet<ExchangeId>,
}

/// A notice that is being handled.
pub(super) struct NoticeEntry {
    pub(super) key: NoticeKey,
    pub(super) bytes: TelegramBytes,
    pub(super) received_at_ms: i64,
    /// When the institution gets an answer at the latest, on the steady clock.
    answer_by: Duration,
    /// The connections on which the institution waits for the answer.
    pub(super) waiters: Vec<Incarnation>,
    /// The answer that was decided, and who gave it.
    pub(super) answer: Option<(AnsweredBy, TelegramBytes)>,
    /// The answer of the service, before it is decided.
    pub(super) service_answer: Option<TelegramBytes>,
    /// Why it is refused.
    pub(super) reason: Option<Reason>,
    /// The delivery of a notice that was fetched from the journal.
    stored: Option<DeliveryCase>,
}

/// A notice whose fact is on its way to the journal.
struct Receipt {
    number: LaneNumber,
    incarnation: Incarnation,
    key: NoticeKey,
    id: ExchangeId,
    is: Relation,
}

/// What a notice is to those that are known here.
#[derive(Clone, Copy)]
enum Relation {
    New,
    Repetition,
    Conflict(Option<ExchangeId>),
}

/// An answer on its way.
pub(super) struct NoticeAnswer {
    pub(super) id: ExchangeId,
    /// Whether its fact decides the answer. Otherwise it repeats a decided one.
    pub(super) decides: bool,
}

/// What happens with a notice once it is fetched from the journal.
pub(super) enum Then {
    Answer(Incarnation),
    Decide(DeliveryDecision, DeliveryReply),
}

/// The channel that tells whether a person's decision was taken.
pub(super) type DeliveryReply = oneshot::Sender<Result<(), NotDelivered>>;

/// Work for a notice that came to its end.
pub(super) enum NoticeDone {
    LookedUp(Vec<ExchangeId>, Result<Vec<Option<FirstNotice>>, JournalError>),
    Asked(Attempt, Result<NoticeReply, NotTaken>),
    Fetched(usize, Result<Vec<StoredNotice>, JournalError>),
    Loaded(ExchangeId, Result<Option<Box<StoredNotice>>, JournalError>),
}

/// The maximum number of notices that may wait for their turn to be looked up. Further ones stay in the journal.
const UNRESOLVED_MAX: usize = 2048;

/// The maximum number of notices that are looked up together.
const LOOK_UPS_MAX: usize = 256;

/// The pause before notices that were left in the journal are fetched.
pub(super) const FETCH_PAUSE: Duration = Duration::from_secs(1);

/// The maximum number of connections that wait for the answer to one notice. Further repetitions get none.
const WAITERS_MAX: usize = 16;

impl Notices {
    pub(super) fn new(config: &InstitutionConfig, seed: u64) -> Self {
        let policies = config.notices.iter().map(|(name, notice)| (name.clone(), delivery_policy(notice)));
        Self {
            delivery: Delivery::new(policies.collect(), config.delivery, seed),
            received: None,
            waiting: VecDeque::new(),
            unresolved: VecDeque::new(),
            is_looking_up: false,
            known: Known::default(),
            entries: HashMap::new(),
            loading: HashMap::new(),
            replies: TicketMap::default(),
            recorded: VecDeque::new(),
            unsent: VecDeque::new(),
            decisions: VecDeque::new(),
            changes: VecDeque::new(),
            fetching: None,
            fetch_at: Duration::ZERO,
        }
    }

    /// Lets other policies hold.
    pub(super) fn retune(&mut self, config: &InstitutionConfig) {
        let policies = config.notices.iter().map(|(name, notice)| (name.clone(), delivery_policy(notice)));
        self.delivery.retune(policies.collect());
    }

    /// Whether the institution waits for an answer, or may do so.
    pub(super) fn is_awaited(&self) -> bool {
        self.delivery.awaited() > 0 || self.is_looking_up || !self.waiting.is_empty()
    }

    /// The next time when something is due.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let fetch_at = (self.fetching.is_none() && self.delivery.wants_more()).then_some(self.fetch_at);
        [self.delivery.deadline(), fetch_at].into_iter().flatten().min()
    }

    /// Whether the journal has everything.
    pub(super) fn is_stored(&self) -> bool {
        self.recorded.is_empty() && self.unsent.is_empty()
    }

    /// Lets a connection wait for the answer to a notice.
    fn wait(&mut self, id: &ExchangeId, incarnation: Incarnation) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.waiters.len() < WAITERS_MAX) {
            entry.waiters.push(incarnation);
        }
    }
}

impl Task {
    /// Takes the fact of a notice. The machine reports the notice itself next.
    pub(super) fn notice_received(&mut self, fact: Fact) {
        self.notices.received = Some(fact);
    }

    /// Journals a notice.
    pub(super) fn notice(&mut self, incarnation: Incarnation, telegram: &Arc<str>, bytes: &TelegramBytes) {
        let Some(fact) = self.notices.received.take() else { return };
        let config = self.config.notices.get(&**telegram);
        let Some((config, key)) = config.zip(self.catalogue.notice_key(telegram, bytes)) else {
            self.append(fact);
            return;
        };
        let now = self.shared.clock.now();
        let content = self.catalogue.notice_content(telegram, bytes, &config.may_differ);
        let within = config.callback_timeout;
        let notice_key = NoticeKey { telegram: telegram.clone(), key: key.clone() };
        let known = self.notices.known.get(&notice_key).map(|known| (known.id, known.content == content));
        let name = self.shared.clock.name(now);
        let (id, is) = match known {
            None => (name, Relation::New),
            Some((Some(id), true)) => (id, Relation::Repetition),
            // A notice of a journal of version 1 has no name: the index is asked.
            Some((None, true)) => (name, Relation::New),
            Some((first, false)) => (name, Relation::Conflict(first)),
        };
        let answer_by_ms = now.wall_ms.saturating_add(i64::try_from(within.as_millis()).unwrap_or(i64::MAX));
        let delivery = (!matches!(is, Relation::Repetition)).then(|| Box::new(DeliveryFact::Received { answer_by_ms }));
        let received_at_ms = fact.at_ms;
        let number = self.append(Fact { exchange: Some(id), key: Some(key), delivery, ..fact });
        if !matches!(is, Relation::Repetition) {
            let entry = NoticeEntry {
                key: notice_key.clone(),
                bytes: TelegramBytes::copy_of(bytes),
                received_at_ms,
                answer_by: now.steady.saturating_add(within),
                waiters: vec![incarnation],
                answer: None,
                service_answer: None,
                reason: None,
                stored: None,
            };
            self.notices.entries.insert(id, entry);
            self.notice_changed(id);
        }
        let (_, indexed) = self.shared.journal.stored_and_indexed();
        let first = KnownNotice { id: Some(id), content, answer: None, stored: None };
        let has_room = self.notices.waiting.len() + self.notices.unresolved.len() < UNRESOLVED_MAX;
        if known.is_none() && !(has_room && self.notices.known.add(notice_key.clone(), first, indexed)) {
            return self.leave_in_journal(&id);
        }
        self.notices.waiting.push_back(Receipt { number, incarnation, key: notice_key, id, is });
    }

    /// Handles the notices whose facts are durable.
    pub(super) fn durable_notices(&mut self, durable: LaneNumber) {
        while self.notices.waiting.front().is_some_and(|waiting| waiting.number <= durable) {
            let Some(Receipt { incarnation, key, id, is, .. }) = self.notices.waiting.pop_front() else { break };
            match is {
                Relation::New => self.notices.unresolved.push_back(id),
                Relation::Repetition => self.repetition(&key, id, incarnation),
                Relation::Conflict(first) => self.conflict(id, first),
            }
        }
        self.look_up();
    }

    /// Asks the index who had the keys of new notices first. What came in this run and is not in the index is known here.
    pub(super) fn look_up(&mut self) {
        if self.notices.is_looking_up || self.notices.unresolved.is_empty() {
            return;
        }
        self.notices.is_looking_up = true;
        let count = self.notices.unresolved.len().min(LOOK_UPS_MAX);
        let ids: Vec<_> = self.notices.unresolved.drain(..count).collect();
        let entries = ids.iter().map(|id| self.notices.entries.get(id));
        let questions = entries.map(|entry| {
            let keys = entry.map(|entry| {
                // A journal of version 1 stored some keys in another form.
                let former = self.catalogue.former_notice_key(&entry.key.telegram, &entry.bytes);
                former.into_iter().chain([entry.key.key.clone()]).collect()
            });
            FirstQuestion {
                institution: self.name.to_string(),
                telegram: entry.map_or_else(String::new, |entry| entry.key.telegram.to_string()),
                keys: keys.unwrap_or_default(),
            }
        });
        let questions: Vec<_> = questions.collect();
        let journal = self.shared.journal.clone();
        self.others.push(Box::pin(async move {
            let found = journal.first_notices(questions).await;
            NoticeDone::LookedUp(ids, found)
        }));
    }

    pub(super) fn looked_up(&mut self, ids: Vec<ExchangeId>, found: Result<Vec<Option<FirstNotice>>, JournalError>) {
        self.notices.is_looking_up = false;
        match found {
            Ok(found) => ids.into_iter().zip(found).for_each(|(id, first)| self.resolve(id, first)),
            Err(error) => {
                tracing::error!(%error, institution = &*self.name, "notices cannot be looked up");
                for id in ids {
                    if let Some(entry) = self.notices.entries.get(&id) {
                        self.notices.known.remove(&entry.key);
                    }
                    self.leave_in_journal(&id);
                }
            }
        }
        self.look_up();
    }

    /// A notice that cannot be handled now gets no answer. It is fetched from the journal later.
    fn leave_in_journal(&mut self, id: &ExchangeId) {
        self.notices.entries.remove(id);
        self.fetched_one(id);
        self.notices.delivery.fetched(false);
        self.notices.fetch_at = self.shared.clock.now().steady + FETCH_PAUSE;
        metrics::counter!("fep_notices_left_total", "institution" => self.name.to_string()).increment(1);
    }

    /// Decides what a notice is, when the first one with its key is known.
    fn resolve(&mut self, id: ExchangeId, first: Option<FirstNotice>) {
        self.fetched_one(&id);
        let Some(entry) = self.notices.entries.get(&id) else { return };
        let key = entry.key.clone();
        let (stored, _) = self.shared.journal.stored_and_indexed();
        // An earlier run may have looked it up.
        let was_new = entry.stored.as_ref().is_some_and(|case| case.answered().is_some() || case.attempts() > 1);
        let Some(first) = first.filter(|first| first.id != Some(id) && !was_new) else {
            if let Some(known) = self.notices.known.get_mut(&key) {
                known.stored = Some(stored);
            }
            return self.new_notice(id);
        };
        let may_differ = self.config.notices.get(&*key.telegram).map_or(&[][..], |config| &config.may_differ);
        let content = self.catalogue.notice_content(&key.telegram, &first.bytes, may_differ);
        let own = self.catalogue.notice_content(&key.telegram, &entry.bytes, may_differ);
        // A notice of an older journal is there without its bytes.
        let is_same = content == own || first.bytes.is_empty();
        let content = if first.bytes.is_empty() { own } else { content };
        let named = first.id.filter(|_| first.case.is_some());
        if let Some(known) = self.notices.known.get_mut(&key) {
            *known = KnownNotice {
                id: if is_same { named.or(Some(id)) } else { first.id },
                content,
                answer: first.answer.clone(),
                stored: Some(stored),
            };
        }
        if is_same && first.is_forgotten {
            tracing::error!(institution = &*self.name, notice = %id, "the answer to an earlier notice cannot be read: its key was forgotten");
            self.notices.entries.remove(&id);
            return self.notices.known.remove(&key);
        }
        match (is_same, named, first.answer) {
            (false, ..) => self.conflict(id, first.id),
            (true, Some(first), _) => {
                let now = self.shared.clock.now();
                let delivery = Some(Box::new(DeliveryFact::Repeated { first }));
                self.append(Fact { what: What::Delivery, exchange: Some(id), delivery, ..self.fact(now) });
                let waiters = self.notices.entries.remove(&id).map_or_else(Vec::new, |entry| entry.waiters);
                waiters.into_iter().for_each(|incarnation| self.repetition(&key, first, incarnation));
            }
            (true, None, Some(answer)) => self.answer_as_before(id, answer),
            (true, None, None) => self.new_notice(id),
        }
    }

    /// Hands a notice to its delivery.
    fn new_notice(&mut self, id: ExchangeId) {
        let now = self.shared.clock.now();
        if self.notices.delivery.case(&id).is_some() {
            return;
        }
        let Some(entry) = self.notices.entries.get_mut(&id) else { return };
        if let Some(case) = entry.stored.take() {
            let notice = NoticeRef { id, telegram: entry.key.telegram.to_string(), case };
            return self.notices.delivery.load(notice, now);
        }
        let business = self.catalogue.business_of(&entry.key.telegram, &entry.bytes);
        let closed = self.machine.closed_for_notice(&entry.key.telegram, business.as_deref(), now);
        entry.reason = closed.map(|closed| Reason::new(&closed, closed.code()));
        if self.leaving {
            entry.reason = Some(Reason::new("the gateway is stopping", "stopping"));
        }
        let gate = if entry.reason.is_some() { Gate::Closed } else { Gate::Open };
        let answer_by = entry.answer_by;
        let notice = fresh(id, entry);
        self.notices.delivery.receive(notice, answer_by, gate, now);
    }

    /// Keeps a telegram that came under the key of another one.
    fn conflict(&mut self, id: ExchangeId, first: Option<ExchangeId>) {
        let now = self.shared.clock.now();
        if self.surplus.is_logged(now.steady) {
            let first = first.map(|first| first.to_string());
            tracing::error!(
                institution = &*self.name,
                notice = %id,
                first,
                "a notice has the key of an earlier one and other content: it does not get the answer to that one"
            );
        }
        metrics::counter!("fep_notice_conflicts_total", "institution" => self.name.to_string()).increment(1);
        let Some(entry) = self.notices.entries.get_mut(&id) else { return };
        entry.reason = Some(Reason::new("another notice had this key before", "notice_conflict"));
        let answer_by = entry.answer_by;
        let notice = fresh(id, entry);
        self.notices.delivery.receive(notice, answer_by, Gate::Conflict(first), now);
    }

    /// The institution sent a notice again.
    pub(super) fn repetition(&mut self, key: &NoticeKey, id: ExchangeId, incarnation: Incarnation) {
        let now = self.shared.clock.now();
        metrics::counter!("fep_notices_repeated_total", "institution" => self.name.to_string()).increment(1);
        self.notice_changed(id);
        if let Some(answer) = self.notices.known.get(key).and_then(|known| known.answer.clone()) {
            self.send_answer(id, incarnation, answer, false);
            return;
        }
        match self.notices.delivery.repeated(&id, now) {
            Repetition::Answered => {
                let answer = self.notices.entries.get(&id).and_then(|entry| entry.answer.clone());
                answer.into_iter().for_each(|(_, bytes)| {
                    self.send_answer(id, incarnation, bytes, false);
                });
            }
            Repetition::Waits => self.notices.wait(&id, incarnation),
            Repetition::NotHere if self.notices.entries.contains_key(&id) => self.notices.wait(&id, incarnation),
            Repetition::NotHere => self.load(id, Then::Answer(incarnation)),
        }
    }

    /// Puts an undelivered notice of the journal among those that are looked up. Returns whether it was not here before.
    pub(super) fn take_stored(&mut self, notice: StoredNotice) -> bool {
        let StoredNotice { id, telegram, bytes, answer, case, .. } = notice;
        if self.notices.entries.contains_key(&id) {
            return false;
        }
        // A telegram that is not configured any more has no key. Its delivery becomes a dead letter.
        let key =
            self.catalogue.notice_key(&telegram, &bytes).unwrap_or_else(|| fep_protocol::terms::Key::new([""; 0]));
        let by = case.answered();
        let entry = NoticeEntry {
            key: NoticeKey { telegram, key },
            bytes,
            received_at_ms: id.accepted_at_ms(),
            answer_by: Duration::ZERO,
            waiters: Vec::new(),
            answer: by.zip(answer),
            service_answer: None,
            reason: None,
            stored: Some(case),
        };
        self.notices.entries.insert(id, entry);
        true
    }

    /// Looks a notice up that was fetched from the journal.
    pub(super) fn look_up_later(&mut self, id: ExchangeId) {
        self.notices.unresolved.push_back(id);
    }

    /// The delivery of a notice that was fetched from the journal, if it was not handed on yet.
    pub(super) fn stored_case(&mut self, id: &ExchangeId) -> Option<DeliveryCase> {
        self.notices.entries.get_mut(id)?.stored.take()
    }
}

/// A notice that was received just now.
fn fresh(id: ExchangeId, entry: &NoticeEntry) -> NoticeRef {
    let received = DeliveryFact::Received { answer_by_ms: entry.received_at_ms };
    let case = DeliveryCase::of([(entry.received_at_ms, &received)]);
    NoticeRef { id, telegram: entry.key.telegram.to_string(), case }
}
