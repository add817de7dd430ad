//! What an instance knows of the others' indicators, and how old that is.

use std::sync::Arc;
use std::time::Duration;

use super::Indicators;

/// The maximum number of other instances whose indicators are kept.
pub const HEARD_MAX: usize = 64;

/// How long the indicators of an instance that says nothing are shown as old ones. After that they are left out.
pub const OLD_MAX: Duration = Duration::from_secs(600);

/// What is known of the others at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// The others, by name.
    pub others: Vec<Other>,
    /// The number of values that were of no use when they were read last.
    pub unreadable: usize,
}

/// What was read last. It is never the truth: other instances may have said more since, or be gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// When it was read. `None` if it never was.
    read_at: Option<Duration>,
    others: Vec<Other>,
    unreadable: usize,
}

/// The indicators of another instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// The name of the instance.
    pub instance: Arc<str>,
    /// How old its indicators are.
    pub age: Duration,
    /// What it said.
    pub indicators: Indicators,
}

impl Heard {
    /// Takes what was read now, in place of what was known. `unreadable` is the number of values that were of no use.
    pub fn read(&mut self, mut others: Vec<Other>, unreadable: usize, now: Duration) {
        others.sort_by(|one, other| one.instance.cmp(&other.instance));
        others.dedup_by(|one, other| one.instance == other.instance);
        let left_out = others.len().saturating_sub(HEARD_MAX);
        others.truncate(HEARD_MAX);
        *self = Self { read_at: Some(now), others, unreadable: unreadable.saturating_add(left_out) };
    }

    /// The others as of now. `None` if nothing could be read for longer than a lease: then they are not known.
    #[must_use]
    pub fn others(&self, lease: Duration, now: Duration) -> Option<Others> {
        let since = now.saturating_sub(self.read_at?);
        let aged = |other: &Other| Other { age: other.age.saturating_add(since), ..other.clone() };
        let is_shown = |other: &Other| other.age <= OLD_MAX.max(lease);
        (since <= lease).then(|| Others {
            others: self.others.iter().map(aged).filter(is_shown).collect(),
            unreadable: self.unreadable,
        })
    }
}

impl Other {
    /// Whether the indicators are current. An instance that was silent for longer than a lease may be gone, and its indicators
    /// belong in no sum.
    #[must_use]
    pub fn is_current(&self, lease: Duration) -> bool {
        self.age <= lease
    }
}
