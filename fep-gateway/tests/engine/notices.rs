//! Notices: telegrams that the institution sends without a request, over real TCP, with the journal on disk.

use std::sync::{Arc, Mutex};

use fep_gateway::gateway::{
    AnsweredBy, Decision, DeliverError, Gateway, NotTaken, Notice, NoticeFilter, NoticeFuture, NoticeHandler,
    NoticeReply, StoredNotice,
};
use fep_protocol::delivery::{DeliveryDecision, DeliveryWish, NotDelivered};
use fep_protocol::exchange::ExchangeId;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::harness::{Bench, Setup, config, golden, start, until};
use crate::peer::answer_to;

const NOTICES: &str = r#"
[institutions.bank-a.notices.DepositNotice]
callback = "http://127.0.0.1:1/notices"
callback_timeout_ms = 300
stand_in = { "header.response_code" = "0199" }
may_differ = ["header.send_count"]
backoff_min_ms = 20
backoff_max_ms = 50
attempts_max = 4
"#;

const REFUSING: &str = r#"
[institutions.bank-a.delivery]
answering_max = 1
[institutions.bank-a.notices.DepositNotice]
callback = "http://127.0.0.1:1/notices"
stand_in = { "header.response_code" = "0199" }
[institutions.bank-a.notices.DepositNotice.refuse]
closed = { "header.response_code" = "0003" }
conflict = { "header.response_code" = "0101" }
busy = { "header.response_code" = "0100" }
"#;

/// What a service does with a notice.
#[derive(Clone, Copy, Debug)]
enum Says {
    Code(&'static str),
    Taken,
    Fails,
    Silent,
    /// Waits for a permit of `Service::gate` and answers then.
    Waits,
    /// Answers under the key of another notice.
    OtherKey,
    /// Answers with the code of another telegram.
    OtherCode,
}

/// What a service saw of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    id: ExchangeId,
    attempt: u32,
    is_awaited: bool,
    answered_by: Option<AnsweredBy>,
    answered_code: Value,
}

/// A service that does what the test says, and remembers what it saw.
struct Service {
    says: Mutex<Says>,
    seen: Mutex<Vec<Seen>>,
    gate: Semaphore,
}

impl Service {
    fn new(says: Says) -> Arc<Self> {
        Arc::new(Self { says: Mutex::new(says), seen: Mutex::default(), gate: Semaphore::new(0) })
    }

    fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl NoticeHandler for Service {
    fn notice(&self, notice: Notice) -> NoticeFuture<'_> {
        Box::pin(async move {
            assert_eq!((notice.institution.as_str(), notice.telegram.as_str()), ("bank-a", "DepositNotice"));
            assert_eq!(
                notice.callback.as_ref().map(|callback| callback.url.as_str()),
                Some("http://127.0.0.1:1/notices")
            );
            assert!(notice.fields["amount"].is_number() && notice.fields["header"]["trace_no"].is_number());
            let answered = notice.answered.as_ref();
            let seen = Seen {
                id: notice.id,
                attempt: notice.attempt,
                is_awaited: notice.answer_by_ms.is_some(),
                answered_by: answered.map(|answer| answer.by),
                answered_code: answered.map_or(Value::Null, |answer| answer.fields["header"]["response_code"].clone()),
            };
            self.seen.lock().unwrap().push(seen);
            let says = *self.says.lock().unwrap();
            let mut own = json!({ "header": {} });
            let code = match says {
                Says::Code(code) => code,
                Says::OtherCode => {
                    own["header"]["telegram_code"] = json!("0110");
                    "0000"
                }
                Says::OtherKey => {
                    own["header"]["trace_no"] = json!(900_002);
                    "0000"
                }
                Says::Taken => return Ok(NoticeReply::Taken),
                Says::Fails => return Err(NotTaken::Failed("the service answered 500".to_owned())),
                Says::Silent => std::future::pending().await,
                Says::Waits => {
                    self.gate.acquire().await.unwrap().forget();
                    "0000"
                }
            };
            own["header"]["response_code"] = json!(code);
            Ok(NoticeReply::Answer(own.as_object().cloned().unwrap_or_else(Map::new)))
        })
    }
}

async fn bench(tables: &'static str, service: &Arc<Service>) -> Bench {
    Bench::with(Setup { tables, ..Setup::default() }, Arc::<Service>::clone(service)).await
}

