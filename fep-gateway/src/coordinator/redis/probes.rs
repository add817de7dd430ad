//! Which instance sends the echo test for a tripped breaker: a key with a lease, which the first one gets that asks in a generation.

use std::sync::LazyLock;
use std::time::Duration;

use fep_protocol::breaker::BreakerScope;
use redis::{RedisResult, Script};

use super::Shared;

/// The longest lease, in milliseconds: a year. Redis refuses times that overflow its clock.
const LEASE_MAX_MS: u64 = 366 * 86_400_000;

/// Takes the lease, unless another instance has it in this generation or a newer one. The value is the generation, in digits that sort as it
/// does, and the name of the instance.
static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kind = redis.call('TYPE', KEYS[1]).ok
         local known = kind == 'string' and redis.call('GET', KEYS[1])
         if known and known ~= ARGV[1] .. ARGV[2] and string.sub(known, 1, 20) >= ARGV[1] then return 0 end
         redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
         return 1",
    )
});

/// Whether this instance sends the echo test. While Redis is away, it does: each instance has breakers of its own then.
pub(super) async fn may_send(
    shared: &Shared,
    institution: &str,
    scope: &BreakerScope,
    generation: u64,
    lease: Duration,
) -> bool {
    let name = shared.names.echo_test(institution, scope);
    let mut script = SCRIPT.key(&name);
    let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX).clamp(1, LEASE_MAX_MS);
    script.arg(format!("{generation:020}")).arg(&*shared.instance).arg(lease_ms);
    let may: RedisResult<bool> = shared.run(&script).await;
    may.unwrap_or(true)
}
