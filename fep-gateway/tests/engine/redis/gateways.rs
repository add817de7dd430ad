//! Two gateways over a real Redis: an answer on the other's line, a breaker, and how long that takes.

use std::sync::Arc;
use std::time::Duration;

use fep_gateway::Gateway;
use fep_gateway::exchange::{Exchange, LinkState};
use fep_gateway::gateway::{StandInOnly, StartOptions};
use fep_protocol::breaker::BreakerScope;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Shared;
use super::server::Server;
use crate::harness::{Setup, config, outcome, transfer, trip, until};
use crate::peer::{Peer, transfer_answer};

const SETUP: Setup = Setup {
    links: 1,
    institution: "answer_timeout_ms = 5000\ninflight_max = 8\n",
    tables: "[institutions.bank-a.breaker]\nwait_min_ms = 60000\n",
};

pub(super) struct Pair {
    pub(super) server: Server,
    pub(super) prefix: String,
    pub(super) peer: Peer,
    _folder: tempfile::TempDir,
    pub(super) gateways: [Gateway; 2],
}

impl Pair {
    /// The first gateway has the peer's connection 0, the second one has connection 1.
    pub(super) async fn start() -> Option<Self> {
        Self::of(&SETUP).await
    }

    /// The same with other settings.
    pub(super) async fn of(setup: &Setup) -> Option<Self> {
        let server = Server::start(&[]).await?;
        let shared = Shared::on(&server.address());
        let peer = Peer::start().await;
        let folder = tempfile::tempdir().unwrap();
        let mut gateways = Vec::new();
        for name in ["a", "b"] {
            let config = config(&folder.path().join(format!("{name}.sqlite")), peer.port, setup);
            let options = StartOptions { coordinator: shared.instance(name).await, ..StartOptions::default() };
            let gateway = Gateway::start_with(config, Arc::new(StandInOnly), options).await.unwrap();
            until("the link is up", async || gateway.lines()[0].links[0].state == LinkState::Up).await;
            gateways.push(gateway);
        }
        let gateways = gateways.try_into().unwrap_or_else(|_| unreachable!());
        let prefix = shared.config.prefix.clone();
        let pair = Self { server, prefix, peer, _folder: folder, gateways };
        until("both have joined", async || {
            let has_lease = async |which: usize| {
                pair.gateways[which].institution("bank-a").await.unwrap().sharing.unwrap().has_lease
            };
            has_lease(0).await && has_lease(1).await
        })
        .await;
        Some(pair)
    }

    pub(super) fn ask(&self, which: usize) -> JoinHandle<Exchange> {
        let gateway = self.gateways[which].clone();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await.unwrap() })
    }

    /// The median time of requests of the first gateway whose answers come on this connection.
    async fn median(&mut self, connection: usize) -> Duration {
        let mut times = Vec::new();
        for _ in 0..200 {
            let begun = Instant::now();
            let asked = self.ask(0);
            let (_, request) = self.peer.receive().await;
            self.peer.send(connection, &transfer_answer(&request)).await;
            assert_eq!(outcome(&asked.await.unwrap()), "answered");
            times.push(begun.elapsed());
        }
        times.sort();
        times[times.len() / 2]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_on_the_other_gateways_line_reaches_its_caller() {
    let Some(mut pair) = Pair::start().await else { return };
    let own = pair.median(0).await;
    let other = pair.median(1).await;
    println!("own line {own:?}, the other's {other:?}, added {:?}", other.saturating_sub(own));
    pair.server.command(&["FLUSHALL"]).await;
    assert_eq!(pair.median(1).await.as_secs(), 0);
}

#[tokio::test]
async fn a_breaker_that_one_trips_holds_on_the_other_at_once() {
    let Some(pair) = Pair::start().await else { return };
    let begun = Instant::now();
    pair.gateways[0].decide("bank-a", trip(BreakerScope::Institution, "maintenance")).await.unwrap();
    until("it holds there, too", async || {
        pair.gateways[1].institution("bank-a").await.unwrap().breakers[0].cause == Some("person")
    })
    .await;
    println!("seen after {:?}", begun.elapsed());
    assert_eq!(pair.ask(1).await.unwrap().reason_code.as_deref(), Some("breaker_tripped"));
}

#[tokio::test]
async fn business_goes_on_while_redis_is_away() {
    let Some(mut pair) = Pair::start().await else { return };
    pair.server.kill();
    for turn in 0..20 {
        let asked = pair.ask(turn % 2);
        let (connection, request) = pair.peer.receive().await;
        pair.peer.send(connection, &transfer_answer(&request)).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
    pair.server.begin().await;
    until("it is found again", async || {
        pair.gateways[0].institution("bank-a").await.unwrap().sharing.unwrap().has_lease
    })
    .await;
}
