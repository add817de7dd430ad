//! How the machine goes on: begins attempts, gives up, decides answers, and forgets what is over.

use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(test)]
use super::Mutant;
use super::{
    AnsweredBy, Attempt, Backoff, DECISIONS_MAX, Delivery, DeliveryAction, DeliveryDecision, DeliveryFact,
    DeliveryFactNumber, DeliveryPolicy, DeliveryWish, Entry, ExchangeId, NO_POLICY_WAIT, NOTE_MAX_CHARS, NotDelivered,
    NoticeRef, Now, PERSON_MAX_CHARS, Running, ServiceSays, Since, Stage,
};
#[cfg(test)]
use crate::since::RESTART_DISTRUST_MAX;

impl Delivery {
    /// Lets other policies hold from now on, for the same telegrams. A wait that has begun ends as it began.
    pub fn retune(&mut self, policies: BTreeMap<String, DeliveryPolicy>) {
        self.policies = policies;
    }

    /// Takes a notice whose present round goes on since this moment.
    pub(super) fn insert(&mut self, notice: NoticeRef, since: Since) {
        let NoticeRef { id, telegram, case } = notice;
        let waits = self.policies.get(&telegram).map(|policy| (policy.backoff_min, policy.backoff_max));
        let (min, max) = waits.unwrap_or((NO_POLICY_WAIT, NO_POLICY_WAIT));
        let entry = Entry {
            telegram,
            case,
            backoff: Backoff::new(min, max),
            answer_by: None,
            deciding: None,
            attempt: None,
            due: Duration::ZERO,
            since,
            undurable: 0,
            leaves: false,
        };
        self.entries.insert(id, entry);
    }

    /// The next attempt waits.
    pub(super) fn back_off(&mut self, id: &ExchangeId, now: Now) {
        let random = self.random.next_u64();
        if let Some(entry) = self.entries.get_mut(id) {
            entry.due = now.steady.saturating_add(entry.backoff.failed(random));
        }
    }

