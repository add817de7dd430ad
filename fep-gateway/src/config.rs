//! The gateway's configuration: the content of one TOML file, checked once when it is read.
//!
//! The rest of the gateway uses these types and does not check them again. In the file, the name of a limit contains its unit
//! (`answer_timeout_ms`). Here the type contains it. The documentation of each field names the key and its default.
//!
//! ```toml
//! [http]
//! listen = "127.0.0.1:8470"
//!
//! [journal]
//! path = "journal.sqlite"
//!
//! [institutions.bank-a]
//! label = "Bank A"
//! spec = "specs/bank-a/bank-a.toml"
//! key = ["header.trace_no", "header.sent_date"]
//! trace = "header.trace_no"
//! framing = { length_digits = 4, counts = "rest", frame_max_bytes = 4096 }
//!
//! [institutions.bank-a.fill]
//! "header.transaction_code" = "FEPTEST01"
//! "header.send_count" = 1
//! "header.sent_date" = "<date>"
//! "header.sent_time" = "<time>"
//! "header.transaction_no" = "<transaction>"
//!
//! [institutions.bank-a.session]
//! sign_on = "SignOn"
//! echo_test = "EchoTest"
//! accepted = { "header.response_code" = "0000" }
//!
//! [institutions.bank-a.telegrams.Transfer]
//! answer_timeout_ms = 10000
//!
//! [institutions.bank-a.notices.DepositNotice]
//! callback = "http://127.0.0.1:8080/notices"
//! stand_in = { "header.response_code" = "0199" }
//!
//! [[institutions.bank-a.lines]]
//! name = "main"
//! connect = "127.0.0.1:9001"
//! links = 2
//! ```

mod names;

mod agreement;
mod environment;

mod breaker;
mod flow;
pub(crate) mod hours;
mod tls;
pub(crate) mod secret_file;
mod access;
mod http;
mod events;
mod requests;
mod postgres;
mod instances;
mod poll;

mod carry;
mod controls;
mod response_codes;
mod keys;
mod http_target;
mod sharing;
mod lines;
mod callbacks;
mod notices;
mod opentelemetry;
mod passing_on;
mod routing;
mod settlement;
mod reconciliation;
mod switchover;
mod alarms;
mod streams;

mod proof;
mod read;

mod in_place;
mod difference;

pub mod build;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::delivery::DeliveryLimits;
use fep_protocol::settlement::SettlementLimits;
use fep_protocol::switchover::SwitchoverSettings;
use fep_protocol::zone::TimeZone;
pub use fep_spec::framing::Framing;
use fep_spec::load::LoadError;
use fep_spec::model::Spec;
use fep_spec::report::Report;
use serde_json::Value;

