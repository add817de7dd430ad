//! The current date and time of day, as text for the fields of a spec.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::telegrams::Stamp;

/// One reading of the clock, with date and time in their JSON form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// `2026-11-21`
    pub(super) date: String,
    /// `09:30:15`
    pub(super) time: String,
}

impl Moment {
    pub(super) fn now(utc_offset_minutes: i32) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let stamp = Stamp::new(i64::try_from(since_1970).unwrap_or_default(), utc_offset_minutes);
        Self { date: stamp.date.to_string(), time: stamp.time.to_string() }
    }
}
