//! The orders of the demo's callers. Each has one idempotency key and goes to both gateways at the same time; that is rude, and it must not matter.

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
    /// By gateway. `None`: no reply came.
    pub(super) told: [Option<Told>; 2],
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

    /// Sends this many new orders, each to both gateways.
    pub(super) fn send(&self, count: u64, doors: &[Door; 2]) -> Running {
        let mut running = JoinSet::new();
        for number in 0..count {
            let amount = self.next(number);
            let [one, other] = doors.clone();
            running.spawn(async move {
                let key = key(amount);
                let (one, other) = tokio::join!(one.pay(&key, amount), other.pay(&key, amount));
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
