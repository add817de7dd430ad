//! The entrance of an institution: it is closed before the institution is removed, so that no request comes behind the question whether
//! there is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Handle, TaskCommand};

/// Where requests come in.
#[derive(Debug)]
pub(super) struct Entrance {
    /// One permit for each request between its acceptance and its end.
    pub(super) permits: Arc<Semaphore>,
    permits_max: AtomicUsize,
    leaving: AtomicBool,
}

/// A closed entrance. It opens again when this value is dropped, unless [`Closed::for_ever`] was called.
#[derive(Debug)]
pub(crate) struct Closed {
    handle: Arc<Handle>,
    places: Option<OwnedSemaphorePermit>,
}

impl Entrance {
    /// An entrance for so many requests at once.
    pub(super) fn new(permits_max: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits_max)),
            permits_max: permits_max.into(),
            leaving: AtomicBool::new(false),
        }
    }

    /// Lets more requests in. Never fewer: some may be in already, and flow control holds the limits of the contract.
    pub(super) fn widen(&self, permits_max: usize) {
        let before = self.permits_max.fetch_max(permits_max, Ordering::SeqCst);
        self.permits.add_permits(permits_max.saturating_sub(before));
    }

    fn permits_max(&self) -> usize {
        self.permits_max.load(Ordering::SeqCst)
    }
}

impl Handle {
    /// Stops the institution: lets exchanges in flight end, signs off, closes the links, and waits until all that is
    /// complete.
    pub async fn stop(&self) {
        self.entrance.leaving.store(true, Ordering::SeqCst);
        // If the task is already gone, there is nothing to stop.
        let _ = self.commands.send(TaskCommand::Stop).await;
        // The lock is held during the wait, so a second call waits too.
        let mut task = self.task.lock().await;
        if let Some(running) = task.as_mut() {
            if let Err(error) = running.await {
                tracing::error!(%error, "an institution's task failed");
            }
            *task = None;
        }
    }

    /// Whether the institution stops, or takes no request because it is to stop.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.entrance.leaving.load(Ordering::SeqCst)
    }

    /// The number of requests between their acceptance and their end.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.entrance.permits_max().saturating_sub(self.entrance.permits.available_permits())
    }

    /// Closes the entrance if no request is behind it: all places are taken at once.
    ///
    /// # Errors
    /// The number of requests that have not ended. Then the entrance stays open.
    pub(crate) fn close(self: &Arc<Self>) -> Result<Closed, usize> {
        let all = u32::try_from(self.entrance.permits_max()).unwrap_or(u32::MAX);
        match Arc::clone(&self.entrance.permits).try_acquire_many_owned(all) {
            Ok(places) => {
                self.entrance.leaving.store(true, Ordering::SeqCst);
                Ok(Closed { handle: Arc::clone(self), places: Some(places) })
            }
            Err(_) => Err(self.requests().max(1)),
        }
    }
}

impl Closed {
    /// Keeps the entrance closed: the institution stops.
    pub(crate) fn for_ever(mut self) -> Arc<Handle> {
        self.places.take().into_iter().for_each(OwnedSemaphorePermit::forget);
        Arc::clone(&self.handle)
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        if self.places.take().is_some() {
            self.handle.entrance.leaving.store(false, Ordering::SeqCst);
        }
    }
}
