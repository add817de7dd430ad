//! Telegrams that no service asked for, such as sign-on and echo test: they take no place and wait in no queue, and the rate counts
//! them.

use std::time::Duration;

use super::{Earliest, Flow};

impl Flow {
    /// Whether a telegram that no service asked for, such as an echo test, may go now by the institution's rate. It takes no place.
    #[must_use]
    pub fn may_send_duty(&self, now: Duration) -> bool {
        match self.contract.duty_at() {
            Earliest::Now => true,
            Earliest::At(at) => at <= now,
            Earliest::AfterEvent => false,
        }
    }

    /// When such a telegram may go, if it depends on the time alone.
    #[must_use]
    pub fn duty_at(&self) -> Option<Duration> {
        if let Earliest::At(at) = self.contract.duty_at() { Some(at) } else { None }
    }

    /// Such a telegram is on its way to the wire. The rate counts it from now on.
    pub fn duty_started(&mut self, now: Duration) {
        self.contract.rate_of_duties(|rate| rate.start(true, now));
    }

    /// Its bytes were handed over.
    pub fn duty_written(&mut self, now: Duration) {
        self.contract.rate_of_duties(|rate| rate.written(true, now));
    }

    /// It was certainly not handed over.
    pub fn duty_unsent(&mut self) {
        self.contract.rate_of_duties(|rate| rate.unsent(true));
    }
}
