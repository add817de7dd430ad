//! Notices: journals them, passes them to the service, answers within the institution's time limit, and gives the same
//! answer to a repetition.
//!
//! A notice is known by its key. Another telegram under the key of an earlier notice is a conflict: it gets no answer, because
//! the answer to the first one would confirm something that no service has seen. Only the service's answer is final. After a
//! stand-in's answer, a repetition is offered to the service again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use fep_protocol::exchange::{ExchangeId, TelegramBytes};
use fep_protocol::fact::Fact;
use fep_protocol::terms::{Incarnation, Key, Ticket};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Task;
use crate::journal::{Journal, JournalError, LaneNumber, StoredNotice};
use crate::notice::{Notice, NoticeHandler};
use crate::telegrams::TelegramCatalogue;

/// The identity of a notice. A repeated notice has the same identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct NoticeId {
    telegram: Arc<str>,
    key: Key,
}

/// The notices of an institution that are being handled.
#[derive(Debug)]
pub(super) struct Notices {
    /// The fact of the notice that the machine reports next.
    received: Option<(LaneNumber, ExchangeId)>,
    /// Notices whose fact is on its way to the journal.
    waiting: VecDeque<WaitingNotice>,
    running: HashSet<NoticeId>,
    /// The notice that a reply answers, and the exchange of the notice. The identity is given only if the answer is final.
    replies: HashMap<Ticket, (Option<NoticeId>, ExchangeId)>,
    permits: Arc<Semaphore>,
}

/// A notice whose fact is on its way to the journal.
#[derive(Debug)]
pub(super) struct WaitingNotice {
    number: LaneNumber,
    incarnation: Incarnation,
    id: NoticeId,
    exchange: ExchangeId,
    bytes: TelegramBytes,
}

/// A notice that was handled.
pub(super) struct NoticeDone {
    incarnation: Incarnation,
    id: NoticeId,
    exchange: ExchangeId,
    reply: Reply,
}

enum Reply {
    /// The service's answer.
    Final(TelegramBytes),
    /// The stand-in's answer, or an answer that was sent before.
    Again(TelegramBytes),
    /// The institution must send the notice again.
    None,
    /// Another notice had this key before.
    Conflict(Option<ExchangeId>),
}

/// The data to handle one notice.
struct NoticeTask {
    journal: Journal,
    handler: Arc<dyn NoticeHandler>,
    catalogue: Arc<TelegramCatalogue>,
    notice: Notice,
    key: Key,
    stand_in: Map<String, Value>,
    permit: Option<OwnedSemaphorePermit>,
}

/// The maximum number of notices that the handler has at once. The stand-in answers further notices.
const NOTICES_RUNNING_MAX: usize = 64;

impl Default for Notices {
    fn default() -> Self {
        Self {
            received: None,
            waiting: VecDeque::new(),
            running: HashSet::new(),
            replies: HashMap::new(),
            permits: Arc::new(Semaphore::new(NOTICES_RUNNING_MAX)),
        }
    }
}

impl Task {
    /// Journals a notice. The machine reports the notice itself next.
    pub(super) fn notice_received(&mut self, fact: Fact) {
        let exchange = self.shared.clock.name(self.shared.clock.now());
        let telegram = fact.telegram.as_deref().unwrap_or_default();
        let key = self.catalogue.notice_key(telegram, &fact.bytes);
        let number = self.append(Fact { exchange: Some(exchange), key, ..fact });
        self.notices.received = Some((number, exchange));
    }

    pub(super) fn notice(&mut self, incarnation: Incarnation, telegram: &Arc<str>, bytes: TelegramBytes) {
        let Some((number, exchange)) = self.notices.received.take() else { return };
        let Some(key) = self.catalogue.notice_key(telegram, &bytes) else { return };
        let id = NoticeId { telegram: telegram.clone(), key };
        self.notices.waiting.push_back(WaitingNotice { number, incarnation, id, exchange, bytes });
    }

    /// Handles the notices whose facts are durable.
    pub(super) fn durable_notices(&mut self, durable: LaneNumber) {
        while self.notices.waiting.front().is_some_and(|waiting| waiting.number <= durable) {
            if let Some(waiting) = self.notices.waiting.pop_front() {
                self.start_notice(waiting);
            }
        }
    }

