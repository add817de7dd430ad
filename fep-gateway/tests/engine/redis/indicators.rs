//! What the requests of the last minute came to at two gateways over a real Redis: the sum, a gateway that is gone, rubbish, and Redis that is away.

use std::sync::Arc;

use fep_gateway::coordinator::Coordinator;
use fep_gateway::gateway::IndicatorsStatus;
use fep_protocol::indicators::Indicators;
use serde_json::{Value as Json, json};

use super::TERMS;
use super::faults::join;
use super::gateways::Pair;
use crate::harness::{outcome, until};
use crate::peer::transfer_answer;

impl Pair {
    async fn indicators(&self, which: usize) -> IndicatorsStatus {
        self.gateways[which].institution("bank-a").await.unwrap().indicators.unwrap()
    }

    /// Requests of one gateway that are answered.
    async fn answered(&mut self, which: usize, count: usize) {
        for _ in 0..count {
            let asked = self.ask(which);
            let (connection, request) = self.peer.receive().await;
            self.peer.send(connection, &transfer_answer(&request)).await;
            assert_eq!(outcome(&asked.await.unwrap()), "answered");
        }
    }

    /// Waits until each gateway shows this number of answered requests at both.
    async fn both_know(&self, answered: u64) {
        until("both know the sum", async || {
            let [a, b] = [self.indicators(0).await, self.indicators(1).await];
            (a.all.answered, b.all.answered) == (answered, answered) && (a.others, b.others) == ("known", "known")
        })
        .await;
    }

    fn key(&self) -> String {
        format!("{}:{{bank-a}}:indicators", self.prefix)
    }

    /// The time of Redis.
    async fn seconds(&self) -> u64 {
        self.command(&["TIME"]).await.split("\r\n").nth(2).unwrap().parse().unwrap()
    }

    async fn command(&self, words: &[&str]) -> String {
        self.server.command(words).await
    }
}

/// Checks that each instance hears the indicators of the other one, and not its own.
pub(super) async fn are_heard(instances: [&Arc<dyn Coordinator>; 2]) {
    let mut seats = instances.map(join);
    let told = [7, 9].map(|in_flight| Indicators { in_flight, ..Indicators::default() });
    until("each hears the other", async || {
        for ((seat, _), own) in seats.iter_mut().zip(&told) {
            seat.tell(own);
        }
        let heard = instances.map(|instance| instance.others("bank-a").unwrap_or_default().others);
        heard.map(|others| others.iter().map(|other| other.indicators).collect::<Vec<_>>()) == [[told[1]], [told[0]]]
    })
    .await;
}

fn shown(status: &IndicatorsStatus) -> Vec<(&str, bool, bool)> {
    status.instances.iter().map(|one| (&*one.instance, one.is_own, one.is_current)).collect()
}

#[tokio::test]
async fn each_gateway_shows_the_values_of_both_and_their_sum() {
    let Some(mut pair) = Pair::start().await else { return };
    pair.answered(0, 3).await;
    pair.answered(1, 2).await;
    pair.both_know(5).await;
    // One that waits for its answer.
    let waits = pair.ask(1);
    let (connection, request) = pair.peer.receive().await;
    until("the other one knows it", async || pair.indicators(0).await.all.in_flight == 1).await;
    let status = pair.indicators(0).await;
    assert_eq!(shown(&status), [("a", true, true), ("b", false, true)]);
    let values = |which: usize| &status.instances[which].values;
    assert_eq!((values(0).answered, values(1).answered), (3, 2));
    assert_eq!((values(0).in_flight, values(1).in_flight), (0, 1));
    assert!(values(1).oldest_ms.is_some() && values(0).oldest_ms.is_none());
    let added: Vec<u64> = values(0).round_trips.iter().zip(&values(1).round_trips).map(|(a, b)| a + b).collect();
    assert_eq!(status.all.round_trips, added);
    assert_eq!(status.all.round_trips.iter().sum::<u64>(), 5);
    assert_eq!(status.all.longest_ms, values(0).longest_ms.max(values(1).longest_ms));
    assert!(status.all.p50_ms <= status.all.p95_ms && status.all.p99_ms <= status.all.longest_ms);
    pair.peer.send(connection, &transfer_answer(&request)).await;
    waits.await.unwrap();
    // The key expires: nothing stays behind.
    let reply = pair.command(&["PTTL", &pair.key()]).await;
    let left_ms: i64 = reply.trim_start_matches(':').trim().parse().unwrap();
    assert!((1..=600_000).contains(&left_ms), "{reply}");
}

