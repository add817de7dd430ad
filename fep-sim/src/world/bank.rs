//! A bank that knows the truth: what it received, carried out, undid and answered. It reads and writes bytes at fixed offsets.

mod pair;
mod polls;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::check::Rule;
use super::{ConnectionId, Event, World};
use crate::plan::BankFault;
use crate::telegram::{
    AMOUNT, CODE, DEPOSIT_ACCOUNT, KEY, ORIGINAL_KEY, RESPONSE, RESULT, RESULT_AMOUNT, SEND_COUNT, Telegram, answer,
    duty, frame_len, notice, put,
};

/// One bank.
pub(crate) struct Bank {
    faults: Vec<BankFault>,
    inboxes: BTreeMap<ConnectionId, Vec<u8>>,
    /// The transfers that arrived, by key.
    pub(crate) transfers: BTreeMap<Vec<u8>, Transfer>,
    /// The keys of transfers that were undone before they arrived.
    undone: Vec<Vec<u8>>,
    /// An answer that waits for a second one to be swapped with.
    held: Option<(ConnectionId, Vec<u8>)>,
    /// Notices and our answers to them, by serial.
    notices: BTreeMap<u64, Notice>,
    notice_serial: u64,
    /// The keys of transfers about which the bank said something false.
    pub(crate) lied: BTreeSet<Vec<u8>>,
    /// Whether it has ended business.
    is_closed: bool,
    /// Whether its sign-on waits for our answer. On a line of its own it repeats it.
    pub(super) owes_sign_on: bool,
    /// The connections on which a poll of the bank waits for its answer.
    polled: BTreeSet<ConnectionId>,
}

/// A transfer that arrived.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) bytes: Vec<u8>,
    /// The response code, which says whether it was carried out.
    pub(crate) code: &'static str,
    pub(crate) is_undone: bool,
}

#[derive(Debug)]
struct Notice {
    bytes: Vec<u8>,
    answer: Option<Vec<u8>>,
    is_taken: bool,
}

/// What a bank does at some time.
#[derive(Debug)]
pub(crate) enum BankEvent {
    /// It answers a request.
    Answer { on: ConnectionId, request: Vec<u8>, bytes: Vec<u8> },
    /// The next telegram of a flood.
    Flood { per_s: u32 },
    /// It sends a notice.
    Notice(u64),
    /// It connects a line to us, unless it has all of its connections.
    Dial(usize),
    /// The gateway's kernel finds that the bank does not know a connection any more.
    Probed(ConnectionId),
    /// It polls on a connection.
    Poll(ConnectionId),
    /// It repeats its sign-on.
    SignOn,
}

/// Whether a telegram is neither about the session nor a test of the line.
fn is_business(kind: &str) -> bool {
    !kind.starts_with("08")
}

impl Transfer {
    /// Whether the money moved, and stayed where it went.
    pub(crate) fn is_done(&self) -> bool {
        self.code == "0000" && !self.is_undone
    }
}

impl Bank {
    pub(crate) fn new() -> Self {
        Self {
            faults: Vec::new(),
            inboxes: BTreeMap::new(),
            transfers: BTreeMap::new(),
            undone: Vec::new(),
            held: None,
            notices: BTreeMap::new(),
            notice_serial: 0,
            lied: BTreeSet::new(),
            is_closed: false,
            owes_sign_on: false,
            polled: BTreeSet::new(),
        }
    }

    fn has(&self, fault: BankFault) -> bool {
        self.faults.contains(&fault)
    }

    /// The connections that it knows.
    pub(super) fn known(&self) -> impl Iterator<Item = ConnectionId> {
        self.inboxes.keys().copied()
    }

    /// A connection to answer on: the given one, or any other one if that is gone.
    fn connection(&self, wanted: Option<ConnectionId>) -> Option<ConnectionId> {
        wanted.filter(|id| self.inboxes.contains_key(id)).or_else(|| self.inboxes.keys().next().copied())
    }
}

impl World {
    pub(crate) fn bank_has(&self, bank: usize, fault: BankFault) -> bool {
        self.banks.get(bank).is_some_and(|bank| bank.has(fault))
    }

    fn bank(&mut self, bank: usize) -> &mut Bank {
        let [first, second] = &mut self.banks;
        if bank == 0 { first } else { second }
    }

