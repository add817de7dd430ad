//! Notices of the bank reach the service over HTTP, and people see and decide what became of them.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

use crate::harness::{Bench, SECRETS};

pub(crate) const NOTIFYING_BANK: &str = r#"
[session]
open = "SignOn"
[answers]
set = { "header.response_code" = "0000" }
[[notices]]
telegram = "DepositNotice"
every_ms = 50
set = { header.trace_no = "<sequence>", header.sent_date = "<date>", account = "1002345678901", kind = "20", amount = 50000, sender_name = "김서연" }
"#;

#[tokio::test]
async fn a_notice_is_posted_to_its_callback() {
    let (sender, mut received) = mpsc::channel::<Value>(16);
    let take = move |Json(notice): Json<Value>| async move {
        sender.send(notice).await.unwrap();
        Json(json!({ "fields": { "header": { "response_code": "0000" } } }))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notices", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/notices", post(take))).await });
    let more = format!("[institutions.bank-a.notices.DepositNotice]\ncallback = \"{url}\"\n");
    let _bench = Bench::of(NOTIFYING_BANK, &more).await;
    let notice = tokio::time::timeout(Duration::from_secs(5), received.recv()).await.unwrap().unwrap();
    assert_eq!((&notice["institution"], &notice["telegram"]), (&json!("bank-a"), &json!("DepositNotice")));
    assert_eq!((&notice["fields"]["amount"], &notice["fields"]["sender_name"]), (&json!(50_000), &json!("김서연")));
    assert_eq!((&notice["attempt"], &notice["notice"]), (&json!(1), &notice["exchange"]));
    assert!(notice["answer_by_ms"].is_number() && notice["answered"].is_null());
}

/// A service that fails until it is told to work, and what it was sent.
pub(crate) struct Service {
    url: String,
    works: Arc<AtomicBool>,
    /// One permit for each notice that it may answer.
    answers: Arc<Semaphore>,
    received: mpsc::Receiver<Value>,
}

impl Service {
    async fn start() -> Self {
        let works = Arc::new(AtomicBool::new(false));
        let (sender, received) = mpsc::channel::<Value>(1000);
        let does_work = Arc::clone(&works);
        let answers = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let may_answer = Arc::clone(&answers);
        let take = move |Json(notice): Json<Value>| async move {
            sender.send(notice).await.unwrap();
            may_answer.acquire().await.unwrap().forget();
            match does_work.load(Ordering::SeqCst) {
                true => StatusCode::NO_CONTENT,
                false => StatusCode::SERVICE_UNAVAILABLE,
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/notices", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/notices", post(take))).await });
        Self { url, works, answers, received }
    }

    /// From now on it takes what it gets.
    pub(crate) fn works(&self) {
        self.works.store(true, Ordering::SeqCst);
    }

    /// It answers nothing until it may answer again.
    pub(crate) fn hesitates(&self) {
        self.answers.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn may_answer(&self) {
        self.answers.add_permits(1);
    }

    async fn next(&mut self) -> Value {
        tokio::time::timeout(Duration::from_secs(5), self.received.recv()).await.unwrap().unwrap()
    }
}

/// A bank that sends one notice, and a gateway whose service does not work.
pub(crate) async fn with_a_dead_letter() -> (Service, Bench, Value) {
    let service = Service::start().await;
    let more = format!(
        "[institutions.bank-a.notices.DepositNotice]\ncallback = \"{}\"\nattempts_max = 2\nbackoff_min_ms = 10\n\
         backoff_max_ms = 20\nstand_in = {{ \"header.response_code\" = \"0199\" }}\n",
        service.url
    );
    let mut bench = Bench::of(&NOTIFYING_BANK.replace("every_ms = 50", "every_ms = 1000"), &more).await;
    let listed = bench.until("/v1/notices?state=dead_letter", |reply| reply["notices"][0].is_object()).await;
    // One notice is enough.
    bench.bank.take().unwrap().stop().await;
    let notice = listed["notices"][0].clone();
    (service, bench, notice)
}

