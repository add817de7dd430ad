//! The division of one institution's contract in Redis: it is read before each report, and replaced if nobody else replaced it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use fep_protocol::coordination::{Contract, Division, Grant, News, Report, StoredDivision};
use redis::{FromRedisValue, ParsingError, RedisResult, Script, Value};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::super::{Joining, NewsSender};
use super::Shared;

/// One institution's division, as this instance uses it.
pub(super) struct Dividing {
    shared: Arc<Shared>,
    institution: Arc<str>,
    contract: Contract,
    news: NewsSender,
    key: String,
    /// The last grant, until a report says that it took effect: the instance may use it at any time.
    sent: Option<Grant>,
    fences: Vec<(Arc<str>, Instant)>,
    complained: Option<Instant>,
}

/// What was in Redis, and its clock.
struct Loaded {
    is_saved: bool,
    now: Duration,
    text: Vec<u8>,
}

/// Returns what is there, with the time. With two further arguments, it first replaces what is there if that is the first one.
static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local text, saved = '', 0
         if redis.call('TYPE', KEYS[1]).ok == 'string' then text = redis.call('GET', KEYS[1]) end
         if #ARGV > 1 and text == ARGV[2] then redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[1]); saved = 1 end
         local time = redis.call('TIME')
         if saved == 1 then text = '' end
         return {saved, time[1], time[2], text}",
    )
});

/// How long a division is kept that nobody uses.
const KEEP: Duration = Duration::from_secs(86_400);

/// How often a report is tried if others are quicker.
const ATTEMPTS: usize = 8;

/// How long a fenced instance is waited for, until it counts as silent.
const FENCE_PATIENCE: Duration = Duration::from_secs(120);

/// The maximum number of fenced instances that are waited for.
const FENCES_MAX: usize = 64;

/// The pause between two lines of the log about the same trouble.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

impl Dividing {
    pub(super) fn new(shared: Arc<Shared>, joining: &Joining, news: NewsSender) -> Self {
        let key = shared.names.division(&joining.institution);
        let institution = Arc::clone(&joining.institution);
        let contract = joining.contract;
        Self { shared, institution, contract, news, key, sent: None, fences: Vec::new(), complained: None }
    }

    /// Answers reports. Of those that wait only the newest counts.
    pub(super) async fn run(
        mut self,
        mut reports: watch::Receiver<Option<Report>>,
        mut fences: mpsc::Receiver<(Arc<str>, Instant)>,
    ) {
        loop {
            tokio::select! {
                changed = reports.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let report = *reports.borrow_and_update();
                    if let Some(report) = report {
                        // A failure is in the status. The instance reports again.
                        let _ = self.report(report).await;
                    }
                    self.fence().await;
                }
                Some(fence) = fences.recv() => {
                    if self.fences.len() < FENCES_MAX {
                        self.fences.push(fence);
                    }
                    self.fence().await;
                }
            }
        }
    }

    async fn report(&mut self, mut report: Report) -> RedisResult<()> {
        if let Some(sent) = self.sent {
            match (report.epoch, report.grant) >= (Some(sent.epoch), sent.serial) {
                true => self.sent = None,
                // The grant is on its way: a division that does not know it must hear of it.
                false => report.held = report.held.max(sent.share),
            }
        }
        let instance = Arc::clone(&self.shared.instance);
        let answer = self.change(|division, now| Some(division.report(&instance, &report, now))).await?;
        match answer {
            Some(Ok(grant)) => {
                let unconfirmed = self.sent.map_or(grant.share, |sent| sent.share.max(grant.share));
                self.sent = Some(Grant { share: unconfirmed, ..grant });
                self.news.send(News::Grant(grant));
            }
            Some(Err(fenced)) => {
                self.sent = None;
                self.news.send(News::Fenced(fenced));
            }
            None => {}
        }
        Ok(())
    }

    /// Removes instances that can write nothing any more, once they are silent. One that joined since then is another one: it stays.
    async fn fence(&mut self) {
        for (name, asked) in std::mem::take(&mut self.fences) {
            let age = asked.elapsed();
            let margin = self.shared.terms.lease;
            let fenced = self.change(|division, now| {
                let before = now.saturating_sub(age + margin);
                let epoch_max = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
                if division.epoch(&name).is_some_and(|epoch| epoch > epoch_max) {
                    return Some(false);
                }
                let is_alive = division.alive(now).any(|(alive, ..)| *alive == name);
                (!is_alive).then(|| {
                    division.fence(&name, now);
                    true
                })
            });
            match fenced.await {
                Ok(Some(true)) => {
                    tracing::info!(institution = &*self.institution, instance = &*name, "its share is free");
                }
                Ok(Some(false)) => {}
                _ if age < FENCE_PATIENCE => self.fences.push((name, asked)),
                _ => {}
            }
        }
    }

    /// Changes the division in Redis. `None` if there is nothing to change, or others were always quicker.
    async fn change<T>(&mut self, mut act: impl FnMut(&mut Division, Duration) -> Option<T>) -> RedisResult<Option<T>> {
        let mut loaded: Loaded = self.shared.run(&SCRIPT.key(&self.key)).await?;
        for _ in 0..ATTEMPTS {
            let (mut division, now) = self.restore(&loaded);
            let Some(result) = act(&mut division, now) else { return Ok(None) };
            let text = serde_json::to_string(&StoredDivision::of(&division, now)).unwrap_or_default();
            let keep = u64::try_from(KEEP.as_millis()).unwrap_or(u64::MAX);
            let mut swap = SCRIPT.key(&self.key);
            swap.arg(keep).arg(&loaded.text).arg(text);
            loaded = self.shared.run(&swap).await?;
            if loaded.is_saved {
                return Ok(Some(result));
            }
        }
        Ok(None)
    }

    /// The division that goes on, and its time. What cannot be read is lost: a new one begins, which gives nobody more than it says it has.
    fn restore(&mut self, loaded: &Loaded) -> (Division, Duration) {
        let terms = self.shared.terms;
        let anew = (Division::new(terms, self.contract, loaded.now), loaded.now);
        if loaded.text.is_empty() {
            return anew;
        }
        let read = serde_json::from_slice::<StoredDivision>(&loaded.text).map_err(|error| error.to_string());
        let restored =
            read.and_then(|stored| stored.restore(terms, self.contract, loaded.now).map_err(|unfit| unfit.to_string()));
        restored.unwrap_or_else(|why| {
            if self.complained.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE) {
                self.complained = Some(Instant::now());
                let institution = &*self.institution;
                tracing::warn!(
                    institution,
                    why,
                    "the division of the contract in Redis is of no use: a new one begins"
                );
            }
            anew
        })
    }
}

impl FromRedisValue for Loaded {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (saved, seconds, micros, text): (u8, u64, u64, Vec<u8>) = redis::from_redis_value(value)?;
        let now = Duration::from_secs(seconds) + Duration::from_micros(micros.min(999_999));
        Ok(Self { is_saved: saved == 1, now, text })
    }
}
