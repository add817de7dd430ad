//! The business clocks of the sides that are asked, and the wait until all of them are open. In production a clock shows the real time. A side for
//! tests has the clock of its configuration, and the gateway that asks it has the same one.

use std::time::{Duration, SystemTime};

use fep_protocol::calendar::Calendar;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::VerifyError;
use super::plan::Side;
use crate::business_clock::BusinessClock;
use crate::config::{Environment, TestClock};
use crate::followed_clock::{FOLLOW_EVERY, Followed, client, read};

/// The longest pause until the hours of a side are looked at again.
const CLOSED_PAUSE_MAX: Duration = Duration::from_secs(60);

/// How far ahead an opening is told, in milliseconds.
const TOLD_AHEAD_MS: i64 = 31 * 24 * 3_600_000;

/// The hours of all sides that are asked.
pub(super) struct Hours(Vec<SideHours>);

/// The hours of one side.
struct SideHours {
    calendar: Calendar,
    /// `None` in production.
    clock: Option<BusinessClock>,
    following: Option<JoinHandle<()>>,
}

impl Hours {
    /// The hours of these sides, in their order. A clock that is followed is read before.
    ///
    /// # Errors
    /// If a clock cannot be read.
    pub(super) async fn of(sides: &[&Side]) -> Result<Self, VerifyError> {
        let mut hours = Vec::new();
        for side in sides {
            let calendar = side.institution().ok_or(VerifyError::NoInstitution)?.hours.calendar.clone();
            let (clock, following) = match (side.config.environment, &side.config.test_clock) {
                (Environment::Production, _) => (None, None),
                (Environment::Test, None) => (Some(BusinessClock::default()), None),
                (Environment::Test, Some(TestClock::Base(base))) => (Some(BusinessClock::at(*base)), None),
                (Environment::Test, Some(TestClock::From(url))) => {
                    let clock = BusinessClock::default();
                    let followed = begin(url, &clock).await;
                    let following = followed.map_err(|why| VerifyError::Side(side.institution.clone(), why))?;
                    (Some(clock), Some(following))
                }
            };
            hours.push(SideHours { calendar, clock, following });
        }
        Ok(Self(hours))
    }

    /// The clock of the side with this index. `None` in production.
    pub(super) fn clock(&self, side: usize) -> Option<BusinessClock> {
        self.0.get(side)?.clock.clone()
    }

    /// Waits until all sides are open. Returns `false` if it was stopped.
    pub(super) async fn open(&self, stop: &CancellationToken) -> bool {
        loop {
            if stop.is_cancelled() {
                return false;
            }
            let real_ms = now_ms();
            let closed = self.0.iter().find(|side| !side.calendar.is_open(side.now_ms(real_ms)));
            let Some(side) = closed else { return true };
            let now_ms = side.now_ms(real_ms);
            let until_ms = side.calendar.next_change(now_ms).unwrap_or(i64::MAX);
            let told_ms = until_ms.min(now_ms.saturating_add(TOLD_AHEAD_MS));
            info!(until = %side.calendar.local_text(told_ms), "waits until the sides are open");
            let ahead = u64::try_from(until_ms.saturating_sub(now_ms)).unwrap_or_default();
            let pause = match side.clock {
                None => Duration::from_millis(ahead).min(CLOSED_PAUSE_MAX),
                // A test can set it at any moment, or it goes faster.
                Some(_) => FOLLOW_EVERY,
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.cancelled() => return false,
            }
        }
    }
}

impl SideHours {
    fn now_ms(&self, real_ms: i64) -> i64 {
        self.clock.as_ref().map_or(real_ms, |clock| clock.now_ms(real_ms))
    }
}

impl Drop for SideHours {
    fn drop(&mut self) {
        if let Some(following) = &self.following {
            following.abort();
        }
    }
}

/// Sets a clock as the one at this URL, and goes on doing so.
async fn begin(url: &str, clock: &BusinessClock) -> Result<JoinHandle<()>, String> {
    let client = client()?;
    let mut followed = Followed::new(clock.clone());
    followed.take(&read(&client, url).await.map_err(|why| format!("test_clock.from: {why}"))?);
    let url = url.to_owned();
    Ok(tokio::spawn(async move {
        let mut is_lost = false;
        loop {
            sleep(FOLLOW_EVERY).await;
            match read(&client, &url).await {
                Ok(reading) => {
                    is_lost = false;
                    followed.take(&reading);
                }
                Err(why) if !is_lost => {
                    is_lost = true;
                    warn!(why, "the test clock cannot be read: it goes on by itself");
                }
                Err(_) => {}
            }
        }
    }))
}

/// The real time, in milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
