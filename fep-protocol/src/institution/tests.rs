//! One institution, step by step, under virtual time.

mod admission;
mod connections;
mod coordinated;
mod limits;
mod lines;
mod pairs;
mod stopping;

use super::*;
use crate::calendar::Calendar;
use crate::coordination::{Ask, KeyOwner, News};
use crate::fact::Class;
use crate::flow::{GateSettings, RateSettings};
use crate::reason::CloseReason;
use crate::settlement::StepKind;
use crate::standing::Standing;
use crate::terms::{BusinessNotice, BusinessSign, Classified, Demand, EncodedRequest, POLL, Poll, Priority};
use crate::trace::TraceCounter;
use std::collections::BTreeSet;

/// Telegrams of fixed text. `REQ:0007` is answered by `ANS:0007`. `ON`, `OFF` and `ECHO` are duties. `BAD:0007` cannot be
/// decoded. `ANS:0007@b` names the instance `b`, and `a` is this one.
#[derive(Debug)]
pub(super) struct ToyTelegrams {
    answer_timeout: Duration,
}

impl Default for ToyTelegrams {
    fn default() -> Self {
        Self { answer_timeout: Duration::from_secs(5) }
    }
}

fn wire(telegram: &str, answer: &str, trace: u64) -> EncodedRequest {
    let bytes = TelegramBytes::from(format!("{telegram}:{trace:04}").into_bytes());
    let key = Key::new([format!("{trace:04}")]);
    let answer_timeout = Duration::from_secs(5);
    EncodedRequest {
        telegram: telegram.into(),
        bytes,
        key,
        answer: answer.into(),
        trace: trace.to_string(),
        answer_timeout,
    }
}

impl Telegrams for ToyTelegrams {
    type Draft = Priority;

    fn demand(&self, priority: &Priority) -> Demand {
        Demand { telegram: "REQ".into(), business: None, priority: *priority, answer_timeout: self.answer_timeout }
    }

    fn request(&self, _: &Priority, trace: u64, _: Now) -> Result<EncodedRequest, String> {
        Ok(EncodedRequest { answer_timeout: self.answer_timeout, ..wire("REQ", "ANS", trace) })
    }

    fn duty(&self, duty: Duty, trace: u64, _: Now) -> Result<EncodedRequest, String> {
        let (telegram, answer) = match duty {
            Duty::SignOn => ("ON", "ON-OK"),
            Duty::SignOff => ("OFF", "OFF-OK"),
            Duty::EchoTest => ("ECHO", "ECHO-OK"),
        };
        Ok(wire(telegram, answer, trace))
    }

    fn accept(&self, _: Duty, theirs: &[u8]) -> Result<TelegramBytes, String> {
        Ok([theirs, b"-accepted"].concat().into())
    }

    /// `END` ends business and is answered. `FAULT` is a fault.
    fn business_sign(&self, bytes: &[u8]) -> Option<BusinessSign> {
        let signs = [("END", BusinessNotice::End, true), ("FAULT", BusinessNotice::Fault, false)];
        let (telegram, notice, is_answered) =
            signs.into_iter().find(|(name, ..)| bytes.starts_with(name.as_bytes()))?;
        Some(BusinessSign { telegram: telegram.into(), notice, stops: notice.stops(), is_answered })
    }

    fn accept_sign(&self, _: &BusinessSign, theirs: &[u8]) -> Result<TelegramBytes, String> {
        Ok([theirs, b"-accepted"].concat().into())
    }

    fn read(&self, bytes: &[u8]) -> Classified {
        let text = std::str::from_utf8(bytes).unwrap();
        let (telegram, key) = text.split_once(':').unwrap();
        let key = Key::new([key.split('@').next().unwrap().trim_end()]);
        let answer = |telegram: &str, refused| Classified::Answer {
            telegram: telegram.into(),
            key: key.clone(),
            refused,
            is_busy: false,
        };
        match telegram {
            "POLL" => Classified::Poll(Poll {
                is_answer: true,
                is_request: true,
                answer: Some(TelegramBytes::copy_of(b"POLL:")),
            }),
            "ON" => Classified::Duty(Duty::SignOn),
            "OFF" => Classified::Duty(Duty::SignOff),
            "ECHO" => Classified::Duty(Duty::EchoTest),
            "NO" => answer("ON-OK", Some("refused".to_owned())),
            "BAD" => Classified::Undecodable { key: Some(key), why: "rubbish".to_owned() },
            "END" | "FAULT" => Classified::Unexpected { telegram: telegram.into() },
            "NOTE" => Classified::Notice { telegram: "NOTE".into() },
            other => answer(other, None),
        }
    }

