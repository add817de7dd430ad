//! The counts of the last minute, by seconds.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Counts, End};

/// How long a request counts after its end. The second in which it ended counts or does not as a whole.
pub const WINDOW: Duration = Duration::from_secs(60);

/// The requests of one institution that ended in the last [`WINDOW`].
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// The counts by second, the oldest first. There is at most one for each second of the window.
    seconds: VecDeque<(u64, Counts)>,
}

impl Window {
    /// Counts a request that ended now.
    pub fn ended(&mut self, end: End, now: Duration) {
        self.count(now, |counts| counts.ended(end));
    }

    /// Counts the time from a request to the answer that came now.
    pub fn round_trip(&mut self, time: Duration, now: Duration) {
        self.count(now, |counts| counts.round_trip(time));
    }

    /// What is in the window now.
    #[must_use]
    pub fn counts(&self, now: Duration) -> Counts {
        let recent = self.seconds.iter().filter(|(second, _)| is_recent(*second, now));
        recent.fold(Counts::default(), |sum, (_, counts)| sum.and(counts))
    }

    /// Counts in this second. What has left the window is forgotten.
    fn count(&mut self, now: Duration, act: impl FnOnce(&mut Counts)) {
        while self.seconds.front().is_some_and(|(second, _)| !is_recent(*second, now)) {
            self.seconds.pop_front();
        }
        // A call that was overtaken by a later one counts in the newest second.
        if self.seconds.back().is_none_or(|(newest, _)| *newest < now.as_secs()) {
            self.seconds.push_back((now.as_secs(), Counts::default()));
        }
        if let Some((_, counts)) = self.seconds.back_mut() {
            act(counts);
        }
    }
}

fn is_recent(second: u64, now: Duration) -> bool {
    now.as_secs().saturating_sub(second) < WINDOW.as_secs()
}
