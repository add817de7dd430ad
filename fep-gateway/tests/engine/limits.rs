//! Limits: places in flight, the rate, the queue in front of them, and the breaker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fep_gateway::exchange::Exchange;
use fep_gateway::gateway::{CannotDecide, Decision, InstitutionStatus, Refusal, StandInOnly, Undecided};
use fep_protocol::breaker::{BreakerScope, BreakerState};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::{BANK_B, Bench, Setup, config, golden, outcome, reset, start, transfer, trip, until};
use crate::peer::{Peer, answer_to, transfer_answer};

fn limited(institution: &'static str, tables: &'static str) -> Setup {
    Setup { links: 1, institution, tables }
}

/// Answers this number of requests, each as soon as it comes.
async fn answer(bench: &mut Bench, requests: usize) {
    for _ in 0..requests {
        let (connection, request) = bench.peer.receive().await;
        bench.peer.send(connection, &transfer_answer(&request)).await;
    }
}

async fn all(asked: Vec<JoinHandle<Exchange>>) -> Vec<String> {
    let mut ends = Vec::new();
    for asked in asked {
        ends.push(outcome(&asked.await.unwrap()));
    }
    ends
}

#[tokio::test]
async fn a_window_of_one_serves_twenty_callers_one_after_the_other() {
    let mut bench = Bench::new(limited("inflight_max = 1", "")).await;
    let asked: Vec<_> = (0..20).map(|_| bench.ask()).collect();
    for served in 0..20 {
        let (connection, request) = bench.peer.receive().await;
        if served == 0 {
            assert!(bench.peer.is_quiet().await, "two requests are in flight");
        }
        // The numbers are given when a request starts, so they are in the order on the line.
        assert_eq!(request[32..38], *format!("{:06}", served + 1).as_bytes());
        bench.peer.send(connection, &transfer_answer(&request)).await;
    }
    assert!(all(asked).await.iter().all(|end| end == "answered"));
}

/// A service that is told the name asks for it. Nothing found would mean that nothing was sent, and it will be.
#[tokio::test]
async fn who_waits_for_its_turn_is_found_by_its_name() {
    let mut bench = Bench::new(limited("inflight_max = 1", "")).await;
    let first = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let ask = || {
        let gateway = bench.gateway.clone();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), Some("order-1")).await })
    };
    let asked = [ask(), ask(), ask()];
    until("one waits for its turn, and two are told so", async || {
        asked.iter().filter(|asked| asked.is_finished()).count() == 2
    })
    .await;
    let (told, waiting): (Vec<_>, Vec<_>) = asked.into_iter().partition(JoinHandle::is_finished);
    for told in told {
        let Err(Refusal::StillRunning(id)) = told.await.unwrap() else { panic!("another one has the key") };
        let found = bench.gateway.find(&id).await.unwrap().expect("it will be sent");
        assert_eq!((found.id, found.outcome), (id, None));
    }
    bench.peer.send(connection, &transfer_answer(&request)).await;
    assert_eq!(outcome(&first.await.unwrap()), "answered");
    let (connection, request) = bench.peer.receive().await;
    bench.peer.send(connection, &transfer_answer(&request)).await;
    for waiting in waiting {
        assert_eq!(outcome(&waiting.await.unwrap().unwrap()), "answered");
    }
}

#[tokio::test]
async fn who_waits_until_its_deadline_is_not_sent() {
    let mut bench = Bench::new(limited("inflight_max = 1\nanswer_timeout_ms = 600", "")).await;
    let first = bench.ask();
    let (_, request) = bench.peer.receive().await;
    let second = bench.ask().await.unwrap();
    let why = "not sent: the limits of the institution let it not start within 300 ms";
    assert_eq!((outcome(&second).as_str(), second.reason_code.as_deref()), (why, Some("waited_too_long")));
    assert_eq!(bench.gateway.find(&second.id).await.unwrap(), Some(second));
    let first = first.await.unwrap();
    assert_eq!(outcome(&first), "unknown: no answer within 600 ms");
    // The institution may still work on the first one, so its place is not free before its late answer.
    assert_eq!(outcome(&bench.ask().await.unwrap()), why);
    bench.peer.send(0, &transfer_answer(&request)).await;
    bench.settled(&first.id).await;
    bench.answered().await;
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let flow = "[institutions.bank-a.flow]\nqueue_max = 1";
    let mut bench = Bench::new(limited("inflight_max = 1", flow)).await;
    let first = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let two = [bench.ask(), bench.ask()];
    until("one is refused", async || two.iter().any(JoinHandle::is_finished)).await;
    bench.peer.send(connection, &transfer_answer(&request)).await;
    answer(&mut bench, 1).await;
    assert_eq!(outcome(&first.await.unwrap()), "answered");
    let mut ends = all(two.into()).await;
    ends.sort();
    assert_eq!(ends, ["answered", "not sent: 1 requests wait for their turn already"]);
}

