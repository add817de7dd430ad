//! The bank that all gateways talk to. It knows the truth: what it received, carried out, undid and answered.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Event, World};
use crate::cluster::config::{mark, name};
use crate::cluster::plan::{BankFault, What};
use crate::telegram::{AMOUNT, CODE, KEY, MARK, ORIGINAL_KEY, RESULT, RESULT_AMOUNT, Telegram, answer, frame_len, put};
use crate::world::Rule;

/// The bank.
#[derive(Default)]
pub(in crate::cluster) struct Bank {
    /// What it has read of each connection.
    inboxes: BTreeMap<u64, Vec<u8>>,
    /// The transfers that arrived, by key.
    pub(in crate::cluster) transfers: BTreeMap<Vec<u8>, Transfer>,
    /// The key of the transfer of each amount. Each has an amount of its own.
    amounts: BTreeMap<u64, Vec<u8>>,
    /// The keys of transfers that were undone before they arrived.
    undone: Vec<Vec<u8>>,
}

/// A transfer that arrived.
pub(in crate::cluster) struct Transfer {
    bytes: Vec<u8>,
    code: &'static str,
    is_undone: bool,
}

/// What the bank does at some time.
#[derive(Debug)]
pub(in crate::cluster) enum BankEvent {
    Answer { on: u64, request: Vec<u8>, bytes: Vec<u8> },
}

impl Transfer {
    /// Whether the money moved, and stayed where it went.
    pub(in crate::cluster) fn is_done(&self) -> bool {
        self.code == "0000" && !self.is_undone
    }
}

/// Whether a telegram is neither about the session nor a test of the line.
pub(in crate::cluster) fn is_business(frame: &[u8]) -> bool {
    !Telegram(frame).text(CODE).starts_with("08")
}

impl World {
    pub(in crate::cluster) fn bank_connected(&mut self, id: u64) {
        self.bank.inboxes.insert(id, Vec::new());
    }

    pub(in crate::cluster) fn bank_lost(&mut self, id: u64) {
        self.bank.inboxes.remove(&id);
    }

    fn bank_has(&self, wanted: BankFault) -> bool {
        self.faults.iter().any(|what| matches!(what, What::Bank(fault, _) if *fault == wanted))
    }

    pub(in crate::cluster) fn bank_reads(&mut self, id: u64, bytes: &[u8]) {
        let Some(inbox) = self.bank.inboxes.get_mut(&id) else { return };
        inbox.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(len) = frame_len(inbox) {
            frames.push(inbox.drain(..len).collect::<Vec<u8>>());
        }
        frames.iter().for_each(|frame| self.bank_receives(id, frame));
    }

    fn bank_receives(&mut self, id: u64, frame: &[u8]) {
        let telegram = Telegram(frame);
        let kind = telegram.kind();
        self.say(format_args!("the bank receives {kind} {} on {id}", telegram.text(KEY)));
        self.arrived(frame);
        let answered = match kind.as_str() {
            "0800/100" | "0800/200" | "0800/300" | "0600/300" => Some(answer(frame, "0000")),
            "0100/100" => self.transfer(frame),
            "0600/100" => Some(self.inquiry(frame)),
            "0400/100" => Some(self.reversal(frame)),
            _ => return self.fail(Rule::Wire, format!("the bank received an unknown telegram {kind}")),
        };
        let Some(bytes) = answered else { return };
        if is_business(frame) && self.bank_has(BankFault::Silent) {
            return;
        }
        let slow = self.faults.iter().filter_map(|what| match what {
            What::Bank(BankFault::Slow { ms }, _) if is_business(frame) => Some(*ms),
            _ => None,
        });
        let slow = Duration::from_millis(slow.sum());
        let think = self.draw.ms(0, 30) + slow;
        self.after(think, Event::Bank(BankEvent::Answer { on: id, request: frame.to_vec(), bytes }));
    }

