//! The only module that reads clocks.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fep_protocol::exchange::ExchangeId;
use fep_protocol::terms::Now;

/// Both clocks. The steady clock counts from the gateway's start. This type also creates the names of exchanges, because
/// they begin with the time.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    random: u64,
    seeds: AtomicU64,
    last_ms: AtomicI64,
    serial: AtomicU32,
}

impl Default for Clock {
    fn default() -> Self {
        // In a container every gateway has the same process id. Only the randomness of the operating system distinguishes
        // gateways.
        let random = RandomState::new().build_hasher().finish();
        Self {
            started: Instant::now(),
            random,
            seeds: AtomicU64::new(random),
            last_ms: AtomicI64::new(0),
            serial: AtomicU32::new(0),
        }
    }
}

impl Clock {
    /// Reads both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { steady: self.started.elapsed(), wall_ms: wall_ms() }
    }

    /// The instant at which the steady clock shows this time.
    #[must_use]
    pub fn instant(&self, steady: Duration) -> Instant {
        self.started.checked_add(steady).unwrap_or_else(|| Instant::now() + Duration::from_secs(3600))
    }

    /// A seed for jitter. It differs for each call and in each process.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seeds.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed)
    }

    /// Creates a new name. Names sort by time, even if the wall clock is set back. Two processes do not create the same
    /// names.
    #[must_use]
    pub fn name(&self, now: Now) -> ExchangeId {
        let ms = self.last_ms.fetch_max(now.wall_ms, Ordering::Relaxed).max(now.wall_ms);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let [.., high, low] = self.random.to_be_bytes();
        ExchangeId::new(ms, serial, u16::from_be_bytes([high, low]))
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
