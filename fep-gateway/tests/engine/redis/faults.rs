//! Redis that is away, empty, full, slow or filled with something else. Two instances keep one contract through all of it.

use std::sync::Arc;
use std::time::Duration;

use fep_gateway::coordinator::{Coordinator, Joining, NewsSender, Seat};
use fep_protocol::breaker::{BreakerScope, BreakerSnapshot, BreakerState, TripCause};
use fep_protocol::coordination::{Amounts, Ask, Contract, KeyOwner, Membership, News, RoutedAnswer};
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceRange;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::server::Server;
use super::{Shared, TERMS};
use crate::harness::until;

const CONTRACT: Contract = Contract {
    whole: Amounts { rate: 90, inflight: 100 },
    window: Duration::from_millis(500),
    occupied_max: Duration::from_millis(500),
};

const SECOND: Duration = Duration::from_secs(1);

/// An instance at one institution.
struct Member {
    coordinator: Arc<dyn Coordinator>,
    seat: Box<dyn Seat>,
    news: mpsc::Receiver<News>,
    membership: Membership,
    wants: usize,
}

/// Two instances that report as gateways do.
struct Two {
    members: [Member; 2],
    started: Instant,
}

pub(super) fn join(coordinator: &Arc<dyn Coordinator>) -> (Box<dyn Seat>, mpsc::Receiver<News>) {
    let traces = TraceRange { max: 2000, block: 40, wraps: false };
    let joining = Joining { institution: "bank-a".into(), contract: CONTRACT, traces, used: Vec::new() };
    let (sender, news) = NewsSender::channel();
    (coordinator.join(joining, sender), news)
}

impl Two {
    async fn on(shared: &Shared) -> Self {
        let mut members = Vec::new();
        for (name, wants) in [("a", 200), ("b", 1)] {
            let coordinator = shared.instance(name).await;
            let (seat, news) = join(&coordinator);
            let membership = Membership::new(TERMS, CONTRACT, Duration::ZERO);
            members.push(Member { coordinator, seat, news, membership, wants });
        }
        let members = members.try_into().unwrap_or_else(|_| unreachable!());
        Self { members, started: Instant::now() }
    }

    /// Lets time pass. The shares are never more than the contract.
    async fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn();
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn turn(&mut self) {
        for member in &mut self.members {
            let now = self.started.elapsed();
            member.membership.tick(now);
            while let Ok(news) = member.news.try_recv() {
                if let News::Grant(grant) = news {
                    member.membership.granted(grant, self.started.elapsed());
                }
            }
            let wanted = Amounts { rate: member.wants, inflight: member.wants };
            if let Some(report) = member.membership.report(0, wanted, now) {
                member.seat.ask(Ask::Report(report));
            }
        }
        let sum = self.members[0].membership.share().each(self.members[1].membership.share(), |one, other| one + other);
        assert!(sum.min(CONTRACT.whole) == sum, "{sum:?} of {CONTRACT:?}");
    }

    /// Waits until the shares follow demand, in both directions.
    async fn follow_demand(&mut self) {
        for busy in [0, 1] {
            self.members[busy].wants = 200;
            self.members[1 - busy].wants = 1;
            let most = CONTRACT.whole.inflight - TERMS.least(CONTRACT.whole).inflight;
            let begun = Instant::now();
            while self.members[busy].membership.share().inflight < most {
                assert!(begun.elapsed() < SECOND * 20, "{:?}", self.members[busy].membership);
                self.pass(Duration::from_millis(50)).await;
            }
        }
    }

    fn are_reached(&self) -> [bool; 2] {
        [0, 1].map(|which| self.members[which].coordinator.store().unwrap().is_reached)
    }

