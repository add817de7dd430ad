//! Idempotency keys: one key, one exchange, also when two requests with it arrive at the same time.
//!
//! The index knows a key only after the facts of its exchange were applied. Until then the key is here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fep_protocol::exchange::{Exchange, ExchangeId};

use super::indexer::IndexQueue;
use super::store::FactNumber;

/// The keys that the index may not know yet. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    slots: Arc<Mutex<HashMap<Name, Slot>>>,
    index: Arc<IndexQueue>,
}

type Name = (Box<str>, Box<str>);

#[derive(Clone, Copy, Debug)]
struct Slot {
    exchange: ExchangeId,
    digest: [u8; 16],
    /// After the end of the exchange: the last fact that was stored by then.
    ended: Option<FactNumber>,
}

/// A reserved key. It is released when this is dropped, after the exchange has ended.
#[derive(Debug)]
pub struct KeyTicket {
    keys: Keys,
    name: Name,
    /// The digest of the body that the key stands for.
    pub digest: [u8; 16],
}

/// The state of an idempotency key.
#[derive(Debug)]
pub enum KeyState {
    /// The key is free and is now reserved.
    Reserved(KeyTicket),
    /// An exchange with this key and the same body still runs.
    Running(ExchangeId),
    /// An exchange with this key and the same body has ended.
    Ended(Box<Exchange>),
    /// An exchange with this key has another body.
    OtherBody(ExchangeId),
}

/// What is known about a key without reading the index.
pub(super) enum Reservation {
    /// No exchange of this run has the key, or the given one had it and is out of the way. The index must be asked.
    Reserved(KeyTicket),
    /// The key is in use.
    Taken(KeyState),
    /// This exchange had the key and has ended. The index will know its outcome.
    Recent(ExchangeId),
}

/// The number of keys at which those are swept out that the index knows by now.
const SWEEP_AT: usize = 4096;

impl Keys {
    pub(super) fn new(index: Arc<IndexQueue>) -> Self {
        Self { slots: Arc::default(), index }
    }

    /// Reserves a key. `out_of_the_way` is an ended exchange that had the key and certainly was not sent.
    pub(super) fn reserve(
        &self,
        institution: &str,
        key: &str,
        digest: [u8; 16],
        exchange: ExchangeId,
        out_of_the_way: Option<ExchangeId>,
    ) -> Reservation {
        let name: Name = (institution.into(), key.into());
        let mut slots = self.slots();
        match slots.get(&name) {
            Some(slot) if slot.ended.is_some() && Some(slot.exchange) != out_of_the_way => {
                Reservation::Recent(slot.exchange)
            }
            Some(slot) if slot.ended.is_none() && slot.digest == digest => {
                Reservation::Taken(KeyState::Running(slot.exchange))
            }
            Some(slot) if slot.ended.is_none() => Reservation::Taken(KeyState::OtherBody(slot.exchange)),
            Some(_) | None => {
                slots.insert(name.clone(), Slot { exchange, digest, ended: None });
                Reservation::Reserved(KeyTicket { keys: self.clone(), name, digest })
            }
        }
    }

    fn release(&self, name: &Name) {
        let stored = self.index.stored();
        let mut slots = self.slots();
        if let Some(slot) = slots.get_mut(name) {
            slot.ended = Some(stored);
        }
        if slots.len() >= SWEEP_AT {
            let applied = self.index.applied();
            slots.retain(|_, slot| slot.ended.is_none_or(|stored| stored > applied));
        }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Name, Slot>> {
        // Each change is a single call, so the map is valid even after a panic elsewhere.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyTicket {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.name.1
    }
}

impl Drop for KeyTicket {
    fn drop(&mut self) {
        self.keys.release(&self.name);
    }
}

impl KeyState {
    pub(super) fn known(exchange: Exchange, same_body: bool) -> Self {
        match (same_body, exchange.outcome) {
            (false, _) => Self::OtherBody(exchange.id),
            (true, None) => Self::Running(exchange.id),
            (true, Some(_)) => Self::Ended(Box::new(exchange)),
        }
    }
}
