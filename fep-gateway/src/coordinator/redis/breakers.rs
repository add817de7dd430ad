//! The newest state of each breaker of an institution: said here, published, and compared with what is stored each second.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use fep_protocol::breaker::{BreakerScope, BreakerSnapshot};
use fep_protocol::coordination::News;
use futures_util::StreamExt;
use redis::{RedisResult, Script};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::super::NewsSender;
use super::Shared;
use super::stored::StoredBreaker;

/// The state of a breaker, and where it comes from.
pub(super) enum Said {
    Here(BreakerSnapshot),
    Elsewhere(BreakerSnapshot),
}

/// The breakers of one institution, as far as they are known here.
pub(super) struct Breakers {
    shared: Arc<Shared>,
    institution: Arc<str>,
    news: NewsSender,
    name: String,
    known: BTreeMap<BreakerScope, BreakerSnapshot>,
}

/// Stores a state if it is newer than what is there, and publishes it. States begin with a text that sorts as they do.
static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kind = redis.call('TYPE', KEYS[1]).ok
         if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', KEYS[1]) end
         local known = redis.call('HGET', KEYS[1], ARGV[1])
         if known and string.sub(known, 1, 22) >= string.sub(ARGV[2], 1, 22) then return 0 end
         redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
         redis.call('PEXPIRE', KEYS[1], ARGV[3])
         redis.call('PUBLISH', KEYS[1], ARGV[4])
         return 1",
    )
});

/// All states. A value of another type is none.
static STORED: LazyLock<Script> = LazyLock::new(|| {
    Script::new("if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return {} end return redis.call('HGETALL', KEYS[1])")
});

/// How long states are kept that nobody compares.
const KEEP_MS: u64 = 7 * 86_400_000;

/// The pause between two comparisons with what is stored.
const COMPARE_PAUSE: Duration = Duration::from_secs(1);

/// The maximum number of breakers that are taken from the store.
const KNOWN_MAX: usize = fep_protocol::breaker::BUSINESSES_MAX + 1;

/// How long the connection for what is published may be silent until it is asked whether it is there.
const PING_PAUSE: Duration = Duration::from_secs(1);
const PING_PATIENCE: Duration = Duration::from_secs(2);

/// The pause before the next connection.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

impl Breakers {
    pub(super) fn new(shared: Arc<Shared>, institution: Arc<str>, news: NewsSender) -> Self {
        let name = shared.names.breakers(&institution);
        Self { shared, institution, news, name, known: BTreeMap::new() }
    }

    pub(super) async fn run(mut self, mut said: mpsc::Receiver<Said>) {
        let mut compare = interval(COMPARE_PAUSE);
        compare.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                said = said.recv() => match said {
                    Some(Said::Here(snapshot)) => {
                        if self.learns(&snapshot) {
                            self.store(&snapshot).await;
                        }
                    }
                    Some(Said::Elsewhere(snapshot)) => self.tell(snapshot),
                    None => return,
                },
                _ = compare.tick() => self.compare().await,
            }
        }
    }

    /// Takes what is newer in the store, and stores what is newer here: it may have lost it.
    async fn compare(&mut self) {
        let stored: RedisResult<HashMap<String, Vec<u8>>> = self.shared.run(&STORED.key(&self.name)).await;
        let Ok(stored) = stored else { return };
        let mut newest = BTreeMap::new();
        for text in stored.into_values().take(KNOWN_MAX) {
            if let Some(snapshot) = StoredBreaker::read(&text) {
                newest.insert(snapshot.scope.clone(), order(&snapshot));
                self.tell(snapshot);
            }
        }
        let is_newer = |(scope, snapshot): &(&BreakerScope, &BreakerSnapshot)| {
            newest.get(*scope).is_none_or(|stored| *stored < order(snapshot))
        };
        let lost: Vec<_> = self.known.iter().filter(is_newer).map(|(_, snapshot)| snapshot.clone()).collect();
        for snapshot in lost {
            self.store(&snapshot).await;
        }
    }

    async fn store(&self, snapshot: &BreakerSnapshot) {
        let stored = StoredBreaker::of(&self.institution, snapshot);
        let mut script = SCRIPT.key(&self.name);
        script.arg(stored.field()).arg(stored.text()).arg(KEEP_MS).arg(stored.text());
        // If it fails, the next comparison stores it.
        let _: RedisResult<u8> = self.shared.run(&script).await;
    }

    /// Passes on what is newer than what is known.
    fn tell(&mut self, snapshot: BreakerSnapshot) {
        if self.learns(&snapshot) {
            self.news.send(News::Breaker(snapshot));
        }
    }

    fn learns(&mut self, snapshot: &BreakerSnapshot) -> bool {
        let is_newer = self.known.get(&snapshot.scope).is_none_or(|known| order(known) < order(snapshot));
        let has_room = self.known.len() < KNOWN_MAX || self.known.contains_key(&snapshot.scope);
        if is_newer && has_room {
            self.known.insert(snapshot.scope.clone(), snapshot.clone());
        }
        is_newer && has_room
    }
}

/// Passes on what is published, for as long as the instance runs.
pub(super) async fn subscribe(shared: Arc<Shared>) {
    loop {
        let mut link = shared.link.subscribe();
        if link.wait_for(Option::is_some).await.is_err() {
            return;
        }
        let _ = listen(&shared).await;
        sleep(RETRY_PAUSE).await;
    }
}

/// Listens until the connection breaks.
async fn listen(shared: &Shared) -> Option<()> {
    let subscriber = shared.connector.subscriber().await.ok()?;
    let (mut sink, mut published) = subscriber.split();
    timeout(PING_PATIENCE, sink.psubscribe(shared.names.all_breakers())).await.ok()?.ok()?;
    loop {
        let Ok(message) = timeout(PING_PAUSE, published.next()).await else {
            timeout(PING_PATIENCE, sink.ping::<redis::Value>()).await.ok()?.ok()?;
            continue;
        };
        let text = message?.get_payload_bytes().to_vec();
        let Some((institution, snapshot)) = StoredBreaker::read_with_institution(&text) else { continue };
        let breakers = shared.institutions().get(&*institution).map(|institution| institution.breakers.clone());
        if let Some(breakers) = breakers {
            // If too many wait, the next comparison finds it.
            let _ = breakers.try_send(Said::Elsewhere(snapshot));
        }
    }
}

/// Of two states, the larger one is the newer one.
fn order(snapshot: &BreakerSnapshot) -> (u64, fep_protocol::breaker::BreakerState) {
    (snapshot.generation, snapshot.state)
}
