//! One of several instances: without trace numbers, without a share, and with answers of other instances.

use super::*;
use crate::breaker::{BreakerScope, BreakerSnapshot, BreakerState, TripCause};
use crate::coordination::{Amounts, Fenced, Grant, RoutedAnswer};

/// One of two instances, connected. Its questions are written down, and a test gives the news.
fn member() -> Bench {
    let terms = Terms { instances_max: 2, lease: 3 * SECOND, report_every: SECOND, owner_timeout: SECOND };
    let mut bench = Bench::with(Settings { terms, flow: flow(8, None), ..settings(1, SessionPolicy::default()) });
    bench.machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    bench
}

impl Bench {
    /// Carries out all actions. Returns what was asked, and what happened.
    fn asked(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Ask(Ask::Traces { .. }) => texts.push("traces".to_owned()),
                Action::Ask(Ask::Report(report)) => texts.push(format!("report {}", report.held.inflight)),
                Action::Ask(Ask::Own { .. }) => texts.push("own".to_owned()),
                Action::Ask(Ask::Whose { .. }) => texts.push("whose".to_owned()),
                Action::Journal(out) => self.machine.journaled(out.ticket, Ok(()), at(self.now)),
                Action::Write { bytes, .. } => texts.push(format!("< {}", String::from_utf8_lossy(&bytes))),
                Action::HandOver(to, ..) => texts.push(format!("over to {to}")),
                Action::Received(incoming) => texts.push(incoming.class.name().to_owned()),
                Action::Finish(ticket, FinalState::NotSent(why)) => texts.push(format!("{} not sent: {why}", ticket.0)),
                Action::Finish(ticket, FinalState::Answered(..)) => texts.push(format!("{} answered", ticket.0)),
                Action::Standing(Standing::Breaker { person, by, .. }) => {
                    texts.push(format!("{person} {}", if by.is_some() { "trips" } else { "resets" }));
                }
                _ => {}
            }
        }
        texts
    }

    fn hears(&mut self, news: News) -> Vec<String> {
        self.machine.news(news, at(self.now));
        self.asked()
    }

    fn asks(&mut self, requests: usize) -> Vec<String> {
        for _ in 0..requests {
            self.machine.request(Priority::Customer, self.now, at(self.now)).unwrap();
        }
        self.asked()
    }

    fn passes(&mut self, now: Duration) -> Vec<String> {
        self.now = now;
        self.machine.tick(at(now));
        self.asked()
    }
}

/// An answer that another instance has just stored.
fn stored(answer: RoutedAnswer) -> News {
    News::AnswerStored { answer, at_ms: at(Duration::ZERO).wall_ms }
}

fn block(first: u64) -> News {
    let day = at(Duration::ZERO).wall_ms / 86_400_000;
    News::Traces(crate::trace::TraceBlock { day, first, last: first + 99 })
}

fn granted(report: u64, inflight: usize) -> News {
    News::Grant(Grant { report, epoch: 5, serial: report, share: Amounts { rate: 0, inflight } })
}

#[test]
fn requests_wait_for_a_block_and_are_not_sent_without_one() {
    let mut bench = member();
    assert_eq!(bench.asked(), ["traces", "report 1"]);
    assert_eq!(bench.asks(1), [] as [&str; 0]);
    assert_eq!(bench.passes(SECOND), ["report 1", "traces"], "a lost question is asked again");
    let expired = bench.passes(5 * SECOND);
    let why = "1 not sent: no trace numbers were there in time: the coordinator gave no block";
    assert!(expired.contains(&why.to_owned()), "{expired:?}");
    bench.asks(1);
    assert_eq!(bench.hears(block(501)), ["own", "< REQ:0501"], "its key is said before it is written");
}

