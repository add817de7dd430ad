//! Alarms from end to end: a bank that misbehaves, a gateway that restarts, receivers that do not take a message at once, and a person who is told once.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use fep_gateway::alarms::{self, Alarms};
use fep_gateway::callback::HttpCallback;
use fep_gateway::{Gateway, metrics};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::console_page::Page;
use crate::harness::{BANK_A, Bench, GOOD_BANK, bank, config, serve, transfer};
use crate::rights::ACCESS;
use crate::settlement;

/// What a receiver was sent: the headers and the body.
type Posted = (BTreeMap<String, String>, Json);

/// A receiver that answers with these codes, and with 204 after them.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    posted: Arc<Mutex<Vec<Posted>>>,
    codes: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    /// Returns the URL, too.
    pub(crate) async fn start(codes: &[u16]) -> (Self, String) {
        let receiver = Self { codes: Arc::new(Mutex::new(codes.iter().copied().collect())), ..Self::default() };
        let taking = receiver.clone();
        let take = async move |headers: HeaderMap, body: Bytes| {
            let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            let body = serde_json::from_slice(&body).unwrap();
            taking.posted.lock().unwrap().push((headers.collect(), body));
            StatusCode::from_u16(taking.codes.lock().unwrap().pop_front().unwrap_or(204)).unwrap()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/alarms", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/alarms", post(take))).await });
        (receiver, url)
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    /// Answers with these codes next.
    pub(crate) fn answers(&self, codes: &[u16]) {
        self.codes.lock().unwrap().extend(codes);
    }

    pub(crate) async fn has(&self, count: usize) -> Vec<Posted> {
        until(|| self.posted().len() >= count).await;
        self.posted()
    }
}

pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), waited).await.unwrap();
}

/// A gateway with alarms. It can be started again on the same folder.
pub(crate) struct Station {
    pub(crate) gateway: Gateway,
    pub(crate) url: String,
    alarms: Alarms,
    _stop: oneshot::Sender<()>,
}

pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bank-a.toml"), BANK_A).unwrap();
    folder
}

impl Station {
    pub(crate) async fn start(folder: &Path, connect: &str, more: &str) -> Self {
        metrics::install();
        let config = config("", connect, more, folder);
        let rules = config.alarms.clone();
        let settings = config.http.clone();
        let start = async || Gateway::start(config.clone(), Arc::new(HttpCallback::new().unwrap())).await;
        // The server of the gateway before still ends, and has its journal.
        let mut started = start().await;
        for _ in 0..100 {
            if started.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            started = start().await;
        }
        let gateway = started.unwrap();
        let alarms = alarms::start_configured(&gateway, rules.as_ref()).await.unwrap().unwrap();
        let (url, stop) = serve(&gateway, settings).await;
        let station = Self { gateway, url, alarms, _stop: stop };
        let lines = async || {
            while station.get("/readyz").await.1["ready"] != true {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), lines()).await.unwrap();
        station
    }

