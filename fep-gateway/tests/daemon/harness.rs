//! The daemon as a child process with one institution, and a client.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::peer::{PATIENCE, Peer, transfer_answer};
use crate::ports::dead_port;

/// A status and a body.
pub(crate) type Reply = (StatusCode, Json);

/// A running `fep-gateway run`. Dropping it kills it.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) port: u16,
    client: Client,
    log: PathBuf,
}

/// What differs between the daemons of the tests.
pub(crate) struct Setup<'s> {
    /// Where the configuration and the log are.
    pub(crate) folder: &'s Path,
    pub(crate) journal: PathBuf,
    pub(crate) spec: PathBuf,
    pub(crate) bank: u16,
    /// The beginning of the configuration.
    pub(crate) root: &'s str,
    /// Keys of the table `[http]`.
    pub(crate) http: &'s str,
    /// Keys of the table `[institutions.bank-a]`.
    pub(crate) institution: &'s str,
    /// Tables behind it.
    pub(crate) tables: &'s str,
    /// The end of the configuration.
    pub(crate) behind: String,
    /// Variables of its environment.
    pub(crate) variables: Vec<(&'static str, OsString)>,
}

/// What the gateway fills into requests.
pub(crate) const FILL: &str = include_str!("../fill.toml");

impl<'s> Setup<'s> {
    /// A daemon whose journal is in the folder.
    pub(crate) fn new(folder: &'s Path, bank: u16, institution: &'s str) -> Self {
        let spec = root().join("specs/bank-a/bank-a.toml");
        Self {
            folder,
            journal: folder.join("journal.sqlite"),
            spec,
            bank,
            http: "",
            institution,
            tables: "",
            behind: String::new(),
            root: "",
            variables: Vec::new(),
        }
    }

    fn configuration(&self, port: u16) -> String {
        let Self { root, journal, spec, bank, http, institution, tables, behind, .. } = self;
        let journal = journal.display();
        let spec = spec.display();
        format!(
            r#"{root}
[http]
listen = "127.0.0.1:{port}"
{http}
[journal]
path = "{journal}"
[institutions.bank-a]
spec = "{spec}"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
{institution}
[institutions.bank-a.fill]
"header.bank_code" = "099"
{FILL}
{tables}
[[institutions.bank-a.lines]]
name = "main"
connect = "127.0.0.1:{bank}"
reconnect_min_ms = 20
reconnect_max_ms = 200
{behind}"#
        )
    }

    /// Starts the daemon and does not wait.
    pub(crate) async fn spawn(&self) -> Daemon {
        self.spawn_with(std::fs::File::create(self.folder.join("log")).unwrap().into()).await
    }

    /// Starts the daemon with this as its stderr, and does not wait.
    pub(crate) async fn spawn_with(&self, stderr: Stdio) -> Daemon {
        let port = dead_port().await;
        let config = self.folder.join("gateway.toml");
        std::fs::write(&config, self.configuration(port)).unwrap();
        let log = self.folder.join("log");
        let child = Command::new(env!("CARGO_BIN_EXE_fep-gateway"))
            .args(["run", "--config"])
            .arg(&config)
            .env_remove("RUST_LOG")
            .envs(self.variables.iter().cloned())
            .stdout(Stdio::null())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let client = Client::builder().no_proxy().timeout(3 * PATIENCE).build().unwrap();
        Daemon { child, port, client, log }
    }

    /// Starts the daemon and waits until it is ready.
    pub(crate) async fn start(&self) -> Daemon {
        let daemon = self.spawn().await;
        daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;
        daemon
    }
}

