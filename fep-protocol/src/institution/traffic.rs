//! Received telegrams, and answers that do not arrive in time.

use std::time::Duration;

use super::{Action, Class, FinalState, Incoming, Institution, Owner, UnderWay};
use crate::exchange::TelegramBytes;
use crate::mux::{Expired, Verdict};
use crate::reason::{CloseReason, DutyFailure, Mismatch, NotSent, Unknown};
use crate::session::SessionEvent;
use crate::terms::{Classified, Duty, Incarnation, Key, Now, Telegrams, Ticket};

impl<T: Telegrams> Institution<T> {
    /// Handles a received frame.
    pub fn received(&mut self, incarnation: Incarnation, bytes: TelegramBytes, now: Now) {
        if !self.is_present(incarnation) {
            return self.note(incarnation, bytes, Class::Unmatched, None, Some(Mismatch::ConnectionGone));
        }
        self.session(incarnation.link, SessionEvent::Received, now);
        match self.telegrams.read(&bytes) {
            Classified::Answer { telegram, key, refused } => {
                let verdict = self.mux.answer(&key, &telegram, &bytes, now.steady + self.settings.quarantine);
                match verdict {
                    Verdict::Matched(ticket) => {
                        self.note(incarnation, bytes.clone(), Class::Answer, Some(ticket), None);
                        self.matched(ticket, FinalState::Answered(telegram, bytes), refused, now);
                    }
                    Verdict::Late(ticket) => {
                        self.note(incarnation, bytes.clone(), Class::Late, Some(ticket), None);
                        if self.unknown.remove(&ticket) {
                            self.actions.push_back(Action::Finish(ticket, FinalState::Settled(telegram, bytes)));
                        }
                    }
                    Verdict::Conflicting(ticket) => {
                        self.note(incarnation, bytes, Class::Conflicting, Some(ticket), Some(Mismatch::Conflicting));
                    }
                    Verdict::Duplicate(ticket) => self.note(incarnation, bytes, Class::Duplicate, Some(ticket), None),
                    Verdict::Unmatched(why) => {
                        self.note(incarnation, bytes, Class::Unmatched, None, Some(Mismatch::Unmatched(why)));
                    }
                }
            }
            Classified::Duty(duty) => self.their_duty(incarnation, duty, bytes, now),
            Classified::Notice { telegram } => {
                self.note(incarnation, bytes.clone(), Class::Notice, None, None);
                self.actions.push_back(Action::Notice(incarnation, telegram, bytes));
            }
            Classified::Unexpected { telegram } => {
                let note = Mismatch::Unexpected { telegram: telegram.as_ref().to_owned() };
                self.note(incarnation, bytes, Class::Unmatched, None, Some(note));
            }
            Classified::Undecodable { key, why } => self.unreadable(incarnation, key.as_ref(), why, bytes, now),
        }
        self.progress(now);
    }

    /// Handles bytes that are not a frame: they are malformed, cut off, or not completed in time. No byte after them can be
    /// trusted.
    pub fn bad_frame(&mut self, incarnation: Incarnation, bytes: TelegramBytes, why: CloseReason) {
        self.note(incarnation, bytes, Class::BadFrame, None, Some(Mismatch::NoFrame(why)));
    }

    /// Ends everything that was not answered in time, and forgets keys whose quarantine is over.
    pub(super) fn expire(&mut self, now: Now) {
        for expired in self.mux.expire(now.steady, self.settings.quarantine) {
            match expired {
                Expired::Unanswered(ticket) => {
                    let Some(item) = self.under_way.remove(&ticket) else { continue };
                    let within = item.waits.map_or(Duration::ZERO, |(_, timeout)| timeout);
                    let why = Unknown::NoAnswer { within };
                    match item.owner {
                        Owner::Exchange => self.finish(ticket, item.incarnation.link, FinalState::Unknown(why)),
                        Owner::Duty { duty, .. } => {
                            self.duty_failed(item.incarnation, duty, DutyFailure::Unknown(why), now)
                        }
                        Owner::Reply => {}
                    }
                }
                Expired::NotStarted(ticket) => {
                    let timeout = self.under_way.get(&ticket).and_then(|item| item.waits.as_ref());
                    let within = timeout.map_or(Duration::ZERO, |(_, timeout)| *timeout);
                    self.unsent(ticket, NotSent::JournalSlow { within }, now);
                }
                Expired::Forgotten(ticket) => {
                    self.unknown.remove(&ticket);
                    self.actions.push_back(Action::Forget(ticket));
                }
            }
        }
    }

    fn matched(&mut self, ticket: Ticket, answered: FinalState, refused: Option<String>, now: Now) {
        let Some(UnderWay { owner, incarnation, .. }) = self.under_way.remove(&ticket) else { return };
        // Only these answers prove that the institution's application works. A sign-on may be accepted and the link
        // dropped, again and again.
        if matches!(owner, Owner::Exchange | Owner::Duty { duty: Duty::EchoTest, .. })
            && let Some(link) = self.link_mut(incarnation.link)
        {
            link.worked();
        }
        match owner {
            Owner::Exchange => self.finish(ticket, incarnation.link, answered),
            Owner::Duty { duty, since } if self.is_open(incarnation) => {
                if duty == Duty::EchoTest {
                    self.actions.push_back(Action::Echo(incarnation.link, now.steady.saturating_sub(since)));
                }
                self.session(incarnation.link, SessionEvent::Answered { duty, refused }, now);
            }
            Owner::Duty { .. } | Owner::Reply => {}
        }
    }

    fn their_duty(&mut self, incarnation: Incarnation, duty: Duty, bytes: TelegramBytes, now: Now) {
        match self.telegrams.accept(duty, &bytes) {
            Ok(reply) => {
                self.note(incarnation, bytes, Class::Duty, None, None);
                self.send(Owner::Reply, incarnation, reply, None, None, None);
                self.session(incarnation.link, SessionEvent::Theirs(duty), now);
            }
            Err(why) => self.note(incarnation, bytes, Class::Undecodable, None, Some(Mismatch::Unanswerable(why))),
        }
    }

    /// Handles a telegram that cannot be decoded. The line stays up. If the key shows whose answer it would have been, that
    /// telegram becomes unknown: the institution did something.
    fn unreadable(&mut self, incarnation: Incarnation, key: Option<&Key>, why: String, bytes: TelegramBytes, now: Now) {
        let owner = key.and_then(|key| Some((key, self.mux.waiting(key)?)));
        let Some((key, ticket)) = owner else {
            return self.note(incarnation, bytes, Class::Undecodable, None, Some(Mismatch::Undecodable(why)));
        };
        self.mux.give_up(key, now.steady + self.settings.quarantine);
        let reason = Unknown::Unreadable(why.clone());
        self.note(incarnation, bytes, Class::Undecodable, Some(ticket), Some(Mismatch::Undecodable(why)));
        let Some(item) = self.under_way.remove(&ticket) else { return };
        match item.owner {
            Owner::Exchange => self.finish(ticket, item.incarnation.link, FinalState::Unknown(reason)),
            Owner::Duty { duty, .. } => self.duty_failed(item.incarnation, duty, DutyFailure::Unknown(reason), now),
            Owner::Reply => {}
        }
    }

    fn note(
        &mut self,
        incarnation: Incarnation,
        bytes: TelegramBytes,
        class: Class,
        ticket: Option<Ticket>,
        note: Option<Mismatch>,
    ) {
        self.actions.push_back(Action::Received(Incoming { incarnation, bytes, class, ticket, note }));
    }
}