pub use self::access::{Access, Action, CertificateName, Client, Grant, TokenHash, TokenRefusal, new_token};
pub(crate) use self::access::{Claimed, Issuer, KEY_SET_MAX_BYTES, KeyServer, KeySet, KeySource, NoKey, SigningKey};
pub use self::alarms::{AlarmReceiver, AlarmRule, AlarmsConfig, AmountField, MailConfig, MailSecurity, ReceiverKind};
pub use self::breaker::BreakerConfig;
pub use self::callbacks::CallbackConfig;
pub(crate) use self::callbacks::{CallbackSecret, read_secrets};
pub use self::carry::CarryConfig;
pub use self::difference::{Difference, InstitutionChange, KeyChange};
pub use self::environment::{Environment, TestClock};
pub use self::events::{ClusterConfig, EventsConfig};
pub use self::flow::FlowConfig;
pub use self::hours::{HoursConfig, SessionNotice};
pub use self::http::{Http, HttpListener};
pub use self::http_target::HttpTarget;
pub(crate) use self::instances::Authority;
pub use self::instances::{GatewayAt, InstancesConfig, MarksConfig, RedisConfig, RedisMode, SiteConfig, SitesConfig};
pub use self::lines::{LineConfig, Network, Role, TcpOptions, WhenFull};
pub use self::notices::{NoticeConfig, RefuseConfig};
#[cfg(feature = "opentelemetry")]
pub(crate) use self::opentelemetry::collector_headers;
pub use self::opentelemetry::{CollectorEndpoint, OpenTelemetryConfig};
pub use self::poll::PollConfig;
pub use self::postgres::PostgresConfig;
pub(crate) use self::postgres::read_password;
pub use self::proof::{Proof, Unproved};
pub use self::reconciliation::{
    BalanceRecord, BalancesConfig, FieldPair, FileLists, MoveConfig, ReconciliationConfig, RecordCondition,
    SnapshotFile, ToldAt,
};
pub use self::requests::{RequestsConfig, RetryTopic};
pub use self::response_codes::ResponseCodes;
pub(crate) use self::routing::unfit_sticky;
pub use self::routing::{CALLERS_MAX, RouteRule};
pub(crate) use self::secret_file::read as read_secret;
pub use self::settlement::{
    Condition, ConditionValue, InquiryConfig, ReversalConfig, SettlementConfig, StepField, StepTelegram, StepValue,
};
pub use self::sharing::LineSharing;
pub use self::streams::{
    AskConfig, FeedConfig, HeartbeatConfig, RecordingConfig, StreamConfig, StreamTopicConfig, WhenSlow,
};
pub(crate) use self::tls::TlsPlace;
pub use self::tls::{TlsConfig, TlsFileError, TlsMaterial};

/// The whole file.
#[derive(Clone, Debug)]
pub struct Config {
    /// `environment`, default `production`: what the configuration is for.
    pub environment: Environment,
    /// `[test_clock]`, only in the environment `test`: what the business clock shows. Default: the real time.
    pub test_clock: Option<TestClock>,
    /// `[http]`
    pub http: Http,
    /// `[journal]`
    pub journal: JournalFile,
    /// `[instances]`. Default: this gateway works alone.
    pub instances: Option<InstancesConfig>,
    /// `[events]`. Default: no events are published.
    pub events: Option<EventsConfig>,
    /// `[requests]`. Default: requests come over HTTP only.
    pub requests: Option<RequestsConfig>,
    /// `[opentelemetry]`. Default: no spans are made.
    pub opentelemetry: Option<OpenTelemetryConfig>,
    /// `[alarms]`. Default: nothing is measured, and nobody is told.
    pub alarms: Option<AlarmsConfig>,
    /// `[streams.NAME]`, by name. Default: no market data are received.
    pub streams: BTreeMap<String, StreamConfig>,
    /// `[institutions.NAME]`, by name.
    pub institutions: BTreeMap<String, InstitutionConfig>,
    /// What is no mistake, and what a person should know: lines that nothing has to prove, so that they count as ready while they are
    /// connected.
    pub notes: Report,
    /// The file that it was read from. `None` for a text.
    pub file: Option<ConfigFile>,
}

/// The file of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// Its path.
    pub path: PathBuf,
    /// `sha256:` and the SHA-256 of its text in hexadecimal digits, as `sha256sum` prints it. Files that it names, such as specs, are not
    /// part of it.
    pub digest: String,
}

impl Config {
    /// The spec of each institution, by its name.
    #[must_use]
    pub fn specs(&self) -> BTreeMap<String, Arc<Spec>> {
        self.institutions.iter().map(|(name, institution)| (name.clone(), Arc::clone(&institution.spec))).collect()
    }

    /// Notes about the private keys of TLS that everybody on this machine may read, one line each.
    #[must_use]
    pub fn open_keys(&self) -> Vec<String> {
        let listeners = [&self.http.operators, &self.http.metrics].into_iter().flatten().map(|own| &own.tls);
        let lines = self.institutions.values().flat_map(|institution| &institution.lines).map(|line| &line.tls);
        let collector = self.opentelemetry.iter().map(|collector| &collector.tls);
        let tables = [&self.http.tls].into_iter().chain(collector).chain(listeners).chain(lines).flatten();
        let files: BTreeSet<_> = tables.filter_map(TlsConfig::open_key).collect();
        let note =
            |path: &Path| format!("everybody on this machine can read the private key {}: chmod o-r", path.display());
        files.into_iter().map(note).collect()
    }
}