#[tokio::test]
async fn a_rate_that_is_used_up_is_known_at_once() {
    let flow = "[institutions.bank-a.flow]\nrate_max = 3\nrate_window_ms = 3600000";
    let mut bench = Bench::new(limited("", flow)).await;
    for _ in 0..3 {
        bench.answered().await;
    }
    let fourth = bench.ask().await.unwrap();
    assert_eq!(fourth.reason_code.as_deref(), Some("rate_limit"), "{}", outcome(&fourth));
    assert!(bench.peer.is_quiet().await);
}

#[tokio::test]
async fn requests_wait_for_the_rate() {
    let flow = "[institutions.bank-a.flow]\nrate_max = 3\nrate_window_ms = 300";
    let mut bench = Bench::new(limited("", flow)).await;
    let started = Instant::now();
    let asked: Vec<_> = (0..9).map(|_| bench.ask()).collect();
    answer(&mut bench, 9).await;
    assert!(all(asked).await.iter().all(|end| end == "answered"));
    assert!(started.elapsed() >= Duration::from_millis(600), "nine telegrams need three windows");
}

impl Bench {
    async fn status(&self) -> InstitutionStatus {
        self.gateway.institution("bank-a").await.unwrap()
    }

    async fn waiting(&self, count: usize) {
        until("they wait", async || self.status().await.waiting.values().sum::<usize>() == count).await;
    }

    /// Asks for the result of a transfer, which has the priority of an inquiry in these tests.
    fn inquire(&self) -> JoinHandle<Exchange> {
        let gateway = self.gateway.clone();
        let fields = json!({ "original_trace_no": 1, "original_date": "2026-11-21", "result_code": "", "amount": 0 });
        tokio::spawn(async move { gateway.exchange("bank-a", "ResultInquiry", &fields, None).await.unwrap() })
    }
}

#[tokio::test]
async fn the_higher_priority_goes_first() {
    let flow = "[institutions.bank-a.flow]\npriorities = { ResultInquiry = \"inquiry\" }";
    let mut bench = Bench::new(limited("inflight_max = 1", flow)).await;
    let first = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let second = bench.ask();
    bench.waiting(1).await;
    let inquiry = bench.inquire();
    bench.waiting(2).await;
    bench.peer.send(connection, &transfer_answer(&request)).await;
    let (connection, next) = bench.peer.receive().await;
    assert_eq!(&next[24..31], b"0600100", "the transfer went first");
    bench.peer.send(connection, &answer_to(&next, b"0000")).await;
    answer(&mut bench, 1).await;
    assert_eq!(all(vec![first, second, inquiry]).await, ["answered"; 3]);
}

#[tokio::test]
async fn a_busy_answer_is_an_answer_and_cuts_the_limit() {
    let flow = "[institutions.bank-a.flow]\nbusy = [{ \"header.response_code\" = \"0003\" }]";
    let mut bench = Bench::new(limited("inflight_max = 100", flow)).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let mut busy = transfer_answer(&request);
    busy[52..56].copy_from_slice(b"0003");
    bench.peer.send(connection, &busy).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
    let limit = bench.status().await.limit;
    assert_eq!((limit.limit, limit.limit_cause, limit.inflight), (90, Some("busy"), 0));
}

