//! The contract of a coordinator, checked on any form of it.
//!
//! [`conforms`] takes a form: coordinators of several instances over one store. A new form adds one test that calls it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::coordinator::{Coordinator, Joining, LocalCoordinator, NewsSender, PUSH_MAX, Seat};
use fep_protocol::breaker::{BreakerScope, BreakerSnapshot, BreakerState, TripCause};
use fep_protocol::coordination::{Amounts, Ask, Contract, KeyOwner, Membership, News, RoutedAnswer};
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::terms::Key;
use fep_protocol::trace::{TraceBlock, TraceHighWater, TraceRange, TraceUse};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::fake::Cluster;

const CONTRACT: Contract = Contract {
    whole: Amounts { rate: 90, inflight: 100 },
    window: Duration::from_millis(500),
    occupied_max: Duration::from_millis(500),
};

const RANGE: TraceRange = TraceRange { max: 2000, block: 40, wraps: false };

const PATIENCE: Duration = Duration::from_secs(5);

/// A form of the coordinator: makes the one of an instance with this name. All of them share one store.
pub(crate) type Form<'f> = &'f dyn Fn(&str) -> Arc<dyn Coordinator>;

/// An instance at one institution.
struct Member {
    name: Arc<str>,
    seat: Box<dyn Seat>,
    news: mpsc::Receiver<News>,
}

fn mark(day: i64, high: u64) -> TraceHighWater {
    TraceHighWater { day, high }
}

fn join(form: Form<'_>, name: &str, institution: &str, used: Vec<TraceHighWater>) -> Member {
    let joining = Joining { institution: institution.into(), contract: CONTRACT, traces: RANGE, used };
    let (sender, news) = NewsSender::channel();
    let coordinator = form(name);
    Member { name: coordinator.instance(), seat: coordinator.join(joining, sender), news }
}

impl Member {
    async fn hears(&mut self) -> News {
        timeout(PATIENCE, self.news.recv()).await.expect("no news").expect("the sender is there")
    }

    async fn block(&mut self, day: i64, for_what: TraceUse) -> Option<TraceBlock> {
        self.seat.ask(Ask::Traces { day, for_what });
        match self.hears().await {
            News::Traces(block) => Some(block),
            News::TracesUsedUp { day: same, for_what: whose } if (same, whose) == (day, for_what) => None,
            other => panic!("{other:?}"),
        }
    }

    async fn is_silent(&mut self) -> bool {
        timeout(PUSH_MAX * 3, self.news.recv()).await.is_err()
    }
}

/// Checks a form.
pub(crate) async fn conforms(form: Form<'_>) {
    no_number_is_given_twice(form).await;
    let terms = form("a").terms();
    if terms.is_alone() {
        return who_is_alone_hears_nothing_else(form).await;
    }
    all_shares_together_are_the_contract(form).await;
    breakers_are_pushed(form).await;
    one_instance_sends_the_echo_test(form).await;
    answers_find_their_instance(form).await;
}

async fn no_number_is_given_twice(form: Form<'_>) {
    let names = if form("a").terms().is_alone() { &["a"][..] } else { &["a", "b"] };
    let mut members: Vec<Member> = names.iter().map(|name| join(form, name, "traces", Vec::new())).collect();
    let mut given = BTreeSet::new();
    let mut high = 0;
    'day: for turn in 0.. {
        let count = members.len();
        let member = &mut members[turn % count];
        let Some(block) = member.block(20_000, TraceUse::Request).await else { break 'day };
        assert_eq!(block.day, 20_000);
        assert!(block.first >= 1 && block.first <= block.last, "{block:?}");
        for number in block.first..=block.last {
            assert!(given.insert(number), "{number} twice");
        }
        high = high.max(block.last);
        if turn == 10 {
            // The instance starts again. Its journal knows what was given to it.
            let used = vec![mark(20_000, high)];
            members[0] = join(form, "a", "traces", used);
        }
    }
    assert_eq!(given.last(), Some(&1980), "one hundredth is kept for duties");
    let block = members[0].block(20_000, TraceUse::Duty).await.expect("numbers for duties");
    assert!(block.first > 1980 && block.last <= 2000, "{block:?}");
    let next = members[0].block(20_001, TraceUse::Request).await.expect("a new day");
    assert_eq!((next.day, next.first), (20_001, 1));
    // Clocks differ, and may be set back. Each day goes on after its own numbers.
    let mut back = join(form, "a", "back", vec![mark(20_000, 700), mark(20_001, 30)]);
    for (day, first) in [(20_000, 701), (20_001, 31), (19_999, 1)] {
        let block = back.block(day, TraceUse::Request).await.expect("numbers");
        assert_eq!((block.day, block.first), (day, first));
    }
    let other = join(form, "a", "other", Vec::new()).block(20_000, TraceUse::Request).await.expect("its own numbers");
    assert_eq!(other.first, 1);
}

async fn who_is_alone_hears_nothing_else(form: Form<'_>) {
    let mut member = join(form, "a", "alone", Vec::new());
    member.seat.ask(Ask::Whose { key: Key::new(["1"]) });
    member.seat.ask(Ask::Breaker(tripped(1)));
    assert!(member.is_silent().await);
}

