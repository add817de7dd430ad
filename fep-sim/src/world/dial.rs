//! Banks that connect to the gateway, and the lines on which it waits for them.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::task::{Poll, Waker};

use super::bank::BankEvent;
use super::{ConnectionId, Event, Shared, World};
use crate::setup::{BANKS, LINES};

/// The doors of the present process, by bank and line.
pub(crate) type Doors = BTreeMap<(usize, usize), Door>;

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
            for (line, (_, _, links)) in LINES.iter().enumerate() {
                (0..*links).for_each(|_| self.bank_will_dial(bank, line));
            }
        }
    }

    /// A bank will connect a line soon, if it is the one that connects.
    pub(crate) fn bank_will_dial(&mut self, bank: usize, line: usize) {
        if self.setup.bank(bank).dials(line) {
            let pause = self.draw.ms(1, 400);
            self.after(pause, Event::Bank(bank, BankEvent::Dial(line)));
        }
    }

    /// A bank connects, unless it has all of its connections on this line.
    pub(crate) fn bank_dials(&mut self, bank: usize, line: usize) {
        let links = LINES.get(line).map_or(0, |(_, _, links)| *links);
        if self.bank_connections(bank, line) >= links {
            return;
        }
        if self.is_dead() || !self.doors.contains_key(&(bank, line)) {
            return self.bank_will_dial(bank, line);
        }
        let Ok(id) = self.connect(bank, line) else { return self.bank_will_dial(bank, line) };
        self.count("a bank connects");
        let Some(door) = self.doors.get_mut(&(bank, line)) else { return };
        door.waiting.push_back(id);
        if let Some(waker) = door.waker.take() {
            waker.wake();
        }
    }
}

/// Waits for the next connection of a bank.
pub(super) async fn accepted(shared: &Shared, bank: usize, line: usize) -> ConnectionId {
    poll_fn(|cx| {
        let mut world = shared.lock();
        let door = world.doors.entry((bank, line)).or_default();
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
