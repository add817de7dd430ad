//! Idempotency keys: one key, one exchange, also when two requests with it arrive at the same time.
//!
//! The index knows a key only after the facts of its exchange were applied. Until then the key is here.
//!
//! After a key is reserved, the index is asked whether an earlier exchange has it. Until that is known, and the new exchange is at its institution,
//! nobody else is told its name, because it may never exist. Another request with the same key waits until then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use fep_protocol::exchange::{Exchange, ExchangeId};

use super::indexer::IndexQueue;
use super::store::FactNumber;

/// The keys that the index may not know yet. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    slots: Arc<Mutex<Slots>>,
    index: Arc<IndexQueue>,
    /// Wakes those who wait for keys in question.
    decided: Arc<Notify>,
}

type Name = (Box<str>, Box<str>);

#[derive(Debug)]
struct Slots {
    by_name: HashMap<Name, Slot>,
    /// The number of slots at which those are swept out that the index knows by now. It is at least twice the number that
    /// the last sweep left, so that a sweep costs little for each key.
    sweep_at: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    exchange: ExchangeId,
    digest: [u8; 16],
    /// Whether the exchange is at its institution. Before, it may never exist.
    runs: bool,
    /// After the end of the exchange: the last fact that was stored by then.
    ended: Option<FactNumber>,
}

/// What a slot says to a body with some digest.
pub(super) enum SlotState {
    /// It is not known yet whether its exchange will run. Ask again when this completes.
    InQuestion(Decided),
    Running(ExchangeId),
    OtherBody(ExchangeId),
    /// The index will know its outcome.
    Ended(ExchangeId),
}

/// Completes when a key that was in question may be so no more.
pub(super) type Decided = OwnedNotified;

/// A reserved key. It is released when this is dropped, after the exchange has ended.
#[derive(Debug)]
pub struct KeyTicket {
    keys: Keys,
    name: Name,
    /// The digest of the body that the key stands for.
    pub digest: [u8; 16],
    /// The key as its caller gave it, if the journal has it in another form.
    pub(super) given: Option<Box<str>>,
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
    /// It is not known yet whether the exchange that has it will run. Ask again when this completes.
    InQuestion(Decided),
    /// This exchange had the key and has ended. The index will know its outcome.
    Recent(ExchangeId),
    /// There are too many keys that the index does not know yet.
    Full,
}

/// The least number of keys for a sweep.
const SWEEP_MIN: usize = 4096;

/// The maximum number of keys. More can only be there if the index has not been written for long.
pub(super) const KEYS_MAX: usize = 1_000_000;

impl Keys {
    pub(super) fn new(index: Arc<IndexQueue>) -> Self {
        let slots = Slots { by_name: HashMap::new(), sweep_at: SWEEP_MIN };
        Self { slots: Arc::new(Mutex::new(slots)), index, decided: Arc::default() }
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
        match slots.by_name.get(&name).map(|slot| self.state(slot, digest)) {
            Some(SlotState::InQuestion(decided)) => Reservation::InQuestion(decided),
            Some(SlotState::Ended(ended)) if Some(ended) != out_of_the_way => Reservation::Recent(ended),
            Some(SlotState::Running(running)) => Reservation::Taken(KeyState::Running(running)),
            Some(SlotState::OtherBody(running)) => Reservation::Taken(KeyState::OtherBody(running)),
            None if slots.by_name.len() >= KEYS_MAX => Reservation::Full,
            Some(SlotState::Ended(_)) | None => {
                slots.by_name.insert(name.clone(), Slot { exchange, digest, runs: false, ended: None });
                Reservation::Reserved(KeyTicket { keys: self.clone(), name, digest, given: None })
            }
        }
    }

    /// Who has a key, without taking it. `None` if no exchange of this run had it lately.
    pub(super) fn look(&self, institution: &str, key: &str, digest: [u8; 16]) -> Option<SlotState> {
        let name: Name = (institution.into(), key.into());
        self.slots().by_name.get(&name).map(|slot| self.state(slot, digest))
    }

    /// What a slot says. The slots are locked, so that no decision is missed.
    fn state(&self, slot: &Slot, digest: [u8; 16]) -> SlotState {
        match slot.ended {
            Some(_) => SlotState::Ended(slot.exchange),
            None if !slot.runs => SlotState::InQuestion(Arc::clone(&self.decided).notified_owned()),
            None if slot.digest == digest => SlotState::Running(slot.exchange),
            None => SlotState::OtherBody(slot.exchange),
        }
    }

