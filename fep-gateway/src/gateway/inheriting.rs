//! Takes over from other gateways that share the journal and are gone. How their exchanges end is `journal::inherit`.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use fep_protocol::fact::TakenOver;
use tokio::time::{Instant, sleep};
use tracing::{error, warn};

use super::legacy::{JOURNAL_PATIENCE, options_of};
use super::prepared::Prepared;
use super::{Gateway, Inner, JournalError};
use crate::journal::Lane;

/// The pause between two looks for gateways that are gone.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// What one gateway takes over from others.
struct Heir {
    lane: Lane,
    /// What was taken over and is not handed to its institution yet.
    pending: Vec<(TakenOver, String)>,
    /// What may be taken over although the journal did not say so: the answer to a commit can be lost.
    doubtful: Vec<(TakenOver, String)>,
    /// Whether the last look failed, so that the log says it once.
    fails: bool,
    /// Since when the journal has worked without a break. `None` if it did not at the last look.
    works_since: Option<Instant>,
}

impl Gateway {
    /// Whether another gateway that shares the journal took over from this one. Then it stores nothing and sends nothing any more: stop it,
    /// and start it again.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        self.inner.shared.journal.is_fenced()
    }

    /// Completes when [`Gateway::is_fenced`] has become true.
    pub async fn fenced(&self) {
        while !self.is_fenced() {
            sleep(LOOK_PAUSE).await;
        }
    }
}

/// Looks for gateways that are gone, as long as this one runs.
pub(super) fn watch(inner: &Arc<Inner>) {
    if !inner.shared.journal.is_shared() {
        return;
    }
    let lane = inner.shared.journal.add_lane();
    let inner = Arc::downgrade(inner);
    let heir = Heir { lane, pending: Vec::new(), doubtful: Vec::new(), fails: false, works_since: None };
    tokio::spawn(heir.run(inner));
}

impl Heir {
    async fn run(mut self, inner: Weak<Inner>) {
        while let Some(inner) = inner.upgrade() {
            let gateway = Gateway { inner };
            let looked = self.look(&gateway).await;
            drop(gateway);
            if let Err(error) = &looked
                && !self.fails
            {
                warn!(%error, "whether other gateways are gone cannot be found out now");
            }
            self.fails = looked.is_err();
            if self.fails {
                self.works_since = None;
            }
            sleep(LOOK_PAUSE).await;
        }
    }

    async fn look(&mut self, gateway: &Gateway) -> Result<(), JournalError> {
        let shared = &gateway.inner.shared;
        // Who writes nothing takes nothing over.
        if shared.journal.trouble().is_some() {
            self.works_since = None;
            return Ok(());
        }
        self.find_out(gateway).await?;
        let over = shared.journal.over().await?;
        // When the database comes back, the leases of all are over, and each needs a moment to renew its own.
        let lease = shared.journal.lease().unwrap_or_default();
        let may_judge = self.works_since.get_or_insert_with(Instant::now).elapsed() >= lease;
        for over in over.into_iter().filter(|_| may_judge) {
            for (institution, handle) in gateway.running().iter().filter(|(name, _)| !over.taken.contains(name)) {
                // Who has the link settles what is left. If nobody has it, the one that takes it goes on.
                if !handle.statuses.may_settle() {
                    continue;
                }
                let now_ms = shared.clock.now().wall_ms;
                let taken = shared.journal.take_over(&self.lane, &over.run, institution, now_ms, JOURNAL_PATIENCE);
                let taken = taken.await;
                let entry = (over.run.clone(), institution.clone());
                if matches!(taken, Ok(true)) {
                    self.takes(gateway, entry);
                } else if !self.doubtful.contains(&entry) {
                    self.doubtful.push(entry);
                }
                taken?;
            }
        }
        let mut left = Vec::new();
        for (run, institution) in std::mem::take(&mut self.pending) {
            if let Err(error) = self.hand_over(gateway, &run, &institution).await {
                error!(%error, instance = run.instance, institution, "what another gateway left waits");
                left.push((run, institution));
            }
        }
        self.pending = left;
        Ok(())
    }

    /// What was taken over is handed to its institution, and its share is free.
    fn takes(&mut self, gateway: &Gateway, entry: (TakenOver, String)) {
        gateway.inner.shared.coordinator.fence(&entry.0.instance);
        self.pending.push(entry);
    }

    /// Finds out which takeovers are in the journal although they failed. The journal works, so it knows what became of its commits.
    async fn find_out(&mut self, gateway: &Gateway) -> Result<(), JournalError> {
        while let Some((run, institution)) = self.doubtful.last() {
            let is_ours = gateway.inner.shared.journal.has_taken_over(run, institution).await?;
            if let Some(entry) = self.doubtful.pop().filter(|_| is_ours) {
                self.takes(gateway, entry);
            }
        }
        Ok(())
    }

    /// Hands what was taken over to its institution. One that has stopped does it at its next start.
    async fn hand_over(&self, gateway: &Gateway, run: &TakenOver, institution: &str) -> Result<(), JournalError> {
        let Some(handle) = gateway.find_handle(institution) else { return Ok(()) };
        let shared = &gateway.inner.shared;
        let config = gateway.inner.reloads.config();
        let Some(config) = config.institutions.get(institution).cloned() else { return Ok(()) };
        let prepared = Prepared { config, catalogue: Arc::clone(&handle.catalogue) };
        let one = BTreeMap::from([(institution.to_owned(), prepared)]);
        let options = options_of(&one, shared.clock.now().wall_ms);
        let left = shared.journal.inherit(&self.lane, run, options, JOURNAL_PATIENCE).await?;
        handle.inherit(left).await;
        Ok(())
    }
}
