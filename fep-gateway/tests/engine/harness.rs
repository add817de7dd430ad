//! A gateway with one institution, and helpers for the tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::exchange::{Exchange, ExchangeId, LinkState};
use fep_gateway::gateway::{Decision, NoticeHandler, StandInOnly};
use fep_gateway::{Config, Gateway};
use fep_protocol::breaker::BreakerScope;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::peer::Peer;

/// A gateway connected to a peer.
pub(crate) struct Bench {
    pub(crate) gateway: Gateway,
    pub(crate) peer: Peer,
    pub(crate) folder: tempfile::TempDir,
}

/// The parts of the configuration that differ between tests.
pub(crate) struct Setup {
    pub(crate) links: usize,
    /// Keys of the table `[institutions.bank-a]`.
    pub(crate) institution: &'static str,
    /// Tables that follow it.
    pub(crate) tables: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self { links: 1, institution: "answer_timeout_ms = 5000", tables: "" }
    }
}

pub(crate) const IMPATIENT: &str = "answer_timeout_ms = 600";

pub(crate) const SESSION: &str = r#"
[institutions.bank-a.session]
sign_on = "SignOn"
sign_off = "SignOff"
echo_test = "EchoTest"
accepted = { "header.response_code" = "0000" }
"#;

/// Another bank with the same telegrams. Its line lacks only the address.
pub(crate) const BANK_B: &str = concat!(
    r#"
[institutions.bank-b]
spec = "specs/bank-a/bank-a.toml"
answer_timeout_ms = 600
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
framing = { length_digits = 4, counts = "rest", frame_max_bytes = 1000 }
[institutions.bank-b.fill]
"header.bank_code" = "088"
"#,
    include_str!("../fill.toml"),
    r#"[[institutions.bank-b.lines]]
name = "main"
"#
);

/// What the gateway fills into requests.
const FILL: &str = include_str!("../fill.toml");

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

pub(crate) fn config(journal: &Path, port: u16, setup: &Setup) -> Config {
    let line = format!(
        "[[institutions.bank-a.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:{port}\"\nlinks = {}\nreconnect_max_ms = 200\n",
        setup.links
    );
    config_with(journal, setup, &line)
}

/// A configuration with these lines.
pub(crate) fn config_with(journal: &Path, setup: &Setup, lines: &str) -> Config {
    let Setup { institution, tables, .. } = setup;
    let text = format!(
        r#"
[journal]
path = "{journal}"
[institutions.bank-a]
spec = "specs/bank-a/bank-a.toml"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
framing = {{ length_digits = 4, counts = "rest", frame_max_bytes = 1000 }}
{institution}
[institutions.bank-a.fill]
"header.bank_code" = "099"
{FILL}
{tables}
{lines}
"#,
        journal = journal.display()
    );
    Config::parse("test.toml", &text, root()).unwrap_or_else(|error| panic!("{error}"))
}

/// The bytes of a golden telegram.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let hex = golden_file(name)["hex"].as_str().unwrap().to_owned();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn golden_file(name: &str) -> Value {
    let path = root().join("tests/golden").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The fields that a service sends for a transfer: the body of the golden one.
pub(crate) fn transfer() -> Value {
    let mut fields = golden_file("bank-a-transfer.json")["fields"].clone();
    let map = fields.as_object_mut().unwrap();
    for name in ["header", "balance_sign", "balance", "fee"] {
        map.remove(name);
    }
    fields
}

pub(crate) async fn start(config: Config, notices: Arc<dyn NoticeHandler>) -> Gateway {
    Gateway::start(config, notices).await.unwrap_or_else(|error| panic!("{error}"))
}

impl Bench {
    /// Starts a gateway and waits until its links are up. If there is a session, the test itself must answer the sign-on.
    pub(crate) async fn new(setup: Setup) -> Self {
        Self::with(setup, Arc::new(StandInOnly)).await
    }

    pub(crate) async fn with(setup: Setup, notices: Arc<dyn NoticeHandler>) -> Self {
        let peer = Peer::start().await;
        let folder = tempfile::tempdir().unwrap();
        let gateway = start(config(&folder.path().join("journal.sqlite"), peer.port, &setup), notices).await;
        let bench = Self { gateway, peer, folder };
        if !setup.tables.contains("sign_on") {
            bench.links_up(setup.links).await;
        }
        bench
    }

    pub(crate) async fn links_up(&self, links: usize) {
        until("the links are up", async || {
            let lines = self.gateway.lines();
            lines[0].links.iter().filter(|link| link.state == LinkState::Up).count() == links
        })
        .await;
    }

    /// Requests a transfer without waiting for its outcome.
    pub(crate) fn ask(&self) -> JoinHandle<Exchange> {
        let gateway = self.gateway.clone();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await.unwrap() })
    }

    /// Makes an exchange that the institution answers at once.
    pub(crate) async fn answered(&mut self) -> Exchange {
        let asked = self.ask();
        let (connection, request) = self.peer.receive().await;
        self.peer.send(connection, &crate::peer::transfer_answer(&request)).await;
        let exchange = asked.await.unwrap();
        assert_eq!(outcome(&exchange), "answered");
        exchange
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    /// Waits until the journal has at least `count` entries. Returns direction, class and bytes of each entry.
    pub(crate) async fn entries(&self, count: usize) -> Vec<(String, String, Vec<u8>)> {
        let mut entries = Vec::new();
        until("the entries are there", async || {
            entries = entries_of(&self.journal());
            entries.len() >= count
        })
        .await;
        entries
    }

    pub(crate) async fn settled(&self, id: &ExchangeId) -> Exchange {
        let mut found = None;
        until("it is settled", async || {
            found = self.gateway.find(id).await.unwrap();
            found.as_ref().is_some_and(|exchange| exchange.settled_by.is_some())
        })
        .await;
        found.unwrap()
    }
}

/// The decision of a person to trip a breaker.
pub(crate) fn trip(scope: BreakerScope, note: &str) -> Decision {
    Decision::Trip { scope, person: "kim".to_owned(), note: note.to_owned() }
}

/// The decision of a person to reset a breaker.
pub(crate) fn reset(scope: BreakerScope) -> Decision {
    Decision::Reset { scope, person: "lee".to_owned() }
}

/// The entries of the journal: direction, class and bytes.
pub(crate) fn entries_of(journal: &Path) -> Vec<(String, String, Vec<u8>)> {
    let connection = rusqlite::Connection::open(journal).unwrap();
    let sql = "SELECT iif(kind = 'sent', 'out', 'in'), class, bytes FROM facts
               WHERE kind IN ('sent', 'received') AND bytes IS NOT NULL ORDER BY number";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Waits until the condition holds, at most 10 seconds.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if is_so().await {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("in vain: {what}");
}

/// The outcome and its reason as text: `answered`, `unknown: why`.
pub(crate) fn outcome(exchange: &Exchange) -> String {
    let outcome = match exchange.outcome {
        None => "running",
        Some(fep_gateway::exchange::Outcome::Answered) => "answered",
        Some(fep_gateway::exchange::Outcome::NotSent) => "not sent",
        Some(fep_gateway::exchange::Outcome::Unknown) => "unknown",
    };
    exchange.reason.as_ref().map_or(outcome.to_owned(), |why| format!("{outcome}: {why}"))
}