#[test]
fn a_share_counts_at_once_and_a_fenced_instance_sends_nothing() {
    let mut bench = member();
    bench.asked();
    bench.hears(block(1));
    assert_eq!(bench.asks(3), ["own", "< REQ:0001"], "an instance begins with its least part");
    assert_eq!(bench.hears(granted(1, 2)), ["own", "< REQ:0002"]);
    assert_eq!(bench.hears(News::Fenced(Fenced { epoch: 5 })), ["report 2"], "it joins again");
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    assert!(bench.done.iter().all(|done| !done.contains("REQ")), "{:?}", bench.done);
    assert_eq!(bench.hears(granted(2, 1)), ["own", "< REQ:0003"]);
}

#[test]
fn an_answer_is_looked_up_and_handed_over() {
    let mut bench = member();
    bench.asked();
    let key = Key::new(["0900"]);
    let arrives = |bench: &mut Bench| {
        let bytes = TelegramBytes::copy_of(b"ANS:0900");
        bench.machine.received(incarnation_of(0, 1), bytes, at(bench.now));
        bench.asked()
    };
    assert_eq!(arrives(&mut bench), ["whose"]);
    let owner = |owner| News::Owner { key: key.clone(), owner };
    assert_eq!(bench.hears(owner(KeyOwner::Instance("b".into()))), ["routed", "over to b"]);
    assert_eq!(arrives(&mut bench), ["whose"]);
    assert_eq!(bench.hears(owner(KeyOwner::Nobody)), ["unmatched"]);
    assert_eq!(arrives(&mut bench), ["whose"]);
    assert!(bench.passes(SECOND).contains(&"unmatched".to_owned()), "nobody said whose it is");
}

#[test]
fn an_answer_that_names_its_instance_is_handed_over_without_a_question() {
    let mut bench = member();
    bench.asked();
    bench.hears(block(1));
    bench.hears(granted(1, 4));
    bench.asks(2);
    let mut arrives = |text: &[u8]| {
        bench.machine.received(incarnation_of(0, 1), TelegramBytes::copy_of(text), at(bench.now));
        bench.asked()
    };
    assert_eq!(arrives(b"ANS:0900@b"), ["routed", "over to b"]);
    assert_eq!(arrives(b"ANS:0900@a"), ["unmatched"], "this instance would know it");
    assert_eq!(arrives(b"ANS:0001@b"), ["answer", "1 answered"], "the name is a hint: the key decides");
    assert_eq!(arrives(b"ANS:0002@a"), ["answer", "2 answered"]);
}

/// The institution can write any name into any telegram, and what is passed on is stored.
#[test]
fn a_flood_of_answers_that_name_another_instance_is_looked_up() {
    let mut bench = member();
    bench.asked();
    let mut named = |count: usize, at_ms: u64| {
        bench.now = Duration::from_millis(at_ms);
        let mut over = 0;
        for _ in 0..count {
            bench.machine.received(incarnation_of(0, 1), TelegramBytes::copy_of(b"ANS:0900@b"), at(bench.now));
            over += bench.asked().iter().filter(|text| *text == "over to b").count();
        }
        over
    };
    // The contract has 8 places.
    assert_eq!(named(2000, 0), 8);
    assert_eq!(named(2000, 50), 4, "each place is answered ten times a second");
    assert_eq!(named(2000, 10_000), 8);
}

