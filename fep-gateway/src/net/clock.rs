//! The only place where clocks are read.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::exchange::ExchangeId;
use crate::machine::terms::Now;

/// Both clocks, the steady one counted from the gateway's start. Also names exchanges, for names begin with the time.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    process: u32,
    last_ms: AtomicI64,
    serial: AtomicU32,
}

impl Default for Clock {
    fn default() -> Self {
        let process = std::process::id() ^ u32::try_from(wall_ms() & 0xFFFF).unwrap_or(0);
        Self { started: Instant::now(), process, last_ms: AtomicI64::new(0), serial: AtomicU32::new(0) }
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

    /// A number nobody can guess well enough to matter: the seed of the jitter.
    #[must_use]
    pub fn seed(&self) -> u64 {
        u64::from(self.process).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::try_from(wall_ms()).unwrap_or(0)
    }

    /// A new name. Names sort by time, be it that the wall clock is set back; two processes do not make the same ones.
    #[must_use]
    pub fn name(&self, now: Now) -> ExchangeId {
        let ms = self.last_ms.fetch_max(now.wall_ms, Ordering::Relaxed).max(now.wall_ms);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        ExchangeId(format!("{ms:012x}{:06x}{:04x}", serial & 0xFF_FFFF, self.process & 0xFFFF))
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
