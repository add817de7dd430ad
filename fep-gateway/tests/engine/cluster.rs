//! Two gateways, each with a journal and a line of its own, that share the contract with one institution.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::Gateway;
use fep_gateway::exchange::{Exchange, LinkState};
use fep_gateway::gateway::{SharingStatus, StandInOnly, StartOptions};
use fep_protocol::breaker::BreakerScope;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::fake::{Cluster, TERMS};
use crate::harness::{Setup, config, entries_of, outcome, reset, transfer, trip, until};
use crate::peer::{Peer, transfer_answer};

struct Pair {
    cluster: Cluster,
    peer: Peer,
    folder: tempfile::TempDir,
    gateways: Vec<Gateway>,
    institution: &'static str,
}

const CONTRACT: usize = 8;

/// Instances wait only so long for each other as a request can be in flight.
const IMPATIENT: &str = "answer_timeout_ms = 800\nquarantine_ms = 300\ninflight_max = 8\n";

const PATIENT: &str = "answer_timeout_ms = 9000\nquarantine_ms = 300\ninflight_max = 8\n";

const BREAKER: &str = "[institutions.bank-a.breaker]\nwait_min_ms = 60000\n";

const NAMES: [&str; 2] = ["a", "b"];

impl Pair {
    /// The first gateway has the peer's connection 0, the second one has connection 1.
    async fn start(institution: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut pair =
            Self { cluster: Cluster::new(), peer: Peer::start().await, folder, gateways: Vec::new(), institution };
        for name in NAMES {
            let gateway = pair.gateway(name).await;
            is_up(&gateway).await;
            pair.gateways.push(gateway);
        }
        pair.shares([4, 4]).await;
        pair
    }

    async fn gateway(&self, name: &str) -> Gateway {
        let setup = Setup { links: 1, institution: self.institution, tables: BREAKER };
        let mut config = config(&self.journal(name), self.peer.port, &setup);
        for institution in config.institutions.values_mut() {
            institution.flow.settings.contract.adapts = false;
        }
        let options = StartOptions { coordinator: self.cluster.instance(name), ..StartOptions::default() };
        Gateway::start_with(config, Arc::new(StandInOnly), options).await.unwrap()
    }

    fn journal(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(format!("{name}.sqlite"))
    }

    fn ask(&self, which: usize) -> JoinHandle<Exchange> {
        let gateway = self.gateways[which].clone();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await.unwrap() })
    }

    async fn sharing(&self, which: usize) -> SharingStatus {
        self.gateways[which].institution("bank-a").await.unwrap().sharing.unwrap()
    }

    /// Waits until the gateways have these shares of the places in flight.
    async fn shares(&self, expected: [usize; 2]) {
        until(&format!("the shares are {expected:?}"), async || {
            let mut shares = [0, 0];
            for (which, share) in shares.iter_mut().enumerate().take(self.gateways.len()) {
                *share = self.sharing(which).await.share.inflight;
            }
            shares[..self.gateways.len()] == expected[..self.gateways.len()]
        })
        .await;
    }
}

async fn is_up(gateway: &Gateway) {
    until("the link is up", async || gateway.lines()[0].links[0].state == LinkState::Up).await;
}

