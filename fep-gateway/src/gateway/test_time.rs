//! The business clock of a gateway that is for tests: where it comes from, who follows it, and how everybody sees that it is no real time.
//!
//! The clock itself is `business_clock`. In production there is none, so nothing here runs.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use fep_protocol::audit::{Act, AuditFact};
use futures_util::future::join_all;
use tracing::warn;

use super::auditing::AuditEntry;
use super::{Gateway, Inner};
use crate::business_clock::{BaseTime, BusinessClock, Setting};
use crate::config::{Environment, TestClock};
use crate::followed_clock::{FOLLOW_EVERY, Followed, client, read};
use crate::net::clock::Clock;
use crate::time::Rfc3339;

/// The business clock of a gateway for tests.
#[derive(Debug)]
pub(super) struct TestTime {
    clock: BusinessClock,
    /// The URL of the clock that is followed.
    from: Option<String>,
    /// Why that clock cannot be read now.
    trouble: Mutex<Option<String>>,
}

/// What the business clock of a gateway for tests shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestTimeStatus {
    /// The time that it shows, in milliseconds since 1970.
    pub now_ms: i64,
    /// How many seconds it goes on in one second.
    pub speed: u32,
    /// Whether it was set. Otherwise it shows the real time.
    pub is_set: bool,
    /// The URL of the clock that it follows.
    pub from: Option<String>,
    /// Why that clock cannot be read now. The business clock goes on by itself then.
    pub trouble: Option<String>,
}

/// What a clock shows, for programs that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockReading {
    pub(crate) environment: Environment,
    pub(crate) now_ms: i64,
    pub(crate) base: Option<BaseTime>,
    /// How often it was set.
    pub(crate) number: u64,
}

/// Why the business clock was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSet {
    /// The configuration is for production.
    Production,
    /// It follows the clock with this URL.
    Follows(String),
}

impl TestTime {
    /// The clock of this environment: none in production. Waits for the first reading of a clock that is followed, so that nothing happens by
    /// the real time before. `shared` is a clock of this process.
    pub(super) async fn begin(
        environment: Environment,
        configured: Option<TestClock>,
        shared: Option<BusinessClock>,
    ) -> Result<Option<Arc<Self>>, String> {
        if environment == Environment::Production {
            return match shared.is_some() || configured.is_some() {
                true => {
                    Err("a configuration for production takes no clock of a test: write `environment = \"test\"`, \
                             and give the gateway a journal of its own"
                        .to_owned())
                }
                false => Ok(None),
            };
        }
        let (clock, from) = match (shared, configured) {
            (Some(clock), _) => (clock, None),
            (None, Some(TestClock::Base(base))) => (BusinessClock::at(base), None),
            (None, Some(TestClock::From(url))) => (BusinessClock::default(), Some(url)),
            (None, None) => (BusinessClock::default(), None),
        };
        if let Some(url) = &from {
            let hint = "start the simulator first, with --api";
            let first = read(&client()?, url).await.map_err(|why| format!("test_clock.from: {why}: {hint}"))?;
            clock.set(first.base_time());
        }
        Ok(Some(Arc::new(Self { clock, from, trouble: Mutex::default() })))
    }

    pub(super) fn clock(&self) -> BusinessClock {
        self.clock.clone()
    }

