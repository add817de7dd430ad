//! Other limits while requests wait and are in flight.

use std::time::Duration;

use super::{Flow, FlowSettings, rate};

impl Flow {
    /// Lets other limits hold from now on. What waits and what is in flight stays. If more is in flight than a lower limit allows, nothing
    /// starts until enough of it has ended.
    ///
    /// The business codes with limits of their own, and the windows of rates, are those of before: otherwise it is not known what counts in
    /// them.
    pub fn retune(&mut self, settings: &FlowSettings, now: Duration) {
        let percent = settings.reserved_percent;
        self.queue_max = settings.queue_max;
        self.queue_reserve = rate::reserve(settings.queue_max, percent);
        self.contract.retune(settings.contract, percent, now);
        for (name, gate) in &settings.businesses {
            let index = self.names.get(name).and_then(|index| index.checked_sub(1));
            if let Some(own) = index.and_then(|index| self.businesses.get_mut(index)) {
                own.retune(*gate, percent, now);
            }
        }
    }
}