#[tokio::test]
async fn together_they_keep_the_contract_and_shares_follow_demand() {
    let mut pair = Pair::start(PATIENT).await;
    let busy: Vec<_> = (0..12).map(|_| pair.ask(0)).collect();
    // The first gateway gets its four places, then what the second one does not need.
    let mut open = Vec::new();
    let mut traces = BTreeSet::new();
    while open.len() < CONTRACT - 1 {
        open.push(pair.peer.receive().await);
    }
    pair.shares([7, 1]).await;
    assert!(pair.peer.is_quiet_now(), "one place is kept for the second gateway");
    let other = pair.ask(1);
    open.push(pair.peer.receive().await);
    assert_eq!(open.last().map(|(connection, _)| *connection), Some(1));
    for _ in 0..12 + 1 {
        let (connection, request) = open.remove(0);
        assert!(traces.insert(request[32..38].to_vec()), "a trace number twice");
        pair.peer.send(connection, &transfer_answer(&request)).await;
        if traces.len() + open.len() < 13 {
            open.push(pair.peer.receive().await);
            assert!(open.len() <= CONTRACT, "more in flight than agreed");
        }
    }
    for asked in busy.into_iter().chain([other]) {
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
}

#[tokio::test]
async fn an_answer_on_the_other_gateways_line_reaches_its_request() {
    let mut pair = Pair::start(IMPATIENT).await;
    for owner in [0, 1] {
        let asked = pair.ask(owner);
        let (connection, request) = pair.peer.receive().await;
        assert_eq!(connection, owner);
        pair.peer.send(1 - owner, &transfer_answer(&request)).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
        let classes = |name: &str| entries_of(&pair.journal(name)).into_iter().map(|(_, class, _)| class);
        let other = NAMES[1 - owner];
        until("the other gateway has it, too", async || classes(other).any(|class| class == "routed")).await;
        assert!(classes(NAMES[owner]).any(|class| class == "answer"));
    }
    // Nobody's answer is journaled where it came.
    let asked = pair.ask(0);
    let (connection, request) = pair.peer.receive().await;
    let mut strange = transfer_answer(&request);
    strange[32..38].copy_from_slice(b"999999");
    pair.peer.send(1, &strange).await;
    pair.peer.send(connection, &transfer_answer(&request)).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
    until("it is unmatched", async || {
        entries_of(&pair.journal("b")).iter().any(|(_, class, bytes)| class == "unmatched" && *bytes == strange)
    })
    .await;
}

#[tokio::test]
async fn a_late_answer_on_the_other_gateways_line_settles() {
    let mut pair = Pair::start(IMPATIENT).await;
    let asked = pair.ask(0);
    let (_, request) = pair.peer.receive().await;
    let unknown = asked.await.unwrap();
    assert_eq!(outcome(&unknown), "unknown: no answer within 800 ms");
    pair.peer.send(1, &transfer_answer(&request)).await;
    until("it is settled", async || {
        pair.gateways[0].find(&unknown.id).await.unwrap().is_some_and(|exchange| exchange.settled_by.is_some())
    })
    .await;
}

#[tokio::test]
async fn a_breaker_that_one_trips_holds_on_the_other() {
    let pair = Pair::start(IMPATIENT).await;
    let trip = trip(BreakerScope::Institution, "the bank asked for it");
    pair.gateways[0].decide("bank-a", trip).await.unwrap();
    let state = async |which: usize| pair.gateways[which].institution("bank-a").await.unwrap().breakers[0].clone();
    until("it holds there, too", async || state(1).await.cause == Some("person")).await;
    let refused = pair.ask(1).await.unwrap();
    assert_eq!(refused.reason_code.as_deref(), Some("breaker_tripped"));
    assert!(outcome(&refused).ends_with("a person stopped it: the bank asked for it"));
    // A coordinator without memory resets nothing.
    pair.cluster.forget();
    pair.shares([4, 4]).await;
    assert_eq!(pair.ask(1).await.unwrap().reason_code.as_deref(), Some("breaker_tripped"));
    pair.gateways[1].decide("bank-a", reset(BreakerScope::Institution)).await.unwrap();
    until("it passes again", async || state(0).await.cause.is_none()).await;
}

#[tokio::test]
async fn an_instance_that_dies_gives_its_share_back() {
    let mut pair = Pair::start(IMPATIENT).await;
    let dead = pair.gateways.pop().unwrap();
    dead.stop().await;
    drop(dead);
    // It is silent. Its equal part stays reserved for it: it may only be cut off.
    until("its lease is over", async || {
        pair.sharing(0).await.share.inflight == CONTRACT / 2 && pair.sharing(0).await.has_lease
    })
    .await;
    pair.cluster.fence("b");
    pair.shares([8, 0]).await;
    // It comes back, and its trace numbers are new.
    let back = pair.gateway("b").await;
    is_up(&back).await;
    pair.gateways.push(back);
    pair.shares([4, 4]).await;
    let mut traces = BTreeSet::new();
    for turn in 0..10 {
        let asked = pair.ask(turn % 2);
        let (connection, request) = pair.peer.receive().await;
        assert!(traces.insert(request[32..38].to_vec()), "a trace number twice");
        pair.peer.send(connection, &transfer_answer(&request)).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
}

#[tokio::test]
async fn without_a_coordinator_business_goes_on_with_equal_parts() {
    let mut pair = Pair::start(IMPATIENT).await;
    pair.cluster.go_away(true);
    until("both notice", async || !pair.sharing(0).await.has_lease && !pair.sharing(1).await.has_lease).await;
    pair.shares([CONTRACT / TERMS.instances_max; 2]).await;
    for which in [0, 1] {
        let asked = pair.ask(which);
        let (connection, request) = pair.peer.receive().await;
        pair.peer.send(connection, &transfer_answer(&request)).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
    // An instance that starts now has no trace numbers, and does not invent any.
    pair.gateways.pop().unwrap().stop().await;
    let new = pair.gateway("b").await;
    is_up(&new).await;
    pair.gateways.push(new);
    let refused = pair.ask(1).await.unwrap();
    assert_eq!(refused.reason_code.as_deref(), Some("no_trace_block"), "{}", outcome(&refused));
    pair.cluster.go_away(false);
    until("it has numbers", async || {
        let asked = pair.ask(1);
        if let Ok((connection, request)) = timeout(Duration::from_millis(300), pair.peer.receive()).await {
            pair.peer.send(connection, &transfer_answer(&request)).await;
        }
        outcome(&asked.await.unwrap()) == "answered"
    })
    .await;
}

#[tokio::test]
async fn a_slow_coordinator_that_loses_messages_costs_no_request() {
    let mut pair = Pair::start(IMPATIENT).await;
    pair.cluster.delay(Duration::from_millis(40), 3);
    for turn in 0..20 {
        let asked = pair.ask(turn % 2);
        let (connection, request) = pair.peer.receive().await;
        pair.peer.send(connection, &transfer_answer(&request)).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
}
