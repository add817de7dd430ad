//! `fep-gateway demo`: a gateway, a simulated bank and their traffic in one process, over TCP, without any configuration.
//!
//! The demo uses the same code as the daemon. It writes a configuration to a temporary folder and reads it from there. The journal
//! is in the same folder. The bank is the simulator with a shipped scenario. Only the customers are invented.

mod traffic;
mod ledger;
mod service;

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fep_spec::model::Spec;
use fep_spec::report::Source;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use self::ledger::Ledger;
use self::service::Service;
use self::traffic::{TABLE_LEN, Wish, wish};
use crate::callback::HttpCallback;
use crate::config::{Config, Http};
use crate::gateway::Gateway;
use crate::http;
use crate::metrics;
use crate::simulate::{Scenario, Simulator};
use crate::telegrams::{Stamp, TelegramCatalogue};
use fep_protocol::exchange::{Event, Exchange, LinkState, Outcome};

const SPEC: &str = include_str!("../specs/bank-a/bank-a.toml");
const SCENARIO: &str = include_str!("../specs/bank-a/scenarios/demo.toml");
const CONFIGURATION: &str = include_str!("demo/gateway.toml");

const INSTITUTION: &str = "bank-a";
/// The offset of the bank's clock from UTC: Korean time.
const UTC_OFFSET_MINUTES: i32 = 540;
/// How long the demo waits until the line is open for business.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// The pause between two requests: first while the table is printed, then in the slow traffic afterwards.
const TABLE_PAUSE: Duration = Duration::from_millis(60);
const TRICKLE_PAUSE: Duration = Duration::from_millis(1500);
/// How long the demo waits for a late answer, an inquiry's answer and a notice after the table.
const SETTLE_MAX: Duration = Duration::from_secs(6);

/// The options of the command line.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The address of the console and the HTTP interface.
    pub listen: SocketAddr,
    /// Whether to end after the table and the dump.
    pub once: bool,
    /// Whether to colour the output.
    pub colour: bool,
}

/// The reason why the demo ended early, in one line.
#[derive(Debug)]
pub enum DemoError {
    /// A part of the demo did not start or failed.
    Broken(String),
    /// The reader of the output has closed it.
    NobodyReads,
}

impl std::fmt::Display for DemoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(why) => f.write_str(why),
            Self::NobodyReads => f.write_str("nobody reads the output"),
        }
    }
}

impl std::error::Error for DemoError {}

impl DemoError {
    fn because(what: &str, error: &dyn std::fmt::Display) -> Self {
        Self::Broken(format!("{what}: {error}"))
    }
}

impl From<io::Error> for DemoError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::because("the demo cannot go on", &error),
        }
    }
}

/// Runs the demo until `stop` completes. With [`Options::once`] it ends after the table and the dump.
///
/// # Errors
/// If the port is in use, or a part of the demo does not start.
pub async fn run(options: Options, mut out: impl Write, stop: impl Future<Output = ()>) -> Result<(), DemoError> {
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        let advice = "choose another port with --listen, for example --listen 127.0.0.1:0 for any free one";
        DemoError::Broken(format!("cannot listen on {}: {error}; {advice}", options.listen))
    })?;
    let stage = Stage::set(listener).await?;
    let shown = tokio::select! {
        shown = show(&stage, options, &mut out) => shown,
        () = stop => Ok(()),
    };
    stage.strike().await;
    match shown {
        // `fep-gateway demo | head` is not a failure.
        Err(DemoError::NobodyReads) => Ok(()),
        shown => shown,
    }
}