/// Stops the gateway and starts it again with the same journal.
async fn restarted(bench: Bench, tables: &'static str, service: &Arc<Service>) -> Bench {
    let Bench { gateway, peer, folder } = bench;
    gateway.stop().await;
    drop(gateway);
    let setup = Setup { tables, ..Setup::default() };
    let config = config(&folder.path().join("journal.sqlite"), peer.port, &setup);
    let gateway = start(config, Arc::<Service>::clone(service)).await;
    let bench = Bench { gateway, peer, folder };
    bench.links_up(1).await;
    bench
}

/// The notice with this trace number.
fn notice(trace: &[u8; 6]) -> Vec<u8> {
    let mut notice = golden("bank-a-deposit-notice.json");
    notice[32..38].copy_from_slice(trace);
    notice
}

/// The same notice with another amount.
fn other_amount(notice: &[u8]) -> Vec<u8> {
    let mut other = notice.to_vec();
    let at = notice.windows(5).position(|five| five == b"50000").expect("an amount");
    other[at] = b'9';
    other
}

async fn listed(gateway: &Gateway) -> Vec<StoredNotice> {
    gateway.notices(NoticeFilter::default(), 100).await.unwrap().notices
}

fn state(notice: &StoredNotice) -> &'static str {
    notice.case.stage().name()
}

/// Waits until the newest notice has this state.
async fn becomes(gateway: &Gateway, expected: &str) -> StoredNotice {
    let mut newest = None;
    until(expected, async || {
        newest = listed(gateway).await.into_iter().next();
        newest.as_ref().is_some_and(|notice| state(notice) == expected)
    })
    .await;
    newest.unwrap()
}

async fn answered(bench: &mut Bench, notice: &[u8], code: &[u8; 4]) {
    bench.peer.send(0, notice).await;
    let (connection, received) = bench.peer.receive().await;
    assert_eq!(connection, 0);
    assert_eq!(String::from_utf8_lossy(&received), String::from_utf8_lossy(&answer_to(notice, code)));
}

fn decision(wants: DeliveryWish, note: &str) -> DeliveryDecision {
    DeliveryDecision { person: "kim".to_owned(), note: note.to_owned(), wants }
}

#[tokio::test]
async fn the_service_answers_a_notice_and_a_repetition_gets_the_same_bytes() {
    let service = Service::new(Says::Code("0000"));
    let mut bench = bench(NOTICES, &service).await;
    let notice = notice(b"900001");
    answered(&mut bench, &notice, b"0000").await;
    // A later answer of the service would be another one.
    service.says(Says::Code("0199"));
    answered(&mut bench, &notice, b"0000").await;
    assert_eq!(service.seen().len(), 1);
    assert_eq!((service.seen()[0].attempt, service.seen()[0].is_awaited), (1, true));
    let classes: Vec<_> = bench.entries(4).await.into_iter().map(|(_, class, _)| class).collect();
    assert_eq!(classes, ["notice", "reply", "notice", "reply"]);
    let stored = becomes(&bench.gateway, "delivered").await;
    until("it was repeated once", async || listed(&bench.gateway).await[0].repeats == 1).await;
    assert_eq!((stored.id, stored.case.answered()), (service.seen()[0].id, Some(AnsweredBy::Service)));
    assert_eq!(listed(&bench.gateway).await.len(), 1);
    assert_eq!(bench.gateway.recent(10).await.unwrap(), [], "a notice is no exchange");
}

#[tokio::test]
async fn a_repetition_may_differ_in_the_number_of_sendings() {
    let service = Service::new(Says::Code("0000"));
    let mut bench = bench(NOTICES, &service).await;
    let first = notice(b"900001");
    answered(&mut bench, &first, b"0000").await;
    let mut second = first.clone();
    let spec = bench.gateway.spec("bank-a").unwrap();
    let place = spec.telegram("DepositNotice").unwrap().layout.span("header.send_count").unwrap().range;
    let digit = place.end - 1;
    assert_eq!(second[digit], b'1');
    second[digit] = b'2';
    bench.peer.send(0, &second).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&first, b"0000"), "the bytes of the first answer");
    assert_eq!(service.seen().len(), 1);
}