    pub(crate) fn bank_fault(&mut self, number: usize, fault: BankFault, begins: bool) {
        let bank = self.bank(number);
        if begins {
            bank.faults.push(fault);
        } else if let Some(at) = bank.faults.iter().position(|other| *other == fault) {
            bank.faults.remove(at);
        }
        match fault {
            BankFault::Floods { per_s } if begins => {
                self.after(Duration::ZERO, Event::Bank(number, BankEvent::Flood { per_s }));
            }
            BankFault::Restarts if begins => {
                let lost: Vec<_> = self.bank(number).inboxes.keys().copied().collect();
                for id in lost {
                    self.bank_lost(number, id);
                    self.will_be_probed(number, id);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn bank_connected(&mut self, number: usize, id: ConnectionId) {
        self.bank(number).inboxes.insert(id, Vec::new());
        self.bank_will_poll(number, id);
    }

    pub(crate) fn bank_lost(&mut self, number: usize, id: ConnectionId) {
        if self.bank(number).inboxes.remove(&id).is_some() {
            self.bank_will_dial(number, self.line_of(id));
        }
    }

    pub(crate) fn bank_notice(&mut self, number: usize, times: u8) {
        let bank = self.bank(number);
        bank.notice_serial += 1;
        let serial = bank.notice_serial;
        let bytes = notice(serial, 100 + serial);
        bank.notices.insert(serial, Notice { bytes, answer: None, is_taken: false });
        for turn in 0..u64::from(times) {
            let pause = Duration::from_millis(turn * self.draw.between(1, 2500));
            self.after(pause, Event::Bank(number, BankEvent::Notice(serial)));
        }
    }

    pub(crate) fn bank_event(&mut self, number: usize, event: BankEvent) {
        match event {
            BankEvent::Answer { on, request, bytes } => self.bank_answers(number, on, &request, bytes),
            BankEvent::Flood { per_s } => self.flood(number, per_s),
            BankEvent::Dial(line) => self.bank_dials(number, line),
            BankEvent::Poll(id) => self.bank_polls(number, id),
            BankEvent::SignOn => self.repeats_sign_on(number),
            BankEvent::Probed(id) => self.break_connection(id),
            BankEvent::Notice(serial) => {
                let bank = self.bank(number);
                let Some(bytes) = bank.notices.get(&serial).map(|notice| notice.bytes.clone()) else { return };
                if let Some(id) = self.outgoing(number, None) {
                    self.send_to_gateway(id, bytes);
                }
            }
        }
    }

    fn flood(&mut self, number: usize, per_s: u32) {
        if !self.bank_has(number, BankFault::Floods { per_s }) {
            return;
        }
        // Ten milliseconds of it at once.
        let count = (per_s / 100).max(1);
        let Some(id) = self.outgoing(number, None) else {
            return self.after(Duration::from_millis(100), Event::Bank(number, BankEvent::Flood { per_s }));
        };
        let mut bytes = Vec::new();
        for _ in 0..count {
            // The answer to a balance inquiry that nobody sent.
            let key = self.draw.between(900_000, 999_999);
            let mut one = notice(key, 1);
            put(&mut one, CODE, "0610");
            bytes.extend_from_slice(&one);
        }
        self.checks.flooded(u64::from(count));
        self.send_to_gateway(id, bytes);
        self.after(Duration::from_millis(10), Event::Bank(number, BankEvent::Flood { per_s }));
    }

    pub(super) fn bank_reads(&mut self, number: usize, id: ConnectionId, bytes: &[u8]) {
        let Some(inbox) = self.bank(number).inboxes.get_mut(&id) else { return };
        inbox.extend_from_slice(bytes);
        let mut frames = VecDeque::new();
        while let Some(len) = frame_len(inbox) {
            frames.push_back(inbox.drain(..len).collect::<Vec<u8>>());
        }
        for frame in frames {
            self.bank_receives(number, id, &frame);
        }
    }

    fn bank_receives(&mut self, number: usize, id: ConnectionId, frame: &[u8]) {
        if self.bank_reads_poll(number, id, frame) {
            return;
        }
        let telegram = Telegram(frame);
        let kind = telegram.kind();
        self.say(format_args!("bank {number} receives {kind} {}", telegram.text(KEY)));
        self.checks.arrived(self.now, number, frame);
        let is_business = is_business(&kind);
        if is_business && kind != "0210/300" {
            self.line_arrived(number, id, frame);
        }
        if self.bank_has(number, BankFault::Dead) {
            return;
        }
        let answered = match kind.as_str() {
            "0800/100" if self.bank(number).is_closed => Some(answer(frame, "0003")),
            "0800/100" | "0800/200" | "0800/300" => Some(answer(frame, "0000")),
            "0810/100" | "0810/200" => return self.bank(number).owes_sign_on = false,
            "0100/100" => self.transfer(number, frame),
            "0600/100" => Some(self.inquiry(number, frame)),
            "0400/100" => Some(self.reversal(number, frame)),
            "0600/300" => Some(answer(frame, "0000")),
            "0210/300" => return self.notice_answered(number, frame),
            _ => {
                return self.checks.fail(
                    self.now,
                    Rule::Wire,
                    format!("bank {number} received an unknown telegram {kind}"),
                );
            }
        };
        let Some(bytes) = answered else { return };
        if is_business && self.bank_has(number, BankFault::Silent) {
            return;
        }
        let think = self.draw.ms(0, 20) + if is_business { self.slowness(number) } else { Duration::ZERO };
        self.after(think, Event::Bank(number, BankEvent::Answer { on: id, request: frame.to_vec(), bytes }));
    }

    /// Ends business, or opens it again, and says so on one of the connections.
    pub(crate) fn bank_closes(&mut self, number: usize, closes: bool) {
        let trace = self.draw.between(800_000, 899_999);
        let bank = self.bank(number);
        bank.is_closed = closes;
        if let Some(id) = self.outgoing(number, None) {
            self.send_to_gateway(id, duty(if closes { "200" } else { "100" }, trace));
        }
        self.owes_sign_on(number, !closes);
    }

    /// It does not work on a request any more.
    fn bank_done(&mut self, number: usize, request: &[u8]) {
        self.checks.done(number, request);
        self.line_done(number, request);
    }

    fn slowness(&self, number: usize) -> Duration {
        let faults = self.banks.get(number).into_iter().flat_map(|bank| &bank.faults);
        let slow = faults.filter_map(|fault| if let BankFault::Slow { ms } = fault { Some(*ms) } else { None });
        Duration::from_millis(slow.sum())
    }

    /// Carries a transfer out, or declines it, or loses it.
    fn transfer(&mut self, number: usize, frame: &[u8]) -> Option<Vec<u8>> {
        let key = Telegram(frame).get(KEY).to_vec();
        let now = self.now;
        let silent = self.bank_has(number, BankFault::Silent);
        let loses = silent && self.draw.percent(40);
        let declines = self.draw.percent(10);
        let amount = Telegram(frame).number(AMOUNT);
        let earlier = self.amounts.insert(amount, (number, key.clone()));
        let bank = self.bank(number);
        if earlier.is_some() || bank.transfers.contains_key(&key) {
            let (other, earlier) = earlier.unwrap_or_default();
            let [key, earlier] = [&key, &earlier].map(|key| String::from_utf8_lossy(key));
            let what = format!(
                "bank {number} received the transfer of {amount} as {key}, and bank {other} as {earlier}, or its key again"
            );
            self.checks.fail(now, Rule::Once, what);
            return Some(answer(frame, "0101"));
        }
        if loses {
            return None;
        }
        let code = if bank.undone.contains(&key) || declines { "0110" } else { "0000" };
        bank.transfers.insert(key, Transfer { bytes: frame.to_vec(), code, is_undone: false });
        Some(answer(frame, code))
    }

    fn inquiry(&mut self, number: usize, frame: &[u8]) -> Vec<u8> {
        let key = Telegram(frame).get(ORIGINAL_KEY).to_vec();
        if self.bank_has(number, BankFault::KnowsNothing) {
            return answer(frame, "0199");
        }
        let denies = self.bank_has(number, BankFault::DeniesTransfers);
        let bank = self.bank(number);
        let mut bytes = answer(frame, "0000");
        match bank.transfers.get(&key) {
            Some(transfer) if !denies => {
                let request = transfer.bytes.clone();
                let amount = Telegram(&transfer.bytes).text(AMOUNT);
                let code = if transfer.is_undone { "0117" } else { transfer.code };
                put(&mut bytes, RESULT, code);
                put(&mut bytes, RESULT_AMOUNT, &amount);
                self.bank_done(number, &request);
            }
            found => {
                if found.is_some() {
                    bank.lied.insert(key);
                }
                put(&mut bytes, RESULT, "0100");
            }
        }
        bytes
    }

    fn reversal(&mut self, number: usize, frame: &[u8]) -> Vec<u8> {
        let telegram = Telegram(frame);
        let key = telegram.get(ORIGINAL_KEY).to_vec();
        self.checks.reversal(self.now, number, &key, telegram.number(SEND_COUNT));
        if self.bank_has(number, BankFault::BusyWithReversals) {
            return answer(frame, "0003");
        }
        let bank = self.bank(number);
        match bank.transfers.get_mut(&key) {
            Some(transfer) => {
                transfer.is_undone = true;
                let request = transfer.bytes.clone();
                self.bank_done(number, &request);
            }
            // It will not carry the transfer out if it comes later.
            None => bank.undone.push(key),
        }
        answer(frame, "0000")
    }

    fn notice_answered(&mut self, number: usize, frame: &[u8]) {
        let serial = Telegram(frame).number((32, 6));
        let now = self.now;
        let Some(notice) = self.bank(number).notices.get_mut(&serial) else {
            return self.checks.fail(now, Rule::Notice, format!("an answer to a notice {serial} that was not sent"));
        };
        match &notice.answer {
            Some(earlier) if earlier != frame => {
                self.checks.fail(
                    now,
                    Rule::Notice,
                    format!("notice {serial} was answered with other bytes the second time"),
                );
            }
            Some(_) => {}
            None => notice.answer = Some(frame.to_vec()),
        }
    }

    /// A service took a notice.
    pub(crate) fn taken(&mut self, notice: &fep_gateway::gateway::Notice) {
        if self.is_dead() {
            return;
        }
        let bank = usize::from(notice.institution != "bank-0");
        let serial = Telegram(&notice.bytes).number((32, 6));
        self.say(format_args!("the service took notice {serial} of bank {bank}"));
        if let Some(notice) = self.bank(bank).notices.get_mut(&serial) {
            notice.is_taken = true;
        }
    }

    /// Each notice that was answered has reached the service.
    pub(crate) fn notices_delivered(&mut self) {
        for bank in 0..self.banks.len() {
            let lost = |notice: &&Notice| notice.answer.is_some() && !notice.is_taken;
            let lost = self.bank(bank).notices.values().filter(lost).count();
            if lost > 0 {
                self.fail(
                    Rule::Notice,
                    format!("{lost} notices of bank {bank} were answered and never reached the service"),
                );
            }
        }
    }

    /// Sends an answer, as the faults of the bank have it.
    fn bank_answers(&mut self, number: usize, on: ConnectionId, request: &[u8], bytes: Vec<u8>) {
        let is_business = is_business(&Telegram(request).kind());
        // What is about a connection is answered on it, or on the line of the bank.
        let is_pair = self.setup.bank(number).pair.is_some();
        if !is_business && !is_pair && !self.bank(number).inboxes.contains_key(&on) {
            return;
        }
        let Some(on) = self.outgoing(number, Some(on)) else { return self.answers_later(number, on, request, bytes) };
        if !is_business {
            return self.send_to_gateway(on, bytes);
        }
        let on = if self.bank(number).has(BankFault::AnswersElsewhere) { self.elsewhere(number, on) } else { on };
        self.bank_done(number, request);
        let bank = self.bank(number);
        let has = |fault| bank.has(fault);
        if has(BankFault::Swaps) && request.get(24..28) == Some(b"0100") {
            return self.swap(number, on, bytes);
        }
        let [doubles, contradicts, half_closes] =
            [has(BankFault::Doubles), has(BankFault::Contradicts), has(BankFault::HalfCloses)];
        let [wrong_key, rubbish, no_frame] =
            [has(BankFault::WrongKey), has(BankFault::Rubbish), has(BankFault::NoFrame)];
        if wrong_key {
            let mut wrong = bytes;
            put(&mut wrong, (32, 6), &format!("{:06}", self.draw.between(900_000, 999_999)));
            self.send_to_gateway(on, wrong);
            return;
        }
        if rubbish {
            self.send_to_gateway(on, b"0020???? no telegram ???".to_vec());
        }
        if no_frame {
            self.send_to_gateway(on, b"no frame at all".to_vec());
            return;
        }
        self.answers(number, on, request, bytes.clone());
        if doubles {
            self.answers(number, on, request, bytes.clone());
        }
        if contradicts {
            let key = Telegram(request).get(KEY).to_vec();
            self.bank(number).lied.insert(key);
            let mut other = bytes;
            put(&mut other, RESPONSE, "0199");
            self.answers(number, on, request, other);
        }
        if half_closes {
            self.end_to_gateway(on);
        }
    }

    fn answers(&mut self, number: usize, on: ConnectionId, request: &[u8], bytes: Vec<u8>) {
        self.checks.answered(number, request, &bytes);
        self.send_to_gateway(on, bytes);
    }

    /// Holds an answer until there is another one, and answers both with each other's amount and account.
    fn swap(&mut self, number: usize, on: ConnectionId, bytes: Vec<u8>) {
        let bank = self.bank(number);
        let Some((other_on, other)) = bank.held.take() else {
            bank.held = Some((on, bytes));
            return;
        };
        let [mut first, mut second] = [other.clone(), bytes.clone()];
        for place in [AMOUNT, DEPOSIT_ACCOUNT] {
            put(&mut first, place, &Telegram(&bytes).text(place));
            put(&mut second, place, &Telegram(&other).text(place));
        }
        self.send_to_gateway(other_on, first);
        self.send_to_gateway(on, second);
    }
}
