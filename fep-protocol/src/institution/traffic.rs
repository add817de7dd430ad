//! Received telegrams, and answers that do not arrive in time.

use std::sync::Arc;
use std::time::Duration;

use super::action::AnswerSense;
use super::{Action, FinalState, Incoming, Institution, Origin, Owner, UnderWay};
use crate::breaker::BreakerResult;
use crate::exchange::TelegramBytes;
use crate::fact::Class;
use crate::mutant::{Mutant, is_on};
use crate::mux::{Expired, Unmatched, Verdict};
use crate::reason::{CloseReason, DutyFailure, Mismatch, NotSent, Unknown};
use crate::session::SessionEvent;
use crate::terms::{
    BusinessNotice, BusinessSign, Classified, Duty, Incarnation, Key, Now, POLL, Poll, Stops, Telegrams, Ticket,
    start_timeout,
};

impl<T: Telegrams> Institution<T> {
    /// Handles a received frame.
    pub fn received(&mut self, incarnation: Incarnation, bytes: TelegramBytes, now: Now) {
        let origin = Origin::Here(incarnation);
        if !self.is_present(incarnation) {
            return self.note(&origin, None, bytes, Class::Unmatched, None, Some(Mismatch::ConnectionGone));
        }
        self.session(incarnation.link, SessionEvent::Received, now);
        let read = self.telegrams.read(&bytes);
        let is_unsolicited =
            matches!(read, Classified::Duty(_) | Classified::Notice { .. } | Classified::Unexpected { .. });
        let sign = is_unsolicited.then(|| self.telegrams.business_sign(&bytes)).flatten();
        match read {
            Classified::Answer { telegram, key, refused, is_busy } => {
                let sense = AnswerSense { refused, is_busy };
                match key.is_empty() {
                    true => self.keyless_answer(incarnation, telegram, sense, bytes, now),
                    false => self.answer(&origin, telegram, &key, sense, bytes, now),
                }
            }
            Classified::Poll(poll) => self.polled(incarnation, poll, bytes, now),
            Classified::Duty(duty) => self.their_duty(incarnation, duty, bytes, now),
            Classified::Notice { telegram } => {
                self.note(&origin, Some(telegram.clone()), bytes.clone(), Class::Notice, None, None);
                self.actions.push_back(Action::Notice(incarnation, telegram, bytes));
            }
            Classified::Unexpected { .. } if sign.is_some() => {
                sign.iter().for_each(|sign| self.their_sign(incarnation, sign, bytes.clone()));
            }
            Classified::Unexpected { telegram } => {
                let note = Mismatch::Unexpected { telegram: telegram.as_ref().to_owned() };
                self.note(&origin, Some(telegram), bytes, Class::Unmatched, None, Some(note));
            }
            Classified::Undecodable { key, why } => self.unreadable(incarnation, key.as_ref(), why, bytes, now),
        }
        if let Some(BusinessSign { notice, stops, .. }) = sign {
            self.business_sign(notice, stops, now);
        }
        self.progress(now);
    }

    /// Handles an answer without a key. It belongs to the only telegram in flight on its connection. If there is none, or it is not
    /// the answer of that telegram, no later answer on the connection can be trusted.
    fn keyless_answer(
        &mut self,
        incarnation: Incarnation,
        telegram: Arc<str>,
        sense: AnswerSense,
        bytes: TelegramBytes,
        now: Now,
    ) {
        let Some(key) = self.keyless(incarnation) else {
            let note = Some(Mismatch::Unmatched(Unmatched::NoSuchKey));
            self.note(&Origin::Here(incarnation), Some(telegram), bytes, Class::Unmatched, None, note);
            return self.close(incarnation.link, CloseReason::OutOfStep);
        };
        self.answer(&Origin::Here(incarnation), telegram, &key, sense, bytes, now);
        if self.keyless(incarnation).as_ref() == Some(&key) {
            self.close(incarnation.link, CloseReason::OutOfStep);
        }
    }