/// `[journal]`: the journal file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFile {
    /// `path`, relative to the configuration file; default `journal.sqlite`.
    pub path: PathBuf,
    /// `archive`: the folder of the archives, relative to the configuration file. Default: all facts stay in the journal.
    /// `archive_after_days`, default 30: the number of whole days that stay in the journal besides the current one.
    /// `utc_offset_minutes`, default 540: where days begin. `keep_days`: after how many days archives, or days of a
    /// database, are deleted. Default: never.
    pub archive: Option<ArchiveConfig>,
    /// `encryption`, with `key_file`, relative to the configuration file: the file of the keys with which bodies are encrypted.
    /// Default: bodies are not encrypted.
    pub key_file: Option<PathBuf>,
    /// `[journal.postgres]`: the database that has the facts in place of the file. `path` names the files of this gateway beside it then, such
    /// as the index. Default: the facts are in the file.
    pub postgres: Option<PostgresConfig>,
}

/// The keys of `[journal]` about archives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveConfig {
    /// The folder.
    pub folder: PathBuf,
    /// The number of whole days that stay in the journal besides the current one.
    pub after_days: u32,
    /// The offset of the days from UTC, in minutes.
    pub utc_offset_minutes: i32,
    /// The number of whole days after which archives are deleted, or `None` to keep them.
    pub keep_days: Option<u32>,
}