const BREAKER: &str = r#"
[institutions.bank-a.session]
sign_on = "SignOn"
echo_test = "EchoTest"
accepted = { "header.response_code" = "0000" }
[institutions.bank-a.breaker]
failures_in_row = 3
wait_min_ms = 100
trial_answers = 1
[[institutions.bank-a.session.notices]]
telegram = "SignOff"
means = "end"
"#;

const TRIPPED: &str = "the breaker of the institution is tripped: 3 requests in a row were not answered";

#[tokio::test]
async fn silence_trips_the_breaker_and_only_an_echo_test_asks_whether_the_institution_is_back() {
    let mut bench = Bench::new(limited("answer_timeout_ms = 600", BREAKER)).await;
    bench.peer.sign_on(1, b"0000").await;
    bench.links_up(1).await;
    let silent: Vec<_> = (0..3).map(|_| bench.ask()).collect();
    for _ in 0..3 {
        bench.peer.receive().await;
    }
    assert_eq!(all(silent).await, ["unknown: no answer within 600 ms"; 3]);
    let refused = bench.ask().await.unwrap();
    assert_eq!(refused.reason_code.as_deref(), Some("breaker_tripped"));
    assert_eq!(outcome(&refused), format!("not sent: {TRIPPED}"));
    let breaker = bench.status().await.breakers.remove(0);
    assert_eq!((breaker.cause, breaker.business), (Some("failures_in_row"), None));
    // The next telegram is an echo test, not a request.
    bench.peer.answer_duty(b"300", b"0000").await;
    until("the trial begins", async || bench.status().await.breakers[0].state == BreakerState::Trial).await;
    // The breaker of the business code trips, too, and its echo test may come before or after.
    until("the business code is on trial, too", async || {
        if !bench.peer.is_quiet_now() {
            bench.peer.answer_duty(b"300", b"0000").await;
        }
        bench.status().await.breakers.iter().all(|breaker| breaker.state == BreakerState::Trial)
    })
    .await;
    bench.answered().await;
    assert!(bench.status().await.breakers.iter().all(|breaker| breaker.state == BreakerState::Passing));
    bench.answered().await;
}

const ALTERNATIVES: &str = r#"
[institutions.bank-a.breaker]
echo_first = false
[institutions.bank-a.breaker.alternatives]
Transfer = { closed = "transfers to Bank A are closed" }
ResultInquiry = { stand_in = { "header.response_code" = "0003" } }
"#;

#[tokio::test]
async fn a_tripped_breaker_closes_an_entrance_and_answers_with_a_stand_in() {
    let mut bench = Bench::new(limited("", ALTERNATIVES)).await;
    let acts = async |bench: &Bench| {
        let status = bench.status().await;
        let acts = status.alternatives.iter().map(|one| (one.telegram.clone(), one.alternative, one.acts));
        acts.collect::<Vec<_>>()
    };
    let names = |acts| vec![("ResultInquiry".to_owned(), "stand_in", acts), ("Transfer".to_owned(), "closed", acts)];
    assert_eq!(acts(&bench).await, names(false));
    let whole = BreakerScope::Institution;
    bench.gateway.decide("bank-a", trip(whole.clone(), "maintenance")).await.unwrap();
    assert_eq!(acts(&bench).await, names(true));
    let closed = bench.ask().await.unwrap();
    let why = "the breaker of the institution is tripped: a person stopped it: maintenance";
    assert_eq!(outcome(&closed), format!("not sent: transfers to Bank A are closed: {why}"));
    assert_eq!((closed.reason_code.as_deref(), &closed.stand_in), (Some("entrance_closed"), &None));
    let stood_in = bench.inquire().await.unwrap();
    assert_eq!(outcome(&stood_in), format!("not sent: it was not sent, and a stand-in answered: {why}"));
    assert_eq!((stood_in.reason_code.as_deref(), &stood_in.answer), (Some("stood_in"), &None));
    let frame = stood_in.stand_in.clone().unwrap();
    // The layout of the sheet: the codes of the answer, trace number 0, the configured response code.
    assert_eq!((&frame[24..31], &frame[32..38], &frame[52..56]), (&b"0610100"[..], &b"000000"[..], &b"0003"[..]));
    assert_eq!(bench.gateway.find(&stood_in.id).await.unwrap(), Some(stood_in), "the journal has the stand-in");
    assert!(bench.peer.is_quiet().await, "nothing was sent");
    bench.gateway.decide("bank-a", reset(whole)).await.unwrap();
    bench.answered().await;
}

