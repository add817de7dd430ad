//! The orders of the demo's callers. Each has one idempotency key. It goes to one of the gateways, or to both at the same time: that must not
//! matter.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::Failure;
use super::member::{Door, Told};

/// How long an order may take until its end is known.
const END_MAX: Duration = Duration::from_secs(60);

/// The pause before a caller asks again.
const PAUSE: Duration = Duration::from_millis(150);

/// The first amount. Each order has one of its own, so that the bank's record tells them apart.
const FIRST: u64 = 100_001;

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The bank answered in time.
    Answered,
    /// It was unknown, and then settled: the money moved, or did not.
    Settled { is_paid: bool },
}

/// An order with what its callers were told at first.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) amount: u64,
    /// By gateway.
    pub(super) told: [Reply; 2],
}

/// What a gateway said of an order.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// It was not asked.
    NotAsked,
    /// The connection broke: nothing is known.
    None,
    /// Its words.
    Told(Told),
}

/// To which gateways orders go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goes {
    /// Each to both.
    ToBoth,
    /// One to the first, the next to the second.
    InTurn,
}

/// Makes orders, and keeps all of them.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) all: Vec<Order>,
}

/// Orders whose callers wait for a reply.
#[derive(Debug)]
pub(super) struct Running(JoinSet<Order>);

impl Orders {
    /// The number of orders so far, with those that run.
    fn next(&self, running: u64) -> u64 {
        FIRST + u64::try_from(self.all.len()).unwrap_or(u64::MAX) + running
    }

    /// Sends this many new orders.
    pub(super) fn send(&self, count: u64, goes: Goes, doors: &[Door; 2]) -> Running {
        let mut running = JoinSet::new();
        for number in 0..count {
            let amount = self.next(number);
            let [one, other] = doors.clone();
            let is_first = number.is_multiple_of(2);
            running.spawn(async move {
                let asked = (goes == Goes::ToBoth || is_first, goes == Goes::ToBoth || !is_first);
                let (one, other) = tokio::join!(ask(&one, amount, asked.0), ask(&other, amount, asked.1));
                Order { amount, told: [one, other] }
            });
        }
        Running(running)
    }

    /// Waits until all callers have a reply, or a broken connection. Returns these orders.
    ///
    /// # Errors
    /// If a task of the demo is lost.
    pub(super) async fn told(&mut self, mut running: Running) -> Result<Vec<Order>, Failure> {
        let mut told = Vec::new();
        while let Some(order) = running.0.join_next().await {
            told.push(order?);
        }
        told.sort_by_key(|order| order.amount);
        self.all.extend(told.iter().cloned());
        Ok(told)
    }
}

async fn ask(door: &Door, amount: u64, is_asked: bool) -> Reply {
    if !is_asked {
        return Reply::NotAsked;
    }
    door.pay(&key(amount), amount).await.map_or(Reply::None, Reply::Told)
}

/// Asks a gateway about an order, with the same key, until its end is known: that is what a caller does who was told `not_sent`, or nothing.
///
/// # Errors
/// If it has no end after a minute.
pub(super) async fn end(door: &Door, amount: u64) -> Result<End, Failure> {
    let began = Instant::now();
    while began.elapsed() < END_MAX {
        let told = door.pay(&key(amount), amount).await.unwrap_or_default();
        match (told.outcome.as_deref(), told.exchange) {
            (Some("answered"), _) => return Ok(End::Answered),
            (Some("unknown"), Some(exchange)) => {
                let now = door.exchange(&exchange).await.unwrap_or_default();
                if now.settled_by.is_some() {
                    return Ok(End::Settled { is_paid: now.money.as_deref() == Some("done") });
                }
            }
            _ => {}
        }
        sleep(PAUSE).await;
    }
    Err(format!("the order over {amount} has no end at gateway {} after {} s", door.name, END_MAX.as_secs()).into())
}

fn key(amount: u64) -> String {
    format!("order-{amount}")
}
