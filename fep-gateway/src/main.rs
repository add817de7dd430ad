//! The command `fep-gateway`: arguments, logging, signals, exit codes. The library does the work.
//!
//! Data goes to stdout, messages go to stderr. Exit codes: 0 success, 1 mistakes in a checked configuration or
//! journal, a gateway that is not healthy, or findings of a comparison, 2 wrong usage or could not run.

mod batching;
mod checking;
mod clock_variable;
mod exporting;
mod filing;
mod health;
mod hangup;
mod journaling;
mod log;
mod making;
mod reports;
mod reconciling;
mod replaying;
mod republishing;
mod simulating;
mod systemd;
mod tapping;
mod verifying;

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Poll;

use clap::{Parser, Subcommand, ValueEnum};
use fep_gateway::callback::HttpCallback;
use fep_gateway::config::{AlarmsConfig, ConfigError, EventsConfig, Http, InstitutionConfig, RequestsConfig};
use fep_gateway::demo::{self, Options};
use fep_gateway::gateway::StartOptions;
use fep_gateway::inspect::JournalCommand;
use fep_gateway::telegrams::TelegramCatalogue;
use fep_gateway::{Config, Gateway, alarms, http, intake, metrics, publish, spans};
use fep_spec::load::LoadError;
use fep_spec::report::Report;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing::{error, info, warn};
use tracing_subscriber::EnvFilter;

use self::batching::BatchCommand;
use self::exporting::Exporting;
use self::filing::FileCommand;
use self::hangup::Hangups;
use self::log::Log;
use self::reconciling::Reconciling;
use self::replaying::Replaying;
use self::republishing::EventsCommand;
use self::simulating::Simulating;
use self::systemd::ServiceManager;
use self::tapping::Tapping;
use self::verifying::VerifyCommand;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exchanges fixed-length telegrams (전문) between services and institutions.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "The environment variable RUST_LOG chooses what is logged, for example RUST_LOG=debug."
)]
struct Arguments {
    /// The format of the log lines on stderr.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gateway until SIGTERM or Ctrl-C. SIGHUP reloads the configuration.
    Run {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Begins a new journal although there was one, or goes on with one that has lost facts. Requests that the lost facts knew can
        /// then be sent again.
        #[arg(long)]
        new_journal: bool,
    },
    /// Checks a configuration and its specs, and reports all mistakes.
    Check {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Asks the gateway that runs with a configuration how it is, for health checks. Exit code 1: it does not answer, or it is not ready.
    #[command(after_help = "Example: HEALTHCHECK CMD [\"fep-gateway\", \"health\", \"--config\", \"gateway.toml\"]")]
    Health {
        /// The configuration file. Its `[http] listen` is asked, or `[http.metrics] listen` if there is one.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Asks whether it is ready (`/readyz`), and not only whether it is alive (`/healthz`). A restart does not cure what is not ready.
        #[arg(long)]
        ready: bool,
        /// The certificate that the health check shows, a PEM file, if `[http] tls` has `client_ca` and asks every client for one.
        #[arg(long, value_name = "FILE", requires = "key")]
        cert: Option<PathBuf>,
        /// The private key of `--cert`, a PEM file.
        #[arg(long, value_name = "FILE", requires = "cert")]
        key: Option<PathBuf>,
    },
    /// Prints the OpenAPI 3.1 document of the HTTP interface, with one operation for each request telegram.
    Openapi {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Prints the JSON Schema of the events that go to a broker by `[events]`.
    EventSchema,
    /// Prints the JSON Schema of the results of requests that come from topics by `[requests]`.
    ResultSchema,
    /// Publishes events again.
    Events {
        #[command(subcommand)]
        command: EventsCommand,
    },
    /// Compares a file of an institution with the journal of a business date (대사). Exit code 1 if something needs a person, 2 if the file is
    /// refused.
    #[command(
        after_help = "Example: fep-gateway reconcile settlement.dat --config gateway.toml --institution bank-a --report bank-a.html"
    )]
    Reconcile(Reconciling),
    /// Writes what happened since the export before as tables for a data platform, up to the end of a business date. Secrets are left out.
    #[command(after_help = exporting::HELP)]
    Export(Exporting),
    /// Compares a new side with an old one before it takes over: what would be sent, and what is answered.
    Verify {
        #[command(subcommand)]
        command: VerifyCommand,
    },
    /// Sends the requests of a file, at the times and the pace of a plan, and writes the file of their results.
    #[command(after_help = "Example: fep-gateway batch run payday.dat --plan payday.toml --date 2026-11-30")]
    Batch {
        #[command(subcommand)]
        command: BatchCommand,
    },
    /// Sends a file to an institution, or receives files, by telegrams: start, blocks, what is missing, end.
    #[command(after_help = filing::HELP)]
    File {
        #[command(subcommand)]
        command: FileCommand,
    },
    /// Makes a token for a client of the HTTP interface, and its hash for the access file.
    #[command(
        after_help = "The token is shown once and stored nowhere: give it to the client. The hash belongs into `tokens` of the client in the \
                            file that `[http] access` names."
    )]
    NewToken,
    /// Simulates an institution to test against.
    #[command(after_help = "Example: fep-gateway simulate bank-a.toml --scenario accounts.toml --api 127.0.0.1:9100\n\
                            curl -X PUT 127.0.0.1:9100/v1/rules/quiet -d '{\"telegram\": \"Transfer\", \"action\": \"silence\", \"times\": 1}'")]
    Simulate(Simulating),
    /// Passes the bytes between a client and an institution untouched, and records them by the spec.
    #[command(after_help = tapping::HELP)]
    Tap(Tapping),
    /// Replays a recording of market data to whoever connects, at any speed.
    #[command(after_help = replaying::HELP)]
    Replay(Replaying),
    /// Makes certificates for tests of TLS: an authority, a bank, a gateway, and wrong ones. Prints the lines for both sides.
    #[command(after_help = "Example: fep-gateway test-certificates certificates --name bank.test")]
    TestCertificates {
        /// The folder for the files. None of them may be there.
        folder: PathBuf,
        /// A host name or an address that the certificates have, beside localhost and 127.0.0.1. Can be given several times.
        #[arg(long, value_name = "NAME")]
        name: Vec<String>,
    },
    /// Reads journals, also while a gateway writes them.
    Journal {
        #[command(subcommand)]
        command: Box<JournalCommand>,
    },
    /// Runs a gateway, a simulated bank and traffic between them, without any configuration.
    Demo {
        /// Ends after the table and the dump.
        #[arg(long)]
        once: bool,
        /// The address on which the console listens. Port 0 means any free port.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8470")]
        listen: SocketAddr,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// The reason why the command failed.
enum Failure {
    /// A file that was read has errors.
    Findings(Report),
    /// A configuration does not fit its spec. The message is one line.
    Unfit(String),
    /// Any other error. The message is one line.
    Message(String),
}

impl Failure {
    fn because(what: impl std::fmt::Display, error: impl std::fmt::Display) -> Self {
        Self::Message(format!("{what}: {error}"))
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Findings(report) => Self::Findings(report),
            other => Self::Message(other.to_string()),
        }
    }
}