#[tokio::test]
async fn a_person_trips_and_resets_a_breaker_and_blocks_business() {
    let mut bench = Bench::new(limited("", BREAKER)).await;
    bench.peer.sign_on(1, b"0000").await;
    bench.links_up(1).await;
    let whole = BreakerScope::Institution;
    bench.gateway.decide("bank-a", trip(whole.clone(), "maintenance")).await.unwrap();
    let tripped = "not sent: the breaker of the institution is tripped: a person stopped it: maintenance";
    assert_eq!(outcome(&bench.ask().await.unwrap()), tripped);
    bench.gateway.decide("bank-a", reset(whole)).await.unwrap();
    bench.answered().await;
    let code = Some("Transfer".to_owned());
    bench.gateway.decide("bank-a", Decision::Block(code.clone(), "wrong fees".to_owned())).await.unwrap();
    assert_eq!(outcome(&bench.ask().await.unwrap()), "not sent: business code Transfer is blocked: wrong fees");
    let inquiry = bench.inquire();
    let (connection, request) = bench.peer.receive().await;
    bench.peer.send(connection, &answer_to(&request, b"0000")).await;
    assert_eq!(outcome(&inquiry.await.unwrap()), "answered");
    bench.gateway.decide("bank-a", Decision::Unblock(code)).await.unwrap();
    bench.answered().await;
}

/// A block that stops nothing would be taken for one that does.
#[tokio::test]
async fn a_business_code_that_no_request_can_have_is_refused() {
    let block = |code: &str| Decision::Block(Some(code.to_owned()), "wrong fees".to_owned());
    let refused = async |bench: &Bench, decision| match bench.gateway.decide("bank-a", decision).await {
        Err(Undecided::Cannot(why)) => why,
        other => panic!("{other:?}"),
    };
    let bench = Bench::new(limited("", TRIPPABLE)).await;
    for code in ["Trasnfer", "", "transfer"] {
        assert_eq!(refused(&bench, block(code)).await, CannotDecide::NoSuchBusiness, "{code}");
        let trip = trip(BreakerScope::Business(code.to_owned()), "wrong fees");
        assert_eq!(refused(&bench, trip).await, CannotDecide::NoSuchBusiness, "{code}");
    }
    let without = Bench::new(Setup::default()).await;
    assert_eq!(refused(&without, block("Transfer")).await, CannotDecide::NoBusinessCodes);
    without.gateway.decide("bank-a", Decision::Block(None, "an audit".to_owned())).await.unwrap();
}

const TRIPPABLE: &str = "[institutions.bank-a.breaker]\necho_first = false\n";

/// Stops the gateway and starts it again with the same journal.
async fn again(bench: Bench) -> Bench {
    let Bench { gateway, peer, folder } = bench;
    gateway.stop().await;
    drop(gateway);
    let config = config(&folder.path().join("journal.sqlite"), peer.port, &limited("", TRIPPABLE));
    let bench = Bench { gateway: start(config, Arc::new(StandInOnly)).await, peer, folder };
    bench.links_up(1).await;
    bench
}

