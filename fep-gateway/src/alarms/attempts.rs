//! How telling one receiver goes: when the next attempt may be, and what the log says meanwhile. It tells nobody itself.

use std::time::Duration;

use fep_protocol::backoff::Backoff;
use tokio::time::Instant;

use super::telling::NotTold;

/// The shortest and the longest pause after an attempt that failed.
const RETRY_MIN: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(300);

/// The pause between two lines of the log about one receiver.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

/// How telling one receiver goes.
pub(super) struct Telling {
    backoff: Backoff,
    /// When the next attempt may be.
    pub(super) next_at: Instant,
    pub(super) is_running: bool,
    pub(super) fails_since: Option<Instant>,
    complained_at: Option<Instant>,
    pub(super) trouble: Option<String>,
}

impl Telling {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            backoff: Backoff::new(RETRY_MIN, RETRY_MAX),
            next_at: now,
            is_running: false,
            fails_since: None,
            complained_at: None,
            trouble: None,
        }
    }

    pub(super) fn succeeded(&mut self, pause: Duration) {
        self.backoff.succeeded();
        self.next_at = Instant::now() + pause;
        self.fails_since = None;
        self.complained_at = None;
        self.trouble = None;
    }

    /// Returns whether the log should say so.
    pub(super) fn failed(&mut self, not_told: NotTold, seed: u64) -> bool {
        let now = Instant::now();
        self.fails_since.get_or_insert(now);
        let pause = self.backoff.failed(seed);
        // It may have arrived, so it is sent again after a long wait.
        self.next_at = now + if not_told.may_be_taken { RETRY_MAX } else { pause };
        self.trouble = Some(not_told.why);
        let complains = self.complained_at.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE);
        if complains {
            self.complained_at = Some(now);
        }
        complains
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_taken_is_sent_again_after_a_long_wait_only() {
        let now = Instant::now();
        let mut telling = Telling::new(now);
        assert!(telling.failed(NotTold::from("it answered 451".to_owned()), 0), "the first one is in the log");
        assert!(telling.next_at < Instant::now() + RETRY_MAX / 2, "a server that refused gets it soon");
        assert!(!telling.failed(NotTold { why: "no reply".to_owned(), may_be_taken: true }, 0));
        assert!(telling.next_at >= now + RETRY_MAX);
        assert_eq!(telling.trouble.as_deref(), Some("no reply"));
        telling.succeeded(Duration::ZERO);
        assert!(telling.next_at <= Instant::now() && telling.trouble.is_none());
    }
}
