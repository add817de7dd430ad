//! The polls of a bank, and its answers to ours. A poll is no telegram: it has no header and no key.

use std::time::Duration;

use super::{BankEvent, BankFault};
use crate::plan::FAULTS_END;
use crate::setup::{PollSetup, Unpolled};
use crate::world::check::Rule;
use crate::world::{ConnectionId, Event, World};

/// The time between two polls of a bank.
const EVERY_MS: u64 = 2000;

/// When every poll has to be answered: the lines have had the time to come up again.
const CALM: Duration = Duration::from_secs(FAULTS_END.as_secs() + 15);

impl World {
    /// A bank polls on each of its connections, if that is agreed.
    pub(super) fn bank_will_poll(&mut self, number: usize, id: ConnectionId) {
        if self.setup.bank(number).polls.is_some_and(|polls| polls.theirs.is_some()) {
            let pause = self.draw.ms(0, EVERY_MS);
            self.after(pause, Event::Bank(number, BankEvent::Poll(id)));
        }
    }

    pub(super) fn bank_polls(&mut self, number: usize, id: ConnectionId) {
        let Some(polls) = self.setup.bank(number).polls.filter(|_| self.bank(number).inboxes.contains_key(&id)) else {
            return;
        };
        if self.bank(number).polled.contains(&id) && self.now > CALM && !polls.is_ambiguous() {
            self.fail(Rule::Alive, format!("a poll of bank {number} on connection {id} was not answered"));
        }
        let says_nothing = self.bank_has(number, BankFault::Dead) || self.bank_has(number, BankFault::SkipsPolls);
        if !says_nothing {
            self.bank(number).polled.insert(id);
            self.send_poll(number, id, polls.request);
        }
        self.after(Duration::from_millis(EVERY_MS), Event::Bank(number, BankEvent::Poll(id)));
    }

    /// Handles a frame if it is a poll, or the answer to one.
    pub(super) fn bank_reads_poll(&mut self, number: usize, id: ConnectionId, frame: &[u8]) -> bool {
        let Some(polls) = self.setup.bank(number).polls else { return false };
        let PollSetup { request, answer, ours, theirs, .. } = polls;
        if frame == answer.as_bytes() && self.bank(number).polled.remove(&id) {
            self.count("an answer to a poll of a bank");
            return true;
        }
        if frame == request.as_bytes() && ours {
            self.count("a poll of ours");
            let is_silent = self.bank_has(number, BankFault::Dead) || self.bank_has(number, BankFault::IgnoresPolls);
            if !is_silent {
                self.send_poll(number, id, answer);
            }
            return true;
        }
        // An answer that came twice, or to a poll that was there twice.
        frame == answer.as_bytes() && theirs.is_some()
    }

    /// Sends a poll or its answer: at once, in two parts, or as the faults have it.
    fn send_poll(&mut self, number: usize, id: ConnectionId, frame: &str) {
        let bytes = frame.as_bytes().to_vec();
        let half = usize::try_from(self.draw.between(1, 3)).unwrap_or(1);
        if self.bank_has(number, BankFault::GarblesPolls) {
            self.count("a garbled poll");
            let garbled = match self.draw.below(3) {
                0 => b"0002H?".to_vec(),
                1 => bytes.get(..half).unwrap_or_default().to_vec(),
                _ => [&*bytes, &*bytes].concat(),
            };
            return self.send_to_gateway(id, garbled);
        }
        if self.draw.percent(20) {
            let (first, second) = bytes.split_at(half);
            self.send_to_gateway(id, first.to_vec());
            return self.send_to_gateway(id, second.to_vec());
        }
        self.send_to_gateway(id, bytes);
    }
}

impl Unpolled {
    /// Whether the link is closed.
    pub(crate) fn closes(self) -> bool {
        self == Self::Close
    }
}