/// The bytes that a command gathers for one write to stdout.
const OUT_BYTES: usize = 64 * 1024;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let is_demo = matches!(arguments.command, Command::Demo { .. });
    let log = match Log::start() {
        Ok(log) => log,
        Err(error) => {
            say(&format!("fep-gateway: cannot start: {error}"));
            return ExitCode::from(2);
        }
    };
    begin_to_log(&log, arguments.log_format, if is_demo { "error" } else { "info" });
    let is_check = matches!(arguments.command, Command::Check { .. });
    let is_run = matches!(arguments.command, Command::Run { .. });
    // The end of the daemon does not wait for who reads its messages.
    let say =
        |message: &str| if is_run { log.add(format!("{}\n", message.trim_end()).as_bytes()) } else { say(message) };
    let done = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(carry_out(arguments.command)),
        Err(error) => Err(Failure::because("cannot start", error)),
    };
    let code = match done {
        Ok(code) => code,
        Err(Failure::Findings(report)) => {
            say(&report.render(io::stderr().is_terminal()));
            if is_check { ExitCode::from(1) } else { ExitCode::from(2) }
        }
        Err(Failure::Unfit(why)) => {
            say(&why);
            ExitCode::from(1)
        }
        Err(Failure::Message(message)) => {
            say(&format!("fep-gateway: {message}"));
            ExitCode::from(2)
        }
    };
    log.flush();
    code
}

