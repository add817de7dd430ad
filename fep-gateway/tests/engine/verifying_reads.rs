//! Verification of reads: inquiries of a real journal are asked again over real TCP, of banks that the tests play.

use std::collections::BTreeSet;
use std::path::Path;

use fep_gateway::Config;
use fep_gateway::business_clock::BaseTime;
use fep_gateway::config::{Environment, TestClock};
use fep_gateway::verify::{self, Plan, ReadsPlan, Report, Side};
use fep_protocol::calendar::{Calendar, DayHours, Span};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::harness::{Bench, Setup, config, root, until};
use crate::peer::{Peer, answer_to};
use crate::verifying::{SETTLEMENT, plan};

/// The golden inquiry of a balance, answered by a bank that shows this balance.
fn balance_answer(request: &[u8], balance: u64) -> Vec<u8> {
    let mut answer = answer_to(request, b"0000");
    // Behind the account of 16 bytes: the balance with its sign, then what is available.
    answer[116..130].copy_from_slice(format!("{balance:014}").as_bytes());
    answer[130..143].copy_from_slice(format!("{balance:013}").as_bytes());
    answer
}

/// A bank that answers each inquiry with the next of these balances, and the last one for ever.
fn bank(mut peer: Peer, balances: Vec<u64>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut asked = 0;
        loop {
            let Some((connection, request)) = peer.next().await else { return };
            let balance = balances.get(asked).or(balances.last()).copied().unwrap_or_default();
            asked += 1;
            peer.send(connection, &balance_answer(&request, balance)).await;
        }
    })
}

async fn side(balances: &[u64], folder: &Path) -> Side {
    let peer = Peer::start().await;
    let setup = Setup { institution: "answer_timeout_ms = 600", ..Setup::default() };
    let config: Config = config(&folder.join("unused.sqlite"), peer.port, &setup);
    bank(peer, balances.to_vec());
    Side { config, institution: "bank-a".to_owned() }
}

/// A gateway whose bank shows a balance of 700, after `count` inquiries, and a plan to ask a candidate again.
async fn asked(count: usize, candidate: Side, old: Option<Side>) -> (Bench, Plan) {
    let setup = Setup { institution: "answer_timeout_ms = 600", ..Setup::default() };
    let mut bench = Bench::new(setup).await;
    for _ in 0..count {
        let gateway = bench.gateway.clone();
        let body: Value = json!({"account": "1002345678901", "balance": 0, "available": 0});
        let asked = tokio::spawn(async move { gateway.exchange("bank-a", "BalanceInquiry", &body, None).await });
        let (connection, request) = bench.peer.receive().await;
        bench.peer.send(connection, &balance_answer(&request, 700)).await;
        assert!(asked.await.unwrap().is_ok());
    }
    let mut plan = plan("answer_timeout_ms = 600", "");
    plan.config = config(&bench.journal(), 1, &Setup { institution: "answer_timeout_ms = 600", ..Setup::default() });
    let reads = ReadsPlan {
        inquiries: [("BalanceInquiry".to_owned(), 100)].into(),
        callers: BTreeSet::new(),
        in_flight_max: 1,
        count_max: 100,
        look_back_hours: 1,
        noise_percent: 20,
        folder: bench.folder.path().join("runs"),
        candidate,
        old,
    };
    plan.reads = Some(reads);
    // Requests are asked again when their outcome is certain: a second after their time-out.
    tokio::time::sleep(std::time::Duration::from_millis(1700)).await;
    (bench, plan)
}

async fn run(plan: &Plan) -> Report {
    let mut report = None;
    // The index is built behind the facts.
    until("the journal can be searched", async || {
        report = verify::reads(plan, None, CancellationToken::new()).await.ok();
        report.is_some()
    })
    .await;
    report.unwrap()
}

fn fields(report: &Report) -> Vec<String> {
    let fields = report.telegrams.iter().flat_map(|one| &one.fields);
    let text = |field: &verify::FieldReport| format!("{} {} {:?}", field.path, field.differing, field.explained);
    fields.map(text).collect()
}