    pub(super) fn status(&self, clock: &Clock) -> TestTimeStatus {
        let setting = self.clock.setting();
        TestTimeStatus {
            now_ms: clock.now().business_ms,
            speed: setting.speed(),
            is_set: setting.base().is_some(),
            from: self.from.clone(),
            trouble: self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Begins to follow the clock, and to record what it shows.
    pub(super) fn run(self: &Arc<Self>, gateway: &Arc<Inner>) {
        tokio::spawn(record(Arc::clone(self), Arc::downgrade(gateway)));
        if let Some(url) = self.from.clone() {
            tokio::spawn(follow(Arc::clone(self), url, Arc::downgrade(gateway)));
        }
    }

    /// Says in the log, once, that the clock cannot be read, or that it can be read again.
    fn reachable(&self, error: Option<String>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*trouble, &error) {
            (None, Some(why)) => warn!(why, "the test clock cannot be read: the business clock goes on by itself"),
            (Some(_), None) => warn!("the test clock can be read again"),
            (None, None) | (Some(_), Some(_)) => {}
        }
        *trouble = error;
    }
}

impl std::fmt::Display for TestTimeStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { now_ms, speed, is_set, from, trouble } = self;
        match is_set {
            true => write!(f, "TEST TIME: the business clock shows {} at speed {speed}", Rfc3339(*now_ms))?,
            false => f.write_str("TEST: the business clock shows the real time until a test sets it")?,
        }
        if let Some(from) = from {
            write!(f, ", it follows {from}")?;
        }
        trouble.as_ref().map_or(Ok(()), |why| write!(f, ", which cannot be read: {why}"))
    }
}

impl Gateway {
    /// What the business clock shows now. In production that is the real time.
    pub(crate) fn clock_reading(&self) -> ClockReading {
        let now_ms = self.inner.shared.clock.now().business_ms;
        match &self.inner.test_time {
            None => ClockReading { environment: Environment::Production, now_ms, base: None, number: 0 },
            Some(time) => {
                let setting = time.clock.setting();
                let base = setting.base();
                ClockReading { environment: Environment::Test, now_ms, base, number: setting.number }
            }
        }
    }

    /// Sets the business clock of a gateway for tests: it shows this base time now. `None`: the real time. The log and the journal have it.
    ///
    /// # Errors
    /// In production, and if the clock follows another one: then that one is to be set.
    pub fn set_test_time(&self, base: Option<BaseTime>) -> Result<(), NotSet> {
        let time = self.inner.test_time.as_ref().ok_or(NotSet::Production)?;
        if let Some(from) = &time.from {
            return Err(NotSet::Follows(from.clone()));
        }
        time.clock.set(base);
        Ok(())
    }
}

impl std::fmt::Display for NotSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Production => {
                f.write_str("the configuration is for production: its business clock is that of the machine")
            }
            Self::Follows(from) => write!(f, "the business clock follows {from}: set that one"),
        }
    }
}

impl std::error::Error for NotSet {}

/// Records in the log and in the journal of each institution whenever the clock is set, and at the start. Ends with the gateway.
async fn record(time: Arc<TestTime>, gateway: Weak<Inner>) {
    let mut changes = time.clock.subscribe();
    loop {
        let setting = *changes.borrow_and_update();
        let Some(running) = gateway.upgrade() else { return };
        write_down(&time, setting, &running).await;
        drop(running);
        if changes.changed().await.is_err() {
            return;
        }
    }
}

async fn write_down(time: &TestTime, setting: Setting, gateway: &Inner) {
    let status = time.status(&gateway.shared.clock);
    warn!("{status}");
    let about = setting.base().map_or_else(|| "the real time".to_owned(), |base| base.to_string());
    let note = time.from.clone().unwrap_or_default();
    let fact = AuditFact { note, about: Some(about), ..AuditFact::new(Act::SetClock, "test clock") };
    let entry = AuditEntry { fact, exchange: None, caller: None };
    let institutions = Arc::clone(&gateway.institutions.borrow());
    let written = join_all(institutions.values().map(|handle| handle.audit(entry.clone()))).await;
    for error in written.into_iter().filter_map(Result::err) {
        warn!(%error, "the journal does not have that the test clock was set");
    }
}

async fn follow(time: Arc<TestTime>, url: String, gateway: Weak<Inner>) {
    let client = match client() {
        Ok(client) => client,
        Err(why) => return time.reachable(Some(why)),
    };
    let mut followed = Followed::new(time.clock());
    while gateway.strong_count() > 0 {
        tokio::time::sleep(FOLLOW_EVERY).await;
        match read(&client, &url).await {
            Err(why) => time.reachable(Some(why)),
            Ok(reading) => {
                time.reachable(None);
                followed.take(&reading);
            }
        }
    }
}