async fn carry_out(command: Command) -> Result<ExitCode, Failure> {
    let done = match command {
        Command::Run { config, new_journal } => Box::pin(run(&config, new_journal)).await,
        Command::Check { config } => checking::check(&config),
        Command::Health { config, ready, cert, key } => return health::run(&config, ready, cert.zip(key)).await,
        Command::Openapi { config } => making::openapi(&config),
        Command::EventSchema => making::print(&publish::event::schema()),
        Command::ResultSchema => making::print(&intake::result::schema()),
        Command::Events { command: EventsCommand::Republish(republish) } => republish.run().await,
        Command::Reconcile(reconciling) => return reconciling.run(),
        Command::Export(exporting) => return exporting.run(),
        Command::Verify { command } => return Box::pin(command.run()).await,
        Command::Batch { command } => return Box::pin(command.run()).await,
        Command::File { command } => return Box::pin(command.run()).await,
        Command::NewToken => making::new_token(),
        Command::Simulate(simulating) => simulating.run().await,
        Command::Tap(tapping) => tapping.run().await,
        Command::Replay(replaying) => replaying.run().await,
        Command::TestCertificates { folder, name } => making::test_certificates(&folder, &name),
        Command::Journal { command } => return journaling::run(&command),
        Command::Demo { once, listen } => {
            let options = Options { listen, once, colour: io::stdout().is_terminal() };
            demo::run(options, io::stdout(), stop_asked()).await.map_err(|error| Failure::Message(error.to_string()))
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn run(path: &Path, new_journal: bool) -> Result<(), Failure> {
    let mut hangups = Hangups::heard();
    let config = load(path)?;
    let business_clock = clock_variable::of_variable(path, &config)?;
    // Bind the port first: a second gateway on the same journal must fail before it changes anything.
    let http_settings = config.http.clone();
    let events = config.events.clone();
    let requests = config.requests.clone();
    let rules = config.alarms.clone();
    let open_keys = config.open_keys();
    let listeners = http::Listeners::bind(&http_settings).await;
    let listeners = listeners.map_err(|error| Failure::Message(error.to_string()))?;
    metrics::install();
    let manager = Arc::new(ServiceManager::of_this_process());
    let (tracer, exporting) = spans::start_configured(config.opentelemetry.as_ref())
        .map_err(|why| Failure::because("spans cannot be exported", why))?;
    let callback = HttpCallback::new().map(|callback| Arc::new(callback.with_tracer(tracer.clone())));
    let callback = callback.map_err(|error| Failure::because("the callback client", error))?;
    let options = StartOptions { new_journal, tracer, business_clock, ..StartOptions::default() };
    let gateway = Gateway::start_with(config, callback, options).await;
    let gateway = gateway.map_err(|error| Failure::because("the gateway does not start", error))?;
    // Who reads that it runs may tell it to stop.
    let stopped = stop_asked();
    let scheme = if http_settings.tls.is_some() { "https" } else { "http" };
    info!(listen = %format_args!("{scheme}://{}/", http_settings.listen), "the gateway runs");
    open_keys.iter().chain(&http::notes(&http_settings)).for_each(|note| warn!("{note}"));
    let (publishing, judging) = read_facts(&gateway, events.as_ref(), rules.as_ref()).await?;
    let intake = take_requests(&gateway, requests.as_ref(), &http_settings).await?;
    let (asked, heard) = oneshot::channel();
    let (drained, is_drained) = oneshot::channel();
    let draining = gateway.clone();
    let telling = Arc::clone(&manager);
    let told = told_to_stop(stopped, gateway.clone(), stop_begun(intake.as_ref(), judging.as_ref()));
    let stop = async move {
        told.await;
        telling.stopping(draining.drain_max());
        // Draining begins now: no client can delay it.
        let mut drains = Box::pin(async move { draining.stop().await });
        // Its first step refuses new requests, as the log says then.
        let first = std::future::poll_fn(|context| Poll::Ready(drains.as_mut().poll(context))).await;
        info!("stopping: requests get their outcomes, lines sign off; a second signal ends it at once");
        // If nobody listens, the server has ended.
        let _ = asked.send(());
        tokio::spawn(async move {
            if first.is_pending() {
                drains.await;
            }
            let _ = drained.send(());
        });
    };
    let impatient = async {
        if heard.await.is_err() {
            std::future::pending::<()>().await;
        }
        stop_asked().await;
    };
    let whole = async {
        http::serve(listeners, gateway.clone(), &http_settings, stop, over(is_drained)).await;
        gateway.stop().await;
        finish(intake, publishing, judging, exporting).await;
    };
    tokio::select! {
        () = whole => {
            info!("stopped");
            match gateway.is_fenced() {
                true => Err(Failure::Unfit("ended, because another gateway took over; start it again".to_owned())),
                false => Ok(()),
            }
        }
        never = manager.watch(&gateway) => match never {},
        never = hangups.obey(&gateway, &manager) => match never {},
        () = impatient => Err(Failure::Message("ended at once: exchanges in flight will be unknown at the next start".to_owned())),
    }
}

/// Completes when everything is drained.
async fn over(is_drained: oneshot::Receiver<()>) {
    // An error means that the gateway has stopped, too.
    let _ = is_drained.await;
}

/// Completes when the gateway has to stop, takes nothing from topics any more, and judges no alarms.
async fn told_to_stop(stopped: impl Future<Output = ()>, gateway: Gateway, stop_begun: impl Future<Output = ()>) {
    tokio::select! {
        () = stopped => {}
        () = gateway.fenced() => error!("another gateway took over: this one ends, and can be started again"),
    }
    stop_begun.await;
}

/// Begins what reads the facts behind the writer, as far as there are tables for that.
async fn read_facts(
    gateway: &Gateway,
    events: Option<&EventsConfig>,
    rules: Option<&AlarmsConfig>,
) -> Result<(Option<publish::Publishing>, Option<alarms::Alarms>), Failure> {
    let publishing = publish::start_configured(gateway, events).await;
    let publishing = publishing.map_err(|error| Failure::because("events cannot be published", error))?;
    let judging = alarms::start_configured(gateway, rules).await;
    Ok((publishing, judging.map_err(|error| Failure::because("alarms cannot be judged", error))?))
}

/// Begins to take requests from topics, if there is a table for that.
async fn take_requests(
    gateway: &Gateway,
    requests: Option<&RequestsConfig>,
    http: &Http,
) -> Result<Option<intake::Intake>, Failure> {
    let intake = intake::start_configured(gateway, requests, http.access.as_deref()).await;
    intake.map_err(|error| Failure::because("requests cannot be taken from topics", error))
}

/// Lets nothing begin any more that comes from topics, and nobody be called because the gateway stops.
fn stop_begun(intake: Option<&intake::Intake>, judging: Option<&alarms::Alarms>) -> impl Future<Output = ()> + use<> {
    let stopper = intake.map(intake::Intake::stopper);
    let quieter = judging.map(alarms::Alarms::quieter);
    async move {
        if let Some(quieter) = quieter {
            quieter();
        }
        if let Some(stopper) = stopper {
            stopper.stop().await;
        }
    }
}

/// Lets a broker and a collector take what is left, for a limited time.
async fn finish(
    intake: Option<intake::Intake>,
    publishing: Option<publish::Publishing>,
    judging: Option<alarms::Alarms>,
    exporting: Option<spans::Exporting>,
) {
    if let Some(intake) = intake {
        intake.finish(intake::FINISH_MAX).await;
    }
    if let Some(publishing) = publishing {
        publishing.finish(publish::FINISH_MAX).await;
    }
    if let Some(judging) = judging {
        judging.finish(alarms::FINISH_MAX).await;
    }
    if let Some(exporting) = exporting {
        exporting.finish(spans::FINISH_MAX).await;
    }
}

/// The telegrams of each institution, by its name.
fn catalogues(path: &Path, config: &Config) -> Result<Vec<(String, TelegramCatalogue)>, Failure> {
    let catalogue = |(name, institution): (&String, &InstitutionConfig)| match TelegramCatalogue::new(institution) {
        Ok(catalogue) => Ok((name.clone(), catalogue)),
        Err(why) => Err(Failure::Unfit(format!("{}: institutions.{name}: {why}", path.display()))),
    };
    config.institutions.iter().map(catalogue).collect()
}

fn load(path: &Path) -> Result<Config, Failure> {
    Config::load(path).map_err(unusable)
}

fn unusable(error: ConfigError) -> Failure {
    match error {
        ConfigError::Findings(report) => Failure::Findings(report),
        ConfigError::Unreadable(error) => Failure::from(error),
    }
}

/// Completes when the process gets Ctrl-C or SIGTERM. They are heard from the call on, also before it is awaited.
fn stop_asked() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate()]
        .map(|kind| signal(kind).inspect_err(|error| error!(%error, ?kind, "a signal cannot be heard")).ok());
    async move {
        #[cfg(unix)]
        std::future::poll_fn(|context| {
            let mut heard = signals.iter_mut().flatten().map(|signal| signal.poll_recv(context));
            if heard.any(|heard| heard.is_ready()) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        #[cfg(not(unix))]
        if let Err(error) = tokio::signal::ctrl_c().await {
            error!(%error, "Ctrl-C cannot be heard");
            std::future::pending::<()>().await;
        }
    }
}

fn begin_to_log(log: &Arc<Log>, format: LogFormat, default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logging = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(Arc::clone(log));
    match format {
        LogFormat::Text => logging.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => logging.json().init(),
    }
}

/// Writes a message to stderr. If nobody takes it, the exit code still tells how it ended.
fn say(message: &str) {
    let _ = writeln!(io::stderr(), "{}", message.trim_end());
}