#[tokio::test]
async fn the_answer_is_the_same_after_a_restart_and_while_the_index_lags() {
    let service = Service::new(Says::Code("0000"));
    let mut bench = bench(NOTICES, &service).await;
    let first = notice(b"900001");
    answered(&mut bench, &first, b"0000").await;
    service.says(Says::Code("0199"));
    let mut bench = restarted(bench, NOTICES, &service).await;
    bench.peer.send(1, &first).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&first, b"0000"));
    assert_eq!(service.seen().len(), 1, "it was delivered by the earlier run");
    until("the repetition belongs to the first one", async || {
        let all = listed(&bench.gateway).await;
        all.len() == 1 && all[0].repeats == 1
    })
    .await;
    // Another connection locks the index, so that nothing is added to it.
    let index = rusqlite::Connection::open(bench.folder.path().join("journal.index.sqlite")).unwrap();
    index.execute_batch("BEGIN IMMEDIATE").unwrap();
    let second = notice(b"900002");
    for _ in 0..3 {
        bench.peer.send(1, &second).await;
        assert_eq!(bench.peer.receive().await.1, answer_to(&second, b"0199"));
    }
    bench.peer.send(1, &other_amount(&second)).await;
    assert!(bench.peer.is_quiet().await, "another telegram is recognised, too");
    assert_eq!(service.seen().len(), 2);
    index.execute_batch("ROLLBACK").unwrap();
}

/// The stand-in answers because of `says`, and the service takes the notice later.
async fn check_delivered_later(says: Says, later: Says, differs: bool) {
    let service = Service::new(says);
    let mut bench = bench(NOTICES, &service).await;
    let notice = notice(b"900001");
    answered(&mut bench, &notice, b"0199").await;
    service.says(later);
    let stored = becomes(&bench.gateway, "delivered").await;
    let seen = service.seen();
    let last = seen.last().unwrap();
    assert!(seen.iter().all(|seen| seen.id == stored.id), "one name for all attempts");
    assert!(seen.windows(2).all(|pair| pair[0].attempt + 1 == pair[1].attempt), "{seen:?}");
    assert!(last.attempt >= 2 && !last.is_awaited, "{last:?}");
    assert_eq!((last.answered_by, &last.answered_code), (Some(AnsweredBy::StandIn), &json!("0199")));
    assert_eq!((stored.case.answered(), stored.case.differs()), (Some(AnsweredBy::StandIn), differs));
    assert_eq!(stored.kept, differs.then(|| answer_to(&notice, b"0000").into()));
    answered(&mut bench, &notice, b"0199").await;
    assert_eq!(service.seen().len(), seen.len(), "what is delivered is not delivered again");
}

#[tokio::test]
async fn a_notice_that_the_service_refused_is_delivered_later() {
    check_delivered_later(Says::Fails, Says::Taken, false).await;
}

#[tokio::test]
async fn a_notice_that_the_service_took_too_long_for_is_delivered_later() {
    check_delivered_later(Says::Silent, Says::Code("0199"), false).await;
}

#[tokio::test]
async fn a_later_answer_is_kept_and_not_sent() {
    check_delivered_later(Says::Fails, Says::Code("0000"), true).await;
}

/// Fields that do not fit, the key of another notice, the code of another telegram: the stand-in answers.
#[tokio::test]
async fn a_service_whose_fields_make_no_answer_to_this_notice_has_taken_it() {
    for says in [Says::Code("far too long"), Says::OtherKey, Says::OtherCode] {
        let service = Service::new(says);
        let mut bench = bench(NOTICES, &service).await;
        answered(&mut bench, &notice(b"900001"), b"0199").await;
        let stored = becomes(&bench.gateway, "delivered").await;
        assert_eq!((service.seen().len(), stored.case.differs()), (1, true), "{says:?}");
    }
}

#[tokio::test]
async fn a_service_that_only_takes_a_notice_leaves_the_answer_to_the_stand_in() {
    let service = Service::new(Says::Taken);
    let mut bench = bench(NOTICES, &service).await;
    answered(&mut bench, &notice(b"900001"), b"0199").await;
    let stored = becomes(&bench.gateway, "delivered").await;
    assert_eq!((service.seen().len(), stored.case.differs()), (1, false));
}