#[test]
fn an_answer_that_another_instance_stored_is_an_answer_once() {
    let mut bench = member();
    bench.asked();
    bench.hears(block(1));
    bench.hears(granted(1, 4));
    bench.asks(2);
    let answer = |text: &[u8]| {
        let bytes = TelegramBytes::copy_of(text);
        RoutedAnswer { line: "main@b".into(), incarnation: 3, bytes }
    };
    assert_eq!(bench.hears(stored(answer(b"ANS:0777"))), [""; 0], "it is of another instance");
    assert_eq!(bench.hears(stored(answer(b"ANS:0001"))), ["answer", "1 answered"]);
    assert_eq!(bench.hears(News::Answer(answer(b"ANS:0001"))), [""; 0], "the same by the other way");
    assert_eq!(bench.hears(News::Answer(answer(b"ANS:0002"))), ["answer", "2 answered"]);
    assert_eq!(bench.hears(stored(answer(b"ANS:0002"))), [""; 0]);
    assert_eq!(bench.hears(stored(answer(b"ANS:0002"))), [""; 0], "it may be read again");
    assert_eq!(bench.hears(News::Answer(answer(b"ANS:0002"))), ["duplicate"], "the institution sent it twice");
    let other = |way: fn(RoutedAnswer) -> News| way(answer(b"ANS:0001@other"));
    assert_eq!(bench.hears(other(stored)), ["conflicting"]);
    assert_eq!(bench.hears(other(News::Answer)), [""; 0], "the same by the other way");
    let rubbish = RoutedAnswer { bytes: TelegramBytes::copy_of(b"NOTE:0002"), ..answer(b"") };
    assert_eq!(bench.hears(stored(rubbish)), [""; 0]);
}

/// Keys are used again when their quarantine is over, and a journal can be far behind.
#[test]
fn an_old_answer_is_not_that_of_a_later_request_with_its_key() {
    let mut bench = member();
    bench.asked();
    bench.hears(block(1));
    bench.hears(granted(1, 4));
    bench.asks(1);
    let answer = RoutedAnswer { line: "main@b".into(), incarnation: 3, bytes: TelegramBytes::copy_of(b"ANS:0001") };
    let now_ms = at(bench.now).wall_ms;
    let at_ms = |age_ms: i64| News::AnswerStored { answer: answer.clone(), at_ms: now_ms - age_ms };
    assert_eq!(bench.hears(at_ms(30_001)), [""; 0], "half of the quarantine is 30 s");
    assert_eq!(bench.hears(at_ms(30_000)), ["answer", "1 answered"]);
}

#[test]
fn an_answer_from_another_instance_is_an_answer() {
    let mut bench = member();
    bench.asked();
    bench.hears(block(1));
    bench.asks(1);
    let answer = |text: &[u8]| {
        let bytes = TelegramBytes::copy_of(text);
        News::Answer(RoutedAnswer { line: "main@b".into(), incarnation: 3, bytes })
    };
    assert_eq!(bench.hears(answer(b"ANS:0001")), ["answer", "1 answered"]);
    assert_eq!(bench.hears(answer(b"ANS:0001")), ["duplicate"]);
    assert_eq!(bench.hears(answer(b"ANS:0777")), ["unmatched"], "it is not sent round");
}

#[test]
fn what_a_person_decided_at_another_instance_is_remembered_here() {
    let terms = Terms { instances_max: 2, lease: 3 * SECOND, report_every: SECOND, owner_timeout: SECOND };
    let breaker = Some(admission::policy());
    let mut bench = Bench::with(Settings { terms, breaker, ..settings(1, SessionPolicy::default()) });
    bench.asked();
    let scope = BreakerScope::Institution;
    let snapshot = |generation, state, cause| {
        News::Breaker(BreakerSnapshot {
            scope: scope.clone(),
            state,
            generation,
            cause,
            since_ms: 7,
            wait: None,
            attempts: 0,
            failures: 0,
            answers: 0,
        })
    };
    let by_kim = || Some(TripCause::Person { person: "kim".to_owned(), note: "maintenance".to_owned() });
    assert_eq!(bench.hears(snapshot(5, BreakerState::Tripped, by_kim())), ["kim trips"]);
    assert_eq!(bench.hears(snapshot(5, BreakerState::Tripped, by_kim())), [] as [&str; 0], "it is not newer");
    assert_eq!(bench.hears(snapshot(6, BreakerState::Passing, by_kim())), ["another instance resets"]);
    let by_itself = Some(TripCause::LinksLost);
    assert_eq!(bench.hears(snapshot(7, BreakerState::Tripped, by_itself)), [] as [&str; 0], "no person decided it");
}
