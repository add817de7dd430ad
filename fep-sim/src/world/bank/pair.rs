//! The line of a pair on which a bank sends: its answers, its notices, its own sign-off, and nothing of the gateway.

use std::time::Duration;

use super::{BankEvent, is_business};
use crate::setup::RECEIVE;
use crate::telegram::{Telegram, duty};
use crate::world::{ConnectionId, Event, World};

/// The pause before a bank looks again whether its line is there.
const AGAIN: Duration = Duration::from_millis(400);

/// How long the gateway's kernel needs to find that a connection is gone.
const KEEPALIVE: Duration = Duration::from_secs(5);

impl World {
    /// The connection on which a bank says something: that of its own line, or without one the wanted one, or any other if that is gone.
    pub(super) fn outgoing(&self, number: usize, wanted: Option<ConnectionId>) -> Option<ConnectionId> {
        let bank = self.banks.get(number)?;
        match self.setup.bank(number).pair {
            None => bank.connection(wanted),
            Some(_) => bank.known().find(|id| self.line_of(*id) == RECEIVE),
        }
    }

    /// Nothing is written on the line of the bank, so only the keepalive of TCP finds that a connection is gone. It takes less time here.
    pub(super) fn will_be_probed(&mut self, number: usize, id: ConnectionId) {
        if self.line_of(id) == RECEIVE {
            self.after(KEEPALIVE, Event::Bank(number, BankEvent::Probed(id)));
        }
    }

    /// It waits for the answer to its sign-on. Its line may be down now, and the gateway does not sign on because of it.
    pub(super) fn owes_sign_on(&mut self, number: usize, owes: bool) {
        if self.setup.bank(number).pair.is_some() {
            self.bank(number).owes_sign_on = owes;
            self.after(AGAIN, Event::Bank(number, BankEvent::SignOn));
        }
    }

    pub(super) fn repeats_sign_on(&mut self, number: usize) {
        if !self.bank(number).owes_sign_on {
            return;
        }
        if let Some(id) = self.outgoing(number, None) {
            let trace = self.draw.between(800_000, 899_999);
            self.send_to_gateway(id, duty("100", trace));
        }
        self.after(AGAIN, Event::Bank(number, BankEvent::SignOn));
    }

    /// An answer waits for the line on which it could be sent, or is lost.
    pub(super) fn answers_later(&mut self, number: usize, on: ConnectionId, request: &[u8], bytes: Vec<u8>) {
        let waits = self.setup.bank(number).pair.is_some() && is_business(&Telegram(request).kind());
        if waits && self.draw.percent(80) {
            self.count("an answer that waits for its line");
            self.after(AGAIN, Event::Bank(number, BankEvent::Answer { on, request: request.to_vec(), bytes }));
        }
    }
}
