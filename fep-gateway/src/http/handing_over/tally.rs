//! What became of the requests that belong to the other site, counted since the gateway started.

use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, counter};

use super::Fate;
use crate::contract::sites::{HandingView, PeerView};

/// The counts.
pub(super) struct Tally {
    since_ms: i64,
    fates: [(Fate, AtomicU64, Counter); FATES.len()],
    for_others: (AtomicU64, Counter),
}

/// All fates, with their names in the metrics.
const FATES: [(Fate, &str); 7] = [
    (Fate::Served, "served"),
    (Fate::Unreachable, "unreachable"),
    (Fate::Refused, "refused"),
    (Fate::Failed, "failed"),
    (Fate::Full, "full"),
    (Fate::NoKey, "no_key"),
    (Fate::OwnCaller, "own_caller"),
];

impl Tally {
    /// Counts from now on. `site` is the other site.
    pub(super) fn new(site: &str, since_ms: i64) -> Self {
        let fates = FATES.map(|(fate, result)| {
            let labels = [("site", site.to_owned()), ("result", result.to_owned())];
            let counter = counter!("fep_handed_over_total", &labels);
            // Otherwise the first one would be no increase.
            counter.increment(0);
            (fate, AtomicU64::new(0), counter)
        });
        let for_others = counter!("fep_served_for_other_site_total");
        for_others.increment(0);
        Self { since_ms, fates, for_others: (AtomicU64::new(0), for_others) }
    }

    pub(super) fn count(&self, fate: Fate) {
        if let Some((_, count, counter)) = self.fates.iter().find(|(known, ..)| *known == fate) {
            count.fetch_add(1, Ordering::Relaxed);
            counter.increment(1);
        }
    }

    pub(super) fn served_for_other(&self) {
        self.for_others.0.fetch_add(1, Ordering::Relaxed);
        self.for_others.1.increment(1);
    }

    fn of(&self, fate: Fate) -> u64 {
        self.fates.iter().find(|(known, ..)| *known == fate).map_or(0, |(_, count, _)| count.load(Ordering::Relaxed))
    }

    pub(super) fn view(&self, gateways: Vec<PeerView>) -> HandingView {
        HandingView {
            counted_since_ms: self.since_ms,
            served: self.of(Fate::Served),
            unreachable: self.of(Fate::Unreachable),
            refused: self.of(Fate::Refused),
            failed: self.of(Fate::Failed),
            full: self.of(Fate::Full),
            no_key: self.of(Fate::NoKey),
            own_caller: self.of(Fate::OwnCaller),
            served_for_others: self.for_others.0.load(Ordering::Relaxed),
            gateways,
        }
    }
}
