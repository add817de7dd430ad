//! The clock of a batch: the business clock of its gateway. In production that is the real time. A gateway for tests can show another day, and its
//! batches have their windows by that day.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;
use tracing::warn;

use super::sender::Sender;
use crate::business_clock::BusinessClock;
use crate::followed_clock::{FOLLOW_EVERY, Followed};

/// The pause until a gateway that did not say is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// How long a closed window is waited for at most before the clock is looked at again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The clock of one batch.
pub(super) struct BatchClock {
    clock: BusinessClock,
    now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    following: Option<JoinHandle<()>>,
}

impl BatchClock {
    /// Asks the gateway what its clock shows, and follows it if it is for tests. One that does not say is asked again meanwhile: until it answers,
    /// nothing is sent either. `now_ms` is the real time.
    pub(super) async fn begin(sender: &Arc<Sender>, now_ms: Arc<dyn Fn() -> i64 + Send + Sync>) -> Self {
        let clock = BusinessClock::default();
        let mut followed = Followed::new(clock.clone());
        let first = sender.clock().await;
        if let Ok(reading) = &first {
            followed.take(reading);
        }
        let goes_on = !matches!(&first, Ok(reading) if reading.is_of_production());
        let following = goes_on.then(|| tokio::spawn(follow(Arc::clone(sender), followed, first.is_ok())));
        Self { clock, now_ms, following }
    }

    /// The real time, in milliseconds since 1970.
    pub(super) fn real_ms(&self) -> i64 {
        (self.now_ms)()
    }

    /// What the business clock shows.
    pub(super) fn business_ms(&self) -> i64 {
        self.clock.now_ms(self.real_ms())
    }

    /// How long to wait for a time that is so many milliseconds of the business clock ahead, until the clock is looked at again: somebody may set it.
    pub(super) fn wait(&self, ahead_ms: i64) -> Duration {
        let ahead = Duration::from_millis(u64::try_from(ahead_ms).unwrap_or_default());
        let speed = self.clock.base().map_or(1, |base| base.speed.max(1));
        (ahead / speed).min(if self.following.is_some() { FOLLOW_EVERY } else { LOOK_AGAIN })
    }
}

impl Drop for BatchClock {
    fn drop(&mut self) {
        if let Some(following) = &self.following {
            following.abort();
        }
    }
}

/// Follows the clock of a gateway until it says that it is for production.
async fn follow(sender: Arc<Sender>, mut followed: Followed, mut is_for_tests: bool) {
    loop {
        sleep(if is_for_tests { FOLLOW_EVERY } else { ASK_AGAIN }).await;
        let Ok(reading) = sender.clock().await else { continue };
        if !is_for_tests && !reading.is_of_production() {
            warn!(
                "TEST TIME: the gateway is for tests, and the batch has its windows by the business clock of the gateway"
            );
        }
        followed.take(&reading);
        if reading.is_of_production() {
            return;
        }
        is_for_tests = true;
    }
}
