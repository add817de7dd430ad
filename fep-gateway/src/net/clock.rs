//! The only place where clocks are read.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::exchange::ExchangeId;
use crate::machine::terms::Now;

/// Both clocks, the steady one counted from the gateway's start. Also names exchanges, for names begin with the time.
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
        // In a container every process has the same number: only the operating system's randomness tells gateways apart.
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
    /// One reading.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { steady: self.started.elapsed(), wall_ms: wall_ms() }
    }

    /// When the steady clock will show this.
    #[must_use]
    pub fn instant(&self, steady: Duration) -> Instant {
        self.started.checked_add(steady).unwrap_or_else(|| Instant::now() + Duration::from_secs(3600))
    }

    /// A seed for somebody's jitter: another one each time, and in each process.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seeds.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed)
    }

    /// A new name. Names sort by time, be it that the wall clock is set back; two processes do not make the same ones.
    #[must_use]
    pub fn name(&self, now: Now) -> ExchangeId {
        let ms = self.last_ms.fetch_max(now.wall_ms, Ordering::Relaxed).max(now.wall_ms);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        ExchangeId(format!("{}{:06x}{:04x}", ExchangeId::prefix(ms), serial & 0xFF_FFFF, self.random & 0xFFFF))
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
