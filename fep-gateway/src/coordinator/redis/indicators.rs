//! What the requests to one institution came to in the last minute at each instance: told with each report, and read at the same time.
//!
//! The values are for people. A value that cannot be read, or is too large, is left where it is and counted.

mod stored;

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use fep_protocol::indicators::{HEARD_MAX, Heard, Indicators, OLD_MAX, Other};
use redis::{RedisResult, Script};
use tokio::sync::watch;

use self::stored::{STAMP_DIGITS, StoredIndicators, TEXT_MAX_BYTES};
use super::Shared;

/// Stores the own value with the time of Redis, and returns that time, the number of values that are too large, and the values of others as
/// field, text, field, text. What is very old is removed: its instance is gone. A hash with too many fields is begun anew, because each instance
/// soon tells its value again.
static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local time = redis.call('TIME')
         local now = time[1] * 1000 + math.floor(time[2] / 1000)
         local keep, digits, fields_max, bytes_max = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
         local kind = redis.call('TYPE', KEYS[1]).ok
         if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', KEYS[1]) end
         if redis.call('HLEN', KEYS[1]) > fields_max then redis.call('DEL', KEYS[1]) end
         local stamp = string.format('%0' .. digits .. '.0f', now)
         redis.call('HSET', KEYS[1], ARGV[1], stamp .. ' ' .. ARGV[2])
         redis.call('PEXPIRE', KEYS[1], keep)
         local all, others, large = redis.call('HGETALL', KEYS[1]), {}, 0
         for at = 1, #all, 2 do
           local field, text = all[at], all[at + 1]
           local told = tonumber(string.sub(text, 1, digits))
           if field == ARGV[1] then
           elseif told and math.abs(now - told) > keep then redis.call('HDEL', KEYS[1], field)
           elseif #field + #text > bytes_max then large = large + 1
           else others[#others + 1] = field; others[#others + 1] = text end
         end
         return {now, large, others}",
    )
});

/// The maximum number of fields of the hash: more than there can be instances, because names change.
const FIELDS_MAX: usize = 2 * HEARD_MAX;

/// What the script returns.
type Read = (i64, usize, Vec<Vec<u8>>);

/// Tells the own values, and remembers what the others told. Of those that wait only the newest counts.
pub(super) async fn share(
    shared: Arc<Shared>,
    institution: Arc<str>,
    mut told: watch::Receiver<Option<Indicators>>,
    heard: Arc<Mutex<Heard>>,
) {
    let key = shared.names.indicators(&institution);
    let keep_ms = u64::try_from(OLD_MAX.max(shared.terms.lease).as_millis()).unwrap_or(u64::MAX);
    let mut was_unreadable = false;
    while told.changed().await.is_ok() {
        let Some(own) = *told.borrow_and_update() else { continue };
        let mut script = SCRIPT.key(&key);
        script.arg(&*shared.instance).arg(StoredIndicators::of(&own).text()).arg(keep_ms);
        script.arg(STAMP_DIGITS).arg(FIELDS_MAX).arg(TEXT_MAX_BYTES);
        let read: RedisResult<Read> = shared.run(&script).await;
        // If it fails, what is known grows old.
        let Ok((now_ms, large, texts)) = read else { continue };
        let (others, of_no_use) = others(&texts, now_ms);
        let unreadable = large + of_no_use;
        if unreadable > 0 && !was_unreadable {
            tracing::warn!(
                institution = &*institution,
                unreadable,
                "indicators of other gateways in Redis are of no use"
            );
        }
        was_unreadable = unreadable > 0;
        let now = shared.start.elapsed();
        heard.lock().unwrap_or_else(PoisonError::into_inner).read(others, unreadable, now);
    }
}

/// The others that can be read, and the number of values that cannot.
fn others(texts: &[Vec<u8>], now_ms: i64) -> (Vec<Other>, usize) {
    let read = texts.chunks(2).map(|pair| match pair {
        [field, text] => stored::read(field, text, now_ms),
        _ => None,
    });
    let others: Vec<Other> = read.flatten().collect();
    let unreadable = texts.len().div_ceil(2) - others.len();
    (others, unreadable)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_of_no_use_is_counted_and_the_rest_is_read() {
        let text = format!("{:0STAMP_DIGITS$} {}", 1_000, StoredIndicators::of(&Indicators::default()).text());
        let texts = ["b", &text, "c", "rubbish", "d", "", "e"].map(|text| text.as_bytes().to_vec());
        let (others, unreadable) = others(&texts, 3_500);
        assert_eq!(unreadable, 3);
        let expected =
            Other { instance: "b".into(), age: Duration::from_millis(2500), indicators: Indicators::default() };
        assert_eq!(others, [expected]);
    }
}
