//! A gateway and a simulated bank on loopback, and a client.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fep_gateway::alarms::{self, Alarms};
use fep_gateway::callback::HttpCallback;
use fep_gateway::config::Http;
use fep_gateway::simulate::{Scenario, Simulator};
use fep_gateway::{Config, Gateway, http, metrics};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) const BANK_A: &str = include_str!("../../specs/bank-a/bank-a.toml");

/// Names and accounts that must not appear where secrets are masked.
pub(crate) const SECRETS: [&str; 3] = ["1002345678901", "3333011234567", "홍길동"];

/// A bank that answers at once, except for requests with a special memo.
pub(crate) const GOOD_BANK: &str = r#"
trace = "header.trace_no"
[session]
open = "SignOn"
[answers]
set = { "header.response_code" = "0000", balance = 5000, fee = 500 }
[[rules]]
telegram = "Transfer"
when = { passbook_memo = "decline" }
action = "answer"
set = { "header.response_code" = "0110" }
[[rules]]
telegram = "Transfer"
when = { passbook_memo = "silence" }
action = "silence"
[[rules]]
telegram = "Transfer"
when = { passbook_memo = "late" }
action = "late"
delay_ms = 1300
[[rules]]
telegram = "Transfer"
when = { passbook_memo = "slow" }
action = "answer"
delay_ms = 250
"#;

/// All running parts of one test.
pub(crate) struct Bench {
    pub(crate) client: Client,
    pub(crate) bank: Option<Simulator>,
    pub(crate) url: String,
    pub(crate) gateway: Gateway,
    _alarms: Option<Alarms>,
    _stop: oneshot::Sender<()>,
    folder: TempDir,
}

/// Serves a gateway over HTTP, until the sender is dropped. Returns the URL, too.
pub(crate) async fn serve(gateway: &Gateway, settings: Http) -> (String, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = gateway.clone();
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let stop = async move { drop(stopped.await) };
        http::serve(listener, served, &settings, stop, std::future::ready(())).await;
    });
    (url, stop)
}

impl Bench {
    /// Starts a bank with this scenario and a gateway. `more` is appended to the common part of `gateway.toml`.
    pub(crate) async fn of(scenario: &str, more: &str) -> Self {
        let bank = bank(scenario).await;
        let connect = bank.address().to_string();
        let mut bench = Self::connecting_to(&connect, more).await;
        bench.bank = Some(bank);
        bench.eventually_ready().await;
        bench
    }

    /// As `of`, but waits only until bank-a can be reached: there are other institutions that cannot.
    pub(crate) async fn of_some(scenario: &str, more: &str) -> Self {
        let bank = bank(scenario).await;
        let mut bench = Self::connecting_to(&bank.address().to_string(), more).await;
        bench.bank = Some(bank);
        let is_up = |lines: &Json| lines["lines"][0]["links"][0]["state"] == "up";
        bench.until("/v1/lines", is_up).await;
        bench
    }

    /// Starts a gateway without a bank at the other end.
    pub(crate) async fn alone() -> Self {
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        Self::connecting_to(&unused.to_string(), "").await
    }

    /// Starts a gateway whose clients have rights. A rewritten access file is read again.
    pub(crate) async fn with_access(scenario: &str, more: &str, access: &str) -> Self {
        let bank = bank(scenario).await;
        let mut bench = Self::started(&bank.address().to_string(), more, Some(access)).await;
        bench.bank = Some(bank);
        bench.eventually_ready().await;
        bench
    }

    /// Starts a bank and a gateway beside whose configuration there are other files.
    pub(crate) async fn with_files(scenario: &str, more: &str, access: Option<&str>, files: &[(&str, &str)]) -> Self {
        let bank = bank(scenario).await;
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        let mut bench = Self::started_in(folder, "", &bank.address().to_string(), more, access).await;
        bench.bank = Some(bank);
        bench.eventually_ready().await;
        bench
    }

    /// Writes the access file.
    pub(crate) fn give_access(&self, access: &str) {
        std::fs::write(self.folder.path().join("access.toml"), access).unwrap();
    }