    fn release(&self, name: &Name) {
        let stored = self.index.stored();
        let mut slots = self.slots();
        if let Some(slot) = slots.by_name.get_mut(name) {
            slot.ended = Some(stored);
        }
        self.decided.notify_waiters();
        if slots.by_name.len() >= slots.sweep_at {
            let applied = self.index.applied();
            slots.by_name.retain(|_, slot| slot.ended.is_none_or(|stored| stored > applied));
            slots.sweep_at = SWEEP_MIN.max(slots.by_name.len() * 2);
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        // Each change is a single call, so the slots are valid even after a panic elsewhere.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyTicket {
    /// The key, as the journal has it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.name.1
    }

    /// The key, as its caller gave it.
    #[must_use]
    pub fn given(&self) -> &str {
        self.given.as_deref().unwrap_or(&self.name.1)
    }

    /// The exchange is at its institution, which knows it by its name.
    pub fn runs(&self) {
        if let Some(slot) = self.keys.slots().by_name.get_mut(&self.name) {
            slot.runs = true;
        }
        self.keys.decided.notify_waiters();
    }

    /// The request of this key goes on as another exchange.
    pub fn moves_to(&self, exchange: ExchangeId) {
        if let Some(slot) = self.keys.slots().by_name.get_mut(&self.name) {
            slot.exchange = exchange;
        }
    }
}

impl Drop for KeyTicket {
    fn drop(&mut self) {
        self.keys.release(&self.name);
    }
}

impl KeyState {
    pub(crate) fn known(exchange: Exchange, same_body: bool) -> Self {
        match (same_body, exchange.outcome) {
            (false, _) => Self::OtherBody(exchange.id),
            (true, None) => Self::Running(exchange.id),
            (true, Some(_)) => Self::Ended(Box::new(exchange)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserve(keys: &Keys, number: u32) -> Reservation {
        keys.reserve("bank-a", &number.to_string(), [0; 16], ExchangeId::new(0, number, 0), None)
    }

    fn ticket(keys: &Keys, number: u32) -> KeyTicket {
        let Reservation::Reserved(ticket) = reserve(keys, number) else { panic!("key {number} is free") };
        ticket
    }

    #[test]
    fn running_keys_stay_and_ended_ones_go_when_the_index_knows_them() {
        let keys = Keys::new(Arc::new(IndexQueue::new(0)));
        let running: Vec<_> = (0..10_000).map(|number| ticket(&keys, number)).collect();
        running.iter().for_each(KeyTicket::runs);
        for number in 10_000..100_000 {
            drop(ticket(&keys, number));
            let Slots { by_name, sweep_at } = &*keys.slots();
            assert!(by_name.len() <= *sweep_at && *sweep_at <= 2 * 20_000, "{} of {sweep_at}", by_name.len());
        }
        assert!(matches!(reserve(&keys, 9_999), Reservation::Taken(KeyState::Running(_))));
        drop(running);
        assert!(matches!(reserve(&keys, 9_999), Reservation::Recent(_) | Reservation::Reserved(_)));
    }

    #[tokio::test]
    async fn nobody_is_told_the_name_of_an_exchange_that_may_never_exist() {
        let keys = Keys::new(Arc::new(IndexQueue::new(0)));
        let first = ticket(&keys, 1);
        let Reservation::InQuestion(decided) = reserve(&keys, 1) else { panic!("the index is being asked") };
        let waits = tokio::spawn(decided);
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        first.runs();
        waits.await.unwrap();
        assert!(matches!(reserve(&keys, 1), Reservation::Taken(KeyState::Running(_))));
        let second = ticket(&keys, 2);
        let Reservation::InQuestion(decided) = reserve(&keys, 2) else { panic!("the index is being asked") };
        // It is decided before anybody waits.
        drop(second);
        decided.await;
        assert!(matches!(reserve(&keys, 2), Reservation::Recent(_)));
    }

    #[test]
    fn keys_that_the_index_does_not_know_stay_and_are_bounded() {
        let index = Arc::new(IndexQueue::new(0));
        let keys = Keys::new(Arc::clone(&index));
        index.push(1, vec![fep_protocol::fact::Fact::new("bank-a".into(), 0)]);
        let bound = u32::try_from(KEYS_MAX).unwrap();
        (0..bound).for_each(|number| drop(ticket(&keys, number)));
        assert!(matches!(reserve(&keys, 0), Reservation::Recent(_)));
        assert!(matches!(reserve(&keys, bound), Reservation::Full));
    }
}