    fn named_owner(&self, _: &str, bytes: &[u8]) -> Option<KeyOwner> {
        let (_, named) = std::str::from_utf8(bytes).unwrap().split_once('@')?;
        Some(if named == "a" { KeyOwner::Nobody } else { KeyOwner::Instance(named.into()) })
    }

    fn day(&self, now: Now) -> i64 {
        now.wall_ms / 86_400_000
    }
}

/// The close reason of a link that the institution closed.
fn closed(why: &str) -> CloseReason {
    CloseReason::Read(why.to_owned())
}

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) fn settings(links: usize, policy: SessionPolicy) -> Settings {
    Settings {
        flow: flow(3, None),
        breaker: None,
        business: Business::new(Calendar::always(540), BTreeSet::new()),
        quarantine: 60 * SECOND,
        drain_max: 10 * SECOND,
        policy,
        lines: vec![LineSettings {
            links,
            duty: LineDuty::Both,
            listens: false,
            reconnect_min: SECOND / 10,
            reconnect_max: 30 * SECOND,
            rank: 1,
            window: usize::MAX,
            holds_overdue: false,
            at_need: false,
            one_shot: false,
        }],
        traces: TraceRange { max: 9999, block: 100, wraps: false },
        switchover: SwitchoverSettings { after: SECOND, return_after: 30 * SECOND, returns: true },
        start: at(Duration::ZERO),
        terms: Terms::ALONE,
        was_fenced: false,
        occupied_max: 70 * SECOND,
    }
}

/// Limits without a reserve and without adaption.
pub(super) fn flow(inflight_max: usize, rate: Option<RateSettings>) -> FlowSettings {
    let contract = GateSettings { rate, inflight_max, adapts: false };
    FlowSettings { contract, businesses: BTreeMap::new(), reserved_percent: 0, queue_max: 10 }
}

pub(super) fn at(steady: Duration) -> Now {
    Now::new(steady, 1_763_686_800_000 + i64::try_from(steady.as_millis()).unwrap())
}

fn incarnation_of(link: usize, number: u64) -> Incarnation {
    Incarnation { link: LinkId { line: 0, link }, number }
}

/// A machine that has started and has its first block of trace numbers.
fn started(settings: Settings) -> Institution<ToyTelegrams> {
    let mut traces = TraceCounter::new(settings.traces, None);
    let mut machine = Institution::new(settings, ToyTelegrams::default(), 7);
    machine.start(at(Duration::ZERO));
    actions(&mut machine, &mut traces, at(Duration::ZERO));
    machine
}

/// The actions of a machine that is alone. Gives it the blocks that it asks for.
pub(super) fn actions(machine: &mut Institution<ToyTelegrams>, traces: &mut TraceCounter, now: Now) -> Vec<Action> {
    let mut others = Vec::new();
    while let Some(action) = machine.next_action() {
        match action {
            Action::Ask(ask) => machine.news(answered(ask, traces), now),
            other => others.push(other),
        }
    }
    others
}

/// The coordinator of a gateway that is alone.
pub(super) fn answered(ask: Ask, traces: &mut TraceCounter) -> News {
    let Ask::Traces { day, for_what } = ask else { panic!("{ask:?} of a gateway that is alone") };
    traces.next(day, for_what).map_or(News::TracesUsedUp { day, for_what }, News::Traces)
}

/// A machine whose journal and writes always succeed, with a record of its actions.
struct Bench {
    machine: Institution<ToyTelegrams>,
    traces: TraceCounter,
    now: Duration,
    done: Vec<String>,
    /// Whether the kernel takes bytes.
    kernel_takes: bool,
}

impl Bench {
    fn new(links: usize, policy: SessionPolicy) -> Self {
        let mut bench = Self::with(settings(links, policy));
        for link in 0..links {
            bench.machine.connected(incarnation_of(link, 1), at(Duration::ZERO));
        }
        bench.run();
        bench
    }

    /// A machine with these settings, before anything is connected.
    fn with(settings: Settings) -> Self {
        let traces = TraceCounter::new(settings.traces, None);
        let mut machine = Institution::new(settings, ToyTelegrams::default(), 7);
        machine.start(at(Duration::ZERO));
        Self { machine, traces, now: Duration::ZERO, done: Vec::new(), kernel_takes: true }
    }

    fn up(links: usize) -> Self {
        let mut bench = Self::new(links, SessionPolicy::default());
        bench.done.clear();
        bench
    }