#[tokio::test]
async fn a_notice_that_no_service_takes_needs_a_person_who_delivers_it_again_or_closes_it() {
    let service = Service::new(Says::Fails);
    let mut bench = bench(NOTICES, &service).await;
    answered(&mut bench, &notice(b"900001"), b"0199").await;
    let dead = becomes(&bench.gateway, "dead_letter").await;
    assert_eq!((dead.case.attempts(), dead.case.last_failure()), (4, Some("the service answered 500")));
    assert_eq!(service.seen().len(), 4);
    let history: Vec<_> = dead.case.history().iter().map(|past| past.fact.name()).collect();
    let expected = ["received", "failed", "answered", "begun", "failed", "begun", "failed", "begun", "failed"];
    assert_eq!(history, [&expected[..], &["dead_lettered"]].concat());
    let missing = bench.gateway.deliver(&dead.id, decision(DeliveryWish::Deliver, " ")).await;
    assert!(matches!(missing, Err(DeliverError::NotDelivered(NotDelivered::NoteMissing))), "{missing:?}");
    service.says(Says::Taken);
    bench.gateway.deliver(&dead.id, decision(DeliveryWish::Deliver, "the service works again")).await.unwrap();
    becomes(&bench.gateway, "delivered").await;
    assert_eq!(service.seen().last().map(|seen| (seen.id, seen.attempt)), Some((dead.id, 5)));

    service.says(Says::Fails);
    answered(&mut bench, &notice(b"900002"), b"0199").await;
    let dead = becomes(&bench.gateway, "dead_letter").await;
    let closed = bench.gateway.deliver(&dead.id, decision(DeliveryWish::Close, "booked by hand")).await.unwrap();
    assert_eq!(state(&closed), "closed");
    let again = bench.gateway.deliver(&dead.id, decision(DeliveryWish::Close, "again")).await;
    assert!(matches!(again, Err(DeliverError::NotDelivered(NotDelivered::AlreadyEnded))), "{again:?}");
}

#[tokio::test]
async fn a_restart_goes_on_with_what_was_not_delivered() {
    let service = Service::new(Says::Fails);
    let mut bench = bench(NOTICES, &service).await;
    answered(&mut bench, &notice(b"900001"), b"0199").await;
    until("a second attempt", async || service.seen().len() >= 2).await;
    service.says(Says::Silent);
    let before = service.seen();
    let stopping = service.seen().len();
    until("one more attempt is running", async || service.seen().len() > stopping).await;
    let bench = restarted(bench, NOTICES, &service).await;
    service.says(Says::Taken);
    becomes(&bench.gateway, "delivered").await;
    let after = service.seen();
    let last = after.last().unwrap();
    assert_eq!((last.id, last.answered_by), (before[0].id, Some(AnsweredBy::StandIn)));
    assert!(after.windows(2).all(|pair| pair[0].attempt < pair[1].attempt), "no number is used twice: {after:?}");
}

#[tokio::test]
async fn a_repetition_waits_for_the_answer_of_the_first() {
    let service = Service::new(Says::Waits);
    let mut bench = bench(NOTICES.replace("= 300", "= 5000").leak(), &service).await;
    let notice = notice(b"900001");
    for _ in 0..3 {
        bench.peer.send(0, &notice).await;
    }
    until("the service has it", async || service.seen().len() == 1).await;
    assert!(bench.peer.is_quiet().await);
    service.gate.add_permits(1);
    for _ in 0..3 {
        assert_eq!(bench.peer.receive().await.1, answer_to(&notice, b"0000"));
    }
    assert_eq!(service.seen().len(), 1);
}

#[tokio::test]
async fn another_notice_under_a_known_key_is_not_confirmed() {
    let service = Service::new(Says::Code("0000"));
    let mut bench = bench(NOTICES, &service).await;
    let notice = notice(b"900001");
    answered(&mut bench, &notice, b"0000").await;
    bench.peer.send(0, &other_amount(&notice)).await;
    assert!(bench.peer.is_quiet().await, "the answer to the first one would confirm the second one");
    answered(&mut bench, &notice, b"0000").await;
    assert_eq!(service.seen().len(), 1);
    let conflict = becomes(&bench.gateway, "conflict").await;
    assert_eq!((conflict.first, conflict.case.answered()), (Some(service.seen()[0].id), None));
    let first = bench.gateway.find_notice(&service.seen()[0].id).await.unwrap().unwrap();
    assert_eq!((first.conflicts, first.repeats), (1, 1), "both are kept and counted");
}

