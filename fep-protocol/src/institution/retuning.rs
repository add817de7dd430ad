//! Other limits and times while the machine runs. Its lines, sessions and keys stay as they are.

use super::{Institution, Settings};
use crate::terms::{Now, Telegrams};

impl<T: Telegrams> Institution<T> {
    /// Lets the limits, the breakers and the times of these settings hold from now on, and the answer timeouts of these telegrams. An exchange
    /// keeps the timeout with which it began. Nothing else of the settings is taken over.
    ///
    /// Of the flow, the business codes with limits of their own and the windows of rates are those of before, there are breakers or there are
    /// none as before, and no other instance shares the contract.
    pub fn retune(&mut self, settings: &Settings, telegrams: T, now: Now) {
        self.telegrams = telegrams;
        self.settings.drain_max = settings.drain_max;
        self.settings.occupied_max = settings.occupied_max;
        self.settings.flow = settings.flow.clone();
        self.settings.breaker = settings.breaker.clone();
        self.admission.retune(settings, now);
        self.progress(now);
    }
}
