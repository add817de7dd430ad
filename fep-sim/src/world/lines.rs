//! The checks about lines: which one carries business and from when on, the places in their windows, whether an answer that was
//! read counts, and whether business goes on after a bank has closed.
//!
//! They see the bytes that the gateway reads and writes on each connection. From those follows which lines work, by the same words
//! as in the contract and without the gateway's machines.

mod pair;
mod polls;

use std::collections::BTreeMap;
use std::time::Duration;

use fep_gateway::exchange::{Exchange, Outcome};
use fep_protocol::fact::{Fact, SentClass, What as Kind};
use fep_protocol::reason::Unknown;
use fep_protocol::standing::Standing;
use fep_protocol::switchover::{SwitchCause, SwitchoverState};

use self::polls::Proof;
pub(crate) use self::polls::watch;
use super::check::Rule;
use super::{ConnectionId, Event, World};
use crate::setup::{BANKS, LINES, RECEIVE, RETURN_AFTER, SWITCH_AFTER};
use crate::telegram::{KEY, RESPONSE, Telegram, frame_len};

/// Everything that these checks remember.
#[derive(Default)]
pub(crate) struct LineChecks {
    links: BTreeMap<ConnectionId, Link>,
    /// Connections that the gateway has given up. It may still read what had arrived.
    former: BTreeMap<ConnectionId, Link>,
    banks: [BankLines; BANKS],
    /// The line on which a bank's bytes may be written, by the journal.
    line_of: BTreeMap<(usize, Vec<u8>), usize>,
    /// When the gateway read the answer to a request.
    read: BTreeMap<(usize, Vec<u8>), Duration>,
    /// The connections on which sign-ons were written, by bank and key.
    signs: BTreeMap<(usize, Vec<u8>), ConnectionId>,
    /// The connection on which each business request was written.
    written_on: BTreeMap<(usize, Vec<u8>), ConnectionId>,
    /// When the present process began.
    began: Duration,
    /// Whether it is stopping.
    pub(crate) is_stopping: bool,
}

/// One connection.
#[derive(Default)]
struct Link {
    bank: usize,
    line: usize,
    is_signed_on: bool,
    /// Whether the bank has signed off.
    is_off: bool,
    /// The part of a frame that the gateway has read.
    begun: Vec<u8>,
    /// The business requests that the bank received on it and has not answered, with the times of their arrival.
    waiting: Vec<(Duration, Vec<u8>)>,
    /// When the gateway wrote the last frame on it.
    written: Duration,
    proof: Proof,
}

/// Requests that fill the window of a connection.
#[derive(Debug)]
pub(crate) struct FullWindow {
    on: ConnectionId,
    bank: usize,
    since: Duration,
}

/// The lines of one bank.
struct BankLines {
    /// The rank that carries business, by the journal.
    rank: u8,
    /// When each line worked: from the accepted sign-on on its first link until the loss of its last one.
    works: [Vec<Span>; LINES.len()],
    /// When business was closed by the bank's word, from the read of its sign-off on.
    closed: Vec<Span>,
    /// Whether it is closed by the journal.
    is_closed: bool,
}

/// From when until when. `None`: it lasts.
type Span = (Duration, Option<Duration>);

/// The gateway counts a link as lost when it begins to close it. The world sees that when the last bytes are written.
const CLOSING_MAX: Duration = Duration::from_millis(1500);

/// The time of a decision, and the time until the world sees it in the journal.
const DECISION: Duration = Duration::from_millis(300);
const STORING: Duration = Duration::from_millis(300);

/// The time of a decision is in whole milliseconds.
const MS: Duration = Duration::from_millis(1);

/// How long a bank counts a request as waiting: the gateway may use the place again when the quarantine is over.
const WAITS_MAX: Duration = Duration::from_secs(6);

/// How long a window may be full of requests without any answer: the time for an answer, the interval of the echo test, and what closing
/// takes. The quarantine, which would free a place, ends later.
const FULL_MAX: Duration = Duration::from_millis(2000 + 8000 + 1500 + 200);

/// From the read of an answer to its being told.
const TELLING: Duration = Duration::from_millis(100);

impl Default for BankLines {
    fn default() -> Self {
        Self { rank: 1, works: [const { Vec::new() }; LINES.len()], closed: Vec::new(), is_closed: false }
    }
}

impl BankLines {
    fn works(&self, rank: u8) -> &[Span] {
        LINES.iter().zip(&self.works).find(|((_, other, _), _)| *other == rank).map_or(&[], |(_, spans)| spans)
    }
}

