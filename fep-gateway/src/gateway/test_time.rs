//! The business clock of a gateway that is for tests: where it comes from, who follows it, and how everybody sees that it is no real time.
//!
//! The clock itself is `business_clock`. In production there is none, so nothing here runs.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use fep_protocol::audit::{Act, AuditFact};
use futures_util::future::join_all;
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use tracing::warn;

use super::Inner;
use super::auditing::AuditEntry;
use crate::business_clock::{BaseTime, BusinessClock, SPEED_MAX, Setting};
use crate::config::{Environment, TestClock};
use crate::net::clock::Clock;
use crate::time::Rfc3339;

/// How often the clock of a simulator is read.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);
/// How long a simulator may take to say what its clock shows.
const READING_MAX: Duration = Duration::from_secs(2);
/// The longest reading, in bytes.
const READING_MAX_BYTES: usize = 16 * 1024;
/// How far a clock that is followed may be away, in milliseconds of the real time. More means that it was set.
const DRIFT_MAX_MS: u64 = 1000;

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

/// What a simulator says about its clock.
#[derive(Clone, Debug, Deserialize)]
struct Reading {
    now_ms: i64,
    speed: u32,
    number: u64,
    base: Option<String>,
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
    let mut number = None;
    while gateway.strong_count() > 0 {
        tokio::time::sleep(FOLLOW_EVERY).await;
        match read(&client, &url).await {
            Err(why) => time.reachable(Some(why)),
            Ok(reading) => {
                time.reachable(None);
                if number.is_some_and(|number| number != reading.number) || reading.differs(time.clock.setting()) {
                    time.clock.set(reading.base_time());
                }
                number = Some(reading.number);
            }
        }
    }
}

impl Reading {
    fn base_time(&self) -> Option<BaseTime> {
        self.base.as_ref().map(|_| BaseTime { ms: self.now_ms, speed: self.speed })
    }

    /// Whether our clock was not set as theirs.
    fn differs(&self, ours: Setting) -> bool {
        let away = ours.now_ms(self.now_ms).abs_diff(self.now_ms);
        ours.base().is_some() != self.base.is_some()
            || ours.speed() != self.speed
            || away > DRIFT_MAX_MS * u64::from(self.speed)
    }
}

fn client() -> Result<Client, String> {
    let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(READING_MAX).build();
    client.map_err(|error| error.to_string())
}

/// Reads a clock. It shows what it showed in the middle between the question and the answer, and what has passed since.
async fn read(client: &Client, url: &str) -> Result<Reading, String> {
    let asked = Instant::now();
    let failed = |error: reqwest::Error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{error}{cause}")
    };
    let mut answer = client.get(url).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(format!("{url} answered {}, not 200", answer.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > READING_MAX_BYTES {
            return Err(format!(
                "{url} answered more than {READING_MAX_BYTES} bytes, which is no clock of a simulator"
            ));
        }
        body.extend_from_slice(&chunk);
    }
    let no_clock = |why: String| format!("{url} is no clock of a simulator: {why}");
    let reading: Reading = serde_json::from_slice(&body).map_err(|error| no_clock(error.to_string()))?;
    if !(1..=SPEED_MAX).contains(&reading.speed) {
        return Err(no_clock(format!("its speed is {}, not 1 to {SPEED_MAX}", reading.speed)));
    }
    let half_ms = i64::try_from(asked.elapsed().as_millis() / 2).unwrap_or_default();
    let now_ms = reading.now_ms.saturating_add(half_ms.saturating_mul(i64::from(reading.speed)));
    Ok(Reading { now_ms, ..reading })
}
