//! One of the gateways: `fep-gateway run` as a process of its own, with a configuration and a folder of its own, and what it says over HTTP.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::{Failure, SPEC};

const CONFIGURATION: &str = include_str!("../../src/demo/gateway.toml");

/// How long a gateway may take until it is ready.
const READY_MAX: Duration = Duration::from_secs(30);

/// Where the journal is, and what is between the gateways.
#[derive(Clone, Debug)]
pub(super) struct Engines {
    pub(super) postgres: String,
    pub(super) redis: String,
    pub(super) bank: String,
}

/// A gateway. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Member {
    /// What callers and operators use.
    pub(super) door: Door,
    folder: PathBuf,
    child: Option<Child>,
}

/// The HTTP interface of a gateway.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) name: &'static str,
    /// Where it listens: `127.0.0.1:PORT`.
    pub(super) address: String,
    http: Client,
}

/// What a gateway said of an order.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Told {
    pub(super) exchange: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) settled_by: Option<String>,
    pub(super) money: Option<String>,
    /// The code of an error: the call sent nothing, or another call with the same key still runs.
    pub(super) code: Option<String>,
}

/// A gateway as another one lists it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Instance {
    pub(super) instance: String,
    pub(super) state: String,
    pub(super) heirs: Vec<String>,
    pub(super) in_flight: u64,
    pub(super) unsettled: u64,
}

impl Member {
    /// Writes the configuration of a gateway with this name, and starts it.
    ///
    /// # Errors
    /// If it does not become ready.
    pub(super) async fn start(name: &'static str, below: &Path, engines: &Engines) -> Result<Self, Failure> {
        let folder = below.join(name);
        std::fs::create_dir(&folder)?;
        std::fs::write(folder.join("bank-a.toml"), SPEC)?;
        // The port is free now. The demo assumes that no other process takes it before the gateway does.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let common = CONFIGURATION.replace("@listen@", &address).replace("@bank@", &engines.bank);
        let tables = cluster(name, engines);
        std::fs::write(folder.join("gateway.toml"), common.replace("@links@", "1") + &tables)?;
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let mut member = Self { door: Door { name, address, http }, folder, child: None };
        member.again().await?;
        Ok(member)
    }

    /// Starts it, or starts it again, and waits until it is ready.
    ///
    /// # Errors
    /// If it does not become ready. The last lines of its log are in the message.
    pub(super) async fn again(&mut self) -> Result<(), Failure> {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log"))?;
        let mut command = Command::new(program()?);
        command.args(["run", "--config", "gateway.toml"]).current_dir(&self.folder).kill_on_drop(true);
        self.child = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?);
        self.ready().await
    }

    /// The number of its process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Kills it, as `kill -9` does.
    ///
    /// # Errors
    /// If it does not run.
    pub(super) async fn kill(&mut self) -> Result<(), Failure> {
        let child = self.child.as_mut().ok_or("a gateway that is not there cannot be killed")?;
        Ok(child.kill().await?)
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// If it does not become ready.
    pub(super) async fn ready(&self) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            if self.door.is_ready().await {
                return Ok(());
            }
            if began.elapsed() > READY_MAX {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                return Err(format!(
                    "gateway {} is not ready. Its log ends with:\n{}",
                    self.door.name,
                    last.join("\n")
                )
                .into());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Door {
    /// Whether it takes requests.
    pub(super) async fn is_ready(&self) -> bool {
        let asked = self.http.get(self.url("/readyz")).send().await;
        asked.is_ok_and(|reply| reply.status() == StatusCode::OK)
    }

    /// Sends an order with this idempotency key. `None` if no reply came: nothing is known then.
    pub(super) async fn pay(&self, key: &str, amount: u64) -> Option<Told> {
        let order = json!({
            "withdraw_account": "1002345678901", "amount": amount, "deposit_bank": "088", "deposit_account": "3333011234567",
            "payee_name": "홍길동", "passbook_memo": "물품대금", "check_digits": "253788",
        });
        let request = self.http.post(self.url("/v1/institutions/bank-a/exchanges/Transfer"));
        request.header("Idempotency-Key", key).json(&order).send().await.ok()?.json().await.ok()
    }

    /// What became of an exchange.
    pub(super) async fn exchange(&self, exchange: &str) -> Option<Told> {
        self.http.get(self.url(&format!("/v1/exchanges/{exchange}"))).send().await.ok()?.json().await.ok()
    }

    /// The gateways, as this one knows them.
    pub(super) async fn instances(&self) -> Option<Vec<Instance>> {
        let overview: Json = self.http.get(self.url("/v1/overview")).send().await.ok()?.json().await.ok()?;
        serde_json::from_value(overview.get("instances")?.clone()).ok()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// The tables that make several gateways of one. A lease is short here, so that nobody has to wait for the takeover.
fn cluster(name: &str, engines: &Engines) -> String {
    let Engines { postgres, redis, .. } = engines;
    format!(
        r#"
[journal.postgres]
hosts = ["{postgres}"]
database = "postgres"
user = "fep"
instance = "{name}"
lease_ms = 2000

[instances]
max = 2

[instances.redis]
hosts = ["{redis}"]
"#
    )
}

/// The daemon that was built beside this program.
fn program() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let built = own.ancestors().nth(2).map(|folder| folder.join("fep-gateway")).filter(|path| path.exists());
    built.ok_or_else(|| "the daemon is not built: use `make demo-cluster`".into())
}