fn at(spans: &[Span], time: Duration) -> Option<Span> {
    spans.iter().rev().find(|(from, to)| *from <= time && to.is_none_or(|to| to > time)).copied()
}

/// When the last span before this time ended.
fn last_end(spans: &[Span], time: Duration) -> Option<Duration> {
    spans.iter().filter_map(|(_, to)| to.filter(|to| *to <= time)).max()
}

fn begin(spans: &mut Vec<Span>, now: Duration) {
    if spans.last().is_none_or(|(_, to)| to.is_some()) {
        spans.push((now, None));
    }
}

fn end(spans: &mut [Span], now: Duration) {
    if let Some((_, to)) = spans.last_mut() {
        to.get_or_insert(now);
    }
}

/// The place of a line in the list of lines.
pub(crate) fn line_number(name: &str) -> usize {
    LINES.iter().position(|(other, ..)| *other == name).unwrap_or(0)
}

impl World {
    pub(crate) fn lines_of_process_begin(&mut self) {
        self.lines.links.clear();
        self.lines.began = self.now;
        self.lines.is_stopping = false;
        for works in self.lines.banks.iter_mut().flat_map(|bank| &mut bank.works) {
            end(works, self.now);
        }
    }

    pub(crate) fn line_connected(&mut self, id: ConnectionId, bank: usize, line: usize) {
        // The line on which the bank sends carries it as soon as it is connected.
        let is_signed_on = line == RECEIVE;
        self.lines.links.insert(id, Link { bank, line, is_signed_on, ..Link::default() });
        if is_signed_on {
            self.line_changed(bank, line);
        }
    }

    /// A connection carries nothing any more.
    pub(crate) fn line_lost(&mut self, id: ConnectionId) {
        if let Some(mut link) = self.lines.links.remove(&id) {
            link.proof.left = Some(self.now);
            self.line_changed(link.bank, link.line);
            self.lines.former.insert(id, link);
        }
    }

    fn line_changed(&mut self, bank: usize, line: usize) {
        let now = self.now;
        let is_of_line = |link: &&Link| link.bank == bank && link.line == line && link.is_signed_on;
        let works = self.lines.links.values().any(|link| is_of_line(&link));
        let Some(spans) = self.lines.banks.get_mut(bank).and_then(|bank| bank.works.get_mut(line)) else { return };
        if works { begin(spans, now) } else { end(spans, now) }
    }

    /// The gateway read bytes from a connection.
    pub(crate) fn line_read(&mut self, id: ConnectionId, bytes: &[u8]) {
        let lines = &mut self.lines;
        let Some(link) = lines.links.get_mut(&id).or(lines.former.get_mut(&id)) else { return };
        link.begun.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(len) = frame_len(&link.begun) {
            frames.push(link.begun.drain(..len).collect::<Vec<u8>>());
        }
        let [bank, line] = [link.bank, link.line];
        for frame in frames {
            self.frame_read(id, bank, line, &frame);
        }
    }

    fn frame_read(&mut self, id: ConnectionId, bank: usize, line: usize, frame: &[u8]) {
        if self.reads_poll(id, bank, frame) {
            return;
        }
        let now = self.now;
        let telegram = Telegram(frame);
        let signs_on = match telegram.get((24, 7)) {
            b"0810100" => telegram.get(RESPONSE) == b"0000",
            b"0800100" => true,
            b"0800200" => false,
            b"0810300" => return self.proves(id),
            _ => {
                if let Some(request) = self.checks.answered_request(bank, frame) {
                    let of_request = self.lines.written_on.get(&(bank, request.clone())).copied();
                    of_request.into_iter().for_each(|id| self.proves(id));
                    self.lines.read.entry((bank, request)).or_insert(now);
                }
                return;
            }
        };
        let is_end = telegram.get((24, 7)) == b"0800200";
        if !signs_on && !is_end {
            return;
        }
        let about = self.sign_is_about(id, bank, line, telegram);
        for id in &about {
            let Some(link) = self.lines.links.get_mut(id) else { continue };
            if signs_on && !link.is_signed_on {
                link.proof.polled = now;
            }
            link.is_signed_on = signs_on;
            link.is_off = is_end;
        }
        if let Some(bank) = self.lines.banks.get_mut(bank) {
            if is_end { begin(&mut bank.closed, now) } else { end(&mut bank.closed, now) }
        }
        let line = about.first().map_or(line, |id| self.line_of(*id));
        self.line_changed(bank, line);
    }

