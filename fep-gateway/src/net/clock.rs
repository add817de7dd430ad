//! The only module that reads the wall clock and the randomness of the operating system.
//!
//! Instants are those of Tokio everywhere in the gateway. A simulation moves them.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fep_protocol::exchange::ExchangeId;
use fep_protocol::terms::Now;
use tokio::time::Instant;

use crate::business_clock::BusinessClock;
use crate::ground::Ground;

/// The clocks. The steady clock counts from the gateway's start. This type also creates the names of exchanges, because
/// they begin with the time.
pub struct Clock {
    started: Instant,
    wall_ms: Box<dyn Fn() -> i64 + Send + Sync>,
    /// `None`: the business clock shows what the wall clock shows.
    business: Option<BusinessClock>,
    /// What the names of this process end with.
    origin: AtomicU16,
    seeds: AtomicU64,
    last_ms: AtomicI64,
    serial: AtomicU32,
}

impl Default for Clock {
    fn default() -> Self {
        // In a container every gateway has the same process id. Only the randomness of the operating system distinguishes
        // gateways.
        Self::new(system_ms, RandomState::new().build_hasher().finish())
    }
}

impl Clock {
    /// Starts the steady clock now. `wall_ms` is the wall clock, in milliseconds since 1970. `random` makes names and seeds
    /// differ between processes.
    fn new(wall_ms: impl Fn() -> i64 + Send + Sync + 'static, random: u64) -> Self {
        Self {
            started: Instant::now(),
            wall_ms: Box::new(wall_ms),
            business: None,
            origin: AtomicU16::new(lowest(random)),
            seeds: AtomicU64::new(random),
            last_ms: AtomicI64::new(0),
            serial: AtomicU32::new(0),
        }
    }

    /// The clocks of this ground.
    pub(crate) fn on(ground: &Ground) -> Self {
        match ground {
            Ground::Machine => Self::default(),
            #[cfg(feature = "simulation")]
            Ground::Simulated(simulated) => {
                let wall_ms = std::sync::Arc::clone(&simulated.wall_ms);
                Self::new(move || wall_ms(), simulated.seed)
            }
        }
    }

    /// The same clocks with this business clock, which a test can set.
    pub(crate) fn with_business(self, business: Option<BusinessClock>) -> Self {
        Self { business, ..self }
    }

    /// Gives the names of this process an end that no other gateway with the same journal has: the number of its run. Without it, the end is
    /// random.
    pub(crate) fn set_run(&self, run: u64) {
        self.origin.store(lowest(run), Ordering::Relaxed);
    }

    /// Reads the clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        let wall_ms = (self.wall_ms)();
        let business_ms = self.business.as_ref().map_or(wall_ms, |business| business.now_ms(wall_ms));
        Now { steady: self.started.elapsed(), wall_ms, business_ms }
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
        ExchangeId::new(ms, serial, self.origin.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// The lowest 16 bits.
fn lowest(number: u64) -> u16 {
    let [.., high, low] = number.to_be_bytes();
    u16::from_be_bytes([high, low])
}

fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
