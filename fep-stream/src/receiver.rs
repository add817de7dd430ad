//! [`Receiver`]: one task that reads the feeds, orders their telegrams and hands them to all consumers.

mod task;
mod build;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use self::build::{BuildError, ReceiverBuilder};
use crate::consumer::Consumer;
use crate::counts::Counts;
use crate::policy::Policy;

/// A receiver that runs. Dropping it stops it, as [`Receiver::stop`] does, without waiting.
#[derive(Debug)]
pub struct Receiver {
    commands: mpsc::Sender<Command>,
    counts: Arc<Mutex<Counts>>,
    /// `None` when its end was seen.
    task: Option<JoinHandle<()>>,
}

/// What the task is asked for, between two reads.
#[derive(Debug)]
enum Command {
    Join(Policy, oneshot::Sender<Consumer>),
    Stop,
}

/// The receiver has stopped: all its feeds have ended, or it was told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl Receiver {
    /// A new consumer. It gets a [`Snapshot`](crate::Event::Snapshot) of the last telegrams first, and then everything behind it: nothing
    /// twice, and nothing left out.
    ///
    /// # Errors
    /// If the receiver has stopped.
    pub async fn join(&self, policy: Policy) -> Result<Consumer, Stopped> {
        let (sender, joined) = oneshot::channel();
        self.commands.send(Command::Join(policy, sender)).await.map_err(|_| Stopped)?;
        joined.await.map_err(|_| Stopped)
    }

    /// What the receiver has seen so far. It is usually at most 50 ms old; after the end it is exact.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops the receiver. Each consumer still gets what is in its buffer, and then [`Event::Ended`](crate::Event::Ended).
    pub async fn stop(mut self) {
        let _ = self.commands.send(Command::Stop).await;
        self.ended().await;
    }

    /// Waits until all feeds have ended, as a recording does. It returns at once if they have. If the call is cancelled, it can be made again.
    pub async fn ended(&mut self) {
        if let Some(task) = &mut self.task {
            let _ = task.await;
            self.task = None;
        }
    }
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the receiver has stopped: its feeds have ended, or it was told to")
    }
}

impl std::error::Error for Stopped {}