    /// A business request arrived at a bank.
    pub(crate) fn line_arrived(&mut self, bank: usize, id: ConnectionId, frame: &[u8]) {
        let Some(window) = self.setup.bank(bank).window else { return };
        let now = self.now;
        self.count("a request in a window");
        let Some(link) = self.lines.links.get_mut(&id) else { return };
        link.waiting.retain(|(since, _)| now.saturating_sub(*since) <= WAITS_MAX);
        link.waiting.push((now, frame.to_vec()));
        let count = link.waiting.len();
        if count > window {
            let what = format!("{count} requests wait on connection {id} to bank {bank}, its window has {window}");
            self.fail(Rule::Window, what);
        }
        if count == window {
            self.after(FULL_MAX, Event::FullWindow(FullWindow { on: id, bank, since: now }));
        }
    }

    /// The time is over in which a full window has to get an answer. Without one there is no room for anything that would show whether the
    /// link lives, so it has to be given up.
    pub(crate) fn full_window(&mut self, full: &FullWindow) {
        let FullWindow { on, bank, since } = *full;
        let setup = self.setup.bank(bank);
        // Where the gateway polls, polls need no place. A pair is judged by its other line.
        if setup.polls.is_some_and(|polls| polls.ours) || setup.pair.is_some() {
            return;
        }
        match self.lines.links.get(&on).is_some_and(|link| link.written <= since) {
            true => self.fail(Rule::Window, format!("connection {on} to bank {bank} is full of unanswered requests")),
            false => self.count("a full window that got an answer or was given up"),
        }
    }

    /// A bank does not work on a request any more.
    pub(crate) fn line_done(&mut self, bank: usize, request: &[u8]) {
        for link in self.lines.links.values_mut().filter(|link| link.bank == bank) {
            link.waiting.retain(|(_, other)| other != request);
        }
    }

    /// A frame was written on a connection.
    pub(crate) fn line_written(&mut self, id: ConnectionId, frame: &[u8]) {
        let now = self.now;
        self.lines.links.get_mut(&id).into_iter().for_each(|link| link.written = now);
        if self.writes_poll(id, frame) {
            return;
        }
        self.written_in_pair(id, frame);
        let Some(link) = self.lines.links.get(&id) else { return };
        let Some(line) = self.lines.line_of.get(&(link.bank, frame.to_vec())) else { return };
        self.lines.written_on.insert((link.bank, frame.to_vec()), id);
        if link.line != *line {
            let key = Telegram(frame).text(KEY);
            let what = format!("{key} is written on line {}, the journal has it on line {line}", link.line);
            self.fail(Rule::Lines, what);
        }
    }

    /// A fact is durable since now. Facts of one bank are durable in the order of the decisions.
    pub(crate) fn line_stored(&mut self, fact: &Fact) {
        let bank = usize::from(*fact.institution != *"bank-0");
        // The time of the decision, if nobody has set the clock.
        let decided = Duration::from_millis(u64::try_from(fact.at_ms - self.wall_offset_ms).unwrap_or(0));
        match fact.standing.as_deref() {
            Some(Standing::Switchover(state)) => return self.switched(bank, state, decided),
            Some(Standing::Notice(notice)) => {
                if let Some(bank) = self.lines.banks.get_mut(bank) {
                    bank.is_closed = notice.is_some();
                }
                return;
            }
            _ => {}
        }
        let Kind::Sent(class) = fact.what else { return };
        let Some((name, _)) = &fact.line else { return };
        let line = line_number(name);
        self.lines.line_of.insert((bank, fact.bytes.to_vec()), line);
        if !matches!(class, SentClass::Request | SentClass::Inquiry | SentClass::Reversal) {
            return;
        }
        if line == 1 {
            self.count("a request on the backup line");
        }
        self.stored_in_pair(bank, fact, decided);
        let Some(lines) = self.lines.banks.get(bank) else { return };
        let rank = LINES.get(line).map_or(0, |(_, rank, _)| *rank);
        let carrying = lines.rank;
        let closed =
            at(&lines.closed, decided.saturating_sub(DECISION)).filter(|(_, to)| to.is_none_or(|to| to > decided));
        let is_closed = lines.is_closed || (closed.is_some() && self.is_punctual);
        let key = Telegram(&fact.bytes).text(KEY);
        if rank != carrying {
            let what = format!("{key} goes out on line {name}, and the lines of rank {carrying} carry business");
            self.fail(Rule::Lines, what);
        }
        if is_closed {
            self.fail(Rule::Business, format!("{key} goes out after bank {bank} has closed"));
        }
    }