    fn run(&mut self) {
        while let Some(action) = self.machine.next_action() {
            let text = match action {
                Action::Journal(out) => {
                    self.machine.journaled(out.ticket, Ok(()), at(self.now));
                    continue;
                }
                Action::Write { incarnation, bytes, .. } => {
                    format!("{}.{} < {}", incarnation.link.link, incarnation.number, String::from_utf8_lossy(&bytes))
                }
                Action::Withdraw(ticket, _) => {
                    match self.kernel_takes {
                        true => self.machine.unanswered(ticket, at(self.now)),
                        false => self.machine.withdrawn(ticket, at(self.now)),
                    }
                    continue;
                }
                Action::Proved(_) | Action::OwesPoll(..) => continue,
                Action::Ask(ask) => {
                    let news = answered(ask, &mut self.traces);
                    self.machine.news(news, at(self.now));
                    continue;
                }
                Action::HandOver(to, ..) => format!("handed over to {to}"),
                Action::TracesLow { used, max } => format!("{used} of {max} trace numbers"),
                Action::Finish(ticket, FinalState::Answered(..)) => format!("{} answered", ticket.0),
                Action::Finish(ticket, FinalState::Settled(..)) => format!("{} settled", ticket.0),
                Action::Finish(ticket, FinalState::NotSent(why)) => format!("{} not sent: {why}", ticket.0),
                Action::Finish(ticket, FinalState::Unknown(why)) => format!("{} unknown: {why}", ticket.0),
                Action::Received(incoming) => incoming.class.name().to_owned(),
                Action::Link(link, state, _) => format!("link {} {state:?}", link.link),
                Action::Close(incarnation, why) => format!("close {}: {why}", incarnation.link.link),
                Action::Connect(incarnation) => format!("connect {}.{}", incarnation.link.link, incarnation.number),
                Action::Business(notice, stops) => format!("business {notice:?} stops {stops:?}"),
                Action::Standing(Standing::Switchover(state)) => format!("rank {}: {state}", state.rank),
                Action::Standing(Standing::Breaker { person, by, .. }) => {
                    format!("{person} {}", if by.is_some() { "trips" } else { "resets" })
                }
                Action::Standing(_) => continue,
                Action::LineStopped(line, by) => format!("line {line} stopped {}", by.is_some()),
                Action::Breaker(snapshot) => format!("breaker {:?}", snapshot.state),
                Action::Notice(_, telegram, _) => format!("notice {telegram}"),
                Action::Echo(link, time) => format!("echo {} {} ms", link.link, time.as_millis()),
                Action::Forget(ticket) => format!("{} forgotten", ticket.0),
                Action::Stopped => "stopped".to_owned(),
            };
            self.done.push(text);
        }
    }

    fn request(&mut self) -> Result<Ticket, String> {
        let ticket = self.machine.request(Priority::Customer, self.now, at(self.now));
        self.run();
        ticket.map_err(|why| why.to_string())
    }

    fn receive(&mut self, incarnation: Incarnation, text: &str) {
        self.machine.received(incarnation, TelegramBytes::copy_of(text.as_bytes()), at(self.now));
        self.run();
    }

    fn at(&mut self, now: Duration) {
        self.now = now;
        self.machine.tick(at(now));
        self.run();
    }

    fn expect(&mut self, expected: &[&str]) {
        assert_eq!(std::mem::take(&mut self.done), expected);
    }
}

#[test]
fn an_answer_may_come_on_another_link() {
    let mut bench = Bench::up(2);
    bench.request().unwrap();
    bench.request().unwrap();
    bench.expect(&["0.1 < REQ:0001", "1.1 < REQ:0002"]);
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.expect(&["answer", "2 answered", "answer", "1 answered"]);
}

#[test]
fn silence_is_unknown_and_a_late_answer_settles() {
    let mut bench = Bench::up(1);
    bench.request().unwrap();
    assert_eq!(bench.machine.deadline(), Some(5 * SECOND));
    bench.at(5 * SECOND);
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.expect(&["0.1 < REQ:0001", "1 unknown: no answer within 5000 ms", "late", "1 settled", "duplicate"]);
    bench.at(70 * SECOND);
    bench.expect(&["1 forgotten"]);
}

#[test]
fn an_unknown_is_forgotten_after_its_quarantine() {
    let mut bench = Bench::up(1);
    bench.request().unwrap();
    bench.at(5 * SECOND);
    bench.at(65 * SECOND);
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.expect(&["0.1 < REQ:0001", "1 unknown: no answer within 5000 ms", "1 forgotten", "unmatched"]);
}

#[test]
fn what_was_written_to_a_lost_link_is_unknown_at_once_and_what_was_not_is_not_sent() {
    let mut bench = Bench::up(1);
    let first = bench.request().unwrap();
    let second = bench.request().unwrap();
    bench.done.clear();
    bench.machine.lost(incarnation_of(0, 1), &closed("reset"), &[second], at(SECOND));
    bench.run();
    bench.expect(&[
        "2 not sent: the link was lost before the write: read: reset",
        "1 unknown: the link was lost after the write: read: reset",
        "link 0 Down",
    ]);
    assert_eq!(first, Ticket(1));
    let refused = bench.request().unwrap_err();
    assert_eq!(refused, "no line is up: read: reset");
    bench.at(2 * SECOND);
    bench.machine.connected(incarnation_of(0, 2), at(2 * SECOND));
    bench.receive(incarnation_of(0, 2), "ANS:0001");
    bench.expect(&["link 0 Connecting", "connect 0.2", "link 0 Up", "late", "1 settled"]);
}