#[tokio::test]
async fn a_gateway_that_is_gone_is_old_and_in_no_sum() {
    let Some(mut pair) = Pair::start().await else { return };
    pair.answered(0, 1).await;
    pair.answered(1, 4).await;
    pair.both_know(5).await;
    let [first, second] = pair.gateways.clone();
    second.stop().await;
    drop(second);
    let indicators = async || first.institution("bank-a").await.unwrap().indicators.unwrap();
    until("it is old", async || shown(&indicators().await) == [("a", true, true), ("b", false, false)]).await;
    let status = indicators().await;
    assert_eq!((status.others, status.all.answered, status.instances[1].values.answered), ("known", 1, 4));
    assert!(status.instances[1].age_ms >= u64::try_from(TERMS.lease.as_millis()).unwrap());
    // Its field is from long ago, or from a clock that was far ahead: it is removed.
    for stamp in ["0000000000000001", "0009999999999999"] {
        pair.command(&["HSET", &pair.key(), "b", &format!("{stamp} {{}}")]).await;
        until("it is removed", async || pair.command(&["HEXISTS", &pair.key(), "b"]).await == ":0\r\n").await;
        until("it is left out", async || shown(&indicators().await) == [("a", true, true)]).await;
        assert_eq!(indicators().await.unreadable, 0);
    }
}

#[tokio::test]
async fn rubbish_is_ignored_and_counted() {
    let Some(mut pair) = Pair::start().await else { return };
    pair.answered(0, 1).await;
    pair.answered(1, 1).await;
    pair.both_know(2).await;
    let good = json!({
        "version": 1, "answered": 90, "unknown": 0, "not_sent": 0, "stopped": 0, "round_trips": vec![0; 15], "longest_ms": 0,
        "in_flight": 0, "oldest_ms": null
    });
    let told = |seconds: u64, key: &str, value: Json| {
        let mut told = good.clone();
        told[key] = value;
        format!("{:016} {told}", seconds * 1000)
    };
    let seconds = pair.seconds().await;
    let with = |key, value| told(seconds, key, value);
    let rubbish = [
        ("r1", "not a value".to_owned()),
        ("r2", String::new()),
        ("r3", with("version", json!(2))),
        ("r4", with("answered", json!(u64::MAX))),
        ("r5", with("round_trips", json!([1, 2]))),
        ("r6", "x".repeat(100_000)),
        ("", with("answered", json!(1))),
    ];
    for (number, (field, text)) in rubbish.iter().enumerate() {
        pair.command(&["HSET", &pair.key(), field, text]).await;
        until("it is counted", async || pair.indicators(0).await.unreadable == number + 1).await;
    }
    assert_eq!(pair.indicators(0).await.all.answered, 2);
    assert_eq!(shown(&pair.indicators(1).await), [("b", true, true), ("a", false, true)]);
    // What can be read is believed: it is another gateway.
    pair.command(&["HSET", &pair.key(), "c", &told(pair.seconds().await, "unknown", json!(9))]).await;
    until("it is heard", async || pair.indicators(0).await.all.unknown == 9).await;
    // Another type, and more fields than there can be: the hash is begun anew.
    pair.command(&["DEL", &pair.key()]).await;
    pair.command(&["SET", &pair.key(), "not a hash"]).await;
    pair.both_know(2).await;
    until("it is forgotten", async || pair.indicators(0).await.unreadable == 0).await;
    let key = pair.key();
    let names: Vec<String> = (0..200).map(|number| format!("n{number}")).collect();
    let words =
        ["HSET", &key].into_iter().chain(names.iter().flat_map(|name| [&**name, "rubbish"])).collect::<Vec<_>>();
    pair.command(&words).await;
    until("there are two fields", async || pair.command(&["HLEN", &key]).await == ":2\r\n").await;
    pair.both_know(2).await;
    assert_eq!(pair.indicators(0).await.unreadable, 0);
}

#[tokio::test]
async fn without_redis_each_gateway_shows_its_own_values_and_says_so() {
    let Some(mut pair) = Pair::start().await else { return };
    pair.answered(0, 2).await;
    pair.answered(1, 1).await;
    pair.both_know(3).await;
    pair.server.kill();
    until("the others are not known", async || pair.indicators(0).await.others == "unknown").await;
    let status = pair.indicators(0).await;
    assert_eq!((shown(&status), status.all.answered), (vec![("a", true, true)], 2));
    pair.answered(0, 1).await;
    assert_eq!(pair.indicators(0).await.all.answered, 3);
    pair.server.begin().await;
    pair.both_know(4).await;
    // A Redis that hangs is away, too.
    pair.command(&["CLIENT", "PAUSE", "4000", "ALL"]).await;
    until("the others are not known", async || pair.indicators(1).await.others == "unknown").await;
    pair.both_know(4).await;
}