    /// Handles a frame that shows that the institution is alive.
    fn polled(&mut self, incarnation: Incarnation, poll: Poll, bytes: TelegramBytes, now: Now) {
        let Poll { is_answer, is_request, answer } = poll;
        let waiting = self.link(incarnation.link).and_then(|link| link.poll.clone()).filter(|_| is_answer);
        if let Some(key) = waiting {
            if let Some(link) = self.link_mut(incarnation.link) {
                link.poll = None;
            }
            let sense = AnswerSense { refused: None, is_busy: false };
            return self.answer(&Origin::Here(incarnation), POLL.into(), &key, sense, bytes, now);
        }
        self.note(&Origin::Here(incarnation), Some(POLL.into()), bytes, Class::Duty, None, None);
        if is_request {
            self.session(incarnation.link, SessionEvent::Polled, now);
        }
        let proves = !self.settings.policy.polls_prove_nothing;
        if proves && self.link_mut(incarnation.link).is_some_and(|link| link.worked(now.steady)) {
            self.actions.push_back(Action::Proved(incarnation.link));
        }
        if let Some(answer) = answer.filter(|_| is_request)
            && let Ok(on) = self.incarnation_for_reply(incarnation)
        {
            self.send_reply(on, answer);
        }
    }

    pub(super) fn answer(
        &mut self,
        origin: &Origin,
        telegram: Arc<str>,
        key: &Key,
        sense: AnswerSense,
        bytes: TelegramBytes,
        now: Now,
    ) {
        if is_on(Mutant::IgnoresOtherLines) && self.is_of_another_line(origin, key) {
            return;
        }
        let trusts = is_on(Mutant::TrustsTheRouting) && matches!(origin, Origin::Elsewhere(..));
        let oldest = if trusts { self.mux.oldest(&telegram) } else { None };
        let key = oldest.as_ref().unwrap_or(key);
        let name = Some(telegram.clone());
        let contradiction = |request: &TelegramBytes, machine: &Self| match request.is_empty() {
            _ if is_on(Mutant::IgnoresRepeats) || trusts => None,
            true => None,
            false => machine.telegrams.contradiction(request, &telegram, &bytes),
        };
        match self.mux.answer(key, &telegram, &bytes, now.steady + self.settings.quarantine) {
            Verdict::Matched(ticket) => {
                self.heard(origin);
                let item = self.under_way.get(&ticket).filter(|item| item.owner.is_business());
                if let Some(why) = item.and_then(|item| contradiction(&item.bytes, self)) {
                    return self.contradicted(origin, telegram, ticket, why, bytes, now);
                }
                self.note(origin, name, bytes.clone(), Class::Answer, Some(ticket), None);
                self.matched(ticket, FinalState::Answered(telegram, bytes), sense, now);
            }
            Verdict::Late(ticket) => {
                let unsettled = self.unknown.get(&ticket);
                if let Some(why) = unsettled.and_then(|unsettled| contradiction(&unsettled.request, self)) {
                    return self.contradicted(origin, telegram, ticket, why, bytes, now);
                }
                self.note(origin, name, bytes.clone(), Class::Late, Some(ticket), None);
                // The deadline may have passed while the kernel had no byte: then the outcome is not decided yet.
                if let Some(item) = self.under_way.remove(&ticket) {
                    let why = item.over.clone().unwrap_or(Unknown::BrokeOff);
                    self.answered_on(ticket, item.incarnation);
                    self.finish_unknown(ticket, item, why, now);
                }
                self.released(ticket, true, now);
                self.admission.flow.answered(ticket, now.steady);
                if self.unknown.remove(&ticket).is_some() {
                    self.actions.push_back(Action::Finish(ticket, FinalState::Settled(telegram, bytes)));
                }
            }
            Verdict::Conflicting(ticket) => {
                self.note(origin, name, bytes, Class::Conflicting, Some(ticket), Some(Mismatch::Conflicting));
            }
            Verdict::Duplicate(ticket) => self.note(origin, name, bytes, Class::Duplicate, Some(ticket), None),
            Verdict::Unmatched(Unmatched::NoSuchKey) if self.ask_for_owner(origin, &telegram, key, &bytes, now) => {}
            Verdict::Unmatched(why) => {
                self.note(origin, name, bytes, Class::Unmatched, None, Some(Mismatch::Unmatched(why)));
            }
        }
    }

    /// For a mutant: whether the request with this key was written on another line.
    fn is_of_another_line(&self, origin: &Origin, key: &Key) -> bool {
        let item = self.mux.waiting(key).and_then(|ticket| self.under_way.get(&ticket));
        let Origin::Here(incarnation) = origin else { return false };
        item.is_some_and(|item| item.incarnation.link.line != incarnation.link.line)
    }