impl Daemon {
    /// The reply to a `GET`.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.try_get(path).await.unwrap_or_else(|| panic!("no reply: {}", self.log()))
    }

    async fn try_get(&self, path: &str) -> Option<Reply> {
        let response = self.client.get(self.url(path)).send().await.ok()?;
        let status = response.status();
        Some((status, response.json().await.ok()?))
    }

    /// The reply to a `POST` of JSON.
    pub(crate) async fn post(&self, path: &str, body: &Json) -> Reply {
        let response = self.client.post(self.url(path)).body(body.to_string()).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// The text at a path.
    pub(crate) async fn text(&self, path: &str) -> String {
        self.client.get(self.url(path)).send().await.unwrap().text().await.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Repeats a `GET` until the reply is as wanted, for a limited time.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        let mut last = None;
        for _ in 0..1500 {
            last = self.try_get(path).await;
            if let Some(reply) = last.take_if(|reply| wanted(reply)) {
                return reply;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{path} never was as wanted: {last:?}\n{}", self.log())
    }

    /// Requests a transfer without waiting for its outcome. An error is a connection that was cut off.
    pub(crate) fn ask(&self, amount: u64, key: Option<&str>) -> JoinHandle<Result<Reply, reqwest::Error>> {
        self.ask_of("bank-a", amount, key)
    }

    /// The same of an institution.
    pub(crate) fn ask_of(
        &self,
        institution: &str,
        amount: u64,
        key: Option<&str>,
    ) -> JoinHandle<Result<Reply, reqwest::Error>> {
        let path = format!("/v1/institutions/{institution}/exchanges/Transfer");
        let request = self.client.post(self.url(&path)).body(transfer(amount));
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        tokio::spawn(async move {
            let response = request.send().await?;
            let status = response.status();
            Ok((status, response.json().await?))
        })
    }

    /// The outcome of a transfer that the bank answers at once.
    pub(crate) async fn answered(&self, peer: &mut Peer, amount: u64) -> Json {
        let asked = self.ask(amount, None);
        let (connection, request) = peer.receive().await;
        peer.send(connection, &transfer_answer(&request)).await;
        let (status, reply) = asked.await.unwrap().unwrap();
        assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")), "{reply}");
        reply
    }

    /// Checks that a transfer is refused with this code of its reason.
    pub(crate) async fn refuses(&self, amount: u64, key: Option<&str>, code: &str) -> Json {
        let (status, reply) = self.ask(amount, key).await.unwrap().unwrap();
        let said = (status, &reply["outcome"], &reply["reason_code"]);
        assert_eq!(said, (StatusCode::SERVICE_UNAVAILABLE, &json!("not_sent"), &json!(code)), "{reply}");
        reply
    }

    /// Asks the daemon to stop, as the platform does.
    pub(crate) async fn terminate(&self) {
        self.signal("TERM").await;
    }

    /// Sends SIGHUP.
    pub(crate) async fn hang_up(&self) {
        self.signal("HUP").await;
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    async fn signal(&self, name: &str) {
        let pid = self.pid();
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for the end of the daemon, at most this long.
    pub(crate) async fn ends_within(&mut self, max: Duration) -> ExitStatus {
        let ended = timeout(max, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it runs after {max:?}\n{}", self.log())).unwrap()
    }

    /// Kills the daemon and waits for its end.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Stops the daemon and waits for its end.
    pub(crate) async fn stop(mut self) {
        self.terminate().await;
        let status = self.ends_within(PATIENCE).await;
        assert!(status.success(), "{status}\n{}", self.log());
    }

    /// Waits until it has logged this.
    pub(crate) async fn logs(&self, what: &str) {
        let said = async {
            while !self.log().contains(what) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("{what} is not logged\n{}", self.log()));
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The bytes of a golden telegram.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(root().join("tests/golden").join(name)).unwrap();
    let golden: Json = serde_json::from_str(&text).unwrap();
    let hex = golden["hex"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The path of a transfer.
pub(crate) const EXCHANGES: &str = "/v1/institutions/bank-a/exchanges/Transfer";

/// The body of a transfer.
pub(crate) fn transfer(amount: u64) -> String {
    let fields = json!({
        "withdraw_account": "1002345678901", "amount": amount, "deposit_bank": "088", "deposit_account": "3333011234567",
        "payee_name": "홍길동", "passbook_memo": "rent", "check_digits": "253788",
    });
    fields.to_string()
}

/// Opens a connection to a daemon and sends these bytes.
pub(crate) async fn sends(port: u16, bytes: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(bytes.as_ref()).await.unwrap();
    stream
}

/// Everything that a daemon still says on a connection, until it ends.
pub(crate) async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset ends it, too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the connection ends");
    String::from_utf8(bytes).unwrap()
}

/// Runs `fep-gateway journal verify` and checks that it finds nothing.
pub(crate) async fn verify(journal: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    let output = command.args(["journal", "verify", "--journal"]).arg(journal).output().await.unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert_eq!(output.status.code(), Some(0), "{said}");
}
