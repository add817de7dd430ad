//! Notices: telegrams that the institution sends without a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fep_gateway::gateway::{Notice, NoticeFuture, NoticeHandler};
use serde_json::{Map, Value, json};

use crate::harness::{Bench, Setup, golden};
use crate::peer::answer_to;

const NOTICES: &str = r#"
[institutions.bank-a.notices.DepositNotice]
callback = "http://127.0.0.1:1/notices"
callback_timeout_ms = 200
stand_in = { "header.response_code" = "0199" }
"#;

/// A service that answers with a response code, fails, or stays silent, and counts the notices.
struct Service {
    asked: AtomicUsize,
    says: Option<Result<&'static str, &'static str>>,
}

impl NoticeHandler for Service {
    fn notice(&self, notice: Notice) -> NoticeFuture<'_> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            assert_eq!((notice.institution.as_str(), notice.telegram.as_str()), ("bank-a", "DepositNotice"));
            assert_eq!(notice.callback.as_deref(), Some("http://127.0.0.1:1/notices"));
            assert!(notice.fields["amount"].is_number() && notice.fields["header"]["trace_no"].is_number());
            match self.says {
                Some(Ok(code)) => {
                    let own = json!({ "header": { "response_code": code } });
                    Ok(own.as_object().cloned().unwrap_or_else(Map::<String, Value>::new))
                }
                Some(Err(why)) => Err(why.to_owned()),
                None => {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                    Err("too late".to_owned())
                }
            }
        })
    }
}

async fn check(says: Option<Result<&'static str, &'static str>>, expected: &[u8; 4]) {
    let service = Arc::new(Service { asked: AtomicUsize::new(0), says });
    let setup = Setup { tables: NOTICES, ..Setup::default() };
    let mut bench = Bench::with(setup, Arc::<Service>::clone(&service)).await;
    let notice = golden("bank-a-deposit-notice.json");
    let answer = answer_to(&notice, expected);
    for _ in 0..2 {
        bench.peer.send(0, &notice).await;
        let (connection, received) = bench.peer.receive().await;
        assert_eq!(connection, 0);
        assert_eq!(String::from_utf8_lossy(&received), String::from_utf8_lossy(&answer));
    }
    // Only the service's answer is final. After the stand-in's answer, a repetition is offered to the service again.
    let asked = if expected == b"0000" { 1 } else { 2 };
    assert_eq!(service.asked.load(Ordering::SeqCst), asked);
    let mut next = notice.clone();
    next[32..38].copy_from_slice(b"000999");
    bench.peer.send(0, &next).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&next, expected));
    assert_eq!(service.asked.load(Ordering::SeqCst), asked + 1);
    let classes: Vec<_> = bench.entries(6).await.into_iter().map(|(_, class, _)| class).collect();
    assert_eq!(classes, ["notice", "reply", "notice", "reply", "notice", "reply"]);
}

#[tokio::test]
async fn the_service_answers_a_notice_and_a_repetition_gets_the_same_bytes() {
    check(Some(Ok("0000")), b"0000").await;
}

#[tokio::test]
async fn the_stand_in_answers_when_the_service_fails() {
    check(Some(Err("500 Internal Server Error")), b"0199").await;
}

#[tokio::test]
async fn the_stand_in_answers_when_the_service_is_silent() {
    check(None, b"0199").await;
}

#[tokio::test]
async fn the_stand_in_answers_when_the_services_fields_make_no_answer() {
    check(Some(Ok("far too long")), b"0199").await;
}

#[tokio::test]
async fn another_notice_under_a_known_key_is_not_confirmed() {
    let service = Arc::new(Service { asked: AtomicUsize::new(0), says: Some(Ok("0000")) });
    let mut bench = Bench::with(Setup { tables: NOTICES, ..Setup::default() }, Arc::<Service>::clone(&service)).await;
    let notice = golden("bank-a-deposit-notice.json");
    bench.peer.send(0, &notice).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&notice, b"0000"));
    let mut other = notice.clone();
    let at = notice.windows(5).position(|five| five == b"50000").expect("an amount");
    other[at] = b'9';
    bench.peer.send(0, &other).await;
    assert!(bench.peer.is_quiet().await, "the answer to the first one would confirm the second one");
    bench.peer.send(0, &notice).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&notice, b"0000"), "the first one is still known");
    assert_eq!(service.asked.load(Ordering::SeqCst), 1);
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
    let notice = golden("bank-a-deposit-notice.json");
    bench.peer.send(0, &notice).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&notice, b"0199"));
    bench.answered().await;
}
