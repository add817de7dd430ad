//! The days of the institution: what each does to what it keeps, and the notices that it sends because of that.

use std::time::Duration;

use tracing::{info, warn};

use super::Shared;
use super::clock::Moment;
use super::compose;
use super::institution::{SimulatedInstitution, encode};
use super::memory::{Material, Memory};

/// How often the clock is looked at.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

impl SimulatedInstitution {
    /// Carries out the days that have passed: a request finds what they left. Their notices wait for a link.
    pub(super) fn pass_days(&self, memory: &mut Memory, now: &Moment) {
        while self.pass_day(memory, now) {}
    }

    /// Carries out the next day that has passed. Returns whether there was one.
    fn pass_day(&self, memory: &mut Memory, now: &Moment) -> bool {
        let Some(notices) = memory.kept.pass(now.day()) else { return false };
        for notice in notices {
            let Some(telegram) = self.spec.telegram(&notice.telegram) else { continue };
            *memory.counts.unasked.entry(notice.telegram.clone()).or_default() += 1;
            let request = serde_json::Map::new();
            let mut fields = compose::fields(&telegram.layout, &request, now);
            let material = Material { entry: Some(&notice.entry), ..Material::of(&request, now) };
            memory.set(&notice.set, &telegram.layout, &mut fields, &material);
            let telegram = encode(&telegram.layout, fields).map_err(|error| error.to_string());
            match telegram.and_then(|telegram| self.frame(telegram)) {
                Ok(frame) => memory.kept.wait(frame),
                Err(error) => warn!(telegram = notice.telegram, error, "the notice of a day cannot be made"),
            }
        }
        true
    }
}

/// Looks at the clock, and sends what days have the institution send, in their order. Without an open link it waits.
pub(super) async fn run(shared: Shared) {
    if shared.institution.scenario.state.is_empty() {
        return;
    }
    loop {
        tokio::time::sleep(LOOK_PAUSE).await;
        // Day by day, so that others are served while many days pass at once.
        while {
            let mut memory = shared.institution.memory();
            let now = memory.clock.now();
            shared.institution.pass_day(&mut memory, &now)
        } {
            tokio::task::yield_now().await;
        }
        let memory = &mut *shared.institution.memory();
        while shared.can_send() && shared.institution.may_send(memory) {
            let Some(frame) = memory.kept.waiting.pop_front() else { break };
            if !shared.send_unasked(frame.clone(), 0) {
                memory.kept.waiting.push_front(frame);
                break;
            }
            info!("a notice of a day was sent");
        }
    }
}
