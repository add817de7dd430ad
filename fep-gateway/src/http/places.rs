//! The places of clients' connections. If all are taken and another client comes, the one that has been idle for the longest time gives
//! its place. A client whose request has come keeps it; one that sends the head of a request slowly has none.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    /// The idle clients, the first one since the longest time.
    clients: BTreeMap<u64, oneshot::Sender<()>>,
    next: u64,
    /// The number of clients that wait for a place.
    waiting: usize,
    /// A place is needed, and nobody was idle: the next client that is idle gives its own. Not if nobody waits.
    is_wanted: bool,
}

/// A client that waits for a place, until the value is dropped.
struct Waiter<'p>(&'p Places);

/// A client that is idle.
#[derive(Debug)]
pub(super) struct IdleClient {
    places: Arc<Places>,
    number: u64,
    asked: oneshot::Receiver<()>,
    was_asked: bool,
    gives: bool,
}

impl Places {
    pub(super) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(count)), idle: Mutex::default() })
    }

    /// Takes a place, if need be that of an idle client.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(place);
        }
        let _waiter = Waiter::new(self);
        self.ask();
        // The semaphore is never closed.
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// A client is idle, until the value is dropped.
    pub(super) fn idle_client(self: &Arc<Self>) -> IdleClient {
        let (ask, asked) = oneshot::channel();
        let mut idle = self.idle();
        idle.next += 1;
        let number = idle.next;
        if std::mem::take(&mut idle.is_wanted) {
            // The receiver is here.
            let _ = ask.send(());
        } else {
            idle.clients.insert(number, ask);
        }
        IdleClient { places: Arc::clone(self), number, asked, was_asked: false, gives: false }
    }

    /// Asks an idle client for its place, if somebody waits for one.
    fn ask(&self) {
        let mut idle = self.idle();
        if idle.waiting == 0 {
            return;
        }
        while let Some((_, client)) = idle.clients.pop_first() {
            if client.send(()).is_ok() {
                return;
            }
        }
        idle.is_wanted = true;
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // The state is valid after every single change, so a panic elsewhere does not damage it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'p> Waiter<'p> {
    fn new(places: &'p Places) -> Self {
        places.idle().waiting += 1;
        Self(places)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut idle = self.0.idle();
        idle.waiting -= 1;
        idle.is_wanted &= idle.waiting > 0;
    }
}

impl IdleClient {
    /// Completes when the client has to give its place: it is asked, and nothing of it has come that is not read yet.
    pub(super) fn poll_gives(&mut self, cx: &mut Context<'_>, has_come: impl FnOnce() -> bool) -> Poll<()> {
        if !self.was_asked {
            self.was_asked = Pin::new(&mut self.asked).poll(cx).is_ready();
        }
        if !self.was_asked || has_come() {
            return Poll::Pending;
        }
        self.gives = true;
        Poll::Ready(())
    }
}

impl Drop for IdleClient {
    fn drop(&mut self) {
        self.places.idle().clients.remove(&self.number);
        if !self.gives && (self.was_asked || self.asked.try_recv().is_ok()) {
            // It was asked, but its request came first.
            self.places.ask();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn gives(client: &mut IdleClient, has_come: bool) -> bool {
        client.poll_gives(&mut Context::from_waker(Waker::noop()), || has_come).is_ready()
    }

    fn is_asked(client: &mut IdleClient) -> bool {
        gives(client, false)
    }

    /// A place for which a client waits.
    async fn wanted(places: &Arc<Places>) -> tokio::task::JoinHandle<Option<OwnedSemaphorePermit>> {
        let waits = Arc::clone(places);
        let task = tokio::spawn(async move { waits.take().await });
        tokio::task::yield_now().await;
        task
    }

    #[tokio::test]
    async fn the_client_that_is_idle_for_the_longest_time_is_asked() {
        let places = Places::new(2);
        let taken = [places.take().await, places.take().await];
        let mut clients = [places.idle_client(), places.idle_client()];
        let waiting = wanted(&places).await;
        let [first, second] = &mut clients;
        assert!(is_asked(first) && !is_asked(second));
        drop(taken);
        assert!(waiting.await.unwrap().is_some());
        assert!(!is_asked(second), "one place was enough");
    }

    #[tokio::test]
    async fn who_was_asked_and_has_a_request_now_passes_it_on() {
        let places = Places::new(2);
        let _taken = [places.take().await, places.take().await];
        let first = places.idle_client();
        let mut second = places.idle_client();
        let _waiting = wanted(&places).await;
        drop(first);
        assert!(is_asked(&mut second));
    }

    #[tokio::test]
    async fn who_is_asked_while_its_request_comes_passes_it_on() {
        let places = Places::new(2);
        let _taken = [places.take().await, places.take().await];
        let mut first = places.idle_client();
        let mut second = places.idle_client();
        let _waiting = wanted(&places).await;
        assert!(!gives(&mut first, true) && !gives(&mut first, true) && !is_asked(&mut second));
        drop(first);
        assert!(is_asked(&mut second));
    }

    #[tokio::test]
    async fn who_is_asked_while_a_part_of_a_request_comes_gives_its_place_then() {
        let places = Places::new(2);
        let _taken = [places.take().await, places.take().await];
        let mut first = places.idle_client();
        let mut second = places.idle_client();
        let _waiting = wanted(&places).await;
        assert!(!gives(&mut first, true) && gives(&mut first, false));
        drop(first);
        assert!(!is_asked(&mut second), "one place was enough");
    }

    #[tokio::test]
    async fn the_next_idle_client_is_asked_but_not_the_one_that_took_the_place() {
        let places = Places::new(1);
        let taken = places.take().await;
        let waiting = wanted(&places).await;
        assert!(is_asked(&mut places.idle_client()));

        // The place becomes free in another way.
        places.ask();
        drop(taken);
        let _place = waiting.await.unwrap();
        assert!(!is_asked(&mut places.idle_client()), "nobody needs it any more");
    }

    #[tokio::test]
    async fn who_was_asked_for_somebody_who_waits_no_more_asks_nobody() {
        let places = Places::new(1);
        let taken = places.take().await;
        let asked = places.idle_client();
        let waiting = wanted(&places).await;
        drop(taken);
        let _place = waiting.await.unwrap();
        drop(asked);
        assert!(!is_asked(&mut places.idle_client()), "the next client that comes keeps its place");

        let gone = wanted(&places).await;
        gone.abort();
        assert!(gone.await.is_err());
        assert!(!is_asked(&mut places.idle_client()), "who waited is gone");
    }
}