#[tokio::test]
async fn a_person_sees_a_notice_that_no_service_took_and_delivers_it_again() {
    let (mut service, bench, notice) = with_a_dead_letter().await;
    let id = notice["notice"].as_str().unwrap().to_owned();
    let facts = ["state", "why", "answered_by", "attempts", "response_code", "telegram", "label"];
    assert_eq!(
        facts.map(|name| notice[name].clone()),
        [
            json!("dead_letter"),
            json!("tries_used_up"),
            json!("stand_in"),
            json!(2),
            json!("0199"),
            json!("DepositNotice"),
            json!("입출금통지"),
        ]
    );
    assert!(notice["last_failure"].as_str().unwrap().contains("503"), "{notice}");
    let first = service.next().await;
    let second = service.next().await;
    assert_eq!([&first["notice"], &second["notice"]], [&json!(id); 2]);
    assert_eq!([&first["attempt"], &second["attempt"]], [&json!(1), &json!(2)]);
    assert_eq!(second["answered"]["by"], "stand_in");
    assert_eq!(second["answered"]["fields"]["header"]["response_code"], "0199");
    assert!(second["answer_by_ms"].is_null());

    let (status, one) = bench.get(&format!("/v1/notices/{id}")).await;
    assert_eq!(status, 200);
    let deliveries: Vec<_> = one["deliveries"].as_array().unwrap().iter().map(|past| past["fact"].clone()).collect();
    assert_eq!(deliveries, ["received", "failed", "answered", "begun", "failed", "dead_lettered"]);
    let kinds: Vec<_> = one["facts"].as_array().unwrap().iter().map(|fact| fact["kind"].clone()).collect();
    assert_eq!(kinds, ["received", "delivery", "sent", "delivery", "delivery", "delivery"]);
    let field = |view: &Value, path: &str| {
        let fields = one[view.as_str().unwrap()]["fields"].as_array().unwrap();
        fields.iter().find(|field| field["path"] == path).unwrap()["value"].clone()
    };
    assert_eq!(field(&json!("received"), "amount"), "50000");
    assert!(field(&json!("answer"), "header.response_code").as_str().unwrap().starts_with("0199"));
    for secret in [SECRETS[0], "김서연"] {
        assert!(!one.to_string().contains(secret), "a secret is shown: {one}");
    }
    let letters = bench.get("/v1/dead-letters").await.1;
    assert_eq!(letters["notices"][0]["notice"]["notice"], json!(id));
    // Other tests of this process count in the same place.
    let gauge = "fep_notice_dead_letters{institution=\"bank-a\"} 1";
    let shown = async {
        while !bench.text("/metrics").await.contains(gauge) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), shown).await.expect(gauge);

    service.works();
    let path = format!("/v1/notices/{id}/delivery");
    let decide = async |body: Value| bench.post(&path, body.to_string(), &[]).await;
    assert_eq!(decide(json!({"decision": "deliver", "note": ""})).await.1["code"], "bad_note");
    assert_eq!(decide(json!({"decision": "drop", "note": "x"})).await.1["code"], "bad_decision");
    let (status, decided) = decide(json!({"decision": "deliver", "note": "it works again", "person": "kim"})).await;
    assert_eq!(status, 200, "{decided}");
    assert_eq!(service.next().await["attempt"], 3);
    bench.until(&format!("/v1/notices/{id}"), |reply| reply["notice"]["state"] == "delivered").await;
    assert_eq!(decide(json!({"decision": "close", "note": "x"})).await.1["code"], "already_ended");
    assert_eq!(bench.get("/v1/dead-letters").await.1, json!({"dead_letters": [], "notices": []}));
}

#[tokio::test]
async fn lists_of_notices_have_limits_and_filters() {
    let (_service, bench, notice) = with_a_dead_letter().await;
    let found = async |query: &str| bench.get(&format!("/v1/notices?{query}")).await;
    for query in ["", "limit=1", "institution=bank-a", "telegram=DepositNotice&state=dead_letter"] {
        assert_eq!(found(query).await.1["notices"], json!([notice]), "{query}");
    }
    for query in ["institution=bank-b", "telegram=Transfer", "state=delivered"] {
        assert_eq!(found(query).await.1["notices"], json!([]), "{query}");
    }
    for query in ["limit=0", "limit=1001", "limit=x", "state=lost", "sort=up"] {
        let (status, reply) = found(query).await;
        assert_eq!((status.as_u16(), &reply["code"]), (400, &json!("query")), "{query}");
    }
    let (status, reply) = bench.get("/v1/notices/0193a1b2c3d400002a9f3e").await;
    assert_eq!((status.as_u16(), &reply["code"]), (404, &json!("unknown_notice")));
    assert_eq!(bench.get("/v1/exchanges").await.1["exchanges"], json!([]), "a notice is no exchange");
}

#[tokio::test]
async fn the_journal_command_knows_notices() {
    let (_service, bench, notice) = with_a_dead_letter().await;
    let id = notice["notice"].as_str().unwrap();
    let journal = bench.journal();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_fep-gateway"))
            .args(["journal", arguments[0], "--journal"])
            .arg(&journal)
            .args(&arguments[1..])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let table = run(&["search", "--notices", "--state", "dead_letter"]);
    assert!(table.contains(id) && table.contains("stand_in") && table.contains("503"), "{table}");
    assert!(!run(&["search", "--notices", "--state", "delivered"]).contains(id));
    let line: Value = serde_json::from_str(run(&["search", "--notices", "--format", "json"]).trim()).unwrap();
    assert_eq!((&line["notice"], &line["state"]), (&json!(id), &json!("dead_letter")));
    let shown = run(&["show", id]);
    let said = ["received notice", "sent reply", "delivery begun", "attempt 2", "dead_lettered", "tries_used_up"];
    assert!(said.iter().all(|what| shown.contains(what)), "{shown}");
    let exported = run(&["export", "--exchange", id]);
    let kinds: Vec<(String, String)> = exported
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|fact| (fact["kind"].as_str().unwrap().to_owned(), fact["class"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        ("received", "notice"),
        ("delivery", "failed"),
        ("sent", "reply"),
        ("delivery", "begun"),
        ("delivery", "failed"),
        ("delivery", "dead_lettered"),
    ];
    assert_eq!(kinds, expected.map(|(kind, class)| (kind.to_owned(), class.to_owned())));
    assert!(run(&["verify"]).contains("notices: 1, of them undelivered: 0; nothing wrong"));
}