    /// Business moved to the lines of another rank.
    fn switched(&mut self, bank: usize, state: &SwitchoverState, decided: Duration) {
        let is_punctual = self.is_punctual;
        let began = self.lines.began;
        let Some(lines) = self.lines.banks.get_mut(bank) else { return };
        let old = std::mem::replace(&mut lines.rank, state.rank);
        if old == state.rank {
            return;
        }
        let by = decided + MS;
        let lost = last_end(lines.works(old), by).unwrap_or(began).max(began);
        let worked = at(lines.works(old), by.saturating_sub(CLOSING_MAX)).filter(|(_, to)| to.is_none_or(|to| to > by));
        let up = at(lines.works(state.rank), by).map(|(from, _)| from);
        self.count(if old < state.rank { "a switchover" } else { "a return" });
        if !is_punctual {
            return;
        }
        let moved = format!("business of bank {bank} moved to rank {} at {decided:?}", state.rank);
        match state.cause {
            SwitchCause::Down if worked.is_some() => {
                self.fail(Rule::Lines, format!("{moved}, and rank {old} worked"));
            }
            SwitchCause::Down if lost + SWITCH_AFTER > by + CLOSING_MAX => {
                self.fail(Rule::Lines, format!("{moved}, and rank {old} was lost only at {lost:?}"));
            }
            SwitchCause::Down if by > up.unwrap_or(by).max(lost + SWITCH_AFTER) + DECISION => {
                self.fail(Rule::Lines, format!("{moved}, and rank {old} was lost at {lost:?} already"));
            }
            SwitchCause::Good if up.is_none_or(|up| up + RETURN_AFTER > by) => {
                self.fail(Rule::Lines, format!("{moved}, which works since {up:?}"));
            }
            _ => {}
        }
    }

    /// Business must have moved by now if the lines that carry it do not work and others do.
    pub(crate) fn lines_are_on_time(&mut self) {
        if !self.is_punctual || self.is_dead() {
            return;
        }
        self.links_are_proved();
        let now = self.now;
        for number in 0..BANKS {
            let Some(lines) = self.lines.banks.get(number) else { continue };
            let carrying = lines.rank;
            let others = LINES.iter().filter(|(_, rank, _)| *rank != carrying);
            let works_since = others.filter_map(|(_, rank, _)| at(lines.works(*rank), now)).map(|(from, _)| from).min();
            let Some(since) = works_since.filter(|_| at(lines.works(carrying), now).is_none()) else { continue };
            let lost = last_end(lines.works(carrying), now).unwrap_or(self.lines.began).max(self.lines.began);
            let by = since.max(lost + SWITCH_AFTER) + DECISION + STORING;
            if now > by {
                let what = format!("rank {carrying} of bank {number} was lost at {lost:?} and still carries business");
                self.fail(Rule::Lines, what);
            }
        }
    }

    /// A caller was told that no answer came.
    pub(crate) fn line_told(&mut self, exchange: &Exchange) {
        let no_answer = Unknown::NoAnswer { within: Duration::ZERO };
        if exchange.outcome != Some(Outcome::Unknown) || exchange.reason_code.as_deref() != Some(no_answer.code()) {
            return;
        }
        self.count("a request that was not answered");
        let bank = usize::from(*exchange.institution != *"bank-0");
        let read = self.lines.read.get(&(bank, exchange.request.to_vec())).copied();
        if let Some(read) = read.filter(|read| self.is_punctual && *read + TELLING < self.now) {
            let what = format!("{} was told as not answered, and the answer was read at {read:?}", exchange.id);
            self.fail(Rule::Answered, what);
        }
    }

    /// When everything is calm, all lines work, and the main ones carry business.
    pub(crate) fn lines_have_returned(&mut self) {
        let now = self.now;
        for number in 0..BANKS {
            let setup = *self.setup.bank(number);
            for (line, (name, _, links)) in LINES.iter().enumerate().filter(|(line, _)| setup.has_line(*line)) {
                let is_of_line = |link: &&Link| link.bank == number && link.line == line && link.is_signed_on;
                let up = self.lines.links.values().filter(is_of_line).count();
                if up != *links {
                    self.fail(
                        Rule::Lines,
                        format!("{up} of {links} links of line {name} to bank {number} work at {now:?}"),
                    );
                }
            }
            let rank = self.lines.banks.get(number).map_or(1, |lines| lines.rank);
            if rank != 1 {
                self.fail(Rule::Lines, format!("business of bank {number} is on rank {rank} at the end"));
            }
        }
    }
}
