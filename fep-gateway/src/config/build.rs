//! [`ConfigBuilder`]: a configuration in code, for programs that embed the gateway. The names are those of the file.
//!
//! A builder does not check. [`ConfigBuilder::build`] writes the text that a file would have, and the reader of files reads it. So a
//! configuration in code and one in a file have the same defaults, the same checks and the same messages, and no rule exists twice. A
//! message begins with the place of the key: `institutions.bank-a.lines[0].connect: …`.
//!
//! A value that is required is an argument of a constructor. Any other key may be left out, and then has the default of the file. The
//! types of [`config`](crate::config) document each key. A method that is called again replaces the value, except where its name is that of
//! one entry of a list or a table, such as [`line`](InstitutionBuilder::line): those add entries.

mod page;

mod values;

mod keys;

mod events;
mod flow;
mod line;
mod instances;
mod opentelemetry;
mod money;
mod postgres;
mod reconciliation;
mod requests;
mod session;
mod alarms;
mod streams;

mod institution;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use fep_protocol::terms::{BusinessNotice, LineDuty, Priority, Stops};
use fep_spec::document::Document;
use fep_spec::model::Spec;
use fep_spec::report::{Code, Finding, Report, Source};

pub use self::alarms::{AlarmReceiverBuilder, AlarmRuleBuilder, AlarmsBuilder};
pub use self::events::{ClusterBuilder, EventsBuilder};
pub use self::flow::{BreakerBuilder, BusinessBuilder, FlowBuilder, RoutingBuilder, SwitchoverBuilder};
pub use self::instances::{HandOverBuilder, InstancesBuilder, RedisBuilder, SiteBuilder};
pub use self::institution::InstitutionBuilder;
use self::keys::keys;
pub use self::line::{FramingBuilder, HttpTargetBuilder, KeepaliveBuilder, LineBuilder, TlsBuilder};
pub use self::money::{
    DeliveryBuilder, InquiryBuilder, NoticeBuilder, ReversalBuilder, SettlementBuilder, SettlementLimitsBuilder,
    TelegramBuilder,
};
pub use self::opentelemetry::OpenTelemetryBuilder;
use self::page::{Page, Written};
pub use self::postgres::PostgresBuilder;
pub use self::reconciliation::{BalancesBuilder, ReconciliationBuilder};
pub use self::requests::{RequestsBuilder, RetryTopicBuilder};
pub use self::session::{HoursBuilder, PollBuilder, SessionBuilder, SessionNoticeBuilder};
pub use self::streams::{AskBuilder, StreamBuilder, StreamTopicBuilder};
use super::{Config, ConfigError, Environment};

/// The name of the text in messages.
const NAME: &str = "configuration in code";

/// A configuration in code.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use fep_gateway::config::Filling;
/// use fep_gateway::config::build::{ConfigBuilder, InstitutionBuilder, LineBuilder, TelegramBuilder};
/// use fep_spec::model::Spec;
///
/// let spec = Arc::new(Spec::load("examples/mini_bank.toml".as_ref())?);
/// let bank = || {
///     InstitutionBuilder::new(Arc::clone(&spec), ["header.trace_no", "header.sent_date"])
///         .trace("header.trace_no")
///         .fill("header.sent_date", Filling::Date)
///         .telegram("Transfer", TelegramBuilder::new().answer_timeout(Duration::from_secs(3)))
/// };
/// let config = ConfigBuilder::new()
///     .institution("bank-a", bank().line(LineBuilder::connect("main", "10.0.0.7:9001").links(2)))
///     .build()?;
/// assert_eq!(config.institutions["bank-a"].lines[0].links, 2);
///
/// // All mistakes at once, each with its place, as `fep-gateway check` reports those of a file.
/// let line = LineBuilder::connect("main", "10.0.0.7").reconnect_min(Duration::from_micros(1500));
/// let report = ConfigBuilder::new().institution("bank-a", bank().line(line)).build().unwrap_err().to_string();
/// let lines: Vec<&str> = report.lines().collect();
/// assert!(lines[0].ends_with("institutions.bank-a.lines[0].connect: `connect` must be a host and a port (such as 10.0.0.7:9001)"));
/// assert!(lines[1].ends_with("institutions.bank-a.lines[0].reconnect_min_ms: 1.5ms is not a whole number of milliseconds (round it)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConfigBuilder {
    page: Page,
    folder: PathBuf,
    specs: BTreeMap<String, Arc<Spec>>,
}

