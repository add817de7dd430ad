//! Who has the request with a key, and answers on their way to it. Both are written in batches, and nothing waits for that.

use std::sync::Arc;
use std::time::Duration;

use fep_protocol::coordination::{KeyOwner, News, RoutedAnswer};
use fep_protocol::terms::Key;
use redis::{Pipeline, RedisResult};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::Shared;
use super::answers::ANSWERS_KEEP;
use super::names::HashedKey;

/// What is to be written for other instances.
pub(super) enum Write {
    Own { key: HashedKey, keep: Duration },
    HandOver { to: Arc<str>, answer: RoutedAnswer },
}

/// The maximum number of writes in one batch.
const BATCH_MAX: usize = 512;

/// How long a batch is tried again, while Redis is away.
const BATCH_PATIENCE: Duration = Duration::from_secs(2);

/// The pause between two attempts to write a batch.
const BATCH_PAUSE: Duration = Duration::from_millis(50);

/// The maximum number of answers that wait for one instance.
const ANSWERS_MAX: usize = 4096;

/// The first pause between two look-ups of a key that nobody has yet. It doubles, up to the longest one.
const LOOK_PAUSE_MIN: Duration = Duration::from_millis(2);
const LOOK_PAUSE_MAX: Duration = Duration::from_millis(64);

impl Write {
    pub(super) fn own(key: &Key, keep: Duration) -> Self {
        Self::Own { key: HashedKey::of(key), keep }
    }

    pub(super) fn hand_over(to: Arc<str>, answer: RoutedAnswer) -> Self {
        Self::HandOver { to, answer }
    }
}

/// Writes what comes, until the institution's task has ended.
pub(super) async fn write(shared: Arc<Shared>, institution: Arc<str>, mut writes: mpsc::Receiver<Write>) {
    let mut batch = Vec::new();
    while writes.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let begun = Instant::now();
        let mut pipelines = pipelines(&shared, &institution, &batch);
        loop {
            let mut left = Vec::new();
            for pipeline in pipelines {
                let sent: RedisResult<()> = shared.send(&pipeline).await;
                if sent.is_err() {
                    left.push(pipeline);
                }
            }
            if left.is_empty() || begun.elapsed() >= BATCH_PATIENCE {
                break;
            }
            pipelines = left;
            sleep(BATCH_PAUSE).await;
        }
        batch.clear();
    }
}

/// The commands, apart by hash tag: those of the institution, and those of each instance that gets answers.
fn pipelines(shared: &Shared, institution: &str, batch: &[Write]) -> Vec<Pipeline> {
    let mut own = Pipeline::new();
    let mut answers: Vec<(&Arc<str>, Pipeline)> = Vec::new();
    for write in batch {
        match write {
            Write::Own { key, keep } => {
                let keep = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX).max(1);
                let name = shared.names.owner(institution, key);
                own.cmd("SET").arg(name).arg(&*shared.instance).arg("PX").arg(keep).ignore();
            }
            Write::HandOver { to, answer } => {
                let name = shared.names.answers(to);
                let place = answers.iter().position(|(other, _)| *other == to).unwrap_or_else(|| {
                    answers.push((to, Pipeline::new()));
                    answers.len() - 1
                });
                let Some((_, pipeline)) = answers.get_mut(place) else { continue };
                pipeline.cmd("XADD").arg(&name).arg("MAXLEN").arg("~").arg(ANSWERS_MAX).arg("*");
                pipeline.arg("institution").arg(institution).arg("line").arg(&*answer.line);
                pipeline.arg("incarnation").arg(answer.incarnation).arg("bytes").arg(&*answer.bytes).ignore();
                let keep = u64::try_from(ANSWERS_KEEP.as_millis()).unwrap_or(u64::MAX);
                pipeline.cmd("PEXPIRE").arg(name).arg(keep).ignore();
            }
        }
    }
    let own = (!own.is_empty()).then_some(own);
    own.into_iter().chain(answers.into_iter().map(|(_, pipeline)| pipeline)).collect()
}

/// Looks for the owner of a key, which may be written a little later than the answer comes.
pub(super) async fn look_up(shared: &Shared, institution: &str, key: Key) -> News {
    let name = shared.names.owner(institution, &HashedKey::of(&key));
    let mut get = Pipeline::new();
    get.cmd("GET").arg(name);
    let begun = Instant::now();
    let mut pause = LOOK_PAUSE_MIN;
    loop {
        let found: RedisResult<(Option<String>,)> = shared.send(&get).await;
        if let Ok((Some(owner),)) = found {
            let owner = match *owner == *shared.instance {
                true => KeyOwner::Nobody,
                false => KeyOwner::Instance(owner.into()),
            };
            return News::Owner { key, owner };
        }
        if begun.elapsed() + pause >= shared.terms.owner_timeout {
            return News::Owner { key, owner: KeyOwner::Nobody };
        }
        sleep(pause).await;
        pause = (pause * 2).min(LOOK_PAUSE_MAX);
    }
}
