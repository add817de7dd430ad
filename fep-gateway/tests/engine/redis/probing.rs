//! Two gateways over a real Redis whose breaker trips at both at the same time: one of them asks whether the institution is back.

use std::time::Duration;

use fep_gateway::Gateway;
use fep_protocol::breaker::BreakerState;
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::gateways::Pair;
use crate::harness::{Setup, outcome, transfer, until};
use crate::peer::answer_to;

/// The institution's breaker trips, and those of its business codes do not.
const SETUP: Setup = Setup {
    links: 1,
    institution: "answer_timeout_ms = 400\ninflight_max = 64\n",
    tables: "[institutions.bank-a.session]\necho_test = \"EchoTest\"\naccepted = { \"header.response_code\" = \"0000\" }\n\
             echo_interval_ms = 60000\necho_idle_ms = 60000\n\
             [institutions.bank-a.breaker]\nfailures_in_row = 2\nwait_min_ms = 200\nwait_max_ms = 200\nprobe_timeout_ms = 400\n\
             trial_answers = 1\ntrial_inflight_max = 4\n",
};

/// How often the bank is silent.
const PERIODS: usize = 6;

/// The bank answers an echo test after this time, in which that of the other gateway would come, too.
const ANSWER_PAUSE: Duration = Duration::from_millis(200);

fn is_echo_test(telegram: &[u8]) -> bool {
    telegram[24..31] == *b"0800300"
}

/// Sends two requests, each of its own business code. Returns their outcomes.
async fn ask(gateway: Gateway) -> [String; 2] {
    let inquiry = json!({ "account": "1002345678901", "balance": 0, "available": 0 });
    let transfer = transfer();
    let asked = tokio::join!(
        gateway.exchange("bank-a", "Transfer", &transfer, None),
        gateway.exchange("bank-a", "BalanceInquiry", &inquiry, None),
    );
    [asked.0, asked.1].map(|asked| outcome(&asked.unwrap()))
}

/// Both gateways send two requests at the same time. The bank answers all or none.
async fn both_ask(pair: &mut Pair, bank_works: bool) {
    let asking = pair.gateways.clone().map(|gateway| tokio::spawn(ask(gateway)));
    for _ in 0..4 {
        let (connection, request) = pair.peer.receive().await;
        assert!(!is_echo_test(&request));
        if bank_works {
            pair.peer.send(connection, &answer_to(&request, b"0000")).await;
        }
    }
    for asked in asking {
        let wanted = if bank_works { "answered" } else { "unknown: no answer within 400 ms" };
        assert_eq!(asked.await.unwrap(), [wanted; 2]);
    }
}

async fn until_state(pair: &Pair, which: usize, wanted: BreakerState) {
    let state = async || pair.gateways[which].institution("bank-a").await.unwrap().breakers[0].state;
    until(wanted.name(), async || state().await == wanted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_gateways_one_sends_the_echo_test_in_each_period() {
    let Some(mut pair) = Pair::of(&SETUP).await else { return };
    for _ in 0..2 {
        // The session begins with one.
        pair.peer.answer_duty(b"300", b"0000").await;
    }
    let mut counts = Vec::new();
    for _ in 0..PERIODS {
        both_ask(&mut pair, false).await;
        let mut tests = vec![pair.peer.receive().await];
        let until = Instant::now() + ANSWER_PAUSE;
        while let Ok(test) = timeout(until - Instant::now(), pair.peer.receive()).await {
            tests.push(test);
        }
        counts.push(tests.len());
        for (connection, test) in tests {
            assert!(is_echo_test(&test), "nothing else passes: {}", String::from_utf8_lossy(&test));
            pair.peer.send(connection, &answer_to(&test, b"0000")).await;
        }
        for which in 0..2 {
            until_state(&pair, which, BreakerState::Trial).await;
        }
        both_ask(&mut pair, true).await;
        for which in 0..2 {
            until_state(&pair, which, BreakerState::Passing).await;
        }
    }
    assert_eq!(counts, [1; PERIODS], "echo tests by period");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_gateway_sends_echo_tests_when_one_is_gone() {
    let Some(mut pair) = Pair::of(&SETUP).await else { return };
    for _ in 0..2 {
        pair.peer.answer_duty(b"300", b"0000").await;
    }
    both_ask(&mut pair, false).await;
    let (connection, _) = pair.peer.receive().await;
    pair.gateways[connection].stop().await;
    let (other, test) = pair.peer.receive().await;
    assert_eq!((other, is_echo_test(&test)), (1 - connection, true));
}
