//! Delivery at work: carries out the actions of the delivery machine, and tells it what happened.
//!
//! What is tried and when, and who answers the institution, is decided by [`fep_protocol::delivery`]. An answer is a fact before its
//! bytes go to a line. If no line can take it, the fact is kept all the same: a repetition gets these bytes.

use std::sync::Arc;
use std::time::Duration;

use fep_protocol::delivery::{
    AnsweredBy, Attempt, DeliveryAction, DeliveryDecision, DeliveryFact, NotDelivered, ServiceSays,
};
use fep_protocol::exchange::{Event, ExchangeId, TelegramBytes};
use fep_protocol::fact::{Fact, What};
use fep_protocol::terms::{Incarnation, Now, Ticket};
use serde_json::Value;
use tokio::sync::oneshot;

use super::notices::{DeliveryReply, NoticeAnswer, NoticeDone, Then};
use super::{Handle, Task, TaskCommand};
use crate::fault::{FaultPoint, point};
use crate::journal::LaneNumber;
use crate::notice::{GivenAnswer, NotTaken, Notice, NoticeReply};
use crate::telegrams::TelegramCatalogue;

/// The longest reason of a failed attempt that is kept, in characters.
const WHY_MAX_CHARS: usize = 300;

impl Handle {
    /// Passes a person's decision about the delivery of a notice on, and waits until it is durable. `None` if the institution has
    /// stopped.
    pub async fn deliver(&self, id: ExchangeId, decision: DeliveryDecision) -> Option<Result<(), NotDelivered>> {
        let (reply, taken) = oneshot::channel();
        self.commands.send(TaskCommand::Deliver(id, decision, reply)).await.ok()?;
        taken.await.ok()
    }
}

impl Task {
    /// Carries out all actions that the delivery has ready. Returns whether there were any.
    pub(super) fn deliver(&mut self) -> bool {
        let mut some = false;
        while let Some(action) = self.notices.delivery.next_action() {
            some = true;
            match action {
                DeliveryAction::Record(number, id, at_ms, fact) => {
                    let delivery = Some(Box::new(fact));
                    let kept = self.notices.entries.get(&id).and_then(|entry| {
                        let is_taken = matches!(delivery.as_deref(), Some(DeliveryFact::Taken { .. }));
                        entry.service_answer.clone().filter(|_| is_taken)
                    });
                    let bytes = kept.unwrap_or_default();
                    let fact = self.notice_fact(&id);
                    let lane = self.append(Fact { at_ms, what: What::Delivery, key: None, delivery, bytes, ..fact });
                    self.notices.recorded.push_back((lane, number));
                    self.notice_changed(id);
                }
                DeliveryAction::Ask(attempt) => self.ask(attempt),
                DeliveryAction::Answer(id, by) => self.answer(id, by),
                DeliveryAction::DeadLetter(id) => {
                    if self.surplus.is_service_logged(self.shared.clock.now().steady) {
                        tracing::error!(institution = &*self.name, notice = %id, "no service took a notice: a person must look at it");
                    }
                    metrics::counter!("fep_notice_dead_letters_total", "institution" => self.name.to_string())
                        .increment(1);
                }
                DeliveryAction::Forgotten(id) => {
                    self.notices.entries.remove(&id);
                    if let Some(fetching) = &mut self.notices.fetching {
                        fetching.ended.insert(id);
                    }
                }
            }
        }
        self.fetch();
        some
    }

    pub(super) fn notice_done(&mut self, done: NoticeDone) {
        match done {
            NoticeDone::LookedUp(ids, found) => self.looked_up(ids, found),
            NoticeDone::Asked(attempt, result) => self.asked(&attempt, result),
            NoticeDone::Fetched(limit, found) => self.fetched(limit, found),
            NoticeDone::Loaded(id, found) => self.loaded(id, found),
        }
    }

    /// A fact about a notice, without what happened.
    fn notice_fact(&self, id: &ExchangeId) -> Fact {
        let entry = self.notices.entries.get(id);
        Fact {
            exchange: Some(*id),
            telegram: entry.map(|entry| entry.key.telegram.clone()),
            key: entry.map(|entry| entry.key.key.clone()),
            ..self.fact(self.shared.clock.now())
        }
    }