/// All parts of a running demo.
struct Stage {
    spec: Spec,
    bank: Simulator,
    service: Service,
    gateway: Gateway,
    console: SocketAddr,
    tasks: JoinSet<()>,
    // Dropped last, because it contains the journal.
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set(listener: TcpListener) -> Result<Self, DemoError> {
        let console = listener.local_addr()?;
        let spec = Spec::parse("bank-a.toml", SPEC).map_err(|report| DemoError::because("the demo's spec", &report))?;
        let scenario = Scenario::read(Source::new("demo.toml", SCENARIO), &spec)
            .map_err(|report| DemoError::because("the demo's scenario", &report))?;
        let bank = Simulator::start(spec.clone(), scenario, "127.0.0.1:0").await?;
        let service = Service::start().await?;
        let folder = tempfile::Builder::new().prefix("fep-gateway-demo-").tempdir()?;
        std::fs::write(folder.path().join("bank-a.toml"), SPEC)?;
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, configuration(console, bank.address(), &service.url()))?;
        let config = Config::load(&path).map_err(|error| DemoError::because("the demo's configuration", &error))?;
        metrics::install();
        let callback = HttpCallback::new().map_err(|error| DemoError::because("the callback client", &error))?;
        let gateway = Gateway::start(config, Arc::new(callback)).await;
        let gateway = gateway.map_err(|error| DemoError::because("the gateway does not start", &error))?;
        let mut tasks = JoinSet::new();
        let served = gateway.clone();
        let settings = Http::default();
        tasks.spawn(async move {
            http::serve(listener, served, &settings, std::future::pending(), std::future::pending()).await;
        });
        Ok(Self { spec, bank, service, gateway, console, tasks, _folder: folder })
    }

    async fn strike(mut self) {
        self.tasks.shutdown().await;
        self.gateway.stop().await;
        self.bank.stop().await;
    }

    /// Waits until a link carries business.
    async fn open(&self) -> Result<(), DemoError> {
        let opened = async {
            while !self.gateway.lines().iter().flat_map(|line| &line.links).any(|link| link.state == LinkState::Up) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let late = |_| {
            DemoError::Broken(format!("the line to the simulated bank did not open within {} s", OPEN_MAX.as_secs()))
        };
        timeout(OPEN_MAX, opened).await.map_err(late)
    }
}

/// The text of the configuration file.
fn configuration(console: SocketAddr, bank: SocketAddr, callback: &str) -> String {
    let common = CONFIGURATION
        .replace("@listen@", &console.to_string())
        .replace("@bank@", &bank.to_string())
        .replace("@links@", "2");
    format!("{common}\n[institutions.{INSTITUTION}.notices.DepositNotice]\ncallback = \"{callback}\"\n")
}

/// The date at the bank.
fn today() -> String {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Stamp::new(i64::try_from(since_1970).unwrap_or_default(), UTC_OFFSET_MINUTES).date.to_string()
}

async fn show(stage: &Stage, options: Options, out: &mut impl Write) -> Result<(), DemoError> {
    writeln!(
        out,
        "fep-gateway demo: a gateway and a simulated bank in one process, talking {INSTITUTION} telegrams over TCP."
    )?;
    stage.open().await?;
    writeln!(
        out,
        "The line to {} is up. Customers pay; the bank answers, declines, or says nothing.\n",
        stage.bank.address()
    )?;
    let transfer = table(stage, options, out).await?;
    let taken = stage.service.taken();
    writeln!(
        out,
        "\nunknown 미확인 is not an error: the telegram was sent and no answer came in time. It must not be treated as failed,\n\
         and it must not be sent again. A late answer or an inquiry settles it. Deposit notices (입출금통지) that the bank sent and a service\n\
         answered over HTTP meanwhile: {taken}.\n"
    )?;
    if let Some(transfer) = transfer {
        writeln!(out, "One transfer as it stood on the wire, secrets masked by the layout:\n")?;
        if let Some(telegram) = stage.spec.telegram(&transfer.telegram) {
            write!(out, "{}", ledger::dump(&telegram.layout, &transfer.request, options.colour))?;
        }
    }
    if options.once {
        return Ok(out.flush()?);
    }
    invite(stage, out)?;
    trickle(stage).await;
    Ok(())
}