    async fn notice(&mut self, is_reached: bool) {
        let begun = Instant::now();
        while self.are_reached() != [is_reached; 2] {
            assert!(begun.elapsed() < SECOND * 10, "{:?}", self.members[0].coordinator.store());
            self.pass(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn redis_that_is_killed_again_and_again_never_lends_more_than_the_contract() {
    for keeps in [&["--appendonly", "yes", "--appendfsync", "always"][..], &[]] {
        let Some(mut server) = Server::start(keeps).await else { return };
        let mut two = Two::on(&Shared::on(&server.address())).await;
        for away in [0, 300, 2500] {
            two.follow_demand().await;
            server.kill();
            two.pass(Duration::from_millis(away)).await;
            server.begin().await;
        }
        two.follow_demand().await;
        two.notice(true).await;
    }
}

#[tokio::test]
async fn without_redis_each_gets_its_equal_part() {
    let Some(mut server) = Server::start(&[]).await else { return };
    let mut two = Two::on(&Shared::on(&server.address())).await;
    two.follow_demand().await;
    server.kill();
    two.notice(false).await;
    two.pass(TERMS.lease + TERMS.quiet(&CONTRACT)).await;
    let equal = TERMS.equal_part(CONTRACT.whole);
    assert_eq!([0, 1].map(|which| two.members[which].membership.share()), [equal; 2]);
    assert!(two.members.iter().all(|member| !member.membership.has_lease()));
    let status = two.members[0].coordinator.store().unwrap();
    assert!(status.error.unwrap().contains("refused"));
    server.begin().await;
    two.follow_demand().await;
}

#[tokio::test]
async fn an_empty_a_strange_a_slow_and_a_full_redis_lend_no_more_than_the_contract() {
    let Some(server) = Server::start(&[]).await else { return };
    let shared = Shared::on(&server.address());
    let mut two = Two::on(&shared).await;
    let division = format!("{}:{{bank-a}}:division", shared.config.prefix);
    let breakers = format!("{}:{{bank-a}}:breakers", shared.config.prefix);
    let answers = format!("{}:{{to:a}}:answers", shared.config.prefix);
    let strange: [&[&str]; 7] = [
        &["FLUSHALL"],
        &["SET", &division, "not a division"],
        &["SET", &division, "{\"version\":1}"],
        &["DEL", &division],
        &["SET", &breakers, "not a hash"],
        &["SET", &answers, "not a stream"],
        &["SCRIPT", "FLUSH"],
    ];
    for command in strange {
        two.follow_demand().await;
        assert!(server.command(command).await.starts_with(['+', ':']), "{command:?}");
        two.pass(Duration::from_millis(400)).await;
    }
    server.command(&["DEL", &division]).await;
    server.command(&["LPUSH", &division, "a list"]).await;
    two.follow_demand().await;
    server.command(&["CLIENT", "PAUSE", "2500", "ALL"]).await;
    two.notice(false).await;
    two.follow_demand().await;
    two.notice(true).await;
    // Full: nothing can be written. What there is may be read.
    server.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    two.notice(false).await;
    two.pass(TERMS.lease * 2).await;
    let status = two.members[0].coordinator.store().unwrap();
    assert!(status.error.unwrap().contains("maxmemory"));
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    two.follow_demand().await;
    two.notice(true).await;
}

#[tokio::test]
async fn a_replica_is_not_written_to() {
    let Some(server) = Server::start(&[]).await else { return };
    let mut two = Two::on(&Shared::on(&server.address())).await;
    two.follow_demand().await;
    server.command(&["REPLICAOF", "127.0.0.1", "1"]).await;
    two.notice(false).await;
    two.pass(SECOND).await;
    server.command(&["REPLICAOF", "NO", "ONE"]).await;
    two.follow_demand().await;
}

#[tokio::test]
async fn a_fenced_instance_gives_its_whole_share_back_once_it_is_silent() {
    let Some(server) = Server::start(&[]).await else { return };
    let mut two = Two::on(&Shared::on(&server.address())).await;
    two.follow_demand().await;
    // The first one dies. Its equal part stays reserved until it is fenced.
    two.members[1].wants = 200;
    let begun = Instant::now();
    let mut most = 0;
    let mut is_fenced = false;
    while most < CONTRACT.whole.inflight {
        assert!(begun.elapsed() < SECOND * 30, "{most}");
        if begun.elapsed() > SECOND * 4 && !is_fenced {
            assert_eq!(most, CONTRACT.whole.inflight - TERMS.least(CONTRACT.whole).inflight);
            two.members[1].coordinator.fence("a");
            is_fenced = true;
        }
        let now = two.started.elapsed();
        let member = &mut two.members[1];
        member.membership.tick(now);
        while let Ok(news) = member.news.try_recv() {
            if let News::Grant(grant) = news {
                member.membership.granted(grant, two.started.elapsed());
            }
        }
        if let Some(report) = member.membership.report(0, Amounts { rate: 200, inflight: 200 }, now) {
            member.seat.ask(Ask::Report(report));
        }
        most = most.max(member.membership.share().inflight);
        sleep(Duration::from_millis(10)).await;
    }
    assert!(is_fenced);
}

#[tokio::test]
async fn answers_survive_connections_that_break_and_a_redis_that_starts_again() {
    let Some(mut server) = Server::start(&[]).await else { return };
    let shared = Shared::on(&server.address());
    let [a, b] = [shared.instance("a").await, shared.instance("b").await];
    let mut seat = join(&b).0;
    let (_kept, mut news) = join(&a);
    let mut missing = std::collections::BTreeSet::new();
    for number in 0..200_u64 {
        let bytes = TelegramBytes::copy_of(&number.to_be_bytes());
        let answer = RoutedAnswer { line: "main@b".into(), incarnation: number, bytes };
        seat.ask(Ask::HandOver { to: "a".into(), answer });
        missing.insert(number);
        if number % 50 == 20 {
            server.command(&["CLIENT", "KILL", "TYPE", "normal"]).await;
        }
        sleep(Duration::from_millis(2)).await;
    }
    while !missing.is_empty() {
        match timeout(SECOND * 5, news.recv()).await {
            Ok(Some(News::Answer(answer))) => drop(missing.remove(&answer.incarnation)),
            other => panic!("{other:?}: {missing:?}"),
        }
    }
    // While Redis is away, writes wait for a short time.
    server.kill();
    let key = Key::new(["000001"]);
    join(&a).0.ask(Ask::Breaker(tripped(1)));
    let mut owner = join(&a).0;
    owner.ask(Ask::Own { key: key.clone(), keep: SECOND * 60 });
    sleep(Duration::from_millis(300)).await;
    server.begin().await;
    let (mut asks, mut heard) = join(&b);
    until("the owner is found", async || {
        asks.ask(Ask::Whose { key: key.clone() });
        loop {
            let news = timeout(SECOND * 5, heard.recv()).await.unwrap().unwrap();
            if let News::Owner { owner, .. } = news {
                return owner == KeyOwner::Instance("a".into());
            }
        }
    })
    .await;
}

fn tripped(generation: u64) -> BreakerSnapshot {
    BreakerSnapshot {
        scope: BreakerScope::Institution,
        state: BreakerState::Tripped,
        generation,
        cause: Some(TripCause::LinksLost),
        since_ms: 1_763_686_800_000,
        wait: None,
        attempts: 0,
        failures: 0,
        answers: 0,
    }
}

#[tokio::test]
async fn a_breaker_that_redis_forgot_is_stored_again() {
    let Some(server) = Server::start(&[]).await else { return };
    let shared = Shared::on(&server.address());
    let [a, b] = [shared.instance("a").await, shared.instance("b").await];
    let (mut seat, _news) = join(&a);
    seat.ask(Ask::Breaker(tripped(3)));
    sleep(Duration::from_millis(100)).await;
    server.command(&["FLUSHALL"]).await;
    let (_seat, mut heard) = join(&b);
    let news = timeout(SECOND * 3, heard.recv()).await.unwrap();
    assert_eq!(news, Some(News::Breaker(tripped(3))));
}