    /// Handles an answer with the right key that does not repeat a value of its request. The gateway cannot know what the
    /// institution did, so the exchange is unknown. Both telegrams are kept for a person.
    fn contradicted(
        &mut self,
        origin: &Origin,
        telegram: Arc<str>,
        ticket: Ticket,
        why: String,
        bytes: TelegramBytes,
        now: Now,
    ) {
        let note = Some(Mismatch::Contradicting(why.clone()));
        self.note(origin, Some(telegram), bytes, Class::Conflicting, Some(ticket), note);
        if let Some(item) = self.under_way.remove(&ticket) {
            self.answered_on(ticket, item.incarnation);
            self.finish_unknown(ticket, item, Unknown::Contradicted(why), now);
        } else {
            self.released(ticket, true, now);
            self.admission.flow.answered(ticket, now.steady);
        }
        self.progress(now);
    }

    /// Handles bytes that are not a frame: they are malformed, cut off, or not completed in time. No byte after them can be
    /// trusted.
    pub fn bad_frame(&mut self, incarnation: Incarnation, bytes: TelegramBytes, why: CloseReason) {
        self.note(&Origin::Here(incarnation), None, bytes, Class::BadFrame, None, Some(Mismatch::NoFrame(why)));
    }

    /// Ends everything that was not answered in time, and forgets keys whose quarantine is over.
    pub(super) fn expire(&mut self, now: Now) {
        for expired in self.mux.expire(now.steady, self.settings.quarantine) {
            match expired {
                Expired::Unanswered(ticket) => {
                    let Some(item) = self.under_way.get_mut(&ticket) else { continue };
                    let within = item.waits.as_ref().map_or(Duration::ZERO, |(_, timeout)| *timeout);
                    let why = Unknown::NoAnswer { within };
                    let incarnation = item.incarnation;
                    match item.owner {
                        Owner::Exchange | Owner::Step => {
                            item.over = Some(why);
                            self.actions.push_back(Action::Withdraw(ticket, incarnation));
                        }
                        Owner::Duty { duty, since, times_heard } => {
                            self.under_way.remove(&ticket);
                            if self.could_be_answered(duty, times_heard) {
                                self.unheard(duty, since, now);
                                self.duty_failed(incarnation, duty, DutyFailure::Unknown(why), now);
                            }
                            self.overdue(ticket, incarnation, within, now);
                        }
                        Owner::Probe { since, times_heard } => {
                            self.under_way.remove(&ticket);
                            // It is an echo test like those of the link.
                            let duty = Duty::EchoTest;
                            let tests = self.settings.policy.echo_test && !is_on(Mutant::ProbesTestNoLink);
                            if tests && self.could_be_answered(duty, times_heard) {
                                self.unheard(duty, since, now);
                                self.duty_failed(incarnation, duty, DutyFailure::Unknown(why), now);
                            }
                            self.overdue(ticket, incarnation, within, now);
                            self.probed(ticket, false, now);
                        }
                        Owner::Reply => {}
                    }
                }
                Expired::NotStarted(ticket) => {
                    let timeout = self.under_way.get(&ticket).and_then(|item| item.waits.as_ref());
                    let within = timeout.map_or(Duration::ZERO, |(_, timeout)| start_timeout(*timeout));
                    self.unsent(ticket, NotSent::JournalSlow { within }, now);
                }
                Expired::Forgotten(ticket) => self.forgotten(ticket, now),
            }
        }
    }

    /// No answer to this ticket is possible any more.
    pub(super) fn forgotten(&mut self, ticket: Ticket, now: Now) {
        self.unknown.remove(&ticket);
        self.released(ticket, false, now);
        self.admission.flow.released(ticket, now.steady);
        self.actions.push_back(Action::Forget(ticket));
    }

    fn matched(&mut self, ticket: Ticket, answered: FinalState, sense: AnswerSense, now: Now) {
        let Some(item) = self.under_way.remove(&ticket) else { return };
        let UnderWay { owner, incarnation, .. } = item;
        self.answered_on(ticket, incarnation);
        // Only these answers prove that the institution's application works. A sign-on may be accepted and the link
        // dropped, again and again.
        let is_echo = matches!(owner, Owner::Probe { .. } | Owner::Duty { duty: Duty::EchoTest, .. });
        if (owner.is_business() || is_echo)
            && let Some(link) = self.link_mut(incarnation.link)
        {
            if link.worked(now.steady) {
                self.actions.push_back(Action::Proved(incarnation.link));
            }
            if !matches!(owner, Owner::Duty { .. }) {
                self.session(incarnation.link, SessionEvent::Proved, now);
            }
            self.refresh(incarnation.link);
        }
        match owner {
            Owner::Exchange | Owner::Step => {
                match sense.is_busy {
                    true => self.admission.flow.busy(ticket, now.steady),
                    false => self.admission.flow.answered(ticket, now.steady),
                }
                self.admission.record(item.permit.as_ref(), BreakerResult::Answered, now);
                self.finish(ticket, &item, answered);
            }
            Owner::Probe { since, .. } => {
                self.actions.push_back(Action::Echo(incarnation.link, now.steady.saturating_sub(since)));
                self.probed(ticket, true, now);
            }
            Owner::Duty { duty, since, .. } if self.is_open(incarnation) => {
                if duty == Duty::EchoTest {
                    self.actions.push_back(Action::Echo(incarnation.link, now.steady.saturating_sub(since)));
                }
                self.session(incarnation.link, SessionEvent::Answered { duty, refused: sense.refused }, now);
            }
            Owner::Duty { .. } | Owner::Reply => {}
        }
    }