#[tokio::test]
async fn a_candidate_with_the_same_answers_passes_and_the_next_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (_bench, mut plan) = asked(3, side(&[700], folder.path()).await, None).await;
    plan.compared_min = 3;
    let report = run(&plan).await;
    assert!(report.passed, "{report:?}");
    assert_eq!((report.compared, report.unexplained, report.failed), (3, 0, 0));
    // Nothing is asked twice. What was compared before counts, and a run that compares nothing passes nothing.
    let report = run(&plan).await;
    assert_eq!((report.compared, report.compared_clean, report.passed, report.trend.len()), (0, 3, false, 2));
    // Another plan begins anew.
    plan.digest = "another".to_owned();
    let report = run(&plan).await;
    assert_eq!((report.compared, report.trend.len()), (3, 1));
}

#[tokio::test]
async fn trace_numbers_go_on_from_run_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup { institution: "answer_timeout_ms = 600", ..Setup::default() };
    let config = config(&folder.path().join("unused.sqlite"), peer.port, &setup);
    let (_bench, mut plan) = asked(1, Side { config, institution: "bank-a".to_owned() }, None).await;
    let mut traces = Vec::new();
    for number in 0..2 {
        plan.digest = number.to_string();
        let answering = async {
            let (connection, request) = peer.receive().await;
            traces.push(String::from_utf8_lossy(&request[32..38]).into_owned());
            peer.send(connection, &balance_answer(&request, 700)).await;
        };
        let (report, ()) = tokio::join!(run(&plan), answering);
        assert!(report.passed, "{report:?}");
    }
    assert!(traces[0] < traces[1], "{traces:?}");
}

#[tokio::test]
async fn a_side_for_tests_is_asked_in_its_own_time_and_hours() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup { institution: "answer_timeout_ms = 600", ..Setup::default() };
    let mut config = config(&folder.path().join("unused.sqlite"), peer.port, &setup);
    // Open on the leap day alone, which is 21,243 days after 1970-01-01 by `date -u -d 2028-02-29 +%s`. In real time it never opens.
    let leap_day_ms = 21_243 * 86_400_000 - 9 * 3_600_000;
    config.environment = Environment::Test;
    config.test_clock = Some(TestClock::Base(BaseTime { ms: leap_day_ms - 30_000, speed: 20 }));
    let mut hours = Calendar::new(Default::default(), 540, 0);
    hours.set_day(21_243, DayHours::new(vec![Span::ALL_DAY]).unwrap()).unwrap();
    config.institutions.get_mut("bank-a").unwrap().hours.calendar = hours;
    let (_bench, plan) = asked(1, Side { config, institution: "bank-a".to_owned() }, None).await;
    let answering = async {
        let (connection, request) = peer.receive().await;
        peer.send(connection, &balance_answer(&request, 700)).await;
        String::from_utf8_lossy(&request).into_owned()
    };
    let (report, request) = tokio::join!(run(&plan), answering);
    assert!(report.passed, "{report:?}");
    assert!(request.contains("20280229"), "{request}");
}

#[tokio::test]
async fn a_candidate_that_does_not_repeat_its_request_does_not_pass() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup { institution: "answer_timeout_ms = 600", ..Setup::default() };
    let config = config(&folder.path().join("unused.sqlite"), peer.port, &setup);
    let (_bench, plan) = asked(1, Side { config, institution: "bank-a".to_owned() }, None).await;
    let answering = async {
        let (connection, request) = peer.receive().await;
        let mut answer = balance_answer(&request, 700);
        // The transaction number of the header, which the old side repeats.
        answer[56..70].fill(b' ');
        peer.send(connection, &answer).await;
    };
    let (report, ()) = tokio::join!(run(&plan), answering);
    assert_eq!(fields(&report)[0], "header.transaction_no 1 None", "{report:?}");
}

