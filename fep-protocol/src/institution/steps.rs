//! The steps of settlement on the line: inquiries and reversals.
//!
//! A step is a telegram of ours with a key and a trace number of its own. It goes through the limits and the breaker before the
//! requests of customers, and through their reserved share. Why a step is sent, and what follows from its answer, is decided by
//! [`settlement`](crate::settlement).

use super::{Institution, Owner};
use crate::mutant::{Mutant, is_on};
use crate::reason::NotSent;
use crate::settlement::StepKind;
use crate::terms::{Demand, Now, Priority, Telegrams, Ticket};

impl<T: Telegrams> Institution<T> {
    /// Sends an inquiry or a reversal, now or when it is its turn. It ends with [`Action::Finish`](super::Action::Finish), as a
    /// request does. Without an answer it occupies no place: it may be sent again.
    ///
    /// # Errors
    /// The reason why it cannot be sent. It certainly was not sent.
    pub fn step(&mut self, kind: StepKind, draft: T::Draft, now: Now) -> Result<Ticket, NotSent> {
        let demand = self.step_demand(kind, &draft);
        self.offer(Owner::Step, draft, demand, now.steady, now)
    }

    /// Whether this inquiry or reversal could start now if it were its turn: a line and business are open, and a tripped breaker has a place
    /// for it.
    ///
    /// # Errors
    /// The reason why it could not.
    pub fn may_step(&self, kind: StepKind, draft: &T::Draft, now: Now) -> Result<(), NotSent> {
        if self.leaving.is_some() {
            return Err(NotSent::Stopping);
        }
        self.may_start(Owner::Step, &self.step_demand(kind, draft), now)
    }

    fn step_demand(&self, kind: StepKind, draft: &T::Draft) -> Demand {
        let priority = match kind {
            StepKind::Inquiry => Priority::Inquiry,
            StepKind::Reversal => Priority::Reversal,
        };
        Demand { priority, ..self.telegrams.demand(draft) }
    }

    /// Restores the place of a step of an earlier run that may have been written and was not answered. The institution may still work
    /// on it. It keeps its place as long as a telegram that becomes unknown now. Its answer is nobody's.
    pub fn recall_step(&mut self, now: Now) {
        let ticket = self.ticket();
        let key = self.own_key(now);
        let until = now.steady + self.settings.quarantine;
        // Its key was never used before.
        let _ = self.mux.recall(key, ticket, "".into(), None, until);
        self.admission.flow.recall(ticket, None, now.steady);
    }

    /// Restores a telegram that an earlier run may have sent within the last window of the rate: it still counts. `is_privileged` is true for
    /// inquiries, reversals and duties.
    pub fn recall_sent(&mut self, business: Option<&str>, is_privileged: bool, now: Now) {
        if !is_on(Mutant::RateForgetsTheEarlierRun) {
            self.admission.flow.recall_sent(business, is_privileged, now.steady);
        }
    }

    /// Takes a step back, if the kernel has no byte of it. `is_off_link` says that its bytes were taken back from the link.
    /// Returns whether it is taken back: then there is no [`Action::Finish`](super::Action::Finish).
    pub fn withdraw_step(&mut self, ticket: Ticket, is_off_link: bool, now: Now) -> bool {
        if self.stop_waiting_for(ticket) {
            return true;
        }
        let is_unwritten = |written: bool| is_off_link || !written;
        let item = self.under_way.get(&ticket).filter(|item| item.owner == Owner::Step && is_unwritten(item.written));
        if item.is_none() || self.take_back(ticket, now).is_none() {
            return false;
        }
        self.progress(now);
        true
    }

    /// Whether a link carries business.
    #[must_use]
    pub fn carries_business(&self) -> bool {
        self.is_any_up()
    }
}
