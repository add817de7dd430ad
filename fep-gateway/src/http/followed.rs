//! Which exchanges clients follow, and how they hear of a change. What they are shown is not decided here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::exchange::ExchangeId;
use tokio::sync::watch;
use tokio::time::timeout;

/// How often a stream looks at its exchange without an event.
const LOOK_PAUSE: Duration = Duration::from_secs(15);

/// The exchanges that clients follow.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed(Arc<Mutex<HashMap<ExchangeId, watch::Sender<()>>>>);

/// A client that follows an exchange.
#[derive(Debug)]
pub(super) struct Follower {
    followed: Followed,
    pub(super) id: ExchangeId,
    changes: Option<watch::Receiver<()>>,
}

impl Followed {
    /// Adds a client.
    pub(super) fn follow(&self, id: ExchangeId) -> Follower {
        let changes = self.exchanges().entry(id).or_insert_with(|| watch::channel(()).0).subscribe();
        Follower { followed: self.clone(), id, changes: Some(changes) }
    }

    /// Tells the clients that follow this exchange that it has changed.
    pub(super) fn changed(&self, id: &ExchangeId) {
        self.exchanges().get(id).into_iter().for_each(|changes| changes.send_replace(()));
    }

    /// Tells all clients that their exchange may have changed.
    pub(super) fn all_changed(&self) {
        self.exchanges().values().for_each(|changes| changes.send_replace(()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exchanges().is_empty()
    }

    fn exchanges(&self) -> MutexGuard<'_, HashMap<ExchangeId, watch::Sender<()>>> {
        // The map is valid after every single change, so a panic elsewhere does not damage it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// Waits until the exchange may have changed.
    pub(super) async fn changed(&mut self) {
        let Some(changes) = &mut self.changes else { return };
        // The sender stays while there is a client. Without an event, the exchange is looked at nevertheless.
        let _ = timeout(LOOK_PAUSE, changes.changed()).await;
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut exchanges = self.followed.exchanges();
        self.changes = None;
        if exchanges.get(&self.id).is_some_and(|changes| changes.receiver_count() == 0) {
            exchanges.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_those_who_follow_an_exchange_are_told_and_nobody_is_kept() {
        let followed = Followed::default();
        let ids = [1, 2].map(|serial| ExchangeId::new(0, serial, 0));
        let mut first = followed.follow(ids[0]);
        let mut same = followed.follow(ids[0]);
        let other = followed.follow(ids[1]);
        followed.changed(&ids[0]);
        first.changed().await;
        same.changed().await;
        assert!(!other.changes.as_ref().unwrap().has_changed().unwrap());
        followed.all_changed();
        assert!(other.changes.as_ref().unwrap().has_changed().unwrap());
        drop(first);
        assert!(same.changes.as_ref().unwrap().has_changed().unwrap(), "the sender stays");
        drop((same, other));
        assert!(followed.is_empty());
    }
}