    pub(crate) async fn stop(self) {
        self.gateway.stop().await;
        self.alarms.finish(Duration::from_secs(1)).await;
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Json) {
        let response = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: &Json) -> (StatusCode, Json) {
        let request = reqwest::Client::new().post(format!("{}{path}", self.url)).json(body);
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub(crate) async fn pays(&self, memo: &str) -> Json {
        self.post("/v1/institutions/bank-a/exchanges/Transfer", &transfer(memo)).await.1
    }
}

fn webhook(url: &str) -> String {
    format!("[alarms.to.on-call]\nkind = \"webhook\"\ncallback = \"{url}\"\npause_ms = 1\n")
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[tokio::test]
async fn a_person_is_told_once_over_a_restart_and_a_receiver_that_failed_gets_the_same_message() {
    let folder = folder();
    let secrets = folder.path().join("secrets");
    std::fs::write(&secrets, SECRET).unwrap();
    std::fs::set_permissions(&secrets, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let (receiver, url) = Receiver::start(&[500, 503]).await;
    let rules = "[alarms.rules.old]\nkind = \"unknown_age\"\nage_max_ms = 1\nclear_after_ms = 0\nto = [\"on-call\"]\n";
    let more = format!("{}{}callback_secrets = \"secrets\"\n{rules}", settlement::SETTLEMENT, webhook(&url));
    let bank = bank(settlement::BANK).await;
    let station = Station::start(folder.path(), &bank.address().to_string(), &more).await;
    let exchange = station.pays("silence").await["exchange"].as_str().unwrap().to_owned();
    let posted = receiver.has(3).await;
    let first = &posted[0];
    assert!(posted.iter().all(|(headers, body)| headers["webhook-id"] == first.0["webhook-id"] && *body == first.1));
    assert!(first.0["webhook-signature"].starts_with("v1,"), "{:?}", first.0);
    let raised = &first.1["alarms"][0];
    assert_eq!((&first.1["id"], &raised["measured"]["unit"]), (&json!(first.0["webhook-id"]), &json!("ms")));
    let text = raised["text"].as_str().unwrap();
    assert!(
        text.starts_with("the oldest unknown exchange with bank-a is ") && text.ends_with("(limit 1 ms)"),
        "{text}"
    );
    assert!(raised["next"].as_str().unwrap().contains("/v1/exchanges?institution=bank-a&outcome=unknown"), "{raised}");
    let seen = station.get("/v1/alarms").await.1;
    assert_eq!((&seen["alarms"][0]["state"], &seen["alarms"][0]["id"]), (&json!("raised"), &raised["id"]));
    station.stop().await;

    let station = Station::start(folder.path(), &bank.address().to_string(), &more).await;
    // It has looked, and more than once.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let seen = station.get("/v1/alarms").await.1;
    assert_eq!((&seen["alarms"][0]["state"], &seen["alarms"][0]["id"]), (&json!("raised"), &raised["id"]), "{seen}");
    assert!(seen["alarms"][0]["measured"]["value"].as_f64().unwrap() > 2500.0, "{seen}");
    assert_eq!(receiver.posted().len(), 3, "nobody is called again");
    let path = format!("/v1/exchanges/{exchange}/settlement");
    let body = json!({ "decision": "done", "note": "the bank says so", "person": "kim" });
    let (status, decided) = station.post(&path, &body).await;
    assert_eq!(status, 200, "{decided}");
    let posted = receiver.has(4).await;
    let over = &posted[3].1["alarms"][0];
    assert_eq!((&over["action"], &over["id"]), (&json!("clear"), &raised["id"]), "{over}");
    let recent = station.get("/v1/alarms").await.1["recent"].clone();
    assert_eq!(
        (recent[0]["action"].as_str(), recent[1]["action"].as_str()),
        (Some("clear"), Some("raise")),
        "{recent}"
    );
    station.stop().await;
}

#[tokio::test]
async fn what_was_not_told_before_a_restart_is_told_after_it_and_the_trouble_shows() {
    let folder = folder();
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let rules =
        "[alarms.rules.mine]\nkind = \"dead_letters\"\nto = [\"on-call\", \"log\"]\n[alarms.to.log]\nkind = \"log\"\n";
    let more = |url: &str| format!("{}{}{rules}", settlement::SETTLEMENT, webhook(url));
    let bank = bank(settlement::BANK).await;
    let connect = bank.address().to_string();
    let station = Station::start(folder.path(), &connect, &more(&format!("http://{dead}/alarms"))).await;
    station.pays("silence").await;
    let waits = async {
        loop {
            let receivers = station.get("/v1/alarms").await.1["receivers"].clone();
            if receivers[1]["trouble"] == "the service cannot be reached" {
                return receivers;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let receivers = tokio::time::timeout(Duration::from_secs(30), waits).await.unwrap();
    assert_eq!((&receivers[1]["receiver"], &receivers[1]["waiting"]), (&json!("on-call"), &json!(1)), "{receivers}");
    assert_eq!(
        (&receivers[0]["receiver"], &receivers[0]["waiting"]),
        (&json!("log"), &json!(0)),
        "a line of the log waits for nobody"
    );
    let page = reqwest::get(format!("{}/metrics", station.url)).await.unwrap().text().await.unwrap();
    let has = |start: &str| page.lines().any(|line| line.starts_with(start));
    assert!(has("fep_alarms_raised{rule=\"mine\",institution=\"bank-a\"} 1"), "{page}");
    assert!(
        has("fep_alarm_failures_total{to=\"on-call\"} ") && has("fep_alarm_waiting_seconds{to=\"on-call\"} "),
        "{page}"
    );
    station.stop().await;
    let (receiver, url) = Receiver::start(&[]).await;
    let station = Station::start(folder.path(), &connect, &more(&url)).await;
    let told = &receiver.has(1).await[0].1["alarms"];
    assert_eq!((&told[0]["action"], told.as_array().map(Vec::len)), (&json!("raise"), Some(1)));
    assert_eq!(told[0]["text"], "1 exchanges and notices of bank-a need a person (limit 0)");
    station.stop().await;
    // The rule is gone: whoever was called learns that it is over.
    let other = rules.replace("rules.mine", "rules.other").replace("dead_letters", "conflicts");
    let station = Station::start(folder.path(), &connect, &more(&url).replace(rules, &other)).await;
    let over = &receiver.has(2).await[1].1["alarms"][0];
    assert_eq!((&over["action"], &over["id"]), (&json!("clear"), &told[0]["id"]), "{over}");
    let page = reqwest::get(format!("{}/metrics", station.url)).await.unwrap().text().await.unwrap();
    assert!(page.contains("fep_alarms_raised{rule=\"mine\",institution=\"bank-a\"} 0\n"), "{page}");
    station.stop().await;
}

#[tokio::test]
async fn rules_over_the_facts_raise_and_no_message_has_a_field_of_a_telegram() {
    let folder = folder();
    let (receiver, url) = Receiver::start(&[]).await;
    let rules = r#"
[alarms.rules.errors]
kind = "error_rate"
percent_max = 30
count_min = 3
failed = ["unknown", "declined"]
to = ["on-call"]
[alarms.rules.large]
kind = "amount"
telegram = "Transfer"
amount = "amount"
amount_max = 1234566
to = ["on-call"]
[alarms.rules.larger]
kind = "amount"
telegram = "Transfer"
amount = "amount"
amount_max = 1234567
to = ["on-call"]
[alarms.rules.silent]
kind = "no_traffic"
quiet_max_ms = 1500
clear_after_ms = 0
to = ["on-call"]
"#;
    let bank = bank(GOOD_BANK).await;
    let more = format!("{}{rules}", webhook(&url));
    let station = Station::start(folder.path(), &bank.address().to_string(), &more).await;
    for memo in ["rent", "rent", "decline"] {
        station.pays(memo).await;
    }
    let told = || -> Vec<(String, String)> {
        let posted = receiver.posted();
        let all = posted.iter().flat_map(|(_, body)| body["alarms"].as_array().unwrap().clone());
        let word = |change: &Json, key: &str| change[key].as_str().unwrap().to_owned();
        all.map(|change| (word(&change, "action"), word(&change, "rule"))).collect()
    };
    let is_told = |action: &str, rule: &str| told().contains(&(action.to_owned(), rule.to_owned()));
    until(|| is_told("raise", "errors") && is_told("raise", "large") && is_told("raise", "silent")).await;
    station.pays("rent").await;
    until(|| is_told("clear", "silent")).await;
    assert!(!is_told("raise", "larger") && !is_told("clear", "errors"), "{:?}", told());
    for (_, body) in receiver.posted() {
        let body = body.to_string();
        for secret in ["1234567", "1002345678901", "3333011234567", "홍길동"] {
            assert!(!body.contains(secret), "{body}");
        }
    }
    let shares =
        receiver.posted().iter().flat_map(|(_, body)| body["alarms"].as_array().unwrap().clone()).collect::<Vec<_>>();
    let errors = shares.iter().find(|change| change["rule"] == "errors").unwrap();
    assert_eq!(errors["text"], "33.3 % of the exchanges with bank-a failed in the last 5 min (limit 30.0 %)");
    station.stop().await;
}

#[tokio::test]
async fn a_person_silences_an_alarm_and_the_audit_trail_says_who() {
    let folder = folder();
    let (receiver, url) = Receiver::start(&[]).await;
    let rules = "[alarms.rules.silent]\nkind = \"no_traffic\"\nquiet_max_ms = 1000\nto = [\"on-call\"]\n";
    let bank = bank(GOOD_BANK).await;
    let more = format!("{}{rules}", webhook(&url));
    let station = Station::start(folder.path(), &bank.address().to_string(), &more).await;
    let path = "/v1/alarms/silent/bank-a/silence";
    let body = |minutes: u32| json!({ "minutes": minutes, "note": "the bank is moving", "person": "kim" });
    let (status, seen) = station.post(path, &body(60)).await;
    assert_eq!(status, 200, "{seen}");
    assert_eq!(seen["alarms"][0]["silenced_by"], json!({ "person": "kim", "note": "the bank is moving" }), "{seen}");
    tokio::time::sleep(Duration::from_millis(3500)).await;
    let seen = station.get("/v1/alarms").await.1;
    assert_eq!((&seen["alarms"][0]["state"], &seen["judges"]), (&json!("pending"), &json!(true)), "{seen}");
    assert!(receiver.posted().is_empty());
    station.stop().await;
    let station = Station::start(folder.path(), &bank.address().to_string(), &more).await;
    let seen = station.get("/v1/alarms").await.1;
    assert_eq!(seen["alarms"][0]["silenced_by"]["person"], "kim", "a restart keeps it: {seen}");
    station.post(path, &body(0)).await;
    receiver.has(1).await;
    let entries = station.get("/v1/audit?act=silence_alarm").await.1["entries"].clone();
    let about = entries.as_array().unwrap().iter().map(|entry| entry["about"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(about, ["silent: it is told again", "silent: 60 min"], "{entries}");
    for (path, body, status, code) in [
        ("/v1/alarms/silent/bank-b/silence", body(1), 404, "unknown_institution"),
        ("/v1/alarms/loud/bank-a/silence", body(1), 404, "unknown_alarm"),
        (path, body(10_081), 400, "not_a_decision"),
        (path, json!({ "minutes": 1, "note": "" }), 422, "no_note"),
    ] {
        let (told, problem) = station.post(path, &body).await;
        assert_eq!((told.as_u16(), &problem["code"]), (status, &json!(code)), "{problem}");
    }
    let entries = station.get("/v1/audit?act=silence_alarm").await.1["entries"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 2, "what cannot be done is no act: {entries}");
    station.stop().await;
}

#[tokio::test]
async fn a_state_that_cannot_be_used_stops_no_gateway_and_is_kept() {
    let folder = folder();
    let (receiver, url) = Receiver::start(&[]).await;
    let more = format!("{}{SILENT_TOLD}", webhook(&url));
    let bank = bank(GOOD_BANK).await;
    let connect = bank.address().to_string();
    let state = folder.path().join("journal.sqlite.alarms");
    std::fs::create_dir(&state).unwrap();
    let station = Station::start(folder.path(), &connect, &more).await;
    let seen = station.get("/v1/alarms").await.1;
    assert_eq!((&seen["judges"], &seen["alarms"][0]["rule"]), (&json!(false), &json!("silent")), "{seen}");
    std::fs::remove_dir(&state).unwrap();
    receiver.has(1).await;
    assert_eq!(station.get("/v1/alarms").await.1["judges"], true, "it tried again");
    let page = reqwest::get(format!("{}/metrics", station.url)).await.unwrap().text().await.unwrap();
    let judged = page.lines().find_map(|line| line.strip_prefix("fep_alarms_judged_timestamp_seconds "));
    let now_s = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    assert!(judged.is_some_and(|at| (now_s - at.parse::<f64>().unwrap()).abs() < 30.0), "{judged:?}");
    station.stop().await;
    std::fs::write(&state, [0xff]).unwrap();
    let station = Station::start(folder.path(), &connect, &more).await;
    let bad = folder.path().join("journal.sqlite.alarms.bad");
    assert_eq!(std::fs::read(bad).unwrap(), [0xff], "somebody may want to look at it");
    receiver.has(2).await;
    station.stop().await;
}

#[tokio::test]
async fn what_a_renamed_receiver_did_not_take_is_told_to_the_present_one() {
    let folder = folder();
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bank = bank(GOOD_BANK).await;
    let connect = bank.address().to_string();
    let more = format!("{}{SILENT_TOLD}", webhook(&format!("http://{dead}/alarms")));
    let station = Station::start(folder.path(), &connect, &more).await;
    let waits = async {
        while station.get("/v1/alarms").await.1["receivers"][0]["waiting"] != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waits).await.unwrap();
    let raised = station.get("/v1/alarms").await.1["alarms"][0]["id"].clone();
    station.stop().await;
    let (receiver, url) = Receiver::start(&[]).await;
    let renamed = format!("{}{SILENT_TOLD}", webhook(&url)).replace("on-call", "desk");
    let station = Station::start(folder.path(), &connect, &renamed).await;
    let told = receiver.has(1).await[0].1["alarms"].clone();
    assert_eq!((&told[0]["action"], &told[0]["id"]), (&json!("raise"), &raised), "{told}");
    station.stop().await;
}

const SILENT_TOLD: &str = "[alarms.rules.silent]\nkind = \"no_traffic\"\nquiet_max_ms = 1000\nto = [\"on-call\"]\n";

const SILENT: &str = "[alarms.to.log]\nkind = \"log\"\n[alarms.rules.silent]\nkind = \"no_traffic\"\nquiet_max_ms = 1000\nto = [\"log\"]\n";

#[tokio::test(flavor = "multi_thread")]
async fn raised_alarms_stand_on_the_overview() {
    let bench = Bench::of(GOOD_BANK, SILENT).await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.has("bank-a sent no telegram of business for ");
    page.has("raised");
    page.press("Silence …");
    page.has("Silence silent of bank-a?");
    page.write("note", "the bank is moving");
    page.write("person", "kim");
    page.confirm();
    page.has("kim: the bank is moving");
    page.press("Tell again …");
    page.write("note", "it has moved");
    page.confirm();
    page.has("The alarm is told again.");
    let trail = bench.get("/v1/audit?act=silence_alarm").await.1;
    assert_eq!(trail["entries"][1]["about"], "silent: 60 min", "{trail}");
    page.until(
        "[...document.querySelectorAll('main button')].some(one => one.textContent === 'Silence …')",
        |shown| shown == true,
    );
    page.language("ko");
    page.has("울림");
    page.was_quiet();
}

#[tokio::test]
async fn alarms_are_seen_and_silenced_by_right() {
    let bench = Bench::with_access(GOOD_BANK, SILENT, ACCESS).await;
    let ask = async |client: &str, request: reqwest::RequestBuilder| {
        let response = request.bearer_auth(client).send().await.unwrap();
        (response.status().as_u16(), response.json::<Json>().await.unwrap())
    };
    let list = || bench.client.get(format!("{}/v1/alarms", bench.url));
    let body = json!({ "minutes": 1, "note": "known" });
    let silence = || bench.client.post(format!("{}/v1/alarms/silent/bank-a/silence", bench.url)).json(&body);
    let seen = ask("office", list()).await.1;
    assert_eq!(
        (seen["alarms"].as_array().map(Vec::len), &seen["receivers"][0]["receiver"]),
        (Some(1), &json!("log")),
        "{seen}"
    );
    // It sends, and reads nothing but its own.
    let seen = ask("orders", list()).await.1;
    assert_eq!((&seen["alarms"], &seen["receivers"]), (&json!([]), &json!([])), "{seen}");
    let (status, problem) = ask("orders", silence()).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{problem}");
    let without = Bench::of(GOOD_BANK, "").await;
    let (status, problem) = without.get("/v1/alarms").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("no_alarms")), "{problem}");
}