#[tokio::test]
async fn refusals_are_answered_and_no_service_gets_the_notice() {
    let service = Service::new(Says::Code("0000"));
    let mut bench = bench(REFUSING, &service).await;
    let first = notice(b"900001");
    answered(&mut bench, &first, b"0000").await;
    let conflicting = other_amount(&first);
    answered(&mut bench, &conflicting, b"0101").await;
    assert_eq!(becomes(&bench.gateway, "conflict").await.case.answered(), Some(AnsweredBy::Conflict));
    answered(&mut bench, &first, b"0000").await;

    bench.gateway.decide("bank-a", Decision::Block(None, "an audit".to_owned())).await.unwrap();
    let closed = notice(b"900002");
    answered(&mut bench, &closed, b"0003").await;
    let stored = becomes(&bench.gateway, "refused").await;
    assert_eq!((stored.case.answered(), stored.case.attempts()), (Some(AnsweredBy::Closed), 0));
    bench.gateway.decide("bank-a", Decision::Unblock(None)).await.unwrap();
    answered(&mut bench, &closed, b"0003").await;
    assert_eq!(service.seen().len(), 1, "the first answer is the only one");
    let wish = bench.gateway.deliver(&stored.id, decision(DeliveryWish::Deliver, "please")).await;
    assert!(matches!(wish, Err(DeliverError::NotDelivered(NotDelivered::NothingToDeliver))), "{wish:?}");

    service.says(Says::Waits);
    let waiting = notice(b"900003");
    bench.peer.send(0, &waiting).await;
    until("the service has it", async || service.seen().len() == 2).await;
    answered(&mut bench, &notice(b"900004"), b"0100").await;
    service.gate.add_permits(1);
    assert_eq!(bench.peer.receive().await.1, answer_to(&waiting, b"0000"));
    assert_eq!(service.seen().len(), 2);
}

#[tokio::test]
async fn a_gateway_that_stops_answers_what_is_awaited_and_refuses_what_is_new() {
    let service = Service::new(Says::Waits);
    let mut bench = bench(REFUSING, &service).await;
    let waiting = notice(b"900001");
    bench.peer.send(0, &waiting).await;
    until("the service has it", async || service.seen().len() == 1).await;
    let stopped = tokio::spawn({
        let gateway = bench.gateway.clone();
        async move { gateway.stop().await }
    });
    until("it stops", async || !bench.gateway.troubles().is_empty()).await;
    // The gateway may have begun to stop a moment before its institution does.
    let mut trace = 900_002;
    loop {
        let new = notice(format!("{trace}").as_bytes().try_into().unwrap());
        bench.peer.send(0, &new).await;
        let received = bench.peer.receive().await.1;
        if received == answer_to(&new, b"0003") {
            break;
        }
        assert_eq!(received, answer_to(&new, b"0100"));
        trace += 1;
    }
    service.gate.add_permits(1);
    assert_eq!(bench.peer.receive().await.1, answer_to(&waiting, b"0000"));
    stopped.await.unwrap();
}

#[tokio::test]
async fn a_flood_stays_in_the_journal_and_is_delivered_later() {
    const COUNT: usize = 60;
    let limits = "[institutions.bank-a.delivery]\nundelivered_max = 5\nretrying_max = 2\n";
    let tables = format!("{limits}{}", NOTICES.replace("attempts_max = 4", "attempts_max = 500"));
    let service = Service::new(Says::Fails);
    let mut bench = bench(tables.leak(), &service).await;
    for number in 0..COUNT {
        bench.peer.send(0, &notice(format!("{:06}", 900_001 + number).as_bytes().try_into().unwrap())).await;
    }
    for _ in 0..COUNT {
        assert_eq!(&bench.peer.receive().await.1[52..56], b"0199", "the stand-in answers each of them");
    }
    service.says(Says::Taken);
    until("all are delivered", async || {
        let all = listed(&bench.gateway).await;
        all.len() == COUNT && all.iter().all(|notice| state(notice) == "delivered")
    })
    .await;
}

/// A service that panics.
struct Broken;

impl NoticeHandler for Broken {
    fn notice(&self, _: Notice) -> NoticeFuture<'_> {
        Box::pin(async { panic!("a mistake in the service's code") })
    }
}

#[tokio::test]
async fn a_handler_that_panics_takes_no_line_down() {
    let setup = Setup { tables: NOTICES, ..Setup::default() };
    let mut bench = Bench::with(setup, Arc::new(Broken)).await;
    answered(&mut bench, &notice(b"900001"), b"0199").await;
    bench.answered().await;
    let dead = becomes(&bench.gateway, "dead_letter").await;
    assert_eq!(dead.case.last_failure(), Some("the service's handler broke off"));
}