/// `[institutions.NAME]`: one counterpart.
#[derive(Clone, Debug, PartialEq)]
pub struct InstitutionConfig {
    /// `label`: the name to show to people. Default: `NAME`.
    pub label: String,
    /// `contact`, default none: whom operators ask about the institution, such as a name and a telephone number.
    pub contact: Option<String>,
    /// `spec`, required: the spec file, relative to the configuration file.
    pub spec: Arc<Spec>,
    /// `control_characters`, default none: the paths of the fields that may have control characters in requests, without indexes. NUL,
    /// line ends and other control characters are refused elsewhere.
    pub control_characters: BTreeSet<String>,
    /// `key`, required: the paths of the fields that pair an answer with its request. Empty if an answer is told by its link: then
    /// each link has one telegram in flight.
    pub key: Vec<String>,
    /// `trace`: the path of the trace number that the gateway allocates. Default: the caller numbers its telegrams itself.
    pub trace: Option<String>,
    /// `response_code` and `accepted_codes`: where answers have their response code, and which codes accept.
    pub response_codes: ResponseCodes,
    /// `trace_wraps`, default false: whether the trace numbers of a business day continue from 1 after the highest one. By default
    /// requests are refused then, because the institution could take a repeated number for a repeated request.
    pub trace_wraps: bool,
    /// `answer_timeout_ms`, default 5000: how long an exchange may take, from its acceptance. What is not written to a line in the
    /// first half of that time is not sent, so that the institution has the other half at least.
    pub answer_timeout: Duration,
    /// `inflight_max`, default 500: the maximum number of exchanges that the institution may have without an answer. An exchange
    /// whose outcome is unknown counts until its answer arrives or its quarantine ends.
    pub inflight_max: usize,
    /// `unsolicited_max_per_s`, default 500: how many telegrams a second the gateway reads that no request waits for, such as
    /// notices. Twice as many may come at once. Beyond that the gateway reads more slowly.
    pub unsolicited_max_per_s: u32,
    /// `quarantine_ms`, default 60000: how long a key stays quarantined after its answer or its deadline.
    pub quarantine: Duration,
    /// `drain_max_ms`, default 10000: how long the gateway waits for exchanges in flight when it stops.
    pub drain_max: Duration,
    /// `write_timeout_ms`, default 5000: how long the kernel may refuse the gateway's bytes before the link is closed.
    pub write_timeout: Duration,
    /// `frame_timeout_ms`, default 10000: how long a frame may take from its first byte to its last before the link is closed.
    pub frame_timeout: Duration,
    /// `utc_offset_minutes`, default 540, or `zone`, such as `EST5EDT,M3.2.0,M11.1.0`: the institution's clock, for `<date>`, `<time>`, hours and the
    /// business day.
    pub zone: TimeZone,
    /// `framing`: how a frame encloses its telegram. `kind`, default `length`, with `length_digits` (default 4) or `length_bytes`,
    /// `length_as`, `length_at`, `counts` (default `rest`) or `not_counted`, `stripped` and `frame_max_bytes` (default 8192). Or
    /// `stx-etx`, `terminated`, `fixed`, `code-table`. `gateway.example.toml` has all keys.
    pub framing: Framing,
    /// `fill`: the values of fields that a request leaves out.
    pub fill: Vec<Fill>,
    /// The marks of the gateways, for `<instance>` in `fill`.
    pub marks: Option<MarksConfig>,
    /// `session`: sign-on, echo test and sign-off. Default: a connection carries business telegrams at once.
    pub session: Option<SessionConfig>,
    /// `flow`: rate, adaptive limit, priorities and queue.
    pub flow: FlowConfig,
    /// `breaker`: when business stops because the institution does not answer. Default: never.
    pub breaker: Option<BreakerConfig>,
    /// `hours`: when the institution is open. Default: always.
    pub hours: HoursConfig,
    /// `settlement`: the limits of settlement: `cases_max` (default 10000), `lane_max` (10), `closed_keep_ms` (3600000) and `closed_max`
    /// (10000).
    pub settlement: SettlementLimits,
    /// `telegrams.NAME`: limits that differ for one request telegram.
    pub telegrams: BTreeMap<String, TelegramLimits>,
    /// `notices.NAME`: telegrams that the institution sends without a request.
    pub notices: BTreeMap<String, NoticeConfig>,
    /// `delivery`: the limits of the delivery of notices: `undelivered_max` (default 1000) in memory, `answering_max` (64) at services
    /// while the institution waits, `retrying_max` (8) further attempts at once.
    pub delivery: DeliveryLimits,
    /// `routing.TELEGRAM`: which part of the requests goes to another institution. Default: none.
    pub routing: BTreeMap<String, RouteRule>,
    /// `reconciliation.NAME`: which files of the institution are compared with the exchanges of a day. Default: none.
    pub reconciliation: BTreeMap<String, ReconciliationConfig>,
    /// `switchover`: `after_ms` (default 2000), `return_after_ms` (60000) and `return` (`automatic` or `manual`).
    pub switchover: SwitchoverSettings,
    /// `lines`: the configured lines, at least one.
    pub lines: Vec<LineConfig>,
}

/// One key of `fill`. It has no effect on telegrams without this field.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// The path of the field.
    pub path: String,
    /// The value that it gets.
    pub with: Filling,
}

/// A value that the gateway can put into a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Filling {
    /// A constant.
    Fixed(Value),
    /// `<trace>`: the allocated trace number.
    Trace,
    /// `<date>`: the current date at the institution.
    Date,
    /// `<business_date>`: the date that its trace numbers belong to.
    BusinessDate,
    /// `<time>`: the current time of day at the institution.
    Time,
    /// `<transaction>`: `T`, the date, and a number that is unique for that day.
    Transaction,
    /// `<instance>`: the mark of this gateway, which the institution repeats in its answer.
    Instance,
}

