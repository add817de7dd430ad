//! Business hours on a real line. The institution is closed today and tomorrow, and opens the day after: a midnight during the test
//! changes nothing.

use std::time::{SystemTime, UNIX_EPOCH};

use fep_gateway::exchange::Exchange;
use fep_gateway::gateway::NoticeFilter;
use fep_protocol::calendar::Calendar;
use fep_protocol::delivery::AnsweredBy;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::{Bench, Setup, golden, outcome, until};
use crate::peer::answer_to;

const DAY_MS: i64 = 86_400_000;

/// The date in Korea in this many days, as `2026-11-27`.
fn date(days: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Calendar::always(540).local_text(i64::try_from(now).unwrap() + days * DAY_MS)[..10].to_owned()
}

/// A gateway with notices whose institution is closed, and the date on which it opens.
async fn closed() -> (Bench, String) {
    let dates = [0, 1, 2].map(date);
    let tables = format!(
        r#"
[institutions.bank-a.hours]
holidays = ["{}", "{}"]
allowed_outside = ["HolderInquiry"]
[institutions.bank-a.notices.DepositNotice]
stand_in = {{ "header.response_code" = "0199" }}
[institutions.bank-a.notices.DepositNotice.refuse]
closed = {{ "header.response_code" = "0003" }}
"#,
        dates[0], dates[1]
    );
    let bench = Bench::new(Setup { tables: tables.leak(), ..Setup::default() }).await;
    let [.., opens] = dates;
    (bench, opens)
}

#[tokio::test]
async fn a_request_outside_the_hours_is_not_sent_and_says_when_the_institution_opens() {
    let (mut bench, opens) = closed().await;
    let refused = bench.ask().await.unwrap();
    let why = format!("not sent: it is outside the hours of the institution, which opens at {opens} 00:00");
    assert_eq!((outcome(&refused), refused.reason_code.as_deref()), (why, Some("outside_hours")));
    assert!(bench.peer.is_quiet().await);
    let status = bench.gateway.institution("bank-a").await.unwrap();
    assert_eq!(status.closed.len(), 1, "it is shown, too");
    // What is allowed outside of the hours is sent.
    let asked = inquire(&bench);
    let (connection, request) = bench.peer.receive().await;
    bench.peer.send(connection, &answer_to(&request, b"0000")).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
}

fn inquire(bench: &Bench) -> JoinHandle<Exchange> {
    let gateway = bench.gateway.clone();
    let fields = json!({ "bank": "088", "account": "3333011234567", "holder_name": "", "holder_no": "" });
    tokio::spawn(async move { gateway.exchange("bank-a", "HolderInquiry", &fields, None).await.unwrap() })
}

#[tokio::test]
async fn a_notice_outside_the_hours_is_refused_with_the_code_of_the_contract() {
    let (mut bench, _) = closed().await;
    let notice = golden("bank-a-deposit-notice.json");
    for _ in 0..2 {
        bench.peer.send(0, &notice).await;
        assert_eq!(bench.peer.receive().await.1, answer_to(&notice, b"0003"), "the same answer each time");
    }
    until("its repetition is counted", async || {
        let stored = bench.gateway.notices(NoticeFilter::default(), 10).await.unwrap().notices;
        let states: Vec<_> = stored.iter().map(|notice| (notice.case.answered(), notice.repeats)).collect();
        states == [(Some(AnsweredBy::Closed), 1)]
    })
    .await;
}
