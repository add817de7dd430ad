//! A business clock elsewhere: that of a simulator, or of a gateway for tests. It is read over HTTP, and a clock of this process is set by it.
//!
//! It decides nothing about who may follow: `config` permits that in an environment for tests only.

use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;

use crate::business_clock::{BaseTime, BusinessClock, SPEED_MAX, Setting};

/// How often a clock is read.
pub(crate) const FOLLOW_EVERY: Duration = Duration::from_millis(200);
/// How long a clock may take to say what it shows.
const READING_MAX: Duration = Duration::from_secs(2);
/// The longest reading, in bytes.
const READING_MAX_BYTES: usize = 16 * 1024;
/// How far a clock that is followed may be away, in milliseconds of the real time. More means that it was set.
const DRIFT_MAX_MS: u64 = 1000;

/// What a clock elsewhere shows.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reading {
    now_ms: i64,
    speed: u32,
    number: u64,
    base: Option<String>,
    /// What a gateway says of its configuration. A simulator says nothing: it is always for tests.
    environment: Option<String>,
}

/// A clock of this process that is set as another one is.
#[derive(Debug)]
pub(crate) struct Followed {
    clock: BusinessClock,
    /// How often the other clock was set when it was read last.
    number: Option<u64>,
}

impl Followed {
    pub(crate) const fn new(clock: BusinessClock) -> Self {
        Self { clock, number: None }
    }

    /// Sets the clock if the other one was set, or is far away.
    pub(crate) fn take(&mut self, reading: &Reading) {
        let is_set = self.number.is_some_and(|number| number != reading.number);
        if is_set || reading.differs(self.clock.setting()) {
            self.clock.set(reading.base_time());
        }
        self.number = Some(reading.number);
    }
}

impl Reading {
    /// The reading in a reply of `GET /v1/clock`, which came this long after it was asked for. The clock shows what it showed in the middle between
    /// the two, and what has passed since.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn parse(body: &[u8], after: Duration) -> Result<Self, String> {
        let reading: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if !(1..=SPEED_MAX).contains(&reading.speed) {
            return Err(format!("its speed is {}, not 1 to {SPEED_MAX}", reading.speed));
        }
        let half_ms = i64::try_from(after.as_millis() / 2).unwrap_or_default();
        let now_ms = reading.now_ms.saturating_add(half_ms.saturating_mul(i64::from(reading.speed)));
        Ok(Self { now_ms, ..reading })
    }

    /// Whether it is the clock of a gateway for production, which shows the real time for ever.
    pub(crate) fn is_of_production(&self) -> bool {
        self.environment.as_deref() == Some("production")
    }

    pub(crate) fn base_time(&self) -> Option<BaseTime> {
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

/// A client that reads clocks.
///
/// # Errors
/// If there is none, which is one of the machine.
pub(crate) fn client() -> Result<Client, String> {
    let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(READING_MAX).build();
    client.map_err(|error| error.to_string())
}

/// Reads the clock at a URL.
///
/// # Errors
/// If it does not answer, or what it says is no reading.
pub(crate) async fn read(client: &Client, url: &str) -> Result<Reading, String> {
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
    let reading = Reading::parse(&body, asked.elapsed());
    let reading = reading.map_err(|why| format!("{url} is no clock of a simulator: {why}"))?;
    if reading.is_of_production() {
        return Err(format!("{url} is the clock of a gateway for production, which no test follows"));
    }
    Ok(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> Result<Reading, String> {
        Reading::parse(text.as_bytes(), Duration::from_millis(20))
    }

    #[test]
    fn a_reading_goes_on_from_the_middle_of_its_way() {
        let set = reading(r#"{"now_ms": 1000, "speed": 60, "number": 3, "base": "2026-12-31T00:00:00.000Z"}"#).unwrap();
        assert_eq!((set.base_time(), set.is_of_production()), (Some(BaseTime { ms: 1600, speed: 60 }), false));
        let real = r#"{"now_ms": 1000, "speed": 1, "number": 0, "base": null, "environment": "production"}"#;
        let real = reading(real).unwrap();
        assert_eq!((real.base_time(), real.is_of_production()), (None, true));
        for wrong in [
            "",
            "{}",
            r#"{"now_ms": 1, "speed": 0, "number": 0}"#,
            r#"{"now_ms": 1, "speed": 4000000000, "number": 0}"#,
        ] {
            assert!(reading(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_clock_is_set_again_only_if_the_other_one_was() {
        let clock = BusinessClock::default();
        let mut followed = Followed::new(clock.clone());
        let told = |number: u64, ms: i64| {
            let text = format!(r#"{{"now_ms": {ms}, "speed": 1, "number": {number}, "base": "x"}}"#);
            Reading::parse(text.as_bytes(), Duration::ZERO).unwrap()
        };
        for (number, ms, settings) in [(1, 5000, 1), (1, 5100, 1), (2, 5100, 2), (2, 90_000, 3)] {
            followed.take(&told(number, ms));
            assert_eq!(clock.setting().number, settings, "{number} {ms}");
        }
    }
}