/// Prints the table and returns the first answered transfer.
async fn table(stage: &Stage, options: Options, out: &mut impl Write) -> Result<Option<Exchange>, DemoError> {
    let ledger = Ledger::new(options.colour);
    let mut events = stage.gateway.subscribe();
    ledger.heading(out)?;
    let catalogue = stage.gateway.catalogue(INSTITUTION);
    let spec = catalogue.as_deref().map(TelegramCatalogue::line_spec);
    let mut running = JoinSet::new();
    let mut first = None;
    for number in 0..TABLE_LEN {
        let gateway = stage.gateway.clone();
        running.spawn(async move { ask(&gateway, wish(number, &today())).await });
        sleep(TABLE_PAUSE).await;
    }
    let mut unknown = 0;
    while let Some(asked) = running.join_next().await {
        let (wish, exchange) = asked.map_err(|error| DemoError::because("a customer was lost", &error))??;
        unknown += usize::from(exchange.outcome == Some(Outcome::Unknown));
        ledger.row(out, &wish, &exchange, spec)?;
        if first.is_none() && wish.telegram == "Transfer" && exchange.outcome == Some(Outcome::Answered) {
            first = Some(exchange);
        }
    }
    let until = Instant::now() + SETTLE_MAX;
    let mut settled = BTreeSet::new();
    while settled.len() < unknown
        && let Some(exchange) = next_settled(&mut events, until).await
    {
        if settled.insert(exchange.id) {
            ledger.settled(out, &exchange, spec)?;
        }
    }
    while stage.service.taken() == 0 && Instant::now() < until {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(first)
}

async fn ask(gateway: &Gateway, wish: Wish) -> Result<(Wish, Exchange), DemoError> {
    let body =
        serde_json::to_value(&wish.body).map_err(|error| DemoError::because("a wish that is not JSON", &error))?;
    let exchange = gateway.exchange(INSTITUTION, wish.telegram, &body, None).await;
    exchange
        .map(|exchange| (wish, exchange))
        .map_err(|refusal| DemoError::because("the gateway refused a request", &refusal))
}

async fn next_settled(events: &mut broadcast::Receiver<Event>, until: Instant) -> Option<Exchange> {
    loop {
        match tokio::time::timeout_at(until, events.recv()).await.ok()? {
            Ok(Event::Exchange(exchange)) if exchange.settled_by.is_some() => return Some(*exchange),
            Err(broadcast::error::RecvError::Closed) => return None,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
        }
    }
}

fn invite(stage: &Stage, out: &mut impl Write) -> Result<(), DemoError> {
    let console = stage.console;
    let body = serde_json::to_string_pretty(&wish(0, &today()).body);
    let body = body.map_err(|error| DemoError::because("a wish that is not JSON", &error))?.replace('\n', "\n    ");
    writeln!(
        out,
        "\nThe console: http://{console}/\n\nPay somebody yourself:\n\n  \
         curl -sS http://{console}/v1/institutions/{INSTITUTION}/exchanges/Transfer \\\n    \
         -H 'Content-Type: application/json' -H \"Idempotency-Key: $(date +%s%N)\" \\\n    \
         -d '{body}'\n\nA customer comes every {} ms. Ctrl-C ends the demo.",
        TRICKLE_PAUSE.as_millis()
    )?;
    Ok(out.flush()?)
}

/// Sends requests until the demo ends. The console shows their outcomes.
async fn trickle(stage: &Stage) {
    let mut running = JoinSet::new();
    let mut number = TABLE_LEN;
    loop {
        while running.try_join_next().is_some() {}
        let gateway = stage.gateway.clone();
        running.spawn(async move {
            if let Err(error) = ask(&gateway, wish(number, &today())).await {
                tracing::warn!(%error, "a customer was turned away");
            }
        });
        number += 1;
        sleep(TRICKLE_PAUSE).await;
    }
}