/// `[http]`: used by [`http::serve`](crate::http::serve). A gateway without HTTP needs no such table.
#[derive(Clone, Debug, Default)]
pub struct HttpBuilder(Page);

/// `[http.operators]` or `[http.metrics]`: a listener of its own.
#[derive(Clone, Debug, Default)]
pub struct HttpListenerBuilder(Page);

/// `[journal]`.
#[derive(Clone, Debug, Default)]
pub struct JournalBuilder(Page);

/// `[test_clock]`: the business clock of tests. It needs [`Environment::Test`].
#[derive(Clone, Debug, Default)]
pub struct TestClockBuilder(Page);

impl ConfigBuilder {
    /// A configuration without institutions. Its journal is `journal.sqlite` in the folder of relative paths.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The folder of relative paths. Default: the working directory of the process.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// `environment`: what the configuration is for. Default: production.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.page.set("environment", environment.name());
        self
    }

    /// `[test_clock]`
    #[must_use]
    pub fn test_clock(mut self, clock: TestClockBuilder) -> Self {
        self.page.set("test_clock", clock.0);
        self
    }

    /// `[http]`
    #[must_use]
    pub fn http(mut self, http: HttpBuilder) -> Self {
        self.page.set("http", http.0);
        self
    }

    /// `[journal]`
    #[must_use]
    pub fn journal(mut self, journal: JournalBuilder) -> Self {
        self.page.set("journal", journal.0);
        self
    }

    /// `[instances]`
    #[must_use]
    pub fn instances(mut self, instances: InstancesBuilder) -> Self {
        self.page.set("instances", instances.into_page());
        self
    }

    /// `[events]`
    #[must_use]
    pub fn events(mut self, events: EventsBuilder) -> Self {
        self.page.set("events", events.into_page());
        self
    }

    /// `[requests]`
    #[must_use]
    pub fn requests(mut self, requests: RequestsBuilder) -> Self {
        self.page.set("requests", requests.into_page());
        self
    }

    /// `[opentelemetry]`
    #[must_use]
    pub fn opentelemetry(mut self, opentelemetry: OpenTelemetryBuilder) -> Self {
        self.page.set("opentelemetry", opentelemetry.into_page());
        self
    }

    /// `[alarms]`
    #[must_use]
    pub fn alarms(mut self, alarms: AlarmsBuilder) -> Self {
        self.page.set("alarms", alarms.into_page());
        self
    }

    /// `[streams.NAME]`. A second stream with the same name replaces the first one.
    #[must_use]
    pub fn stream(mut self, name: &str, stream: StreamBuilder) -> Self {
        self.page.entry("streams").set(name, stream.into_page());
        self
    }

    /// `[institutions.NAME]`. A second institution with the same name replaces the first one.
    #[must_use]
    pub fn institution(mut self, name: impl Into<String>, institution: InstitutionBuilder) -> Self {
        let name = name.into();
        let (page, spec) = institution.into_parts();
        self.page.entry("institutions").set(&name, page);
        match spec {
            Some(spec) => self.specs.insert(name, spec),
            None => self.specs.remove(&name),
        };
        self
    }

    /// The text of the configuration, as a file would have it. Where a spec was given as a value, `spec` only has its name, so
    /// such a text cannot be read from a file. It is for people: to compare, to log, or to begin a file with.
    ///
    /// ```
    /// use fep_gateway::config::build::{ConfigBuilder, JournalBuilder};
    ///
    /// let text = ConfigBuilder::new().journal(JournalBuilder::new().path("/var/lib/pay/journal.sqlite")).to_toml();
    /// assert_eq!(text, "[journal]\npath = \"/var/lib/pay/journal.sqlite\"\n");
    /// ```
    #[must_use]
    pub fn to_toml(&self) -> String {
        self.page.written().text
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// If it has mistakes. The error has all of them, each with the place of its key.
    pub fn build(&self) -> Result<Config, ConfigError> {
        let written = self.page.written();
        let document = Document::new(Source::new(NAME, written.text.clone()));
        for (span, unwritable) in &written.unwritable {
            document.error_hint(Code::BadValue, span.clone(), unwritable.message.clone(), unwritable.hint);
        }
        let placed = |report| with_places(report, &written);
        let config = Config::read(document, &self.folder, &self.specs).map_err(|error| match error {
            ConfigError::Findings(report) => ConfigError::Findings(placed(report)),
            unreadable @ ConfigError::Unreadable(_) => unreadable,
        })?;
        Ok(Config { notes: placed(config.notes), ..config })
    }
}

