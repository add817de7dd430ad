//! What an earlier run left to the limits: requests that the institution may still work on, and telegrams that its rate still counts.

use std::time::Duration;

use super::{Flow, Passage, Started};
use crate::terms::Ticket;

impl Flow {
    /// A request of an earlier run that was not answered: it occupies a place until it is settled or released.
    pub fn recall(&mut self, id: Ticket, business: Option<&str>, now: Duration) {
        if self.queue.contains(id) || self.started.contains_key(&id) {
            return;
        }
        let business = self.business(business);
        let passage = Passage { is_privileged: false, started: now, written: Some(now) };
        self.each_gate(business, |gate| gate.recall());
        self.started.insert(id, Started { business, passage, reached: (false, false), is_unanswered: true });
    }

    /// A telegram that an earlier run may have sent within the last window. When it was handed over is not known, so the rate counts it
    /// from now on.
    pub fn recall_sent(&mut self, business: Option<&str>, is_privileged: bool, now: Duration) {
        let business = self.business(business);
        self.each_gate(business, |gate| gate.recall_sent(is_privileged, now));
    }
}