/// `[institutions.NAME.session]`: the network management telegrams of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionConfig {
    /// `alive_ms`: a link counts as alive if an answer came within this time. Default: `echo_interval_ms` plus twice
    /// `echo_timeout_ms`. Without a test of the link, it counts as alive while it is connected, and after this time without an answer
    /// `/readyz` has a note about it.
    pub alive: Duration,
    /// `sign_on`: the telegram that opens business after connecting. Default: none.
    pub sign_on: Option<String>,
    /// `sign_off`: the telegram that closes business before the gateway closes the link. Default: none.
    pub sign_off: Option<String>,
    /// `echo_test`: the telegram that tests a link. Default: none.
    pub echo_test: Option<String>,
    /// `accepted`: the field values of an answer that mean acceptance. The gateway's own answers carry them too. Default: every
    /// answer means acceptance.
    pub accepted: Vec<(String, String)>,
    /// `poll`: frames that only show that the other side is alive. Default: none.
    pub poll: Option<PollConfig>,
    /// `notices`: telegrams by which the institution opens or stops business. Default: none.
    pub notices: Vec<SessionNotice>,
    /// `sign_on_timeout_ms`, default 10000: how long a sign-on or a sign-off waits for its answer.
    pub sign_on_timeout: Duration,
    /// `echo_interval_ms`, default 30000: an echo test is sent at least this often.
    pub echo_interval: Duration,
    /// `echo_idle_ms`, default 20000: an echo test is also sent when nothing was received for this long.
    pub echo_idle: Duration,
    /// `echo_timeout_ms`, default 5000: how long an echo test waits for its answer before the link is closed.
    pub echo_timeout: Duration,
    /// `polled_within_ms`: the longest time between two polls of the institution: polls of `poll`, or its own echo tests. Default: it
    /// need not poll.
    pub polled_within: Option<Duration>,
    /// `when_unpolled`, `close` (default) or `not_ready`: whether a link is closed then, or only counts as not ready.
    pub closes_unpolled: bool,
}

impl SessionConfig {
    /// Whether the gateway tests its links, by an echo test or by a poll.
    #[must_use]
    pub fn tests_links(&self) -> bool {
        self.echo_test.is_some() || self.poll.as_ref().is_some_and(|poll| poll.sends)
    }
}

impl InstitutionConfig {
    /// The longest time that a telegram counts in a rate, from its fact on: its bytes are handed over by the deadline of its answer at
    /// the latest. `None` if there is no rate.
    #[must_use]
    pub fn rate_span(&self) -> Option<Duration> {
        let flow = &self.flow.settings;
        let rates = std::iter::once(&flow.contract).chain(flow.businesses.values()).filter_map(|gate| gate.rate);
        let limits = self.telegrams.values().map(|limits| limits.answer_timeout);
        let duties = self.session.iter().flat_map(|session| [session.sign_on_timeout, session.echo_timeout]);
        let answer_timeout = limits.chain(duties).chain([self.answer_timeout]).max().unwrap_or_default();
        rates.map(|rate| rate.window + answer_timeout).max()
    }
}

/// `[institutions.NAME.telegrams.TELEGRAM]`: limits of one request telegram, and what to do when its outcome is unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct TelegramLimits {
    /// The key fields of this telegram and of its answer, if they are others than those of the institution.
    pub key: Option<TelegramKey>,
    /// `repeats`: the paths of fields whose values an answer must repeat. Default: none. An answer with another value is kept, and
    /// the outcome is unknown.
    pub repeats: Vec<String>,
    /// `answer_timeout_ms`. Default: the value of the institution.
    pub answer_timeout: Duration,
    /// `settlement`, or `None` if the telegram moves no money.
    pub settlement: Option<SettlementConfig>,
}

/// Which fields pair an answer with its request, for one request telegram. There are as many in the request as in its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramKey {
    /// `key`: the paths in the request. Default: those of the institution.
    pub key: Vec<String>,
    /// `answer_key`: the paths in its answer, in the same order. Default: those of `key`.
    pub answer_key: Vec<String>,
}

/// The reason why a configuration cannot be used.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable(LoadError),
    /// The file has errors. The report has all of them, with line, column and a hint.
    Findings(Report),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Findings(report) => report.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod business_tests;

#[cfg(test)]
mod two_banks;
