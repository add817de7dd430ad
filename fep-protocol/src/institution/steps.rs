//! The steps of settlement on the line: inquiries and reversals.
//!
//! A step is a telegram of ours with a key and a trace number of its own. It waits for no place among the exchanges in flight:
//! [`settlement`](crate::settlement) limits how many steps are on the wire at once. Why a step is sent, and what follows from its
//! answer, is decided there.

use super::{Institution, Owner};
use crate::reason::NotSent;
use crate::terms::{Now, Telegrams, Ticket};
use crate::trace::TraceUse;

impl<T: Telegrams> Institution<T> {
    /// Sends an inquiry or a reversal. It ends with [`Action::Finish`](super::Action::Finish), as a request does.
    ///
    /// # Errors
    /// The reason why it cannot be sent. It certainly was not sent.
    pub fn step(&mut self, draft: &T::Draft, now: Now) -> Result<Ticket, NotSent> {
        if self.leaving.is_some() {
            return Err(NotSent::Stopping);
        }
        let incarnation = self.incarnation_for_business()?;
        let (wire, high_water) =
            self.make(now, TraceUse::Request, |telegrams, trace| telegrams.request(draft, trace, now))?;
        Ok(self.send_wire(Owner::Step, incarnation, wire, high_water, now.steady))
    }

    /// Forgets a step of which the kernel certainly has no byte and never will. There is no
    /// [`Action::Finish`](super::Action::Finish).
    pub fn withdraw_step(&mut self, ticket: Ticket) {
        let is_step = self.under_way.get(&ticket).is_some_and(|item| item.owner == Owner::Step);
        let Some(item) = self.under_way.remove(&ticket).filter(|_| is_step) else { return };
        if let Some((key, _)) = &item.waits {
            self.mux.withdraw(key);
        }
    }

    /// Reports that an unknown exchange was settled without its answer: the institution does not work on it any more, so that it
    /// no longer counts as in flight. Its key stays in quarantine, and a late answer is still reported.
    pub fn settled(&mut self, ticket: Ticket) {
        if let Some(unsettled) = self.unknown.get_mut(&ticket) {
            self.silent -= usize::from(unsettled.silent);
            unsettled.silent = false;
        }
    }

    /// Whether a link carries business.
    #[must_use]
    pub fn carries_business(&self) -> bool {
        self.incarnation_for_business().is_ok()
    }
}