#[tokio::test]
async fn a_telegram_that_moves_money_at_any_side_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup { institution: "answer_timeout_ms = 600", tables: SETTLEMENT, ..Setup::default() };
    let config = config(&folder.path().join("unused.sqlite"), 1, &setup);
    let (_bench, mut plan) = asked(0, Side { config, institution: "bank-a".to_owned() }, None).await;
    for name in ["Transfer", "Reversal"] {
        plan.reads.as_mut().unwrap().inquiries = [(name.to_owned(), 100)].into();
        let error = verify::reads(&plan, None, CancellationToken::new()).await.unwrap_err().to_string();
        assert_eq!(error, format!("`{name}` moves money: it is never asked a second time"));
    }
}

#[tokio::test]
async fn a_candidate_with_another_answer_does_not_pass() {
    let folder = tempfile::tempdir().unwrap();
    let (_bench, plan) = asked(2, side(&[700, 701], folder.path()).await, None).await;
    let report = run(&plan).await;
    let found = fields(&report);
    assert_eq!(&found[..2], ["available 1 None", "balance 1 None"], "{found:?}");
    assert!(found[2..].iter().all(|field| field.ends_with("Some(\"filled\")")), "{found:?}");
    assert!(!report.passed);
}

#[tokio::test]
async fn what_the_old_side_does_not_repeat_is_noise() {
    let folder = tempfile::tempdir().unwrap();
    // The old side shows another balance each time it is asked, and the candidate its own.
    let changing: Vec<u64> = (1..40).collect();
    let old = side(&changing, folder.path()).await;
    let (_bench, plan) = asked(3, side(&[5000, 5001, 5002], folder.path()).await, Some(old)).await;
    let report = run(&plan).await;
    let noisy: Vec<_> = fields(&report).into_iter().filter(|field| field.contains("noise")).collect();
    assert_eq!(noisy, ["available 3 Some(\"noise\")", "balance 3 Some(\"noise\")"]);
    assert!(report.passed, "{report:?}");
}

#[tokio::test]
async fn a_silent_candidate_fails_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let setup = Setup { institution: "answer_timeout_ms = 300", ..Setup::default() };
    let config = config(&folder.path().join("unused.sqlite"), peer.port, &setup);
    let (_bench, plan) = asked(1, Side { config, institution: "bank-a".to_owned() }, None).await;
    let report = run(&plan).await;
    let failure = &report.telegrams[0].failures[0];
    assert!(failure.why.starts_with("the candidate did not answer: unknown: "), "{failure:?}");
    assert_eq!((report.compared, report.failed, report.passed), (0, 1, false));
    drop(peer);
}

/// Another gateway that takes requests over HTTP and gives each a trace number of its own.
async fn gateway_over_http() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let mut len = 0;
            while !request[..len].ends_with(b"}") {
                len += stream.read(&mut request[len..]).await.unwrap();
            }
            let reply = r#"{"answer": {"fields": {"header": {"telegram_code": "0610", "trace_no": 777, "response_code": "0000"}, "balance": 700, "available": 700}}}"#;
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", reply.len());
            stream.write_all((head + reply).as_bytes()).await.unwrap();
        }
    });
    port
}

#[tokio::test]
async fn a_gateway_over_http_can_be_the_candidate() {
    let port = gateway_over_http().await;
    let text = format!(
        r#"
[institutions.over-http]
spec = "specs/bank-a/bank-a.toml"
key = []
[[institutions.over-http.lines]]
name = "http"
connect = "127.0.0.1:{port}"
one_shot = true
http = {{ path = "/v1/institutions/bank-a/exchanges/{{telegram}}", answer = "answer.fields" }}
"#
    );
    let config = Config::parse("candidate.toml", &text, root()).unwrap();
    let (_bench, plan) = asked(1, Side { config, institution: "over-http".to_owned() }, None).await;
    let report = run(&plan).await;
    assert_eq!(fields(&report), ["header.trace_no 1 Some(\"filled\")"], "{report:?}");
    assert!(report.passed, "{report:?}");
}
