//! What a connection of a client has until it ends, also when a route took it over for another protocol. It knows nothing of protocols.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::watched::RunningRequest;

/// A connection's place. Clones are handles to the same one; it is free when the last one is dropped.
#[derive(Clone, Debug)]
pub(super) struct Held {
    _one: Arc<One>,
}

#[derive(Debug)]
struct One {
    _place: Option<OwnedSemaphorePermit>,
    /// The server waits until nobody has a sender.
    _alive: mpsc::Sender<Infallible>,
}

/// A request that asks for another protocol, with its connection. Whoever takes the connection over keeps it as long as it has the connection: then it
/// counts as one whose reply is not complete.
#[derive(Clone, Debug)]
pub(super) struct Upgrading {
    _held: Held,
    _running: Arc<RunningRequest>,
}

impl Held {
    pub(super) fn new(place: Option<OwnedSemaphorePermit>, alive: mpsc::Sender<Infallible>) -> Self {
        metrics::gauge!("fep_http_connections").increment(1);
        Self { _one: Arc::new(One { _place: place, _alive: alive }) }
    }
}

impl Drop for One {
    fn drop(&mut self) {
        metrics::gauge!("fep_http_connections").decrement(1);
    }
}

impl Upgrading {
    pub(super) fn new(held: Held, running: RunningRequest) -> Self {
        Self { _held: held, _running: Arc::new(running) }
    }
}