    fn transfer(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let key = Telegram(frame).get(KEY).to_vec();
        let loses = self.bank_has(BankFault::Silent) && self.draw.percent(40);
        let declines = self.draw.percent(10);
        let amount = Telegram(frame).number(AMOUNT);
        let earlier = self.bank.amounts.insert(amount, key.clone());
        if let Some(earlier) = earlier {
            let [key, earlier] = [&key, &earlier].map(|key| String::from_utf8_lossy(key).into_owned());
            self.fail(
                Rule::Once,
                format!("the bank received the transfer of {amount} as {key}, and before as {earlier}"),
            );
            return Some(answer(frame, "0101"));
        }
        if loses {
            return None;
        }
        let code = if self.bank.undone.contains(&key) || declines { "0110" } else { "0000" };
        self.bank.transfers.insert(key, Transfer { bytes: frame.to_vec(), code, is_undone: false });
        Some(answer(frame, code))
    }

    fn inquiry(&mut self, frame: &[u8]) -> Vec<u8> {
        let key = Telegram(frame).get(ORIGINAL_KEY).to_vec();
        let mut bytes = answer(frame, "0000");
        match self.bank.transfers.get(&key) {
            Some(transfer) => {
                let request = transfer.bytes.clone();
                put(&mut bytes, RESULT, if transfer.is_undone { "0117" } else { transfer.code });
                put(&mut bytes, RESULT_AMOUNT, &Telegram(&request).text(AMOUNT));
                self.checks.done(&request);
            }
            None => put(&mut bytes, RESULT, "0100"),
        }
        bytes
    }

    fn reversal(&mut self, frame: &[u8]) -> Vec<u8> {
        let key = Telegram(frame).get(ORIGINAL_KEY).to_vec();
        match self.bank.transfers.get_mut(&key) {
            Some(transfer) => {
                transfer.is_undone = true;
                let request = transfer.bytes.clone();
                self.checks.done(&request);
            }
            // It will not carry the transfer out if it comes later.
            None => self.bank.undone.push(key),
        }
        answer(frame, "0000")
    }

    /// Sends an answer, on the line of another gateway if the bank does so, or if the connection is gone.
    pub(in crate::cluster) fn bank_event(&mut self, event: BankEvent) {
        let BankEvent::Answer { on, request, mut bytes } = event;
        if !is_business(&request) {
            if self.bank.inboxes.contains_key(&on) {
                self.send_to_gateway(on, bytes);
            }
            return;
        }
        self.checks.done(&request);
        let asked_by = self.gateway_of(on);
        let others: Vec<u64> =
            self.bank.inboxes.keys().copied().filter(|id| self.gateway_of(*id) != asked_by).collect();
        let is_elsewhere = match self.bank_has(BankFault::Elsewhere) {
            true => self.draw.percent(70),
            false => self.elsewhere_percent > 0 && self.draw.percent(self.elsewhere_percent),
        };
        let on = match self.bank.inboxes.contains_key(&on) && (!is_elsewhere || others.is_empty()) {
            true => Some(on),
            false => {
                let any = usize::try_from(self.draw.below(u64::try_from(others.len()).unwrap_or(1))).unwrap_or(0);
                others.get(any).copied()
            }
        };
        let Some(on) = on else { return };
        if self.gateway_of(on) != asked_by {
            self.count("an answer on the line of another gateway");
        }
        if self.has_marks && self.draw.percent(10) {
            let any = usize::try_from(self.draw.below(u64::try_from(self.members.len()).unwrap_or(1))).unwrap_or(0);
            put(&mut bytes, MARK, &format!("{:9}", mark(&name(any))));
            self.count("an answer with the mark of any gateway");
        }
        self.checks.answered(&request, &bytes);
        let times = if self.bank_has(BankFault::Doubles) { 2 } else { 1 };
        (0..times).for_each(|_| self.send_to_gateway(on, bytes.clone()));
    }
}