/// Puts the place of its key in front of each message about the text. Other files, such as the access file, have places of their own.
fn with_places(report: Report, written: &Written) -> Report {
    let placed = |finding: Finding| {
        let place = written.places.get(finding.line.saturating_sub(1)).filter(|_| finding.file() == NAME);
        match place {
            Some(place) if !place.is_empty() => Finding { message: format!("{place}: {}", finding.message), ..finding },
            _ => finding,
        }
    };
    Report { findings: report.findings.into_iter().map(placed).collect() }
}

impl HttpBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl HttpListenerBuilder {
    /// A listener on this address.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self::default().listen(listen)
    }
}

impl TestClockBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl JournalBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `encryption.key_file`: the file of the keys with which bodies are encrypted.
    #[must_use]
    pub fn key_file(mut self, file: impl AsRef<Path>) -> Self {
        self.0.entry("encryption").set("key_file", file.as_ref());
        self
    }

    /// `[journal.postgres]`: the facts are in a database.
    #[must_use]
    pub fn postgres(mut self, postgres: PostgresBuilder) -> Self {
        self.0.set("postgres", postgres.into_page());
        self
    }
}

keys! { HttpBuilder {
    listen(SocketAddr) = "listen", "the address to listen on.";
    access(&Path) = "access", "the file with the clients and their rights.";
    hosts(list) = "hosts", "the names under which clients reach the gateway.";
    tls(table TlsBuilder) = "tls", "HTTPS.";
    operators(table HttpListenerBuilder) = "operators", "the listener of the console and of decisions.";
    metrics(table HttpListenerBuilder) = "metrics", "the listener of `/metrics`, without a token.";
    connections_max(usize) = "connections_max", "the maximum number of open connections of clients.";
    idle_timeout(Duration) = "idle_timeout_ms", "how long a connection may be open without a request.";
    head_timeout(Duration) = "head_timeout_ms", "how long the head of a request may take.";
    body_timeout(Duration) = "body_timeout_ms", "how long the body of a request may take.";
    reply_timeout(Duration) = "reply_timeout_ms", "how long a client may take no byte.";
} }

keys! { HttpListenerBuilder {
    listen(SocketAddr) = "listen", "the address to listen on.";
    hosts(list) = "hosts", "the names under which clients reach this listener.";
    tls(table TlsBuilder) = "tls", "HTTPS.";
} }

keys! { TestClockBuilder {
    base(text) = "base", "what the clock shows when the gateway starts, such as `2026-12-31T23:59:30+09:00`.";
    speed(u32) = "speed", "how many seconds the clock goes on in one second.";
    from(text) = "from", "the clock of a simulator, by the URL of its interface.";
} }

keys! { JournalBuilder {
    path(&Path) = "path", "the journal file.";
    archive(&Path) = "archive", "the folder of the archives.";
    archive_after_days(u32) = "archive_after_days", "the whole days that stay in the journal besides the current one.";
    keep_days(u32) = "keep_days", "after how many days archives, or days of a database, are deleted.";
    utc_offset_minutes(i32) = "utc_offset_minutes", "where the days of the archives begin.";
} }

#[cfg(test)]
mod tests;