#[tokio::test]
async fn what_a_person_decided_about_a_breaker_holds_over_a_restart() {
    let bench = Bench::new(limited("", TRIPPABLE)).await;
    let code = BreakerScope::Business("Transfer".to_owned());
    for scope in [BreakerScope::Institution, code.clone()] {
        bench.gateway.decide("bank-a", trip(scope, "maintenance")).await.unwrap();
    }
    let tripped = bench.status().await.breakers;
    let bench = again(bench).await;
    let still = bench.status().await.breakers;
    assert_eq!(tripped.iter().map(|one| one.since_ms).max(), still.iter().map(|one| one.since_ms).max());
    for one in &still {
        assert_eq!((one.state, one.cause, one.person.as_deref()), (BreakerState::Tripped, Some("person"), Some("kim")));
        assert_eq!((one.why.as_deref(), one.wait_ms), (Some("a person stopped it: maintenance"), None));
    }
    assert_eq!(still.len(), 2);
    let refused = bench.ask().await.unwrap();
    assert_eq!(refused.reason_code.as_deref(), Some("breaker_tripped"));

    // Nothing of the institution resets it: a person does, for each of the two, and that holds as well.
    bench.gateway.decide("bank-a", reset(BreakerScope::Institution)).await.unwrap();
    let bench = again(bench).await;
    let why = "not sent: the breaker of business code Transfer is tripped: a person stopped it: maintenance";
    assert_eq!(outcome(&bench.ask().await.unwrap()), why);
    bench.gateway.decide("bank-a", reset(code)).await.unwrap();
    let mut bench = again(bench).await;
    bench.answered().await;
    let facts = rusqlite::Connection::open(bench.journal()).unwrap();
    let sql = "SELECT detail FROM facts WHERE kind = 'standing' AND class = 'breaker' ORDER BY number DESC";
    let last: String = facts.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(last, r#"{"breaker":{"business":"Transfer","person":"lee","by":null}}"#);
}

#[tokio::test]
async fn the_institution_ends_and_opens_business() {
    let mut bench = Bench::new(limited("", BREAKER)).await;
    bench.peer.sign_on(1, b"0000").await;
    bench.links_up(1).await;
    let duty = |business_code: &[u8; 3], trace: &[u8; 6]| {
        let mut theirs = golden("bank-a-sign-on.json");
        theirs[28..31].copy_from_slice(business_code);
        theirs[32..38].copy_from_slice(trace);
        theirs
    };
    let end = duty(b"200", b"900001");
    bench.peer.send(0, &end).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&end, b"0000"));
    let ended = bench.ask().await.unwrap();
    assert_eq!(outcome(&ended), "not sent: the institution said that business has ended");
    assert_eq!(ended.reason_code.as_deref(), Some("business_ended"));
    assert_eq!(bench.status().await.closed.len(), 1);
    let open = duty(b"100", b"900002");
    bench.peer.send(0, &open).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&open, b"0000"));
    bench.answered().await;
}

#[tokio::test]
async fn outside_its_hours_an_institution_gets_nothing_and_the_reason_says_when_it_opens() {
    let hours = "[institutions.bank-a.hours]\nweek = { mon-sun = [] }\ndays = { \"2100-01-01\" = [\"09:00-10:00\"] }";
    let mut bench = Bench::new(limited("", hours)).await;
    let closed = bench.ask().await.unwrap();
    assert_eq!(closed.reason_code.as_deref(), Some("outside_hours"));
    assert_eq!(outcome(&closed), "not sent: it is outside the hours of the institution");
    assert!(bench.peer.is_quiet().await);
}

#[tokio::test]
async fn a_stuck_institution_with_a_tripped_breaker_does_not_touch_another_one() {
    let mut other = Peer::start().await;
    let tables = format!("{BREAKER}{BANK_B}connect = \"127.0.0.1:{}\"\n", other.port);
    let setup = limited("answer_timeout_ms = 600\ninflight_max = 3", tables.leak());
    let mut bench = Bench::new(setup).await;
    bench.peer.sign_on(1, b"0000").await;
    bench.links_up(1).await;
    let silent: Vec<_> = (0..3).map(|_| bench.ask()).collect();
    assert_eq!(all(silent).await, ["unknown: no answer within 600 ms"; 3]);
    assert_eq!(outcome(&bench.ask().await.unwrap()), format!("not sent: {TRIPPED}"));
    for _ in 0..5 {
        let gateway = bench.gateway.clone();
        let asked =
            tokio::spawn(async move { gateway.exchange("bank-b", "Transfer", &transfer(), None).await.unwrap() });
        let (connection, request) = other.receive().await;
        other.send(connection, &transfer_answer(&request)).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
    let states = bench.gateway.institutions().await;
    let limits: Vec<_> = states.iter().map(|status| (status.institution.as_str(), status.limit.unanswered)).collect();
    assert_eq!(limits, [("bank-a", 3), ("bank-b", 0)]);
}