    fn start_notice(&mut self, waiting: WaitingNotice) {
        let WaitingNotice { incarnation, id, exchange, bytes, .. } = waiting;
        let Some(config) = self.config.notices.get(&*id.telegram) else { return };
        if !self.notices.running.insert(id.clone()) {
            // A repetition arrived while the first notice is still being handled.
            return;
        }
        let notice = Notice {
            id: exchange,
            institution: self.name.to_string(),
            telegram: id.telegram.to_string(),
            fields: self.catalogue.fields(&id.telegram, &bytes).unwrap_or(Value::Null),
            bytes: TelegramBytes::copy_of(self.catalogue.telegram(&bytes)),
            callback: config.callback.clone(),
            timeout: config.callback_timeout,
        };
        let task = NoticeTask {
            journal: self.shared.journal.clone(),
            handler: Arc::clone(&self.shared.notices),
            catalogue: Arc::clone(&self.catalogue),
            notice,
            key: id.key.clone(),
            stand_in: TelegramCatalogue::nested(&config.stand_in),
            permit: Arc::clone(&self.notices.permits).try_acquire_owned().ok(),
        };
        self.others.push(Box::pin(async move {
            let reply = task.run().await;
            NoticeDone { incarnation, id, exchange, reply }
        }));
    }

    pub(super) fn notice_done(&mut self, done: NoticeDone) {
        let NoticeDone { incarnation, id, exchange, reply } = done;
        self.notices.running.remove(&id);
        let (answer, is_final) = match reply {
            Reply::Final(answer) => (answer, true),
            Reply::Again(answer) => (answer, false),
            Reply::None => return,
            Reply::Conflict(first) => {
                let first = first.map(|first| first.to_string());
                tracing::error!(
                    institution = &*self.name,
                    exchange = %exchange,
                    first,
                    "a notice has the key of an earlier one and other content: it gets no answer"
                );
                metrics::counter!("fep_notice_conflicts_total", "institution" => self.name.to_string()).increment(1);
                return;
            }
        };
        match self.machine.reply(incarnation, answer) {
            Ok(ticket) => {
                self.notices.replies.insert(ticket, (is_final.then_some(id), exchange));
            }
            Err(why) => {
                tracing::warn!(
                    institution = &*self.name,
                    why = why.to_string(),
                    code = why.code(),
                    "a notice's answer cannot be sent"
                )
            }
        }
    }

    /// Completes the fact of a reply, if it answers a notice. The key makes it the answer to each repetition.
    pub(super) fn notice_reply(&mut self, ticket: Ticket, fact: &mut Fact) {
        if let Some((id, exchange)) = self.notices.replies.remove(&ticket) {
            fact.exchange = Some(exchange);
            if let Some(id) = id {
                fact.telegram = Some(id.telegram);
                fact.key = Some(id.key);
            }
        }
    }
}

impl NoticeTask {
    async fn run(self) -> Reply {
        let notice = &self.notice;
        // A journal of version 1 stored some keys in another form.
        let former = self.catalogue.former_notice_key(&notice.telegram, &notice.bytes);
        let mut earlier = None;
        for key in former.iter().chain([&self.key]) {
            match self.journal.notice(&notice.institution, &notice.telegram, key).await {
                Ok(found) => earlier = earlier.or(found),
                Err(error) => return self.unknown(&error),
            }
        }
        match earlier {
            // A notice of an older journal is there without its bytes.
            Some(StoredNotice { bytes, exchange, .. }) if bytes != notice.bytes && !bytes.is_empty() => {
                Reply::Conflict(exchange)
            }
            Some(StoredNotice { reply: Some(reply), .. }) => Reply::Again(reply),
            Some(_) | None => self.handle().await,
        }
    }

    /// A notice that cannot be looked up gets no answer, so the institution sends it again.
    fn unknown(&self, error: &JournalError) -> Reply {
        tracing::error!(%error, institution = self.notice.institution, "a notice cannot be looked up");
        Reply::None
    }

    /// Asks the service. If it does not answer, the stand-in does.
    async fn handle(self) -> Reply {
        let telegram = self.notice.telegram.clone();
        let institution = self.notice.institution.clone();
        let why = match self.ask().await {
            Ok(own) => match self.catalogue.answer(&telegram, &self.notice.bytes, &own) {
                Ok(answer) => return Reply::Final(answer),
                Err(error) => format!("the service's fields make no answer: {error}"),
            },
            Err(why) => why,
        };
        tracing::warn!(institution, telegram, why, "the stand-in answers a notice");
        metrics::counter!("fep_stand_ins_total", "institution" => institution).increment(1);
        match self.catalogue.answer(&telegram, &self.notice.bytes, &self.stand_in) {
            Ok(answer) => Reply::Again(answer),
            Err(error) => {
                tracing::error!(%error, telegram, "the stand-in makes no answer");
                Reply::None
            }
        }
    }

    async fn ask(&self) -> Result<Map<String, Value>, String> {
        if self.permit.is_none() {
            return Err("too many notices are being handled".to_owned());
        }
        let handler = Arc::clone(&self.handler);
        let notice = self.notice.clone();
        let limit = self.notice.timeout;
        // A separate task: a handler that panics or blocks must not stop the institution's lines.
        let asked = tokio::spawn(async move { tokio::time::timeout(limit, handler.notice(notice)).await });
        match asked.await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(format!("no answer from the service within {} ms", limit.as_millis())),
            Err(_) => Err("the service's handler broke off".to_owned()),
        }
    }
}