    /// Sets who can read and write the access file.
    pub(crate) fn permit_access(&self, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.path().join("access.toml");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Starts a gateway with a bank at this address, whether it is there or not.
    pub(crate) async fn connecting_to(connect: &str, more: &str) -> Self {
        Self::started(connect, more, None).await
    }

    /// Starts a bank with its interface, and a gateway for tests that follows the clock of the bank. Returns the URL of the clock, too.
    pub(crate) async fn in_test_time(scenario: &str, more: &str) -> (Self, String) {
        let mut bank = bank(scenario).await;
        let clock = format!("http://{}/v1/clock", bank.serve_api("127.0.0.1:0").await.unwrap());
        let root = format!("environment = \"test\"\n[test_clock]\nfrom = \"{clock}\"\n");
        let mut bench = Self::started_with(&root, &bank.address().to_string(), more, None).await;
        bench.bank = Some(bank);
        bench.eventually_ready().await;
        (bench, clock)
    }

    async fn started(connect: &str, more: &str, access: Option<&str>) -> Self {
        Self::started_with("", connect, more, access).await
    }

    /// Starts a bank and a gateway whose configuration begins with `root`.
    pub(crate) async fn with_root(root: &str, scenario: &str, more: &str, access: Option<&str>) -> Self {
        let bank = bank(scenario).await;
        let mut bench = Self::started_with(root, &bank.address().to_string(), more, access).await;
        bench.bank = Some(bank);
        bench.eventually_ready().await;
        bench
    }

    async fn started_with(root: &str, connect: &str, more: &str, access: Option<&str>) -> Self {
        Self::started_in(tempfile::tempdir().unwrap(), root, connect, more, access).await
    }

    async fn started_in(folder: TempDir, root: &str, connect: &str, more: &str, access: Option<&str>) -> Self {
        std::fs::write(folder.path().join("bank-a.toml"), BANK_A).unwrap();
        metrics::install();
        let mut config = config(root, connect, more, folder.path());
        if let Some(access) = access {
            let path = folder.path().join("access.toml");
            std::fs::write(&path, access).unwrap();
            config.http.access = Some(path);
        }
        let settings = config.http.clone();
        let rules = config.alarms.clone();
        let gateway = Gateway::start(config, Arc::new(HttpCallback::new().unwrap())).await.unwrap();
        let alarms = alarms::start_configured(&gateway, rules.as_ref()).await.unwrap();
        let (url, stop) = serve(&gateway, settings).await;
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
        Self { client, bank: None, url, gateway, _alarms: alarms, _stop: stop, folder }
    }

    /// Changes the configuration file. The gateway reads it when it reloads.
    pub(crate) fn rewrite(&self, change: impl FnOnce(&str) -> String) {
        let path = self.folder.path().join("gateway.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, change(&text)).unwrap();
    }

    /// A file beside the configuration.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    pub(crate) async fn eventually_ready(&self) {
        self.until("/readyz", |reply| reply["ready"] == true).await;
    }

    /// Repeats a `GET` until the reply is as wanted, at most 10 seconds.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Json) -> bool) -> Json {
        let begun = Instant::now();
        loop {
            let reply = tokio::time::timeout(Duration::from_secs(10), self.get(path)).await;
            let (_, reply) = reply.unwrap_or_else(|_| panic!("{path} has no reply"));
            if wanted(&reply) {
                return reply;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "{path} never was as wanted: {reply}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn raw(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        self.raw(path).await.text().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Json) {
        let response = self.raw(path).await;
        (response.status(), response.json().await.unwrap())
    }

    pub(crate) async fn transfer(&self, fields: &Json, key: Option<&str>) -> (StatusCode, Json) {
        let key = key.map(|key| ("idempotency-key", key));
        self.post("/v1/institutions/bank-a/exchanges/Transfer", fields.to_string(), key.as_slice()).await
    }

    pub(crate) async fn post(&self, path: &str, body: String, headers: &[(&str, &str)]) -> (StatusCode, Json) {
        let mut request = self.client.post(format!("{}{path}", self.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        let status = response.status();
        let kind = response.headers()["content-type"].clone();
        let reply: Json = response.json().await.unwrap();
        let is_reply = status.is_success() || reply.get("outcome").is_some();
        assert_eq!(kind, if is_reply { "application/json" } else { "application/problem+json" }, "{path}: {reply}");
        (status, reply)
    }
}

pub(crate) async fn bank(scenario: &str) -> Simulator {
    bank_at(scenario, "127.0.0.1:0").await
}

/// A bank at this address.
pub(crate) async fn bank_at(scenario: &str, address: &str) -> Simulator {
    let spec = Spec::parse("bank-a.toml", BANK_A).unwrap();
    let scenario =
        Scenario::read(Source::new("scenario.toml", scenario), &spec).unwrap_or_else(|report| panic!("{report}"));
    Simulator::start(spec, scenario, address).await.unwrap()
}

/// What the gateway fills into requests.
const FILL: &str = include_str!("../fill.toml");

/// What ends the keys of the institution at the beginning of the additional part of a configuration, if it has some.
pub(crate) const KEYS_END: &str = "# the keys of the institution end here\n";

pub(crate) fn config(root: &str, connect: &str, more: &str, folder: &Path) -> Config {
    let (keys, more) = more.split_once(KEYS_END).unwrap_or(("", more));
    let text = format!(
        r#"{root}
[institutions.bank-a]
{keys}
spec = "bank-a.toml"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
answer_timeout_ms = 800
[institutions.bank-a.fill]
"header.bank_code" = "099"
{FILL}
[institutions.bank-a.session]
sign_on = "SignOn"
accepted = {{ "header.response_code" = "0000" }}
[[institutions.bank-a.lines]]
name = "main"
connect = "{connect}"
reconnect_min_ms = 10
{more}"#
    );
    let path = folder.join("gateway.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// The tables of `bank-b`, which has the telegrams of bank-a, at this address.
pub(crate) fn bank_b(address: &str) -> String {
    let fill = include_str!("../fill.toml");
    format!(
        r#"
[institutions.bank-b]
spec = "bank-a.toml"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
answer_timeout_ms = 800
[institutions.bank-b.fill]
"header.bank_code" = "088"
{fill}
[institutions.bank-b.session]
sign_on = "SignOn"
accepted = {{ "header.response_code" = "0000" }}
[[institutions.bank-b.lines]]
name = "main"
connect = "{address}"
"#
    )
}

/// A transfer with this memo. The rules of the bank's scenario match the memo.
pub(crate) fn transfer(memo: &str) -> Json {
    json!({
        "withdraw_account": "1002345678901", "amount": 1_234_567, "deposit_bank": "088", "deposit_account": "3333011234567",
        "payee_name": "홍길동", "passbook_memo": memo, "check_digits": "253788",
    })
}