async fn all_shares_together_are_the_contract(form: Form<'_>) {
    let terms = form("a").terms();
    let started = Instant::now();
    let now = || started.elapsed();
    let mut members = [join(form, "a", "shares", Vec::new()), join(form, "b", "shares", Vec::new())];
    let mut shares = [(); 2].map(|()| Membership::new(terms, CONTRACT, Duration::ZERO));
    let wants = |turn: usize, which: usize| if (turn / 12).is_multiple_of(2) == (which == 0) { 200 } else { 1 };
    let mut most = [0, 0];
    for turn in 0..24 {
        for which in 0..2 {
            shares[which].tick(now());
            let wanted = Amounts { rate: wants(turn, which), inflight: wants(turn, which) };
            if let Some(report) = shares[which].report(0, wanted, now()) {
                members[which].seat.ask(Ask::Report(report));
                match members[which].hears().await {
                    News::Grant(grant) => shares[which].granted(grant, now()),
                    other => panic!("{other:?}"),
                };
            }
            let sum = shares[0].share().each(shares[1].share(), |one, other| one + other);
            assert!(sum.min(CONTRACT.whole) == sum, "{sum:?} in turn {turn}");
            most[which] = most[which].max(shares[which].share().inflight);
        }
        sleep(terms.report_every).await;
    }
    let least = terms.least(CONTRACT.whole).inflight;
    assert_eq!(most, [100 - least; 2], "each got what the other did not want");
}

fn tripped(generation: u64) -> BreakerSnapshot {
    BreakerSnapshot {
        scope: BreakerScope::Institution,
        state: BreakerState::Tripped,
        generation,
        cause: Some(TripCause::LinksLost),
        since_ms: 1_763_686_800_000,
        wait: Some(Duration::from_secs(5)),
        attempts: 2,
        failures: 0,
        answers: 0,
    }
}

async fn breakers_are_pushed(form: Form<'_>) {
    let mut a = join(form, "a", "breakers", Vec::new());
    let mut b = join(form, "b", "breakers", Vec::new());
    // A loaded machine can delay one of nine.
    let mut took = Vec::new();
    for generation in 4..=12 {
        let begun = Instant::now();
        a.seat.ask(Ask::Breaker(tripped(generation)));
        assert_eq!(b.hears().await, News::Breaker(tripped(generation)));
        took.push(begun.elapsed());
    }
    took.sort();
    assert!(took[7] < PUSH_MAX, "they are pushed in time: {took:?}");
    // An older state does not replace it.
    b.seat.ask(Ask::Breaker(tripped(3)));
    assert!(a.is_silent().await, "neither its own state nor an older one comes back");
    let mut again = join(form, "b", "breakers", Vec::new());
    assert_eq!(again.hears().await, News::Breaker(tripped(12)), "whoever joins hears the newest state");
}

async fn one_instance_sends_the_echo_test(form: Form<'_>) {
    let mut a = join(form, "a", "probes", Vec::new());
    let mut b = join(form, "b", "probes", Vec::new());
    let scope = BreakerScope::Business("PY".to_owned());
    let lease = Duration::from_millis(1500);
    let ask = |generation| Ask::Probe { scope: scope.clone(), generation, lease };
    let news = |generation, may| News::Probe { scope: scope.clone(), generation, may };
    a.seat.ask(ask(7));
    assert_eq!(a.hears().await, news(7, true));
    b.seat.ask(ask(7));
    assert_eq!(b.hears().await, news(7, false));
    b.seat.ask(ask(5));
    assert_eq!(b.hears().await, news(5, false), "it does not know yet what became of it");
    a.seat.ask(ask(7));
    assert_eq!(a.hears().await, news(7, true), "an answer can be lost");
    b.seat.ask(ask(9));
    assert_eq!(b.hears().await, news(9, true), "another generation has another echo test");
    a.seat.ask(ask(9));
    assert_eq!(a.hears().await, news(9, false));
    // The server that counts the lease has a clock of its own, which may be adjusted.
    sleep(lease * 2).await;
    a.seat.ask(ask(9));
    assert_eq!(a.hears().await, news(9, true), "it may be dead");
}

async fn answers_find_their_instance(form: Form<'_>) {
    let mut a = join(form, "a", "answers", Vec::new());
    let mut b = join(form, "b", "answers", Vec::new());
    let key = Key::new(["000001", "20261127"]);
    a.seat.ask(Ask::Own { key: key.clone(), keep: PATIENCE });
    sleep(PUSH_MAX).await;
    b.seat.ask(Ask::Whose { key: key.clone() });
    let owner = KeyOwner::Instance(Arc::clone(&a.name));
    assert_eq!(b.hears().await, News::Owner { key: key.clone(), owner });
    let answer =
        RoutedAnswer { line: "main@b".into(), incarnation: 7, bytes: TelegramBytes::copy_of(b"0004\x00\xff\x8e\xaf") };
    b.seat.ask(Ask::HandOver { to: Arc::clone(&a.name), answer: answer.clone() });
    assert_eq!(a.hears().await, News::Answer(answer));
    a.seat.ask(Ask::Whose { key: key.clone() });
    assert_eq!(a.hears().await, News::Owner { key, owner: KeyOwner::Nobody }, "the asking instance is no owner");
    let strange = Key::new(["000002", "20261127"]);
    b.seat.ask(Ask::Whose { key: strange.clone() });
    assert_eq!(b.hears().await, News::Owner { key: strange, owner: KeyOwner::Nobody });
}

#[tokio::test]
async fn the_local_form_conforms() {
    conforms(&|_| Arc::new(LocalCoordinator)).await;
}

#[tokio::test]
async fn the_fake_form_conforms() {
    let cluster = Cluster::new();
    conforms(&|name| cluster.instance(name)).await;
}
