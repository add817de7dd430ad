//! Banks that connect to the gateway, and the lines on which it waits for them.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::task::{Poll, Waker};

use super::bank::BankEvent;
use super::{ConnectionId, Event, Shared, World};
use crate::setup::{BANKS, LINES};

/// The line on which a bank connects.
const LINE: usize = 0;

/// The doors of the present process, by bank.
pub(crate) type Doors = BTreeMap<usize, Door>;

/// Connections that the gateway has not accepted yet.
#[derive(Default)]
pub(crate) struct Door {
    waiting: VecDeque<ConnectionId>,
    waker: Option<Waker>,
}

impl World {
    /// The banks connect for the first time.
    pub(crate) fn banks_dial(&mut self) {
        for bank in 0..BANKS {
            let links = LINES.get(LINE).map_or(0, |(_, _, links)| *links);
            (0..links).for_each(|_| self.bank_will_dial(bank));
        }
    }

    /// A bank will connect soon, if it is the one that connects.
    pub(crate) fn bank_will_dial(&mut self, bank: usize) {
        if self.setup.bank(bank).listens.is_some() {
            let pause = self.draw.ms(1, 400);
            self.after(pause, Event::Bank(bank, BankEvent::Dial));
        }
    }

    /// A bank connects, unless it has all of its connections on this line.
    pub(crate) fn bank_dials(&mut self, bank: usize) {
        let links = LINES.get(LINE).map_or(0, |(_, _, links)| *links);
        if self.bank_connections(bank, LINE) >= links {
            return;
        }
        if self.is_dead() || !self.doors.contains_key(&bank) {
            return self.bank_will_dial(bank);
        }
        let Ok(id) = self.connect(bank, LINE) else { return self.bank_will_dial(bank) };
        self.count("a bank connects");
        let Some(door) = self.doors.get_mut(&bank) else { return };
        door.waiting.push_back(id);
        if let Some(waker) = door.waker.take() {
            waker.wake();
        }
    }
}

/// Waits for the next connection of a bank.
pub(super) async fn accepted(shared: &Shared, bank: usize) -> ConnectionId {
    poll_fn(|cx| {
        let mut world = shared.lock();
        let door = world.doors.entry(bank).or_default();
        match door.waiting.pop_front() {
            Some(id) => Poll::Ready(id),
            None => {
                door.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    })
    .await
}