    /// Adds a fact to its delivery and asks the caller to store it.
    pub(super) fn record(&mut self, id: &ExchangeId, fact: DeliveryFact, now: Now) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.case.apply(now.wall_ms, &fact);
        if matches!(fact, DeliveryFact::Asked { .. }) {
            entry.since = Since::now(now);
        }
        entry.undurable += 1;
        self.facts += 1;
        let number = DeliveryFactNumber(self.facts);
        let dead = matches!(fact, DeliveryFact::DeadLettered { .. }).then_some(DeliveryAction::DeadLetter(*id));
        self.held.push_back((number, *id, dead));
        self.actions.push_back(DeliveryAction::Record(number, *id, now.wall_ms, fact));
    }

    pub(super) fn record_taken(&mut self, id: &ExchangeId, attempt: u32, says: ServiceSays, now: Now) {
        self.record(id, DeliveryFact::Taken { attempt, says }, now);
        self.stand_in(id);
    }

    /// Whether the institution has no answer and none is decided.
    pub(super) fn is_undecided(&self, id: &ExchangeId) -> bool {
        #[cfg(test)]
        if self.mutant == Some(Mutant::SendsTheLateAnswer) {
            return true;
        }
        self.entries.get(id).is_some_and(|entry| entry.deciding.is_none() && entry.case.answered().is_none())
    }

    /// Decides the answer.
    pub(super) fn answer(&mut self, id: &ExchangeId, by: AnsweredBy) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.deciding = Some(by);
            self.actions.push_back(DeliveryAction::Answer(*id, by));
        }
    }

    /// Lets the stand-in answer, if the institution waits and no answer is decided.
    pub(super) fn stand_in(&mut self, id: &ExchangeId) {
        #[cfg(test)]
        if self.mutant == Some(Mutant::LetsTheInstitutionWait) {
            return;
        }
        let waits = self.entries.get(id).is_some_and(|entry| entry.answer_by.is_some());
        if waits && self.is_undecided(id) {
            self.answer(id, AnsweredBy::StandIn);
        }
    }

    /// The institution's time is over.
    pub(super) fn no_longer_awaited(&mut self, id: &ExchangeId) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.answer_by = None;
        }
    }

    /// Begins the next attempt. Its fact comes first.
    pub(super) fn begin(&mut self, id: &ExchangeId, is_awaited: bool, now: Now) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        let number = entry.case.attempts().saturating_add(1);
        entry.attempt = Some(Running { number, is_awaited });
        let answer_by = entry.answer_by;
        match is_awaited {
            true => self.answering += 1,
            false => self.retrying += 1,
        }
        self.record(id, DeliveryFact::Begun { attempt: number }, now);
        let ask = DeliveryAction::Ask(Attempt { id: *id, number, answer_by });
        #[cfg(test)]
        if self.mutant == Some(Mutant::AsksUnrecorded) {
            return self.actions.push_back(ask);
        }
        if let Some((_, _, action)) = self.held.back_mut() {
            *action = Some(ask);
        }
    }

    /// Ends an attempt. Returns whether it was running.
    pub(super) fn end_attempt(&mut self, id: &ExchangeId, number: u32) -> bool {
        let Some(entry) = self.entries.get_mut(id) else { return false };
        let Some(running) = entry.attempt.filter(|running| running.number == number) else { return false };
        entry.attempt = None;
        match running.is_awaited {
            true => self.answering = self.answering.saturating_sub(1),
            false => self.retrying = self.retrying.saturating_sub(1),
        }
        true
    }

    pub(super) fn may_decide(&self, id: &ExchangeId, decision: &DeliveryDecision) -> Result<(), NotDelivered> {
        let entry = self.entries.get(id).ok_or(NotDelivered::NotHere)?;
        let DeliveryDecision { person, note, wants } = decision;
        if person.trim().is_empty() || note.trim().is_empty() {
            return Err(NotDelivered::NoteMissing);
        }
        if person.chars().count() > PERSON_MAX_CHARS || note.chars().count() > NOTE_MAX_CHARS {
            return Err(NotDelivered::NoteTooLong);
        }
        match (entry.case.stage(), wants) {
            (Stage::Refused | Stage::Conflicted | Stage::Repeated | Stage::Unwanted, _) => {
                return Err(NotDelivered::NothingToDeliver);
            }
            (Stage::Delivered | Stage::Closed, DeliveryWish::Close) => return Err(NotDelivered::AlreadyEnded),
            _ => {}
        }
        if entry.attempt.is_some() || entry.deciding.is_some() {
            return Err(NotDelivered::Running);
        }
        if entry.case.decisions() >= DECISIONS_MAX {
            return Err(NotDelivered::TooManyDecisions);
        }
        Ok(())
    }

    /// Makes the moves of a delivery that are due, and begins attempts while there are places.
    pub(super) fn move_on(&mut self, id: &ExchangeId, now: Now) {
        self.timers.set(*id, None);
        self.ready.set(*id, None);
        let Some(entry) = self.entries.get(id) else { return self.dispatch(now) };
        let is_idle = entry.attempt.is_none() && entry.deciding.is_none();
        let is_open = entry.case.stage() == Stage::Open;
        if is_idle && is_open && entry.answer_by.is_none() && !entry.leaves {
            if let Some(why) = self.hopeless(entry, now) {
                self.record(id, DeliveryFact::DeadLettered { why }, now);
            } else if entry.due <= now.steady {
                self.ready.set(*id, Some(entry.due));
            } else {
                self.timers.set(*id, Some(entry.due));
            }
        } else if entry.deciding.is_none()
            && let Some(answer_by) = entry.answer_by
        {
            self.timers.set(*id, Some(answer_by));
        }
        self.forget(id);
        self.dispatch(now);
    }

    fn hopeless(&self, entry: &Entry, now: Now) -> Option<super::DeadReason> {
        #[cfg(test)]
        if self.mutant == Some(Mutant::NeverGivesUp) {
            return None;
        }
        #[cfg(test)]
        if self.mutant == Some(Mutant::TrustsTheWallClock) {
            let since = Since::wall(entry.case.round_since_ms(), now);
            return entry.case.is_hopeless(
                self.policies.get(&entry.telegram),
                since,
                now.steady + RESTART_DISTRUST_MAX,
            );
        }
        entry.case.is_hopeless(self.policies.get(&entry.telegram), entry.since, now.steady)
    }

    /// Begins attempts that are due, the one first that is due longest.
    fn dispatch(&mut self, now: Now) {
        while !self.stopping && self.may_retry() {
            let Some(id) = self.ready.pop() else { break };
            self.begin(&id, false, now);
        }
    }

    fn may_retry(&self) -> bool {
        #[cfg(test)]
        if self.mutant == Some(Mutant::RetriesWithoutLimit) {
            return true;
        }
        self.retrying < self.limits.retrying_max
    }

    /// Forgets a notice that needs nothing any more, or that had no room.
    fn forget(&mut self, id: &ExchangeId) {
        let Some(entry) = self.entries.get(id) else { return };
        let is_quiet =
            entry.undurable == 0 && entry.attempt.is_none() && entry.deciding.is_none() && entry.answer_by.is_none();
        let is_over = entry.case.stage() != Stage::Open;
        #[cfg(test)]
        let is_over = is_over || self.mutant == Some(Mutant::ForgetsTheUndelivered) && entry.case.attempts() > 2;
        if is_quiet && (is_over || entry.leaves) {
            self.left |= !is_over;
            self.ready.set(*id, None);
            self.timers.set(*id, None);
            self.entries.remove(id);
            self.actions.push_back(DeliveryAction::Forgotten(*id));
        }
    }
}