    /// Asks the service.
    fn ask(&mut self, attempt: Attempt) {
        let now = self.shared.clock.now();
        let Some(entry) = self.notices.entries.get(&attempt.id) else { return };
        let telegram = &*entry.key.telegram;
        let Some(config) = self.config.notices.get(telegram) else { return };
        let answered = entry.answer.as_ref().map(|(by, bytes)| {
            let name = self.catalogue.answer_name(telegram).unwrap_or_else(|| "".into());
            GivenAnswer { by: *by, fields: self.catalogue.fields(&name, bytes).unwrap_or(Value::Null) }
        });
        let left = attempt.answer_by.map(|answer_by| answer_by.saturating_sub(now.steady));
        let notice = Notice {
            id: attempt.id,
            institution: self.name.to_string(),
            telegram: telegram.to_owned(),
            fields: self.catalogue.fields(telegram, &entry.bytes).unwrap_or(Value::Null),
            bytes: TelegramBytes::copy_of(self.catalogue.telegram(&entry.bytes)),
            callback: config.callback.clone(),
            timeout: left.unwrap_or(config.callback_timeout),
            attempt: attempt.number,
            received_at_ms: entry.received_at_ms,
            answer_by_ms: left.map(|left| wall_ms_in(now, left)),
            answered,
        };
        let handler = Arc::clone(&self.shared.notices);
        let limit = notice.timeout;
        self.others.push(Box::pin(async move {
            // A separate task: a handler that panics or blocks must not stop the institution's lines.
            let asked = tokio::spawn(async move { tokio::time::timeout(limit, handler.notice(notice)).await });
            let result = match asked.await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => {
                    Err(NotTaken::Failed(format!("no answer from the service within {} ms", limit.as_millis())))
                }
                Err(_) => Err(NotTaken::Failed("the service's handler broke off".to_owned())),
            };
            NoticeDone::Asked(attempt, result)
        }));
    }

    /// The service came to an end with a notice.
    fn asked(&mut self, attempt: &Attempt, result: Result<NoticeReply, NotTaken>) {
        point(FaultPoint::NoticeTaken);
        let now = self.shared.clock.now();
        let Attempt { id, number, .. } = attempt;
        let name = match &result {
            Ok(_) => "taken",
            Err(NotTaken::Failed(_)) => "failed",
            Err(NotTaken::Unwanted) => "unwanted",
        };
        let labels = [("institution", self.name.to_string()), ("result", name.to_owned())];
        metrics::counter!("fep_notice_attempts_total", &labels).increment(1);
        match result {
            Ok(reply) => {
                let says = self.service_says(id, reply);
                if says.differs() && self.surplus.is_service_logged(now.steady) {
                    tracing::error!(
                        institution = &*self.name,
                        notice = %id,
                        "the service took a notice and wants another answer than the one that the institution gets"
                    );
                }
                self.notices.delivery.taken(id, *number, says, now);
            }
            Err(NotTaken::Failed(why)) => {
                let why: String = why.chars().take(WHY_MAX_CHARS).collect();
                if self.surplus.is_service_logged(now.steady) {
                    tracing::warn!(institution = &*self.name, notice = %id, attempt = number, why, "a service did not take a notice");
                }
                self.notices.delivery.failed(id, *number, &why, now);
            }
            Err(NotTaken::Unwanted) => self.notices.delivery.unwanted(id, *number, now),
        }
    }

    /// What the reply of a service means for the answer.
    fn service_says(&mut self, id: &ExchangeId, reply: NoticeReply) -> ServiceSays {
        let now = self.shared.clock.now().steady;
        let Some(entry) = self.notices.entries.get_mut(id) else { return ServiceSays::Nothing };
        let own = match reply {
            NoticeReply::Answer(own) => own,
            NoticeReply::Taken => return ServiceSays::Nothing,
            NoticeReply::Unusable(why) => {
                if self.surplus.is_service_logged(now) {
                    tracing::warn!(institution = &*self.name, notice = %id, why, "a service's answer cannot be used");
                }
                return ServiceSays::Unusable;
            }
        };
        match (self.catalogue.answer(&entry.key.telegram, &entry.bytes, &own), &entry.answer) {
            (Ok(answer), Some((_, given))) if answer == *given => ServiceSays::Same,
            (Ok(answer), given) => {
                let says = if given.is_some() { ServiceSays::Other } else { ServiceSays::Answer };
                entry.service_answer = Some(answer);
                says
            }
            (Err(error), _) => {
                if self.surplus.is_service_logged(now) {
                    tracing::warn!(institution = &*self.name, notice = %id, %error, "the service's fields make no answer");
                }
                ServiceSays::Unusable
            }
        }
    }

    /// Makes the answer that was decided, and brings it to the journal and to the institution.
    fn answer(&mut self, id: ExchangeId, by: AnsweredBy) {
        let Some(entry) = self.notices.entries.get_mut(&id) else { return };
        let telegram = entry.key.telegram.clone();
        let config = self.config.notices.get(&*telegram);
        let fields = config.and_then(|config| match by {
            AnsweredBy::Service | AnsweredBy::StandIn => Some(&config.stand_in),
            AnsweredBy::Closed => config.refuse.closed.as_ref(),
            AnsweredBy::Conflict => config.refuse.conflict.as_ref(),
            AnsweredBy::Busy => config.refuse.busy.as_ref(),
        });
        let made = match (by, entry.service_answer.take(), fields) {
            (AnsweredBy::Service, Some(answer), _) => Ok(answer),
            (_, _, fields) => {
                let own = TelegramCatalogue::nested(fields.map_or(&[][..], |fields| fields));
                self.catalogue.answer(&telegram, &entry.bytes, &own)
            }
        };
        let labels = [
            ("institution", self.name.to_string()),
            ("telegram", telegram.to_string()),
            ("answered_by", by.name().to_owned()),
        ];
        metrics::counter!("fep_notices_total", &labels).increment(1);
        if by == AnsweredBy::StandIn {
            metrics::counter!("fep_stand_ins_total", "institution" => self.name.to_string()).increment(1);
        }
        let bytes = match made {
            Ok(bytes) => bytes,
            Err(error) => {
                if self.surplus.is_service_logged(self.shared.clock.now().steady) {
                    tracing::error!(%error, telegram = &*telegram, by = by.name(), "no answer to a notice can be made");
                }
                if !by.is_refusal() {
                    return self.notices.delivery.unanswered(&id, self.shared.clock.now());
                }
                TelegramBytes::default()
            }
        };
        entry.answer = Some((by, bytes.clone()));
        let waiters = std::mem::take(&mut entry.waiters);
        let mut rest = waiters.into_iter();
        let is_sent =
            !bytes.is_empty() && rest.any(|incarnation| self.send_answer(id, incarnation, bytes.clone(), true));
        if !is_sent {
            self.keep_answer(id);
        }
        if let Some(entry) = self.notices.entries.get_mut(&id) {
            entry.waiters.extend(rest);
        }
    }

    /// Sends an answer. Its fact decides it, or repeats one that is decided. Returns whether a line takes it.
    pub(super) fn send_answer(
        &mut self,
        id: ExchangeId,
        incarnation: Incarnation,
        bytes: TelegramBytes,
        decides: bool,
    ) -> bool {
        match self.machine.reply(incarnation, bytes) {
            Ok(ticket) => {
                self.notices.replies.insert(ticket, NoticeAnswer { id, decides });
                true
            }
            Err(why) => {
                if self.surplus.is_logged(self.shared.clock.now().steady) {
                    let code = why.code();
                    let why = why.to_string();
                    tracing::warn!(institution = &*self.name, why, code, "a notice's answer cannot be sent");
                }
                false
            }
        }
    }

    /// Brings an answer to the journal that cannot be sent now.
    fn keep_answer(&mut self, id: ExchangeId) {
        let Some(entry) = self.notices.entries.get(&id) else { return };
        let Some((by, bytes)) = entry.answer.clone() else { return };
        let reason = entry.reason.clone().filter(|_| by.is_refusal());
        let mut fact = Fact {
            what: What::Delivery,
            delivery: Some(Box::new(DeliveryFact::Answered { by })),
            reason,
            bytes,
            ..self.notice_fact(&id)
        };
        if by == AnsweredBy::Conflict {
            fact.key = None;
        }
        let lane = self.append(fact);
        self.notices.unsent.push_back((lane, id));
    }

    /// Answers a notice with the answer that an earlier version of the gateway gave to the same one.
    pub(super) fn answer_as_before(&mut self, id: ExchangeId, answer: TelegramBytes) {
        let Some(entry) = self.notices.entries.get_mut(&id) else { return };
        entry.answer = Some((AnsweredBy::Service, answer.clone()));
        let waiters = std::mem::take(&mut entry.waiters);
        let is_sent = waiters.into_iter().any(|incarnation| self.send_answer(id, incarnation, answer.clone(), true));
        if !is_sent {
            self.keep_answer(id);
        }
    }

    /// Completes the fact of a reply, if it answers a notice.
    pub(super) fn notice_reply(&self, ticket: Ticket, fact: &mut Fact) {
        let Some(reply) = self.notices.replies.get(&ticket) else { return };
        fact.exchange = Some(reply.id);
        let Some(entry) = self.notices.entries.get(&reply.id).filter(|_| reply.decides) else { return };
        let Some((by, _)) = &entry.answer else { return };
        fact.telegram = Some(entry.key.telegram.clone());
        fact.key = Some(entry.key.key.clone()).filter(|_| *by != AnsweredBy::Conflict);
        fact.delivery = Some(Box::new(DeliveryFact::Answered { by: *by }));
        fact.reason = entry.reason.clone().filter(|_| by.is_refusal());
    }

    /// The fact of a reply is durable, or could not be stored.
    pub(super) fn replied(&mut self, ticket: Ticket, is_durable: bool) {
        let Some(NoticeAnswer { id, .. }) = self.notices.replies.remove(&ticket).filter(|reply| reply.decides) else {
            return;
        };
        if is_durable { self.is_answered(id) } else { self.keep_answer(id) }
    }

    /// The answer is durable. It goes to everyone who waits, and to each repetition.
    fn is_answered(&mut self, id: ExchangeId) {
        let now = self.shared.clock.now();
        if let Some(entry) = self.notices.entries.get_mut(&id) {
            let waiters = std::mem::take(&mut entry.waiters);
            let answer = entry.answer.as_ref().map(|(_, bytes)| bytes.clone()).filter(|bytes| !bytes.is_empty());
            let (stored, _) = self.shared.journal.stored_and_indexed();
            if let Some(known) = self.notices.known.get_mut(&entry.key).filter(|known| known.id == Some(id)) {
                known.answer.clone_from(&answer);
                known.stored = Some(stored);
            }
            for (incarnation, answer) in waiters.into_iter().zip(answer.into_iter().cycle()) {
                self.send_answer(id, incarnation, answer, false);
            }
        }
        if self.notices.delivery.case(&id).is_none() {
            self.notices.entries.remove(&id);
        }
        self.notices.delivery.answered(&id, now);
        self.notice_changed(id);
    }

    /// Tells the delivery which of its facts are durable.
    pub(super) fn durable_deliveries(&mut self, durable: LaneNumber, now: Now) {
        while self.notices.recorded.front().is_some_and(|(lane, _)| *lane <= durable) {
            let Some((_, number)) = self.notices.recorded.pop_front() else { break };
            self.notices.delivery.recorded(number, now);
        }
        while self.notices.unsent.front().is_some_and(|(lane, _)| *lane <= durable) {
            let Some((_, id)) = self.notices.unsent.pop_front() else { break };
            self.is_answered(id);
        }
        while self.notices.decisions.front().is_some_and(|(lane, _)| *lane <= durable) {
            let Some((_, reply)) = self.notices.decisions.pop_front() else { break };
            // The person may be gone.
            let _ = reply.send(Ok(()));
        }
        while self.notices.changes.front().is_some_and(|(lane, _)| *lane <= durable) {
            let Some((_, id)) = self.notices.changes.pop_front() else { break };
            // The last subscriber may have gone meanwhile.
            let _ = self.shared.events.send(Event::Notice(id));
        }
    }

    /// Shows subscribers a notice that changed, once the change is durable.
    pub(super) fn notice_changed(&mut self, id: ExchangeId) {
        if self.shared.events.receiver_count() > 0 {
            self.notices.changes.push_back((self.lane.last(), id));
        }
    }

    /// Takes a person's decision. The person is told once it is durable.
    pub(super) fn decide_delivery(&mut self, id: ExchangeId, decision: DeliveryDecision, reply: DeliveryReply) {
        let now = self.shared.clock.now();
        if self.notices.delivery.case(&id).is_none() && !self.notices.loading.contains_key(&id) {
            return self.load(id, Then::Decide(decision, reply));
        }
        match self.notices.delivery.decide(&id, decision, now) {
            Ok(()) => {
                self.deliver();
                self.notices.decisions.push_back((self.lane.last(), reply));
            }
            Err(why) => {
                // The person may be gone.
                let _ = reply.send(Err(why));
            }
        }
    }
}

/// The time after a while, by the wall clock.
fn wall_ms_in(now: Now, wait: Duration) -> i64 {
    now.wall_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}