#[test]
fn an_unjournaled_request_is_never_written() {
    let mut machine = started(settings(1, SessionPolicy::default()));
    machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    let ticket = machine.request(Priority::Customer, Duration::ZERO, at(Duration::ZERO)).unwrap();
    machine.journaled(ticket, Err(JournalError::Failed("disk full".to_owned())), at(Duration::ZERO));
    let ends: Vec<_> = std::iter::from_fn(|| machine.next_action())
        .filter(|action| matches!(action, Action::Write { .. } | Action::Finish(..)))
        .collect();
    let why = "the journal cannot be written: disk full".to_owned();
    assert!(
        matches!(&ends[..], [Action::Finish(_, FinalState::NotSent(reason))] if reason.to_string() == why),
        "{ends:?}"
    );
}

#[test]
fn a_link_lost_before_the_commit_leaves_not_sent() {
    let mut machine = started(settings(1, SessionPolicy::default()));
    machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    let ticket = machine.request(Priority::Customer, Duration::ZERO, at(Duration::ZERO)).unwrap();
    machine.lost(incarnation_of(0, 1), &closed("reset"), &[], at(SECOND));
    machine.tick(at(2 * SECOND));
    machine.connected(incarnation_of(0, 2), at(2 * SECOND));
    machine.journaled(ticket, Ok(()), at(3 * SECOND));
    let ends: Vec<_> = std::iter::from_fn(|| machine.next_action())
        .filter(|action| matches!(action, Action::Write { .. } | Action::Finish(..)))
        .collect();
    let why = "the link was lost before the write";
    assert!(
        matches!(&ends[..], [Action::Finish(_, FinalState::NotSent(reason))] if reason.to_string() == why),
        "{ends:?}"
    );
}

#[test]
fn an_unreadable_answer_is_unknown_and_the_line_stays_up() {
    let mut bench = Bench::up(1);
    bench.request().unwrap();
    bench.receive(incarnation_of(0, 1), "BAD:0001");
    bench.receive(incarnation_of(0, 1), "BAD:0009");
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    let unknown = "1 unknown: the answer cannot be read: rubbish";
    bench.expect(&["0.1 < REQ:0001", "undecodable", unknown, "undecodable", "late", "1 settled"]);
}

#[test]
fn business_waits_for_sign_on_and_echo_tests_keep_the_link() {
    let policy = SessionPolicy {
        sign_on: true,
        sign_off: true,
        echo_test: true,
        echo_interval: 30 * SECOND,
        echo_idle: 20 * SECOND,
        ..SessionPolicy::default()
    };
    let mut bench = Bench::new(1, policy);
    bench.expect(&["link 0 Connecting", "connect 0.1", "link 0 SigningOn", "0.1 < ON:0001"]);
    assert_eq!(bench.request(), Err("no line is up".to_owned()));
    bench.receive(incarnation_of(0, 1), "ON-OK:0001");
    bench.expect(&["answer", "link 0 Up"]);
    bench.at(20 * SECOND);
    bench.now = 20 * SECOND + SECOND / 4;
    bench.receive(incarnation_of(0, 1), "ECHO-OK:0002");
    bench.receive(incarnation_of(0, 1), "ECHO:0100");
    bench.expect(&["0.1 < ECHO:0002", "answer", "echo 0 250 ms", "duty", "0.1 < ECHO:0100-accepted"]);
    bench.at(41 * SECOND);
    bench.at(46 * SECOND);
    bench.expect(&["0.1 < ECHO:0003", "close 0: echo test: no answer within 5000 ms"]);
    bench.machine.lost(incarnation_of(0, 1), &closed("closed"), &[], at(46 * SECOND));
    bench.run();
    assert_eq!(bench.request(), Err("no line is up: echo test: no answer within 5000 ms".to_owned()));
}

#[test]
fn a_refused_sign_on_closes_the_link_and_says_so() {
    let mut bench = Bench::new(1, SessionPolicy { sign_on: true, ..SessionPolicy::default() });
    bench.done.clear();
    bench.receive(incarnation_of(0, 1), "NO:0001");
    bench.machine.lost(incarnation_of(0, 1), &closed("closed"), &[], at(SECOND));
    bench.run();
    bench.expect(&["answer", "close 0: sign-on was refused: refused", "link 0 Down"]);
    assert_eq!(bench.request(), Err("no line is up: sign-on was refused: refused".to_owned()));
}