    fn their_duty(&mut self, incarnation: Incarnation, duty: Duty, bytes: TelegramBytes, now: Now) {
        let origin = Origin::Here(incarnation);
        match self.telegrams.accept(duty, &bytes) {
            Ok(reply) => {
                self.note(&origin, None, bytes, Class::Duty, None, None);
                if duty == Duty::EchoTest {
                    self.session(incarnation.link, SessionEvent::Polled, now);
                }
                if let Ok(on) = self.incarnation_for_reply(incarnation) {
                    self.send_reply(on, reply);
                }
                self.theirs(incarnation.link, duty, now);
                if duty == Duty::SignOn {
                    self.business_sign(BusinessNotice::Open, Stops::Nothing, now);
                }
            }
            Err(why) => self.note(&origin, None, bytes, Class::Undecodable, None, Some(Mismatch::Unanswerable(why))),
        }
    }

    /// Keeps a telegram that opens or stops business, and answers it if that is agreed.
    fn their_sign(&mut self, incarnation: Incarnation, sign: &BusinessSign, bytes: TelegramBytes) {
        let telegram = Some(Arc::clone(&sign.telegram));
        let reply = sign.is_answered.then(|| self.telegrams.accept_sign(sign, &bytes)).transpose();
        let note = reply.as_ref().err().map(|why| Mismatch::Unanswerable(why.clone()));
        let class = if note.is_some() { Class::Undecodable } else { Class::Duty };
        self.note(&Origin::Here(incarnation), telegram, bytes, class, None, note);
        if let Ok(Some(reply)) = reply
            && let Ok(incarnation) = self.incarnation_for_reply(incarnation)
        {
            self.send_reply(incarnation, reply);
        }
    }

    /// Handles a telegram that cannot be decoded. The line stays up. If the key shows whose answer it would have been, that
    /// telegram becomes unknown: the institution did something.
    fn unreadable(&mut self, incarnation: Incarnation, key: Option<&Key>, why: String, bytes: TelegramBytes, now: Now) {
        if is_on(Mutant::RubbishProves) {
            self.actions.push_back(Action::Proved(incarnation.link));
        }
        let keyless = self.keyless(incarnation).filter(|_| key.is_none_or(Key::is_empty));
        if keyless.is_some() {
            // It may be the answer to what is in flight, or something that comes before it.
            self.close(incarnation.link, CloseReason::OutOfStep);
        }
        let key = keyless.as_ref().or(key);
        let origin = Origin::Here(incarnation);
        let owner = key.and_then(|key| Some((key, self.mux.waiting(key)?)));
        let Some((key, ticket)) = owner else {
            return self.note(&origin, None, bytes, Class::Undecodable, None, Some(Mismatch::Undecodable(why)));
        };
        self.mux.give_up(key, now.steady + self.settings.quarantine);
        let reason = Unknown::Unreadable(why.clone());
        self.note(&origin, None, bytes, Class::Undecodable, Some(ticket), Some(Mismatch::Undecodable(why)));
        let Some(item) = self.under_way.remove(&ticket) else { return };
        self.answered_on(ticket, item.incarnation);
        match item.owner {
            Owner::Exchange | Owner::Step => self.finish_unknown(ticket, item, reason, now),
            Owner::Duty { duty, .. } => self.duty_failed(item.incarnation, duty, DutyFailure::Unknown(reason), now),
            // It answered, if not as it should.
            Owner::Probe { .. } => self.probed(ticket, true, now),
            Owner::Reply => {}
        }
    }

    pub(super) fn note(
        &mut self,
        origin: &Origin,
        telegram: Option<Arc<str>>,
        bytes: TelegramBytes,
        class: Class,
        ticket: Option<Ticket>,
        note: Option<Mismatch>,
    ) {
        let origin = origin.clone();
        self.actions.push_back(Action::Received(Incoming { origin, telegram, bytes, class, ticket, note }));
    }
}
