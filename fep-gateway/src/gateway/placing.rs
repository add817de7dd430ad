//! Asks the database for the places of shared lines, and tells the institutions. The rule is `fep_protocol::places`; what follows for a line
//! is in `net::institution`.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use fep_protocol::exchange::{LineStatus, PlaceState};
use fep_protocol::places::{PlaceKey, PlaceNow, PlaceTerms, PlaceWord, Places};
use tokio::time::sleep;
use tracing::warn;

use super::{Gateway, Inner, JournalError};
use crate::net::institution::Handle;

/// The places of all institutions, as this gateway has them.
struct Placing {
    places: Places,
    /// Whether the last look failed, so that the log says it once.
    fails: bool,
}

/// The lines of institutions that run.
type Lines = BTreeMap<PlaceKey, (Arc<Handle>, usize)>;

impl Gateway {
    /// The gateway that has a line of this institution on which requests are sent. `None` if none is known to have one.
    #[must_use]
    pub fn holder(&self, institution: &str) -> Option<String> {
        let lines = self.find_handle(institution)?.statuses.lines();
        let sends = |line: &&LineStatus| line.duty != "receive" && line.duty != "answer" && line.stopped.is_none();
        let places: Vec<_> = lines.iter().filter(sends).map(|line| line.place.as_ref()).collect();
        if places.iter().any(|place| place.is_none_or(|place| place.state == PlaceState::Here)) {
            return Some(self.inner.shared.coordinator.instance().to_string());
        }
        places.into_iter().flatten().find_map(|place| place.holders.first().cloned())
    }
}

/// Asks for places, as long as the gateway runs.
pub(super) fn watch(inner: &Arc<Inner>) {
    let Some(lease) = inner.shared.journal.lease() else { return };
    let places = Places::new(inner.shared.coordinator.instance(), PlaceTerms { lease });
    tokio::spawn(Placing { places, fails: false }.run(Arc::downgrade(inner)));
}

impl Placing {
    async fn run(mut self, inner: Weak<Inner>) {
        while let Some(inner) = inner.upgrade() {
            let gateway = Gateway { inner };
            let looked = self.look(&gateway).await;
            drop(gateway);
            if let Err(error) = &looked
                && !self.fails
            {
                warn!(%error, "which gateway has which link cannot be found out now");
            }
            self.fails = looked.is_err();
            sleep(self.places.terms().look_pause()).await;
        }
    }

    async fn look(&mut self, gateway: &Gateway) -> Result<(), JournalError> {
        let shared = &gateway.inner.shared;
        let (lines, now) = lines(gateway);
        let asked = self.places.ask(&now);
        if lines.is_empty() && asked.release.is_empty() {
            return Ok(());
        }
        let asked_at = shared.clock.now().steady;
        let seen = shared.journal.look_at_places(asked.clone()).await?;
        let seen_at = shared.clock.now().steady;
        // Of a place that is given back now, the institution has closed its link already.
        let (words, take) = self.places.saw(&asked, &seen, asked_at, seen_at);
        tell(&lines, words);
        if !take.is_empty() {
            let asked_at = shared.clock.now().steady;
            let taken = shared.journal.take_places(take).await?;
            tell(&lines, self.places.took(taken, asked_at));
        }
        Ok(())
    }
}

/// All shared lines, and what this gateway does with each.
fn lines(gateway: &Gateway) -> (Lines, BTreeMap<PlaceKey, PlaceNow>) {
    let mut lines = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (institution, handle) in gateway.running().iter() {
        for (line, name, now) in handle.statuses.places() {
            let key = PlaceKey { institution: institution.as_str().into(), line: name.into(), number: 0 };
            all.insert(key.clone(), PlaceNow { is_wanted: now.is_wanted && !handle.is_leaving(), ..now });
            lines.insert(key, (Arc::clone(handle), line));
        }
    }
    (lines, all)
}

fn tell(lines: &Lines, words: Vec<(PlaceKey, PlaceWord)>) {
    for (key, word) in words {
        if let Some((handle, line)) = lines.get(&key) {
            handle.place(*line, word);
        }
    }
}
